package io.ipsecxdp.bpf.jna;

/**
 * The answer of BPF_PROG_TEST_RUN.
 *
 * @param action what the program returned (enum xdp_action)
 * @param frame the frame after the program ran
 * @param nanosPerRun mean over the repetitions, measured by the kernel
 */
public record TestRun(int action, byte[] frame, int nanosPerRun) {}
