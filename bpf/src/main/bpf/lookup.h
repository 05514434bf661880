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

/* Since Linux 6.13. */
static __always_inline bool sas_have_owners(void)
{
	return bpf_core_field_exists(((struct xfrm_state *)0)->pcpu_num);
}

static __always_inline __u32 owner_of(const struct xfrm_state *x)
{
	return sas_have_owners() ? x->pcpu_num : NO_OWNER;
}

/*
 * The family is not asked, because it lies in a cache line of its own: the kernel keeps the words that an IPv4 address does
 * not fill zero, and no IPv6 unicast address ends in 96 of them. An SA that has something there is searched each time.
 * Each load through bpf_rdonly_cast is one with a check of its address: two wide ones cost less than four.
 */
static __always_inline bool has_identity(const struct xfrm_state *x, const struct ipsec_packet *p)
{
	const __u64 *daddr = (const __u64 *)&x->id.daddr;

	return x->id.spi == p->spi && x->id.proto == p->proto && daddr[0] == p->daddr.half[0] &&
	       daddr[1] == p->daddr.half[1];
}

/*
 * Asks the SA that this SPI had last, without searching for it and without taking a reference. Nothing is believed that
 * the SA itself does not say at this moment: that it has this identity, no mark, is in this namespace and not dead
 * (net/xfrm/xfrm_state.c __xfrm_state_delete says so before it unhashes). Its memory may have become something else:
 * reads through bpf_rdonly_cast cannot fault, and other things do not look like it. An SA that is alive now stays readable
 * until the program ends: it is freed after a grace period only (xfrm_state_gc_task).
 */
static __always_inline bool recall_sa(struct xdp_md *ctx, const struct ipsec_packet *p, __u64 address, __u32 *owner)
{
	const struct xdp_buff *xdp = bpf_cast_to_kern_ctx(ctx);
	const struct xfrm_state *x = bpf_rdonly_cast((void *)address, bpf_core_type_id_kernel(struct xfrm_state));
	__u8 state;

	if (!has_identity(x, p) || x->mark.m)
		return false;
	if (x->xs_net.net != xdp->rxq->dev->nd_net.net)
		return false;
	*owner = owner_of(x);
	state = x->km.state;
	return state != XFRM_STATE_DEAD && state != XFRM_STATE_VOID;
}

/*
 * A word of the memory: the address of an SA, with bits of the SPI's hash in the place of those that all addresses of SAs
 * have alike: the lowest 6, because the kernel aligns SAs to cache lines (xfrm_state_init: SLAB_HWCACHE_ALIGN), and the
 * highest 7, which repeat the one below on every 64-bit machine.
 */
#define TAG_BITS 13
#define TAG_MASK ((1ull << TAG_BITS) - 1)
#define ALIGNED_BITS 6

/* As in include/linux/hash.h: the highest bits of the product are the best mixed. */
#define GOLDEN_RATIO_64 0x61C8864680B583EBull

static __always_inline __u64 tagged(__u64 address, __u64 tag)
{
	return address << (TAG_BITS - ALIGNED_BITS) | tag;
}

static __always_inline __u64 address_of(__u64 word)
{
	return (__s64)word >> (TAG_BITS - ALIGNED_BITS) & ~((1ull << ALIGNED_BITS) - 1);
}

static __always_inline bool has_tag(__u64 word, __u64 tag)
{
	return (word & TAG_MASK) == tag;
}

static __always_inline __u64 recall_address(const struct places *places, __u64 tag)
{
	int i;

#pragma unroll
	for (i = 0; i < PLACES; i++)
		if (has_tag(places->word[i], tag))
			return address_of(places->word[i]);
	return 0;
}

/* In the place of the same tag, else in an empty one, else in any. A function of its own, for the sake of the stack. */
static __noinline void remember(struct places *places, __u64 tag, __u64 address)
{
	__u32 place = address >> ALIGNED_BITS;
	int i;

	if (address_of(tagged(address, tag)) != address)
		return;
	for (i = PLACES - 1; i >= 0; i--)
		if (!places->word[i])
			place = i;
	for (i = PLACES - 1; i >= 0; i--)
		if (has_tag(places->word[i], tag))
			place = i;
	places->word[place % PLACES] = tagged(address, tag);
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

/* Answers with the address too: 0 if there is none. */
static __always_inline int search_sa(struct xdp_md *ctx, const struct config *config, const struct ipsec_packet *p,
				     __u32 *owner, __u64 *address)
{
	struct bpf_xfrm_state_opts opts;
	struct xfrm_state *x;

	__builtin_memset(&opts, 0, sizeof(opts));
	opts.netns_id = config->flags & OTHER_NETNS ? config->netns_id : BPF_F_CURRENT_NETNS;
	opts.mark = config->mark;
	opts.daddr = xfrm_address(p->daddr);
	opts.spi = p->spi;
	opts.proto = p->proto;
	opts.family = p->family;

	*address = 0;
	x = bpf_xdp_get_xfrm_state(ctx, &opts, sizeof(opts));
	if (!x)
		return lookup_failed(opts.error);
	*owner = owner_of(x);
	*address = (__u64)x;
	bpf_xdp_xfrm_state_release(x);
	return FOUND_SA;
}

/* In the kernel's SAD. */
static __always_inline int find_in_kernel(struct xdp_md *ctx, const struct config *config, const struct ipsec_packet *p,
					  __u32 *owner)
{
	__u64 hash = p->spi * GOLDEN_RATIO_64;
	__u32 index = hash >> (64 - REMEMBERED_BITS);
	__u64 tag = hash >> (64 - REMEMBERED_BITS - TAG_BITS) & TAG_MASK;
	struct places *places = 0;
	__u64 address;
	int found;

	if (can.remember && !(config->flags & OTHER_NETNS)) {
		places = bpf_map_lookup_elem(&remembered, &index);
		address = places ? recall_address(places, tag) : 0;
		if (address && recall_sa(ctx, p, address, owner))
			return FOUND_SA;
	}
	found = search_sa(ctx, config, p, owner, &address);
	if (places && address)
		remember(places, tag, address);
	return found;
}

static __always_inline bool told(const struct ipsec_packet *p, __u32 *cpu)
{
	struct sa_key key = { .daddr = xfrm_address(p->daddr), .spi = p->spi, .family = p->family, .proto = p->proto };
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
