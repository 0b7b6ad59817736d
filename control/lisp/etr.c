/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The ETR's EID database and its answers to Map-Requests.
 */
#include "control/lisp/etr_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "util/log.h"
#include "wire/data.h"

#define MAX_LOCATORS UINT8_MAX /* of a record */
#define PETR_TTL_MIN 1440u     /* of the record that a probed PETR answers with */

struct xtr_trie *etr_trie(const struct xtr_etr *etr, const struct xtr_eid *eid)
{
	for (unsigned i = 0; i < etr->n_dbs; i++)
		if (etr->dbs[i].iid == eid->iid)
			return &etr->dbs[i].trie[eid->ip.af == 6];
	return NULL;
}

static int add_mapping(struct xtr_etr *etr, struct xtr_cfg_mapping *m)
{
	struct xtr_trie *t = etr_trie(etr, &m->eid);

	if (!t) {
		struct instance_db *dbs = reallocarray(etr->dbs, etr->n_dbs + 1, sizeof(*dbs));

		if (!dbs)
			return -1;
		etr->dbs = dbs;
		memset(&dbs[etr->n_dbs], 0, sizeof(*dbs));
		dbs[etr->n_dbs++].iid = m->eid.iid;
		t = etr_trie(etr, &m->eid);
	}
	return xtr_trie_set(t, &m->eid.ip, m->eid.plen, m, NULL);
}

struct xtr_etr *xtr_etr_create(struct xtr_lisp *l, const uint8_t *xtr_id)
{
	struct xtr_etr *etr = calloc(1, sizeof(*etr));

	if (!etr)
		return NULL;
	etr->l = l;
	etr->started_ms = xtr_wheel_now(l->wheel);
	memcpy(etr->xtr_id, xtr_id, sizeof(etr->xtr_id));
	for (unsigned i = 0; i < l->cfg->n_database; i++)
		if (add_mapping(etr, &l->cfg->database[i]) < 0)
			goto fail;
	if (etr_register_init(etr) < 0)
		goto fail;
	return etr;
fail:
	xtr_etr_destroy(etr);
	return NULL;
}

void xtr_etr_destroy(struct xtr_etr *etr)
{
	if (!etr)
		return;
	etr_register_fini(etr);
	for (unsigned i = 0; i < etr->n_dbs; i++)
		for (unsigned f = 0; f < 2; f++)
			xtr_trie_clear(&etr->dbs[i].trie[f]);
	free(etr->dbs);
	free(etr);
}

static bool is_local(const struct xtr_etr *etr, const struct xtr_ip *rloc)
{
	struct xtr_ip src;

	/* towards an address of its own, the kernel uses that address */
	return etr->l->source_for(etr->l, rloc, &src) == 0 && xtr_ip_equal(&src, rloc);
}

static int by_address(const void *a, const void *b)
{
	return xtr_ip_cmp(&(*(const struct xtr_cfg_locator *const *)a)->rloc,
	    &(*(const struct xtr_cfg_locator *const *)b)->rloc);
}

/* RFC 9300 section 5.3 counts them so for the locator-status-bits. Returns how many. */
static unsigned in_order(const struct xtr_cfg_mapping *m, const struct xtr_cfg_locator **sorted)
{
	unsigned n = m->n_locators < MAX_LOCATORS ? m->n_locators : MAX_LOCATORS;

	for (unsigned i = 0; i < n; i++)
		sorted[i] = &m->locators[i];
	qsort(sorted, n, sizeof(*sorted), by_address);
	return n;
}

uint8_t xtr_etr_status_bits(const struct xtr_etr *etr, const struct xtr_cfg_mapping *m)
{
	const struct xtr_cfg_locator *sorted[MAX_LOCATORS];
	unsigned n = in_order(m, sorted);
	uint8_t bits = 0;

	for (unsigned i = 0; i < n && n <= 8; i++) {
		struct xtr_ip src;

		if (etr->l->source_for(etr->l, &sorted[i]->rloc, &src) == 0)
			bits |= (uint8_t)(1u << i);
	}
	return bits;
}

void etr_write_mapping(const struct xtr_etr *etr, struct xtr_writer *w,
    const struct xtr_cfg_mapping *m, const struct xtr_eid *eid, uint32_t ttl_min,
    const struct xtr_ip *probed)
{
	struct xtr_record rec = {.ttl = ttl_min, .eid = *eid, .authoritative = true};
	const struct xtr_cfg_locator *sorted[MAX_LOCATORS];
	unsigned n = in_order(m, sorted);

	xtr_write_record(w, &rec);
	for (unsigned i = 0; i < n; i++) {
		const struct xtr_cfg_locator *c = sorted[i];
		struct xtr_ip src;
		bool route = etr->l->source_for(etr->l, &c->rloc, &src) == 0;
		struct xtr_locator loc = {.ip = c->rloc,
		    .priority = c->priority,
		    .weight = c->weight,
		    .m_priority = c->m_priority,
		    .m_weight = c->m_weight,
		    /* towards an address of its own, the kernel uses that address */
		    .local = route && xtr_ip_equal(&src, &c->rloc),
		    .probed = probed && xtr_ip_equal(probed, &c->rloc),
		    .reachable = route};

		xtr_write_locator(w, &loc);
	}
}

bool xtr_etr_overlaps(const struct xtr_etr *etr, const struct xtr_eid *eid)
{
	const struct xtr_trie *t = etr_trie(etr, eid);

	return t && (xtr_trie_longest(t, &eid->ip, eid->plen) ||
			xtr_trie_any_within(t, &eid->ip, eid->plen));
}

struct answer {
	const struct xtr_etr *etr;
	struct xtr_writer *w;
	const struct xtr_ip *probed;
	uint32_t ttl_min;
	unsigned n;
};

static int least_ttl(void *value, void *arg)
{
	const struct xtr_cfg_mapping *m = value;
	struct answer *a = arg;

	if (m->ttl_min < a->ttl_min)
		a->ttl_min = m->ttl_min;
	return 0;
}

static int write_as(struct answer *a, const struct xtr_cfg_mapping *m, const struct xtr_eid *eid)
{
	struct xtr_writer_mark before = xtr_writer_mark(a->w);
	int ret;

	/* alone, a record may be as long as it has to be */
	if (!a->n)
		a->w->size = ETR_BUFFER;
	etr_write_mapping(a->etr, a->w, m, eid, a->ttl_min, a->probed);
	ret = xtr_writer_result(a->w);
	if (ret < 0) {
		xtr_writer_rewind(a->w, &before);
		return ret;
	}
	a->w->size = before.w.size;
	a->n++;
	return 0;
}

static int write_one(void *value, void *arg)
{
	const struct xtr_cfg_mapping *m = value;

	return write_as(arg, m, &m->eid);
}

static int is_longer(void *value, void *arg)
{
	return ((const struct xtr_cfg_mapping *)value)->eid.plen > ((struct xtr_eid *)arg)->plen;
}

/* Makes *part, which covers eid, so long that no own prefix lies inside it. False: eid itself is
 * not. */
static bool narrow(struct xtr_trie *t, const struct xtr_eid *eid, struct xtr_eid *part)
{
	while (xtr_trie_walk(t, &part->ip, part->plen, is_longer, part)) {
		if (part->plen == eid->plen)
			return false;
		part->plen++;
		part->ip = eid->ip;
		xtr_ip_mask(&part->ip, part->plen);
	}
	return true;
}

/*
 * The records for one EID: the longest own prefix that covers it, and all its more-specifics with
 * the same TTL (RFC 9301 section 5.5), so that the asker does not cache the shorter one over them.
 * Where they do not fit, the answer is a part of the prefix that has none. False: no room.
 */
static bool answer_eid(struct answer *a, const struct xtr_eid *eid)
{
	struct xtr_trie *t = etr_trie(a->etr, eid);
	const struct xtr_cfg_mapping *m = t ? xtr_trie_longest(t, &eid->ip, eid->plen) : NULL;
	struct xtr_writer_mark before = xtr_writer_mark(a->w);
	unsigned n = a->n;
	struct xtr_eid part;

	if (!m || !eid->ip.af)
		return true;
	a->ttl_min = m->ttl_min;
	xtr_trie_walk(t, &m->eid.ip, m->eid.plen, least_ttl, a);
	if (!xtr_trie_walk(t, &m->eid.ip, m->eid.plen, write_one, a))
		return true;
	xtr_writer_rewind(a->w, &before);
	a->n = n;
	part = m->eid;
	return narrow(t, eid, &part) && !write_as(a, m, &part);
}

/* A mapping that has this locator, or NULL. */
static const struct xtr_cfg_mapping *mapping_at(
    const struct xtr_etr *etr, const struct xtr_ip *rloc)
{
	for (unsigned i = 0; i < etr->l->cfg->n_database; i++) {
		const struct xtr_cfg_mapping *m = &etr->l->cfg->database[i];

		for (unsigned j = 0; j < m->n_locators; j++)
			if (xtr_ip_equal(&m->locators[j].rloc, rloc))
				return m;
	}
	return NULL;
}

/* Are we a PETR for EIDs of this instance? All PETRs are asked in instance 0, by some peers in that
 * of the EIDs that they send us. */
static bool is_petr(const struct xtr_config *cfg, uint32_t iid)
{
	if (!iid)
		return cfg->n_proxy_etr;
	for (unsigned i = 0; i < cfg->n_proxy_etr; i++)
		for (unsigned j = 0; j < cfg->proxy_etr[i].n_eids; j++)
			if (cfg->proxy_etr[i].eids[j].iid == iid)
				return true;
	return false;
}

/* Do we take packets from one of the asker's RLOCs? To others a PETR would be of no use, and it
 * should not look as if it were. */
static bool serves(const struct xtr_config *cfg, const struct xtr_msg *req)
{
	for (unsigned i = 0; i < cfg->n_proxy_etr; i++)
		for (unsigned j = 0; j < cfg->proxy_etr[i].n_rlocs; j++)
			for (unsigned k = 0; k < req->n_itr_rlocs; k++) {
				struct xtr_eid rloc = xtr_eid_host(0, &req->itr_rlocs[k]);

				if (xtr_eid_covers(&cfg->proxy_etr[i].rlocs[j], &rloc))
					return true;
			}
	return false;
}

/* A PETR has no mapping that could be probed: all EIDs stand for it, at the address that was
 * probed. */
static void answer_as_petr(struct answer *a, const struct xtr_eid *eid, const struct xtr_ip *local)
{
	struct xtr_record rec = {.ttl = PETR_TTL_MIN, .eid = *eid, .authoritative = true};
	struct xtr_locator loc = {.ip = *local,
	    .priority = 1,
	    .weight = 100,
	    .m_priority = 255,
	    .local = true,
	    .probed = true,
	    .reachable = true};

	xtr_write_record(a->w, &rec);
	xtr_write_locator(a->w, &loc);
	a->n++;
}

/* All that there is to say about the EIDs of a request. False: they are not for us. */
static bool collect(struct answer *a, const struct xtr_peer *from, const struct xtr_msg *req)
{
	const struct xtr_config *cfg = a->etr->l->cfg;
	struct xtr_eid eid, all = {.ip.af = from->local.af}; /* 0.0.0.0/0 or ::/0 */
	bool full = false, nameless = false, everything = false, petr;
	const struct xtr_cfg_mapping *m;
	const uint8_t *cursor = NULL;

	while (xtr_request_eid_next(req, &cursor, &eid)) {
		nameless |= !eid.ip.af;
		full |= !answer_eid(a, &eid);
		if (eid.ip.af && !eid.plen && is_petr(cfg, eid.iid)) {
			everything = true;
			all = eid;
		}
	}
	if (a->n || full)
		return true;
	if (!req->probe)
		return false;
	/* RFC 9301 5.2: a probe MUST be answered, even if it asks for an EID that we know nothing
	 * of; or for none, as peers do before they know one: then any mapping of the locator will
	 * do */
	m = mapping_at(a->etr, &from->local);
	petr = is_petr(cfg, 0) && serves(cfg, req) && xtr_ip_is_unicast(&from->local);
	if (petr && (everything || (nameless && !m))) {
		answer_as_petr(a, &all, &from->local);
	} else if (m && nameless) {
		a->ttl_min = m->ttl_min;
		write_as(a, m, &m->eid);
	}
	return m || petr;
}

/* To one of the ITR-RLOCs, of a family that we can reach, at the request's source port (RFC 9301
 * section 5.5). */
static bool send_reply(const struct answer *a, uint16_t port, const struct xtr_msg *req)
{
	struct xtr_lisp *l = a->etr->l;
	char text[XTR_IP_STRLEN];
	struct xtr_ip src;

	/* RFC 9301 5.8: 4341 MUST NOT be assigned: the answer would be taken for data */
	if (!port || port == XTR_PORT_DATA)
		return false;
	for (unsigned i = 0; i < req->n_itr_rlocs; i++) {
		const struct xtr_ip *to = &req->itr_rlocs[i];

		if (!xtr_ip_is_unicast(to) || l->source_for(l, to, &src) < 0)
			continue;
		/* RFC 9301 5.4: MUST be rate limited */
		if (!xtr_lisp_may_reply(l, to))
			return false;
		xtr_dbg(XTR_DBG_MAP_REQUEST,
		    "map-request: nonce 0x%08X-0x%08X answered to %s with %u records",
		    (unsigned)(req->nonce >> 32), (unsigned)req->nonce, xtr_ip_format(to, text),
		    a->n);
		/* RFC 9301 5.5, 7.1: from the address of the interface that it leaves by; the p bit
		 * says what was probed */
		if (l->send(l, NULL, to, port, a->w->p, a->w->len) < 0)
			return false;
		l->counters[XTR_C_ETR_REPLY_TX]++;
		return true;
	}
	return false;
}

bool xtr_etr_request(struct xtr_etr *etr, const struct xtr_peer *from, const struct xtr_msg *ecm,
    const struct xtr_msg *req)
{
	struct xtr_lisp *l = etr->l;
	uint8_t buf[ETR_BUFFER];
	struct xtr_writer w;
	struct answer a = {.etr = etr, .w = &w, .probed = req->probe ? &from->local : NULL};

	/* RFC 9301 5.8: a probe MUST NOT be sent inside an ECM */
	if (ecm && req->probe) {
		l->counters[XTR_C_ETR_REQ_DROPPED]++;
		return true;
	}
	xtr_writer_init(&w, buf, ETR_MESSAGE);
	xtr_write_map_reply(&w, req->nonce, req->probe);
	if (!collect(&a, from, req))
		return false;
	l->counters[XTR_C_ETR_REQ_RX]++;
	/* RFC 9301 5.2: dont-map-reply; 6.1: an SMR asks us to ask, which is not for an ETR to
	 * answer. Only a probe may be answered without a record. */
	if (req->dont_reply || req->smr || (!a.n && !req->probe) ||
	    !send_reply(&a, ecm ? ecm->inner_sport : from->port, req))
		l->counters[XTR_C_ETR_REQ_DROPPED]++;
	return true;
}

json_t *xtr_etr_show(const struct xtr_etr *etr)
{
	const struct xtr_config *cfg = etr->l->cfg;
	json_t *list = json_array();
	char text[XTR_EID_STRLEN];

	for (unsigned i = 0; i < cfg->n_database; i++) {
		const struct xtr_cfg_mapping *m = &cfg->database[i];
		json_t *locators = json_array();

		for (unsigned j = 0; j < m->n_locators; j++) {
			const struct xtr_cfg_locator *loc = &m->locators[j];

			json_array_append_new(locators,
			    json_pack("{s:s, s:i, s:i, s:s}", "rloc",
				xtr_ip_format(&loc->rloc, text), "priority", loc->priority,
				"weight", loc->weight, "state",
				is_local(etr, &loc->rloc) ? "site-self, reachable" : "site-other"));
		}
		json_array_append_new(
		    list, json_pack("{s:I, s:s, s:I, s:I, s:o}", "instance", (json_int_t)m->eid.iid,
			      "eid", xtr_prefix_format(&m->eid, text), "ttl_min",
			      (json_int_t)m->ttl_min, "uptime_s",
			      (json_int_t)((xtr_wheel_now(etr->l->wheel) - etr->started_ms) /
					   XTR_MS_PER_SEC),
			      "locators", locators));
	}
	return json_pack("{s:o, s:o}", "entries", list, "map_servers", etr_register_show(etr));
}
