/**
 * The SAD and SPD as values: what is to be installed ({@link io.ipsecxdp.xfrm.Sa}, {@link
 * io.ipsecxdp.xfrm.Policy}), what the kernel shows ({@link io.ipsecxdp.xfrm.ObservedSa}, {@link
 * io.ipsecxdp.xfrm.ObservedPolicy}), and the port between the two ({@link io.ipsecxdp.xfrm.Xfrm}). Nothing
 * here knows netlink.
 */
package io.ipsecxdp.xfrm;
