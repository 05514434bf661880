// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)

/*
 * Brings each ESP and AH packet to the CPU that its SA belongs to, through a CPUMAP. Everything that is not certainly
 * such a packet goes up the stack unchanged: this program writes to no packet, and drops only what has an unknown SPI where
 * the policy asks for that and the kernel would refuse it too.
 */

#include "kernel.h"
#include "lookup.h"
#include "maps.h"
#include "outcomes.h"
#include "parse.h"
#include "unknown.h"

#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

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

static __always_inline void count_bucket(__u32 bucket)
{
	struct bucket_packets *all;
	__u32 zero = 0;

	all = bpf_map_lookup_elem(&bucket_packets, &zero);
	if (all)
		all->packets[bucket % HASH_BUCKETS]++;
}

static __always_inline struct decision redirect_by_hash(const struct config *config, __be32 spi, enum outcome done)
{
	__u32 bucket = mix(bpf_ntohl(spi)) % HASH_BUCKETS;
	struct hash_cpus *table;
	__u32 zero = 0;

	table = bpf_map_lookup_elem(&hash_cpus, &zero);
	if (!table)
		return pass(HASH_CPU_MISSING);
	if (config->flags & COUNT_BUCKETS)
		count_bucket(bucket);
	return redirect(table->cpu[bucket], done, HASH_CPU_MISSING);
}

static __always_inline struct decision unknown(struct xdp_md *ctx, const struct config *config,
					       const struct ipsec_packet *p)
{
	struct flood *here;

	if (config->unknown_spi == UNKNOWN_PASS)
		return pass(SA_UNKNOWN);
	here = flood_of_now();
	if (!here)
		return pass(SA_UNKNOWN);
	note_talker(here, p);
	if (config->unknown_spi != UNKNOWN_DROP || !can.state_lookup || !would_be_refused(ctx, config, here, p))
		return pass(SA_UNKNOWN);
	return (struct decision){ .outcome = SA_UNKNOWN_DROPPED, .action = XDP_DROP };
}

/*
 * The SA, from the kernel or from the mirror; where there is neither, every packet counts as one of an SA. So does one
 * that the mirror, which may be late, does not have, unless the policy wants to know of those.
 */
static __always_inline int find_sa(struct xdp_md *ctx, const struct config *config, const struct ipsec_packet *p,
				   __u32 *owner)
{
	if (can.state_lookup)
		return find_in_kernel(ctx, config, p, owner);
	*owner = NO_OWNER;
	if (told(p, owner) || config->unknown_spi == UNKNOWN_PASS || !is_mirror_filled())
		return FOUND_SA;
	return SA_UNKNOWN;
}

static __always_inline struct decision steer_to_owner(const struct config *config, const struct ipsec_packet *p,
						      __u32 owner)
{
	if (can.state_lookup && owner != NO_OWNER)
		return redirect(owner, OWNER, OWNER_OUTSIDE_POLICY);
	if (can.state_lookup && is_mirror_filled())
		told(p, &owner);
	if (owner != NO_OWNER)
		return redirect(owner, OWNER_TOLD, OWNER_OUTSIDE_POLICY);
	if (!can.state_lookup)
		return redirect_by_hash(config, p->spi, HASHED_NO_LOOKUP);
	return redirect_by_hash(config, p->spi, sas_have_owners() ? HASHED_NO_OWNER : HASHED_NO_OWNER_FIELD);
}

static __always_inline struct decision steer_ipsec(struct xdp_md *ctx, const struct config *config,
						   const struct ipsec_packet *p)
{
	/* A copy: if a helper were given an address within the packet's description, that could not live in registers. */
	__be32 spi = p->spi;
	__u32 owner;
	__u32 *cpu;
	int found;

	found = find_sa(ctx, config, p, &owner);
	if (found == SA_UNKNOWN)
		return unknown(ctx, config, p);
	if (found != FOUND_SA)
		return pass(found);
	if (config->flags & HAS_FIXED) {
		cpu = bpf_map_lookup_elem(&fixed, &spi);
		if (cpu)
			return redirect(*cpu, FIXED, FIXED_CPU_MISSING);
	}
	if (config->flags & BY_OWNER)
		return steer_to_owner(config, p, owner);
	return redirect_by_hash(config, p->spi, HASHED);
}

/* Without a call, as long as the frame lies in one buffer and the kernel lets us see that. */
static __always_inline __u64 length_of(struct xdp_md *ctx)
{
	const struct xdp_buff *xdp;

	if (!can.remember)
		return bpf_xdp_get_buff_len(ctx);
	xdp = bpf_cast_to_kern_ctx(ctx);
	if (xdp->flags & bpf_core_enum_value(enum xdp_buff_flags, XDP_FLAGS_HAS_FRAGS))
		return bpf_xdp_get_buff_len(ctx);
	return xdp->data_end - xdp->data;
}

static __always_inline void count(struct xdp_md *ctx, __u32 outcome)
{
	struct count *counted = bpf_map_lookup_elem(&counters, &outcome);

	if (!counted)
		return;
	counted->packets++;
	counted->bytes += length_of(ctx);
}

static __always_inline int steer_frame(struct xdp_md *ctx)
{
	struct ipsec_packet packet;
	struct decision decision;
	struct config *policy;
	__u32 zero = 0;
	int parsed;

	policy = bpf_map_lookup_elem(&config, &zero);
	if (!policy)
		return XDP_PASS;
	__builtin_memset(&packet, 0, sizeof(packet));
	parsed = parse_frame(ctx, policy, &packet);
	decision = parsed == FOUND_IPSEC ? steer_ipsec(ctx, policy, &packet) : pass(parsed);
	count(ctx, decision.outcome);
	return decision.action;
}

/* The loader adds BPF_F_XDP_HAS_FRAGS for native mode (SteerProgram.java says why only there). */
SEC("xdp")
int steer(struct xdp_md *ctx)
{
	return steer_frame(ctx);
}
