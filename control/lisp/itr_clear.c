/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * `clear map-cache`: a million entries take seconds, and packets do not wait for that. Between two
 * parts anything may come and go; what is kept is the prefix looked at last, not a pointer.
 */
#include "control/lisp/itr_internal.h"

void xtr_itr_clear(
    struct xtr_itr_clearing *c, struct xtr_itr *itr, const struct xtr_eid *within, int64_t iid)
{
	*c = (struct xtr_itr_clearing){.itr = itr, .iid = iid};
	if (within)
		c->within = *within;
}

/* In order of making; instances do not go while xtrd runs. */
static const struct instance *next_instance(const struct xtr_itr_clearing *c)
{
	if (c->iid >= 0)
		return c->begun ? NULL : itr_instance(c->itr, (uint32_t)c->iid, false);
	return c->begun ? itr_instance(c->itr, c->last.iid, false)->hh.next : c->itr->instances;
}

/* Goes on to a family of an instance: what all entries there are inside is to be looked at first.
 * False: there is none. */
static bool next_table(struct xtr_itr_clearing *c)
{
	const struct instance *inst;

	if (c->begun && !c->within.ip.af && c->last.ip.af == 4) {
		c->last = (struct xtr_eid){.iid = c->last.iid, .ip.af = 6};
	} else {
		inst = c->itr ? next_instance(c) : NULL;
		if (!inst)
			return false;
		c->last = c->within;
		c->last.iid = inst->iid;
		if (!c->within.ip.af)
			c->last.ip.af = 4;
	}
	c->begun = c->first = true;
	return true;
}

/* The next entry of this table; NULL: that was all. */
static struct xtr_mapping *next_entry(struct xtr_itr_clearing *c)
{
	const struct xtr_eid *last = &c->last;
	const struct xtr_trie *t =
	    &itr_instance(c->itr, last->iid, false)->mappings[last->ip.af == 6];
	struct xtr_mapping *m = c->first ? xtr_trie_get(t, &last->ip, last->plen) : NULL;

	c->first = false;
	if (!m)
		m = xtr_trie_next(t, &last->ip, last->plen);
	return m && xtr_bits_common(m->eid.ip.b, c->within.ip.b, c->within.plen) == c->within.plen
		   ? m
		   : NULL;
}

bool xtr_itr_clear_some(struct xtr_itr_clearing *c, unsigned max)
{
	while (max--) {
		struct xtr_mapping *m = c->begun ? next_entry(c) : NULL;

		if (!m && !next_table(c))
			return false;
		if (!m)
			continue;
		c->last = m->eid;
		if (m->source == XTR_FROM_MAP_REPLY) {
			itr_mapping_remove(m);
			c->cleared++;
		}
	}
	return true;
}
