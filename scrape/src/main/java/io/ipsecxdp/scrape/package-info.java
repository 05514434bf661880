/** Serves metrics to whoever the API server lets read them: over TLS, on an address that others reach. */
package io.ipsecxdp.scrape;
