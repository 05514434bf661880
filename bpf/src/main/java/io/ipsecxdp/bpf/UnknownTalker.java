package io.ipsecxdp.bpf;

import java.net.InetAddress;

/**
 * Somebody who sends an SPI that no SA has.
 *
 * @param spi unsigned
 * @param packets of more than 64 in a jiffy on a CPU, one of 64 is drawn and counted for all: right in the mean, and off
 *     by some percent after 100,000 of them
 */
public record UnknownTalker(InetAddress source, InetAddress destination, long spi, long packets) {}
