/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Inside lib/wire: a cursor over a message, and the parts that several messages share. Whatever
 * reads through it either stays within the message or fails with the place, field, reason and
 * clause noted.
 */
#ifndef XTR_WIRE_READ_H
#define XTR_WIRE_READ_H

#include "wire/msg.h"

struct xtr_rd {
	const uint8_t *base;      /* start of the message (or of a record known to be sound) */
	size_t len;               /* bytes at base; SIZE_MAX where the bytes were checked before */
	size_t pos;               /* bytes read */
	struct xtr_wire_err *err; /* may be NULL */
};

/* An AFI and its address. */
struct xtr_rd_addr {
	uint16_t afi;
	bool understood; /* false: its length is known but we can't use it; ip.af is 0 */
	uint32_t iid;
	struct xtr_ip ip;
};

static inline uint16_t xtr_get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t xtr_get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline uint64_t xtr_get64(const uint8_t *p)
{
	return (uint64_t)xtr_get32(p) << 32 | xtr_get32(p + 4);
}

static inline bool xtr_rd_has(const struct xtr_rd *r, size_t n)
{
	return n <= r->len - r->pos;
}

static inline const uint8_t *xtr_rd_at(const struct xtr_rd *r)
{
	return r->base + r->pos;
}

/* Notes what is wrong at offset `at` and returns -EBADMSG. */
int xtr_rd_fail(
    const struct xtr_rd *r, size_t at, const char *field, const char *reason, const char *clause);

/*
 * Reads an AFI and its address. LCAF type 2 (instance-ID) is looked into only where `eid` is set;
 * anything else that tells its length is skipped. 0 or -EBADMSG.
 */
int xtr_rd_address(struct xtr_rd *r, bool eid, const char *field, struct xtr_rd_addr *a);
/* Reads the AFI and address of an EID prefix of mask length plen, which stood at offset plen_at. */
int xtr_rd_eid(
    struct xtr_rd *r, uint8_t plen, size_t plen_at, const char *clause, struct xtr_eid *eid);
/* Reads one EID record of a Map-Request (RFC 9301 section 5.2). */
int xtr_rd_request_eid(struct xtr_rd *r, struct xtr_eid *eid);
/* Reads one mapping record with its locators (RFC 9301 section 5.4). */
int xtr_rd_record(struct xtr_rd *r, struct xtr_record *rec);
/* Reads what follows the first four bytes of an ECM (RFC 9301 section 5.8). */
int xtr_rd_ecm(struct xtr_rd *r, struct xtr_msg *m);

#endif
