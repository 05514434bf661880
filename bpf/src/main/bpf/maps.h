/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef STEER_MAPS_H
#define STEER_MAPS_H

#include "kernel.h"
#include "outcomes.h"

#include <bpf/bpf_helpers.h>

/*
 * The CPUs of the policy, key = CPU number, value = queue size. The loader sets max_entries to the possible CPUs.
 * An absent entry makes bpf_redirect_map return its fallback, so an owner outside the policy costs no packet.
 */
struct {
	__uint(type, BPF_MAP_TYPE_CPUMAP);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} cpus SEC(".maps");

/*
 * An indirection table, as RSS has one: hash of the SPI -> CPU. User space replaces the whole value while
 * packets flow. No lock and no second slot is needed: each packet reads one word, and bpf_redirect_map takes
 * whatever it finds there or falls back to passing, so even a torn read costs no packet.
 */
#define HASH_BUCKETS 4096

struct hash_cpus {
	__u32 cpu[HASH_BUCKETS];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct hash_cpus);
} hash_cpus SEC(".maps");

struct count {
	__u64 packets;
	__u64 bytes;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, OUTCOME_SLOTS);
	__type(key, __u32);
	__type(value, struct count);
} counters SEC(".maps");

#endif
