package io.ipsecxdp.linux;

import java.util.Map;

/**
 * An error number of Linux (asm-generic/errno.h, include/linux/errno.h).
 *
 * @param number greater than 0
 */
public record Errno(int number) {

    public static final Errno EPERM = new Errno(1);
    public static final Errno ENOENT = new Errno(2);
    public static final Errno ESRCH = new Errno(3);
    public static final Errno EINTR = new Errno(4);
    public static final Errno EIO = new Errno(5);
    public static final Errno E2BIG = new Errno(7);
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
    public static final Errno ENOLINK = new Errno(67);
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

    private static final Map<Integer, Text> TEXTS = Map.ofEntries(
            Map.entry(1, new Text("EPERM", "operation not permitted")),
            Map.entry(2, new Text("ENOENT", "no such file, object or entry")),
            Map.entry(3, new Text("ESRCH", "no such process or type")),
            Map.entry(4, new Text("EINTR", "interrupted")),
            Map.entry(5, new Text("EIO", "input/output error")),
            Map.entry(6, new Text("ENXIO", "no such device or address")),
            Map.entry(7, new Text("E2BIG", "argument or number too big")),
            Map.entry(8, new Text("ENOEXEC", "not a BPF object for this machine")),
            Map.entry(9, new Text("EBADF", "bad file descriptor")),
            Map.entry(11, new Text("EAGAIN", "temporarily unavailable")),
            Map.entry(12, new Text("ENOMEM", "out of memory")),
            Map.entry(13, new Text("EACCES", "refused by the verifier or by permissions")),
            Map.entry(14, new Text("EFAULT", "bad address")),
            Map.entry(16, new Text("EBUSY", "busy")),
            Map.entry(17, new Text("EEXIST", "exists already")),
            Map.entry(18, new Text("EXDEV", "crosses file systems")),
            Map.entry(19, new Text("ENODEV", "no such device or CPU")),
            Map.entry(20, new Text("ENOTDIR", "not a folder")),
            Map.entry(22, new Text("EINVAL", "invalid argument")),
            Map.entry(23, new Text("ENFILE", "too many open files in the system")),
            Map.entry(24, new Text("EMFILE", "too many open files")),
            Map.entry(28, new Text("ENOSPC", "no space left")),
            Map.entry(30, new Text("EROFS", "file system is read-only")),
            Map.entry(34, new Text("ERANGE", "out of range")),
            Map.entry(36, new Text("ENAMETOOLONG", "name too long")),
            Map.entry(38, new Text("ENOSYS", "not implemented by this kernel")),
            Map.entry(64, new Text("ENONET", "no such network namespace")),
            Map.entry(67, new Text("ENOLINK", "the interface of the link is gone")),
            Map.entry(75, new Text("EOVERFLOW", "value too large")),
            Map.entry(80, new Text("ELIBBAD", "a shared library or an algorithm is broken")),
            Map.entry(90, new Text("EMSGSIZE", "message too long")),
            Map.entry(92, new Text("ENOPROTOOPT", "no such option")),
            Map.entry(93, new Text("EPROTONOSUPPORT", "no such protocol")),
            Map.entry(95, new Text("EOPNOTSUPP", "not supported")),
            Map.entry(97, new Text("EAFNOSUPPORT", "no such address family")),
            Map.entry(100, new Text("ENETDOWN", "network is down")),
            Map.entry(105, new Text("ENOBUFS", "no buffer space")),
            Map.entry(110, new Text("ETIMEDOUT", "timed out")),
            Map.entry(129, new Text("EKEYREJECTED", "key rejected")),
            Map.entry(524, new Text("ENOTSUPP", "not supported by this kernel")));

    public Errno {
        if (number <= 0) {
            throw new IllegalArgumentException("An error number is greater than 0, not " + number);
        }
    }

    /** Its name in C, or {@code "errno 123"} for one without a name here. */
    public String name() {
        Text text = TEXTS.get(number);
        return text == null ? "errno " + number : text.name();
    }

    /** The name and what it says: {@code EBUSY (busy)}. */
    public String describe() {
        Text text = TEXTS.get(number);
        return text == null ? name() : text.name() + " (" + text.meaning() + ")";
    }

    @Override
    public String toString() {
        return name();
    }
}
