package io.ipsecxdp.crds;

import com.fasterxml.jackson.databind.annotation.JsonSerialize;

/**
 * The traffic between pods of different nodes. There is nothing to say about it: it is written {@code pods: {}}, which Jackson
 * only does for a class that it was told to write.
 */
@JsonSerialize
public record PodTraffic() {}
