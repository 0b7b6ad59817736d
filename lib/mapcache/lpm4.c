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

int xtr_lpm4_init(struct xtr_lpm4 *t, struct xtr_rcu *rcu)
{
	t->word = 0;
	t->own = calloc(1, sizeof(*t->own));
	if (!t->own)
		return -ENOMEM;
	t->own->rcu = rcu;
	return 0;
}

uint32_t xtr_lpm4_small_find(const struct xtr_lpm4_own *t, uint32_t ip, unsigned plen)
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

static bool is_at(const struct xtr_lpm4_own *t, uint32_t at, uint32_t ip, unsigned plen)
{
	return at < t->n && t->prefix[at].ip == ip && t->prefix[at].plen == plen;
}

static void drop_array(struct xtr_lpm4_own *t)
{
	free(t->prefix);
	t->prefix = NULL;
	t->n = t->max = 0;
}

static int promote(struct xtr_lpm4 *t, uint32_t ip, unsigned plen, uint32_t value)
{
	struct xtr_lpm4_big *big = xtr_lpm4_big_create(t->own->rcu);
	uintptr_t old = t->word;
	int rc;

	if (!big)
		return -ENOMEM;
	rc = xtr_lpm4_big_set(big, ip, plen, value);
	for (uint32_t i = 0; i < t->own->n && !rc; i++)
		rc = xtr_lpm4_big_set(
		    big, t->own->prefix[i].ip, t->own->prefix[i].plen, t->own->prefix[i].value);
	if (rc) {
		xtr_lpm4_big_destroy(big);
		return rc;
	}
	t->own->big = big;
	publish(t, xtr_lpm4_big_word(big));
	xtr_lpm4_small_retire(old, t->own->rcu);
	drop_array(t->own);
	return 0;
}

/* Stays big where memory is short. */
static void demote(struct xtr_lpm4 *t)
{
	uint32_t n = xtr_lpm4_big_count(t->own->big);
	struct xtr_lpm4_prefix *p = calloc(n ? n : 1, sizeof(*p));
	uintptr_t word = 0;

	if (!p)
		return;
	xtr_lpm4_big_list(t->own->big, p);
	if (n) {
		word = xtr_lpm4_small_build(p, n);
		if (!word) {
			free(p);
			return;
		}
	}
	publish(t, word);
	xtr_lpm4_big_retire(t->own->big);
	t->own->big = NULL;
	t->own->prefix = p;
	t->own->n = n;
	t->own->max = n ? n : 1;
}

static int make_room(struct xtr_lpm4_own *t)
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

static void take_out(struct xtr_lpm4_own *t, uint32_t at)
{
	t->n--;
	memmove(&t->prefix[at], &t->prefix[at + 1], (t->n - at) * sizeof(*t->prefix));
}

static int small_insert(struct xtr_lpm4 *t, uint32_t at, uint32_t ip, unsigned plen, uint32_t value)
{
	uintptr_t old = t->word, word;

	if (make_room(t->own) < 0)
		return -ENOMEM;
	memmove(&t->own->prefix[at + 1], &t->own->prefix[at],
	    (t->own->n - at) * sizeof(*t->own->prefix));
	t->own->prefix[at] = (struct xtr_lpm4_prefix){ip, value, (uint8_t)plen};
	t->own->n++;
	word = xtr_lpm4_small_build(t->own->prefix, t->own->n);
	if (!word) {
		take_out(t->own, at);
		return -ENOMEM;
	}
	publish(t, word);
	xtr_lpm4_small_retire(old, t->own->rcu);
	return 0;
}

int xtr_lpm4_set(struct xtr_lpm4 *t, uint32_t ip, unsigned plen, uint32_t value)
{
	uint32_t at;

	if (t->own->big)
		return xtr_lpm4_big_set(t->own->big, ip, plen, value);
	at = xtr_lpm4_small_find(t->own, ip, plen);
	if (is_at(t->own, at, ip, plen)) {
		t->own->prefix[at].value = value;
		xtr_lpm4_small_store(t->word, t->own->prefix, t->own->n);
		return 0;
	}
	return t->own->n == XTR_LPM4_SMALL ? promote(t, ip, plen, value)
					   : small_insert(t, at, ip, plen, value);
}

/* A block with far more intervals than it needs gives way to a new one, if memory allows. */
static void shrink(struct xtr_lpm4 *t)
{
	uintptr_t old = t->word, word = 0;

	if (t->own->n) {
		if (xtr_lpm4_small_cuts(old) < 8 * t->own->n + 32)
			return;
		word = xtr_lpm4_small_build(t->own->prefix, t->own->n);
		if (!word)
			return;
	} else {
		drop_array(t->own);
	}
	publish(t, word);
	xtr_lpm4_small_retire(old, t->own->rcu);
}

uint32_t xtr_lpm4_del(struct xtr_lpm4 *t, uint32_t ip, unsigned plen)
{
	uint32_t at, value;

	if (t->own->big) {
		value = xtr_lpm4_big_del(t->own->big, ip, plen);
		if (value && xtr_lpm4_big_count(t->own->big) <= XTR_LPM4_DEMOTE)
			demote(t);
		return value;
	}
	at = xtr_lpm4_small_find(t->own, ip, plen);
	if (!is_at(t->own, at, ip, plen))
		return 0;
	value = t->own->prefix[at].value;
	take_out(t->own, at);
	xtr_lpm4_small_store(t->word, t->own->prefix, t->own->n);
	shrink(t);
	return value;
}

uint32_t xtr_lpm4_get(const struct xtr_lpm4 *t, uint32_t ip, unsigned plen)
{
	uint32_t at;

	if (t->own->big)
		return xtr_lpm4_big_get(t->own->big, ip, plen);
	at = xtr_lpm4_small_find(t->own, ip, plen);
	return is_at(t->own, at, ip, plen) ? t->own->prefix[at].value : 0;
}

uint32_t xtr_lpm4_count(const struct xtr_lpm4 *t)
{
	return t->own->big ? xtr_lpm4_big_count(t->own->big) : t->own->n;
}

size_t xtr_lpm4_memory(const struct xtr_lpm4 *t)
{
	const struct xtr_lpm4_own *own = t->own;

	return sizeof(*own) +
	       (own->big ? xtr_lpm4_big_memory(own->big)
			 : own->max * sizeof(*own->prefix) + xtr_lpm4_small_memory(t->word));
}

void xtr_lpm4_fini(struct xtr_lpm4 *t)
{
	if (t->own->big)
		xtr_lpm4_big_destroy(t->own->big);
	else
		xtr_lpm4_small_free(t->word);
	free(t->own->prefix);
	free(t->own);
	memset(t, 0, sizeof(*t));
}
