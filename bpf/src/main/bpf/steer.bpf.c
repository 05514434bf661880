// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)

/*
 * Brings each ESP packet to the CPU that owns its SA, through a CPUMAP. Everything that is not certainly such a
 * packet goes up the stack unchanged: this program drops nothing and writes to no packet.
 */

#include "kernel.h"
#include "maps.h"
#include "outcomes.h"
#include "parse.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define NO_OWNER 0xFFFFFFFF

/* Weak, so that the program loads where the kernel has none (before 6.8). */
extern struct xfrm_state *bpf_xdp_get_xfrm_state(struct xdp_md *ctx, struct bpf_xfrm_state_opts *opts,
						 __u32 opts__sz) __ksym __weak;
extern void bpf_xdp_xfrm_state_release(struct xfrm_state *x) __ksym __weak;

/*
 * Set by the loader before the load. A flag and not bpf_ksym_exists, which libbpf 1.1 does not have: the verifier
 * knows rodata and removes the branch with the unresolved call.
 */
const volatile __u32 has_state_lookup = 0;

struct decision {
	enum outcome outcome;
	int action;
};

static __always_inline struct decision pass(enum outcome outcome)
{
	return (struct decision){ .outcome = outcome, .action = XDP_PASS };
}

/* To the CPU, if the policy has it; else up the stack on this one. */
static __always_inline struct decision redirect(__u32 cpu, enum outcome done, enum outcome missing)
{
	if (bpf_redirect_map(&cpus, cpu, XDP_PASS) != XDP_REDIRECT)
		return pass(missing);
	return (struct decision){ .outcome = done, .action = XDP_REDIRECT };
}

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

static __always_inline struct decision redirect_by_hash(__be32 spi, enum outcome done)
{
	struct hash_cpus *table;
	__u32 zero = 0;

	table = bpf_map_lookup_elem(&hash_cpus, &zero);
	if (!table)
		return pass(HASH_CPU_MISSING);
	return redirect(table->cpu[mix(bpf_ntohl(spi)) % HASH_BUCKETS], done, HASH_CPU_MISSING);
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

static __always_inline struct decision steer_esp(struct xdp_md *ctx, const struct esp_packet *p)
{
	struct bpf_xfrm_state_opts opts;
	struct xfrm_state *x;
	bool owner_field = false;
	__u32 owner = NO_OWNER;

	if (!has_state_lookup)
		return redirect_by_hash(p->spi, HASHED_NO_LOOKUP);

	__builtin_memset(&opts, 0, sizeof(opts));
	opts.netns_id = BPF_F_CURRENT_NETNS;
	opts.daddr = p->daddr;
	opts.spi = p->spi;
	opts.proto = IPPROTO_ESP;
	opts.family = p->family;

	x = bpf_xdp_get_xfrm_state(ctx, &opts, sizeof(opts));
	if (!x)
		return pass(lookup_failed(opts.error));
	if (bpf_core_field_exists(x->pcpu_num)) {
		owner_field = true;
		owner = x->pcpu_num;
	}
	bpf_xdp_xfrm_state_release(x);

	if (!owner_field)
		return redirect_by_hash(p->spi, HASHED_NO_OWNER_FIELD);
	if (owner == NO_OWNER)
		return redirect_by_hash(p->spi, HASHED_NO_OWNER);
	return redirect(owner, OWNER, OWNER_OUTSIDE_POLICY);
}

static __always_inline void count(struct xdp_md *ctx, __u32 outcome)
{
	struct count *counted = bpf_map_lookup_elem(&counters, &outcome);

	if (!counted)
		return;
	counted->packets++;
	counted->bytes += bpf_xdp_get_buff_len(ctx);
}

/* The loader adds BPF_F_XDP_HAS_FRAGS for native mode (SteerProgram.java says why only there). */
SEC("xdp")
int steer(struct xdp_md *ctx)
{
	struct esp_packet packet;
	struct decision decision;
	int parsed;

	__builtin_memset(&packet, 0, sizeof(packet));
	parsed = parse_frame(ctx, &packet);
	decision = parsed == FOUND_ESP ? steer_esp(ctx, &packet) : pass(parsed);
	count(ctx, decision.outcome);
	return decision.action;
}
