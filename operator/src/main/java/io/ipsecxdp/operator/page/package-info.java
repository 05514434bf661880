/** The operator's page: what the informers have, as a page that a browser shows. */
package io.ipsecxdp.operator.page;
