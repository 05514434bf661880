/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef STEER_LOOKUP_H
#define STEER_LOOKUP_H

/* Finds the SA of a packet, and who owns it. */

#include "kernel.h"
#include "maps.h"
#include "outcomes.h"
#include "parse.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define NO_OWNER 0xFFFFFFFF

/* Weak, so that the program loads where the kernel has none: the lookup came with Linux 6.8, the casts with 6.2. */
extern struct xfrm_state *bpf_xdp_get_xfrm_state(struct xdp_md *ctx, struct bpf_xfrm_state_opts *opts,
						 __u32 opts__sz) __ksym __weak;
extern void bpf_xdp_xfrm_state_release(struct xfrm_state *x) __ksym __weak;
extern void *bpf_cast_to_kern_ctx(void *ctx) __ksym __weak;
extern void *bpf_rdonly_cast(const void *obj, __u32 btf_id) __ksym __weak;

/*
 * Set by the loader before the load. Flags and not bpf_ksym_exists, which libbpf 1.1 does not have: the verifier
 * knows rodata and removes the branches with unresolved calls.
 */
const volatile struct {
	__u32 state_lookup;
	__u32 remember;
} can = {};

struct sa {
	__u32 owner;
	bool owner_field; /* this kernel's SAs can have one */
};

/* The answer of a lookup that found the SA; else it is the outcome that says why not. */
#define FOUND_SA (-1)

/* The finalizer of MurmurHash3 (public domain): every bit of the SPI moves every bit of the result. */
static __always_inline __u32 mix(__u32 h)
{
	h ^= h >> 16;
	h *= 0x85EBCA6B;
	h ^= h >> 13;
	h *= 0xC2B2AE35;
	h ^= h >> 16;
	return h;
}

static __always_inline void read_owner(const struct xfrm_state *x, struct sa *sa)
{
	sa->owner_field = bpf_core_field_exists(x->pcpu_num);
	sa->owner = sa->owner_field ? x->pcpu_num : NO_OWNER;
}

/*
 * The family is not asked, because it lies in a cache line of its own: the kernel keeps the words that an IPv4 address does
 * not fill zero, and no IPv6 unicast address ends in 96 of them. An SA that has something there is searched each time.
 */
static __always_inline bool has_identity(const struct xfrm_state *x, const struct ipsec_packet *p)
{
	return x->id.spi == p->spi && x->id.proto == p->proto && x->id.daddr.a6[0] == p->daddr.a6[0] &&
	       x->id.daddr.a6[1] == p->daddr.a6[1] && x->id.daddr.a6[2] == p->daddr.a6[2] &&
	       x->id.daddr.a6[3] == p->daddr.a6[3];
}

/*
 * Asks the SA that this SPI had last, without searching for it and without taking a reference. Nothing is believed that
 * the SA itself does not say at this moment: that it has this identity, no mark, is in this namespace and not dead
 * (net/xfrm/xfrm_state.c __xfrm_state_delete says so before it unhashes). Its memory may have become something else:
 * reads through bpf_rdonly_cast cannot fault, and other things do not look like it. An SA that is alive now stays readable
 * until the program ends: it is freed after a grace period only (xfrm_state_gc_task).
 */
static __always_inline bool recall_sa(struct xdp_md *ctx, const struct ipsec_packet *p, __u64 address, struct sa *sa)
{
	const struct xdp_buff *xdp = bpf_cast_to_kern_ctx(ctx);
	const struct xfrm_state *x = bpf_rdonly_cast((void *)address, bpf_core_type_id_kernel(struct xfrm_state));

	if (!has_identity(x, p) || x->mark.m)
		return false;
	if (x->xs_net.net != xdp->rxq->dev->nd_net.net)
		return false;
	read_owner(x, sa);
	return x->km.state != XFRM_STATE_DEAD && x->km.state != XFRM_STATE_VOID;
}

static __always_inline enum outcome lookup_failed(__s32 error)
{
	switch (error) {
	case -ENOENT:
		return SA_UNKNOWN;
	case -EINVAL:
		return LOOKUP_EINVAL;
	case -ENONET:
		return LOOKUP_ENONET;
	default:
		return LOOKUP_FAILED;
	}
}

static __always_inline int search_sa(struct xdp_md *ctx, const struct config *config, const struct ipsec_packet *p,
				     struct sa *sa, __u64 *address)
{
	struct bpf_xfrm_state_opts opts;
	struct xfrm_state *x;

	__builtin_memset(&opts, 0, sizeof(opts));
	opts.netns_id = config->flags & OTHER_NETNS ? config->netns_id : BPF_F_CURRENT_NETNS;
	opts.mark = config->mark;
	opts.daddr = p->daddr;
	opts.spi = p->spi;
	opts.proto = p->proto;
	opts.family = p->family;

	x = bpf_xdp_get_xfrm_state(ctx, &opts, sizeof(opts));
	if (!x)
		return lookup_failed(opts.error);
	read_owner(x, sa);
	if (address)
		*address = (__u64)x;
	bpf_xdp_xfrm_state_release(x);
	return FOUND_SA;
}

/* In the kernel's SAD. */
static __always_inline int find_in_kernel(struct xdp_md *ctx, const struct config *config, const struct ipsec_packet *p,
					  struct sa *sa)
{
	__u32 index = mix(p->spi) % REMEMBERED;
	__u64 *address;

	if (!can.remember || config->flags & OTHER_NETNS)
		return search_sa(ctx, config, p, sa, 0);
	address = bpf_map_lookup_elem(&remembered, &index);
	if (address && *address && recall_sa(ctx, p, *address, sa))
		return FOUND_SA;
	return search_sa(ctx, config, p, sa, address);
}

static __always_inline bool told(const struct ipsec_packet *p, __u32 *cpu)
{
	struct sa_key key = { .daddr = p->daddr, .spi = p->spi, .family = p->family, .proto = p->proto };
	__u32 *known = bpf_map_lookup_elem(&sad_mirror, &key);

	if (known)
		*cpu = *known;
	return known;
}

static __always_inline bool is_mirror_filled(void)
{
	__u32 zero = 0;
	__u32 *filled = bpf_map_lookup_elem(&mirror_filled, &zero);

	return filled && *filled;
}

#endif
