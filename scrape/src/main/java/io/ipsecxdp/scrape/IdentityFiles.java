package io.ipsecxdp.scrape;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** A certificate and its key in a folder, which a kubelet exchanges when the Secret changes. */
record IdentityFiles(Path folder) implements IdentitySource {

    @Override
    public ServerIdentity read() throws IOException {
        try {
            // A kubelet exchanges a link to the folder of both, so that the key beside the certificate is that of it
            Path certificate = folder.resolve("tls.crt").toRealPath();
            return new ServerIdentity(
                    Files.readString(certificate), Files.readString(certificate.resolveSibling("tls.key")));
        } catch (NoSuchFileException e) {
            throw new IOException(
                    "there is no %s: put the certificate and its key into the Secret that metrics.tlsSecret names"
                            .formatted(e.getFile()),
                    e);
        }
    }
}
