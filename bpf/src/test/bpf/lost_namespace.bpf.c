// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)

/* Looks SAs up in a namespace that does not exist: the kfunc answers ENONET. */

#include "kernel.h"
#undef BPF_F_CURRENT_NETNS
#define BPF_F_CURRENT_NETNS 0x7FFFFFF0
#include "steer.bpf.c"
