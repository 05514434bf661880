/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef STEER_OUTCOMES_H
#define STEER_OUTCOMES_H

/*
 * What became of a frame. The numbers index the counters, which outlive the program that wrote them:
 * a number is never reused and never changes its meaning. New outcomes go to the end, below OUTCOME_SLOTS.
 * The Java enum io.ipsecxdp.bpf.Outcome has the same list, and a test compares the two.
 */
#define OUTCOMES(X) \
	X(0, NOT_ESP) \
	X(1, MALFORMED) \
	X(2, FRAGMENT) \
	X(3, EXTENSION_HEADER) \
	X(4, NAT_KEEPALIVE) \
	X(5, NON_ESP_MARKER) \
	X(6, OWNER) \
	X(7, HASHED_NO_OWNER) \
	X(8, HASHED_NO_OWNER_FIELD) \
	X(9, HASHED_NO_LOOKUP) \
	X(10, OWNER_OUTSIDE_POLICY) \
	X(11, HASH_CPU_MISSING) \
	X(12, SA_UNKNOWN) \
	X(13, LOOKUP_EINVAL) \
	X(14, LOOKUP_ENONET) \
	X(15, LOOKUP_FAILED) \
	X(16, OWNER_TOLD) \
	X(17, FIXED) \
	X(18, FIXED_CPU_MISSING) \
	X(19, HASHED) \
	X(20, SA_UNKNOWN_DROPPED)

enum outcome {
#define OUTCOME_CONSTANT(number, name) name = number,
	OUTCOMES(OUTCOME_CONSTANT)
#undef OUTCOME_CONSTANT
};

/* More than there are outcomes, so that a later program with more of them can go on counting in the pinned map. */
#define OUTCOME_SLOTS 64

#endif
