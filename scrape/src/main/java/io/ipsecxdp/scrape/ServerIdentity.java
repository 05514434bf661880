package io.ipsecxdp.scrape;

/**
 * What a server shows of itself, as PEM.
 *
 * @param certificate with those that lead to its CA, if there are any
 * @param key its private key, in PKCS #8 or as the tool that made it writes it
 */
record ServerIdentity(String certificate, String key) {

    @Override
    public String toString() {
        return "a certificate and its key";
    }
}
