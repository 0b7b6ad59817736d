/* SPDX-License-Identifier: BSD-3-Clause */
/* Whole control messages: from bytes to struct xtr_msg, with every check. */
#include <errno.h>
#include <stdio.h>

#include "wire/read.h"

#define HDR_LEN      4  /* type, flags, record count */
#define NONCE_END    12 /* the nonce is there in all but the ECM */
#define AUTH_HDR_END 16 /* key ID, algorithm ID, authentication data length (2) */

/* Flags, by the byte of the message they are in. RFC 9301 sections 5.2, 5.4, 5.6. */
#define REQUEST0_A   0x08
#define REQUEST0_M   0x04
#define REQUEST0_P   0x02
#define REQUEST0_S   0x01
#define REQUEST1_P   0x80 /* PITR */
#define REQUEST1_S   0x40 /* SMR-invoked */
#define REQUEST2_L   0x40
#define REQUEST2_D   0x20
#define REQUEST2_IRC 0x1f
#define REPLY0_P     0x08
#define REPLY0_E     0x04
#define REPLY0_S     0x02
#define REGISTER0_P  0x08
#define REGISTER0_S  0x04
#define REGISTER0_I  0x02
#define REGISTER2_E  0x10
#define REGISTER2_T  0x08
#define REGISTER2_A  0x04
#define REGISTER2_M  0x01

static int itr_rlocs_read(struct xtr_rd *r, struct xtr_msg *m, unsigned n)
{
	struct xtr_rd_addr a;
	size_t start = r->pos;
	unsigned seen = 0;
	int ret;

	for (unsigned i = 0; i < n; i++) {
		ret = xtr_rd_address(r, false, "ITR-RLOC", &a);
		if (ret < 0)
			return ret;
		seen += a.afi != XTR_AFI_NONE;
		if (a.ip.af != 0)
			m->itr_rlocs[m->n_itr_rlocs++] = a.ip;
	}
	/* RFC 9301 5.3: a Map-Request without any ITR-RLOC address MUST be dropped. */
	if (seen == 0)
		return xtr_rd_fail(r, start, "ITR-RLOC", "no ITR-RLOC address", "RFC 9301 5.3");
	return 0;
}

/* RFC 9301 section 5.2. */
static int request_read(struct xtr_rd *r, struct xtr_msg *m)
{
	const uint8_t *p = r->base;
	struct xtr_record rec;
	struct xtr_rd_addr a;
	struct xtr_eid eid;
	int ret;

	m->authoritative = p[0] & REQUEST0_A;
	m->map_data = p[0] & REQUEST0_M;
	m->probe = p[0] & REQUEST0_P;
	m->smr = p[0] & REQUEST0_S;
	m->pitr = p[1] & REQUEST1_P;
	m->smr_invoked = p[1] & REQUEST1_S;
	m->local_xtr = p[2] & REQUEST2_L;
	m->dont_reply = p[2] & REQUEST2_D;

	/* A source EID of a type that we do not know is as good as none: nothing but SMR looks at
	 * it. */
	ret = xtr_rd_address(r, true, "Source-EID", &a);
	if (ret < 0)
		return ret;
	if (a.understood)
		m->source_eid = xtr_eid_host(a.iid, &a.ip);
	ret = itr_rlocs_read(r, m, (p[2] & REQUEST2_IRC) + 1u);
	if (ret < 0)
		return ret;

	/* RFC 9301 5.2: "one or more records". */
	if (m->n_records == 0)
		return xtr_rd_fail(
		    r, 3, "Record Count", "a Map-Request without records", "RFC 9301 5.2");
	m->records = xtr_rd_at(r);
	for (unsigned i = 0; i < m->n_records; i++) {
		ret = xtr_rd_request_eid(r, &eid);
		if (ret < 0)
			return ret;
	}
	m->records_after = xtr_rd_at(r);
	if (m->map_data) {
		m->reply_record = xtr_rd_at(r);
		ret = xtr_rd_record(r, &rec);
	}
	return ret;
}

static int records_read(struct xtr_rd *r, struct xtr_msg *m)
{
	struct xtr_record rec;
	int ret;

	m->records = xtr_rd_at(r);
	for (unsigned i = 0; i < m->n_records; i++) {
		ret = xtr_rd_record(r, &rec);
		if (ret < 0)
			return ret;
	}
	m->records_after = xtr_rd_at(r);
	return 0;
}

/* RFC 9301 section 5.4. What LISP-SEC appends (S) is left alone. */
static int reply_read(struct xtr_rd *r, struct xtr_msg *m)
{
	m->probe = r->base[0] & REPLY0_P;
	m->echo_nonce = r->base[0] & REPLY0_E;
	m->security = r->base[0] & REPLY0_S;
	return records_read(r, m);
}

/* RFC 9301 sections 5.6 and 5.7: Map-Register, Map-Notify, Map-Notify-Ack. */
static int register_read(struct xtr_rd *r, struct xtr_msg *m)
{
	const uint8_t *p = r->base;
	int ret;

	if (!xtr_rd_has(r, AUTH_HDR_END - NONCE_END))
		return xtr_rd_fail(r, r->pos, "Key ID",
		    "message ends inside the authentication header", "RFC 9301 5.6");
	if (m->type == XTR_MSG_MAP_REGISTER) {
		m->proxy_reply = p[0] & REGISTER0_P;
		m->security = p[0] & REGISTER0_S;
		m->has_ids = p[0] & REGISTER0_I;
		m->eid_notify = p[2] & REGISTER2_E;
		m->use_ttl = p[2] & REGISTER2_T;
		m->merge = p[2] & REGISTER2_A;
		m->want_notify = p[2] & REGISTER2_M;
	}
	m->key_id = p[12];
	m->algorithm = p[13];
	m->auth_len = xtr_get16(p + 14);
	m->auth_offset = AUTH_HDR_END;
	r->pos = AUTH_HDR_END;
	if (m->auth_len > XTR_AUTH_MAX)
		return xtr_rd_fail(r, 14, "Authentication Data Length",
		    "longer than any known algorithm's", "RFC 9301 5.6");
	if (!xtr_rd_has(r, m->auth_len))
		return xtr_rd_fail(r, 14, "Authentication Data Length",
		    "message ends inside the authentication data", "RFC 9301 5.6");
	r->pos += m->auth_len;
	ret = records_read(r, m);
	if (ret < 0)
		return ret;
	m->records_end = (uint32_t)r->pos;

	/* Map-Notify has no I bit in RFC 9301; its sender copied what the Map-Register had, so go
	 * by what is there. */
	if (m->type != XTR_MSG_MAP_REGISTER)
		m->has_ids = xtr_rd_has(r, XTR_XTR_ID_LEN + XTR_SITE_ID_LEN);
	if (!m->has_ids)
		return 0;
	if (!xtr_rd_has(r, XTR_XTR_ID_LEN + XTR_SITE_ID_LEN))
		return xtr_rd_fail(r, r->pos, "xTR-ID",
		    "I bit set, but message ends before xTR-ID and Site-ID", "RFC 9301 5.6");
	m->xtr_id = xtr_rd_at(r);
	m->site_id = m->xtr_id + XTR_XTR_ID_LEN;
	r->pos += XTR_XTR_ID_LEN + XTR_SITE_ID_LEN;
	return 0;
}

int xtr_msg_read(const uint8_t *p, size_t len, struct xtr_msg *m, struct xtr_wire_err *err)
{
	struct xtr_rd r = {.base = p, .len = len, .err = err};

	*m = (struct xtr_msg){0};
	if (len < HDR_LEN)
		return xtr_rd_fail(
		    &r, 0, "Type", "message shorter than its header", "RFC 9301 5.1");
	m->type = p[0] >> 4;
	m->end = p + len;
	if (m->type == XTR_MSG_ECM) {
		r.pos = HDR_LEN;
		return xtr_rd_ecm(&r, m);
	}
	if (m->type < XTR_MSG_MAP_REQUEST || m->type > XTR_MSG_MAP_NOTIFY_ACK) {
		xtr_rd_fail(&r, 0, "Type", "unknown message type", "RFC 9301 5.1");
		return -ENOTSUP;
	}
	if (len < NONCE_END)
		return xtr_rd_fail(
		    &r, HDR_LEN, "Nonce", "message ends inside the nonce", "RFC 9301 5.2");
	m->n_records = p[3];
	m->nonce = xtr_get64(p + HDR_LEN);
	r.pos = NONCE_END;
	switch (m->type) {
	case XTR_MSG_MAP_REQUEST:
		return request_read(&r, m);
	case XTR_MSG_MAP_REPLY:
		return reply_read(&r, m);
	default:
		return register_read(&r, m);
	}
}

int xtr_wire_err_format(const struct xtr_wire_err *err, char *buf, size_t size)
{
	return snprintf(
	    buf, size, "offset %u, %s: %s (%s)", err->offset, err->field, err->reason, err->clause);
}

const char *xtr_msg_type_name(unsigned type)
{
	static const char *const names[16] = {"type 0", "Map-Request", "Map-Reply", "Map-Register",
	    "Map-Notify", "Map-Notify-Ack", "Map-Referral", "type 7",
	    "Encapsulated Control Message", "type 9", "type 10", "type 11", "type 12", "type 13",
	    "type 14", "type 15"};

	return type < 16 ? names[type] : "type above 15";
}

const char *xtr_act_name(unsigned act)
{
	static const char *const names[8] = {"no-action", "natively-forward", "send-map-request",
	    "drop", "drop-policy-denied", "drop-auth-failure", "action 6", "action 7"};

	return act < 8 ? names[act] : "action above 7";
}
