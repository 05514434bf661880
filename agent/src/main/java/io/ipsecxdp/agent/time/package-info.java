/** Values of time that several rooms need. It depends on no other room. */
package io.ipsecxdp.agent.time;
