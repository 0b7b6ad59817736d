/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of lpm_stress share; lpm_stress.c says what it does. */
#ifndef XTR_TEST_LPM_STRESS_H
#define XTR_TEST_LPM_STRESS_H

#include "lpm_oracle.h"
#include "mapcache/lpm.h"

#define BATCH   70u /* keys at once, at most: more than one batch of the engine */
#define CHANGED 64u /* operations between look-ups, at most */

#define PAST 128u

struct prefix {
	void *node; /* the oracle's */
	uint8_t b[16];
	uint8_t plen;
};

/* One family of one table. The oracle's value has the place in known[] in its upper half. */
struct side {
	struct oracle oracle;
	struct prefix *known;
	uint32_t n, cap, target;
	enum kind kind; /* of most of its prefixes */
	struct places places;
	/* what changed, not only lately: what should have gone may have stayed */
	struct prefix past[PAST];
	uint32_t n_past;
};

struct table {
	struct xtr_lpm *lpm;
	struct side side[2]; /* IPv4, IPv6 */
};

struct stress {
	uint64_t seed, start_seed, n_ops, op;
	struct xtr_rcu rcu;
	struct table *tables;
	unsigned n_tables;
	int only_way; /* -1: all */
	/* since the last check */
	struct {
		struct table *t;
		unsigned six;
		struct prefix p;
	} changed[CHANGED];
	unsigned n_changed;
	/* for the last lines */
	uint64_t looked_up, hits, walked, by_kind[3], lengths[2][129], sizes[BATCH + 1], renewed,
	    emptied;
	uint32_t most[2];
};

extern struct stress st;

static inline unsigned family(unsigned six)
{
	return six ? 6 : 4;
}

/* Prints what is wrong with a table at an address, and ends. */
void __attribute__((noreturn, format(printf, 4, 5)))
stress_wrong(const struct table *t, unsigned six, const uint8_t *b, const char *format, ...);

/* lpm_stress_change.c */
void stress_operate(struct table *t, unsigned six);
void stress_del(struct table *t, unsigned six, const uint8_t *b, unsigned plen);
void stress_choose_target(struct side *s);
/* A prefix such as this one has, or has near it. */
void stress_any_prefix(const struct side *s, unsigned six, struct prefix *p);

/* lpm_stress_check.c: a batch of look-ups; exact gets, counts, covering prefixes and walks of what
 * changed. */
void stress_check_look_ups(unsigned six);
void stress_check_changed(void);

#endif
