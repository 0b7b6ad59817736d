/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The clock and the timers of the control lcore. One clock, which tests can drive:
 * xtr_clock_advance() moves it forward, and the timers due fire in order, each seeing its own time
 * as now.
 *
 * Timers sit in a hierarchical wheel of 1 ms ticks: arming, cancelling and expiring cost O(1),
 * however many there are. A timer is embedded in the object it belongs to; nothing is allocated.
 */
#ifndef XTR_UTIL_TIMER_H
#define XTR_UTIL_TIMER_H

#include <stdbool.h>
#include <stdint.h>

#define XTR_MS_PER_SEC 1000u

struct xtr_timer;
typedef void xtr_timer_fn(struct xtr_timer *timer);

struct xtr_timer {
	struct xtr_timer *next, **pprev; /* pprev NULL: not armed */
	uint64_t due;                    /* ms of the wheel's clock */
	xtr_timer_fn *fn;
};

#define XTR_WHEEL_LEVELS 6
#define XTR_WHEEL_SLOTS  64

struct xtr_wheel {
	uint64_t now;    /* ms, what timers see as the time */
	uint64_t offset; /* ms added by xtr_clock_advance() */
	uint64_t base;   /* CLOCK_MONOTONIC ms at creation, so that now starts small */
	bool manual;     /* unit tests: time moves by xtr_clock_advance() alone */
	unsigned n_armed;
	uint64_t occupied[XTR_WHEEL_LEVELS];
	struct xtr_timer *slot[XTR_WHEEL_LEVELS][XTR_WHEEL_SLOTS];
	/* of a slot whose time has come, those that still have to go to lower levels */
	struct xtr_timer *moving[XTR_WHEEL_LEVELS];
};

/* CLOCK_MONOTONIC, microseconds: for how long work takes, whatever tests do with the wheel's clock.
 */
uint64_t xtr_monotonic_us(void);
/* manual: the clock stands still but for xtr_clock_advance(). */
void xtr_wheel_init(struct xtr_wheel *w, bool manual);
/* Milliseconds since the wheel was made. */
static inline uint64_t xtr_wheel_now(const struct xtr_wheel *w)
{
	return w->now;
}
/* Arms (again) to fire `ms` from now; 0 fires at the next run. */
void xtr_timer_arm(struct xtr_wheel *w, struct xtr_timer *t, uint64_t ms, xtr_timer_fn *fn);
void xtr_timer_cancel(struct xtr_wheel *w, struct xtr_timer *t);
static inline bool xtr_timer_armed(const struct xtr_timer *t)
{
	return t->pprev != 0;
}
/* Reads the clock and fires what is due. Touches at most `max` timers (0: no limit): those that
 * fire, and those of a time to come that have to change their place in the wheel. Returns how many;
 * if fewer than max, nothing is left to do. */
unsigned xtr_wheel_run(struct xtr_wheel *w, unsigned max);
/* Milliseconds until the next timer may be due (a lower bound), at most `limit`. */
uint64_t xtr_wheel_wait(const struct xtr_wheel *w, uint64_t limit);
/* Moves the clock forward by ms and fires what is due on the way. */
void xtr_clock_advance(struct xtr_wheel *w, uint64_t ms);

#endif
