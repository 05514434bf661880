// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)

/* The maps of the program and its name, but it reads the frame without asking how long it is. */

#include "maps.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

const volatile __u32 has_state_lookup = 0;

SEC("xdp.frags")
int steer(struct xdp_md *ctx)
{
	__u32 key = has_state_lookup;

	bpf_map_lookup_elem(&hash_cpus, &key);
	bpf_map_lookup_elem(&counters, &key);
	bpf_redirect_map(&cpus, key, 0);
	return *(__u8 *)(long)ctx->data;
}
