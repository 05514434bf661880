package io.ipsecxdp.bpf;

import java.util.List;
import java.util.Optional;

/** What came of opening the steering of an interface. */
public sealed interface OpenResult {
    /**
     * The interface is steered.
     *
     * @param adopted it was steered before (by an earlier agent), its counters go on and no frame missed the program
     * @param shared as a component of libxdp's dispatcher, beside others' programs
     * @param nativeRefused why native mode was refused, when {@link WantedXdpMode#AUTO} fell back to generic just now
     */
    record Opened(
            SteeredInterface steering,
            AttachedMode mode,
            boolean adopted,
            boolean shared,
            Optional<String> nativeRefused)
            implements OpenResult {}

    /**
     * Somebody else's XDP program is on the interface. It was left alone.
     *
     * @param programName at most 15 characters; empty if we may not know, which takes CAP_SYS_ADMIN
     * @param components names and ids of those that it calls, if it is a dispatcher of libxdp and we see its pins
     */
    record Foreign(int programId, String programName, List<String> components) implements OpenResult {
        private static final String DISPATCHER = "xdp_dispatcher";

        public Foreign {
            components = List.copyOf(components);
        }

        public String message() {
            if (isDispatcher()) {
                var what = components.isEmpty() ? "programs that are pinned elsewhere" : String.join(", ", components);
                return "libxdp's dispatcher is on the interface: id " + programId + ", with " + what;
            }
            var name = programName.isEmpty() ? "" : " \"" + programName + "\"";
            return "another XDP program is on the interface: id " + programId + name;
        }

        /** Our program could be a component of it. */
        public boolean isDispatcher() {
            return !components.isEmpty() || programName.equals(DISPATCHER);
        }

        /** Whether it is one is not known. */
        public boolean mayBeDispatcher() {
            return programName.isEmpty() || isDispatcher();
        }
    }

    /** The interface is not steered, and why. Nothing of the policy was left behind. */
    record Refused(AttachRefusal refusal) implements OpenResult {}
}
