package io.ipsecxdp.agent.tunnel;

import io.ipsecxdp.xfrm.KeyMaterial;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/**
 * The private values of this node's generations, by their public ones, and what was agreed with them. For one thread.
 *
 * <p>What is wiped here is gone: nobody derives the keys of that generation again.
 */
public final class PrivateValues implements AutoCloseable {

    /** What the kernel wants of an algorithm: a key is never shared between two. */
    public record Cipher(String name, int keyBytes) {}

    /** @param version of the Secret that it came from */
    public record PresharedKeyName(String tunnel, String version) {}

    /** @param presharedKey the one that is mixed in, if one is */
    private record Agreed(String own, String theirs, TunnelPair pair, Optional<PresharedKeyName> presharedKey) {}

    private static final long ALL_SPIS = (1L << Integer.SIZE) - PairSecret.FIRST_SPI;

    private final long spis;
    private final Map<String, KeyMaterial> values = new HashMap<>();
    private final Map<Agreed, PairSecret> secrets = new HashMap<>();
    private final Map<PresharedKeyName, KeyMaterial> presharedKeys = new HashMap<>();

    public PrivateValues() {
        this(ALL_SPIS);
    }

    /** @param spis of how many SPIs one is derived, the same for both ends of an SA */
    public PrivateValues(long spis) {
        this.spis = spis;
    }

    /** Makes a key pair; returns its public value in Base64. */
    public String make() {
        KeyMaterial value = X25519.newPrivateValue();
        String name = Base64.getEncoder().encodeToString(X25519.publicValue(value));
        values.put(name, value);
        return name;
    }

    /** Takes one over that was made before. */
    public void add(String publicValue, KeyMaterial value) {
        Optional.ofNullable(values.put(publicValue, value)).ifPresent(KeyMaterial::close);
    }

    public boolean has(String publicValue) {
        return values.containsKey(publicValue);
    }

    /** By public value, for a store. */
    public Map<String, KeyMaterial> all() {
        return Map.copyOf(values);
    }

    /** Takes a pre-shared key over; one that is known already is closed. */
    public void addPresharedKey(PresharedKeyName name, KeyMaterial key) {
        if (presharedKeys.putIfAbsent(name, key) != null) {
            key.close();
        }
    }

    /** For a store. */
    public Map<PresharedKeyName, KeyMaterial> allPresharedKeys() {
        return Map.copyOf(presharedKeys);
    }

    /** Wipes the pre-shared keys but these. */
    void keepPresharedKeys(Set<PresharedKeyName> needed) {
        presharedKeys.entrySet().removeIf(entry -> {
            boolean obsolete = !needed.contains(entry.getKey());
            if (obsolete) {
                entry.getValue().close();
            }
            return obsolete;
        });
    }

    public void wipe(String publicValue) {
        secrets.entrySet().removeIf(entry -> {
            boolean with = entry.getKey().own().equals(publicValue);
            if (with) {
                entry.getValue().close();
            }
            return with;
        });
        Optional.ofNullable(values.remove(publicValue)).ifPresent(KeyMaterial::close);
    }

    /**
     * Key and salt of an SA, for the caller to close; empty if the private value is not there.
     *
     * @param self uid of this node
     * @param presharedKey the one that this node's generation goes with, if one
     */
    public Optional<KeyMaterial> key(TunnelSa sa, String self, Cipher cipher, Optional<PresharedKeyName> presharedKey) {
        return agreed(sa, self, presharedKey, secret -> secret.key(which(sa, self, cipher), cipher.keyBytes()));
    }

    /** An SPI of an SA, another one for each attempt; empty as {@link #key}. */
    public Optional<Long> spi(
            TunnelSa sa, String self, Cipher cipher, Optional<PresharedKeyName> presharedKey, int attempt) {
        return agreed(sa, self, presharedKey, secret -> secret.spi(which(sa, self, cipher), attempt, spis));
    }

    private <T> Optional<T> agreed(
            TunnelSa sa, String self, Optional<PresharedKeyName> presharedKey, Function<PairSecret, T> derive) {
        KeyMaterial own = values.get(sa.own());
        if (own == null || !presharedKey.map(presharedKeys::containsKey).orElse(true)) {
            return Optional.empty();
        }
        Agreed agreed = new Agreed(sa.own(), sa.theirs(), sa.pair(), presharedKey);
        return Optional.of(derive.apply(secrets.computeIfAbsent(
                agreed,
                missing -> PairSecret.of(
                        own,
                        new PairSecret.Party(self, bytes(sa.own())),
                        new PairSecret.Party(sa.pair().peer(), bytes(sa.theirs())),
                        presharedKey.map(presharedKeys::get)))));
    }

    private static PairSecret.Which which(TunnelSa sa, String self, Cipher cipher) {
        String peer = sa.pair().peer();
        return new PairSecret.Which(
                sa.pair().tunnel(), sa.outbound() ? self : peer, sa.outbound() ? peer : self, sa.cpu(), cipher.name());
    }

    /** Whether it can be agreed with: a point of X25519, and none of those with which everybody comes to zero. */
    static boolean isPublicValue(String text) {
        try (KeyMaterial any = X25519.newPrivateValue()) {
            X25519.agree(any, bytes(text)).close();
            return true;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    private static byte[] bytes(String publicValue) {
        return Base64.getDecoder().decode(publicValue);
    }

    @Override
    public void close() {
        secrets.values().forEach(PairSecret::close);
        values.values().forEach(KeyMaterial::close);
        presharedKeys.values().forEach(KeyMaterial::close);
        secrets.clear();
        values.clear();
        presharedKeys.clear();
    }

    @Override
    public String toString() {
        return "PrivateValues[hidden]";
    }
}
