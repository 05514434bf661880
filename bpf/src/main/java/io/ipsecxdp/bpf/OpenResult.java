package io.ipsecxdp.bpf;

import java.util.Optional;

/** What came of opening the steering of an interface. */
public sealed interface OpenResult {
    /**
     * The interface is steered.
     *
     * @param adopted it was steered before (by an earlier agent), its counters go on and no frame missed the program
     * @param nativeRefused why native mode was refused, when {@link XdpMode#AUTO} fell back to generic just now
     */
    record Opened(Steering steering, AttachedMode mode, boolean adopted, Optional<String> nativeRefused)
            implements OpenResult {}

    /**
     * Somebody else's XDP program is on the interface. It was left alone.
     *
     * @param programName at most 15 characters, may be empty
     */
    record Foreign(int programId, String programName) implements OpenResult {
        public String message() {
            var name = programName.isEmpty() ? "" : " \"" + programName + "\"";
            return "another XDP program is on the interface: id " + programId + name;
        }
    }

    /** The interface is not steered, and why. Nothing of the policy was left behind. */
    record Refused(Refusal refusal) implements OpenResult {}
}
