/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef STEER_UNKNOWN_H
#define STEER_UNKNOWN_H

/* Packets whose SPI no SA has: who sends them, and whether the kernel would surely refuse them. */

#include "kernel.h"
#include "maps.h"
#include "parse.h"

#include <bpf/bpf_helpers.h>

/* What this CPU did about unknown SPIs in this jiffy. */
static __always_inline struct flood *flood_of_now(void)
{
	__u32 zero = 0;
	struct flood *here = bpf_map_lookup_elem(&flood, &zero);
	__u64 now = bpf_jiffies64();

	if (here && here->jiffy != now) {
		here->jiffy = now;
		here->seen = 0;
		here->new_talkers = 0;
		here->family = 0;
	}
	return here;
}

/*
 * How many packets the next one stands for in the report. The first ones of a jiffy for themselves; in a flood, where
 * looking the talker up would cost a good part of dropping the packet, few that are drawn for all. The numbers of this
 * generator (Numerical Recipes, 7.1) are good enough for that, and a sender does not see them.
 */
static __always_inline __u32 weight_of_next(struct flood *here)
{
	if (here->seen++ < COUNTED_PER_JIFFY)
		return 1;
	here->dice = here->dice * 1664525 + 1013904223;
	return here->dice >> (32 - SAMPLE_BITS) ? 0 : 1 << SAMPLE_BITS;
}

static __always_inline void note_talker(struct flood *here, const struct ipsec_packet *p)
{
	__u32 weight = weight_of_next(here);
	struct talker key;
	struct talked *there;
	struct talked first = { .packets = weight };

	if (!weight)
		return;
	__builtin_memset(&key, 0, sizeof(key));
	key.saddr = xfrm_address(p->saddr);
	key.daddr = xfrm_address(p->daddr);
	key.spi = p->spi;
	key.family = p->family;
	key.proto = p->proto;

	there = bpf_map_lookup_elem(&talkers, &key);
	if (there) {
		__sync_fetch_and_add(&there->packets, weight);
		there->last_seen = bpf_ktime_get_coarse_ns();
		return;
	}
	if (here->new_talkers++ < NEW_TALKERS_PER_JIFFY) {
		first.last_seen = bpf_ktime_get_coarse_ns();
		bpf_map_update_elem(&talkers, &key, &first, BPF_NOEXIST);
	}
}

/*
 * Not on its way through this node to somebody who may have the SA. The answer is the same for destinations that are
 * local and for those without any route (net/core/filter.c bpf_ipv4_fib_lookup, bpf_ipv6_fib_lookup), and none of both where
 * the interface does not forward. What a bridge takes from its port never comes to the IP layer: user space must not ask to
 * drop there.
 */
static __always_inline bool is_not_forwarded(struct xdp_md *ctx, const struct ipsec_packet *p)
{
	struct bpf_fib_lookup way;

	__builtin_memset(&way, 0, sizeof(way));
	way.family = p->family;
	way.l4_protocol = p->udp_dport ? IPPROTO_UDP : p->proto;
	way.ifindex = ctx->ingress_ifindex;
	__builtin_memcpy(way.src, &p->saddr, sizeof(way.src));
	__builtin_memcpy(way.dst, &p->daddr, sizeof(way.dst));
	return bpf_fib_lookup(ctx, &way, sizeof(way), 0) == BPF_FIB_LKUP_RET_NOT_FWDED;
}

/* Without a socket here, a rule of the firewall may lead the datagram to one elsewhere. */
static __always_inline bool has_socket_here(struct xdp_md *ctx, const struct ipsec_packet *p)
{
	struct bpf_sock_tuple tuple;
	struct bpf_sock *socket;
	__u32 size;

	__builtin_memset(&tuple, 0, sizeof(tuple));
	if (p->family == AF_INET) {
		tuple.ipv4.saddr = xfrm_address(p->saddr).a4;
		tuple.ipv4.daddr = xfrm_address(p->daddr).a4;
		tuple.ipv4.sport = p->udp_sport;
		tuple.ipv4.dport = p->udp_dport;
		size = sizeof(tuple.ipv4);
		socket = bpf_sk_lookup_udp(ctx, &tuple, size, BPF_F_CURRENT_NETNS, 0);
	} else {
		__builtin_memcpy(tuple.ipv6.saddr, &p->saddr, sizeof(tuple.ipv6.saddr));
		__builtin_memcpy(tuple.ipv6.daddr, &p->daddr, sizeof(tuple.ipv6.daddr));
		tuple.ipv6.sport = p->udp_sport;
		tuple.ipv6.dport = p->udp_dport;
		size = sizeof(tuple.ipv6);
		socket = bpf_sk_lookup_udp(ctx, &tuple, size, BPF_F_CURRENT_NETNS, 0);
	}
	if (!socket)
		return false;
	bpf_sk_release(socket);
	return true;
}

/* A flood asks once a jiffy for its destination: so much later does a change of the routes count here. */
static __always_inline bool is_known_not_forwarded(struct xdp_md *ctx, struct flood *here, const struct ipsec_packet *p)
{
	if (here->family == p->family && same_address(here->not_forwarded, p->daddr))
		return true;
	if (!is_not_forwarded(ctx, p))
		return false;
	here->family = p->family;
	here->not_forwarded = p->daddr;
	return true;
}

static __always_inline bool would_be_refused(struct xdp_md *ctx, const struct config *config, struct flood *here,
					     const struct ipsec_packet *p)
{
	if (config->flags & OTHER_NETNS || !is_known_not_forwarded(ctx, here, p))
		return false;
	return !p->udp_dport || has_socket_here(ctx, p);
}

#endif
