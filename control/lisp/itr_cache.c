/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The map-cache: entries come, expire, go (RFC 9300 section 6).
 */
#include "control/lisp/itr_internal.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include "util/log.h"
#include "util/small.h"

/* A limit of 0 is none. */
static unsigned limit_of(unsigned limit)
{
	return limit ? limit : UINT_MAX;
}

/* What holds for what is learned in the instance. */
static void configure(const struct xtr_itr *itr, struct instance *inst)
{
	const struct xtr_config *cfg = itr->l->cfg;
	unsigned limit = limit_of(cfg->lisp.instance_map_cache_limit);

	inst->count = cfg->lisp.map_cache_counters;
	for (unsigned i = 0; i < cfg->n_instances; i++)
		if (cfg->instances[i].iid == inst->iid) {
			inst->count = cfg->instances[i].map_cache_counters;
			limit = limit_of(cfg->instances[i].map_cache_limit);
		}
	inst->limit = limit < itr->limit ? limit : itr->limit;
}

struct instance *itr_instance(struct xtr_itr *itr, uint32_t iid, bool make)
{
	struct instance *inst;

	HASH_FIND(hh, itr->instances, &iid, sizeof(iid), inst);
	if (inst || !make)
		return inst;
	if (itr_share_room(itr) < 0)
		return NULL;
	inst = xtr_small_alloc(sizeof(*inst));
	if (!inst)
		return NULL;
	inst->iid = iid;
	configure(itr, inst);
	for (unsigned i = 0; i < ITR_LISTS; i++)
		TAILQ_INIT(&inst->list[i]);
	itr_share_join(itr, inst);
	HASH_ADD(hh, itr->instances, iid, sizeof(inst->iid), inst);
	return inst;
}

static struct xtr_trie *trie_of(struct xtr_itr *itr, const struct xtr_eid *eid)
{
	struct instance *inst = itr_instance(itr, eid->iid, false);

	return inst ? &inst->mappings[eid->ip.af == 6] : NULL;
}

/* Learned is what limits count. */
static void set_learned(struct instance *inst, struct xtr_mapping *m, bool learned)
{
	if (learned == (m->list != ITR_NOWHERE))
		return;
	if (learned)
		itr_limit_add(inst, m);
	else
		itr_limit_del(inst, m);
}

static void free_mapping(struct xtr_mapping *m)
{
	xtr_timer_cancel(m->itr->l->wheel, &m->timer);
	xtr_small_free(m->locators);
	xtr_small_free(m);
}

static void drop(struct xtr_mapping *m)
{
	struct xtr_itr *itr = m->itr;
	struct instance *inst = itr_instance(itr, m->eid.iid, false);

	set_learned(inst, m, false);
	xtr_trie_del(&inst->mappings[m->eid.ip.af == 6], &m->eid.ip, m->eid.plen);
	itr->n_mappings--;
	itr->ops.remove(itr->ops.arg, m);
	free_mapping(m);
}

static void expired(struct xtr_timer *t);

/* Takes locators. */
static void fill(const struct instance *inst, struct xtr_mapping *m, enum xtr_mapping_source source,
    uint8_t action, struct xtr_mapping_locator *locators, unsigned n, uint32_t ttl_min,
    uint64_t ttl_ms)
{
	struct xtr_wheel *wheel = m->itr->l->wheel;

	xtr_small_free(m->locators);
	m->source = (uint8_t)source;
	m->action = action;
	m->locators = locators;
	m->n_locators = (uint8_t)n;
	m->count = m->count_configured || (source == XTR_FROM_MAP_REPLY && inst->count);
	m->ttl_min = ttl_min;
	if (ttl_ms)
		xtr_timer_arm(wheel, &m->timer, ttl_ms, expired);
	else
		xtr_timer_cancel(wheel, &m->timer);
	m->itr->ops.install(m->itr->ops.arg, m);
}

void itr_mapping_remove(struct xtr_mapping *m)
{
	struct instance *inst = itr_instance(m->itr, m->eid.iid, false);

	if (!m->over_configured) {
		drop(m);
		return;
	}
	m->over_configured = false;
	m->created_ms = xtr_wheel_now(m->itr->l->wheel);
	set_learned(inst, m, false);
	fill(inst, m, XTR_FROM_STATIC, XTR_ACT_SEND_MAP_REQUEST, NULL, 0, m->configured_ttl_min, 0);
}

static void expired(struct xtr_timer *t)
{
	struct xtr_mapping *m =
	    (struct xtr_mapping *)((char *)t - offsetof(struct xtr_mapping, timer));
	char eid[XTR_EID_STRLEN];

	m->itr->l->counters[XTR_C_ITR_EXPIRED]++;
	xtr_dbg(XTR_DBG_MAP_CACHE, "map-cache: %s expired", xtr_eid_format(&m->eid, eid));
	itr_mapping_remove(m);
}

/* A mapping of nobody yet, in its place. NULL if memory is short. */
static struct xtr_mapping *add_mapping(
    struct xtr_itr *itr, struct instance *inst, const struct xtr_eid *eid)
{
	struct xtr_mapping *m = xtr_small_alloc(sizeof(*m));

	if (!m)
		return NULL;
	m->eid = *eid;
	m->itr = itr;
	m->list = ITR_NOWHERE;
	m->created_ms = xtr_wheel_now(itr->l->wheel);
	if (xtr_trie_set(&inst->mappings[eid->ip.af == 6], &eid->ip, eid->plen, m, NULL) < 0) {
		xtr_small_free(m);
		return NULL;
	}
	itr->n_mappings++;
	return m;
}

struct xtr_mapping *itr_mapping_set(struct xtr_itr *itr, const struct xtr_eid *eid,
    enum xtr_mapping_source source, uint8_t action, const struct xtr_mapping_locator *locators,
    unsigned n, uint32_t ttl_min, uint64_t ttl_ms)
{
	struct xtr_mapping_locator *own = n ? xtr_small_alloc(n * sizeof(*own)) : NULL;
	struct instance *inst = itr_instance(itr, eid->iid, true);
	bool learned = source == XTR_FROM_MAP_REPLY, found;
	struct xtr_mapping *m, *victim = NULL;

	if (!inst || (n && !own))
		goto fail;
	if (n)
		memcpy(own, locators, n * sizeof(*own));
	m = xtr_trie_get(&inst->mappings[eid->ip.af == 6], &eid->ip, eid->plen);
	found = m;
	if (learned && (!m || m->list == ITR_NOWHERE))
		victim = itr_limit_room(itr, inst);
	if (!found)
		m = add_mapping(itr, inst, eid);
	if (!m)
		goto fail;
	if (learned && found && itr_is_configured_miss(m)) {
		m->over_configured = true;
		m->configured_ttl_min = m->ttl_min;
		m->created_ms = xtr_wheel_now(itr->l->wheel);
	}
	if (!learned) {
		m->by_default = source == XTR_FROM_DEFAULT;
		m->count_configured = source == XTR_FROM_COUNTED;
		source = XTR_FROM_STATIC;
	}
	fill(inst, m, source, action, own, n, ttl_min, ttl_ms);
	itr_limit_evict(itr, victim);
	set_learned(inst, m, learned);
	return m;
fail:
	xtr_small_free(own);
	return NULL;
}

struct xtr_mapping *xtr_itr_lookup(const struct xtr_itr *itr, const struct xtr_eid *eid)
{
	const struct xtr_trie *t = trie_of((struct xtr_itr *)(uintptr_t)itr, eid);

	return t ? xtr_trie_longest(t, &eid->ip, eid->plen) : NULL;
}

/* What is configured stands, or comes back after what was learned. */
static bool serves(const struct xtr_mapping *m)
{
	bool configured = (m->source == XTR_FROM_STATIC || m->over_configured) && !m->by_default;

	return configured &&
	       (m->over_configured || m->n_locators || m->action == XTR_ACT_SEND_MAP_REQUEST);
}

bool xtr_itr_serves(const struct xtr_itr *itr, const struct xtr_eid *eid)
{
	const struct xtr_trie *t = trie_of((struct xtr_itr *)(uintptr_t)itr, eid);
	const struct xtr_mapping *m = t ? xtr_trie_longest(t, &eid->ip, eid->plen) : NULL;

	while (m && !serves(m))
		m = xtr_trie_parent(t, &m->eid.ip, m->eid.plen);
	return m;
}

struct xtr_mapping *itr_answer(const struct xtr_itr *itr, const struct xtr_eid *eid)
{
	struct xtr_mapping *m = xtr_itr_lookup(itr, eid);

	return m && (m->n_locators || m->action != XTR_ACT_SEND_MAP_REQUEST) ? m : NULL;
}

int xtr_itr_walk(struct xtr_itr *itr, int (*fn)(void *mapping, void *arg), void *arg)
{
	static const struct xtr_ip any;
	struct instance *inst, *tmp;
	int rc = 0;

	HASH_ITER (hh, itr->instances, inst, tmp)
		for (unsigned f = 0; f < 2 && !rc; f++)
			rc = xtr_trie_walk(&inst->mappings[f], &any, 0, fn, arg);
	return rc;
}

static int add_configured(struct xtr_itr *itr, const struct xtr_cfg_mapping *c)
{
	struct xtr_mapping_locator locators[UINT8_MAX];

	for (unsigned i = 0; i < c->n_locators; i++)
		locators[i] = (struct xtr_mapping_locator){
		    c->locators[i].rloc, c->locators[i].priority, c->locators[i].weight, true};
	return itr_mapping_set(itr, &c->eid, c->counters ? XTR_FROM_COUNTED : XTR_FROM_STATIC,
		   c->action, locators, c->n_locators, c->ttl_min, 0)
		   ? 0
		   : -1;
}

struct xtr_itr *xtr_itr_create(
    struct xtr_lisp *l, const struct xtr_itr_ops *ops, const uint32_t *iids, unsigned n_iids)
{
	struct xtr_itr *itr = calloc(1, sizeof(*itr));

	if (!itr)
		return NULL;
	itr->l = l;
	itr->ops = *ops;
	itr->limit = limit_of(l->cfg->lisp.map_cache_limit);
	for (unsigned i = 0; l->cfg->n_map_resolvers && i < n_iids; i++)
		for (unsigned f = 0; f < 2; f++) {
			struct xtr_eid any = {.iid = iids[i], .ip.af = f ? 6 : 4};

			if (!itr_mapping_set(itr, &any, XTR_FROM_DEFAULT, XTR_ACT_SEND_MAP_REQUEST,
				NULL, 0, 0, 0))
				goto fail;
		}
	for (unsigned i = 0; i < l->cfg->n_map_cache; i++)
		if (add_configured(itr, &l->cfg->map_cache[i]) < 0)
			goto fail;
	return itr;
fail:
	xtr_itr_destroy(itr);
	return NULL;
}

static int remove_any(void *value, void *arg)
{
	drop(value);
	return 0;
}

static int forget_any(void *value, void *arg)
{
	itr_pending_free(value);
	return 0;
}

void xtr_itr_destroy(struct xtr_itr *itr)
{
	static const struct xtr_ip any;
	struct instance *inst, *tmp;

	if (!itr)
		return;
	HASH_ITER (hh, itr->instances, inst, tmp) {
		for (unsigned f = 0; f < 2; f++) {
			xtr_trie_walk(&inst->pendings[f], &any, 0, forget_any, NULL);
			xtr_trie_walk(&inst->mappings[f], &any, 0, remove_any, NULL);
			xtr_trie_clear(&inst->pendings[f]);
			xtr_trie_clear(&inst->mappings[f]);
		}
	}
	/* only now: they know each other */
	HASH_ITER (hh, itr->instances, inst, tmp) {
		HASH_DEL(itr->instances, inst);
		xtr_small_free(inst);
	}
	itr_share_fini(itr);
	free(itr);
}
