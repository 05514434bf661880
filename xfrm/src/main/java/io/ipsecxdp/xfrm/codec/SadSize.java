package io.ipsecxdp.xfrm.codec;

/**
 * How large the SAD is.
 *
 * @param sas all of them, larval ones included
 * @param buckets of the hash table that they are looked up in; one less before Linux 6.2
 */
public record SadSize(long sas, long buckets) {}
