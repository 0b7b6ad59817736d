/* SPDX-License-Identifier: BSD-3-Clause */
/* An IPv4 table in its two forms, and the change from one to the other. */
#include "mapcache/lpm4.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void publish(struct xtr_lpm4 *t, uintptr_t word)
{
	__atomic_store_n(&t->word, word, __ATOMIC_RELEASE);
}

uint32_t xtr_lpm4_small_find(const struct xtr_lpm4 *t, uint32_t ip, unsigned plen)
{
	uint32_t low = 0, high = t->n;

	while (low < high) {
		uint32_t mid = (low + high) / 2;
		const struct xtr_lpm4_prefix *p = &t->prefix[mid];

		if (p->ip < ip || (p->ip == ip && p->plen < plen))
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static bool is_at(const struct xtr_lpm4 *t, uint32_t at, uint32_t ip, unsigned plen)
{
	return at < t->n && t->prefix[at].ip == ip && t->prefix[at].plen == plen;
}

static void drop_array(struct xtr_lpm4 *t)
{
	free(t->prefix);
	t->prefix = NULL;
	t->n = t->max = 0;
}

static int promote(struct xtr_lpm4 *t, uint32_t ip, unsigned plen, uint32_t value)
{
	struct xtr_lpm4_big *big = xtr_lpm4_big_create(t->rcu);
	uintptr_t old = t->word;
	int rc;

	if (!big)
		return -ENOMEM;
	rc = xtr_lpm4_big_set(big, ip, plen, value);
	for (uint32_t i = 0; i < t->n && !rc; i++)
		rc = xtr_lpm4_big_set(big, t->prefix[i].ip, t->prefix[i].plen, t->prefix[i].value);
	if (rc) {
		xtr_lpm4_big_destroy(big);
		return rc;
	}
	t->big = big;
	publish(t, xtr_lpm4_big_word(big));
	xtr_lpm4_small_retire(old, t->rcu);
	drop_array(t);
	return 0;
}

/* Stays big where memory is short. */
static void demote(struct xtr_lpm4 *t)
{
	uint32_t n = xtr_lpm4_big_count(t->big);
	struct xtr_lpm4_prefix *p = calloc(n ? n : 1, sizeof(*p));
	uintptr_t word = 0;

	if (!p)
		return;
	xtr_lpm4_big_list(t->big, p);
	if (n) {
		word = xtr_lpm4_small_build(p, n);
		if (!word) {
			free(p);
			return;
		}
	}
	publish(t, word);
	xtr_lpm4_big_retire(t->big);
	t->big = NULL;
	t->prefix = p;
	t->n = n;
	t->max = n ? n : 1;
}

static int make_room(struct xtr_lpm4 *t)
{
	uint32_t more = t->max ? t->max * 2 : 4;
	struct xtr_lpm4_prefix *p;

	if (t->n < t->max)
		return 0;
	p = reallocarray(t->prefix, more, sizeof(*p));
	if (!p)
		return -ENOMEM;
	t->prefix = p;
	t->max = more;
	return 0;
}

static void take_out(struct xtr_lpm4 *t, uint32_t at)
{
	t->n--;
	memmove(&t->prefix[at], &t->prefix[at + 1], (t->n - at) * sizeof(*t->prefix));
}

static int small_insert(struct xtr_lpm4 *t, uint32_t at, uint32_t ip, unsigned plen, uint32_t value)
{
	uintptr_t old = t->word, word;

	if (make_room(t) < 0)
		return -ENOMEM;
	memmove(&t->prefix[at + 1], &t->prefix[at], (t->n - at) * sizeof(*t->prefix));
	t->prefix[at] = (struct xtr_lpm4_prefix){ip, value, (uint8_t)plen};
	t->n++;
	word = xtr_lpm4_small_build(t->prefix, t->n);
	if (!word) {
		take_out(t, at);
		return -ENOMEM;
	}
	publish(t, word);
	xtr_lpm4_small_retire(old, t->rcu);
	return 0;
}

int xtr_lpm4_set(struct xtr_lpm4 *t, uint32_t ip, unsigned plen, uint32_t value)
{
	uint32_t at;

	if (t->big)
		return xtr_lpm4_big_set(t->big, ip, plen, value);
	at = xtr_lpm4_small_find(t, ip, plen);
	if (is_at(t, at, ip, plen)) {
		t->prefix[at].value = value;
		xtr_lpm4_small_store(t->word, t->prefix, t->n);
		return 0;
	}
	return t->n == XTR_LPM4_SMALL ? promote(t, ip, plen, value)
				      : small_insert(t, at, ip, plen, value);
}

/* A block with far more intervals than it needs gives way to a new one, if memory allows. */
static void shrink(struct xtr_lpm4 *t)
{
	uintptr_t old = t->word, word = 0;

	if (t->n) {
		if (xtr_lpm4_small_cuts(old) < 8 * t->n + 32)
			return;
		word = xtr_lpm4_small_build(t->prefix, t->n);
		if (!word)
			return;
	} else {
		drop_array(t);
	}
	publish(t, word);
	xtr_lpm4_small_retire(old, t->rcu);
}

uint32_t xtr_lpm4_del(struct xtr_lpm4 *t, uint32_t ip, unsigned plen)
{
	uint32_t at, value;

	if (t->big) {
		value = xtr_lpm4_big_del(t->big, ip, plen);
		if (value && xtr_lpm4_big_count(t->big) <= XTR_LPM4_DEMOTE)
			demote(t);
		return value;
	}
	at = xtr_lpm4_small_find(t, ip, plen);
	if (!is_at(t, at, ip, plen))
		return 0;
	value = t->prefix[at].value;
	take_out(t, at);
	xtr_lpm4_small_store(t->word, t->prefix, t->n);
	shrink(t);
	return value;
}

uint32_t xtr_lpm4_get(const struct xtr_lpm4 *t, uint32_t ip, unsigned plen)
{
	uint32_t at;

	if (t->big)
		return xtr_lpm4_big_get(t->big, ip, plen);
	at = xtr_lpm4_small_find(t, ip, plen);
	return is_at(t, at, ip, plen) ? t->prefix[at].value : 0;
}

uint32_t xtr_lpm4_count(const struct xtr_lpm4 *t)
{
	return t->big ? xtr_lpm4_big_count(t->big) : t->n;
}

size_t xtr_lpm4_memory(const struct xtr_lpm4 *t)
{
	return t->big ? xtr_lpm4_big_memory(t->big)
		      : t->max * sizeof(*t->prefix) + xtr_lpm4_small_memory(t->word);
}

void xtr_lpm4_fini(struct xtr_lpm4 *t)
{
	if (t->big)
		xtr_lpm4_big_destroy(t->big);
	else
		xtr_lpm4_small_free(t->word);
	free(t->prefix);
	memset(t, 0, sizeof(*t));
}
