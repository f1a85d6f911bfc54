/* SPDX-License-Identifier: GPL-2.0-only */
/* Random numbers that a seed reproduces */
#ifndef _COMMON_RANDOM_H
#define _COMMON_RANDOM_H

#include <linux/prandom.h>

/* Return a number below @below; 0 if @below is 0. */
static inline u32 random_below(struct rnd_state *state, u32 below)
{
	return below ? (u64)prandom_u32_state(state) * below >> 32 : 0;
}

static inline u64 random_u64(struct rnd_state *state)
{
	u64 high = prandom_u32_state(state);

	return high << 32 | prandom_u32_state(state);
}

#endif /* _COMMON_RANDOM_H */
