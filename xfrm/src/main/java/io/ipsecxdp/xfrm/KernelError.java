package io.ipsecxdp.xfrm;

import io.ipsecxdp.linux.Errno;
import java.util.Map;
import java.util.Optional;

/**
 * Why the kernel did not do something.
 *
 * @param errno positive error number
 * @param reason the kernel's own words (extended acknowledgement), where it gives any
 */
public record KernelError(Errno errno, Optional<String> reason) {

    /** What an error number says when XFRM gives it and no words with it: clauses without a full stop. */
    private static final Map<Errno, String> MEANINGS = Map.ofEntries(
            Map.entry(Errno.EPERM, "this needs the capability CAP_NET_ADMIN"),
            Map.entry(Errno.ENOENT, "there is no such entry"),
            Map.entry(Errno.ESRCH, "there is no such entry"),
            Map.entry(Errno.EINTR, "the call was interrupted"),
            Map.entry(Errno.EIO, "the device failed"),
            Map.entry(Errno.EAGAIN, "the kernel is busy"),
            Map.entry(Errno.ENOMEM, "the kernel is out of memory"),
            Map.entry(Errno.EACCES, "a security module of the kernel denied it"),
            Map.entry(Errno.EBUSY, "the device is busy"),
            Map.entry(Errno.EEXIST, "an entry with this identity exists already"),
            Map.entry(Errno.ENODEV, "there is no such device"),
            Map.entry(Errno.EINVAL, "the kernel finds it invalid and does not say why"),
            Map.entry(Errno.ENOSPC, "the device has no room for it"),
            Map.entry(Errno.ERANGE, "a number is out of the kernel's range"),
            Map.entry(Errno.ENOSYS, "the kernel has no such algorithm"),
            Map.entry(Errno.ELIBBAD, "the algorithm failed the kernel's test of itself"),
            Map.entry(Errno.EMSGSIZE, "the message is too long"),
            Map.entry(Errno.ENOPROTOOPT, "the kernel does not have this option"),
            Map.entry(Errno.EPROTONOSUPPORT, "the kernel does not have this protocol"),
            Map.entry(Errno.EOPNOTSUPP, "the kernel does not do this"),
            Map.entry(Errno.EAFNOSUPPORT, "the kernel does not have this address family"),
            Map.entry(Errno.ETIMEDOUT, "the device did not answer"),
            Map.entry(Errno.EKEYREJECTED, "the kernel finds the key weak"),
            Map.entry(Errno.ENOBUFS, "the kernel had more to say than the socket could hold"));

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
        return "%s (%s)".formatted(reason.orElseGet(() -> meaning(errno)), errno.name());
    }

    /** What this error number says when XFRM gives it without words: a clause without a full stop. */
    public static String meaning(Errno errno) {
        return MEANINGS.getOrDefault(errno, "the kernel gave an error");
    }
}
