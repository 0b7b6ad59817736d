/* SPDX-License-Identifier: BSD-3-Clause */
/* Addresses as control messages carry them: AFI, address, LCAF. */
#include <errno.h>

#include "wire/read.h"

/* Address families whose length is known, so that they can be skipped (IANA's registry of address
 * family numbers). */
#define AFI_802   6     /* a 48-bit MAC address, as deployed peers write it */
#define AFI_NAME  17    /* distinguished name: text up to and with a zero byte */
#define AFI_MAC48 16389 /* RFC 7042 section 5.3 */
#define AFI_MAC64 16390

#define LCAF_HDR_LEN     6 /* after the AFI: reserved, flags, type, reserved, length (2) */
#define LCAF_TYPE_IID    2
#define LCAF_IID_HDR_LEN 6 /* instance-ID (4), AFI of the address (2) */

int xtr_rd_fail(
    const struct xtr_rd *r, size_t at, const char *field, const char *reason, const char *clause)
{
	if (r->err)
		*r->err = (struct xtr_wire_err){
		    .offset = (uint32_t)at, .field = field, .reason = reason, .clause = clause};
	return -EBADMSG;
}

static size_t ip_len(uint16_t afi)
{
	return afi == XTR_AFI_IPV4 ? 4 : afi == XTR_AFI_IPV6 ? 16 : 0;
}

static struct xtr_ip ip_make(uint16_t afi, const uint8_t *p)
{
	if (afi == XTR_AFI_IPV4)
		return xtr_ip4(p);
	if (afi == XTR_AFI_IPV6)
		return xtr_ip6(p);
	return (struct xtr_ip){0};
}

static int name_skip(struct xtr_rd *r, size_t at, const char *field)
{
	while (xtr_rd_has(r, 1))
		if (r->base[r->pos++] == 0)
			return 0;
	return xtr_rd_fail(
	    r, at, field, "message ends inside the distinguished name", "RFC 9301 5.1");
}

/* The inside of an instance-ID LCAF: `len` bytes at p, `at` from the start of the message. */
static int lcaf_iid_read(const struct xtr_rd *r, const uint8_t *p, size_t len, size_t at,
    const char *field, struct xtr_rd_addr *a)
{
	uint16_t afi;

	if (len < LCAF_IID_HDR_LEN)
		return xtr_rd_fail(r, at, field,
		    "instance-ID LCAF too short for an instance-ID and an AFI", "RFC 8060 4.1");
	/* The field has 32 bits, data packets and we have 24 (RFC 9300 section 5.3). */
	a->iid = xtr_get32(p);
	if (a->iid > XTR_IID_MAX)
		return xtr_rd_fail(r, at, field, "instance-ID above 24 bits", "RFC 8060 4.1");
	afi = xtr_get16(p + 4);
	if (afi != XTR_AFI_NONE && afi != XTR_AFI_IPV4 && afi != XTR_AFI_IPV6)
		return 0; /* LCAF in LCAF, MAC addresses, ...: the outer length lets us skip it */
	if (len != LCAF_IID_HDR_LEN + ip_len(afi))
		return xtr_rd_fail(r, at, field,
		    "length of the instance-ID LCAF does not fit its address", "RFC 8060 4.1");
	a->ip = ip_make(afi, p + LCAF_IID_HDR_LEN);
	a->understood = true;
	return 0;
}

static int lcaf_read(
    struct xtr_rd *r, bool eid, size_t at, const char *field, struct xtr_rd_addr *a)
{
	const uint8_t *p = xtr_rd_at(r);
	size_t len;

	if (!xtr_rd_has(r, LCAF_HDR_LEN))
		return xtr_rd_fail(
		    r, at, field, "message ends inside the LCAF header", "RFC 8060 3");
	len = xtr_get16(p + 4);
	if (!xtr_rd_has(r, LCAF_HDR_LEN + len))
		return xtr_rd_fail(r, at, field, "message ends inside the LCAF", "RFC 8060 3");
	r->pos += LCAF_HDR_LEN + len;
	/* p[3], the IID mask-len, says nothing unless the AFI inside is 0; peers send 0 or 32. */
	if (eid && p[2] == LCAF_TYPE_IID)
		return lcaf_iid_read(r, p + LCAF_HDR_LEN, len, at, field, a);
	return 0;
}

int xtr_rd_address(struct xtr_rd *r, bool eid, const char *field, struct xtr_rd_addr *a)
{
	size_t at = r->pos, n = 0;

	*a = (struct xtr_rd_addr){0};
	if (!xtr_rd_has(r, 2))
		return xtr_rd_fail(r, at, field, "message ends before the AFI", "RFC 9301 5.1");
	a->afi = xtr_get16(xtr_rd_at(r));
	r->pos += 2;

	switch (a->afi) {
	case XTR_AFI_NONE:
	case XTR_AFI_IPV4:
	case XTR_AFI_IPV6:
		a->understood = true;
		n = ip_len(a->afi);
		break;
	case AFI_802:
	case AFI_MAC48:
		n = 6;
		break;
	case AFI_MAC64:
		n = 8;
		break;
	case AFI_NAME:
		return name_skip(r, at, field);
	case XTR_AFI_LCAF:
		return lcaf_read(r, eid, at, field, a);
	default:
		/* RFC 9301 5.1: messages with an unrecognized AFI MUST be dropped. */
		return xtr_rd_fail(r, at, field, "unknown AFI", "RFC 9301 5.1");
	}
	if (!xtr_rd_has(r, n))
		return xtr_rd_fail(r, at, field, "message ends inside the address", "RFC 9301 5.1");
	a->ip = ip_make(a->afi, xtr_rd_at(r));
	r->pos += n;
	return 0;
}

int xtr_rd_eid(
    struct xtr_rd *r, uint8_t plen, size_t plen_at, const char *clause, struct xtr_eid *eid)
{
	struct xtr_rd_addr a;
	size_t at = r->pos;
	int ret = xtr_rd_address(r, true, "EID-Prefix", &a);

	if (ret < 0)
		return ret;
	if (!a.understood)
		return xtr_rd_fail(r, at, "EID-Prefix-AFI", "address type not supported for an EID",
		    "RFC 9301 5.1");
	/* Without an address there is nothing that the mask could be longer than; peers write what
	 * they like. */
	if (a.ip.af == 0)
		plen = 0;
	else if (plen > xtr_ip_bits(&a.ip))
		return xtr_rd_fail(r, plen_at, "EID mask-len", "longer than the address", clause);
	*eid = (struct xtr_eid){.iid = a.iid, .plen = plen, .ip = a.ip};
	xtr_ip_mask(&eid->ip, plen);
	return 0;
}
