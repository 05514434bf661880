// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)

/*
 * What becomes of frames after a redirect: bpf_redirect_map reports success before a queue takes the frame, and only
 * these tracepoints (include/trace/events/xdp.h) say when it did not. Counts for the CPUMAPs that user space entered.
 */

#include "kernel.h"

#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct queue {
	__u32 map_id;
	__u32 cpu;
};

struct queue_count {
	__u64 enqueued;
	__u64 dropped; /* the queue was full */
	__u64 kernel_dropped; /* on the CPU itself, mostly for want of memory */
	__u64 redirect_errors;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 16384);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct queue);
	__type(value, struct queue_count);
} queues SEC(".maps");

/*
 * Frames that a driver did not redirect although its program said so, by the number of the interface: that is told of as
 * an exception, and dropped (ixgbevf_run_xdp, nfp_nfd3_rx). Of interfaces that user space entered; one with the same number
 * in another network namespace counts with it.
 */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 1024);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u32);
	__type(value, __u64);
} exceptions SEC(".maps");

static __always_inline struct queue_count *counts(__u32 map_id, __u32 cpu)
{
	struct queue key = { .map_id = map_id, .cpu = cpu };

	return bpf_map_lookup_elem(&queues, &key);
}

/*
 * map_id, processed, drops, to_cpu. In native mode the dropped ones are among those processed (kernel/bpf/cpumap.c
 * bq_flush_to_queue), in generic mode they are not (cpu_map_generic_redirect).
 */
SEC("tp_btf/xdp_cpumap_enqueue")
int on_enqueue(const __u64 *args)
{
	struct queue_count *count = counts(args[0], args[3]);
	__u32 processed = args[1], drops = args[2];

	if (count) {
		count->enqueued += processed > drops ? processed - drops : 0;
		count->dropped += drops;
	}
	return 0;
}

/* map_id, processed, drops, ... On the CPU that the queue leads to. */
SEC("tp_btf/xdp_cpumap_kthread")
int on_kthread(const __u64 *args)
{
	__u32 drops = args[2];
	struct queue_count *count = drops ? counts(args[0], bpf_get_smp_processor_id()) : 0;

	if (count)
		count->kernel_dropped += drops;
	return 0;
}

/*
 * dev, program, target, error, map_type, map_id, index. In generic mode a full queue is an error too, and was counted
 * above already.
 */
SEC("tp_btf/xdp_redirect_err")
int on_redirect_error(const __u64 *args)
{
	struct queue_count *count = counts(args[5], args[6]);

	if (count && (int)args[3] != -ENOSPC)
		count->redirect_errors++;
	return 0;
}

/* dev, program, action. */
SEC("tp_btf/xdp_exception")
int on_exception(const __u64 *args)
{
	const struct net_device *dev = (const struct net_device *)args[0];
	__u32 ifindex;
	__u64 *count;

	if ((__u32)args[2] != XDP_REDIRECT)
		return 0;
	ifindex = dev->ifindex;
	count = bpf_map_lookup_elem(&exceptions, &ifindex);
	if (count)
		(*count)++;
	return 0;
}
