package io.ipsecxdp.operator.compile;

/** An entry and the node that it is for. */
record Placed(String node, Entry entry) {}
