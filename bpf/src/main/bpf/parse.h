/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef STEER_PARSE_H
#define STEER_PARSE_H

#include "address.h"
#include "kernel.h"
#include "maps.h"
#include "outcomes.h"

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define MAX_VLAN_TAGS 2
#define MAX_EXTENSION_HEADERS 4
#define MALFORMED_HEADER (-1) /* in the place of a protocol number */
#define IPV4_FRAGMENT_BITS 0x3FFF /* More Fragments and the offset; not Don't Fragment */

/* What identifies an inbound SA (RFC 4301 4.1) and its sender, in network byte order. */
struct ipsec_packet {
	struct address daddr;
	struct address saddr;
	__be32 spi;
	__u16 family;
	__u16 proto;
	__be16 udp_sport;
	__be16 udp_dport; /* 0: not in UDP */
};

/* What is left of the frame. Only its linear part: headers that a driver put into a fragment count as cut short. */
struct cursor {
	void *pos;
	void *end;
};

/* The parsers answer with the outcome of a frame that is passed, or with this. */
#define FOUND_IPSEC (-1)

/* The header at the cursor, which moves behind it; NULL if the frame ends before. */
static __always_inline void *take(struct cursor *c, __u32 size)
{
	void *header = c->pos;

	if (header + size > c->end)
		return 0;
	c->pos = header + size;
	return header;
}

static __always_inline int parse_esp(struct cursor *c, struct ipsec_packet *p)
{
	struct ip_esp_hdr *esp = take(c, sizeof(*esp));

	if (!esp)
		return MALFORMED;
	p->spi = esp->spi;
	p->proto = IPPROTO_ESP;
	return FOUND_IPSEC;
}

static __always_inline int parse_ah(struct cursor *c, struct ipsec_packet *p)
{
	struct ip_auth_hdr *ah = take(c, sizeof(*ah));

	if (!ah)
		return MALFORMED;
	p->spi = ah->spi;
	p->proto = IPPROTO_AH;
	return FOUND_IPSEC;
}

static __always_inline bool is_esp_port(const struct config *config, __be16 port)
{
	int i;

#pragma unroll
	for (i = 0; i < MAX_UDP_PORTS; i++)
		if (config->udp_ports[i] == port)
			return port;
	return false;
}

/*
 * RFC 3948 2.2 and 2.3; the same tests as the kernel's __xfrm4_udp_encap_rcv (net/ipv4/xfrm4_input.c). The length comes from
 * the UDP header, because a short frame is padded to Ethernet's minimum.
 */
static __always_inline int parse_udp(struct cursor *c, const struct config *config, struct ipsec_packet *p)
{
	struct udphdr *udp = take(c, sizeof(*udp));
	struct ip_esp_hdr *esp;
	__u8 *first;
	__u16 len;

	if (!udp)
		return MALFORMED;
	if (!is_esp_port(config, udp->dest))
		return NOT_ESP;
	p->udp_sport = udp->source;
	p->udp_dport = udp->dest;

	len = bpf_ntohs(udp->len);
	if (len == sizeof(*udp) + 1) {
		first = c->pos;
		if ((void *)(first + 1) > c->end)
			return MALFORMED;
		return *first == 0xFF ? NAT_KEEPALIVE : NON_ESP_MARKER;
	}
	if (len <= sizeof(*udp) + sizeof(*esp))
		return NON_ESP_MARKER;

	esp = c->pos;
	if ((void *)(esp + 1) > c->end)
		return MALFORMED;
	if (esp->spi == 0)
		return NON_ESP_MARKER;
	return parse_esp(c, p);
}

static __always_inline int parse_transport(struct cursor *c, const struct config *config, __u8 protocol,
					   struct ipsec_packet *p)
{
	switch (protocol) {
	case IPPROTO_ESP:
		return parse_esp(c, p);
	case IPPROTO_AH:
		return parse_ah(c, p);
	case IPPROTO_UDP:
		return parse_udp(c, config, p);
	default:
		return NOT_ESP;
	}
}

static __always_inline int parse_ipv4(struct cursor *c, const struct config *config, struct ipsec_packet *p)
{
	struct iphdr *ip = take(c, sizeof(*ip));
	__u32 header_length;

	if (!ip)
		return MALFORMED;
	header_length = (ip->version_ihl & 0xF) * 4;
	if ((ip->version_ihl >> 4) != 4 || header_length < sizeof(*ip))
		return MALFORMED;
	/* The SPI is only in the first fragment, and the kernel reassembles before it decrypts (RFC 4303 3.4.1). */
	if (ip->frag_off & bpf_htons(IPV4_FRAGMENT_BITS))
		return FRAGMENT;

	p->family = AF_INET;
	p->saddr = address_of_words(ip->saddr, 0, 0, 0);
	p->daddr = address_of_words(ip->daddr, 0, 0, 0);
	c->pos = (void *)ip + header_length;
	return parse_transport(c, config, ip->protocol, p);
}

static __always_inline bool is_extension_header(int type, bool first)
{
	/* Hop-by-hop options are only ever the first (RFC 8200 4.1). */
	return type == IPPROTO_ROUTING || type == IPPROTO_DSTOPTS || (type == IPPROTO_HOPOPTS && first);
}

/*
 * Moves behind one extension header, whose successor it answers with, or with MALFORMED_HEADER. A source route that has not
 * ended yet means that the destination is not the last one (RFC 8200 4.4): the cursor stays.
 */
static __always_inline int skip_extension_header(struct cursor *c, int type)
{
	struct ipv6_rt_hdr *header = c->pos;

	/* The shortest one has 8 bytes, so nothing readable is refused here. */
	if ((void *)(header + 1) > c->end)
		return MALFORMED_HEADER;
	if (type == IPPROTO_ROUTING && header->segments_left)
		return type;
	c->pos = (void *)header + (header->hdrlen + 1) * 8;
	return header->nexthdr;
}

static __always_inline int parse_ipv6(struct cursor *c, const struct config *config, struct ipsec_packet *p)
{
	struct ipv6hdr *ip = take(c, sizeof(*ip));
	int next;
	int i;

	if (!ip)
		return MALFORMED;
	if ((bpf_ntohl(ip->version_class_flow) >> 28) != 6)
		return MALFORMED;

	p->family = AF_INET6;
	p->saddr = address_of_words(ip->saddr[0], ip->saddr[1], ip->saddr[2], ip->saddr[3]);
	p->daddr = address_of_words(ip->daddr[0], ip->daddr[1], ip->daddr[2], ip->daddr[3]);
	next = ip->nexthdr;

	for (i = 0; i < MAX_EXTENSION_HEADERS && is_extension_header(next, i == 0); i++)
		next = skip_extension_header(c, next);

	switch (next) {
	case MALFORMED_HEADER:
		return MALFORMED;
	case IPPROTO_FRAGMENT:
		return FRAGMENT;
	case IPPROTO_HOPOPTS:
	case IPPROTO_ROUTING:
	case IPPROTO_DSTOPTS:
		return EXTENSION_HEADER;
	default:
		return parse_transport(c, config, next, p);
	}
}

static __always_inline int parse_frame(struct xdp_md *ctx, const struct config *config, struct ipsec_packet *p)
{
	struct cursor c = { .pos = (void *)(long)ctx->data, .end = (void *)(long)ctx->data_end };
	struct ethhdr *eth = take(&c, sizeof(*eth));
	struct vlan_hdr *vlan;
	__be16 proto;
	int i;

	if (!eth)
		return MALFORMED;
	proto = eth->h_proto;

#pragma unroll
	for (i = 0; i < MAX_VLAN_TAGS; i++) {
		if (proto != bpf_htons(ETH_P_8021Q) && proto != bpf_htons(ETH_P_8021AD))
			break;
		vlan = take(&c, sizeof(*vlan));
		if (!vlan)
			return MALFORMED;
		proto = vlan->h_vlan_encapsulated_proto;
	}

	switch (proto) {
	case bpf_htons(ETH_P_IP):
		return parse_ipv4(&c, config, p);
	case bpf_htons(ETH_P_IPV6):
		return parse_ipv6(&c, config, p);
	default:
		return NOT_ESP;
	}
}

#endif
