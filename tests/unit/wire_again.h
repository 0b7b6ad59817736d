/* SPDX-License-Identifier: BSD-3-Clause */
/* What our writer makes of what our reader found in a message: the same bytes, but for reserved
 * fields and what follows the last field. */
#ifndef WIRE_AGAIN_H
#define WIRE_AGAIN_H

#include <string.h>

#include "wire/lcaf.h"
#include "wire/sec.h"

static inline void again_locators(struct xtr_writer *w, const struct xtr_record *rec)
{
	const uint8_t *cursor = NULL;
	struct xtr_signature sig;
	struct xtr_locator loc;

	while (xtr_locator_next(rec, &cursor, &loc))
		xtr_write_locator_addr(w, &loc);
	for (cursor = NULL; xtr_signature_next(rec, &cursor, &sig);)
		xtr_write_signature(w, &sig);
}

static inline void again_records(struct xtr_writer *w, const struct xtr_msg *m)
{
	const uint8_t *cursor = NULL;
	struct xtr_record rec;

	while (xtr_record_next(m, &cursor, &rec)) {
		xtr_write_record_addr(w, &rec);
		again_locators(w, &rec);
	}
}

static inline void again_request(struct xtr_writer *w, const struct xtr_msg *m)
{
	struct xtr_addr rlocs[XTR_MAX_ITR_RLOCS];
	const uint8_t *cursor = NULL;
	struct xtr_request_rec req;
	struct xtr_record rec;
	struct xtr_request_opts o = {.nonce = m->nonce,
	    .source_addr = &m->source_addr,
	    .itr_addrs = rlocs,
	    .n_itr_rlocs = m->n_itr_addrs,
	    .authoritative = m->authoritative,
	    .probe = m->probe,
	    .smr = m->smr,
	    .pitr = m->pitr,
	    .smr_invoked = m->smr_invoked,
	    .local_xtr = m->local_xtr,
	    .dont_reply = m->dont_reply,
	    .has_ids = m->has_ids,
	    .extra = m->head};

	for (unsigned i = 0; xtr_itr_addr_next(m, &cursor, &rlocs[i]); i++)
		;
	xtr_write_request(w, &o);
	for (cursor = NULL; xtr_request_rec_next(m, &cursor, &req);)
		xtr_write_request_rec_addr(w, &req);
	if (m->reply_record) {
		xtr_record_at(m->reply_record, &rec);
		xtr_write_map_data_addr(w, &rec);
		again_locators(w, &rec);
	}
}

static inline void again_register(struct xtr_writer *w, const struct xtr_msg *m)
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
	    .want_notify = m->want_notify,
	    .extra = m->head};

	if (m->type == XTR_MSG_MAP_REGISTER)
		xtr_write_map_register(w, &o);
	else
		xtr_write_map_notify(w, &o, m->type == XTR_MSG_MAP_NOTIFY_ACK);
	again_records(w, m);
}

static inline void again_ecm(struct xtr_writer *w, const struct xtr_msg *m)
{
	struct xtr_sec_ecm sec;
	struct xtr_ecm_opts o = {.src = m->inner_src,
	    .dst = m->inner_dst,
	    .sport = m->inner_sport,
	    .dport = m->inner_dport,
	    .ddt = m->ddt,
	    .ip = &m->inner_ip,
	    .extra = m->head,
	    .inner = m->inner,
	    .inner_len = m->inner_len};

	if (xtr_sec_of_ecm(m, &sec))
		o.sec = &sec;
	xtr_write_ecm_opts(w, &o);
}

static inline void again_reply(struct xtr_writer *w, const struct xtr_msg *m)
{
	struct xtr_reply_opts o = {.nonce = m->nonce,
	    .probe = m->probe,
	    .echo_nonce = m->echo_nonce,
	    .security = m->security,
	    .extra = m->head};
	struct xtr_sec_reply sec;

	xtr_write_map_reply_opts(w, &o);
	again_records(w, m);
	if (xtr_sec_of_reply(m, &sec))
		xtr_write_sec_reply(w, &sec);
}

static inline void again_info(struct xtr_writer *w, const struct xtr_msg *m)
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
}

/* Writes the message m, that was read from p, to w. */
static inline void wire_again(struct xtr_writer *w, const uint8_t *p, const struct xtr_msg *m)
{
	switch ((unsigned)m->type) {
	case XTR_MSG_MAP_REQUEST:
		again_request(w, m);
		break;
	case XTR_MSG_MAP_REPLY:
		again_reply(w, m);
		break;
	case XTR_MSG_MAP_REFERRAL:
		xtr_write_map_referral(w, m->nonce);
		again_records(w, m);
		break;
	case XTR_MSG_INFO:
		again_info(w, m);
		break;
	case XTR_MSG_EXTENSION:
		xtr_write_extension(w, m->subtype, m->ext, m->ext_len);
		break;
	case XTR_MSG_ECM:
		again_ecm(w, m);
		break;
	default:
		again_register(w, m);
		break;
	}
	if (m->xtr_id)
		xtr_write_ids(w, m->xtr_id, m->site_id);
	/* which the writer leaves to lib/auth */
	if (m->auth_len > 0 && xtr_writer_result(w) == 0)
		memcpy(w->p + w->auth_at, p + m->auth_offset, m->auth_len);
}

#endif
