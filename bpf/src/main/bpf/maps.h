/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef STEER_MAPS_H
#define STEER_MAPS_H

#include "address.h"
#include "kernel.h"
#include "outcomes.h"

#include <bpf/bpf_helpers.h>

/*
 * What the policy says, replaced as a whole while packets flow. A packet may meet the old value of one member and the
 * new one of another: each member is right by itself.
 */
#define BY_OWNER 1u
#define HAS_FIXED 2u
#define COUNT_BUCKETS 4u
#define OTHER_NETNS 8u

enum unknown_spi { UNKNOWN_PASS, UNKNOWN_COUNT, UNKNOWN_DROP };

#define MAX_UDP_PORTS 8

struct config {
	__u32 flags;
	__u32 unknown_spi;
	__s32 netns_id; /* if OTHER_NETNS */
	__u32 mark;
	__be16 udp_ports[MAX_UDP_PORTS]; /* unused ones are 0 */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct config);
} config SEC(".maps");

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

/* Packets by bucket of the table above, so that user space sees which are hot. */
struct bucket_packets {
	__u64 packets[HASH_BUCKETS];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct bucket_packets);
} bucket_packets SEC(".maps");

/* SPIs that the policy gives to a CPU by itself. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __be32);
	__type(value, __u32);
} fixed SEC(".maps");

/*
 * SAs as user space knows them -> CPU or NO_OWNER; one map for all interfaces of the namespace. In the place of the lookup
 * where the kernel has none, and for owners that the kernel cannot hold.
 */
struct sa_key {
	xfrm_address_t daddr;
	__be32 spi;
	__u16 family;
	__u16 proto;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1 << 20);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct sa_key);
	__type(value, __u32);
} sad_mirror SEC(".maps");

/* Whether the mirror was ever filled: an empty one must not make all SAs unknown. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} mirror_filled SEC(".maps");

/*
 * Where the SA of an SPI was seen last: its address in the kernel, which is asked before it is believed (lookup.h). The SPIs
 * of one hash share a cache line of places; BPF_F_MMAPABLE aligns the values to a page (kernel/bpf/arraymap.c).
 */
#define REMEMBERED_BITS 15
#define PLACES 8

struct places {
	__u64 word[PLACES];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1 << REMEMBERED_BITS);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct places);
} remembered SEC(".maps");

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

/* Who sends SPIs that no SA has. */
struct talker {
	xfrm_address_t saddr;
	xfrm_address_t daddr;
	__be32 spi;
	__u16 family;
	__u16 proto;
};

struct talked {
	__u64 packets;
	__u64 last_seen; /* CLOCK_MONOTONIC, ns */
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, struct talker);
	__type(value, struct talked);
} talkers SEC(".maps");

/*
 * A flood must not spend its time in the map above. In each jiffy and on each CPU so many packets are counted there, of
 * those beyond them one of 2^SAMPLE_BITS for all; and so many talkers are new there.
 */
#define COUNTED_PER_JIFFY 64
#define SAMPLE_BITS 6
#define NEW_TALKERS_PER_JIFFY 4

/* Each CPU's own, of one jiffy. */
struct flood {
	__u64 jiffy;
	__u32 seen;
	__u32 dice; /* goes on from jiffy to jiffy */
	__u32 new_talkers;
	__u32 family; /* of the last destination that was found not to be forwarded; 0: none was */
	struct address not_forwarded;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct flood);
} flood SEC(".maps");

#endif
