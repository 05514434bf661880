/** Which interfaces carry the XDP program, and how: decided from values, done through the {@code bpf} module. */
package io.ipsecxdp.agent.steering;
