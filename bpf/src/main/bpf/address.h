/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef STEER_ADDRESS_H
#define STEER_ADDRESS_H

#include "kernel.h"

#include <bpf/bpf_helpers.h>

/* An xfrm_address_t in halves, which compilers keep in registers; the words that an IPv4 address does not fill are 0. */
struct address {
	__u64 half[2];
};

static __always_inline struct address address_of_words(__be32 a, __be32 b, __be32 c, __be32 d)
{
	__be32 words[4] = { a, b, c, d };
	struct address address;

	__builtin_memcpy(&address, words, sizeof(address));
	return address;
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
