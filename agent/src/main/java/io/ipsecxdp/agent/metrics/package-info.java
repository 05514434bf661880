/** What the agent tells Prometheus. */
package io.ipsecxdp.agent.metrics;
