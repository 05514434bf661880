/** All that the agent tells the API server: the statuses, built from values, and the writers of statuses and of the Lease. */
package io.ipsecxdp.agent.report;
