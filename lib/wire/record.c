/* SPDX-License-Identifier: BSD-3-Clause */
/* Records of control messages: read once with checks, then iterated in place (and in iter.h). */
#include <errno.h>

#include "wire/read.h"

/* Bytes of a Map-Request's EID record before its AFI: reserved, EID mask-len. */
#define REQUEST_EID_HDR_LEN 2
#define ADDR4_LEN           6 /* AFI and IPv4 address */
/* Original TTL, expiration, inception (4 each), key tag, length (2 each), algorithm, reserved (3)
 */
#define SIG_HDR_LEN 20

#define REQUEST_EID_N 0x80 /* in byte 0 */
#define RECORD_I      0x08 /* in byte 6 of a Map-Referral's */

int xtr_rd_request_rec(struct xtr_rd *r)
{
	const uint8_t *p = xtr_rd_at(r);
	size_t start = r->pos;
	struct xtr_addr a;
	struct xtr_eid eid;

	if (XTR_LIKELY(xtr_rd_has(r, REQUEST_EID_HDR_LEN + ADDR4_LEN) &&
		       xtr_get16(p + REQUEST_EID_HDR_LEN) == XTR_AFI_IPV4 && p[1] <= 32)) {
		r->pos += REQUEST_EID_HDR_LEN + ADDR4_LEN;
		return 0;
	}
	if (!xtr_rd_has(r, REQUEST_EID_HDR_LEN))
		return xtr_rd_fail(
		    r, start, "EID record", "message ends before the record", "RFC 9301 5.2");
	r->pos += REQUEST_EID_HDR_LEN;
	return xtr_rd_eid(r, "EID-Prefix", start + 1, "RFC 9301 5.2", &eid, &a);
}

static int locator_check(struct xtr_rd *r)
{
	struct xtr_addr a;

	if (!xtr_rd_has(r, XTR_LOCATOR_HDR_LEN))
		return xtr_rd_fail(
		    r, r->pos, "locator", "message ends before the last locator", "RFC 9301 5.4");
	r->pos += XTR_LOCATOR_HDR_LEN;
	return xtr_rd_addr(r, "locator", &a);
}

/* RFC 8111 section 6.4.1. */
static int signatures_check(struct xtr_rd *r, unsigned n)
{
	for (; n > 0; n--) {
		const uint8_t *p = xtr_rd_at(r);

		if (!xtr_rd_has(r, SIG_HDR_LEN))
			return xtr_rd_fail(r, r->pos, "signature",
			    "message ends before the last signature", "RFC 8111 6.4.1");
		if (!xtr_rd_has(r, SIG_HDR_LEN + (size_t)xtr_get16(p + 14)))
			return xtr_rd_fail(r, r->pos + 14, "Sig Length",
			    "message ends inside the signature", "RFC 8111 6.4.1");
		r->pos += SIG_HDR_LEN + (size_t)xtr_get16(p + 14);
	}
	return 0;
}

static int record_check(struct xtr_rd *r, bool referral)
{
	const uint8_t *p = xtr_rd_at(r);
	size_t start = r->pos;
	struct xtr_addr a;
	struct xtr_eid eid;
	int ret;

	if (!xtr_rd_has(r, XTR_RECORD_HDR_LEN))
		return xtr_rd_fail(
		    r, start, "record", "message ends inside the record", "RFC 9301 5.4");
	r->pos += XTR_RECORD_HDR_LEN;
	ret = xtr_rd_eid(r, "EID-Prefix", start + 5, "RFC 9301 5.4", &eid, &a);
	if (ret < 0)
		return ret;
	for (unsigned n = p[4]; n > 0; n--) {
		ret = locator_check(r);
		if (ret < 0)
			return ret;
	}
	return referral ? signatures_check(r, p[8] >> 4) : 0;
}

int xtr_rd_records(struct xtr_rd *r, unsigned n, bool referral, bool *plain)
{
	int ret;

	*plain = !referral;
	for (; n > 0; n--) {
		const uint8_t *end =
		    referral ? NULL : xtr_record4_end(xtr_rd_at(r), r->len - r->pos);

		if (end) {
			r->pos = (size_t)(end - r->base);
			continue;
		}
		*plain = false;
		ret = record_check(r, referral);
		if (ret < 0)
			return ret;
	}
	return 0;
}

/* The end of the locator at p. */
static const uint8_t *locator_end(const uint8_t *p)
{
	struct xtr_addr a;

	xtr_addr_trusted(p + XTR_LOCATOR_HDR_LEN, &a);
	return a.p + a.len;
}

const uint8_t *xtr_record_any(const uint8_t *p, bool referral, struct xtr_record *rec)
{
	const uint8_t *end;

	*rec = (struct xtr_record){.ttl = xtr_get32(p),
	    .act = p[6] >> 5,
	    .authoritative = p[6] & XTR_RECORD_A,
	    .map_version = xtr_get16(p + 8) & 0xfff,
	    .n_locators = p[4],
	    .mask_len = p[5],
	    .start = p};
	xtr_addr_trusted(p + XTR_RECORD_HDR_LEN, &rec->addr);
	xtr_eid_trusted(&rec->addr, p[5], &rec->eid);
	rec->eid_none = rec->addr.afi == XTR_AFI_NONE;
	rec->locators = end = rec->addr.p + rec->addr.len;
	for (unsigned n = p[4]; n > 0; n--)
		end = locator_end(end);
	rec->signatures = end;
	if (referral) {
		rec->incomplete = p[6] & RECORD_I;
		rec->n_signatures = p[8] >> 4;
		for (unsigned n = rec->n_signatures; n > 0; n--)
			end += SIG_HDR_LEN + xtr_get16(end + 14);
	}
	rec->size = (uint32_t)(end - p);
	return end;
}

const uint8_t *xtr_locator_any(const uint8_t *p, struct xtr_locator *loc)
{
	*loc = (struct xtr_locator){.priority = p[0],
	    .weight = p[1],
	    .m_priority = p[2],
	    .m_weight = p[3],
	    .local = p[5] & XTR_LOCATOR_L,
	    .probed = p[5] & XTR_LOCATOR_P,
	    .reachable = p[5] & XTR_LOCATOR_R};
	xtr_addr_trusted(p + XTR_LOCATOR_HDR_LEN, &loc->addr);
	if (loc->addr.afi == XTR_AFI_IPV4)
		loc->ip = xtr_ip4(loc->addr.p);
	else if (loc->addr.afi == XTR_AFI_IPV6)
		loc->ip = xtr_ip6(loc->addr.p);
	return loc->addr.p + loc->addr.len;
}

void xtr_record_at(const uint8_t *p, struct xtr_record *rec)
{
	xtr_record_any(p, false, rec);
}

const uint8_t *xtr_request_rec_trusted(const uint8_t *p, struct xtr_request_rec *rec)
{
	xtr_addr_trusted(p + REQUEST_EID_HDR_LEN, &rec->addr);
	xtr_eid_trusted(&rec->addr, p[1], &rec->eid);
	rec->notify = p[0] & REQUEST_EID_N;
	rec->mask_len = p[1];
	return rec->addr.p + rec->addr.len;
}

bool xtr_request_rec_next(
    const struct xtr_msg *m, const uint8_t **cursor, struct xtr_request_rec *rec)
{
	const uint8_t *p = *cursor ? *cursor : m->records;

	if (m->type != XTR_MSG_MAP_REQUEST || p == m->records_after)
		return false;
	*cursor = xtr_request_rec_trusted(p, rec);
	return true;
}

bool xtr_request_eid_next(const struct xtr_msg *m, const uint8_t **cursor, struct xtr_eid *eid)
{
	struct xtr_request_rec rec;

	if (!xtr_request_rec_next(m, cursor, &rec))
		return false;
	*eid = rec.eid;
	return true;
}

bool xtr_itr_addr_next(const struct xtr_msg *m, const uint8_t **cursor, struct xtr_addr *addr)
{
	const uint8_t *p = *cursor ? *cursor : m->itr_addrs;

	if (m->type != XTR_MSG_MAP_REQUEST || p == m->records)
		return false;
	xtr_addr_trusted(p, addr);
	*cursor = addr->p + addr->len;
	return true;
}

bool xtr_signature_next(
    const struct xtr_record *rec, const uint8_t **cursor, struct xtr_signature *sig)
{
	const uint8_t *p = *cursor ? *cursor : rec->signatures;

	if (p == rec->start + rec->size)
		return false;
	*sig = (struct xtr_signature){.original_ttl = xtr_get32(p),
	    .expiration = xtr_get32(p + 4),
	    .inception = xtr_get32(p + 8),
	    .key_tag = xtr_get16(p + 12),
	    .len = xtr_get16(p + 14),
	    .algorithm = p[16],
	    .sig = p + SIG_HDR_LEN};
	*cursor = sig->sig + sig->len;
	return true;
}
