/* SPDX-License-Identifier: BSD-3-Clause */
/* Addresses as control messages carry them: AFI, address, LCAF. */
#include <errno.h>

#include "wire/read.h"

#define LCAF_IID_HDR_LEN 6 /* instance-ID (4), AFI of the address (2) */

int xtr_rd_fail(
    const struct xtr_rd *r, size_t at, const char *field, const char *reason, const char *clause)
{
	if (r->err)
		*r->err = (struct xtr_wire_err){
		    .offset = (uint32_t)at, .field = field, .reason = reason, .clause = clause};
	return -EBADMSG;
}

/* Bytes of an address that always has as many, or -1. */
static int fixed_len(uint16_t afi)
{
	switch (afi) {
	case XTR_AFI_NONE:
		return 0;
	case XTR_AFI_IPV4:
		return 4;
	case XTR_AFI_IPV6:
		return 16;
	case XTR_AFI_802:
	case XTR_AFI_MAC48:
		return XTR_MAC_LEN;
	case XTR_AFI_MAC64:
		return 8;
	default:
		return -1;
	}
}

bool xtr_afi_known(uint16_t afi)
{
	return fixed_len(afi) >= 0 || afi == XTR_AFI_NAME || afi == XTR_AFI_LCAF;
}

static int addr_fixed(struct xtr_rd *r, const char *field, size_t n)
{
	if (!xtr_rd_has(r, n))
		return xtr_rd_fail(
		    r, r->pos - 2, field, "message ends inside the address", "RFC 9301 5.1");
	r->pos += n;
	return 0;
}

/* RFC 9735 section 3: a zero byte ends a distinguished name. */
static int addr_name(struct xtr_rd *r, const char *field)
{
	const uint8_t *p = xtr_rd_at(r);
	const uint8_t *zero = xtr_rd_has(r, 1) ? memchr(p, 0, r->len - r->pos) : NULL;

	if (!zero)
		return xtr_rd_fail(r, r->pos - 2, field,
		    "message ends inside the distinguished name", "RFC 9735 3");
	r->pos += (size_t)(zero - p) + 1;
	return 0;
}

static int addr_lcaf(struct xtr_rd *r, const char *field, struct xtr_addr *a)
{
	const uint8_t *p = xtr_rd_at(r);
	size_t len;

	if (!xtr_rd_has(r, XTR_LCAF_HDR_LEN))
		return xtr_rd_fail(
		    r, r->pos - 2, field, "message ends inside the LCAF header", "RFC 8060 3");
	len = XTR_LCAF_HDR_LEN + xtr_get16(p + 4);
	if (!xtr_rd_has(r, len))
		return xtr_rd_fail(
		    r, r->pos - 2, field, "message ends inside the LCAF", "RFC 8060 3");
	r->pos += len;
	a->lcaf = p[2];
	if (p[2] == XTR_LCAF_VENDOR && !r->vendor) {
		r->vendor = true;
		r->vendor_at = (uint32_t)(p - r->base - 2);
	}
	return 0;
}

int xtr_rd_addr(struct xtr_rd *r, const char *field, struct xtr_addr *a)
{
	size_t at = r->pos;
	int n, ret;

	*a = (struct xtr_addr){0};
	if (!xtr_rd_has(r, 2))
		return xtr_rd_fail(r, at, field, "message ends before the AFI", "RFC 9301 5.1");
	a->afi = xtr_get16(xtr_rd_at(r));
	r->pos += 2;
	n = fixed_len(a->afi);
	if (n >= 0)
		ret = addr_fixed(r, field, (size_t)n);
	else if (a->afi == XTR_AFI_LCAF)
		ret = addr_lcaf(r, field, a);
	else if (a->afi == XTR_AFI_NAME)
		ret = addr_name(r, field);
	else
		/* RFC 9301 5.1: messages with an unrecognized AFI MUST be dropped. */
		ret = xtr_rd_fail(r, at, field, "unknown AFI", "RFC 9301 5.1");
	a->p = r->base + at + 2;
	a->len = (uint32_t)(r->pos - at - 2);
	return ret;
}

void xtr_addr_trusted(const uint8_t *p, struct xtr_addr *a)
{
	int n;

	*a = (struct xtr_addr){.p = p + 2, .afi = xtr_get16(p)};
	n = fixed_len(a->afi);
	if (n >= 0) {
		a->len = (uint32_t)n;
	} else if (a->afi == XTR_AFI_LCAF) {
		a->lcaf = a->p[2];
		a->len = XTR_LCAF_HDR_LEN + xtr_get16(a->p + 4);
	} else {
		a->len = (uint32_t)strlen((const char *)a->p) + 1;
	}
}

/* The instance-ID and what is inside, of an instance-ID LCAF with an address of a length that is
 * fixed by its AFI, or AFI 0. NULL, or what is wrong with it. */
static const char *iid_inside(const struct xtr_addr *a, struct xtr_eid *eid, const uint8_t **ip)
{
	const uint8_t *p = a->p + XTR_LCAF_HDR_LEN;
	size_t len = a->len - XTR_LCAF_HDR_LEN;
	uint32_t iid;
	uint16_t afi;

	if (len < LCAF_IID_HDR_LEN)
		return "instance-ID LCAF too short for an instance-ID and an AFI";
	iid = xtr_get32(p);
	/* The field has 32 bits, data packets and we have 24 (RFC 9300 section 5.3): an EID of
	 * another xTR's. */
	if (iid > XTR_IID_MAX)
		return NULL;
	eid->iid = iid;
	afi = xtr_get16(p + 4);
	/* LCAF in LCAF, MAC addresses, ...: the outer length lets us skip it */
	if (afi != XTR_AFI_NONE && afi != XTR_AFI_IPV4 && afi != XTR_AFI_IPV6)
		return NULL;
	if (len != LCAF_IID_HDR_LEN + (size_t)fixed_len(afi))
		return "length of the instance-ID LCAF does not fit its address";
	if (afi != XTR_AFI_NONE) {
		eid->ip.af = afi == XTR_AFI_IPV4 ? 4 : 6;
		*ip = p + LCAF_IID_HDR_LEN;
	}
	return NULL;
}

/* NULL, or what is wrong with the address. The mask length is not looked at. */
static const char *eid_inside(const struct xtr_addr *a, struct xtr_eid *eid)
{
	const uint8_t *ip = a->p;
	const char *wrong = NULL;

	*eid = (struct xtr_eid){0};
	if (a->afi == XTR_AFI_IPV4)
		eid->ip.af = 4;
	else if (a->afi == XTR_AFI_IPV6)
		eid->ip.af = 6;
	else if (a->lcaf == XTR_LCAF_IID)
		wrong = iid_inside(a, eid, &ip);
	memcpy(eid->ip.b, ip, xtr_ip_bits(&eid->ip) / 8);
	return wrong;
}

bool xtr_eid_valid(const struct xtr_addr *a, uint8_t mask_len)
{
	struct xtr_eid eid;

	if (a->afi != XTR_AFI_IPV4 && a->afi != XTR_AFI_IPV6 && a->lcaf != XTR_LCAF_IID)
		return true;
	if (eid_inside(a, &eid))
		return false;
	return eid.ip.af == 0 || mask_len <= xtr_ip_bits(&eid.ip);
}

void xtr_eid_trusted(const struct xtr_addr *a, uint8_t mask_len, struct xtr_eid *eid)
{
	eid_inside(a, eid);
	/* Without an IP address there is nothing that the mask could be longer than; peers write
	 * what they like. */
	if (eid->ip.af != 0) {
		eid->plen = mask_len;
		xtr_ip_mask(&eid->ip, mask_len);
	}
}

int xtr_rd_eid(struct xtr_rd *r, const char *field, size_t plen_at, const char *clause,
    struct xtr_eid *eid, struct xtr_addr *a)
{
	uint8_t plen = r->base[plen_at];
	size_t at = r->pos;
	const char *wrong;
	int ret = xtr_rd_addr(r, field, a);

	if (ret < 0)
		return ret;
	wrong = eid_inside(a, eid);
	if (wrong)
		return xtr_rd_fail(r, at, field, wrong, "RFC 8060 4.1");
	if (eid->ip.af != 0 && plen > xtr_ip_bits(&eid->ip))
		return xtr_rd_fail(r, plen_at, "EID mask-len", "longer than the address", clause);
	xtr_eid_trusted(a, plen, eid);
	return 0;
}

int xtr_rd_source_eid(struct xtr_rd *r, struct xtr_eid *eid, struct xtr_addr *a)
{
	size_t at = r->pos;
	const char *wrong;
	int ret = xtr_rd_addr(r, "Source-EID", a);

	if (ret < 0)
		return ret;
	wrong = eid_inside(a, eid);
	if (wrong)
		return xtr_rd_fail(r, at, "Source-EID", wrong, "RFC 8060 4.1");
	eid->plen = (uint8_t)xtr_ip_bits(&eid->ip);
	return 0;
}
