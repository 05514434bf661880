package io.ipsecxdp.operator.compile;

/** What compiling any kind needs to know of the cluster. */
record CompilerInput(ClusterNodes cluster, InForce inForce) {}
