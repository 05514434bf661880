package io.ipsecxdp.e2e;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;

/**
 * A certificate authority of one run, and the API server's certificate by it.
 *
 * @param signingKey RSA key for service account tokens, which the API server insists on
 */
record Certificates(Path ca, Path server, Path serverKey, Path signingKey) {
    private static final String DAYS = "2";

    /** Makes them in {@code folder}; the server's is valid for localhost and {@code addresses}. */
    static Certificates make(Path folder, List<String> addresses) {
        Path caKey = folder.resolve("ca.key");
        var made = new Certificates(
                folder.resolve("ca.crt"),
                folder.resolve("server.crt"),
                folder.resolve("server.key"),
                folder.resolve("sa.key"));
        String names = "subjectAltName=DNS:localhost,"
                + addresses.stream().map("IP:"::concat).collect(Collectors.joining(","));
        openssl("req -x509 -nodes -newkey ec -pkeyopt ec_paramgen_curve:P-256 -subj /CN=ipsec-xdp-lab -days " + DAYS
                + " -keyout " + caKey + " -out " + made.ca());
        openssl("req -x509 -nodes -newkey ec -pkeyopt ec_paramgen_curve:P-256 -subj /CN=kube-apiserver -days " + DAYS
                + " -CA " + made.ca() + " -CAkey " + caKey + " -addext basicConstraints=CA:FALSE -addext " + names
                + " -keyout " + made.serverKey() + " -out " + made.server());
        openssl("genrsa -out " + made.signingKey() + " 2048");
        return made;
    }

    byte[] caBytes() {
        try {
            return Files.readAllBytes(ca);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void openssl(String arguments) {
        Command.of(("openssl " + arguments).split(" ")).output();
    }
}
