// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)

/* Somebody else's XDP program. */

#include "kernel.h"

#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

SEC("xdp")
int stranger(struct xdp_md *ctx __attribute__((unused)))
{
	return XDP_PASS;
}
