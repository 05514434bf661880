package io.ipsecxdp.e2e;

import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.List;

/** Somebody whom the API server knows by a token. */
public record User(String name, List<String> groups, String token) {
    private static final int TOKEN_BYTES = 24;

    public User {
        groups = List.copyOf(groups);
    }

    static User admin() {
        return new User("admin", List.of("system:masters"), freshToken());
    }

    /** A service account with the groups that Kubernetes gives it. */
    static User serviceAccount(String namespace, String name) {
        return new User(
                "system:serviceaccount:" + namespace + ":" + name,
                List.of("system:serviceaccounts", "system:serviceaccounts:" + namespace),
                freshToken());
    }

    /** The user as a line of kube-apiserver's {@code --token-auth-file}. */
    String line() {
        return "%s,%s,%s,\"%s\"%n".formatted(token, name, name, String.join(",", groups));
    }

    @Override
    public String toString() {
        return name;
    }

    private static String freshToken() {
        byte[] bytes = new byte[TOKEN_BYTES];
        new SecureRandom().nextBytes(bytes);
        return HexFormat.of().formatHex(bytes);
    }
}
