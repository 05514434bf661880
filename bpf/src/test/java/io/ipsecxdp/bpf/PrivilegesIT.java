package io.ipsecxdp.bpf;

import static org.assertj.core.api.Assertions.assertThat;

import io.ipsecxdp.bpf.jna.Privileges;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Steering needs the three capabilities that the chart gives the agent, and no other. */
@KernelTest
@Timeout(60)
class PrivilegesIT {
    private static final SteeringConfig CPU_0 = SteeringConfig.of(Set.of(0), 512);

    private final BpfFolder bpffs = BpfFolder.mount();
    private final Namespace node = Namespace.make();
    private final Namespace peer = Namespace.make();
    private final Steerings steerings =
            new Steerings(bpffs.path().resolve("ours"), Capabilities.probe(), Dispatchers.leftAlone(bpffs.path()));

    @BeforeEach
    void connect() {
        node.veth("wire", peer, "wire");
    }

    @AfterEach
    void remove() {
        node.close();
        peer.close();
        bpffs.close();
    }

    @Test
    void attachingAdoptingReadingAndDetachingTakeThreeCapabilities() {
        keepThree();
        opened(open(steerings)).steering().close();
        var adopted = opened(open(steerings));
        assertThat(adopted.adopted()).isTrue();
        assertThat(node.call(() -> adopted.steering().apply(SteeringConfig.of(Set.of(0), 1024))))
                .isEmpty();
        assertThat(node.call(() -> adopted.steering().state().queues())).containsEntry(0, 1024);
        assertThat(node.call(() -> adopted.steering().counters())).isNotNull();
        node.run(() -> adopted.steering().detach());
        assertThat(node.call(steerings::pinned)).isEmpty();
    }

    @Test
    void aForeignProgramIsSeenWithoutItsName() {
        var other =
                new Steerings(bpffs.path().resolve("other"), Capabilities.probe(), Dispatchers.leftAlone(bpffs.path()));
        opened(open(other)).steering().close();
        keepThree();
        assertThat(open(steerings)).isInstanceOfSatisfying(OpenResult.Foreign.class, foreign -> {
            assertThat(foreign.programName()).isEmpty();
            assertThat(foreign.mayBeDispatcher()).isTrue();
        });
    }

    @Test
    void withoutPerfmonTheKernelRefusesTheProgram() {
        node.run(() -> Privileges.keepOnly(Privileges.NET_ADMIN, Privileges.BPF));
        assertThat(open(steerings)).isInstanceOf(OpenResult.Refused.class);
    }

    private void keepThree() {
        node.run(() -> Privileges.keepOnly(Privileges.NET_ADMIN, Privileges.BPF, Privileges.PERFMON));
    }

    private OpenResult open(Steerings by) {
        var wire = node.device("wire");
        return node.call(() -> by.open(wire, WantedXdpMode.AUTO, CPU_0));
    }

    private static OpenResult.Opened opened(OpenResult result) {
        assertThat(result).isInstanceOf(OpenResult.Opened.class);
        return (OpenResult.Opened) result;
    }
}
