/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A message that was read, written again by our writers, all its addresses byte for byte as they
 * stood; and two messages compared. Reserved bits, and what follows the last field, get lost.
 */
#ifndef MSG_AGAIN_H
#define MSG_AGAIN_H

#include <stdlib.h>
#include <string.h>

#include "tests/unit/lcaf_any.h"
#include "wire/msg.h"
#include "wire/sec.h"
#include "wire/write.h"

static inline void record_again(struct xtr_writer *w, const struct xtr_record *rec, bool map_data)
{
	const uint8_t *c = NULL;
	struct xtr_signature sig;
	struct xtr_locator loc;

	if (map_data)
		xtr_write_map_data_addr(w, rec);
	else
		xtr_write_record_addr(w, rec);
	while (xtr_locator_next(rec, &c, &loc))
		xtr_write_locator_addr(w, &loc);
	for (c = NULL; xtr_signature_next(rec, &c, &sig);)
		xtr_write_signature(w, &sig);
}

static inline void records_again(struct xtr_writer *w, const struct xtr_msg *m)
{
	const uint8_t *c = NULL;
	struct xtr_record rec;

	while (xtr_record_next(m, &c, &rec))
		record_again(w, &rec, false);
}

static inline void request_again(struct xtr_writer *w, const struct xtr_msg *m)
{
	struct xtr_addr rlocs[XTR_MAX_ITR_RLOCS];
	struct xtr_request_opts o = {.nonce = m->nonce,
	    .authoritative = m->authoritative,
	    .probe = m->probe,
	    .smr = m->smr,
	    .pitr = m->pitr,
	    .smr_invoked = m->smr_invoked,
	    .local_xtr = m->local_xtr,
	    .dont_reply = m->dont_reply,
	    .has_ids = m->has_ids,
	    .source_addr = &m->source_addr,
	    .itr_addrs = rlocs,
	    .n_itr_rlocs = 0};
	struct xtr_request_rec req;
	struct xtr_record rec;
	const uint8_t *c = NULL;

	while (o.n_itr_rlocs < m->n_itr_addrs && xtr_itr_addr_next(m, &c, &rlocs[o.n_itr_rlocs]))
		o.n_itr_rlocs++;
	xtr_write_request(w, &o);
	for (c = NULL; xtr_request_rec_next(m, &c, &req);)
		xtr_write_request_rec_addr(w, &req);
	if (m->reply_record) {
		xtr_record_at(m->reply_record, &rec);
		record_again(w, &rec, true);
	}
	if (m->has_ids)
		xtr_write_ids(w, m->xtr_id, m->site_id);
}

static inline void reply_again(struct xtr_writer *w, const struct xtr_msg *m)
{
	struct xtr_reply_opts o = {.nonce = m->nonce,
	    .probe = m->probe,
	    .echo_nonce = m->echo_nonce,
	    .security = m->security};
	struct xtr_sec_reply sec;

	xtr_write_map_reply_opts(w, &o);
	records_again(w, m);
	if (xtr_sec_of_reply(m, &sec))
		xtr_write_sec_reply(w, &sec);
	else
		xtr_put(w, m->sec, m->sec_len); /* of a type that is none of ours */
}

/* The authentication data is put back where the writer left room for it. */
static inline void auth_again(struct xtr_writer *w, const struct xtr_msg *m, const uint8_t *p)
{
	if (w->auth_at + m->auth_len <= w->size && m->auth_len > 0)
		memcpy(w->p + w->auth_at, p + m->auth_offset, m->auth_len);
}

static inline void register_again(struct xtr_writer *w, const struct xtr_msg *m, const uint8_t *p)
{
	struct xtr_register_opts o = {.nonce = m->nonce,
	    .key_id = m->key_id,
	    .algorithm = m->algorithm,
	    .auth_len = m->auth_len,
	    .proxy_reply = m->proxy_reply,
	    .security = m->security,
	    .has_ids = m->has_ids,
	    .eid_notify = m->eid_notify,
	    .use_ttl = m->use_ttl,
	    .merge = m->merge,
	    .want_notify = m->want_notify};

	if (m->type == XTR_MSG_MAP_REGISTER)
		xtr_write_map_register(w, &o);
	else
		xtr_write_map_notify(w, &o, m->type == XTR_MSG_MAP_NOTIFY_ACK);
	auth_again(w, m, p);
	records_again(w, m);
	if (m->has_ids)
		xtr_write_ids(w, m->xtr_id, m->site_id);
}

static inline void info_again(struct xtr_writer *w, const struct xtr_msg *m, const uint8_t *p)
{
	struct xtr_info_opts o = {.nonce = m->nonce,
	    .reply = m->info_reply,
	    .key_id = m->key_id,
	    .algorithm = m->algorithm,
	    .auth_len = m->auth_len,
	    .ttl = m->info_ttl,
	    .mask_len = m->info_mask_len,
	    .eid = m->source_addr,
	    .addr = m->info_addr};

	xtr_write_info(w, &o);
	auth_again(w, m, p);
}

static inline void ecm_again(struct xtr_writer *w, const struct xtr_msg *m)
{
	struct xtr_sec_ecm sec;
	struct xtr_ecm_opts o = {.src = m->inner_src,
	    .dst = m->inner_dst,
	    .sport = m->inner_sport,
	    .dport = m->inner_dport,
	    .ddt = m->ddt,
	    .sec = xtr_sec_of_ecm(m, &sec) ? &sec : NULL,
	    .ip = &m->inner_ip,
	    .inner = m->inner,
	    .inner_len = m->inner_len};

	xtr_write_ecm_opts(w, &o);
}

/* p: the message that m was read from. */
static inline void msg_again(struct xtr_writer *w, const struct xtr_msg *m, const uint8_t *p)
{
	switch ((unsigned)m->type) {
	case XTR_MSG_MAP_REQUEST:
		request_again(w, m);
		break;
	case XTR_MSG_MAP_REPLY:
		reply_again(w, m);
		break;
	case XTR_MSG_MAP_REFERRAL:
		xtr_write_map_referral(w, m->nonce);
		records_again(w, m);
		break;
	case XTR_MSG_INFO:
		info_again(w, m, p);
		break;
	case XTR_MSG_ECM:
		ecm_again(w, m);
		break;
	case XTR_MSG_EXTENSION:
		xtr_write_extension(w, m->subtype, m->ext, m->ext_len);
		break;
	default:
		register_again(w, m, p);
		break;
	}
}

static inline bool eid_same(const struct xtr_eid *a, const struct xtr_eid *b)
{
	return a->iid == b->iid && a->plen == b->plen && a->ip.af == b->ip.af &&
	       memcmp(a->ip.b, b->ip.b, sizeof a->ip.b) == 0;
}

static inline bool ip_same(const struct xtr_ip *a, const struct xtr_ip *b)
{
	return a->af == b->af && memcmp(a->b, b->b, sizeof a->b) == 0;
}

static inline bool locator_same(const struct xtr_locator *a, const struct xtr_locator *b)
{
	return a->priority == b->priority && a->weight == b->weight &&
	       a->m_priority == b->m_priority && a->m_weight == b->m_weight &&
	       a->local == b->local && a->probed == b->probed && a->reachable == b->reachable &&
	       ip_same(&a->ip, &b->ip) && addr_same(&a->addr, &b->addr);
}

static inline bool signature_same(const struct xtr_signature *a, const struct xtr_signature *b)
{
	return a->original_ttl == b->original_ttl && a->expiration == b->expiration &&
	       a->inception == b->inception && a->key_tag == b->key_tag &&
	       a->algorithm == b->algorithm && bytes_same(a->sig, a->len, b->sig, b->len);
}

/* Without what hangs on it. */
static inline bool record_head_same(const struct xtr_record *a, const struct xtr_record *b)
{
	return a->ttl == b->ttl && eid_same(&a->eid, &b->eid) && a->eid_none == b->eid_none &&
	       a->act == b->act && a->authoritative == b->authoritative &&
	       a->map_version == b->map_version && a->mask_len == b->mask_len &&
	       a->incomplete == b->incomplete && a->n_locators == b->n_locators &&
	       a->n_signatures == b->n_signatures && addr_same(&a->addr, &b->addr);
}

static inline bool record_same(const struct xtr_record *a, const struct xtr_record *b)
{
	const uint8_t *c = NULL, *d = NULL;
	struct xtr_signature s, t;
	struct xtr_locator l, k;

	if (!record_head_same(a, b))
		return false;
	while (xtr_locator_next(a, &c, &l))
		if (!xtr_locator_next(b, &d, &k) || !locator_same(&l, &k))
			return false;
	if (xtr_locator_next(b, &d, &k))
		return false;
	for (c = d = NULL; xtr_signature_next(a, &c, &s);)
		if (!xtr_signature_next(b, &d, &t) || !signature_same(&s, &t))
			return false;
	return !xtr_signature_next(b, &d, &t);
}

static inline bool request_rec_same(
    const struct xtr_request_rec *a, const struct xtr_request_rec *b)
{
	return eid_same(&a->eid, &b->eid) && a->notify == b->notify && a->mask_len == b->mask_len &&
	       addr_same(&a->addr, &b->addr);
}

static inline bool request_same(const struct xtr_msg *a, const struct xtr_msg *b)
{
	const uint8_t *c = NULL, *d = NULL;
	struct xtr_record rec, rec2;
	struct xtr_request_rec r, s;
	struct xtr_addr x, y;

	while (xtr_itr_addr_next(a, &c, &x))
		if (!xtr_itr_addr_next(b, &d, &y) || !addr_same(&x, &y))
			return false;
	if (xtr_itr_addr_next(b, &d, &y) || a->n_itr_rlocs != b->n_itr_rlocs)
		return false;
	for (unsigned i = 0; i < a->n_itr_rlocs; i++)
		if (!ip_same(&a->itr_rlocs[i], &b->itr_rlocs[i]))
			return false;
	for (c = d = NULL; xtr_request_rec_next(a, &c, &r);)
		if (!xtr_request_rec_next(b, &d, &s) || !request_rec_same(&r, &s))
			return false;
	if (xtr_request_rec_next(b, &d, &s) || !a->reply_record != !b->reply_record)
		return false;
	if (!a->reply_record)
		return true;
	xtr_record_at(a->reply_record, &rec);
	xtr_record_at(b->reply_record, &rec2);
	return record_same(&rec, &rec2);
}

static inline bool eid_ad_same(const struct xtr_sec_eid_ad *a, const struct xtr_sec_eid_ad *b)
{
	const uint8_t *c = NULL, *d = NULL;
	struct xtr_request_rec r, s;

	while (xtr_sec_eid_next(a, &c, &r))
		if (!xtr_sec_eid_next(b, &d, &s) || !request_rec_same(&r, &s))
			return false;
	return !xtr_sec_eid_next(b, &d, &s) && a->kdf_id == b->kdf_id &&
	       a->n_records == b->n_records && a->cant_sign == b->cant_sign &&
	       a->hmac_id == b->hmac_id && !a->records == !b->records &&
	       bytes_same(a->hmac, a->hmac_len, b->hmac, b->hmac_len);
}

static inline bool sec_same(const struct xtr_msg *a, const struct xtr_msg *b)
{
	struct xtr_sec_reply r, s;
	struct xtr_sec_ecm e, f;

	if (xtr_sec_of_ecm(a, &e))
		return xtr_sec_of_ecm(b, &f) && e.hmac_id == f.hmac_id && e.key_id == f.key_id &&
		       e.wrap_id == f.wrap_id && bytes_same(e.otk, e.otk_len, f.otk, f.otk_len) &&
		       eid_ad_same(&e.eid_ad, &f.eid_ad);
	if (xtr_sec_of_reply(a, &r))
		return xtr_sec_of_reply(b, &s) && r.hmac_id == s.hmac_id &&
		       bytes_same(r.hmac, r.hmac_len, s.hmac, s.hmac_len) &&
		       eid_ad_same(&r.eid_ad, &s.eid_ad);
	return !xtr_sec_of_ecm(b, &f) && !xtr_sec_of_reply(b, &s) &&
	       bytes_same(a->sec, a->sec_len, b->sec, b->sec_len);
}

static inline bool flags_same(const struct xtr_msg *a, const struct xtr_msg *b)
{
	return a->authoritative == b->authoritative && a->map_data == b->map_data &&
	       a->probe == b->probe && a->smr == b->smr && a->pitr == b->pitr &&
	       a->smr_invoked == b->smr_invoked && a->local_xtr == b->local_xtr &&
	       a->dont_reply == b->dont_reply && a->echo_nonce == b->echo_nonce &&
	       a->security == b->security && a->proxy_reply == b->proxy_reply &&
	       a->has_ids == b->has_ids && a->eid_notify == b->eid_notify &&
	       a->use_ttl == b->use_ttl && a->merge == b->merge &&
	       a->want_notify == b->want_notify && a->ddt == b->ddt &&
	       a->info_reply == b->info_reply && a->vendor == b->vendor &&
	       a->vendor_at == b->vendor_at;
}

static inline bool source_same(const struct xtr_msg *a, const struct xtr_msg *b)
{
	return eid_same(&a->source_eid, &b->source_eid) &&
	       addr_same(&a->source_addr, &b->source_addr);
}

static inline bool info_same(const struct xtr_msg *a, const struct xtr_msg *b)
{
	return source_same(a, b) && a->info_ttl == b->info_ttl &&
	       a->info_mask_len == b->info_mask_len && addr_same(&a->info_addr, &b->info_addr);
}

static inline bool inner_same(const struct xtr_msg *a, const struct xtr_msg *b)
{
	const struct xtr_inner_ip *x = &a->inner_ip, *y = &b->inner_ip;

	return ip_same(&a->inner_src, &b->inner_src) && ip_same(&a->inner_dst, &b->inner_dst) &&
	       a->inner_sport == b->inner_sport && a->inner_dport == b->inner_dport &&
	       x->tos == y->tos && x->ttl == y->ttl && x->no_checksum == y->no_checksum &&
	       (a->inner_src.af == 4 ? x->id == y->id && x->dont_fragment == y->dont_fragment
				     : x->flow == y->flow) &&
	       bytes_same(a->inner, a->inner_len, b->inner, b->inner_len);
}

/* NULL, or what differs. p, q: what a and b were read from. */
static inline const char *msg_differs(
    const struct xtr_msg *a, const uint8_t *p, const struct xtr_msg *b, const uint8_t *q)
{
	const uint8_t *c = NULL, *d = NULL;
	struct xtr_record rec, rec2;

	if (a->type != b->type || a->nonce != b->nonce || a->n_records != b->n_records)
		return "header";
	if (!flags_same(a, b))
		return "flags";
	if (a->type == XTR_MSG_MAP_REQUEST && (!source_same(a, b) || !request_same(a, b)))
		return "Map-Request";
	while (xtr_record_next(a, &c, &rec))
		if (!xtr_record_next(b, &d, &rec2) || !record_same(&rec, &rec2))
			return "record";
	if (xtr_record_next(b, &d, &rec2))
		return "number of records";
	if (a->key_id != b->key_id || a->algorithm != b->algorithm ||
	    !bytes_same(p + a->auth_offset, a->auth_len, q + b->auth_offset, b->auth_len))
		return "authentication data";
	if (a->has_ids && (!a->xtr_id || !b->xtr_id || memcmp(a->xtr_id, b->xtr_id, 24) != 0))
		return "xTR-ID or site-ID";
	if (!sec_same(a, b))
		return "LISP-SEC data";
	if (a->type == XTR_MSG_ECM && !inner_same(a, b))
		return "inner packet";
	if ((unsigned)a->type == XTR_MSG_INFO && !info_same(a, b))
		return "Info-Request";
	if (a->subtype != b->subtype || !bytes_same(a->ext, a->ext_len, b->ext, b->ext_len))
		return "shared extension";
	return NULL;
}

#endif
