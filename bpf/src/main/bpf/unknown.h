/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef STEER_UNKNOWN_H
#define STEER_UNKNOWN_H

/* Packets whose SPI no SA has: who sends them, and whether the kernel would surely refuse them. */

#include "kernel.h"
#include "maps.h"
#include "parse.h"

#include <bpf/bpf_helpers.h>

static __always_inline bool may_add_talker(void)
{
	__u32 zero = 0;
	struct flood *here = bpf_map_lookup_elem(&flood, &zero);
	__u64 now = bpf_jiffies64();

	if (!here)
		return false;
	if (here->jiffy != now) {
		here->jiffy = now;
		here->new_talkers = 0;
	}
	return here->new_talkers++ < NEW_TALKERS_PER_JIFFY;
}

static __always_inline void note_talker(const struct ipsec_packet *p)
{
	struct talker key;
	struct talked *there;
	struct talked first = { .packets = 1 };

	__builtin_memset(&key, 0, sizeof(key));
	key.saddr = p->saddr;
	key.daddr = p->daddr;
	key.spi = p->spi;
	key.family = p->family;
	key.proto = p->proto;

	there = bpf_map_lookup_elem(&talkers, &key);
	if (there) {
		__sync_fetch_and_add(&there->packets, 1);
		there->last_seen = bpf_ktime_get_coarse_ns();
		return;
	}
	if (may_add_talker()) {
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
	__builtin_memcpy(way.src, p->saddr.a6, sizeof(way.src));
	__builtin_memcpy(way.dst, p->daddr.a6, sizeof(way.dst));
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
		tuple.ipv4.saddr = p->saddr.a4;
		tuple.ipv4.daddr = p->daddr.a4;
		tuple.ipv4.sport = p->udp_sport;
		tuple.ipv4.dport = p->udp_dport;
		size = sizeof(tuple.ipv4);
		socket = bpf_sk_lookup_udp(ctx, &tuple, size, BPF_F_CURRENT_NETNS, 0);
	} else {
		__builtin_memcpy(tuple.ipv6.saddr, p->saddr.a6, sizeof(tuple.ipv6.saddr));
		__builtin_memcpy(tuple.ipv6.daddr, p->daddr.a6, sizeof(tuple.ipv6.daddr));
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

static __always_inline bool same_address(const xfrm_address_t *a, const xfrm_address_t *b)
{
	return a->a6[0] == b->a6[0] && a->a6[1] == b->a6[1] && a->a6[2] == b->a6[2] && a->a6[3] == b->a6[3];
}

/* A flood asks once a jiffy for its destination: so much later does a change of the routes count here. */
static __always_inline bool is_known_not_forwarded(struct xdp_md *ctx, const struct ipsec_packet *p)
{
	__u32 zero = 0;
	struct flood *here = bpf_map_lookup_elem(&flood, &zero);
	__u64 now = bpf_jiffies64();

	if (!here)
		return false;
	if (here->asked == now && here->family == p->family && same_address(&here->not_forwarded, &p->daddr))
		return true;
	if (!is_not_forwarded(ctx, p))
		return false;
	here->asked = now;
	here->family = p->family;
	here->not_forwarded = p->daddr;
	return true;
}

static __always_inline bool would_be_refused(struct xdp_md *ctx, const struct config *config, const struct ipsec_packet *p)
{
	if (config->flags & OTHER_NETNS || !is_known_not_forwarded(ctx, p))
		return false;
	return !p->udp_dport || has_socket_here(ctx, p);
}

#endif
