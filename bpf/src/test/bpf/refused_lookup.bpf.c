// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)

/* Looks SAs up with options that the kfunc refuses with EINVAL, as when its struct changes. */

#include "kernel.h"
#undef BPF_F_CURRENT_NETNS
#define BPF_F_CURRENT_NETNS (-2)
#include "steer.bpf.c"
