package io.ipsecxdp.agent.xfrm;

import java.util.Optional;

/**
 * Why the kernel did not do something.
 *
 * @param errno positive error number
 * @param reason the kernel's own words (extended acknowledgement), where it gives any
 */
public record KernelError(Errno errno, Optional<String> reason) {

    public static KernelError of(Errno errno) {
        return new KernelError(errno, Optional.empty());
    }

    /** The identity is taken: by an SA or policy that is not ours, as ours are known. */
    public boolean exists() {
        return errno.equals(Errno.EEXIST);
    }

    /** There is nothing with this identity: deleting an SA gives ESRCH, a policy ENOENT. */
    public boolean absent() {
        return errno.equals(Errno.ESRCH) || errno.equals(Errno.ENOENT);
    }

    /** A clause without a full stop, such as {@code "AEAD algorithm not found (ENOSYS)"}. */
    @Override
    public String toString() {
        return "%s (%s)".formatted(reason.orElseGet(errno::meaning), errno.name());
    }
}
