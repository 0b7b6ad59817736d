/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Map-Replies: checked against what was asked, then into the map-cache (RFC 9301
 * sections 5.4, 5.5).
 */
#include "control/itr_internal.h"

#include <stdlib.h>
#include "util/log.h"

#define DEFAULT_TTL_MIN 1440u /* where the sender leaves it to us, RFC 9301 5.4 */
#define MS_PER_MIN      60000ull

/* One log line about a Map-Reply that is not believed. */
static void refuse(
    struct xtr_itr *itr, const struct xtr_peer *from, const struct xtr_eid *eid, const char *why)
{
	char text[XTR_EID_STRLEN], ip[XTR_IP_STRLEN];

	itr->l->counters[XTR_C_ITR_REPLY_REFUSED]++;
	xtr_log(XTR_LOG_WARNING, "map-cache: Map-Reply for %s from %s refused: %s",
	    xtr_eid_format(eid, text), xtr_ip_format(&from->ip, ip), why);
}

/* NULL, or why a record is not believed. `covering` is the record that answers what was asked. */
static const char *check_record(const struct xtr_itr *itr, const struct xtr_pending *p,
    const struct xtr_record *rec, const struct xtr_record *covering)
{
	unsigned shortest = rec->eid.ip.af == 6 ? itr->l->cfg->lisp.min_reply_plen6
						: itr->l->cfg->lisp.min_reply_plen4;

	if (rec->eid_none || rec->eid.iid != p->eid.iid || rec->eid.ip.af != p->eid.ip.af)
		return "a record of another family or instance (RFC 9301 5.5)";
	if (!xtr_eid_covers(&covering->eid, &rec->eid))
		return "a record outside the prefix that covers what was asked (RFC 9301 5.5)";
	if (!rec->n_locators)
		return NULL;
	if (rec->eid.plen < shortest)
		return "its prefix is shorter than min-reply-prefix allows";
	if (itr->ops.own(itr->ops.arg, &rec->eid))
		return "it overlaps the own EID database";
	return NULL;
}

/* The longest record that covers what was asked: true and *best. */
static bool find_covering(
    const struct xtr_pending *p, const struct xtr_msg *m, struct xtr_record *best)
{
	const uint8_t *cursor = NULL;
	struct xtr_record rec;
	bool found = false;

	while (xtr_record_next(m, &cursor, &rec)) {
		if (rec.eid_none || !xtr_eid_covers(&rec.eid, &p->eid))
			continue;
		if (!found || rec.eid.plen > best->eid.plen)
			*best = rec;
		found = true;
	}
	return found;
}

static struct xtr_mapping_locator *read_locators(const struct xtr_record *rec, unsigned *n)
{
	struct xtr_mapping_locator *list =
	    calloc(rec->n_locators ? rec->n_locators : 1u, sizeof(*list));
	const uint8_t *cursor = NULL;
	struct xtr_locator loc;

	*n = 0;
	if (!list)
		return NULL;
	while (xtr_locator_next(rec, &cursor, &loc)) {
		/* RFC 9301 5.4: MUST NOT be broadcast or multicast; a type that we do not know is
		 * passed over */
		if (!loc.ip.af || !xtr_ip_is_unicast(&loc.ip))
			continue;
		list[(*n)++] =
		    (struct xtr_mapping_locator){loc.ip, loc.priority, loc.weight, loc.reachable};
	}
	return list;
}

static int earliest(void *value, void *arg)
{
	const struct xtr_mapping *m = value;
	uint64_t *expires = arg;

	if (m->expires_ms && m->expires_ms < *expires)
		*expires = m->expires_ms;
	return 0;
}

/* RFC 9301 5.5: a less-specific that comes later expires with the first of its more-specifics. */
static uint64_t lifetime(struct xtr_itr *itr, const struct xtr_record *rec, uint32_t ttl_min)
{
	uint64_t now = xtr_wheel_now(itr->l->wheel), expires = now + ttl_min * MS_PER_MIN;
	struct instance *inst = itr_instance(itr, rec->eid.iid, false);
	struct xtr_trie *t = inst ? &inst->mappings[rec->eid.ip.af == 6] : NULL;
	const struct xtr_mapping *old = t ? xtr_trie_get(t, &rec->eid.ip, rec->eid.plen) : NULL;

	if (t && !old)
		xtr_trie_walk(t, &rec->eid.ip, rec->eid.plen, earliest, &expires);
	return expires > now ? expires - now : 1;
}

static void forget_mapping(struct xtr_itr *itr, const struct xtr_eid *eid)
{
	struct instance *inst = itr_instance(itr, eid->iid, false);
	struct xtr_mapping *m =
	    inst ? xtr_trie_get(&inst->mappings[eid->ip.af == 6], &eid->ip, eid->plen) : NULL;

	if (m && m->source == XTR_FROM_MAP_REPLY)
		itr_mapping_remove(m);
}

/* Puts one record into the map-cache. NULL: nothing is there now that answers. */
static struct xtr_mapping *accept(
    struct xtr_itr *itr, const struct xtr_pending *p, const struct xtr_record *rec)
{
	uint32_t ttl = rec->ttl == XTR_TTL_FOREVER ? DEFAULT_TTL_MIN : rec->ttl;
	struct xtr_mapping_locator *locators;
	struct xtr_record r = *rec;
	struct xtr_mapping *m;
	char eid[XTR_EID_STRLEN];
	uint8_t action = rec->act;
	unsigned n;

	if (!ttl) { /* RFC 9301 5.4: MUST be removed from the cache immediately */
		forget_mapping(itr, &rec->eid);
		return NULL;
	}
	m = xtr_itr_lookup(itr, &rec->eid);
	if (m && m->source == XTR_FROM_STATIC && xtr_eid_equal(&m->eid, &rec->eid)) {
		if (m->n_locators || m->action != XTR_ACT_SEND_MAP_REQUEST)
			return m; /* what the operator configured stays */
		/* The configured send-map-request entry stays too: the half of it that was asked
		 * for is entered. */
		if (r.eid.plen == xtr_ip_bits(&r.eid.ip))
			return NULL;
		r.eid.plen++;
		r.eid.ip = p->eid.ip;
		xtr_ip_mask(&r.eid.ip, r.eid.plen);
	}
	locators = read_locators(rec, &n);
	if (!locators)
		return NULL;
	if (rec->n_locators)
		action =
		    n ? XTR_ACT_NO_ACTION : XTR_ACT_DROP; /* locators, but none that can be used */
	m = itr_mapping_set(
	    itr, &r.eid, XTR_FROM_MAP_REPLY, action, locators, n, ttl, lifetime(itr, &r, ttl));
	if (m)
		xtr_dbg(XTR_DBG_MAP_CACHE,
		    "map-cache: %s learned, %u locators, action %s, ttl %u min",
		    xtr_eid_format(&m->eid, eid), n, n ? "encapsulate" : xtr_act_name(action), ttl);
	return m;
}

void xtr_itr_reply(struct xtr_itr *itr, const struct xtr_peer *from, const struct xtr_msg *msg)
{
	struct xtr_record covering, rec;
	const uint8_t *cursor = NULL;
	struct xtr_mapping *m, *answer = NULL;
	struct xtr_pending *p;
	const char *why;

	/* RFC 9301 5.3: a successful Map-Reply is one whose nonce matches an outstanding
	 * Map-Request */
	HASH_FIND(hh, itr->by_nonce, &msg->nonce, sizeof(msg->nonce), p);
	if (!p || msg->probe) {
		itr->l->counters[XTR_C_ITR_REPLY_UNSOLICITED]++;
		return;
	}
	if (!find_covering(p, msg, &covering)) {
		refuse(itr, from, &p->eid, "no record covers what was asked (RFC 9301 5.5)");
		return;
	}
	while (xtr_record_next(msg, &cursor, &rec)) {
		why = check_record(itr, p, &rec, &covering);
		if (why) {
			refuse(itr, from, &p->eid, why);
			return;
		}
	}
	itr->l->counters[XTR_C_ITR_REPLY_OK]++;
	for (cursor = NULL; xtr_record_next(msg, &cursor, &rec);) {
		m = accept(itr, p, &rec);
		if (m && xtr_eid_equal(&rec.eid, &covering.eid))
			answer = m;
	}
	/* "send-map-request" and TTL 0 answer nothing: the requests go on as long as packets wait
	 */
	if (answer && (answer->n_locators || answer->action != XTR_ACT_SEND_MAP_REQUEST))
		itr_pending_done(p, answer);
}
