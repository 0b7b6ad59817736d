/* SPDX-License-Identifier: BSD-3-Clause */
/* LCAFs without lists: from bytes to structs, with every check. */
#include <errno.h>

#include "wire/lcaf_priv.h"

#define HDR_END (2 + XTR_LCAF_HDR_LEN) /* of the LCAF header, counted from the AFI */

int xtr_lcaf_open(struct xtr_lcaf_rd *l, const struct xtr_addr *a, uint8_t type, const char *clause,
    size_t min, struct xtr_wire_err *err)
{
	*l = (struct xtr_lcaf_rd){.clause = clause, .depth = (uint8_t)(a->depth + 1)};
	l->r = (struct xtr_rd){.base = a->p, .err = err};
	if (a->afi != XTR_AFI_LCAF || a->lcaf != type) {
		xtr_rd_fail(&l->r, 0, "LCAF type", "another type of address", clause);
		return -EINVAL;
	}
	l->r.base = a->p - 2;
	l->r.len = a->len + 2;
	l->r.pos = HDR_END;
	/* A message has no more room than for some thousand; who looks into each of them in turn
	 * must not be led so deep. */
	if (a->depth >= XTR_LCAF_DEPTH)
		return xtr_rd_fail(
		    &l->r, 0, "LCAF type", "too many LCAFs in one another", "RFC 8060 4.10.4");
	if (!xtr_rd_has(&l->r, min))
		return xtr_rd_fail(&l->r, 6, "LCAF length", "too short for its type", clause);
	return 0;
}

int xtr_lcaf_addr(struct xtr_lcaf_rd *l, const char *field, struct xtr_addr *a)
{
	size_t at = l->r.pos;
	int ret = xtr_rd_addr(&l->r, field, a);

	if (ret < 0)
		return xtr_rd_fail(&l->r, at, field,
		    xtr_afi_known(a->afi) ? "LCAF ends inside the address" : "unknown AFI",
		    l->clause);
	a->depth = l->depth;
	return 0;
}

int xtr_lcaf_end(const struct xtr_lcaf_rd *l)
{
	if (l->r.pos != l->r.len)
		return xtr_rd_fail(&l->r, 6, "LCAF length", "more than its fields take", l->clause);
	return 0;
}

int xtr_lcaf_last(struct xtr_lcaf_rd *l, const char *field, struct xtr_addr *a)
{
	int ret = xtr_lcaf_addr(l, field, a);

	return ret < 0 ? ret : xtr_lcaf_end(l);
}

int xtr_lcaf_mask(const struct xtr_lcaf_rd *l, size_t at, uint8_t plen, const struct xtr_addr *a)
{
	if (!xtr_lcaf_mask_fits(plen, a))
		return xtr_rd_fail(&l->r, at, "mask length", "longer than the address", l->clause);
	return 0;
}

int xtr_lcaf_read_hdr(const struct xtr_addr *a, struct xtr_lcaf_hdr *h, struct xtr_wire_err *err)
{
	struct xtr_lcaf_rd l;
	int ret = xtr_lcaf_open(&l, a, a->lcaf, "RFC 8060 3", 0, err);

	if (ret < 0)
		return ret;
	*h = (struct xtr_lcaf_hdr){.flags = a->p[1],
	    .type = a->p[2],
	    .rsvd2 = a->p[3],
	    .len = (uint16_t)(a->len - XTR_LCAF_HDR_LEN),
	    .payload = a->p + XTR_LCAF_HDR_LEN};
	return 0;
}

int xtr_lcaf_read_null(const struct xtr_addr *a, struct xtr_wire_err *err)
{
	struct xtr_lcaf_rd l;
	int ret = xtr_lcaf_open(&l, a, XTR_LCAF_NULL, "RFC 8060 3", 0, err);

	return ret < 0 ? ret : xtr_lcaf_end(&l);
}

int xtr_lcaf_read_iid(const struct xtr_addr *a, struct xtr_lcaf_iid *out, struct xtr_wire_err *err)
{
	struct xtr_lcaf_rd l;
	int ret = xtr_lcaf_open(&l, a, XTR_LCAF_IID, "RFC 8060 4.1", 4, err);

	if (ret < 0)
		return ret;
	out->mask_len = a->p[3];
	out->iid = xtr_get32(xtr_rd_at(&l.r));
	l.r.pos += 4;
	return xtr_lcaf_last(&l, "address", &out->addr);
}

int xtr_lcaf_read_asn(const struct xtr_addr *a, struct xtr_lcaf_asn *out, struct xtr_wire_err *err)
{
	struct xtr_lcaf_rd l;
	int ret = xtr_lcaf_open(&l, a, XTR_LCAF_ASN, "RFC 8060 4.2", 4, err);

	if (ret < 0)
		return ret;
	out->asn = xtr_get32(xtr_rd_at(&l.r));
	l.r.pos += 4;
	return xtr_lcaf_last(&l, "address", &out->addr);
}

int xtr_lcaf_read_app(const struct xtr_addr *a, struct xtr_lcaf_app *out, struct xtr_wire_err *err)
{
	struct xtr_lcaf_rd l;
	const uint8_t *p;
	int ret = xtr_lcaf_open(&l, a, XTR_LCAF_APP, "RFC 8060 5.1", 12, err);

	if (ret < 0)
		return ret;
	p = xtr_rd_at(&l.r);
	out->tos = xtr_get32(p) >> 8;
	out->protocol = p[3];
	out->local_low = xtr_get16(p + 4);
	out->local_high = xtr_get16(p + 6);
	out->remote_low = xtr_get16(p + 8);
	out->remote_high = xtr_get16(p + 10);
	l.r.pos += 12;
	return xtr_lcaf_last(&l, "address", &out->addr);
}

int xtr_lcaf_read_geo(const struct xtr_addr *a, struct xtr_lcaf_geo *out, struct xtr_wire_err *err)
{
	struct xtr_lcaf_rd l;
	const uint8_t *p;
	int ret = xtr_lcaf_open(&l, a, XTR_LCAF_GEO, "RFC 8060 4.3", 12, err);

	if (ret < 0)
		return ret;
	p = xtr_rd_at(&l.r);
	*out = (struct xtr_lcaf_geo){.north = p[0] & 0x80,
	    .lat_deg = p[1],
	    .lat_min = p[2],
	    .lat_sec = p[3],
	    .east = p[4] & 0x80,
	    .lon_deg = p[5],
	    .lon_min = p[6],
	    .lon_sec = p[7],
	    .altitude = (int32_t)xtr_get32(p + 8)};
	/* Degrees have 15 bits. */
	if ((p[0] & 0x7f) != 0 || (p[4] & 0x7f) != 0 || !xtr_geo_valid(out))
		return xtr_rd_fail(
		    &l.r, l.r.pos, "geo-coordinates", "no place on Earth", "RFC 8060 4.3");
	l.r.pos += 12;
	return xtr_lcaf_last(&l, "address", &out->addr);
}

int xtr_lcaf_read_opaque(
    const struct xtr_addr *a, struct xtr_lcaf_opaque *out, struct xtr_wire_err *err)
{
	struct xtr_lcaf_rd l;
	const uint8_t *p;
	int ret = xtr_lcaf_open(&l, a, XTR_LCAF_OPAQUE, "RFC 8060 5.2", 3, err);

	if (ret < 0)
		return ret;
	p = xtr_rd_at(&l.r);
	if (p[0] > XTR_OPAQUE_FIELDS)
		return xtr_rd_fail(&l.r, l.r.pos, "Key Field Num", "above 15", "RFC 8060 5.2");
	out->field_num = p[0];
	out->wildcards = xtr_get16(p + 1);
	out->key = p + 3;
	out->key_len = (uint16_t)(l.r.len - l.r.pos - 3);
	return 0;
}

int xtr_lcaf_read_nonce(
    const struct xtr_addr *a, struct xtr_lcaf_nonce *out, struct xtr_wire_err *err)
{
	struct xtr_lcaf_rd l;
	int ret = xtr_lcaf_open(&l, a, XTR_LCAF_NONCE, "RFC 8060 5.3", 4, err);

	if (ret < 0)
		return ret;
	out->nonce = xtr_get32(xtr_rd_at(&l.r)) & 0xffffff;
	l.r.pos += 4;
	return xtr_lcaf_last(&l, "address", &out->addr);
}

int xtr_lcaf_read_mcast(
    const struct xtr_addr *a, struct xtr_lcaf_mcast *out, struct xtr_wire_err *err)
{
	struct xtr_lcaf_rd l;
	const uint8_t *p;
	size_t at;
	int ret = xtr_lcaf_open(&l, a, XTR_LCAF_MCAST, "RFC 8060 4.5", 8, err);

	if (ret < 0)
		return ret;
	p = xtr_rd_at(&l.r);
	at = l.r.pos;
	out->iid = xtr_get32(p);
	out->source_plen = p[6];
	out->group_plen = p[7];
	l.r.pos += 8;
	ret = xtr_lcaf_addr(&l, "source address", &out->source);
	if (ret == 0)
		ret = xtr_lcaf_last(&l, "group address", &out->group);
	if (ret == 0)
		ret = xtr_lcaf_mask(&l, at + 6, out->source_plen, &out->source);
	return ret < 0 ? ret : xtr_lcaf_mask(&l, at + 7, out->group_plen, &out->group);
}

int xtr_lcaf_read_src_dst(
    const struct xtr_addr *a, struct xtr_lcaf_src_dst *out, struct xtr_wire_err *err)
{
	struct xtr_lcaf_rd l;
	const uint8_t *p;
	size_t at;
	int ret = xtr_lcaf_open(&l, a, XTR_LCAF_SRC_DST, "RFC 8060 4.8", 4, err);

	if (ret < 0)
		return ret;
	p = xtr_rd_at(&l.r);
	at = l.r.pos;
	out->source_plen = p[2];
	out->dest_plen = p[3];
	l.r.pos += 4;
	ret = xtr_lcaf_addr(&l, "source prefix", &out->source);
	if (ret == 0)
		ret = xtr_lcaf_last(&l, "destination prefix", &out->dest);
	if (ret == 0)
		ret = xtr_lcaf_mask(&l, at + 2, out->source_plen, &out->source);
	return ret < 0 ? ret : xtr_lcaf_mask(&l, at + 3, out->dest_plen, &out->dest);
}

int xtr_lcaf_read_json(
    const struct xtr_addr *a, struct xtr_lcaf_json *out, struct xtr_wire_err *err)
{
	struct xtr_lcaf_rd l;
	int ret = xtr_lcaf_open(&l, a, XTR_LCAF_JSON, "RFC 8060 5.4", 2, err);

	if (ret < 0)
		return ret;
	*out = (struct xtr_lcaf_json){.binary = a->p[3] & 0x01,
	    .len = xtr_get16(xtr_rd_at(&l.r)),
	    .text = xtr_rd_at(&l.r) + 2};
	if (!xtr_rd_has(&l.r, 2 + (size_t)out->len))
		return xtr_rd_fail(
		    &l.r, l.r.pos, "JSON length", "longer than the LCAF", "RFC 8060 5.4");
	l.r.pos += 2 + (size_t)out->len;
	/* "Optional Address" */
	return l.r.pos == l.r.len ? 0 : xtr_lcaf_last(&l, "address", &out->addr);
}

int xtr_lcaf_read_key_value(
    const struct xtr_addr *a, struct xtr_lcaf_key_value *out, struct xtr_wire_err *err)
{
	struct xtr_lcaf_rd l;
	int ret = xtr_lcaf_open(&l, a, XTR_LCAF_KEY_VALUE, "RFC 8060 5.5", 0, err);

	if (ret == 0)
		ret = xtr_lcaf_addr(&l, "address as key", &out->key);
	return ret < 0 ? ret : xtr_lcaf_last(&l, "address as value", &out->value);
}

int xtr_lcaf_read_encap(
    const struct xtr_addr *a, struct xtr_lcaf_encap *out, struct xtr_wire_err *err)
{
	struct xtr_lcaf_rd l;
	int ret = xtr_lcaf_open(&l, a, XTR_LCAF_ENCAP, "RFC 8060 5.6", 4, err);

	if (ret < 0)
		return ret;
	out->formats = (uint8_t)(xtr_get32(xtr_rd_at(&l.r)) & XTR_ENCAP_ALL);
	l.r.pos += 4;
	return xtr_lcaf_last(&l, "address", &out->addr);
}

int xtr_lcaf_read_vendor(
    const struct xtr_addr *a, struct xtr_lcaf_vendor *out, struct xtr_wire_err *err)
{
	struct xtr_lcaf_rd l;
	int ret = xtr_lcaf_open(&l, a, XTR_LCAF_VENDOR, "RFC 9306 4", 4, err);

	if (ret < 0)
		return ret;
	out->oui = xtr_get32(xtr_rd_at(&l.r)) & 0xffffff;
	out->data = xtr_rd_at(&l.r) + 4;
	out->len = (uint16_t)(l.r.len - l.r.pos - 4);
	return 0;
}
