// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)

/* Looks SAs up with options that the kfunc refuses with EINVAL, as when its struct changes. */

#include "kernel.h"

struct grown_opts {
	__s32 error;
	__s32 netns_id;
	__u32 mark;
	xfrm_address_t daddr;
	__be32 spi;
	__u8 proto;
	__u16 family;
	__u64 more;
};

#define bpf_xfrm_state_opts grown_opts
#include "steer.bpf.c"
