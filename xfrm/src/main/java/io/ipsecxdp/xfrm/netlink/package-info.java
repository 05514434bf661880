/** The thin shell around the codec: sockets, batches, acknowledgements, dumps, probes. */
package io.ipsecxdp.xfrm.netlink;
