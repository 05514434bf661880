package io.ipsecxdp.bpf.jna;

/** A call to libbpf or the kernel that failed. The message says what was tried and names the error. */
public final class BpfException extends RuntimeException {
    private final int errno;
    private final String log;

    BpfException(String tried, int errno) {
        this(tried, errno, "");
    }

    BpfException(String tried, int errno, String log) {
        super(tried + " failed: " + Errno.describe(errno));
        this.errno = errno;
        this.log = log;
    }

    /** The positive error number, see {@link Errno}. */
    public int errno() {
        return errno;
    }

    /** What libbpf and the verifier said; empty if nothing. Many lines when a program was refused. */
    public String log() {
        return log;
    }
}
