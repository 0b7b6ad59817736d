/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Iterating mapping records and locators in place: part of msg.h, which includes it. Inline, so
 * that a caller pays for the fields that it uses. Records of an IPv4 prefix and locators that are
 * IPv4 addresses take a short way, as nearly all are.
 */
#ifndef XTR_WIRE_ITER_H
#define XTR_WIRE_ITER_H

#include <string.h>

#include "wire/bytes.h"
#include "wire/msg.h"

/* Bytes before an address: TTL (4), locator count, EID mask-len, ACT and A (2), map-version (2). */
#define XTR_RECORD_HDR_LEN 10
/* Priority, weight, m priority, m weight, flags (2). */
#define XTR_LOCATOR_HDR_LEN 6
#define XTR_RECORD4_LEN     (XTR_RECORD_HDR_LEN + 2 + 4) /* of an IPv4 prefix, without locators */
#define XTR_LOCATOR4_LEN    (XTR_LOCATOR_HDR_LEN + 2 + 4)

#define XTR_RECORD_A  0x10 /* in byte 6 */
#define XTR_LOCATOR_L 0x04 /* in byte 5 */
#define XTR_LOCATOR_P 0x02
#define XTR_LOCATOR_R 0x01

/* The record and the locator at p, of any kind. They return its end. */
const uint8_t *xtr_record_any(const uint8_t *p, bool referral, struct xtr_record *rec);
const uint8_t *xtr_locator_any(const uint8_t *p, struct xtr_locator *loc);

/*
 * Iterates mapping records of a message read (not a Map-Request; with its M bit use xtr_record_at
 * on reply_record). *cursor starts at NULL. Returns false after the last one.
 */
static inline bool xtr_record_next(
    const struct xtr_msg *m, const uint8_t **cursor, struct xtr_record *rec)
{
	const uint8_t *p = *cursor ? *cursor : m->records, *end;
	struct xtr_record any;
	unsigned plen;
	uint32_t ip, mask;

	if (p == m->records_after)
		return false;
	if (!XTR_LIKELY(m->plain)) {
		if (m->type == XTR_MSG_MAP_REQUEST)
			return false;
		/* rec itself stays the caller's, who may keep it in registers. */
		*cursor = xtr_record_any(p, m->type == XTR_MSG_MAP_REFERRAL, &any);
		*rec = any;
		return true;
	}
	end = p + XTR_RECORD4_LEN + p[4] * XTR_LOCATOR4_LEN;
	plen = p[5];
	mask = xtr_be32((uint32_t)(0xffffffff00000000u >> plen));
	memcpy(&ip, p + XTR_RECORD_HDR_LEN + 2, sizeof ip);
	ip &= mask;
	*rec = (struct xtr_record){.ttl = xtr_get32(p),
	    .eid = {.plen = (uint8_t)plen, .ip = {.af = 4}},
	    .act = p[6] >> 5,
	    .authoritative = p[6] & XTR_RECORD_A,
	    .map_version = xtr_get16(p + 8) & 0xfff,
	    .n_locators = p[4],
	    .mask_len = (uint8_t)plen,
	    .size = (uint32_t)(end - p),
	    .addr = {.p = p + XTR_RECORD_HDR_LEN + 2, .len = 4, .afi = XTR_AFI_IPV4},
	    .locators = p + XTR_RECORD4_LEN,
	    .signatures = end,
	    .start = p,
	    .plain = true};
	memcpy(rec->eid.ip.b, &ip, sizeof ip);
	*cursor = end;
	return true;
}

/* Iterates a record's locators in place; *cursor starts at NULL. */
static inline bool xtr_locator_next(
    const struct xtr_record *rec, const uint8_t **cursor, struct xtr_locator *loc)
{
	const uint8_t *p = *cursor ? *cursor : rec->locators;
	struct xtr_locator any;

	if (p == rec->signatures)
		return false;
	if (!XTR_LIKELY(rec->plain)) {
		*cursor = xtr_locator_any(p, &any);
		*loc = any;
		return true;
	}
	*loc = (struct xtr_locator){.ip = {.af = 4},
	    .priority = p[0],
	    .weight = p[1],
	    .m_priority = p[2],
	    .m_weight = p[3],
	    .local = p[5] & XTR_LOCATOR_L,
	    .probed = p[5] & XTR_LOCATOR_P,
	    .reachable = p[5] & XTR_LOCATOR_R,
	    .addr = {.p = p + XTR_LOCATOR_HDR_LEN + 2, .len = 4, .afi = XTR_AFI_IPV4}};
	memcpy(loc->ip.b, p + XTR_LOCATOR_HDR_LEN + 2, 4);
	*cursor = p + XTR_LOCATOR4_LEN;
	return true;
}

#endif
