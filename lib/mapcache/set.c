/* SPDX-License-Identifier: BSD-3-Clause */
#include "mapcache/set.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BUCKETS_FIRST 64u
#define NOBODY        UINT8_MAX /* XTR_SET_MEMBERS is the highest index and one */

/* A set with what it is found by. */
struct shared {
	struct shared *next; /* of its bucket */
	uint32_t hash, refs, index;
	unsigned n;
	struct xtr_set_member member[]; /* in order; weights without a common divisor */
};

struct xtr_sets {
	struct xtr_pool *pool;
	struct shared **by_index;
	uint32_t n_by_index;
	struct shared **buckets;
	uint32_t n_buckets, n; /* a power of two; sets */
};

static uint32_t mix(uint32_t x) /* the finalizer of MurmurHash3 */
{
	x = (x ^ x >> 16) * 0x85ebca6bu;
	x = (x ^ x >> 13) * 0xc2b2ae35u;
	return x ^ x >> 16;
}

uint32_t xtr_set_id(const void *name, size_t len)
{
	const uint8_t *b = name;
	uint32_t id = (uint32_t)len;

	while (len--)
		id = mix(id + *b++);
	return id;
}

/* --- what a set holds --- */

struct share {
	uint32_t weight, slots;
};

static uint32_t total_weight(const struct share *s, unsigned n)
{
	uint32_t sum = 0;

	for (unsigned i = 0; i < n; i++)
		sum += s[i].weight;
	return sum;
}

/* Gives `slots` more to those that are furthest below their part of all. By largest remainder, if
 * none has any yet. */
static void apportion(struct share *s, unsigned n, uint32_t slots)
{
	uint32_t total = total_weight(s, n), all = slots;
	int64_t most, lacks;
	unsigned best;

	for (unsigned i = 0; i < n; i++)
		all += s[i].slots;
	for (; slots; slots--) {
		most = INT64_MIN;
		best = 0;
		for (unsigned i = 0; i < n; i++) {
			lacks = (int64_t)all * s[i].weight - (int64_t)total * s[i].slots;
			if (s[i].weight && lacks > most) {
				most = lacks;
				best = i;
			}
		}
		s[best].slots++;
	}
}

/*
 * The members take slots that are nobody's, as many as their shares say, in turn: in a time of one
 * for all shares, each takes its slots at equal distances. A member's order of slots is its id's
 * alone (as in Maglev, section 3.4), so that few flows move where the list of members changes.
 */
static void take(
    uint8_t *owner, const struct xtr_set_member *m, const struct share *share, unsigned n)
{
	uint32_t taken[XTR_SET_MEMBERS] = {0}, at[XTR_SET_MEMBERS], next;

	for (unsigned i = 0; i < n; i++)
		at[i] = mix(m[i].id);
	for (;;) {
		next = n;
		for (unsigned i = 0; i < n; i++)
			if (taken[i] < share[i].slots &&
			    (next == n || (2 * taken[i] + 1) * share[next].slots <
					      (2 * taken[next] + 1) * share[i].slots))
				next = i;
		if (next == n)
			return;
		while (owner[at[next] % XTR_SET_SLOTS] != NOBODY)
			at[next] += mix(~m[next].id) | 1; /* odd: comes to each slot */
		owner[at[next] % XTR_SET_SLOTS] = (uint8_t)next;
		taken[next]++;
	}
}

static void fill(struct xtr_set *set, const struct xtr_set_member *m, unsigned n)
{
	struct share base[XTR_SET_MEMBERS], more[XTR_SET_MEMBERS];
	uint8_t owner[XTR_SET_SLOTS];
	uint32_t left = 0;
	bool none;

	for (unsigned i = 0; i < n; i++)
		base[i] = (struct share){m[i].weight, 0};
	apportion(base, n, XTR_SET_SLOTS);
	memset(owner, NOBODY, sizeof(owner));
	take(owner, m, base, n);

	for (unsigned i = 0; i < n; i++)
		more[i] = m[i].usable ? base[i] : (struct share){0, 0};
	none = !total_weight(more, n);
	for (unsigned i = 0; i < n; i++) {
		left += base[i].slots - more[i].slots;
		if (none && m[i].usable)
			more[i].weight = 1;
	}
	apportion(more, n, left);
	for (unsigned i = 0; i < n; i++)
		more[i].slots -= m[i].usable ? base[i].slots : 0;
	for (unsigned i = 0; i < XTR_SET_SLOTS; i++)
		if (!m[owner[i]].usable)
			owner[i] = NOBODY;
	take(owner, m, more, n);
	for (unsigned i = 0; i < XTR_SET_SLOTS; i++)
		set->hop[i] = m[owner[i]].hop;
}

/* --- the same for all that have the same members --- */

static int by_id(const void *a, const void *b)
{
	const struct xtr_set_member *p = a, *q = b;
	uint64_t x = (uint64_t)p->id << 32 | p->hop, y = (uint64_t)q->id << 32 | q->hop;

	if (x != y)
		return x < y ? -1 : 1;
	return p->weight != q->weight ? (p->weight < q->weight ? -1 : 1)
				      : (int)p->usable - (int)q->usable;
}

static uint32_t divisor(uint32_t a, uint32_t b)
{
	while (b) {
		uint32_t rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

/* Makes lists equal that lead to equal sets: without those that have no part. Returns how many
 * members are left. */
static unsigned normalize(struct xtr_set_member *m, unsigned n)
{
	bool weighted = false, usable = false;
	uint32_t common = 0;
	unsigned kept = 0;

	for (unsigned i = 0; i < n; i++) {
		weighted |= m[i].weight;
		usable |= m[i].weight && m[i].usable;
		common = divisor(common, m[i].weight);
	}
	for (unsigned i = 0; i < n; i++) {
		if (!weighted)
			m[i].weight = 1;
		else if (!m[i].weight && (usable || !m[i].usable))
			continue;
		else
			m[i].weight = (uint16_t)(m[i].weight / common);
		m[kept++] = m[i];
	}
	qsort(m, kept, sizeof(*m), by_id);
	return kept;
}

static struct shared *find(
    const struct xtr_sets *s, const struct xtr_set_member *m, unsigned n, uint32_t hash)
{
	struct shared *set = s->n_buckets ? s->buckets[hash & (s->n_buckets - 1)] : NULL;

	while (set && (set->hash != hash || set->n != n || memcmp(set->member, m, n * sizeof(*m))))
		set = set->next;
	return set;
}

/* More buckets where sets are many; without memory for them the lists get longer. */
static int grow_buckets(struct xtr_sets *s)
{
	uint32_t more = s->n_buckets ? s->n_buckets * 2 : BUCKETS_FIRST;
	struct shared **buckets, *set, *next;

	if (s->n < s->n_buckets)
		return 0;
	buckets = calloc(more, sizeof(*buckets));
	if (!buckets)
		return s->n_buckets ? 0 : -ENOMEM;
	for (uint32_t i = 0; i < s->n_buckets; i++)
		for (set = s->buckets[i]; set; set = next) {
			next = set->next;
			set->next = buckets[set->hash & (more - 1)];
			buckets[set->hash & (more - 1)] = set;
		}
	free(s->buckets);
	s->buckets = buckets;
	s->n_buckets = more;
	return 0;
}

static int grow_index(struct xtr_sets *s, uint32_t index)
{
	uint32_t more = s->n_by_index * 2 > index ? s->n_by_index * 2 : index + BUCKETS_FIRST;
	struct shared **p;

	if (index < s->n_by_index)
		return 0;
	p = reallocarray(s->by_index, more, sizeof(struct shared *));
	if (!p)
		return -ENOMEM;
	s->by_index = p;
	s->n_by_index = more;
	return 0;
}

static struct shared *make(
    struct xtr_sets *s, const struct xtr_set_member *m, unsigned n, uint32_t hash)
{
	uint32_t index = xtr_pool_get(s->pool);
	struct shared *set = malloc(sizeof(*set) + n * sizeof(*m)), **bucket;

	if (!index || !set || grow_buckets(s) < 0 || grow_index(s, index) < 0) {
		xtr_pool_put(s->pool, index);
		free(set);
		return NULL;
	}
	bucket = &s->buckets[hash & (s->n_buckets - 1)];
	*set = (struct shared){.next = *bucket, .hash = hash, .index = index, .n = n};
	memcpy(set->member, m, n * sizeof(*m));
	fill(xtr_pool_at(s->pool, index), m, n);
	*bucket = set;
	s->by_index[index] = set;
	s->n++;
	return set;
}

struct xtr_sets *xtr_sets_create(struct xtr_pool *pool)
{
	struct xtr_sets *s = calloc(1, sizeof(*s));

	if (s)
		s->pool = pool;
	return s;
}

void xtr_sets_destroy(struct xtr_sets *s)
{
	struct shared *set;

	if (!s)
		return;
	for (uint32_t i = 0; i < s->n_buckets; i++)
		while ((set = s->buckets[i]) != NULL) {
			s->buckets[i] = set->next;
			free(set);
		}
	free(s->buckets);
	free(s->by_index);
	free(s);
}

/* The only member that flows can take, or NULL: there are several. */
static const struct xtr_set_member *only(const struct xtr_set_member *m, unsigned n)
{
	const struct xtr_set_member *one = NULL;

	for (unsigned i = 0; i < n; i++)
		if (m[i].usable) {
			if (one && one->hop != m[i].hop)
				return NULL;
			one = &m[i];
		}
	return one;
}

int xtr_sets_choose(
    struct xtr_sets *s, struct xtr_set_member *list, unsigned n, struct xtr_fwd *fwd)
{
	const struct xtr_set_member *one;
	struct shared *set;
	uint32_t hash;

	n = normalize(list, n);
	one = only(list, n);
	if (one) {
		fwd->set_log2 = 0;
		fwd->target = one->hop;
		return 0;
	}
	hash = xtr_set_id(list, n * sizeof(*list));
	set = find(s, list, n, hash);
	if (!set)
		set = make(s, list, n, hash);
	if (!set)
		return -ENOMEM;
	set->refs++;
	fwd->set_log2 = XTR_SET_LOG2;
	fwd->target = set->index;
	return 0;
}

void xtr_sets_release(struct xtr_sets *s, const struct xtr_fwd *fwd)
{
	struct shared *set = fwd->set_log2 ? s->by_index[fwd->target] : NULL, **link;

	if (!set || --set->refs)
		return;
	link = &s->buckets[set->hash & (s->n_buckets - 1)];
	while (*link != set)
		link = &(*link)->next;
	*link = set->next;
	s->by_index[set->index] = NULL;
	s->n--;
	xtr_pool_put(s->pool, set->index);
	free(set);
}

const struct xtr_set_member *xtr_sets_members(
    const struct xtr_sets *s, const struct xtr_fwd *fwd, unsigned *n)
{
	const struct shared *set = s->by_index[fwd->target];

	*n = set->n;
	return set->member;
}
