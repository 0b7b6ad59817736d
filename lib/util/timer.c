/* SPDX-License-Identifier: BSD-3-Clause */
#include "util/timer.h"

#include <string.h>
#include <time.h>

/* A slot of level n spans 64^n ticks. Level 5 reaches 64^6 ms = 2 years; farther timers are clamped
 * there and armed again when they come near. */
#define SLOT_BITS 6
#define SLOT_MASK (XTR_WHEEL_SLOTS - 1u)

static uint64_t monotonic_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
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

/* Moves the timers of a higher level's slot down, when the clock enters the time it spans. */
static void cascade(struct xtr_wheel *w, unsigned level)
{
	unsigned slot = (w->now >> (SLOT_BITS * level)) & SLOT_MASK;
	struct xtr_timer *t = w->slot[level][slot];

	w->slot[level][slot] = NULL;
	w->occupied[level] &= ~(1ull << slot);
	while (t) {
		struct xtr_timer *next = t->next;

		link_timer(w, t);
		t = next;
	}
}

static unsigned fire_slot(struct xtr_wheel *w)
{
	unsigned slot = w->now & SLOT_MASK;
	unsigned fired = 0;
	struct xtr_timer *t;

	while ((t = w->slot[0][slot]) != NULL) {
		unlink_timer(t);
		w->n_armed--;
		fired++;
		t->fn(t);
	}
	w->occupied[0] &= ~(1ull << slot);
	return fired;
}

/* The next tick after now, at most `target`, at which something is to do: a slot to fire or to
 * cascade. */
static uint64_t next_stop(const struct xtr_wheel *w, uint64_t target)
{
	unsigned slot = w->now & SLOT_MASK;
	uint64_t ahead = slot == SLOT_MASK ? 0 : w->occupied[0] & (~0ull << (slot + 1));
	uint64_t stop = ahead ? (w->now & ~(uint64_t)SLOT_MASK) + (unsigned)__builtin_ctzll(ahead)
			      : (w->now | SLOT_MASK) + 1;

	return stop < target ? stop : target;
}

static unsigned run_to(struct xtr_wheel *w, uint64_t target, unsigned max)
{
	unsigned fired = 0;

	while (w->now < target) {
		w->now = w->n_armed ? next_stop(w, target) : target;
		for (unsigned level = 1; level < XTR_WHEEL_LEVELS; level++) {
			if (w->now & ((1ull << (SLOT_BITS * level)) - 1))
				break;
			cascade(w, level);
		}
		fired += fire_slot(w);
		if (max && fired >= max)
			break;
	}
	return fired;
}

unsigned xtr_wheel_run(struct xtr_wheel *w, unsigned max)
{
	uint64_t target = w->manual ? w->offset : monotonic_ms() - w->base + w->offset;

	return run_to(w, target, max);
}

uint64_t xtr_wheel_wait(const struct xtr_wheel *w, uint64_t limit)
{
	uint64_t stop;

	if (!w->n_armed)
		return limit;
	stop = next_stop(w, w->now + limit);
	return stop - w->now;
}

void xtr_clock_advance(struct xtr_wheel *w, uint64_t ms)
{
	w->offset += ms;
	xtr_wheel_run(w, 0);
}
