/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Map-Requests: answered with a negative Map-Reply, answered for an ETR, or forwarded to one (RFC
 * 9301 sections 5.5, 8.1, 8.3, 8.4).
 *
 * What is answered for the records of one Map-Request goes into one Map-Reply; what an ETR is to
 * answer is forwarded once to each ETR concerned, byte for byte.
 */
#include "control/lisp/ms_internal.h"

#include <errno.h>
#include <string.h>
#include "util/log.h"
#include "wire/data.h"

/*
 * A Map-Reply of ours fits one packet of the usual MTU: fragments get lost, and as nobody knows
 * whether the asker is who it says, a small question must not cause a flood. Bytes.
 */
#define MAX_REPLY 1400
/* Upper bounds of what a record without locators, and a locator, take on the wire, bytes: with the
 * LCAF of an instance-ID. */
#define RECORD_BOUND(bits)  (12u + 12u + (bits) / 8)
#define LOCATOR_BOUND(bits) (8u + (bits) / 8)
#define MAX_FORWARDS        4 /* distinct ETRs that one Map-Request is forwarded to */
#define MAX_TRIES           8 /* RLOCs of an EID prefix that are looked up in search of one with a route */

struct question {
	struct xtr_ms *ms;
	const struct xtr_peer *from;
	const struct xtr_msg *ecm, *req;
	const uint8_t *p;
	size_t len;
	struct xtr_ip reply_to; /* af 0: not looked for yet */
	struct xtr_writer reply;
	unsigned n_replied;
	struct xtr_ip forwarded[MAX_FORWARDS];
	unsigned n_forwarded;
};

static void drop(const struct question *q, const struct xtr_eid *eid, const char *why)
{
	char ip[XTR_IP_STRLEN], text[XTR_EID_STRLEN];

	q->ms->l->counters[XTR_C_MS_REQ_DROPPED]++;
	xtr_dbg(XTR_DBG_MAP_REQUEST, "MS: map-request%s%s from %s dropped: %s", eid ? " for " : "",
	    eid ? xtr_eid_format(eid, text) : "", xtr_ip_format(&q->from->ip, ip), why);
}

/* The address of ours to answer from: the one that was asked, where the family allows it. */
static const struct xtr_ip *source_towards(const struct question *q, const struct xtr_ip *dst)
{
	static const struct xtr_ip any;

	return q->from->local.af == dst->af ? &q->from->local : &any;
}

static bool room_for(const struct question *q, size_t bytes)
{
	return q->reply.len + bytes <= q->reply.size && q->n_replied < 255;
}

/* The ITR-RLOC to answer to: the first that there is a route to. */
static bool can_reply(struct question *q, const struct xtr_eid *eid)
{
	struct xtr_lisp *l = q->ms->l;
	struct xtr_ip src;

	/* RFC 9301 6.1, D bit: the receiver does not return a Map-Reply */
	if (q->req->dont_reply) {
		drop(q, eid, "the asker wants no Map-Reply");
		return false;
	}
	/* RFC 9301 5.8: port 4341 MUST NOT be assigned: the answer would be taken for data */
	if (!q->ecm->inner_sport || q->ecm->inner_sport == XTR_PORT_DATA) {
		drop(q, eid, "no port to answer to");
		return false;
	}
	for (unsigned i = 0; !q->reply_to.af && i < q->req->n_itr_rlocs; i++) {
		const struct xtr_ip *rloc = &q->req->itr_rlocs[i];

		if (xtr_ip_is_unicast(rloc) && !l->source_for(l, rloc, &src))
			q->reply_to = *rloc;
	}
	if (!q->reply_to.af)
		drop(q, eid, "no route to any ITR-RLOC");
	return q->reply_to.af != 0;
}

static void negative(
    struct question *q, const struct xtr_eid *asked, const struct xtr_eid *eid, uint32_t ttl_min)
{
	struct xtr_record rec = {.ttl = ttl_min, .eid = *eid, .act = XTR_ACT_NATIVELY_FORWARD};
	char a[XTR_EID_STRLEN], b[XTR_EID_STRLEN];

	if (!can_reply(q, asked))
		return;
	if (!room_for(q, RECORD_BOUND(xtr_ip_bits(&eid->ip)))) {
		drop(q, asked, "the Map-Reply is full");
		return;
	}
	xtr_write_record(&q->reply, &rec);
	q->n_replied++;
	q->ms->l->counters[XTR_C_MS_REQ_NEGATIVE]++;
	xtr_dbg(XTR_DBG_MAP_REQUEST,
	    "MS: negative map-reply for %s: EID prefix %s, natively-forward, ttl %u",
	    xtr_eid_format(asked, a), xtr_eid_format(eid, b), ttl_min);
}

/* More-specifics that go along with a registered prefix (RFC 9301 5.5). */
struct family {
	struct ms_mapping *cover;
	struct ms_mapping *more[255];
	unsigned n;
	size_t bytes, room;
	uint32_t ttl; /* the smallest */
};

static size_t size_of(const struct ms_mapping *map, unsigned *n)
{
	struct xtr_locator locs[255];

	*n = ms_mapping_locators(map, locs);
	/* an IPv6 locator is the longest that we keep */
	return RECORD_BOUND(xtr_ip_bits(&map->eid.ip)) + *n * LOCATOR_BOUND(128);
}

static int add_more(void *value, void *arg)
{
	struct ms_mapping *map = value;
	struct family *f = arg;
	unsigned n;

	if (map == f->cover)
		return 0;
	f->bytes += size_of(map, &n);
	if (f->bytes > f->room || f->n == 254)
		return -ENOBUFS;
	/* its ETR has to be asked */
	if (!ms_mapping_proxy(map))
		return -EREMOTE;
	f->more[f->n++] = map;
	if (map->regs->ttl < f->ttl)
		f->ttl = map->regs->ttl;
	return 0;
}

static int is_registered(void *value, void *arg)
{
	const struct ms_prefix *p = value;
	const struct ms_mapping *cover = arg;

	if (p->eid.plen <= cover->eid.plen)
		return 0;
	return xtr_trie_get(&p->table->registered, &p->eid.ip, p->eid.plen) ? 0 : -ENOENT;
}

/* Can the covering prefix be answered with all that is inside it? */
static bool collect(struct ms_table *t, struct family *f)
{
	const struct xtr_eid *eid = &f->cover->eid;
	unsigned n;

	f->n = 0;
	f->ttl = f->cover->regs->ttl;
	f->bytes = size_of(f->cover, &n);
	return !xtr_trie_walk(&t->registered, &eid->ip, eid->plen, add_more, f) &&
	       !xtr_trie_walk(&t->configured, &eid->ip, eid->plen, is_registered, f->cover);
}

static void write_mapping(
    struct question *q, const struct ms_mapping *map, const struct xtr_eid *eid, uint32_t ttl)
{
	/* RFC 9301 5.4: a Map-Server that replies as a proxy MUST NOT set the A bit */
	struct xtr_record rec = {.ttl = ttl, .eid = *eid, .map_version = map->regs->map_version};
	struct xtr_locator locs[255];
	unsigned n = ms_mapping_locators(map, locs);

	xtr_write_record(&q->reply, &rec);
	for (unsigned i = 0; i < n; i++) {
		/* RFC 9301 5.4: as a proxy, the L bit is set to 0 for all Locators */
		locs[i].local = false;
		locs[i].probed = false;
		xtr_write_locator(&q->reply, &locs[i]);
	}
	q->n_replied++;
}

/*
 * Answers for an ETR. RFC 9301 5.5: with the registered prefix come all its more-specifics, with
 * the same TTL. Where they do not fit, or some are not ours to answer, or are configured and not
 * registered yet, the answer is a part of the prefix without any of them.
 */
static void proxy(
    struct question *q, struct ms_table *t, const struct xtr_eid *asked, struct ms_mapping *map)
{
	struct family f = {.cover = map, .room = q->reply.size - q->reply.len};
	struct xtr_eid eid = map->eid;
	char a[XTR_EID_STRLEN], b[XTR_EID_STRLEN];

	if (!can_reply(q, asked))
		return;
	if (!collect(t, &f)) {
		f.n = 0;
		f.ttl = map->regs->ttl;
		f.bytes = size_of(map, &(unsigned){0});
		/* without locators nothing would fit either */
		if (!ms_free_prefix(t, asked, eid.plen, true, &eid)) {
			drop(q, asked, "its more-specifics cannot be told in one Map-Reply");
			return;
		}
	}
	if (!room_for(q, f.bytes) || q->n_replied + f.n > 254) {
		drop(q, asked, "the Map-Reply is full");
		return;
	}
	write_mapping(q, map, &eid, f.ttl);
	for (unsigned i = 0; i < f.n; i++)
		write_mapping(q, f.more[i], &f.more[i]->eid, f.ttl);
	q->ms->l->counters[XTR_C_MS_REQ_PROXY]++;
	xtr_dbg(XTR_DBG_MAP_REQUEST,
	    "MS EID IID %u prefix %s site %s, proxy map-reply for %s, %u more-specifics", eid.iid,
	    xtr_prefix_format(&eid, a), map->prefix->site->cfg->name, xtr_prefix_format(asked, b),
	    f.n);
}

/* Which locator of an ETR to ask first: one that is up, then by priority, then the sender's own.
 * Lower is better. */
static unsigned rank(const struct xtr_locator *loc)
{
	return (loc->reachable ? 0u : 1u << 9) | (unsigned)loc->priority << 1 |
	       (loc->local ? 0u : 1u);
}

/* Is there a way from here to this address, and is it another's? */
static bool can_ask(struct xtr_lisp *l, const struct xtr_ip *rloc)
{
	struct xtr_ip src;

	return xtr_ip_is_unicast(rloc) && !l->source_for(l, rloc, &src) &&
	       !xtr_ip_equal(&src, rloc);
}

/* An RLOC where an ETR of this mapping can be asked. */
static bool choose_rloc(const struct question *q, const struct ms_mapping *map, struct xtr_ip *out)
{
	struct xtr_lisp *l = q->ms->l;
	struct xtr_locator locs[255];
	unsigned n = ms_mapping_locators(map, locs), kept = 0, first, tries = 0;

	/* RFC 9301 5.4: a priority of 255 MUST NOT be used */
	for (unsigned i = 0; i < n; i++)
		if (locs[i].priority < 255)
			locs[kept++] = locs[i];
	/* among equals, not always the same one: the one asked last may be the one that is dead */
	first = kept > 1 ? (unsigned)(l->random64(l) % kept) : 0;
	while (kept && tries++ < MAX_TRIES) {
		unsigned best = first % kept;

		for (unsigned i = 0; i < kept; i++) {
			unsigned at = (first + i) % kept;

			if (rank(&locs[at]) < rank(&locs[best]))
				best = at;
		}
		if (can_ask(l, &locs[best].ip)) {
			*out = locs[best].ip;
			return true;
		}
		locs[best] = locs[--kept];
	}
	/* an ETR that may not be sent data to can still be asked, where it registered from */
	*out = map->regs->etr->ip;
	return can_ask(l, out);
}

/* RFC 9301 8.3: re-encapsulates and forwards the Map-Request; it does not otherwise alter it. */
static void forward(struct question *q, const struct xtr_eid *asked, const struct ms_mapping *map)
{
	struct xtr_lisp *l = q->ms->l;
	char a[XTR_EID_STRLEN], b[XTR_IP_STRLEN];
	struct xtr_writer w;
	struct xtr_ip rloc;
	int rc;

	if (!choose_rloc(q, map, &rloc)) {
		drop(q, asked, "no route to an RLOC of its ETRs");
		return;
	}
	for (unsigned i = 0; i < q->n_forwarded; i++)
		if (xtr_ip_equal(&q->forwarded[i], &rloc))
			return;
	if (q->n_forwarded == MAX_FORWARDS) {
		drop(q, asked, "its records concern too many ETRs");
		return;
	}
	q->forwarded[q->n_forwarded++] = rloc;
	xtr_writer_init(&w, q->ms->ecm, sizeof(q->ms->ecm));
	xtr_write_ecm(&w, &q->ecm->inner_src, &q->ecm->inner_dst, q->ecm->inner_sport,
	    q->ecm->inner_dport, q->p, q->len);
	rc = xtr_writer_result(&w);
	if (!rc)
		rc = l->send(l, source_towards(q, &rloc), &rloc, XTR_PORT_CONTROL, w.p, w.len);
	if (rc) {
		drop(q, asked, strerror(-rc));
		return;
	}
	l->counters[XTR_C_MS_REQ_FORWARDED]++;
	xtr_dbg(XTR_DBG_MAP_REQUEST,
	    "MS EID IID %u prefix %s site %s, forwarding map request to ETR RLOC %s", map->eid.iid,
	    xtr_prefix_format(&map->eid, a), map->prefix->site->cfg->name, xtr_ip_format(&rloc, b));
}

/* What is configured, but not registered, or a hole between what is. */
static void unregistered(
    struct question *q, struct ms_table *t, const struct xtr_eid *asked, struct ms_prefix *prefix)
{
	struct xtr_eid eid;

	if (!ms_free_prefix(t, asked, prefix->eid.plen, true, &eid)) {
		drop(q, asked, "EID prefixes lie inside what is asked for");
		return;
	}
	/*
	 * RFC 9301 8.1: 15 minutes for a part of an aggregate that is not delegated, 1 minute for
	 * an EID prefix that is, while its ETRs are not registered. A prefix with
	 * accept-more-specifics is an aggregate once more-specifics are registered; before, its
	 * site is not up.
	 */
	negative(q, asked, &eid,
	    prefix->accept_more_specifics && ms_has_more_specific(&t->registered, &prefix->eid)
		? MS_TTL_HOLE_MIN
		: MS_TTL_UNREGISTERED_MIN);
}

static void answer(struct question *q, const struct xtr_eid *asked)
{
	struct xtr_ms *ms = q->ms;
	struct ms_table *t = ms_table_find(ms, asked->iid, asked->ip.af);
	struct ms_prefix *prefix;
	struct ms_mapping *map;
	struct xtr_eid hole;

	if (!asked->ip.af) {
		drop(q, NULL, "a record without an EID");
		return;
	}
	prefix = t ? xtr_trie_longest(&t->configured, &asked->ip, asked->plen) : NULL;
	map = t ? xtr_trie_longest(&t->registered, &asked->ip, asked->plen) : NULL;
	if (map && map->eid.plen >= prefix->eid.plen) {
		if (ms_mapping_proxy(map))
			proxy(q, t, asked, map);
		else
			forward(q, asked, map);
	} else if (prefix && ms->l->cfg->ms) {
		unregistered(q, t, asked, prefix);
	} else if (prefix || !ms->n_sites) {
		/* RFC 9301 8.4: others would have to know, and there are none to ask */
		drop(q, asked, "this Map-Resolver does not know whether the EID exists");
	} else if (t && !ms_free_prefix(t, asked, 0, false, &hole)) {
		drop(q, asked, "EID prefixes lie inside what is asked for");
	} else {
		if (!t)
			hole = xtr_ms_hole(ms, asked);
		negative(q, asked, &hole, MS_TTL_HOLE_MIN);
	}
}

static void debug_question(const struct question *q)
{
	const struct xtr_msg *req = q->req;
	char from[XTR_IP_STRLEN], src[XTR_EID_STRLEN], eid[XTR_EID_STRLEN], rloc[XTR_IP_STRLEN];
	const uint8_t *cursor = NULL;
	struct xtr_eid e;

	if (!xtr_debug_on[XTR_DBG_MAP_REQUEST])
		return;
	while (xtr_request_eid_next(req, &cursor, &e))
		xtr_dbg(XTR_DBG_MAP_REQUEST,
		    "Received map request from %s for IID %u %s, source_eid %s, ITR-RLOCs: %s (%u),"
		    " records %u, nonce 0x%08X-0x%08X",
		    xtr_ip_format(&q->from->ip, from), e.iid, xtr_prefix_format(&e, eid),
		    xtr_ip_format(&req->source_eid.ip, src),
		    req->n_itr_rlocs ? xtr_ip_format(&req->itr_rlocs[0], rloc) : "none",
		    req->n_itr_rlocs, req->n_records, (uint32_t)(req->nonce >> 32),
		    (uint32_t)req->nonce);
}

void xtr_ms_request(struct xtr_ms *ms, const struct xtr_peer *from, const struct xtr_msg *ecm,
    const uint8_t *p, size_t len, const struct xtr_msg *req)
{
	struct xtr_lisp *l = ms->l;
	struct question q = {.ms = ms, .from = from, .ecm = ecm, .req = req, .p = p, .len = len};
	const uint8_t *cursor = NULL;
	struct xtr_eid eid;
	char to[XTR_IP_STRLEN];
	int rc;

	if (!l->cfg->ms && !l->cfg->mr) {
		l->counters[XTR_C_CTL_RX_NOT_OURS]++;
		return;
	}
	l->counters[XTR_C_MS_REQ_RX]++;
	debug_question(&q);
	/* RFC 9301 5.2: a Map-Resolver or Map-Server MUST drop a Map-Request with the probe-bit */
	if (req->probe) {
		drop(&q, NULL, "a probe");
		return;
	}
	/* RFC 9301 5.3: without ITR-RLOC addresses, it MUST be dropped */
	if (!req->n_itr_rlocs) {
		drop(&q, NULL, "no ITR-RLOC that we understand");
		return;
	}
	xtr_writer_init(&q.reply, ms->buf, MAX_REPLY);
	xtr_write_map_reply(&q.reply, req->nonce, false);
	while (xtr_request_eid_next(req, &cursor, &eid))
		answer(&q, &eid);
	if (!q.n_replied)
		return;
	/* RFC 9301 5.4: MUST be rate limited */
	if (!xtr_lisp_may_reply(l, &q.reply_to)) {
		drop(&q, NULL, "too many Map-Replies to its ITR-RLOC");
		return;
	}
	rc = xtr_writer_result(&q.reply);
	/* RFC 9301 5.5: to an ITR-RLOC, to the source port of the Map-Request, from port 4342 */
	if (!rc)
		rc = l->send(l, source_towards(&q, &q.reply_to), &q.reply_to, ecm->inner_sport,
		    q.reply.p, q.reply.len);
	if (rc)
		drop(&q, NULL, strerror(-rc));
	else
		xtr_dbg(XTR_DBG_MAP_REQUEST, "Sending map-reply to %s:%u, %u records",
		    xtr_ip_format(&q.reply_to, to), ecm->inner_sport, q.n_replied);
}
