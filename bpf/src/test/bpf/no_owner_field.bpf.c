// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)

/* The program as a kernel before 6.13 sees it: struct xfrm_state has no owner. */

#define pcpu_num pcpu_num_that_no_kernel_has
#include "steer.bpf.c"
