/* SPDX-License-Identifier: BSD-3-Clause */
/* Records of control messages: read once with checks, then iterated in place. */
#include <errno.h>

#include "wire/read.h"

/* Bytes of a record before its AFI. Map-Request: reserved, EID mask-len. */
#define REQUEST_EID_HDR_LEN 2
/* TTL (4), locator count, EID mask-len, ACT and A (2), map-version (2). */
#define RECORD_HDR_LEN 10
/* Priority, weight, m priority, m weight, flags (2). */
#define LOCATOR_HDR_LEN 6

#define RECORD_A  0x10 /* in byte 6 */
#define LOCATOR_L 0x04 /* in byte 5 */
#define LOCATOR_P 0x02
#define LOCATOR_R 0x01

int xtr_rd_request_eid(struct xtr_rd *r, struct xtr_eid *eid)
{
	size_t start = r->pos;

	if (!xtr_rd_has(r, REQUEST_EID_HDR_LEN))
		return xtr_rd_fail(
		    r, start, "EID record", "message ends before the record", "RFC 9301 5.2");
	r->pos += REQUEST_EID_HDR_LEN;
	return xtr_rd_eid(r, r->base[start + 1], start + 1, "RFC 9301 5.2", eid);
}

static int locator_read(struct xtr_rd *r, struct xtr_locator *loc)
{
	const uint8_t *p = xtr_rd_at(r);
	struct xtr_rd_addr a;
	int ret;

	if (!xtr_rd_has(r, LOCATOR_HDR_LEN))
		return xtr_rd_fail(
		    r, r->pos, "locator", "message ends before the last locator", "RFC 9301 5.4");
	r->pos += LOCATOR_HDR_LEN;
	ret = xtr_rd_address(r, false, "locator", &a);
	if (ret < 0)
		return ret;
	*loc = (struct xtr_locator){
	    .ip = a.ip,
	    .priority = p[0],
	    .weight = p[1],
	    .m_priority = p[2],
	    .m_weight = p[3],
	    .local = p[5] & LOCATOR_L,
	    .probed = p[5] & LOCATOR_P,
	    .reachable = p[5] & LOCATOR_R,
	};
	return 0;
}

int xtr_rd_record(struct xtr_rd *r, struct xtr_record *rec)
{
	const uint8_t *p = xtr_rd_at(r);
	size_t start = r->pos;
	struct xtr_locator loc;
	int ret;

	if (!xtr_rd_has(r, RECORD_HDR_LEN))
		return xtr_rd_fail(
		    r, start, "record", "message ends inside the record", "RFC 9301 5.4");
	*rec = (struct xtr_record){
	    .ttl = xtr_get32(p),
	    .n_locators = p[4],
	    .act = p[6] >> 5,
	    .authoritative = p[6] & RECORD_A,
	    .map_version = xtr_get16(p + 8) & 0xfff,
	    .start = p,
	};
	r->pos += RECORD_HDR_LEN;
	ret = xtr_rd_eid(r, p[5], start + 5, "RFC 9301 5.4", &rec->eid);
	if (ret < 0)
		return ret;
	rec->eid_none = rec->eid.ip.af == 0;
	rec->locators = xtr_rd_at(r);
	for (unsigned i = 0; i < rec->n_locators; i++) {
		ret = locator_read(r, &loc);
		if (ret < 0)
			return ret;
	}
	rec->size = (uint32_t)(r->pos - start);
	return 0;
}

void xtr_record_at(const uint8_t *p, struct xtr_record *rec)
{
	struct xtr_rd r = {.base = p, .len = SIZE_MAX};

	xtr_rd_record(&r, rec);
}

bool xtr_record_next(const struct xtr_msg *m, const uint8_t **cursor, struct xtr_record *rec)
{
	const uint8_t *p = *cursor ? *cursor : m->records;

	if (m->type == XTR_MSG_MAP_REQUEST || p == m->records_after)
		return false;
	xtr_record_at(p, rec);
	*cursor = p + rec->size;
	return true;
}

bool xtr_locator_next(const struct xtr_record *rec, const uint8_t **cursor, struct xtr_locator *loc)
{
	const uint8_t *p = *cursor ? *cursor : rec->locators;
	struct xtr_rd r = {.base = p, .len = SIZE_MAX};

	if (p == rec->start + rec->size)
		return false;
	locator_read(&r, loc);
	*cursor = p + r.pos;
	return true;
}

bool xtr_request_eid_next(const struct xtr_msg *m, const uint8_t **cursor, struct xtr_eid *eid)
{
	const uint8_t *p = *cursor ? *cursor : m->records;
	struct xtr_rd r = {.base = p, .len = SIZE_MAX};

	if (m->type != XTR_MSG_MAP_REQUEST || p == m->records_after)
		return false;
	xtr_rd_request_eid(&r, eid);
	*cursor = p + r.pos;
	return true;
}
