package io.ipsecxdp.bpf;

import java.net.InetAddress;
import java.time.Duration;

/**
 * Somebody who sends an SPI that no SA has.
 *
 * @param protocol 50 (ESP, also in UDP) or 51 (AH)
 * @param spi unsigned
 * @param idle how long ago the last packet was seen
 */
public record UnknownTalker(
        InetAddress source, InetAddress destination, int protocol, long spi, long packets, Duration idle) {}
