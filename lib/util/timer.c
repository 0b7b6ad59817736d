/* SPDX-License-Identifier: BSD-3-Clause */
#include "util/timer.h"

#include <limits.h>
#include <string.h>
#include <time.h>

/* A slot of level n spans 64^n ticks. Level 5 reaches 64^6 ms = 2 years; farther timers are clamped
 * there and armed again when they come near. */
#define SLOT_BITS 6
#define SLOT_MASK (XTR_WHEEL_SLOTS - 1u)

uint64_t xtr_monotonic_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

static uint64_t monotonic_ms(void)
{
	return xtr_monotonic_us() / 1000;
}

void xtr_wheel_init(struct xtr_wheel *w, bool manual)
{
	memset(w, 0, sizeof(*w));
	w->manual = manual;
	w->base = monotonic_ms();
}

static void link_timer(struct xtr_wheel *w, struct xtr_timer *t)
{
	uint64_t delta = t->due > w->now ? t->due - w->now : 0;
	uint64_t at = t->due > w->now ? t->due : w->now;
	unsigned level = 0, slot;

	while (level < XTR_WHEEL_LEVELS - 1 && delta >= 1ull << (SLOT_BITS * (level + 1)))
		level++;
	if (level == XTR_WHEEL_LEVELS - 1 && delta >= 1ull << (SLOT_BITS * XTR_WHEEL_LEVELS))
		at = w->now + (1ull << (SLOT_BITS * XTR_WHEEL_LEVELS)) -
		     (1ull << (SLOT_BITS * level));
	slot = (at >> (SLOT_BITS * level)) & SLOT_MASK;

	struct xtr_timer **head = &w->slot[level][slot];
	t->next = *head;
	t->pprev = head;
	if (*head)
		(*head)->pprev = &t->next;
	*head = t;
	w->occupied[level] |= 1ull << slot;
}

static void unlink_timer(struct xtr_timer *t)
{
	*t->pprev = t->next;
	if (t->next)
		t->next->pprev = t->pprev;
	t->pprev = NULL;
	t->next = NULL;
}

void xtr_timer_cancel(struct xtr_wheel *w, struct xtr_timer *t)
{
	if (!xtr_timer_armed(t))
		return;
	/* an emptied slot keeps its bit until the clock passes: harmless, one look more */
	unlink_timer(t);
	w->n_armed--;
}

void xtr_timer_arm(struct xtr_wheel *w, struct xtr_timer *t, uint64_t ms, xtr_timer_fn *fn)
{
	xtr_timer_cancel(w, t);
	/* the tick that is `now` has run already: the earliest is the next one */
	t->due = w->now + (ms ? ms : 1);
	t->fn = fn;
	link_timer(w, t);
	w->n_armed++;
}

/* The timers of higher levels' slots have to move down when the clock enters the time that these
 * span. */
static void open_slots(struct xtr_wheel *w)
{
	for (unsigned level = 1; level < XTR_WHEEL_LEVELS; level++) {
		unsigned slot = (w->now >> (SLOT_BITS * level)) & SLOT_MASK;

		if (w->now & ((1ull << (SLOT_BITS * level)) - 1))
			break;
		w->moving[level] = w->slot[level][slot];
		if (w->moving[level])
			w->moving[level]->pprev = &w->moving[level];
		w->slot[level][slot] = NULL;
		w->occupied[level] &= ~(1ull << slot);
	}
}

/* Moves them, lower levels first, at most *left. */
static void move(struct xtr_wheel *w, unsigned *left)
{
	struct xtr_timer *t;

	for (unsigned level = 1; level < XTR_WHEEL_LEVELS; level++)
		while (*left && (t = w->moving[level]) != NULL) {
			(*left)--;
			unlink_timer(t);
			link_timer(w, t);
		}
}

/* Fires what is due at this tick, at most *left; what remains stays for the next run. A timer may
 * move the clock itself: the slot is that of the clock as it is after each. */
static void fire_slot(struct xtr_wheel *w, unsigned *left)
{
	struct xtr_timer *t;

	while (*left && (t = w->slot[0][w->now & SLOT_MASK]) != NULL) {
		(*left)--;
		unlink_timer(t);
		w->n_armed--;
		t->fn(t);
	}
	if (!w->slot[0][w->now & SLOT_MASK])
		w->occupied[0] &= ~(1ull << (w->now & SLOT_MASK));
}

/* The next tick after now, at most `target`, at which something is to do: a slot to fire or to
 * cascade. */
static uint64_t next_stop(const struct xtr_wheel *w, uint64_t target)
{
	for (unsigned level = 0; level < XTR_WHEEL_LEVELS; level++) {
		uint64_t slots = w->occupied[level], at = w->now >> (SLOT_BITS * level), stop;
		unsigned first = (at + 1) & SLOT_MASK;

		if (!slots)
			continue;
		/* bit 0 becomes the slot after the current one, which itself is a whole turn away
		 */
		slots = slots >> first | slots << (-first & SLOT_MASK);
		stop = (at + 1 + (unsigned)__builtin_ctzll(slots)) << (SLOT_BITS * level);
		if (stop < target)
			target = stop;
	}
	return target;
}

static unsigned run_to(struct xtr_wheel *w, uint64_t target, unsigned max)
{
	unsigned limit = max ? max : UINT_MAX, left = limit;

	/* first what an earlier run left */
	for (;;) {
		move(w, &left);
		fire_slot(w, &left);
		if (!left || w->now >= target)
			return limit - left;
		w->now = w->n_armed ? next_stop(w, target) : target;
		open_slots(w);
	}
}

static uint64_t clock_ms(const struct xtr_wheel *w)
{
	return w->manual ? w->offset : monotonic_ms() - w->base + w->offset;
}

unsigned xtr_wheel_run(struct xtr_wheel *w, unsigned max)
{
	return run_to(w, clock_ms(w), max);
}

uint64_t xtr_wheel_wait(const struct xtr_wheel *w, uint64_t limit)
{
	uint64_t clock = clock_ms(w), stop;

	if (!w->n_armed)
		return limit;
	if (w->slot[0][w->now & SLOT_MASK])
		return 0;
	for (unsigned level = 1; level < XTR_WHEEL_LEVELS; level++)
		if (w->moving[level])
			return 0;
	/* the clock may have gone on since the last run, or that run may have stopped at its limit
	 */
	stop = next_stop(w, limit < UINT64_MAX - clock ? clock + limit : UINT64_MAX);
	return stop > clock ? stop - clock : 0;
}

void xtr_clock_advance(struct xtr_wheel *w, uint64_t ms)
{
	w->offset += ms;
	xtr_wheel_run(w, 0);
}
