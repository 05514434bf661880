package io.ipsecxdp.agent.node;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What the kernel's IPsec counts as errors in the network namespace of the calling thread. */
public final class XfrmStat {

    private static final Path FILE = Path.of("/proc/thread-self/net/xfrm_stat");

    private XfrmStat() {}

    /** Packets by the kernel's name of the error, those without a packet too; empty if it does not tell (CONFIG_XFRM_STATISTICS). */
    public static Map<String, Long> read() {
        try {
            return parse(Files.readAllLines(FILE, StandardCharsets.US_ASCII));
        } catch (IOException e) {
            return Map.of();
        }
    }

    static Map<String, Long> parse(List<String> lines) {
        Map<String, Long> counters = new TreeMap<>();
        for (String line : lines) {
            String[] words = line.strip().split("\\s+");
            if (words.length == 2 && words[1].matches("[0-9]{1,18}")) {
                counters.put(words[0], Long.parseLong(words[1]));
            }
        }
        return Collections.unmodifiableMap(counters);
    }
}
