/** Values about when something is to be done, or to be told of. They know no clock. */
package io.ipsecxdp.agent.time;
