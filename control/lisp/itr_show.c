/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `show map-cache`.
 */
#include "control/lisp/itr_internal.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

struct showing {
	struct xtr_itr *itr;
	json_t *list;
};

static json_t *age_s(const struct xtr_itr *itr, uint64_t since_ms)
{
	return json_integer(
	    (json_int_t)((xtr_wheel_now(itr->l->wheel) - since_ms) / XTR_MS_PER_SEC));
}

static json_t *show_locators(const struct xtr_mapping *m)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < m->n_locators; i++) {
		const struct xtr_mapping_locator *loc = &m->locators[i];
		char ip[XTR_IP_STRLEN];
		json_t *o = json_pack("{s:s, s:i, s:i, s:o}", "rloc", xtr_ip_format(&loc->rloc, ip),
		    "priority", loc->priority, "weight", loc->weight, "uptime_s",
		    age_s(m->itr, m->created_ms));

		m->itr->ops.describe(m->itr->ops.arg, m, i, o);
		json_array_append_new(list, o);
	}
	return list;
}

static int show_mapping(void *value, void *arg)
{
	const struct xtr_mapping *m = value;
	struct showing *s = arg;
	char eid[XTR_EID_STRLEN];
	uint64_t now = xtr_wheel_now(m->itr->l->wheel), expires = xtr_mapping_expires_ms(m),
		 count[2];
	bool counts = m->itr->ops.counts(m->itr->ops.arg, m, count);

	json_array_append_new(
	    s->list, json_pack("{s:I, s:s, s:s, s:s, s:s, s:o, s:o, s:I, s:o, s:o, s:o}",
			 "instance", (json_int_t)m->eid.iid, "eid", xtr_prefix_format(&m->eid, eid),
			 "state", m->n_locators ? "complete" : "negative", "action",
			 m->n_locators ? "encapsulate" : xtr_act_name(m->action), "source",
			 m->source == XTR_FROM_STATIC ? "static" : "map-reply", "uptime_s",
			 age_s(m->itr, m->created_ms), "expires_s",
			 expires ? json_integer((json_int_t)((expires - now) / XTR_MS_PER_SEC))
				 : json_null(),
			 "ttl_min", (json_int_t)m->ttl_min, "packets",
			 counts ? json_integer((json_int_t)count[0]) : json_null(), "bytes",
			 counts ? json_integer((json_int_t)count[1]) : json_null(), "locators",
			 show_locators(m)));
	return 0;
}

static int show_pending(void *value, void *arg)
{
	const struct xtr_pending *p = value;
	struct showing *s = arg;
	char eid[XTR_EID_STRLEN];

	if (p->state == XTR_DONE || itr_answer(p->itr, &p->eid))
		return 0;
	json_array_append_new(s->list,
	    json_pack("{s:I, s:s, s:s, s:s, s:s, s:o, s:n, s:i, s:n, s:n, s:[], s:I, s:b}",
		"instance", (json_int_t)p->eid.iid, "eid", xtr_prefix_format(&p->eid, eid), "state",
		"incomplete", "action", "send-map-request", "source", "data", "uptime_s",
		age_s(p->itr, p->started_ms), "expires_s", "ttl_min", 0, "packets", "bytes",
		"locators", "map_requests", (json_int_t)p->sent, "quiet", p->state == XTR_QUIET));
	return 0;
}

static void show_instance(struct showing *s, struct instance *inst, const struct xtr_eid *filter)
{
	static const struct xtr_ip any;

	for (unsigned f = 0; f < 2; f++) {
		const struct xtr_ip *ip = filter ? &filter->ip : &any;
		unsigned plen = filter ? filter->plen : 0;
		void *m;

		if (filter && (filter->ip.af == 6) != f)
			continue;
		/* an address, or a prefix inside a longer entry: the entry that decides for it
		 * comes first */
		m = filter ? xtr_trie_parent(&inst->mappings[f], ip, plen) : NULL;
		if (m && !xtr_trie_any_within(&inst->mappings[f], ip, plen))
			show_mapping(m, s);
		xtr_trie_walk(&inst->mappings[f], ip, plen, show_mapping, s);
		xtr_trie_walk(&inst->pendings[f], ip, plen, show_pending, s);
	}
}

json_t *xtr_itr_show(struct xtr_itr *itr, const struct xtr_eid *filter, int64_t iid)
{
	struct showing s = {itr, json_array()};
	struct instance *inst, *tmp;

	HASH_ITER (hh, itr->instances, inst, tmp)
		if (iid < 0 || inst->iid == iid)
			show_instance(&s, inst, filter);
	return json_pack("{s:o}", "entries", s.list);
}

/* --- summary --- */

struct summary {
	struct xtr_itr *itr;
	bool begun;
	uint32_t last; /* the instance shown last; instances do not go while xtrd runs */
};

/* A limit, or null: there is none. */
static json_t *show_limit(unsigned limit)
{
	return limit == UINT_MAX ? json_null() : json_integer(limit);
}

static json_t *numbers(
    unsigned entries, unsigned learned, unsigned limit, uint64_t evicted, unsigned resolving)
{
	return json_pack("{s:I, s:I, s:I, s:o, s:I, s:I}", "entries", (json_int_t)entries, "static",
	    (json_int_t)(entries - learned), "dynamic", (json_int_t)learned, "limit",
	    show_limit(limit), "evicted", (json_int_t)evicted, "resolving", (json_int_t)resolving);
}

static struct instance *after(const struct summary *s)
{
	if (!s->itr)
		return NULL;
	return s->begun ? itr_instance(s->itr, s->last, false)->hh.next : s->itr->instances;
}

static int next_instance(void *state, json_t **item)
{
	struct summary *s = state;
	const struct instance *inst = after(s);

	if (!inst)
		return 0;
	s->begun = true;
	s->last = inst->iid;
	*item = numbers(inst->mappings[0].count + inst->mappings[1].count, inst->held[ITR_LEARNED],
	    inst->limit, inst->evicted, inst->unanswered);
	json_object_set_new(*item, "instance", json_integer(inst->iid));
	return 1;
}

static json_t *show_total(void *state)
{
	static const struct xtr_itr none;
	const struct summary *s = state;
	const struct xtr_itr *itr = s->itr ? s->itr : &none;

	return json_pack("{s:o}", "total",
	    numbers(itr->n_mappings, itr->total[ITR_LEARNED], itr->limit, itr->evicted,
		HASH_COUNT(itr->by_nonce)));
}

int xtr_itr_show_summary(struct xtr_itr *itr, struct xtr_oper_stream *stream)
{
	struct summary *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->itr = itr;
	*stream = (struct xtr_oper_stream){.key = "instances",
	    .next = next_instance,
	    .rest = show_total,
	    .free = free,
	    .state = s};
	return 0;
}
