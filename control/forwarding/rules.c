/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/forwarding/rules.h"

#include <stddef.h>
#include <stdlib.h>
#include "control/lisp/hash.h"

struct shared {
	struct xtr_hnode by_list, by_index;
	uint32_t index; /* of the rule that the others hang behind */
	unsigned refs, n;
	struct xtr_rule_rloc rloc[];
};

struct xtr_rules {
	struct xtr_pool *pool;
	struct xtr_hash by_list, by_index;
};

struct xtr_rule_rloc xtr_rule_rloc(const struct xtr_ip *ip, unsigned plen)
{
	struct xtr_rule_rloc r = {.af = ip->af, .plen = (uint8_t)plen};

	memcpy(r.ip, ip->b, sizeof(r.ip));
	return r;
}

struct xtr_rules *xtr_rules_create(struct xtr_pool *pool)
{
	struct xtr_rules *rules = calloc(1, sizeof(*rules));

	if (!rules)
		return NULL;
	rules->pool = pool;
	if (xtr_hash_init(&rules->by_list) == 0 && xtr_hash_init(&rules->by_index) == 0)
		return rules;
	xtr_rules_destroy(rules);
	return NULL;
}

static void free_shared(struct xtr_hnode *node, void *arg)
{
	free((char *)node - offsetof(struct shared, by_list));
}

void xtr_rules_destroy(struct xtr_rules *rules)
{
	if (!rules)
		return;
	xtr_hash_each(&rules->by_list, free_shared, NULL);
	xtr_hash_free(&rules->by_list);
	xtr_hash_free(&rules->by_index);
	free(rules);
}

static int compare(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct xtr_rule_rloc));
}

/* In order, each once. Returns how many are left. */
static unsigned normalize(struct xtr_rule_rloc *list, unsigned n)
{
	unsigned kept = 0;

	qsort(list, n, sizeof(*list), compare);
	for (unsigned i = 0; i < n; i++)
		if (!kept || compare(&list[kept - 1], &list[i]))
			list[kept++] = list[i];
	return kept;
}

static struct shared *find(
    const struct xtr_rules *rules, const struct xtr_rule_rloc *list, unsigned n, uint32_t hash)
{
	struct xtr_hnode *node = xtr_hash_chain(&rules->by_list, hash);

	for (; node; node = node->next) {
		struct shared *s =
		    (struct shared *)((char *)node - offsetof(struct shared, by_list));

		if (node->hash == hash && s->n == n && !memcmp(s->rloc, list, n * sizeof(*list)))
			return s;
	}
	return NULL;
}

static struct xtr_rloc_rule *at(const struct xtr_rules *rules, uint32_t index)
{
	return xtr_pool_at(rules->pool, index);
}

/* Readers may still follow what hangs behind: that is not touched. */
static void put_chain(struct xtr_rules *rules, uint32_t index)
{
	while (index) {
		uint32_t next = at(rules, index)->next;

		xtr_pool_put(rules->pool, index);
		index = next;
	}
}

/* Rules with these RLOCs, the last of them first, each with the one before it behind it. 0: memory
 * is short. */
static uint32_t make_chain(struct xtr_rules *rules, const struct xtr_rule_rloc *list, unsigned n)
{
	uint32_t first = 0, index;

	for (unsigned done = 0, part; done < n; done += part) {
		index = xtr_pool_get(rules->pool);
		if (!index) {
			put_chain(rules, first);
			return 0;
		}
		part = RTE_MIN(n - done, (unsigned)XTR_RULE_RLOCS);
		at(rules, index)->n = part;
		at(rules, index)->next = first;
		memcpy(at(rules, index)->rloc, list + done, part * sizeof(*list));
		first = index;
	}
	return first;
}

static uint32_t hash_index(uint32_t index)
{
	return xtr_hash_bytes(0, &index, sizeof(index));
}

uint32_t xtr_rules_get(struct xtr_rules *rules, struct xtr_rule_rloc *list, unsigned n)
{
	struct shared *s;
	uint32_t hash;

	n = normalize(list, n);
	hash = xtr_hash_bytes(0, list, n * sizeof(*list));
	s = find(rules, list, n, hash);
	if (s) {
		s->refs++;
		return s->index;
	}
	s = calloc(1, sizeof(*s) + n * sizeof(*list));
	if (!s)
		return 0;
	s->index = make_chain(rules, list, n);
	if (!s->index) {
		free(s);
		return 0;
	}
	s->refs = 1;
	s->n = n;
	memcpy(s->rloc, list, n * sizeof(*list));
	xtr_hash_add(&rules->by_list, &s->by_list, hash);
	xtr_hash_add(&rules->by_index, &s->by_index, hash_index(s->index));
	return s->index;
}

void xtr_rules_put(struct xtr_rules *rules, uint32_t rule)
{
	struct xtr_hnode *node = rule ? xtr_hash_chain(&rules->by_index, hash_index(rule)) : NULL;
	struct shared *s;

	for (; node; node = node->next) {
		s = (struct shared *)((char *)node - offsetof(struct shared, by_index));
		if (s->index != rule)
			continue;
		if (--s->refs)
			return;
		xtr_hash_del(&rules->by_list, &s->by_list);
		xtr_hash_del(&rules->by_index, &s->by_index);
		put_chain(rules, rule);
		free(s);
		return;
	}
}
