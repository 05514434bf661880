package io.ipsecxdp.bpf;

import java.net.InetAddress;
import java.time.Duration;

/**
 * Somebody who sends an SPI that no SA has.
 *
 * @param protocol 50 (ESP, also in UDP) or 51 (AH)
 * @param spi unsigned
 * @param packets of more than 64 in a jiffy on a CPU, one of 64 is drawn and counted for all: right in the mean, and off
 *     by some percent after 100,000 of them
 * @param idle how long ago the last packet was seen
 */
public record UnknownTalker(
        InetAddress source, InetAddress destination, int protocol, long spi, long packets, Duration idle) {}
