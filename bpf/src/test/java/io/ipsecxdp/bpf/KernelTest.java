package io.ipsecxdp.bpf;

import static org.junit.jupiter.api.Assertions.fail;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Needs the running kernel: says what is missing and skips, or fails where CI=true. */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(KernelTest.Condition.class)
@interface KernelTest {
    /** Whether the kernel must look SAs up for XDP. */
    boolean lookup() default true;

    final class Condition implements ExecutionCondition {
        @Override
        public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
            var missing = missing(context.getRequiredTestClass()
                    .getAnnotation(KernelTest.class)
                    .lookup());
            if (missing.isEmpty()) {
                return ConditionEvaluationResult.enabled("everything is here");
            }
            var message = context.getDisplayName() + " needs " + String.join("; ", missing);
            if ("true".equals(System.getenv("CI"))) {
                fail(message);
            }
            System.err.println("SKIPPED: " + message);
            return ConditionEvaluationResult.disabled(message);
        }

        private static List<String> missing(boolean lookup) {
            var missing = new ArrayList<String>();
            if (!Shell.run("id", "-u").strip().equals("0")) {
                return List.of("root");
            }
            if (Shell.tried("sh", "-c", "command -v ip").status() != 0) {
                missing.add("ip (Debian package iproute2)");
            }
            if (Integer.parseInt(Shell.run("getconf", "_NPROCESSORS_ONLN").strip()) < 2) {
                missing.add("two CPUs");
            }
            var capabilities = Capabilities.probe();
            if (!capabilities.cpuMap()) {
                missing.add("a kernel with CPUMAP (CONFIG_BPF_SYSCALL, CONFIG_XDP_SOCKETS)");
            }
            if (lookup && (!capabilities.saLookup() || !capabilities.saOwner())) {
                missing.add("a kernel with bpf_xdp_get_xfrm_state and xfrm_state.pcpu_num (Linux 6.13, with BTF)");
            }
            return missing;
        }
    }
}
