// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)

/*
 * The program that is shipped, and its parts, to be timed one beside another. Each part exists twice: for the frame
 * as it is given, and for the SPI of one of `sas` SAs, chosen anew for each packet (which all parts pay alike).
 */

#include "steer.bpf.c"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 131072);
	__type(key, struct sa_key);
	__type(value, __u32);
} hash_map SEC(".maps");

struct choice {
	__u32 sas;
	__u32 next;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct choice);
} choice SEC(".maps");

#define SPI_OF_ESP_OVER_IPV4 34

/* SPI number i is mix(i + 1): spread over all 32 bits, none twice. */
static __always_inline void choose_spi(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data;
	__u32 zero = 0;
	struct choice *c = bpf_map_lookup_elem(&choice, &zero);

	if (c && c->sas && data + SPI_OF_ESP_OVER_IPV4 + 4 <= (void *)(long)ctx->data_end)
		*(__be32 *)(data + SPI_OF_ESP_OVER_IPV4) = bpf_htonl(mix(mix(c->next++) % c->sas + 1));
}

struct parsed {
	struct config *config;
	struct ipsec_packet packet;
};

static __always_inline bool parse_alone(struct xdp_md *ctx, struct parsed *p)
{
	__u32 zero = 0;

	p->config = bpf_map_lookup_elem(&config, &zero);
	if (!p->config)
		return false;
	__builtin_memset(&p->packet, 0, sizeof(p->packet));
	return parse_frame(ctx, p->config, &p->packet) == FOUND_IPSEC;
}

static __always_inline int pass_alone(struct xdp_md *ctx __attribute__((unused)))
{
	return XDP_PASS;
}

static __always_inline int drop_alone(struct xdp_md *ctx __attribute__((unused)))
{
	return XDP_DROP;
}

static __always_inline int parse(struct xdp_md *ctx)
{
	struct parsed p;

	/* Whatever was found must be used, or the compiler does not look for it. */
	return parse_alone(ctx, &p) && p.packet.spi && p.packet.daddr.half[0] ? XDP_PASS : XDP_DROP;
}

static __always_inline int map(struct xdp_md *ctx)
{
	struct sa_key key = {};
	struct parsed p;

	if (!parse_alone(ctx, &p))
		return XDP_DROP;
	key.daddr = xfrm_address(p.packet.daddr);
	key.spi = p.packet.spi;
	key.family = p.packet.family;
	key.proto = p.packet.proto;
	return bpf_map_lookup_elem(&hash_map, &key) ? XDP_PASS : XDP_DROP;
}

static __always_inline int kfunc(struct xdp_md *ctx)
{
	struct parsed p;
	__u32 owner;
	__u64 address;

	return parse_alone(ctx, &p) && search_sa(ctx, p.config, &p.packet, &owner, &address) == FOUND_SA ? XDP_PASS : XDP_DROP;
}

static __always_inline int recall(struct xdp_md *ctx)
{
	struct parsed p;
	__u32 owner;

	return parse_alone(ctx, &p) && find_in_kernel(ctx, p.config, &p.packet, &owner) == FOUND_SA ? XDP_PASS : XDP_DROP;
}

static __always_inline int blind(struct xdp_md *ctx)
{
	struct parsed p;
	int action;

	if (!parse_alone(ctx, &p) || !p.packet.spi || !p.packet.daddr.half[0])
		return XDP_DROP;
	action = bpf_redirect_map(&cpus, 0, XDP_PASS);
	count(ctx, OWNER);
	return action;
}

#define MEASURED(name) \
	SEC("xdp") \
	int same_##name(struct xdp_md *ctx) \
	{ \
		return name(ctx); \
	} \
	SEC("xdp") \
	int random_##name(struct xdp_md *ctx) \
	{ \
		choose_spi(ctx); \
		return name(ctx); \
	}

MEASURED(pass_alone)
MEASURED(drop_alone)
MEASURED(parse)
MEASURED(map)
MEASURED(kfunc)
MEASURED(recall)
MEASURED(blind)
MEASURED(steer_frame)
