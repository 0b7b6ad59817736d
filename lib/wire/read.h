/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Inside lib/wire: a cursor over a message, and the parts that several messages share. Whatever
 * reads through it either stays within the message or fails with the place, field, reason and
 * clause noted. Functions named _trusted read bytes that were checked before, and cannot fail.
 */
#ifndef XTR_WIRE_READ_H
#define XTR_WIRE_READ_H

#include <string.h>

#include "wire/bytes.h"
#include "wire/lcaf.h"

struct xtr_rd {
	const uint8_t *base;      /* start of the message */
	size_t len;               /* bytes at base */
	size_t pos;               /* bytes read */
	struct xtr_wire_err *err; /* may be NULL */
	bool vendor;              /* a vendor-specific LCAF was read */
	uint32_t vendor_at;       /* the first one's AFI */
};

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

/* Reads an AFI and its address, of any kind. 0 or -EBADMSG. */
int xtr_rd_addr(struct xtr_rd *r, const char *field, struct xtr_addr *a);
/* An AFI whose addresses we know the length of, or how to find it. */
bool xtr_afi_known(uint16_t afi);
/* Reads an EID prefix whose mask-len stood at offset plen_at. 0 or -EBADMSG. */
int xtr_rd_eid(struct xtr_rd *r, const char *field, size_t plen_at, const char *clause,
    struct xtr_eid *eid, struct xtr_addr *a);
/* Reads the source EID of a Map-Request. */
int xtr_rd_source_eid(struct xtr_rd *r, struct xtr_eid *eid, struct xtr_addr *a);
/* Would xtr_rd_eid() take the address with that mask-len? For who writes it. */
bool xtr_eid_valid(const struct xtr_addr *a, uint8_t mask_len);
/* Checks an EID record of a Map-Request (RFC 9301 section 5.2). */
int xtr_rd_request_rec(struct xtr_rd *r);
/* Checks n mapping records with their locators (RFC 9301 section 5.4) or, of a Map-Referral, their
 * locators and signatures (RFC 8111 section 6.4). *plain: see struct xtr_msg. */
int xtr_rd_records(struct xtr_rd *r, unsigned n, bool referral, bool *plain);
/* Reads what follows the first four bytes of an ECM (RFC 9301 section 5.8). */
int xtr_rd_ecm(struct xtr_rd *r, struct xtr_msg *m);
/* Reads LISP-SEC's data of an ECM, of a Map-Reply (RFC 9303 sections 6.1, 6.2). */
int xtr_rd_sec_ecm(struct xtr_rd *r, struct xtr_msg *m);
int xtr_rd_sec_reply(struct xtr_rd *r, struct xtr_msg *m);

/* The address whose AFI is at p. */
void xtr_addr_trusted(const uint8_t *p, struct xtr_addr *a);
/* The EID that an address stands for, host bits cleared; what is none gives ip.af 0. */
void xtr_eid_trusted(const struct xtr_addr *a, uint8_t mask_len, struct xtr_eid *eid);
/* The EID record at p. Returns its end. */
const uint8_t *xtr_request_rec_trusted(const uint8_t *p, struct xtr_request_rec *rec);

/* The end of n locators at p, if all of them are IPv4 addresses, which `len` bytes have room for.
 * NULL otherwise. */
static inline const uint8_t *xtr_locators4_end(const uint8_t *p, unsigned n, size_t len)
{
	const uint8_t *end = p + n * XTR_LOCATOR4_LEN;

	if (n * XTR_LOCATOR4_LEN > len)
		return NULL;
	for (; p != end; p += XTR_LOCATOR4_LEN)
		if (xtr_get16(p + XTR_LOCATOR_HDR_LEN) != XTR_AFI_IPV4)
			return NULL;
	return end;
}

/* The end of the mapping record at p, if its EID and locators are IPv4 and lie within `len` bytes,
 * as they nearly always do; NULL if xtr_rd_records() must look. */
static inline const uint8_t *xtr_record4_end(const uint8_t *p, size_t len)
{
	if (XTR_LIKELY(len >= XTR_RECORD4_LEN &&
		       xtr_get16(p + XTR_RECORD_HDR_LEN) == XTR_AFI_IPV4 && p[5] <= 32))
		return xtr_locators4_end(p + XTR_RECORD4_LEN, p[4], len - XTR_RECORD4_LEN);
	return NULL;
}

#endif
