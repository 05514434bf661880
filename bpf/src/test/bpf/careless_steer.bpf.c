// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)

/* The maps of the program and its name, but it reads the frame without asking how long it is. */

#include "maps.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

const volatile struct {
	__u32 state_lookup;
	__u32 remember;
} can = {};

SEC("xdp.frags")
int steer(struct xdp_md *ctx)
{
	struct talker nobody = {};
	struct sa_key nothing = {};
	__u32 key = can.state_lookup;

	bpf_map_lookup_elem(&hash_cpus, &key);
	bpf_map_lookup_elem(&counters, &key);
	bpf_map_lookup_elem(&config, &key);
	bpf_map_lookup_elem(&bucket_packets, &key);
	bpf_map_lookup_elem(&fixed, &key);
	bpf_map_lookup_elem(&talkers, &nobody);
	bpf_map_lookup_elem(&sad_mirror, &nothing);
	bpf_map_lookup_elem(&mirror_filled, &key);
	bpf_redirect_map(&cpus, key, 0);
	return *(__u8 *)(long)ctx->data;
}
