/**
 * The bytes of NETLINK_XFRM: pure functions between the model and a buffer. Names and numbers are those of
 * linux/netlink.h and linux/xfrm.h; a test pins them to the C headers.
 */
package io.ipsecxdp.xfrm.codec;
