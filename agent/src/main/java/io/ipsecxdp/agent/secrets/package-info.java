/** Reads keys out of Secrets and holds them for one installation. Key bytes are wiped as soon as the kernel has them. */
package io.ipsecxdp.agent.secrets;
