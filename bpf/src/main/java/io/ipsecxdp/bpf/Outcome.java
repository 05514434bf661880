package io.ipsecxdp.bpf;

import java.util.Arrays;
import java.util.Optional;

/**
 * What became of a frame: every frame that the XDP program sees is counted under exactly one of these. The numbers are
 * those of {@code outcomes.h}; they are never reused, because the counters outlive the program.
 */
public enum Outcome {
    NOT_ESP(0, false, false, "neither ESP, nor ESP in UDP, nor AH"),
    MALFORMED(1, false, false, "headers cut short or contradicting themselves"),
    FRAGMENT(2, false, false, "an IP fragment, which the kernel reassembles first"),
    EXTENSION_HEADER(
            3, false, false, "IPv6 whose extension headers are too many, out of order, or a source route under way"),
    NAT_KEEPALIVE(4, false, false, "a NAT keepalive (RFC 3948 2.3)"),
    NON_ESP_MARKER(5, false, false, "IKE or other traffic on the UDP port of ESP (RFC 3948 2.2)"),
    OWNER(6, true, true, "steered to the CPU that owns the SA"),
    HASHED_NO_OWNER(7, true, true, "the SA has no owner: steered by a hash of the SPI"),
    HASHED_NO_OWNER_FIELD(8, true, true, "this kernel's SAs have no owner (before 6.13): steered by a hash of the SPI"),
    HASHED_NO_LOOKUP(
            9, true, true, "this kernel cannot look SAs up from XDP (before 6.8): steered by a hash of the SPI"),
    OWNER_OUTSIDE_POLICY(10, true, false, "the owner is not among the CPUs of the policy"),
    HASH_CPU_MISSING(
            11, true, false, "the hash chose a CPU that has no queue, as for a moment while the policy changes"),
    SA_UNKNOWN(12, true, false, "no such SA (ENOENT)"),
    LOOKUP_EINVAL(13, true, false, "the kernel refused the lookup (EINVAL): its options differ from those compiled in"),
    LOOKUP_ENONET(14, true, false, "the kernel found no network namespace to look in (ENONET)"),
    LOOKUP_FAILED(15, true, false, "the lookup failed in another way"),
    OWNER_TOLD(16, true, true, "steered to the CPU that the agent named for the SA"),
    FIXED(17, true, true, "steered to the CPU that the policy fixes for the SPI"),
    FIXED_CPU_MISSING(18, true, false, "the CPU that the policy fixes for the SPI has no queue"),
    HASHED(19, true, true, "steered by a hash of the SPI, as the policy wants for all SAs"),
    SA_UNKNOWN_DROPPED(20, true, false, "no such SA, and dropped as the policy wants");

    private final int number;
    private final boolean ipsec;
    private final boolean steered;
    private final String meaning;

    Outcome(int number, boolean ipsec, boolean steered, String meaning) {
        this.number = number;
        this.ipsec = ipsec;
        this.steered = steered;
        this.meaning = meaning;
    }

    public int number() {
        return number;
    }

    /** Redirected to a CPU's queue; false: passed up the stack, unchanged, on the CPU that received it, or {@link #dropped}. */
    public boolean steered() {
        return steered;
    }

    /** Recognized as ESP or AH of some SPI. */
    public boolean isIpsec() {
        return ipsec;
    }

    /** Neither steered nor passed: what the policy asked to drop. */
    public boolean dropped() {
        return this == SA_UNKNOWN_DROPPED;
    }

    /** One clause for a person. */
    public String meaning() {
        return meaning;
    }

    public static Optional<Outcome> of(int number) {
        return Arrays.stream(values()).filter(o -> o.number == number).findFirst();
    }
}
