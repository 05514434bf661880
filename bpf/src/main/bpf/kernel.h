/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef STEER_KERNEL_H
#define STEER_KERNEL_H

/*
 * The few kernel types and numbers that the program uses, declared by hand instead of a generated vmlinux.h.
 * Those marked CO-RE hold only the members that are read; libbpf finds their offsets in the running kernel.
 */

typedef unsigned char __u8;
typedef unsigned short __u16;
typedef unsigned int __u32;
typedef unsigned long long __u64;
typedef signed char __s8;
typedef short __s16;
typedef int __s32;
typedef long long __s64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u64 __be64;
typedef __u32 __wsum;
typedef __u16 __sum16;
typedef _Bool bool;

enum { false, true };

/* include/uapi/linux/bpf.h */
enum bpf_map_type {
	BPF_MAP_TYPE_HASH = 1,
	BPF_MAP_TYPE_ARRAY = 2,
	BPF_MAP_TYPE_PERCPU_HASH = 5,
	BPF_MAP_TYPE_PERCPU_ARRAY = 6,
	BPF_MAP_TYPE_LRU_HASH = 9,
	BPF_MAP_TYPE_CPUMAP = 16,
};

#define BPF_NOEXIST 1
#define BPF_F_NO_PREALLOC 1
#define BPF_F_MMAPABLE 1024

enum xdp_action {
	XDP_DROP = 1,
	XDP_PASS = 2,
	XDP_REDIRECT = 4,
};

#define BPF_F_CURRENT_NETNS (-1)

#define BPF_FIB_LKUP_RET_NOT_FWDED 4

struct bpf_fib_lookup {
	__u8 family;
	__u8 l4_protocol;
	__be16 sport;
	__be16 dport;
	__u16 tot_len;
	__u32 ifindex;
	__u32 tos_or_flowinfo;
	__be32 src[4];
	__be32 dst[4];
	__u8 vlan_and_mac[16];
};

struct bpf_sock_tuple {
	union {
		struct {
			__be32 saddr;
			__be32 daddr;
			__be16 sport;
			__be16 dport;
		} ipv4;
		struct {
			__be32 saddr[4];
			__be32 daddr[4];
			__be16 sport;
			__be16 dport;
		} ipv6;
	};
};

struct xdp_md {
	__u32 data;
	__u32 data_end;
	__u32 data_meta;
	__u32 ingress_ifindex;
	__u32 rx_queue_index;
	__u32 egress_ifindex;
};

/* include/uapi/linux/{if_ether,in,ipv6,socket,errno}.h */
#define ETH_P_IP 0x0800
#define ETH_P_IPV6 0x86DD
#define ETH_P_8021Q 0x8100
#define ETH_P_8021AD 0x88A8

#define AF_INET 2
#define AF_INET6 10

#define IPPROTO_HOPOPTS 0
#define IPPROTO_UDP 17
#define IPPROTO_ROUTING 43
#define IPPROTO_FRAGMENT 44
#define IPPROTO_ESP 50
#define IPPROTO_AH 51
#define IPPROTO_DSTOPTS 60

#define ENOENT 2
#define EINVAL 22
#define ENOSPC 28
#define ENONET 64

/* Headers on the wire */
struct ethhdr {
	__u8 h_dest[6];
	__u8 h_source[6];
	__be16 h_proto;
} __attribute__((packed));

struct vlan_hdr {
	__be16 h_vlan_TCI;
	__be16 h_vlan_encapsulated_proto;
};

struct iphdr {
	__u8 version_ihl;
	__u8 tos;
	__be16 tot_len;
	__be16 id;
	__be16 frag_off;
	__u8 ttl;
	__u8 protocol;
	__sum16 check;
	__be32 saddr;
	__be32 daddr;
};

struct ipv6hdr {
	__be32 version_class_flow;
	__be16 payload_len;
	__u8 nexthdr;
	__u8 hop_limit;
	__be32 saddr[4];
	__be32 daddr[4];
};

/* What hop-by-hop, routing and destination options headers begin with (RFC 8200 4.3, 4.4, 4.6). */
struct ipv6_opt_hdr {
	__u8 nexthdr;
	__u8 hdrlen;
};

struct ipv6_rt_hdr {
	__u8 nexthdr;
	__u8 hdrlen;
	__u8 type;
	__u8 segments_left;
};

struct udphdr {
	__be16 source;
	__be16 dest;
	__be16 len;
	__sum16 check;
};

struct ip_esp_hdr {
	__be32 spi;
	__be32 seq_no;
};

/* The fixed part; the ICV follows (RFC 4302 2). */
struct ip_auth_hdr {
	__u8 nexthdr;
	__u8 hdrlen;
	__be16 reserved;
	__be32 spi;
	__be32 seq_no;
};

/* include/uapi/linux/xfrm.h */
typedef union {
	__be32 a4;
	__be32 a6[4];
} xfrm_address_t;

/* CO-RE. include/net/net_namespace.h, include/linux/netdevice.h, include/net/xdp.h */
typedef struct {
	struct net *net;
} __attribute__((preserve_access_index)) possible_net_t;

struct net_device {
	int ifindex;
	possible_net_t nd_net;
} __attribute__((preserve_access_index));

struct xdp_rxq_info {
	struct net_device *dev;
} __attribute__((preserve_access_index));

enum xdp_buff_flags {
	XDP_FLAGS_HAS_FRAGS = 1,
};

struct xdp_buff {
	void *data;
	void *data_end;
	struct xdp_rxq_info *rxq;
	__u32 flags;
} __attribute__((preserve_access_index));

/* CO-RE. include/net/xfrm.h, include/uapi/linux/xfrm.h; pcpu_num since Linux 6.13: UINT_MAX is "no owner" */
struct xfrm_id {
	xfrm_address_t daddr;
	__be32 spi;
	__u8 proto;
} __attribute__((preserve_access_index));

struct xfrm_mark {
	__u32 v;
	__u32 m;
} __attribute__((preserve_access_index));

struct xfrm_state_walk {
	__u8 state;
} __attribute__((preserve_access_index));

struct xfrm_state {
	possible_net_t xs_net;
	__u32 pcpu_num;
	struct xfrm_id id;
	struct xfrm_mark mark;
	struct xfrm_state_walk km;
	struct {
		__u16 family;
	} props;
} __attribute__((preserve_access_index));

#define XFRM_STATE_VOID 0
#define XFRM_STATE_DEAD 5

/* net/xfrm/xfrm_state_bpf.c. Not CO-RE: the kernel compares the size and answers -EINVAL if it differs. */
struct bpf_xfrm_state_opts {
	__s32 error;
	__s32 netns_id;
	__u32 mark;
	xfrm_address_t daddr;
	__be32 spi;
	__u8 proto;
	__u16 family;
};

#endif
