package io.ipsecxdp.xfrm;

import java.time.Instant;
import java.util.Optional;

/**
 * What went through an SA or policy so far.
 *
 * @param bytes of payload
 * @param packets number of packets
 * @param added when it was installed, by the kernel's clock, to the second
 * @param firstUsed when the first packet used it, to the second; empty if none did
 */
public record LifetimeCounters(long bytes, long packets, Instant added, Optional<Instant> firstUsed) {}
