/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Map-Replies: checked against what was asked, then into the map-cache (RFC 9301
 * sections 5.4, 5.5).
 */
#include "control/lisp/itr_internal.h"

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

	if (!rec->eid.ip.af || rec->eid.iid != p->eid.iid || rec->eid.ip.af != p->eid.ip.af)
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
		if (!rec.eid.ip.af || !xtr_eid_covers(&rec.eid, &p->eid))
			continue;
		if (!found || rec.eid.plen > best->eid.plen)
			*best = rec;
		found = true;
	}
	return found;
}

/* Returns how many. */
static unsigned read_locators(
    const struct xtr_record *rec, struct xtr_mapping_locator list[UINT8_MAX])
{
	const uint8_t *cursor = NULL;
	struct xtr_locator loc;
	unsigned n = 0;

	while (xtr_locator_next(rec, &cursor, &loc)) {
		/* RFC 9301 5.4: MUST NOT be broadcast or multicast; a type that we do not know is
		 * passed over */
		if (!loc.ip.af || !xtr_ip_is_unicast(&loc.ip))
			continue;
		list[n++] =
		    (struct xtr_mapping_locator){loc.ip, loc.priority, loc.weight, loc.reachable};
	}
	return n;
}

struct earliest {
	const struct xtr_eid *inside;
	uint64_t expires_ms;
};

static int earliest(void *value, void *arg)
{
	const struct xtr_mapping *m = value;
	uint64_t expires = xtr_mapping_expires_ms(m);
	struct earliest *e = arg;

	if (m->eid.plen > e->inside->plen && expires && expires < e->expires_ms)
		e->expires_ms = expires;
	return 0;
}

/* RFC 9301 5.5: a less-specific that comes later expires with the first of its more-specifics. */
static uint64_t lifetime(struct xtr_itr *itr, const struct xtr_eid *eid, uint32_t ttl_min)
{
	struct instance *inst = itr_instance(itr, eid->iid, false);
	uint64_t now = xtr_wheel_now(itr->l->wheel);
	struct earliest e = {eid, now + ttl_min * MS_PER_MIN};

	if (inst)
		xtr_trie_walk(&inst->mappings[eid->ip.af == 6], &eid->ip, eid->plen, earliest, &e);
	return e.expires_ms > now ? e.expires_ms - now : 1;
}

static struct xtr_mapping *exactly(const struct xtr_itr *itr, const struct xtr_eid *eid)
{
	struct xtr_mapping *m = xtr_itr_lookup(itr, eid);

	return m && m->eid.plen == eid->plen ? m : NULL;
}

/* Puts one record into the map-cache. True: there was no answer for this EID prefix before. */
static bool accept(struct xtr_itr *itr, const struct xtr_pending *p, const struct xtr_record *rec)
{
	uint32_t ttl = rec->ttl == XTR_TTL_FOREVER ? DEFAULT_TTL_MIN : rec->ttl;
	struct xtr_mapping *m = xtr_itr_lookup(itr, &p->eid);
	struct xtr_mapping_locator locators[UINT8_MAX];
	struct xtr_eid eid = rec->eid;
	char text[XTR_EID_STRLEN];
	uint8_t action = rec->act;
	unsigned n;
	bool fresh;

	/* a longer configured "send-map-request" would hide the answer: the part that it covers is
	 * entered in its place */
	if (m && itr_is_configured_miss(m) && m->eid.plen > eid.plen &&
	    xtr_eid_covers(&eid, &p->eid))
		eid = m->eid;
	m = exactly(itr, &eid);
	if (m && m->source == XTR_FROM_STATIC && !itr_is_configured_miss(m))
		return false; /* what the operator configured stays */
	if (!ttl) {           /* RFC 9301 5.4: MUST be removed from the cache immediately */
		if (m && m->source == XTR_FROM_MAP_REPLY)
			itr_mapping_remove(m);
		return false;
	}
	fresh = !m || (!m->n_locators && m->action == XTR_ACT_SEND_MAP_REQUEST);
	n = read_locators(rec, locators);
	if (rec->n_locators)
		action =
		    n ? XTR_ACT_NO_ACTION : XTR_ACT_DROP; /* locators, but none that can be used */
	m = itr_mapping_set(
	    itr, &eid, XTR_FROM_MAP_REPLY, action, locators, n, ttl, lifetime(itr, &eid, ttl));
	if (m)
		xtr_dbg(XTR_DBG_MAP_CACHE,
		    "map-cache: %s learned, %u locators, action %s, ttl %u min",
		    xtr_eid_format(&m->eid, text), n, n ? "encapsulate" : xtr_act_name(action),
		    ttl);
	return m && fresh;
}

static int longer_first(const void *a, const void *b)
{
	return ((const struct xtr_record *)b)->eid.plen - ((const struct xtr_record *)a)->eid.plen;
}

/* More-specifics first, so that what they replace does not shorten the life of what covers them;
 * and so that the answer comes last, and none of them pushes it out of a full map-cache. True: some
 * EID prefix has an answer that had none. */
static bool accept_all(struct xtr_itr *itr, const struct xtr_pending *p, const struct xtr_msg *msg)
{
	struct xtr_record recs[UINT8_MAX];
	const uint8_t *cursor = NULL;
	unsigned n = 0;
	bool fresh = false;

	while (n < UINT8_MAX && xtr_record_next(msg, &cursor, &recs[n]))
		n++;
	qsort(recs, n, sizeof(recs[0]), longer_first);
	for (unsigned i = 0; i < n; i++)
		fresh |= accept(itr, p, &recs[i]);
	return fresh;
}

/* Packets to an EID that another's answer covers leave now: what comes later would overtake them.
 * Its own answer may still come, and may know better. */
static int settle(void *value, void *arg)
{
	struct xtr_pending *p = value;
	struct xtr_itr *itr = arg;
	struct xtr_mapping *m = itr_answer(itr, &p->eid);

	if (m && p->state == XTR_QUIET)
		itr_pending_done(p, m);
	else if (m)
		itr->ops.resolved(itr->ops.arg, p, m);
	return 0;
}

void xtr_itr_reply(struct xtr_itr *itr, const struct xtr_peer *from, const struct xtr_msg *msg)
{
	struct xtr_record covering, rec;
	const uint8_t *cursor = NULL;
	struct instance *inst;
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
	itr->resolver = (p->first_resolver + p->sent - 1) % itr->l->cfg->n_map_resolvers;
	inst = itr_instance(itr, p->eid.iid, false);
	if (accept_all(itr, p, msg) && inst)
		xtr_trie_walk(&inst->pendings[p->eid.ip.af == 6], &covering.eid.ip,
		    covering.eid.plen, settle, itr);
	/* "send-map-request" and TTL 0 help nobody: what waits is asked for again, a second after
	 * the last time */
	itr_pending_done(p, itr_answer(itr, &p->eid));
}
