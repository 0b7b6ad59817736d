/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The ETR's EID database and its answers to Map-Requests.
 */
#include "control/etr_internal.h"

#include <stdlib.h>
#include <string.h>
#include "util/log.h"

#define REPLY_MAX 1400u /* bytes of a Map-Reply: fits any underlay that carries LISP data */

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

bool etr_is_local(const struct xtr_etr *etr, const struct xtr_ip *rloc)
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

void etr_write_mapping(struct xtr_etr *etr, struct xtr_writer *w, const struct xtr_cfg_mapping *m,
    bool authoritative, const struct xtr_ip *probed)
{
	struct xtr_record rec = {.ttl = m->ttl_min, .eid = m->eid, .authoritative = authoritative};
	const struct xtr_cfg_locator *sorted[255];
	unsigned n = m->n_locators < 255 ? m->n_locators : 255;

	for (unsigned i = 0; i < n; i++)
		sorted[i] = &m->locators[i];
	qsort(sorted, n, sizeof(*sorted), by_address);
	xtr_write_record(w, &rec);
	for (unsigned i = 0; i < n; i++) {
		const struct xtr_cfg_locator *c = sorted[i];
		struct xtr_ip src;
		struct xtr_locator loc = {.ip = c->rloc,
		    .priority = c->priority,
		    .weight = c->weight,
		    .m_priority = c->m_priority,
		    .m_weight = c->m_weight,
		    .local = etr_is_local(etr, &c->rloc),
		    .probed = probed && xtr_ip_equal(probed, &c->rloc),
		    .reachable = etr->l->source_for(etr->l, &c->rloc, &src) == 0};

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
	struct xtr_etr *etr;
	struct xtr_writer *w;
	const struct xtr_ip *probed;
	const struct xtr_cfg_mapping *covering;
	unsigned n;
};

static int write_one(void *value, void *arg)
{
	struct answer *a = arg;
	struct xtr_writer before = *a->w;

	etr_write_mapping(a->etr, a->w, value, true, a->probed);
	if (xtr_writer_result(a->w) == 0) {
		a->n++;
		return 0;
	}
	/* The message is full. What it says so far is true, and the asker will ask for the rest. */
	*a->w = before;
	return 1;
}

/*
 * The records for one EID: the longest own prefix that covers it, and all its more-specifics (RFC
 * 9301 section 5.5), so that the asker does not cache the shorter one over them.
 */
static void answer_eid(struct answer *a, const struct xtr_eid *eid)
{
	struct xtr_trie *t = etr_trie(a->etr, eid);
	const struct xtr_cfg_mapping *m = t ? xtr_trie_longest(t, &eid->ip, eid->plen) : NULL;

	if (m)
		xtr_trie_walk(t, &m->eid.ip, m->eid.plen, write_one, a);
}

bool xtr_etr_request(struct xtr_etr *etr, const struct xtr_peer *from, const struct xtr_msg *ecm,
    const struct xtr_msg *req)
{
	struct xtr_lisp *l = etr->l;
	uint8_t buf[REPLY_MAX];
	struct xtr_writer w;
	struct answer a = {.etr = etr, .w = &w, .probed = req->probe ? &from->local : NULL};
	const uint8_t *cursor = NULL;
	struct xtr_eid eid;
	struct xtr_ip src;
	char text[XTR_IP_STRLEN];

	xtr_writer_init(&w, buf, sizeof(buf));
	xtr_write_map_reply(&w, req->nonce, req->probe);
	while (xtr_request_eid_next(req, &cursor, &eid))
		answer_eid(&a, &eid);
	if (!a.n)
		return false;
	l->counters[XTR_C_ETR_REQ_RX]++;
	/* RFC 9301 5.2: dont-map-reply; 6.1: an SMR asks us to ask, which is not for an ETR to
	 * answer */
	if (req->dont_reply || req->smr) {
		l->counters[XTR_C_ETR_REQ_DROPPED]++;
		return true;
	}
	/* RFC 9301 5.5: to one of the ITR-RLOCs, of a family that we can reach, at the request's
	 * source port */
	for (unsigned i = 0; i < req->n_itr_rlocs; i++) {
		if (l->source_for(l, &req->itr_rlocs[i], &src) < 0)
			continue;
		xtr_dbg(XTR_DBG_MAP_REQUEST,
		    "map-request: nonce 0x%08X-0x%08X answered to %s with %u records",
		    (unsigned)(req->nonce >> 32), (unsigned)req->nonce,
		    xtr_ip_format(&req->itr_rlocs[i], text), a.n);
		l->counters[XTR_C_ETR_REPLY_TX]++;
		l->send(l, req->probe ? &from->local : NULL, &req->itr_rlocs[i],
		    ecm ? ecm->inner_sport : from->port, buf, w.len);
		return true;
	}
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

			json_array_append_new(
			    locators, json_pack("{s:s, s:i, s:i, s:s}", "rloc",
					  xtr_ip_format(&loc->rloc, text), "priority",
					  loc->priority, "weight", loc->weight, "state",
					  etr_is_local(etr, &loc->rloc) ? "site-self, reachable"
									: "site-other"));
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
