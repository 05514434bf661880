package io.ipsecxdp.e2e;

/** This machine, in a line. */
public final class Machine {
    private Machine() {}

    public static String describe() {
        String model = Command.of("sed", "-n", "s/^model name[^:]*: //p", "/proc/cpuinfo")
                .output()
                .lines()
                .findFirst()
                .orElse("unknown");
        return "%d CPUs (%s), kernel %s"
                .formatted(
                        Runtime.getRuntime().availableProcessors(),
                        model,
                        Command.of("uname", "-r").output().strip());
    }
}
