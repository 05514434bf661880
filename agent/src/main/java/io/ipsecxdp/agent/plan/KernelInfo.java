package io.ipsecxdp.agent.plan;

import io.ipsecxdp.crds.CpuList;
import io.ipsecxdp.xfrm.XfrmCapabilities;

/**
 * What is known of the node.
 *
 * @param boot boot id and network namespace cookie: what was installed under another one is gone
 * @param cpus those that are online
 */
public record KernelInfo(String boot, CpuList cpus, XfrmCapabilities capabilities, ApiServerWay apiServer) {}
