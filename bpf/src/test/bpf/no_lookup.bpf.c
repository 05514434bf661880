// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)

/* The program as a kernel before 6.8 sees it: the kfuncs cannot be resolved. */

#define bpf_xdp_get_xfrm_state bpf_xdp_get_xfrm_state_that_no_kernel_has
#define bpf_xdp_xfrm_state_release bpf_xdp_xfrm_state_release_that_no_kernel_has
#include "steer.bpf.c"
