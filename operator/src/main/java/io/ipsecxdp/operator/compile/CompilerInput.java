package io.ipsecxdp.operator.compile;

/**
 * What compiling any kind needs to know of the cluster.
 *
 * @param declared objects of all kinds: some depend on others
 * @param ends resolves the ends of SAs and policies, of all kinds by one rule
 * @param kernels what the kernels have
 * @param claims settles who has packets that a policy and a tunnel both ask for
 */
record CompilerInput(
        Declarations declared,
        ClusterNodes cluster,
        Ends ends,
        InForce inForce,
        KernelStates kernels,
        KeyMemory keys,
        SharedKeys sharedKeys,
        TunnelState tunnels,
        PolicyClaims claims) {}
