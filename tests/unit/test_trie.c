/* SPDX-License-Identifier: BSD-3-Clause */
/* The trie of prefixes, every function against an array that is searched from end to end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "fail_alloc.h"
#include "util/trie.h"

#define MAX 600

struct item {
	struct xtr_eid eid;
	unsigned number; /* tells two values of one prefix apart */
};

struct model {
	struct xtr_trie trie;
	struct item *items[MAX];
	unsigned n;
};

static struct item *model_find(const struct model *m, const struct xtr_eid *eid, unsigned *at)
{
	for (unsigned i = 0; i < m->n; i++)
		if (xtr_eid_equal(&m->items[i]->eid, eid)) {
			if (at)
				*at = i;
			return m->items[i];
		}
	return NULL;
}

static struct item *model_longest(const struct model *m, const struct xtr_eid *eid, int max)
{
	struct item *best = NULL;

	for (unsigned i = 0; i < m->n; i++)
		if ((int)m->items[i]->eid.plen <= max && xtr_eid_covers(&m->items[i]->eid, eid) &&
		    (!best || m->items[i]->eid.plen > best->eid.plen))
			best = m->items[i];
	return best;
}

static int by_order(const void *a, const void *b)
{
	const struct item *x = *(struct item *const *)a, *y = *(struct item *const *)b;
	int c = xtr_ip_cmp(&x->eid.ip, &y->eid.ip);

	return c ? c : (int)x->eid.plen - (int)y->eid.plen;
}

/* The first that is after e, there or not. */
static struct item *model_next(const struct model *m, const struct xtr_eid *e)
{
	struct item key = {.eid = *e}, *k = &key, *best = NULL;

	for (unsigned i = 0; i < m->n; i++)
		if (by_order(&m->items[i], &k) > 0 && (!best || by_order(&m->items[i], &best) < 0))
			best = m->items[i];
	return best;
}

/* Few distinct bits, so that prefixes nest, meet and fork at all lengths. */
static struct xtr_eid random_eid(unsigned af)
{
	struct xtr_eid e = {.ip.af = (uint8_t)af};
	unsigned bits = af == 4 ? 32 : 128;
	static const uint8_t bytes[] = {0x00, 0xff, 0x80, 0x01, 0x0a, 0x0b};

	switch (rand() % 4) {
	case 0: /* anywhere */
		for (unsigned i = 0; i < bits / 8; i++)
			e.ip.b[i] = (uint8_t)rand();
		break;
	case 1: /* one bit astray */
		e.ip.b[0] = 10;
		e.ip.b[(unsigned)rand() % (bits / 8)] ^= (uint8_t)(1 << rand() % 8);
		break;
	default:
		for (unsigned i = 0; i < bits / 8; i++)
			e.ip.b[i] = i < 3 ? bytes[rand() % 6] : bytes[rand() % 2];
	}
	e.plen = (uint8_t)((unsigned)rand() % (bits + 1));
	if (rand() % 4 == 0)
		e.plen = (uint8_t)(rand() % 12);
	xtr_ip_mask(&e.ip, e.plen);
	return e;
}

struct seen {
	struct item *items[MAX];
	unsigned n, stop_at;
	struct model *deletes; /* NULL: none */
	unsigned deleted;
};

static int on_item(void *value, void *arg)
{
	struct seen *s = arg;
	struct item *item = value;

	assert_true(s->n < MAX);
	s->items[s->n++] = item;
	if (s->n == s->stop_at)
		return 77;
	if (s->deletes && rand() % 2) {
		unsigned at = 0;

		assert_ptr_equal(
		    xtr_trie_del(&s->deletes->trie, &item->eid.ip, item->eid.plen), item);
		assert_ptr_equal(model_find(s->deletes, &item->eid, &at), item);
		s->deletes->items[at] = s->deletes->items[--s->deletes->n];
		s->deleted++;
	}
	return 0;
}

static void check_walk(struct model *m, const struct xtr_eid *in, bool delete)
{
	struct item *want[MAX];
	struct seen s = {.deletes = delete ? m : NULL};
	unsigned n = 0;

	for (unsigned i = 0; i < m->n; i++)
		if (xtr_eid_covers(in, &m->items[i]->eid))
			want[n++] = m->items[i];
	qsort(want, n, sizeof(want[0]), by_order);
	assert_int_equal(xtr_trie_any_within(&m->trie, &in->ip, in->plen), n > 0);
	assert_int_equal(xtr_trie_walk(&m->trie, &in->ip, in->plen, on_item, &s), 0);
	assert_int_equal(s.n, n);
	for (unsigned i = 0; i < n; i++)
		assert_ptr_equal(s.items[i], want[i]);
	assert_int_equal(m->trie.count, m->n);
	for (unsigned i = 0; !delete &&i < n; i++) {
		const struct xtr_eid *e = &want[i]->eid;
		struct item *next = xtr_trie_next(&m->trie, &e->ip, e->plen);

		if (i + 1 < n)
			assert_ptr_equal(next, want[i + 1]);
		else if (next) /* outside */
			assert_false(xtr_eid_covers(in, &next->eid));
	}
	if (delete) {
		/* what was deleted and what stayed are still told apart */
		for (unsigned i = 0; i < n; i++)
			assert_ptr_equal(
			    xtr_trie_get(&m->trie, &want[i]->eid.ip, want[i]->eid.plen),
			    model_find(m, &want[i]->eid, NULL));
		for (unsigned i = 0; i < s.n; i++)
			if (!model_find(m, &s.items[i]->eid, NULL))
				free(s.items[i]);
	} else if (n > 1) {
		s = (struct seen){.stop_at = 1 + (unsigned)rand() % n};
		assert_int_equal(xtr_trie_walk(&m->trie, &in->ip, in->plen, on_item, &s), 77);
		assert_int_equal(s.n, s.stop_at);
	}
}

static void check_queries(const struct model *m, const struct xtr_eid *e)
{
	assert_ptr_equal(xtr_trie_get(&m->trie, &e->ip, e->plen), model_find(m, e, NULL));
	assert_ptr_equal(xtr_trie_longest(&m->trie, &e->ip, e->plen), model_longest(m, e, e->plen));
	assert_ptr_equal(
	    xtr_trie_parent(&m->trie, &e->ip, e->plen), model_longest(m, e, (int)e->plen - 1));
	assert_ptr_equal(xtr_trie_next(&m->trie, &e->ip, e->plen), model_next(m, e));
}

static struct item *item_new(const struct xtr_eid *e)
{
	static unsigned number;
	struct item *item = malloc(sizeof(*item));

	item->eid = *e;
	item->number = number++;
	return item;
}

static void set(struct model *m, const struct xtr_eid *e)
{
	struct item *item = item_new(e), *had;
	void *old = &old;
	unsigned at = 0;

	had = model_find(m, e, &at);
	assert_int_equal(
	    xtr_trie_set(&m->trie, &e->ip, e->plen, item, rand() % 4 ? &old : NULL), 0);
	if (old != (void *)&old)
		assert_ptr_equal(old, had);
	if (had) {
		m->items[at] = item;
		free(had);
	} else {
		m->items[m->n++] = item;
	}
}

static void del(struct model *m, const struct xtr_eid *e)
{
	unsigned at = 0;
	struct item *had = model_find(m, e, &at);

	assert_ptr_equal(xtr_trie_del(&m->trie, &e->ip, e->plen), had);
	if (had) {
		m->items[at] = m->items[--m->n];
		free(had);
	}
}

static void finish(struct model *m)
{
	for (unsigned i = 0; i < m->n; i++)
		free(m->items[i]);
	xtr_trie_clear(&m->trie);
	assert_null(m->trie.root);
	assert_int_equal(m->trie.count, 0);
}

static void random_ops(unsigned af, unsigned seed)
{
	struct model m = {0};
	unsigned limit = 20;

	srand(seed);
	for (unsigned op = 0; op < 40000; op++) {
		struct xtr_eid e = random_eid(af);

		/* the size swings, so that the trie is also almost empty at times */
		if (op % 2000 == 0)
			limit = op / 2000 % 2 ? 20 : MAX - 1;
		if (m.n && rand() % 2)
			e = m.items[(unsigned)rand() % m.n]->eid;
		if (m.n < limit && rand() % 3)
			set(&m, &e);
		else
			del(&m, &e);
		e = random_eid(af);
		if (op % 4 == 0)
			check_queries(&m, &e);
		if (op % 64 == 0)
			check_walk(&m, &e, false);
		if (op % 1000 == 999) {
			static const struct xtr_eid any;
			struct xtr_eid all = any;

			all.ip.af = (uint8_t)af;
			check_walk(&m, &all, false);
			check_walk(&m, &e, true);
			if (op % 4000 == 3999)
				check_walk(&m, &all, true);
		}
	}
	finish(&m);
}

static void random_ipv4(void **state)
{
	random_ops(4, 4);
}

static void random_ipv6(void **state)
{
	random_ops(6, 6);
}

static struct xtr_eid prefix(const char *text)
{
	struct xtr_eid e;

	assert_int_equal(xtr_eid_parse(text, &e), 0);
	return e;
}

static void by_hand(void **state)
{
	static const char *const texts[] = {"0.0.0.0/0", "10.0.0.0/8", "10.1.0.0/16", "10.1.1.0/24",
	    "10.1.1.128/25", "10.1.1.1/32", "255.255.255.255/32"};
	struct xtr_trie t = {0};
	struct xtr_eid e[7], x;

	for (unsigned i = 0; i < 7; i++) {
		e[i] = prefix(texts[i]);
		assert_int_equal(xtr_trie_set(&t, &e[i].ip, e[i].plen, &e[i], NULL), 0);
	}
	assert_int_equal(t.count, 7);
	x = prefix("10.1.1.129");
	assert_ptr_equal(xtr_trie_longest(&t, &x.ip, 32), &e[4]);
	assert_ptr_equal(xtr_trie_longest(&t, &x.ip, 24), &e[3]);
	assert_ptr_equal(xtr_trie_parent(&t, &e[5].ip, 32), &e[3]);
	assert_ptr_equal(xtr_trie_parent(&t, &e[1].ip, 8), &e[0]);
	assert_null(xtr_trie_parent(&t, &e[0].ip, 0));
	x = prefix("10.2.0.0/16");
	assert_false(xtr_trie_any_within(&t, &x.ip, 16));
	x = prefix("10.1.1.0/30");
	assert_true(xtr_trie_any_within(&t, &x.ip, 30));
	assert_null(xtr_trie_del(&t, &x.ip, 30));
	assert_ptr_equal(xtr_trie_del(&t, &e[0].ip, 0), &e[0]);
	x = prefix("11.0.0.0/8");
	assert_null(xtr_trie_longest(&t, &x.ip, 8));
	xtr_trie_clear(&t);
}

/* Memory runs out at each allocation in turn: nothing changes. */
static void no_memory(void **state)
{
	struct model m = {0};
	unsigned failed_leaf = 0, failed_fork = 0;

	srand(11);
	for (unsigned op = 0; op < 4000; op++) {
		struct xtr_eid e = random_eid(op % 2 ? 4 : 6);
		struct model *one = &m;
		struct item *item;
		int rc, left = rand() % 2;
		void *old;

		e.ip.af = 4; /* one trie: the first bytes are a key like any */
		if (e.plen > 32)
			e.plen = 32;
		memset(e.ip.b + 4, 0, 12);
		xtr_ip_mask(&e.ip, e.plen);
		item = item_new(&e);
		allocs_left = left;
		rc = xtr_trie_set(&one->trie, &e.ip, e.plen, item, &old);
		allocs_left = -1;
		if (rc) {
			assert_int_equal(rc, -ENOMEM);
			assert_null(model_find(one, &e, NULL));
			failed_leaf += !left;
			failed_fork += left;
			free(item);
		} else if (old) {
			unsigned at = 0;

			assert_ptr_equal(model_find(one, &e, &at), old);
			one->items[at] = item;
			free(old);
		} else {
			one->items[one->n++] = item;
		}
		assert_int_equal(one->trie.count, one->n);
		if (op % 16 == 0)
			check_walk(one, &(struct xtr_eid){.ip.af = 4}, false);
		if (one->n > MAX / 2)
			del(one, &one->items[(unsigned)rand() % one->n]->eid);
	}
	assert_true(failed_leaf > 100);
	assert_true(failed_fork > 20);
	finish(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(by_hand),
	    cmocka_unit_test(random_ipv4),
	    cmocka_unit_test(random_ipv6),
	    cmocka_unit_test(no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
