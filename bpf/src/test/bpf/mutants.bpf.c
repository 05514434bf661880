// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)

/* Overwrites the frame with a template, changes some bytes of it, lets the program decide, and checks what it did. */

#include "steer.bpf.c"

#define FRAME_SIZE 256
#define MOST_CHANGES 8

struct template {
	__u64 words[FRAME_SIZE / 8];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 128);
	__type(key, __u32);
	__type(value, struct template);
} templates SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} template_count SEC(".maps");

struct tally {
	__u64 passed;
	__u64 redirected;
	__u64 unexpected;
	__u64 changed;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct tally);
} tally SEC(".maps");

/* Position by position, so that two changes do not cancel out. Not inlined, for the sake of the stack. */
static __noinline __u64 digest(const __u64 *frame)
{
	__u64 sum = 0;
	int i;

#pragma unroll
	for (i = 0; i < FRAME_SIZE / 8; i++)
		sum = sum * 0x9E3779B97F4A7C15 + frame[i];
	return sum;
}

SEC("xdp")
int mutate(struct xdp_md *ctx)
{
	__u64 *frame = (void *)(long)ctx->data;
	struct template *template;
	struct tally *all;
	__u32 zero = 0, chosen, changes, i;
	__u32 *count;
	__u64 before;
	int action;

	all = bpf_map_lookup_elem(&tally, &zero);
	count = bpf_map_lookup_elem(&template_count, &zero);
	if (!all || !count || !*count || (void *)frame + FRAME_SIZE > (void *)(long)ctx->data_end)
		return XDP_DROP;
	chosen = bpf_get_prandom_u32() % *count;
	template = bpf_map_lookup_elem(&templates, &chosen);
	if (!template)
		return XDP_DROP;
#pragma unroll
	for (i = 0; i < FRAME_SIZE / 8; i++)
		frame[i] = template->words[i];

	changes = bpf_get_prandom_u32() % MOST_CHANGES;
	for (i = 0; i < MOST_CHANGES && i < changes; i++) {
		__u32 random = bpf_get_prandom_u32();

		/* Headers come first, so half of the changes do. */
		__u8 *byte = (void *)frame + (random & (random & 0x10000 ? 0x3F : FRAME_SIZE - 1));

		if ((void *)(byte + 1) <= (void *)(long)ctx->data_end)
			*byte = random >> 24;
	}

	before = digest(frame);
	action = steer_frame(ctx);
	frame = (void *)(long)ctx->data;
	if ((void *)frame + FRAME_SIZE > (void *)(long)ctx->data_end || digest(frame) != before)
		all->changed++;
	if (action == XDP_PASS)
		all->passed++;
	else if (action == XDP_REDIRECT)
		all->redirected++;
	else
		all->unexpected++;
	return action;
}
