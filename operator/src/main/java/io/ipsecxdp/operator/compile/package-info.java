/**
 * From what users declare and what is known of the nodes to the plans of the nodes. Pure: values in, values out; no
 * client, no clock, no state.
 *
 * <p>Two rules shape it. <b>Absence is no order</b>: an object that is in force stays in force, as it was planned, when
 * a fact that it needs is missing or when its new version cannot be planned; only its deletion, or a version that can be
 * planned, removes it. <b>What is in force goes first</b>: of two objects that conflict the one that the plans already
 * have wins, else the older one (creationTimestamp, then name), so that no new object ever takes a working one down.
 */
package io.ipsecxdp.operator.compile;
