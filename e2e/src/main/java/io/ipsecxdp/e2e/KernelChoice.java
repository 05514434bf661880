package io.ipsecxdp.e2e;

/** Which kernel the nodes are made in. */
public enum KernelChoice {
    /** This machine's. */
    HOST(""),
    /** A guest with a recent Debian kernel: ESP, the kfunc, per-CPU SAs. */
    RECENT("backports"),
    /** A guest with Debian 13's kernel, the oldest with all of these. */
    TRIXIE("trixie"),
    /** A guest with Debian 12's kernel: ESP, but neither the kfunc nor per-CPU SAs. */
    BOOKWORM("bookworm");

    private final String release;

    KernelChoice(String release) {
        this.release = release;
    }

    /** This machine's kernel if it can do all that is needed, else a guest's; and why. */
    public static Choice best(Project project) {
        Command.Result tried = Command.of(project.lab("has-esp")).run();
        return new Choice(tried.ok() ? HOST : RECENT, tried.err().strip());
    }

    boolean boots() {
        return this != HOST;
    }

    /** As {@code lab/vm --kernel} names it. */
    String release() {
        return release;
    }

    /** A choice, and the reason for it. */
    public record Choice(KernelChoice kernel, String reason) {}
}
