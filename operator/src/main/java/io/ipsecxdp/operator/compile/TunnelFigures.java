package io.ipsecxdp.operator.compile;

import java.util.Optional;

/**
 * What the nodes of a tunnel report in figures.
 *
 * @param pairs pairs in force, of all pairs, for example 3/3
 * @param oldestKey when the oldest key in use was made (RFC 3339)
 * @param mtu the largest packet that passes every pair in one piece
 */
public record TunnelFigures(String pairs, Optional<String> oldestKey, Optional<Integer> mtu) {}
