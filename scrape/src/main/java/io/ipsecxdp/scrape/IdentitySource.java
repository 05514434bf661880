package io.ipsecxdp.scrape;

import java.io.IOException;

/** Where a certificate and its key come from; it is asked again and again, as both are renewed. */
interface IdentitySource {

    /** @throws IOException if there is none yet, with what to do */
    ServerIdentity read() throws IOException;
}
