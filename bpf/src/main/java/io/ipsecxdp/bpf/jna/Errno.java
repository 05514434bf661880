package io.ipsecxdp.bpf.jna;

import java.util.Map;

/** Linux' error numbers: those that bpf(2), libbpf and bpffs are known to answer with, and what they say. */
public final class Errno {
    public static final int EPERM = 1;
    public static final int ENOENT = 2;
    public static final int E2BIG = 7;
    public static final int EEXIST = 17;
    public static final int ENODEV = 19;
    public static final int EBUSY = 16;
    public static final int EINVAL = 22;
    public static final int ENOLINK = 67;
    public static final int EOPNOTSUPP = 95;

    private record Meaning(String name, String sentence) {}

    private static final Map<Integer, Meaning> MEANINGS = Map.ofEntries(
            Map.entry(EPERM, new Meaning("EPERM", "operation not permitted")),
            Map.entry(ENOENT, new Meaning("ENOENT", "no such file, object or entry")),
            Map.entry(3, new Meaning("ESRCH", "no such process or type")),
            Map.entry(4, new Meaning("EINTR", "interrupted")),
            Map.entry(5, new Meaning("EIO", "input/output error")),
            Map.entry(6, new Meaning("ENXIO", "no such device or address")),
            Map.entry(E2BIG, new Meaning("E2BIG", "argument or number too big")),
            Map.entry(8, new Meaning("ENOEXEC", "not a BPF object for this machine")),
            Map.entry(9, new Meaning("EBADF", "bad file descriptor")),
            Map.entry(11, new Meaning("EAGAIN", "temporarily unavailable")),
            Map.entry(12, new Meaning("ENOMEM", "out of memory")),
            Map.entry(13, new Meaning("EACCES", "refused by the verifier or by permissions")),
            Map.entry(14, new Meaning("EFAULT", "bad address")),
            Map.entry(EBUSY, new Meaning("EBUSY", "busy")),
            Map.entry(EEXIST, new Meaning("EEXIST", "exists already")),
            Map.entry(18, new Meaning("EXDEV", "crosses file systems")),
            Map.entry(ENODEV, new Meaning("ENODEV", "no such device or CPU")),
            Map.entry(20, new Meaning("ENOTDIR", "not a folder")),
            Map.entry(EINVAL, new Meaning("EINVAL", "invalid argument")),
            Map.entry(23, new Meaning("ENFILE", "too many open files in the system")),
            Map.entry(24, new Meaning("EMFILE", "too many open files")),
            Map.entry(28, new Meaning("ENOSPC", "no space left")),
            Map.entry(30, new Meaning("EROFS", "file system is read-only")),
            Map.entry(34, new Meaning("ERANGE", "out of range")),
            Map.entry(36, new Meaning("ENAMETOOLONG", "name too long")),
            Map.entry(38, new Meaning("ENOSYS", "not implemented by this kernel")),
            Map.entry(64, new Meaning("ENONET", "no such network namespace")),
            Map.entry(ENOLINK, new Meaning("ENOLINK", "the interface of the link is gone")),
            Map.entry(75, new Meaning("EOVERFLOW", "value too large")),
            Map.entry(EOPNOTSUPP, new Meaning("EOPNOTSUPP", "not supported")),
            Map.entry(100, new Meaning("ENETDOWN", "network is down")),
            Map.entry(105, new Meaning("ENOBUFS", "no buffer space")),
            Map.entry(110, new Meaning("ETIMEDOUT", "timed out")),
            Map.entry(524, new Meaning("ENOTSUPP", "not supported by this kernel")));

    private Errno() {}

    /** The symbolic name, for instance {@code EBUSY}; {@code errno 200} for a number without one here. */
    public static String name(int errno) {
        var meaning = MEANINGS.get(errno);
        return meaning == null ? "errno " + errno : meaning.name();
    }

    /** The name and what it says: {@code EBUSY (busy)}. */
    public static String describe(int errno) {
        var meaning = MEANINGS.get(errno);
        return meaning == null ? "errno " + errno : meaning.name() + " (" + meaning.sentence() + ")";
    }
}
