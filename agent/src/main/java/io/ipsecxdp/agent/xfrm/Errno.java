package io.ipsecxdp.agent.xfrm;

import java.util.Map;

/**
 * An error number of Linux (asm-generic/errno.h).
 *
 * @param number greater than 0
 */
public record Errno(int number) {

    public static final Errno EPERM = new Errno(1);
    public static final Errno ENOENT = new Errno(2);
    public static final Errno ESRCH = new Errno(3);
    public static final Errno EINTR = new Errno(4);
    public static final Errno EIO = new Errno(5);
    public static final Errno EAGAIN = new Errno(11);
    public static final Errno ENOMEM = new Errno(12);
    public static final Errno EACCES = new Errno(13);
    public static final Errno EBUSY = new Errno(16);
    public static final Errno EEXIST = new Errno(17);
    public static final Errno ENODEV = new Errno(19);
    public static final Errno EINVAL = new Errno(22);
    public static final Errno ENOSPC = new Errno(28);
    public static final Errno ERANGE = new Errno(34);
    public static final Errno ENOSYS = new Errno(38);
    public static final Errno ELIBBAD = new Errno(80);
    public static final Errno EMSGSIZE = new Errno(90);
    public static final Errno ENOPROTOOPT = new Errno(92);
    public static final Errno EPROTONOSUPPORT = new Errno(93);
    public static final Errno EOPNOTSUPP = new Errno(95);
    public static final Errno EAFNOSUPPORT = new Errno(97);
    public static final Errno ENOBUFS = new Errno(105);
    public static final Errno ETIMEDOUT = new Errno(110);
    public static final Errno EKEYREJECTED = new Errno(129);

    private record Text(String name, String meaning) {}

    private static final Map<Errno, Text> TEXTS = Map.ofEntries(
            Map.entry(EPERM, new Text("EPERM", "this needs the capability CAP_NET_ADMIN")),
            Map.entry(ENOENT, new Text("ENOENT", "there is no such entry")),
            Map.entry(ESRCH, new Text("ESRCH", "there is no such entry")),
            Map.entry(EINTR, new Text("EINTR", "the call was interrupted")),
            Map.entry(EIO, new Text("EIO", "the device failed")),
            Map.entry(EAGAIN, new Text("EAGAIN", "the kernel is busy")),
            Map.entry(ENOMEM, new Text("ENOMEM", "the kernel is out of memory")),
            Map.entry(EACCES, new Text("EACCES", "a security module of the kernel denied it")),
            Map.entry(EBUSY, new Text("EBUSY", "the device is busy")),
            Map.entry(EEXIST, new Text("EEXIST", "an entry with this identity exists already")),
            Map.entry(ENODEV, new Text("ENODEV", "there is no such device")),
            Map.entry(EINVAL, new Text("EINVAL", "the kernel finds it invalid and does not say why")),
            Map.entry(ENOSPC, new Text("ENOSPC", "the device has no room for it")),
            Map.entry(ERANGE, new Text("ERANGE", "a number is out of the kernel's range")),
            Map.entry(ENOSYS, new Text("ENOSYS", "the kernel has no such algorithm")),
            Map.entry(ELIBBAD, new Text("ELIBBAD", "the algorithm failed the kernel's test of itself")),
            Map.entry(EMSGSIZE, new Text("EMSGSIZE", "the message is too long")),
            Map.entry(ENOPROTOOPT, new Text("ENOPROTOOPT", "the kernel does not have this option")),
            Map.entry(EPROTONOSUPPORT, new Text("EPROTONOSUPPORT", "the kernel does not have this protocol")),
            Map.entry(EOPNOTSUPP, new Text("EOPNOTSUPP", "the kernel does not do this")),
            Map.entry(EAFNOSUPPORT, new Text("EAFNOSUPPORT", "the kernel does not have this address family")),
            Map.entry(ETIMEDOUT, new Text("ETIMEDOUT", "the device did not answer")),
            Map.entry(EKEYREJECTED, new Text("EKEYREJECTED", "the kernel finds the key weak")),
            Map.entry(ENOBUFS, new Text("ENOBUFS", "the kernel had more to say than the socket could hold")));

    public Errno {
        Range.require("error number", number, 1, Integer.MAX_VALUE);
    }

    /** Its name in C, or {@code "errno 123"}. */
    public String name() {
        return text().name();
    }

    /** What it means when XFRM gives it: a clause without a full stop. */
    public String meaning() {
        return text().meaning();
    }

    @Override
    public String toString() {
        return name();
    }

    private Text text() {
        return TEXTS.getOrDefault(this, new Text("errno " + number, "the kernel gave an error"));
    }
}
