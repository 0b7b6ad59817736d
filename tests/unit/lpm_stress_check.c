/* SPDX-License-Identifier: BSD-3-Clause */
/* Holds tables against their oracles. */
#include <stdlib.h>

#include "lpm_stress.h"

#define CANARY 0xdeadbeefu
#define WALKED 500u /* walks in tables that are not larger: what is right is found by hand */

/* A third opinion, slow: the longest of the prefixes that were put in. */
static uint32_t by_hand(const struct side *s, const uint8_t *key)
{
	const struct prefix *best = NULL;

	for (uint32_t i = 0; i < s->n; i++) {
		const struct prefix *p = &s->known[i];

		if ((!best || p->plen > best->plen) &&
		    xtr_bits_common(p->b, key, p->plen) == p->plen)
			best = p;
	}
	return best ? (uint32_t)oracle_value(&s->oracle, best->node) : 0;
}

/* A key worth asking a table for. */
static void any_key(const struct table *t, unsigned six, uint8_t *key)
{
	const struct side *s = &t->side[six];
	unsigned what = random_below(&st.seed, 8), at;
	struct prefix p;

	at = st.n_changed ? random_below(&st.seed, st.n_changed) : 0;
	if (what < 3 && st.n_changed && st.changed[at].six == six) {
		random_key(&st.seed, family(six), st.changed[at].p.b, st.changed[at].p.plen, key);
	} else if (what < 5 && s->n_past) {
		p = s->past[random_below(&st.seed, s->n_past)];
		random_key(&st.seed, family(six), p.b, p.plen, key);
	} else if (what < 7 && s->n) {
		p = s->known[random_below(&st.seed, s->n)];
		random_key(&st.seed, family(six), p.b, p.plen, key);
	} else {
		stress_any_prefix(s, six, &p);
		random_key(&st.seed, family(six), p.b, p.plen, key);
	}
}

/* The last n of each array are in use: what reads or writes past the end is seen by the sanitizer,
 * what writes before or behind them by the canary. */
struct batch {
	const struct xtr_lpm *lpm[BATCH];
	const struct table *table[BATCH];
	uint32_t keys4[BATCH], want[BATCH];
	uint8_t keys[BATCH][16];
};

static void look_up(const struct batch *b, unsigned six, unsigned n, uint32_t *values)
{
	unsigned from = BATCH - n;

	for (unsigned i = 0; i < BATCH; i++)
		values[i] = CANARY;
	if (six)
		xtr_lpm_lookup6(b->lpm + from, b->keys + from, values + from, n);
	else
		xtr_lpm_lookup4(b->lpm + from, b->keys4 + from, values + from, n);
	for (unsigned i = 0; i < from; i++)
		if (values[i] != CANARY)
			stress_wrong(
			    b->table[from], six, b->keys[from], "%u keys, wrote before them", n);
	for (unsigned i = from; i < BATCH; i++) {
		const struct side *s = &b->table[i]->side[six];

		if (values[i] != b->want[i])
			stress_wrong(b->table[i], six, b->keys[i],
			    "%u, by rte_rib %u, by hand %u; key %u of %u", values[i], b->want[i],
			    by_hand(s, b->keys[i]), i - from, n);
		st.hits += values[i] != 0;
	}
	st.looked_up += n;
}

void stress_check_look_ups(unsigned six)
{
	static unsigned turn[2];
	unsigned n = 1 + turn[six]++ % BATCH, from = BATCH - n, at;
	bool one_table = random_below(&st.seed, 2);
	struct table *t = &st.tables[random_below(&st.seed, st.n_tables)];
	struct batch *b = malloc(sizeof(*b));
	uint32_t *values = malloc(BATCH * sizeof(*values)); /* at the end of what may be touched */

	if (!b || !values)
		exit(2);
	memset(b, 0, sizeof(*b));
	if (st.n_changed && random_below(&st.seed, 4)) {
		at = random_below(&st.seed, st.n_changed);
		t = st.changed[at].t;
	}
	for (unsigned i = from; i < BATCH; i++) {
		if (!one_table)
			t = st.n_changed && random_below(&st.seed, 2)
				? st.changed[random_below(&st.seed, st.n_changed)].t
				: &st.tables[random_below(&st.seed, st.n_tables)];
		b->table[i] = t;
		b->lpm[i] = t->lpm;
		any_key(t, six, b->keys[i]);
		memcpy(&b->keys4[i], b->keys[i], 4);
		b->want[i] = (uint32_t)oracle_lookup(&t->side[six].oracle, b->keys[i]);
	}
	st.sizes[n]++;
	look_up(b, six, n, values);
	free(b);
	free(values);
}

/* The prefix above, as rte_rib names it. */
static void check_covering(const struct table *t, unsigned six, const struct prefix *p)
{
	const struct side *s = &t->side[six];
	void *node = oracle_find(&s->oracle, p->b, p->plen), *above;
	struct xtr_ip ip = ip_of(family(six), p->b);
	unsigned len = 200;
	uint8_t depth = 200; /* of none */
	uint32_t got;

	if (!node)
		return;
	above = oracle_above(&s->oracle, node, &depth);
	got = xtr_lpm_covering(t->lpm, &ip, p->plen, &len);
	if (got != (uint32_t)oracle_value(&s->oracle, above) || len != depth)
		stress_wrong(t, six, p->b, "above /%u is /%u with %u, not /%u with %u", p->plen,
		    len, got, depth, (uint32_t)oracle_value(&s->oracle, above));
}

struct walk {
	const struct table *t;
	unsigned six;
	struct prefix in, last;
	uint32_t n, stop; /* prefixes seen; after so many it ends */
};

static int visit(const struct xtr_ip *ip, unsigned plen, uint32_t value, void *arg)
{
	struct walk *w = arg;
	const struct side *s = &w->t->side[w->six];
	int order = w->n ? memcmp(w->last.b, ip->b, 16) : -1;

	if (plen < w->in.plen || xtr_bits_common(ip->b, w->in.b, w->in.plen) < w->in.plen)
		stress_wrong(w->t, w->six, ip->b, "/%u is not in what is walked, of length %u",
		    plen, w->in.plen);
	if (order > 0 || (order == 0 && w->last.plen >= plen))
		stress_wrong(w->t, w->six, ip->b, "/%u comes too late in a walk", plen);
	if (value != (uint32_t)oracle_get(&s->oracle, ip->b, plen))
		stress_wrong(w->t, w->six, ip->b, "/%u has %u in a walk", plen, value);
	memcpy(w->last.b, ip->b, 16);
	w->last.plen = (uint8_t)plen;
	st.walked++;
	return ++w->n == w->stop ? -7 : 0;
}

/* What lies in a prefix or in a shorter one: all of it, once, in order; and no more when that was
 * said. */
static void check_walk(const struct table *t, unsigned six, const struct prefix *p)
{
	struct walk w = {.t = t, .six = six, .in = *p};
	const struct side *s = &t->side[six];
	uint32_t there = 0;
	struct xtr_ip ip;
	int rc;

	w.in.plen = (uint8_t)(w.in.plen - random_below(&st.seed, w.in.plen + 1u) / 2);
	clear_host_bits(w.in.b, w.in.plen);
	ip = ip_of(family(six), w.in.b);
	for (uint32_t i = 0; i < s->n; i++)
		there += s->known[i].plen >= w.in.plen &&
			 xtr_bits_common(s->known[i].b, w.in.b, w.in.plen) == w.in.plen;
	w.stop = random_below(&st.seed, 2) ? UINT32_MAX : 1 + there / 2;
	rc = xtr_lpm_walk(t->lpm, &ip, w.in.plen, visit, &w);
	if (w.n != (there < w.stop ? there : w.stop) || rc != (w.n == w.stop ? -7 : 0))
		stress_wrong(t, six, w.in.b, "a walk in /%u sees %u of %u and returns %d",
		    w.in.plen, w.n, there, rc);
}

void stress_check_changed(void)
{
	for (unsigned i = 0; i < st.n_changed; i++) {
		const struct table *t = st.changed[i].t;
		const struct prefix *p = &st.changed[i].p;
		unsigned six = st.changed[i].six;
		uint32_t want = (uint32_t)oracle_get(&t->side[six].oracle, p->b, p->plen), got;
		struct xtr_ip ip = ip_of(family(six), p->b);
		uint8_t key[16];

		got = xtr_lpm_get(t->lpm, &ip, p->plen);
		if (got != want)
			stress_wrong(t, six, p->b, "get /%u says %u, not %u", p->plen, got, want);
		/* any address in it will do, says lpm.h */
		do
			random_key(&st.seed, family(six), p->b, p->plen, key);
		while (xtr_bits_common(key, p->b, p->plen) < p->plen);
		ip = ip_of(family(six), key);
		got = xtr_lpm_get(t->lpm, &ip, p->plen);
		if (got != want)
			stress_wrong(t, six, key, "get /%u says %u, not %u", p->plen, got, want);
		if (xtr_lpm_count(t->lpm) != t->side[0].n + t->side[1].n)
			stress_wrong(t, six, p->b, "count %u, not %u", xtr_lpm_count(t->lpm),
			    t->side[0].n + t->side[1].n);
		check_covering(t, six, p);
		if (i == 0 && t->side[six].n <= WALKED)
			check_walk(t, six, p);
	}
}
