/* SPDX-License-Identifier: BSD-3-Clause */
#include "msg_json.h"

#include "lcaf_json.h"

#include <errno.h>
#include <stdio.h>

#include "auth/auth.h"
#include "wire/sec.h"

#define MAX_DEPTH 4 /* ECM in ECM: an answer for what nobody should send */

/* {"iid": 0, "prefix": "10.1.1.0/24"}; "prefix" is null for AFI 0. */
static json_t *eid_json(const struct xtr_eid *eid)
{
	char buf[XTR_EID_STRLEN];

	return json_pack("{s:i, s:o}", "iid", (int)eid->iid, "prefix",
	    eid->ip.af ? json_string(xtr_prefix_format(eid, buf)) : json_null());
}

static json_t *record_json(const struct xtr_record *rec, bool referral, bool all)
{
	json_t *locators = json_array(), *o, *l;
	const char *action = referral ? xtr_referral_act_name(rec->act) : xtr_act_name(rec->act);
	const uint8_t *cursor = NULL;
	struct xtr_signature sig;
	struct xtr_locator loc;
	json_t *sigs;

	while (xtr_locator_next(rec, &cursor, &loc)) {
		json_t *flags = json_array();

		xtrctl_flag(flags, "L", loc.local);
		xtrctl_flag(flags, "p", loc.probed);
		xtrctl_flag(flags, "R", loc.reachable);
		l = json_pack("{s:o, s:i, s:i, s:i, s:i, s:o}", "rloc", xtrctl_ip_json(&loc.ip),
		    "priority", loc.priority, "weight", loc.weight, "m-priority", loc.m_priority,
		    "m-weight", loc.m_weight, "flags", flags);
		if (all)
			xtrctl_set(l, "address", xtrctl_addr_json(&loc.addr));
		json_array_append_new(locators, l);
	}
	o = json_pack("{s:o, s:I, s:i, s:s, s:b, s:i, s:i, s:o}", "eid", eid_json(&rec->eid), "ttl",
	    (json_int_t)rec->ttl, "act", rec->act, "action", action, "authoritative",
	    rec->authoritative, "map-version", rec->map_version, "locator-count", rec->n_locators,
	    "locators", locators);
	if (all) {
		xtrctl_set_int(o, "mask-len", rec->mask_len);
		xtrctl_set(o, "address", xtrctl_addr_json(&rec->addr));
	}
	if (!referral)
		return o;
	sigs = json_array();
	xtrctl_set(o, "incomplete", json_boolean(rec->incomplete));
	for (cursor = NULL; xtr_signature_next(rec, &cursor, &sig);)
		json_array_append_new(sigs,
		    json_pack("{s:I, s:I, s:I, s:i, s:i, s:o}", "original-ttl",
			(json_int_t)sig.original_ttl, "expiration", (json_int_t)sig.expiration,
			"inception", (json_int_t)sig.inception, "key-tag", sig.key_tag, "algorithm",
			sig.algorithm, "signature", xtrctl_hex_json(sig.sig, sig.len)));
	xtrctl_set(o, "signatures", sigs);
	return o;
}

static void ids_json(json_t *o, const struct xtr_msg *m)
{
	xtrctl_set(o, "xtr-id", xtrctl_hex_json(m->xtr_id, XTR_XTR_ID_LEN));
	xtrctl_set(o, "site-id", xtrctl_hex_json(m->site_id, XTR_SITE_ID_LEN));
}

static void request_all_json(json_t *o, const struct xtr_msg *m)
{
	json_t *rlocs = json_array(), *records = json_array();
	const uint8_t *cursor = NULL;
	struct xtr_request_rec rec;
	struct xtr_addr a;

	while (xtr_itr_addr_next(m, &cursor, &a))
		json_array_append_new(rlocs, xtrctl_addr_json(&a));
	for (cursor = NULL; xtr_request_rec_next(m, &cursor, &rec);)
		json_array_append_new(
		    records, json_pack("{s:o, s:b, s:i, s:o}", "eid", eid_json(&rec.eid), "notify",
				 rec.notify, "mask-len", rec.mask_len, "address",
				 xtrctl_addr_json(&rec.addr)));
	xtrctl_set(o, "source-address", xtrctl_addr_json(&m->source_addr));
	xtrctl_set(o, "itr-addresses", rlocs);
	xtrctl_set(o, "records", records);
}

static void request_json(json_t *o, json_t *flags, const struct xtr_msg *m, bool all)
{
	json_t *rlocs = json_array(), *records = json_array();
	const uint8_t *cursor = NULL;
	struct xtr_record rec;
	struct xtr_eid eid;

	xtrctl_flag(flags, "A", m->authoritative);
	xtrctl_flag(flags, "M", m->map_data);
	xtrctl_flag(flags, "P", m->probe);
	xtrctl_flag(flags, "S", m->smr);
	xtrctl_flag(flags, "p", m->pitr);
	xtrctl_flag(flags, "s", m->smr_invoked);
	xtrctl_flag(flags, "I", m->has_ids);
	xtrctl_flag(flags, "L", m->local_xtr);
	xtrctl_flag(flags, "D", m->dont_reply);
	for (unsigned i = 0; i < m->n_itr_rlocs; i++)
		json_array_append_new(rlocs, xtrctl_ip_json(&m->itr_rlocs[i]));
	while (xtr_request_eid_next(m, &cursor, &eid))
		json_array_append_new(records, eid_json(&eid));
	xtrctl_set(o, "source-eid", eid_json(&m->source_eid));
	xtrctl_set(o, "itr-rlocs", rlocs);
	xtrctl_set(o, "eids", records);
	if (all)
		request_all_json(o, m);
	if (m->has_ids)
		ids_json(o, m);
	if (m->reply_record) {
		xtr_record_at(m->reply_record, &rec);
		xtrctl_set(o, "map-data", record_json(&rec, false, all));
	}
}

static void records_json(json_t *o, const struct xtr_msg *m, bool all)
{
	json_t *records = json_array();
	const uint8_t *cursor = NULL;
	struct xtr_record rec;

	while (xtr_record_next(m, &cursor, &rec))
		json_array_append_new(
		    records, record_json(&rec, m->type == XTR_MSG_MAP_REFERRAL, all));
	xtrctl_set(o, "records", records);
}

static void register_json(json_t *o, json_t *flags, const uint8_t *p, size_t len,
    const struct xtr_msg *m, const struct xtrctl_msg_form *form)
{
	xtrctl_flag(flags, "P", m->proxy_reply);
	xtrctl_flag(flags, "S", m->security);
	xtrctl_flag(flags, "I", m->type == XTR_MSG_MAP_REGISTER && m->has_ids);
	xtrctl_flag(flags, "E", m->eid_notify);
	xtrctl_flag(flags, "T", m->use_ttl);
	xtrctl_flag(flags, "a", m->merge);
	xtrctl_flag(flags, "M", m->want_notify);
	xtrctl_set(o, "key-id", json_integer(m->key_id));
	xtrctl_set(o, "algorithm", json_integer(m->algorithm));
	xtrctl_set(o, "algorithm-name", json_string(xtr_algorithm_name(m->algorithm)));
	xtrctl_set(o, "auth-data", xtrctl_hex_json(p + m->auth_offset, m->auth_len));
	xtrctl_set(o, "records-end", json_integer(m->records_end));
	if (m->has_ids)
		ids_json(o, m);
	if (form->auth != NULL)
		form->auth(o, p, len, m);
	records_json(o, m, form->all);
}

static json_t *eid_ad_json(const struct xtr_sec_eid_ad *ad)
{
	json_t *records = json_array(), *o;
	const uint8_t *cursor = NULL;
	struct xtr_request_rec rec;

	while (xtr_sec_eid_next(ad, &cursor, &rec))
		json_array_append_new(records, json_pack("{s:i, s:o}", "mask-len", rec.mask_len,
						   "address", xtrctl_addr_json(&rec.addr)));
	o = json_pack("{s:i, s:o}", "kdf-id", ad->kdf_id, "records", records);
	if (ad->records) {
		xtrctl_set(o, "E", json_boolean(ad->cant_sign));
		xtrctl_set_int(o, "hmac-id", ad->hmac_id);
		xtrctl_set(o, "hmac", xtrctl_hex_json(ad->hmac, ad->hmac_len));
	}
	return o;
}

static void sec_json(json_t *o, const struct xtr_msg *m)
{
	struct xtr_sec_reply reply;
	struct xtr_sec_ecm ecm;

	if (xtr_sec_of_ecm(m, &ecm))
		xtrctl_set(o, "sec",
		    json_pack("{s:i, s:i, s:i, s:o, s:o}", "hmac-id", ecm.hmac_id, "key-id",
			ecm.key_id, "wrap-id", ecm.wrap_id, "otk",
			xtrctl_hex_json(ecm.otk, ecm.otk_len), "eid-ad", eid_ad_json(&ecm.eid_ad)));
	else if (xtr_sec_of_reply(m, &reply))
		xtrctl_set(o, "sec",
		    json_pack("{s:i, s:o, s:o}", "hmac-id", reply.hmac_id, "hmac",
			xtrctl_hex_json(reply.hmac, reply.hmac_len), "eid-ad",
			eid_ad_json(&reply.eid_ad)));
}

static void info_json(json_t *o, json_t *flags, const uint8_t *p, const struct xtr_msg *m)
{
	xtrctl_flag(flags, "R", m->info_reply);
	xtrctl_set_int(o, "key-id", m->key_id);
	xtrctl_set_int(o, "algorithm", m->algorithm);
	xtrctl_set(o, "auth-data", xtrctl_hex_json(p + m->auth_offset, m->auth_len));
	xtrctl_set_int(o, "ttl", m->info_ttl);
	xtrctl_set_int(o, "mask-len", m->info_mask_len);
	xtrctl_set(o, "eid", eid_json(&m->source_eid));
	xtrctl_set(o, "eid-address", xtrctl_addr_json(&m->source_addr));
	xtrctl_set(o, "info-address", xtrctl_addr_json(&m->info_addr));
}

static json_t *message_json(
    const uint8_t *p, size_t len, const struct xtrctl_msg_form *form, int depth)
{
	json_t *o = json_object(), *flags = json_array();
	struct xtr_wire_err err = {0};
	struct xtr_msg m;
	char nonce[17];
	int ret = xtr_msg_read(p, len, &m, &err);

	xtrctl_set(o, "length", json_integer((json_int_t)len));
	if (ret < 0) {
		xtrctl_set(o, "error", xtrctl_error_json(ret, &err));
		json_decref(flags);
		return o;
	}
	if (form->begin != NULL)
		form->begin(o, p, len, &m);
	if (form->all)
		xtrctl_set(o, "vendor", json_boolean(m.vendor));
	xtrctl_set(o, "type", json_integer(m.type));
	xtrctl_set(o, "name", json_string(xtr_msg_type_name(m.type)));
	xtrctl_set(o, "flags", flags);
	if (m.type == XTR_MSG_ECM) {
		xtrctl_flag(flags, "S", m.security);
		xtrctl_flag(flags, "D", m.ddt);
		sec_json(o, &m);
		xtrctl_set(o, "inner-source", xtrctl_ip_json(&m.inner_src));
		xtrctl_set(o, "inner-destination", xtrctl_ip_json(&m.inner_dst));
		xtrctl_set(o, "inner-source-port", json_integer(m.inner_sport));
		xtrctl_set(o, "inner-destination-port", json_integer(m.inner_dport));
		if (depth < MAX_DEPTH)
			xtrctl_set(o, "inner", message_json(m.inner, m.inner_len, form, depth + 1));
		return o;
	}
	if (m.type == XTR_MSG_EXTENSION) {
		xtrctl_set_int(o, "subtype", m.subtype);
		xtrctl_set(o, "data", xtrctl_hex_json(m.ext, m.ext_len));
		return o;
	}
	snprintf(nonce, sizeof nonce, "%016llx", (unsigned long long)m.nonce);
	xtrctl_set(o, "nonce", json_string(nonce));
	xtrctl_set(o, "record-count", json_integer(m.n_records));
	switch ((unsigned)m.type) {
	case XTR_MSG_MAP_REQUEST:
		request_json(o, flags, &m, form->all);
		break;
	case XTR_MSG_MAP_REPLY:
		xtrctl_flag(flags, "P", m.probe);
		xtrctl_flag(flags, "E", m.echo_nonce);
		xtrctl_flag(flags, "S", m.security);
		records_json(o, &m, form->all);
		sec_json(o, &m);
		break;
	case XTR_MSG_MAP_REFERRAL:
		records_json(o, &m, form->all);
		break;
	case XTR_MSG_INFO:
		info_json(o, flags, p, &m);
		break;
	default:
		register_json(o, flags, p, len, &m, form);
		break;
	}
	return o;
}

json_t *xtrctl_msg_json(const uint8_t *p, size_t len, const struct xtrctl_msg_form *form)
{
	return message_json(p, len, form, 0);
}
