/* SPDX-License-Identifier: BSD-3-Clause */
/* The writer beside readers: see lpm_race.h. */
#include <stdio.h>
#include <stdlib.h>

#include "lpm_oracle.h"
#include "lpm_race.h"

#define RUN                                                                                        \
	3000u /* operations for the most part on one table and family, as it grows or shrinks      \
	       */
#define ROUNDS     100u /* of a duel */
#define PARK_EVERY 20000u
#define PARK_FOR   300u
#define LIE_EVERY  1000u

static void __attribute__((noreturn)) bad(const struct race *r, const char *what)
{
	printf("WRONG at operation %llu of seed %llu: %s\n", (unsigned long long)r->begun,
	    (unsigned long long)r->seed, what);
	exit(1);
}

static void put_down(struct key *k, uint64_t op, uint32_t answer)
{
	uint32_t n = k->n_history;

	__atomic_store_n(&k->history[n % HISTORY], op << 30 | answer, __ATOMIC_RELEASE);
	__atomic_store_n(&k->n_history, n + 1, __ATOMIC_RELEASE);
}

static uint32_t answer_now(const struct side *s, const struct key *k)
{
	for (unsigned i = 0; i < k->n_cover; i++)
		if (s->pool[k->cover[i]].value)
			return s->pool[k->cover[i]].value;
	return 0;
}

static void begin(struct race *r, uint64_t op)
{
	__atomic_store_n(&r->begun, op, __ATOMIC_RELEASE);
}

static void end(struct race *r)
{
	__atomic_store_n(&r->done, r->begun, __ATOMIC_RELEASE);
}

/* One operation on one prefix: sets it to a value of its own, or deletes it. */
struct change {
	struct prefix *p;
	bool there;
	uint32_t had;
};

/* What watched keys answer after it. */
static void announce(struct race *r, unsigned table, unsigned six, struct change *c, uint64_t op)
{
	bool lie = r->lie == LIE_HISTORY && op % LIE_EVERY == 0;
	struct side *s = &r->side[table][six];
	struct prefix *p = c->p;

	c->had = p->value;
	p->value = c->there ? (uint32_t)(op % XTR_LPM_VALUE_MAX) + 1 : 0;
	s->n += c->there && !c->had;
	s->n -= !c->there && c->had;
	r->emptied += !s->n && c->had;
	if (c->there)
		__atomic_store_n(&r->owner[p->value % OWNERS],
		    owner_of(table, six, (unsigned)(p - s->pool)), __ATOMIC_RELEASE);
	for (unsigned i = 0; i < p->n_keys; i++) {
		struct key *k = &s->key[p->keys[i]];
		uint32_t answer = answer_now(s, k);
		uint64_t last = k->history[(k->n_history - 1) % HISTORY];

		if (lie)
			answer ^= 1u << 29;
		if (answer != (uint32_t)(last & XTR_LPM_VALUE_MAX))
			put_down(k, op, answer);
	}
}

static void carry_out(struct race *r, unsigned table, unsigned six, const struct change *c)
{
	struct xtr_ip ip = ip_of(family(six), c->p->b);

	if (c->there && xtr_lpm_set(r->lpm[table], &ip, c->p->plen, c->p->value))
		bad(r, "set fails");
	if (!c->there && xtr_lpm_del(r->lpm[table], &ip, c->p->plen) != c->had)
		bad(r, "del returns another value");
}

/* n of them, one right after the other. */
static void change_all(struct race *r, unsigned table, unsigned six, struct change *c, unsigned n)
{
	uint64_t op = r->begun;

	for (unsigned i = 0; i < n; i++)
		announce(r, table, six, &c[i], op + 1 + i);
	begin(r, op + n);
	for (unsigned i = 0; i < n; i++)
		carry_out(r, table, six, &c[i]);
	end(r);
	/* sometimes much waits, as when control is busy */
	if (random_below(&r->state, 64) && op % 8192 > 512)
		xtr_rcu_poll(&r->rcu);
	r->most_waiting = r->rcu.waiting > r->most_waiting ? r->rcu.waiting : r->most_waiting;
}

static void change(struct race *r, unsigned table, unsigned six, struct prefix *p, bool there)
{
	struct change c = {.p = p, .there = there};

	change_all(r, table, six, &c, 1);
}

/* A prefix of the pool that is in the table, or is not. */
static struct prefix *any(struct race *r, struct side *s, bool there)
{
	unsigned at = random_below(&r->state, s->n_pool);

	for (unsigned i = 0; i < s->n_pool; i++) {
		struct prefix *p = &s->pool[(at + i) % s->n_pool];

		if (!p->value == !there)
			return p;
	}
	return &s->pool[at];
}

static void swing(struct race *r, unsigned table, unsigned six)
{
	struct side *s = &r->side[table][six];
	bool grow = s->n < s->target;

	if (s->n == s->target) {
		/* to the top, to nothing, to both sides of where the form may change */
		static const uint16_t some[] = {
		    0, 0, 1, 2, 8, 30, 200, 260, 1000, 1060, POOL, POOL};
		unsigned target = some[random_below(&r->state, RTE_DIM(some))];

		s->target = target < s->n_pool ? target : s->n_pool;
		r->grown += s->target > 1024;
		return;
	}
	change(r, table, six, any(r, s, !grow), grow);
}

/* What a watched key answers moves to a longer or a shorter prefix; it never has no answer, or
 * another's. */
static void move(struct race *r, unsigned table, unsigned six, const struct key *k)
{
	struct side *s = &r->side[table][six];
	struct prefix *to = &s->pool[k->cover[random_below(&r->state, k->n_cover)]];

	change(r, table, six, to, true);
	for (unsigned i = 0; i < k->n_cover; i++) {
		struct prefix *p = &s->pool[k->cover[i]];

		if (p != to && p->value) {
			change(r, table, six, p, false);
			return;
		}
	}
}

/* Prefixes that lie side by side in the pool were made in one place: a group fills and empties. */
static void burst(struct race *r, unsigned table, unsigned six)
{
	struct side *s = &r->side[table][six];
	unsigned first = random_below(&r->state, s->n_pool), n = random_below(&r->state, 48);
	bool there = random_below(&r->state, 2);

	for (unsigned i = first; i < first + n && i < s->n_pool; i++)
		if (!s->pool[i].value == there)
			change(r, table, six, &s->pool[i], there);
}

/* The answer of a key changes between two prefixes that cover it, the only ones: the longer
 * comes before the shorter goes, or the other way round, so there is always one. */
static void duel(struct race *r, unsigned table, unsigned six, const struct key *k)
{
	struct side *s = &r->side[table][six];
	/* a short one and a long one: tables keep these in different places */
	unsigned half = (k->n_cover + 1) / 2, last = k->n_cover - 1;
	struct prefix *a = &s->pool[k->cover[random_below(&r->state, half)]];
	struct prefix *b = &s->pool[k->cover[last - random_below(&r->state, half)]];
	uint32_t focus = r->focus;

	__atomic_store_n(
	    &r->focus, (table * 2 + six) * KEYS + (unsigned)(k - s->key), __ATOMIC_RELAXED);
	for (unsigned i = 0; i < k->n_cover; i++)
		if (s->pool[k->cover[i]].value)
			change(r, table, six, &s->pool[k->cover[i]], false);
	for (unsigned i = 0; i < ROUNDS && a != b; i++) {
		struct change c[2] = {
		    {.p = i % 2 ? a : b, .there = true}, {.p = i % 2 ? b : a, .there = false}};

		change_all(r, table, six, c, 2);
	}
	__atomic_store_n(&r->focus, focus, __ATOMIC_RELAXED);
}

static void operate(struct race *r, unsigned table, unsigned six)
{
	struct side *s = &r->side[table][six];
	const struct key *k = &s->key[random_below(&r->state, KEYS)];
	unsigned what = random_below(&r->state, 1000), focus = r->focus;
	struct prefix *p;

	if (what >= 600 && focus / KEYS == table * 2 + six && random_below(&r->state, 4))
		k = &s->key[focus % KEYS];
	if (what < 600 || !k->n_cover) {
		swing(r, table, six);
	} else if (what < 800) {
		p = &s->pool[k->cover[random_below(&r->state, k->n_cover)]];
		change(r, table, six, p, !p->value || random_below(&r->state, 2));
	} else if (what < 960) {
		move(r, table, six, k);
	} else if (what < 990) {
		burst(r, table, six);
	} else {
		duel(r, table, six, k);
	}
}

/* While nobody reads: away with a table and all in it, as one operation. */
static void renew(struct race *r, unsigned table)
{
	uint64_t op = r->begun + 1;

	for (unsigned six = 0; six < 2; six++) {
		struct side *s = &r->side[table][six];

		for (unsigned i = 0; i < s->n_pool; i++)
			s->pool[i].value = 0;
		s->n = 0;
		for (unsigned i = 0; i < KEYS; i++)
			put_down(&s->key[i], op, 0);
	}
	begin(r, op);
	xtr_lpm_destroy(r->lpm[table]);
	__atomic_store_n(&r->lpm[table], xtr_lpm_create(&r->rcu), __ATOMIC_RELEASE);
	if (!r->lpm[table])
		bad(r, "no memory for a table");
	end(r);
	r->renewed++;
}

static bool all_parked(const struct race *r)
{
	for (unsigned i = 0; i < r->n_readers; i++)
		if (__atomic_load_n(&r->reader[i].parked, __ATOMIC_ACQUIRE) != r->park)
			return false;
	return true;
}

/* With nobody there, what is not needed goes at once. */
static void must_drain(struct race *r)
{
	while (xtr_rcu_poll(&r->rcu))
		;
	if (r->rcu.waiting)
		bad(r, "all readers are parked, but memory waits for them");
}

static void unpark(struct race *r)
{
	__atomic_store_n(&r->unpark, r->park, __ATOMIC_RELEASE);
}

static void while_parked(struct race *r)
{
	for (unsigned i = 0; i < PARK_FOR; i++) {
		operate(r, random_below(&r->state, TABLES), random_below(&r->state, 2));
		must_drain(r);
	}
	renew(r, random_below(&r->state, TABLES));
	must_drain(r);
	r->parked++;
	unpark(r);
}

static bool readers_are_done(const struct race *r, uint64_t n)
{
	for (unsigned i = 0; i < r->n_readers; i++)
		if (__atomic_load_n(&r->reader[i].judged, __ATOMIC_RELAXED) < n)
			return false;
	return true;
}

void race_write(struct race *r, uint64_t n)
{
	uint64_t next_run = 0, next_park = PARK_EVERY / 4;
	unsigned table = 0, six = 0;

	while (r->begun < n || !readers_are_done(r, n)) {
		if (r->begun >= next_run) {
			next_run = r->begun + RUN;
			table = random_below(&r->state, TABLES);
			six = r->only ? r->only == 6 : random_below(&r->state, 2);
			__atomic_store_n(&r->focus,
			    (table * 2 + six) * KEYS + random_below(&r->state, KEYS),
			    __ATOMIC_RELAXED);
		}
		if (random_below(&r->state, 8))
			operate(r, table, six);
		else
			operate(r, random_below(&r->state, TABLES), random_below(&r->state, 2));
		if (r->begun >= next_park && r->park == r->unpark) {
			next_park = r->begun + PARK_EVERY;
			__atomic_store_n(&r->park, r->park + 1, __ATOMIC_RELEASE);
		} else if (r->park != r->unpark && all_parked(r)) {
			while_parked(r);
		}
	}
	__atomic_store_n(&r->stop, true, __ATOMIC_RELEASE);
	unpark(r);
}

void race_clear(struct race *r)
{
	for (unsigned table = 0; table < TABLES; table++)
		for (unsigned six = 0; six < 2; six++) {
			struct side *s = &r->side[table][six];

			while (s->n)
				change(r, table, six, any(r, s, true), false);
		}
	while (xtr_rcu_poll(&r->rcu))
		;
	must_drain(r);
	for (unsigned table = 0; table < TABLES; table++)
		if (xtr_lpm_memory(r->lpm[table]) > 1024)
			bad(r, "an empty table has more than 1 KiB");
}
