/* SPDX-License-Identifier: BSD-3-Clause */
/* A token bucket on the wheel's clock. Inline, one lcore. */
#ifndef XTR_BUCKET_H
#define XTR_BUCKET_H

#include <stdbool.h>
#include <stdint.h>

struct xtr_bucket { /* zeroed: what has passed of the clock fills it */
	uint64_t tokens, ms;
};

/* Takes a token: `rate` a second, `burst` at once. Time that does not make a whole token yet counts
 * the next time. False: there is none. */
static inline bool xtr_bucket_take(
    struct xtr_bucket *b, uint64_t now_ms, uint64_t rate, uint64_t burst)
{
	uint64_t more = (now_ms - b->ms) * rate / 1000;

	if (more) {
		b->tokens = b->tokens + more < burst ? b->tokens + more : burst;
		b->ms = now_ms;
	}
	if (!b->tokens)
		return false;
	b->tokens--;
	return true;
}

#endif
