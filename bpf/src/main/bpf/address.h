/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef STEER_ADDRESS_H
#define STEER_ADDRESS_H

#include "kernel.h"

#include <bpf/bpf_helpers.h>

/* An xfrm_address_t in halves, which compilers keep in registers; the words that an IPv4 address does not fill are 0. */
struct address {
	__u64 half[2];
};

static __always_inline __u64 half_of(__be32 first, __be32 second)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return first | (__u64)second << 32;
#else
	return (__u64)first << 32 | second;
#endif
}

static __always_inline struct address address_of_words(__be32 a, __be32 b, __be32 c, __be32 d)
{
	return (struct address){ { half_of(a, b), half_of(c, d) } };
}

static __always_inline xfrm_address_t xfrm_address(struct address address)
{
	xfrm_address_t all;

	__builtin_memcpy(&all, &address, sizeof(all));
	return all;
}

static __always_inline bool same_address(struct address a, struct address b)
{
	return a.half[0] == b.half[0] && a.half[1] == b.half[1];
}

#endif
