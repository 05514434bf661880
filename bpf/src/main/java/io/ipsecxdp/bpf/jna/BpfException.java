package io.ipsecxdp.bpf.jna;

import io.ipsecxdp.linux.Errno;

/** A call to libbpf or the kernel that failed. The message says what was tried and names the error. */
public final class BpfException extends RuntimeException {
    private final Errno errno;
    private final String log;

    BpfException(String tried, int errno) {
        this(tried, errno, "");
    }

    BpfException(String tried, int errno, String log) {
        super(tried + " failed: " + new Errno(errno).describe());
        this.errno = new Errno(errno);
        this.log = log;
    }

    public Errno errno() {
        return errno;
    }

    /** What libbpf and the verifier said; empty if nothing. Many lines when a program was refused. */
    public String log() {
        return log;
    }
}
