package io.ipsecxdp.linux;

/** The kernel refused a system call. */
public final class SystemCallException extends RuntimeException {

    private final int errno;

    public SystemCallException(String call, int errno) {
        super("%s failed with errno %d".formatted(call, errno));
        this.errno = errno;
    }

    public int errno() {
        return errno;
    }
}
