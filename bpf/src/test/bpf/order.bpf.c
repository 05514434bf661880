// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)

/*
 * Notes when each ESP frame began its way up the stack, after XDP and CPUMAP, by its sequence number, and makes one CPU slow
 * on demand.
 */

#include "kernel.h"

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#define TC_ACT_UNSPEC (-1)

struct __sk_buff;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 8192);
	__type(key, __u32);
	__type(value, __u64);
} arrived_at SEC(".maps");

/* The CPU that is slow, plus 1; 0 if none is. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} slow SEC(".maps");

#define SLOW_NS 20000000ull

struct wait {
	__u64 until;
	const volatile __u32 *slow;
};

static long wait_on(__u64 index __attribute__((unused)), struct wait *wait)
{
	return !*wait->slow || bpf_ktime_get_ns() > wait->until;
}

/* A frame takes 20 ms on the slow CPU, or until it is slow no more. */
static __always_inline void be_slow(void)
{
	__u32 zero = 0;
	struct wait wait = { .until = bpf_ktime_get_ns() + SLOW_NS, .slow = bpf_map_lookup_elem(&slow, &zero) };

	if (wait.slow && *wait.slow == bpf_get_smp_processor_id() + 1)
		bpf_loop(1 << 23, wait_on, &wait, 0);
}

SEC("tc")
int order(struct __sk_buff *skb)
{
	struct {
		struct ethhdr eth;
		struct iphdr ip;
		struct ip_esp_hdr esp;
	} __attribute__((packed)) frame;
	__u64 *when;
	__u32 index;

	if (bpf_skb_load_bytes(skb, 0, &frame, sizeof(frame)))
		return TC_ACT_UNSPEC;
	if (frame.eth.h_proto != bpf_htons(ETH_P_IP) || frame.ip.protocol != IPPROTO_ESP)
		return TC_ACT_UNSPEC;

	be_slow();
	index = bpf_ntohl(frame.esp.seq_no);
	when = bpf_map_lookup_elem(&arrived_at, &index);
	if (when)
		*when = bpf_ktime_get_ns();
	return TC_ACT_UNSPEC;
}
