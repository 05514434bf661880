/** The one thread that talks to the kernel: observe, decide, act, read back. */
package io.ipsecxdp.agent.kernel;
