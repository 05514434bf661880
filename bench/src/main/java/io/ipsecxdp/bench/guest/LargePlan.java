package io.ipsecxdp.bench.guest;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * The plan of a node with many inbound SAs and some policies, in slices as the operator cuts them. SPIs are random and every
 * SA has a reqid of its own, for the reasons that {@link SaList} gives.
 *
 * @param source of all SAs, in IPv4
 * @param destination of all SAs, in IPv4
 */
public record LargePlan(String node, String source, String destination, int sas, int policies) {

    /** Keys in one Secret: an etcd object has at most 1.5 MiB. */
    public static final int KEYS_PER_SECRET = 500;

    private static final int ENTRIES_PER_SLICE = 100;
    private static final long FIRST_REQID = 0x1000_0001L;
    private static final int WINDOW = 4096;
    private static final int PRIORITY = 2000;
    private static final int BITS_PER_PART = 8;

    /** The specs of the slices, as the API has them. */
    public List<Map<String, Object>> slices() {
        List<Map<String, Object>> slices = new ArrayList<>();
        List<Map<String, Object>> all = securityAssociations();
        for (int from = 0; from < all.size(); from += ENTRIES_PER_SLICE) {
            slices.add(slice(all.subList(from, Math.min(from + ENTRIES_PER_SLICE, all.size())), List.of()));
        }
        slices.add(slice(
                List.of(), IntStream.range(0, policies).mapToObj(this::policy).toList()));
        return slices;
    }

    public static String json(Map<String, Object> spec) {
        try {
            return new ObjectMapper().writeValueAsString(spec);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The names of the Secrets that the SAs refer to. */
    public List<String> secrets() {
        return IntStream.rangeClosed(0, (sas - 1) / KEYS_PER_SECRET)
                .mapToObj(i -> "bench-" + i)
                .toList();
    }

    /** The names of the entries of each Secret. */
    public static List<String> entries() {
        return IntStream.range(0, KEYS_PER_SECRET).mapToObj(i -> "key-" + i).toList();
    }

    private Map<String, Object> slice(List<Map<String, Object>> sas, List<Map<String, Object>> policies) {
        Map<String, Object> spec = new LinkedHashMap<>();
        spec.put("node", node);
        spec.put("securityAssociations", sas);
        spec.put("securityPolicies", policies);
        return spec;
    }

    private List<Map<String, Object>> securityAssociations() {
        var random = new SplittableRandom(sas);
        Set<Long> spis = new HashSet<>();
        List<Map<String, Object>> entries = new ArrayList<>();
        while (entries.size() < sas) {
            long spi = random.nextLong(0x1000, 1L << Integer.SIZE);
            if (spis.add(spi)) {
                entries.add(securityAssociation(entries.size(), spi));
            }
        }
        return entries;
    }

    private Map<String, Object> securityAssociation(int number, long spi) {
        Map<String, Object> sa = new LinkedHashMap<>();
        sa.put("name", "bench-" + number);
        sa.put("uid", "5ecad500-0000-4000-8000-%012x".formatted(number));
        sa.put("generation", 1);
        sa.put("direction", "In");
        sa.put("source", source);
        sa.put("destination", destination);
        sa.put("spi", spi);
        sa.put("mode", "Tunnel");
        sa.put(
                "encryption",
                Map.of(
                        "algorithm",
                        "ENCR_AES_GCM_16",
                        "keyBits",
                        256,
                        "keySecretRef",
                        Map.of(
                                "name", "bench-" + number / KEYS_PER_SECRET,
                                "key", "key-" + number % KEYS_PER_SECRET)));
        sa.put("reqid", FIRST_REQID + number);
        sa.put("replayWindow", WINDOW);
        sa.put("esn", true);
        return sa;
    }

    private Map<String, Object> policy(int number) {
        Map<String, Object> policy = new LinkedHashMap<>();
        policy.put("name", "bench-" + number);
        policy.put("uid", "5ecad5ec-0000-4000-8000-%012x".formatted(number));
        policy.put("generation", 1);
        policy.put("direction", "In");
        policy.put("selectorSource", "100.64.%d.0/24".formatted(number % (1 << BITS_PER_PART)));
        policy.put("selectorDestination", "100.65.0.0/16");
        policy.put("protocol", "Any");
        policy.put("action", "Protect");
        policy.put("priority", PRIORITY);
        policy.put(
                "template",
                Map.of("mode", "Tunnel", "source", source, "destination", destination, "reqid", FIRST_REQID + number));
        return policy;
    }
}
