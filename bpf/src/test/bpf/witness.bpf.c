// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)

/* Sees each ESP frame where the stack begins, after XDP and CPUMAP, and counts it by SPI on the CPU it got to. */

#include "kernel.h"

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define TC_ACT_UNSPEC (-1)

struct __sk_buff;

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 256);
	__type(key, __u32);
	__type(value, __u64);
} arrived SEC(".maps");

SEC("tc")
int witness(struct __sk_buff *skb)
{
	struct {
		struct ethhdr eth;
		struct iphdr ip;
		struct ip_esp_hdr esp;
	} __attribute__((packed)) frame;
	__u64 *count;
	__u32 index;

	if (bpf_skb_load_bytes(skb, 0, &frame, sizeof(frame)))
		return TC_ACT_UNSPEC;
	if (frame.eth.h_proto != bpf_htons(ETH_P_IP) || frame.ip.protocol != IPPROTO_ESP)
		return TC_ACT_UNSPEC;

	index = bpf_ntohl(frame.esp.spi) & 0xFF;
	count = bpf_map_lookup_elem(&arrived, &index);
	if (count)
		(*count)++;
	return TC_ACT_UNSPEC;
}
