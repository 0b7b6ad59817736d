/* SPDX-License-Identifier: BSD-3-Clause */
/* A reader and its judgement: see lpm_race.h. */
#include <sched.h>
#include <stdio.h>

#include "lpm_oracle.h"
#include "lpm_race.h"
#include "sanitizer.h"

#define ANSWER(h)    ((uint32_t)((h)&XTR_LPM_VALUE_MAX))
#define OPERATION(h) ((h) >> 30)
#define UNKNOWN      UINT64_MAX
#define SHOWN        8u /* right ones for each */
#define SAID         5u /* wrong answers that are printed */

struct batch {
	unsigned n, six;
	const struct xtr_lpm *lpm[BATCH];
	uint8_t table[BATCH];
	uint16_t key[BATCH];
	uint32_t keys4[BATCH], values[BATCH];
	uint8_t keys[BATCH][16];
};

struct window {
	uint64_t from, to; /* done when it opened, begun when it closed */
};

static uint64_t *seen_at(struct reader *me, unsigned table, unsigned six, unsigned key)
{
	return &me->seen[table][six][key];
}

static void choose(struct reader *me, uint64_t *state, struct batch *b)
{
	struct race *r = me->race;
	uint32_t focus = __atomic_load_n(&r->focus, __ATOMIC_RELAXED);
	unsigned table = random_below(state, TABLES), key, all;
	bool one_table = random_below(state, 2);

	b->n = 1 + random_below(state, r->most_keys);
	b->six = random_below(state, 2);
	if (random_below(state, 2)) /* where most happens */
		b->six = focus / KEYS % 2;
	if (r->only)
		b->six = r->only == 6;
	if (focus / KEYS % 2 != b->six)
		focus = UINT32_MAX;
	else if (one_table && random_below(state, 2))
		table = focus / KEYS / 2;
	all = random_below(state, 4) ? 2 : 16;
	for (unsigned i = 0; i < b->n; i++) {
		key = random_below(state, KEYS);
		if (!one_table)
			table = random_below(state, TABLES);
		if (focus / KEYS / 2 == table && random_below(state, all))
			key = focus % KEYS;
		b->table[i] = (uint8_t)table;
		b->key[i] = (uint16_t)key;
		b->lpm[i] = __atomic_load_n(&r->lpm[table], __ATOMIC_ACQUIRE);
		memcpy(b->keys[i], r->side[table][b->six].key[key].b, 16);
		memcpy(&b->keys4[i], b->keys[i], 4);
	}
}

/*
 * The operation that made this answer right, the oldest that can be meant; or UNKNOWN with `slept`
 * false: the answer is wrong. Nothing before `floor` is right any more.
 */
static uint64_t judge(const struct key *k, uint32_t answer, struct window w, uint64_t floor,
    bool *slept, unsigned *rights)
{
	uint64_t before = UNKNOWN, found = UNKNOWN, last = w.from > floor ? w.from : floor;
	uint32_t n = __atomic_load_n(&k->n_history, __ATOMIC_ACQUIRE);

	*slept = false;
	*rights = 0;
	for (uint32_t back = 1; back <= n && back <= HISTORY; back++) {
		uint64_t h = __atomic_load_n(&k->history[(n - back) % HISTORY], __ATOMIC_ACQUIRE);

		if (OPERATION(h) >= before)
			break; /* written over */
		before = OPERATION(h);
		if (before > w.to)
			continue; /* it had not begun */
		++*rights;
		if (ANSWER(h) == answer)
			found = before;
		if (before <= last)
			return found;
	}
	*slept = found == UNKNOWN;
	return found;
}

/* Had a prefix this value that covers the key? Then the answer is put together from two times, else
 * it comes from nowhere. */
static bool is_of_a_cover(const struct reader *me, const struct batch *b, unsigned i)
{
	const struct race *r = me->race;
	const struct key *k = &r->side[b->table[i]][b->six].key[b->key[i]];
	uint32_t owner = __atomic_load_n(&r->owner[b->values[i] % OWNERS], __ATOMIC_ACQUIRE);

	for (unsigned c = 0; c < k->n_cover; c++)
		if (owner == owner_of(b->table[i], b->six, k->cover[c]))
			return true;
	return !b->values[i];
}

static void wrong(struct reader *me, const struct batch *b, unsigned i, struct window w)
{
	const struct key *k = &me->race->side[b->table[i]][b->six].key[b->key[i]];
	uint32_t n = __atomic_load_n(&k->n_history, __ATOMIC_ACQUIRE), back = 1;
	struct xtr_ip ip = ip_of(family(b->six), k->b);
	bool mixed = is_of_a_cover(me, b, i);
	char text[XTR_IP_STRLEN];
	uint64_t h;

	me->mixed += mixed;
	if (me->wrong++ >= SAID)
		return;
	printf("WRONG by reader %u, seed %llu, table %u, %s, key %u of %u, operations %llu to "
	       "%llu: %u, %s. Right, newest first:",
	    me->id, (unsigned long long)me->race->seed, b->table[i], xtr_ip_format(&ip, text), i,
	    b->n, (unsigned long long)w.from, (unsigned long long)w.to, b->values[i],
	    mixed ? "which a prefix that covers it had" : "from nowhere");
	do {
		h = __atomic_load_n(&k->history[(n - back) % HISTORY], __ATOMIC_ACQUIRE);
		if (OPERATION(h) <= w.to)
			printf(" %u since %llu", ANSWER(h), (unsigned long long)OPERATION(h));
	} while (OPERATION(h) > w.from && back < SHOWN && back++ < n);
	printf("\n");
}

static void judge_all(struct reader *me, const struct batch *b, struct window w)
{
	uint64_t saw[BATCH], judged = 0;

	for (unsigned i = 0; i < b->n; i++) {
		const struct key *k = &me->race->side[b->table[i]][b->six].key[b->key[i]];
		unsigned rights;
		bool slept;

		saw[i] = judge(k, b->values[i], w, *seen_at(me, b->table[i], b->six, b->key[i]),
		    &slept, &rights);
		judged += !slept;
		me->slept += slept;
		me->contested += !slept && rights > 1;
		me->hits += b->values[i] != 0;
		if (saw[i] == UNKNOWN && !slept)
			wrong(me, b, i, w);
	}
	/* a key may be twice in a batch, and look-ups of one batch are in no order */
	for (unsigned i = 0; i < b->n; i++) {
		uint64_t *seen = seen_at(me, b->table[i], b->six, b->key[i]);

		if (saw[i] != UNKNOWN && saw[i] > *seen)
			*seen = saw[i];
	}
	__atomic_store_n(&me->judged, me->judged + judged, __ATOMIC_RELAXED);
}

static void look_up(struct batch *b)
{
	if (b->six)
		xtr_lpm_lookup6(b->lpm, (const uint8_t(*)[16])b->keys, b->values, b->n);
	else
		xtr_lpm_lookup4(b->lpm, b->keys4, b->values, b->n);
}

/* Registering is in DPDK's library, whose atomic accesses the thread sanitizer does not see: it
 * would take what the writer frees after a reader left for a race. Going offline it sees. */
#define MAY_LEAVE (!THREAD_SANITIZER)

/* Away until the writer says so; by turns it only goes offline or leaves altogether. */
static void park(struct reader *me, uint64_t ticket)
{
	bool leave = MAY_LEAVE && ticket % 2;
	struct race *r = me->race;

	rte_rcu_qsbr_thread_offline(r->rcu.qsv, me->id);
	if (leave)
		rte_rcu_qsbr_thread_unregister(r->rcu.qsv, me->id);
	__atomic_store_n(&me->parked, ticket, __ATOMIC_RELEASE);
	while (__atomic_load_n(&r->unpark, __ATOMIC_ACQUIRE) != ticket)
		sched_yield();
	if (leave)
		rte_rcu_qsbr_thread_register(r->rcu.qsv, me->id);
	rte_rcu_qsbr_thread_online(r->rcu.qsv, me->id);
}

static void wait_for_operations(const struct race *r, uint64_t n)
{
	uint64_t from = __atomic_load_n(&r->done, __ATOMIC_ACQUIRE);

	while (__atomic_load_n(&r->done, __ATOMIC_ACQUIRE) < from + n &&
	       !__atomic_load_n(&r->stop, __ATOMIC_ACQUIRE) &&
	       __atomic_load_n(&r->park, __ATOMIC_ACQUIRE) ==
		   __atomic_load_n(&r->unpark, __ATOMIC_ACQUIRE))
		sched_yield();
}

void *race_reader(void *arg)
{
	struct reader *me = arg;
	struct race *r = me->race;
	uint64_t state = r->seed + 1 + me->id, ticket;
	struct window w;
	struct batch b;

	rte_rcu_qsbr_thread_register(r->rcu.qsv, me->id);
	if (r->lie != LIE_EARLY)
		rte_rcu_qsbr_thread_online(r->rcu.qsv, me->id);
	while (!__atomic_load_n(&r->stop, __ATOMIC_ACQUIRE)) {
		ticket = __atomic_load_n(&r->park, __ATOMIC_ACQUIRE);
		if (ticket != me->parked && r->lie != LIE_EARLY)
			park(me, ticket);
		choose(me, &state, &b);
		w.from = __atomic_load_n(&r->done, __ATOMIC_ACQUIRE);
		look_up(&b);
		if (r->lie == LIE_STALE) {
			wait_for_operations(r, 200);
			w.from = __atomic_load_n(&r->done, __ATOMIC_ACQUIRE);
		}
		w.to = __atomic_load_n(&r->begun, __ATOMIC_ACQUIRE);
		judge_all(me, &b, w);
		if (r->lie != LIE_EARLY && random_below(&state, 4))
			rte_rcu_qsbr_quiescent(r->rcu.qsv, me->id);
	}
	rte_rcu_qsbr_thread_offline(r->rcu.qsv, me->id);
	rte_rcu_qsbr_thread_unregister(r->rcu.qsv, me->id);
	return NULL;
}
