/* SPDX-License-Identifier: BSD-3-Clause */
/* Random operations on a table and its oracle. */
#include <stdio.h>
#include <stdlib.h>

#include "lpm_stress.h"

static void note_change(struct table *t, unsigned six, const uint8_t *b, unsigned plen)
{
	unsigned at = st.n_changed < CHANGED ? st.n_changed++ : random_below(&st.seed, CHANGED);
	struct side *s = &t->side[six];
	struct prefix p = {.plen = (uint8_t)plen};

	memcpy(p.b, b, 16);
	st.changed[at].t = t;
	st.changed[at].six = six;
	st.changed[at].p = p;
	/* a new one in the place of any: some stay for long */
	s->past[s->n_past < PAST ? s->n_past++ : random_below(&st.seed, PAST)] = p;
}

static void set(struct table *t, unsigned six, const uint8_t *b, unsigned plen)
{
	struct side *s = &t->side[six];
	struct xtr_ip ip = ip_of(family(six), b);
	uint32_t value = 1 + random_below(&st.seed, XTR_LPM_VALUE_MAX);
	void *node = oracle_find(&s->oracle, b, plen);
	uint32_t place = node ? (uint32_t)(oracle_value(&s->oracle, node) >> 32) : s->n;
	int rc = xtr_lpm_set(t->lpm, &ip, plen, value);

	if (rc)
		stress_wrong(t, six, b, "setting /%u returns %d", plen, rc);
	st.by_kind[node ? 1 : 0]++;
	if (!node) {
		node = oracle_add(&s->oracle, b, plen);
		if (!node) {
			printf("the oracle has no room\n");
			exit(2);
		}
		s->known[place].node = node;
		memcpy(s->known[place].b, b, 16);
		s->known[place].plen = (uint8_t)plen;
		s->n++;
		st.most[six] = s->n > st.most[six] ? s->n : st.most[six];
	}
	oracle_put(&s->oracle, node, (uint64_t)place << 32 | value);
	st.lengths[six][plen]++;
	note_change(t, six, b, plen);
}

void stress_del(struct table *t, unsigned six, const uint8_t *b, unsigned plen)
{
	struct side *s = &t->side[six];
	struct xtr_ip ip = ip_of(family(six), b);
	uint64_t had = oracle_get(&s->oracle, b, plen);
	uint32_t value = xtr_lpm_del(t->lpm, &ip, plen), place = (uint32_t)(had >> 32);

	if (value != (uint32_t)had)
		stress_wrong(
		    t, six, b, "deleting /%u returns %u, it was %u", plen, value, (uint32_t)had);
	note_change(t, six, b, plen);
	st.by_kind[2] += had != 0;
	if (!had)
		return;
	oracle_del(&s->oracle, b, plen);
	s->n--;
	if (place != s->n) { /* the last one takes its place */
		void *node = s->known[s->n].node;

		oracle_put(&s->oracle, node,
		    (uint64_t)place << 32 | (uint32_t)oracle_value(&s->oracle, node));
		s->known[place] = s->known[s->n];
	}
	st.emptied += !s->n;
}

void stress_any_prefix(const struct side *s, unsigned six, struct prefix *p)
{
	enum kind kind =
	    random_below(&st.seed, 4) ? s->kind : (enum kind)random_below(&st.seed, N_KINDS);
	unsigned bits = six ? 128 : 32, longer;

	if (kind == KIND_SHORT && random_below(&st.seed, 4))
		kind = KIND_SPARSE;                   /* they cost the most */
	if (s->n && random_below(&st.seed, 8) == 0) { /* above or below one that is there */
		*p = s->known[random_below(&st.seed, s->n)];
		longer = random_below(&st.seed, 9);
		if (longer < 4) {
			longer *= 1 + random_below(&st.seed, 6);
			p->plen = (uint8_t)(p->plen > longer ? p->plen - longer : 0);
			clear_host_bits(p->b, p->plen);
		} else {
			p->plen = (uint8_t)(p->plen + longer < bits ? p->plen + longer : bits);
			p->b[(p->plen - 1) / 8] |= (uint8_t)(0x80 >> (p->plen - 1) % 8);
		}
		return;
	}
	p->plen = (uint8_t)random_prefix(&st.seed, kind, family(six), &s->places, p->b);
}

/* Sizes swing: up to something, down to something, often to nothing. */
void stress_choose_target(struct side *s)
{
	uint32_t up = random_below(&st.seed, s->cap) + 1;

	if (!s->n) {
		s->kind = (enum kind)random_below(&st.seed, N_KINDS);
		if (random_below(&st.seed, 4) == 0)
			places_init(&s->places, &st.seed);
	}
	if (s->target >= s->n && s->n)
		s->target = random_below(&st.seed, 2) ? 0 : random_below(&st.seed, s->n);
	else
		s->target =
		    random_below(&st.seed, 2) ? up : 1 + up / (1 + random_below(&st.seed, 64));
}

void stress_operate(struct table *t, unsigned six)
{
	struct side *s = &t->side[six];
	bool grow = s->target > s->n;
	unsigned what = random_below(&st.seed, 100);
	struct prefix p;

	if (what < 70) /* the way it goes */
		;
	else if (what < 85)
		grow = !grow;
	else if (what < 95 && s->n) { /* replace */
		p = s->known[random_below(&st.seed, s->n)];
		set(t, six, p.b, p.plen);
		return;
	} else { /* delete what is likely not there */
		stress_any_prefix(s, six, &p);
		stress_del(t, six, p.b, p.plen);
		return;
	}
	if (grow && s->n < s->cap) {
		stress_any_prefix(s, six, &p);
		set(t, six, p.b, p.plen);
	} else if (s->n) {
		p = s->known[random_below(&st.seed, s->n)];
		stress_del(t, six, p.b, p.plen);
	}
	if (s->n == s->target)
		stress_choose_target(s);
}
