package io.ipsecxdp.bench;

/**
 * What the kernel says of a process's memory.
 *
 * @param resident MiB now (VmRSS)
 * @param peak MiB at most so far (VmHWM)
 */
record ProcessMemory(double resident, double peak) {

    private static final double KIB_PER_MIB = 1024;

    /** Reads the text of /proc/PID/status. */
    static ProcessMemory of(String status) {
        return new ProcessMemory(mebibytes(status, "VmRSS:"), mebibytes(status, "VmHWM:"));
    }

    private static double mebibytes(String status, String field) {
        return status.lines()
                .filter(line -> line.startsWith(field))
                .mapToDouble(line -> Double.parseDouble(line.replaceAll("[^0-9]", "")) / KIB_PER_MIB)
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("There is no " + field + " in: " + status));
    }
}
