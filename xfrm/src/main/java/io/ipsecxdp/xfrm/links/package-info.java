/** Network interfaces by rtnetlink, and CPUs that come and go by uevents. */
package io.ipsecxdp.xfrm.links;
