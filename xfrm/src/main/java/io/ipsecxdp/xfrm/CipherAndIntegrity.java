package io.ipsecxdp.xfrm;

import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Encryption and integrity by an algorithm of their own each. The key material of an SA is the key of the encryption, and
 * behind it that of the integrity algorithm (RFC 7296 section 2.17).
 *
 * @param cipher empty for AH
 * @param integrity empty on SAs of others only: ESP without integrity is not installed (RFC 8221 section 3)
 */
public record CipherAndIntegrity(Optional<Cipher> cipher, Optional<AuthAlgorithm> integrity) implements Algorithms {

    public CipherAndIntegrity {
        if (cipher.isEmpty() && integrity.isEmpty()) {
            throw new IllegalArgumentException("An SA protects something: encryption, integrity or both");
        }
    }

    public static CipherAndIntegrity of(Cipher cipher, AuthAlgorithm integrity) {
        return new CipherAndIntegrity(Optional.of(cipher), Optional.of(integrity));
    }

    /** For AH, which authenticates and nothing else. */
    public static CipherAndIntegrity of(AuthAlgorithm integrity) {
        return new CipherAndIntegrity(Optional.empty(), Optional.of(integrity));
    }

    @Override
    public int keyBytes() {
        return cipher.map(Cipher::keyBytes).orElse(0)
                + integrity.map(AuthAlgorithm::keyBytes).orElse(0);
    }

    @Override
    public String toString() {
        return Stream.concat(cipher.stream(), integrity.stream())
                .map(Object::toString)
                .collect(Collectors.joining(" and "));
    }
}
