/* SPDX-License-Identifier: BSD-3-Clause */
/* Whole control messages: from bytes to struct xtr_msg, with every check. */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>

#include "wire/layout.h"
#include "wire/read.h"

/* Flags, by the byte of the message they are in. RFC 9301 sections 5.2, 5.4, 5.6. */
#define REQUEST0_A   0x08
#define REQUEST0_M   0x04
#define REQUEST0_P   0x02
#define REQUEST0_S   0x01
#define REQUEST1_P   0x80 /* PITR */
#define REQUEST1_S   0x40 /* SMR-invoked */
#define REQUEST1_I   0x10 /* xTR-ID, RFC 9437 section 4 */
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
#define NOTIFY0_I    0x08 /* draft-ermagan-lisp-nat-traversal: xTR-ID and Site-ID follow */
#define NOTIFY0_R    0x04 /* ditto: an RTR relays it, its authentication data follows */
#define INFO0_R      0x08

static int itr_rlocs_read(struct xtr_rd *r, struct xtr_msg *m, unsigned n)
{
	struct xtr_addr a;
	size_t start = r->pos;
	unsigned seen = 0;
	int ret;

	m->itr_addrs = xtr_rd_at(r);
	m->n_itr_addrs = (uint8_t)n;
	for (unsigned i = 0; i < n; i++) {
		ret = xtr_rd_addr(r, "ITR-RLOC", &a);
		if (ret < 0)
			return ret;
		seen += a.afi != XTR_AFI_NONE;
		if (a.afi == XTR_AFI_IPV4)
			m->itr_rlocs[m->n_itr_rlocs++] = xtr_ip4(a.p);
		else if (a.afi == XTR_AFI_IPV6)
			m->itr_rlocs[m->n_itr_rlocs++] = xtr_ip6(a.p);
	}
	/* RFC 9301 5.3: a Map-Request without any ITR-RLOC address MUST be dropped. */
	if (seen == 0)
		return xtr_rd_fail(r, start, "ITR-RLOC", "no ITR-RLOC address", "RFC 9301 5.3");
	return 0;
}

static void ids_read(struct xtr_rd *r, struct xtr_msg *m)
{
	m->xtr_id = xtr_rd_at(r);
	m->site_id = m->xtr_id + XTR_XTR_ID_LEN;
	r->pos += XTR_XTR_ID_LEN + XTR_SITE_ID_LEN;
}

static int ids_missing(const struct xtr_rd *r, const char *clause)
{
	return xtr_rd_fail(
	    r, r->pos, "xTR-ID", "I bit set, but message ends before xTR-ID and Site-ID", clause);
}

/* RFC 9301 section 5.2, RFC 9437 section 4. */
static int request_read(struct xtr_rd *r, struct xtr_msg *m)
{
	const uint8_t *p = r->base;
	bool plain;
	int ret;

	m->authoritative = p[0] & REQUEST0_A;
	m->map_data = p[0] & REQUEST0_M;
	m->probe = p[0] & REQUEST0_P;
	m->smr = p[0] & REQUEST0_S;
	m->pitr = p[1] & REQUEST1_P;
	m->smr_invoked = p[1] & REQUEST1_S;
	m->has_ids = p[1] & REQUEST1_I;
	m->local_xtr = p[2] & REQUEST2_L;
	m->dont_reply = p[2] & REQUEST2_D;

	ret = xtr_rd_source_eid(r, &m->source_eid, &m->source_addr);
	if (ret < 0)
		return ret;
	ret = itr_rlocs_read(r, m, (p[2] & REQUEST2_IRC) + 1u);
	if (ret < 0)
		return ret;

	/* RFC 9301 5.2: "one or more records". */
	if (m->n_records == 0)
		return xtr_rd_fail(r, XTR_COUNT_AT, "Record Count", "a Map-Request without records",
		    "RFC 9301 5.2");
	m->records = xtr_rd_at(r);
	for (unsigned i = 0; i < m->n_records; i++) {
		ret = xtr_rd_request_rec(r);
		if (ret < 0)
			return ret;
	}
	m->records_after = xtr_rd_at(r);
	if (m->map_data) {
		m->reply_record = xtr_rd_at(r);
		ret = xtr_rd_records(r, 1, false, &plain);
		if (ret < 0)
			return ret;
	}
	if (!m->has_ids)
		return 0;
	if (!xtr_rd_has(r, XTR_XTR_ID_LEN + XTR_SITE_ID_LEN))
		return ids_missing(r, "RFC 9437 4");
	ids_read(r, m);
	return 0;
}

static int records_read(struct xtr_rd *r, struct xtr_msg *m)
{
	int ret;

	m->records = xtr_rd_at(r);
	ret = xtr_rd_records(r, m->n_records, m->type == XTR_MSG_MAP_REFERRAL, &m->plain);
	m->records_after = xtr_rd_at(r);
	return ret;
}

/* RFC 9301 section 5.4. */
static int reply_read(struct xtr_rd *r, struct xtr_msg *m)
{
	int ret = records_read(r, m);

	m->probe = r->base[0] & REPLY0_P;
	m->echo_nonce = r->base[0] & REPLY0_E;
	m->security = r->base[0] & REPLY0_S;
	return ret == 0 && m->security ? xtr_rd_sec_reply(r, m) : ret;
}

/* Key ID, algorithm, and authentication data, which need not be of an algorithm that we know. */
static int auth_read(struct xtr_rd *r, struct xtr_msg *m)
{
	const uint8_t *p = r->base;

	if (!xtr_rd_has(r, XTR_AUTH_DATA_AT - XTR_NONCE_END))
		return xtr_rd_fail(r, r->pos, "Key ID",
		    "message ends inside the authentication header", "RFC 9301 5.6");
	m->key_id = p[XTR_KEY_ID_AT];
	m->algorithm = p[XTR_ALGORITHM_AT];
	m->auth_len = xtr_get16(p + XTR_AUTH_LEN_AT);
	m->auth_offset = XTR_AUTH_DATA_AT;
	r->pos = XTR_AUTH_DATA_AT;
	if (m->auth_len > XTR_AUTH_MAX)
		return xtr_rd_fail(r, XTR_AUTH_LEN_AT, "Authentication Data Length",
		    "longer than any known algorithm's", "RFC 9301 5.6");
	if (!xtr_rd_has(r, m->auth_len))
		return xtr_rd_fail(r, XTR_AUTH_LEN_AT, "Authentication Data Length",
		    "message ends inside the authentication data", "RFC 9301 5.6");
	r->pos += m->auth_len;
	return 0;
}

/* RFC 9301 sections 5.6 and 5.7: Map-Register, Map-Notify, Map-Notify-Ack. */
static int register_read(struct xtr_rd *r, struct xtr_msg *m)
{
	const uint8_t *p = r->base;
	int ret;

	if (m->type == XTR_MSG_MAP_REGISTER) {
		m->proxy_reply = p[0] & REGISTER0_P;
		m->security = p[0] & REGISTER0_S;
		m->has_ids = p[0] & REGISTER0_I;
		m->eid_notify = p[2] & REGISTER2_E;
		m->use_ttl = p[2] & REGISTER2_T;
		m->merge = p[2] & REGISTER2_A;
		m->want_notify = p[2] & REGISTER2_M;
	}
	ret = auth_read(r, m);
	if (ret < 0)
		return ret;
	ret = records_read(r, m);
	if (ret < 0)
		return ret;
	m->records_end = (uint32_t)r->pos;

	/* Map-Notify has no I bit in RFC 9301; its sender copied what the Map-Register had, so go
	 * by what is there. Only a draft's R without its I says that this is something else. */
	if (m->type != XTR_MSG_MAP_REGISTER)
		m->has_ids = (p[0] & (NOTIFY0_I | NOTIFY0_R)) != NOTIFY0_R &&
			     xtr_rd_has(r, XTR_XTR_ID_LEN + XTR_SITE_ID_LEN);
	if (!m->has_ids)
		return 0;
	if (!xtr_rd_has(r, XTR_XTR_ID_LEN + XTR_SITE_ID_LEN))
		return ids_missing(r, "RFC 9301 5.6");
	ids_read(r, m);
	return 0;
}

/* draft-ermagan-lisp-nat-traversal, sections 4.1 and 4.2. */
static int info_read(struct xtr_rd *r, struct xtr_msg *m)
{
	const char *clause = "draft-ermagan-lisp-nat-traversal 4.1";
	size_t at;
	int ret;

	m->info_reply = r->base[0] & INFO0_R;
	ret = auth_read(r, m);
	if (ret < 0)
		return ret;
	at = r->pos;
	if (!xtr_rd_has(r, 6))
		return xtr_rd_fail(r, at, "TTL", "message ends before the EID-prefix", clause);
	m->info_ttl = xtr_get32(xtr_rd_at(r));
	m->info_mask_len = r->base[at + 5];
	r->pos += 6;
	ret = xtr_rd_eid(r, "EID-Prefix", at + 5, clause, &m->source_eid, &m->source_addr);
	if (ret < 0)
		return ret;
	ret = xtr_rd_addr(r, "NAT-traversal LCAF", &m->info_addr);
	m->records_end = (uint32_t)r->pos;
	return ret;
}

static int by_type(struct xtr_rd *r, struct xtr_msg *m)
{
	switch ((unsigned)m->type) {
	case XTR_MSG_MAP_REQUEST:
		return request_read(r, m);
	case XTR_MSG_MAP_REPLY:
		return reply_read(r, m);
	case XTR_MSG_MAP_REFERRAL:
		return records_read(r, m);
	case XTR_MSG_INFO:
		return info_read(r, m);
	default:
		return register_read(r, m);
	}
}

/* Stores that the compiler lays out one by one are fewer instructions than one memset() takes. */
static inline void clear(struct xtr_msg *m)
{
	enum { SIZE = offsetof(struct xtr_msg, source_eid), BLOCK = 64 };
	char *p = (char *)m;

	_Static_assert(SIZE > 2 * BLOCK && SIZE <= 3 * BLOCK, "as many blocks as there are lines");
	memset(p, 0, BLOCK);
	memset(p + BLOCK, 0, BLOCK);
	memset(p + 2 * BLOCK, 0, SIZE - 2 * BLOCK);
}

static __attribute__((noinline)) int read_any(
    const uint8_t *p, size_t len, struct xtr_msg *m, struct xtr_wire_err *err)
{
	struct xtr_rd r = {.base = p, .len = len, .pos = XTR_NONCE_AT, .err = err};
	int ret;

	clear(m);
	if (len < XTR_NONCE_AT)
		return xtr_rd_fail(
		    &r, 0, "Type", "message shorter than its header", "RFC 9301 5.1");
	m->type = p[0] >> 4;
	m->head = xtr_get32(p);
	m->end = p + len;
	if (m->type == XTR_MSG_ECM) {
		ret = xtr_rd_ecm(&r, m);
		goto out;
	}
	if (m->type == XTR_MSG_EXTENSION) {
		/* RFC 9304 section 3: the structure is the sub-type's own matter. */
		m->subtype = xtr_get16(p) & 0xfff;
		m->ext = p + 2;
		m->ext_len = (uint32_t)(len - 2);
		return 0;
	}
	if (m->type < XTR_MSG_MAP_REQUEST || m->type > XTR_MSG_INFO) {
		xtr_rd_fail(&r, 0, "Type", "unknown message type", "RFC 9301 5.1");
		return -ENOTSUP;
	}
	if (len < XTR_NONCE_END)
		return xtr_rd_fail(
		    &r, XTR_NONCE_AT, "Nonce", "message ends inside the nonce", "RFC 9301 5.2");
	/* That byte of an Info-Request is reserved. */
	m->n_records = m->type == XTR_MSG_INFO ? 0 : p[XTR_COUNT_AT];
	m->nonce = xtr_get64(p + XTR_NONCE_AT);
	r.pos = XTR_NONCE_END;
	ret = by_type(&r, m);
out:
	m->vendor = r.vendor;
	m->vendor_at = r.vendor_at;
	return ret;
}

int xtr_msg_read(const uint8_t *p, size_t len, struct xtr_msg *m, struct xtr_wire_err *err)
{
	const uint8_t *at, *end;
	size_t left;
	uint32_t head;

	if (len < XTR_NONCE_END)
		return read_any(p, len, m, err);
	at = p + XTR_NONCE_END;
	left = len - XTR_NONCE_END;
	/* The short way: a Map-Reply (RFC 9301 section 5.4) without anything unusual. */
	head = xtr_get32(p);
	if ((head & (0xf0000000u | (uint32_t)REPLY0_S << 24)) != (uint32_t)XTR_MSG_MAP_REPLY << 28)
		return read_any(p, len, m, err);
	for (unsigned n = head & 0xff; n > 0; n--) {
		end = xtr_record4_end(at, left);
		if (!end)
			return read_any(p, len, m, err);
		left -= (size_t)(end - at);
		at = end;
	}
	clear(m);
	m->type = XTR_MSG_MAP_REPLY;
	m->head = head;
	m->nonce = xtr_get64(p + XTR_NONCE_AT);
	m->records = p + XTR_NONCE_END;
	m->records_after = at;
	m->end = p + len;
	m->n_records = (uint8_t)head;
	m->plain = true;
	m->probe = head & (uint32_t)REPLY0_P << 24;
	m->echo_nonce = head & (uint32_t)REPLY0_E << 24;
	return 0;
}

int xtr_wire_err_format(const struct xtr_wire_err *err, char *buf, size_t size)
{
	return snprintf(
	    buf, size, "offset %u, %s: %s (%s)", err->offset, err->field, err->reason, err->clause);
}

const char *xtr_msg_type_name(unsigned type)
{
	static const char *const names[16] = {"type 0", "Map-Request", "Map-Reply", "Map-Register",
	    "Map-Notify", "Map-Notify-Ack", "Map-Referral", "Info", "Encapsulated Control Message",
	    "type 9", "type 10", "type 11", "type 12", "type 13", "type 14", "Shared Extension"};

	return type < 16 ? names[type] : "type above 15";
}

const char *xtr_act_name(unsigned act)
{
	static const char *const names[8] = {"no-action", "natively-forward", "send-map-request",
	    "drop", "drop-policy-denied", "drop-auth-failure", "action 6", "action 7"};

	return act < 8 ? names[act] : "action above 7";
}

const char *xtr_referral_act_name(unsigned act)
{
	static const char *const names[8] = {"node-referral", "ms-referral", "ms-ack",
	    "ms-not-registered", "delegation-hole", "not-authoritative", "action 6", "action 7"};

	return act < 8 ? names[act] : "action above 7";
}
