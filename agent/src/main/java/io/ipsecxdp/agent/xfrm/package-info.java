/**
 * The SAD and SPD as values: what is to be installed ({@link io.ipsecxdp.agent.xfrm.Sa}, {@link
 * io.ipsecxdp.agent.xfrm.Policy}), what the kernel shows ({@link io.ipsecxdp.agent.xfrm.ObservedSa}, {@link
 * io.ipsecxdp.agent.xfrm.ObservedPolicy}), and the port between the two ({@link io.ipsecxdp.agent.xfrm.Xfrm}). Nothing
 * here knows netlink.
 */
package io.ipsecxdp.agent.xfrm;
