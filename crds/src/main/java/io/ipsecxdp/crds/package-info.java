/**
 * The API {@code ipsec-xdp.io/v1alpha1}: what users declare, what the operator plans for a node, what agents report.
 *
 * <p>The records mirror the JSON of the custom resources; a component that JSON may omit is nullable here and has an
 * accessor that returns an {@link java.util.Optional}. {@code crds/*.yaml} is generated from these types.
 */
package io.ipsecxdp.crds;
