/** From what the agents report to the status of what users declared. Pure, as compile is; the time is passed in. */
package io.ipsecxdp.operator.rollup;
