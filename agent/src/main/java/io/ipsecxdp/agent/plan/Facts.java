package io.ipsecxdp.agent.plan;

import io.ipsecxdp.agent.xfrm.XfrmCapabilities;
import io.ipsecxdp.crds.CpuList;

/**
 * What is known of the node.
 *
 * @param boot boot id and network namespace cookie: what was installed under another one is gone
 * @param cpus those that are online
 */
public record Facts(String boot, CpuList cpus, XfrmCapabilities capabilities, ApiServerWay apiServer) {}
