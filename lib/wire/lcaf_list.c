/* SPDX-License-Identifier: BSD-3-Clause */
/* LCAFs with lists: read once with checks, then iterated in place. */
#include <errno.h>

#include "wire/lcaf_priv.h"

#define HOP_HDR_LEN 2 /* Rsvd3, L, P, S */
#define HOP_L       0x04
#define HOP_P       0x02
#define HOP_S       0x01
#define RLE_HDR_LEN 4 /* Rsvd3 (2), Rsvd4, level */

/* Checks elements, of `hdr` bytes and an address each, to the end of the LCAF. */
static int list_read(
    struct xtr_lcaf_rd *l, size_t hdr, const char *field, struct xtr_lcaf_list *list)
{
	struct xtr_addr a;
	int ret;

	*list = (struct xtr_lcaf_list){
	    .p = xtr_rd_at(&l->r), .len = (uint32_t)(l->r.len - l->r.pos), .depth = l->depth};
	while (l->r.pos != l->r.len) {
		if (!xtr_rd_has(&l->r, hdr))
			return xtr_rd_fail(
			    &l->r, l->r.pos, field, "LCAF ends before the address", l->clause);
		l->r.pos += hdr;
		ret = xtr_lcaf_addr(l, field, &a);
		if (ret < 0)
			return ret;
	}
	return 0;
}

/* The element at the cursor, or NULL after the last. */
static const uint8_t *list_at(const struct xtr_lcaf_list *l, const uint8_t *cursor)
{
	if (!cursor)
		return l->len > 0 ? l->p : NULL;
	return cursor == l->p + l->len ? NULL : cursor;
}

/* The address at p, in a list. Returns its end. */
static const uint8_t *list_addr(const struct xtr_lcaf_list *l, const uint8_t *p, struct xtr_addr *a)
{
	xtr_addr_trusted(p, a);
	a->depth = l->depth;
	return a->p + a->len;
}

bool xtr_lcaf_list_addr_next(
    const struct xtr_lcaf_list *l, const uint8_t **cursor, struct xtr_addr *a)
{
	const uint8_t *p = list_at(l, *cursor);

	if (p)
		*cursor = list_addr(l, p, a);
	return p;
}

bool xtr_lcaf_list_hop_next(
    const struct xtr_lcaf_list *l, const uint8_t **cursor, struct xtr_elp_hop *hop)
{
	const uint8_t *p = list_at(l, *cursor);

	if (!p)
		return false;
	hop->lookup = p[1] & HOP_L;
	hop->probe = p[1] & HOP_P;
	hop->strict = p[1] & HOP_S;
	*cursor = list_addr(l, p + HOP_HDR_LEN, &hop->addr);
	return true;
}

bool xtr_lcaf_list_rle_next(
    const struct xtr_lcaf_list *l, const uint8_t **cursor, struct xtr_rle_entry *e)
{
	const uint8_t *p = list_at(l, *cursor);

	if (!p)
		return false;
	e->level = p[3];
	*cursor = list_addr(l, p + RLE_HDR_LEN, &e->addr);
	return true;
}

bool xtr_lcaf_list_key_next(
    const struct xtr_lcaf_list *l, const uint8_t **cursor, struct xtr_key_material *key)
{
	const uint8_t *p = list_at(l, *cursor);

	if (!p)
		return false;
	key->len = xtr_get16(p);
	key->p = p + 2;
	*cursor = key->p + key->len;
	return true;
}

int xtr_lcaf_read_afi_list(
    const struct xtr_addr *a, struct xtr_lcaf_afi_list *out, struct xtr_wire_err *err)
{
	struct xtr_lcaf_rd l;
	int ret = xtr_lcaf_open(&l, a, XTR_LCAF_AFI_LIST, "RFC 8060 4.10", 0, err);

	return ret < 0 ? ret : list_read(&l, 0, "address", &out->addrs);
}

int xtr_lcaf_read_elp(const struct xtr_addr *a, struct xtr_lcaf_elp *out, struct xtr_wire_err *err)
{
	struct xtr_lcaf_rd l;
	int ret = xtr_lcaf_open(&l, a, XTR_LCAF_ELP, "RFC 8060 4.6", 0, err);

	return ret < 0 ? ret : list_read(&l, HOP_HDR_LEN, "Reencap Hop", &out->hops);
}

int xtr_lcaf_read_rle(const struct xtr_addr *a, struct xtr_lcaf_rle *out, struct xtr_wire_err *err)
{
	struct xtr_lcaf_rd l;
	int ret = xtr_lcaf_open(&l, a, XTR_LCAF_RLE, "RFC 8060 4.9", 0, err);

	return ret < 0 ? ret : list_read(&l, RLE_HDR_LEN, "RTR/ETR", &out->entries);
}

int xtr_lcaf_read_nat(const struct xtr_addr *a, struct xtr_lcaf_nat *out, struct xtr_wire_err *err)
{
	struct xtr_lcaf_rd l;
	int ret = xtr_lcaf_open(&l, a, XTR_LCAF_NAT, "RFC 8060 4.4", 4, err);

	if (ret < 0)
		return ret;
	out->ms_port = xtr_get16(xtr_rd_at(&l.r));
	out->etr_port = xtr_get16(xtr_rd_at(&l.r) + 2);
	l.r.pos += 4;
	ret = xtr_lcaf_addr(&l, "Global ETR RLOC", &out->global_etr);
	if (ret == 0)
		ret = xtr_lcaf_addr(&l, "MS RLOC", &out->ms);
	if (ret == 0)
		ret = xtr_lcaf_addr(&l, "Private ETR RLOC", &out->private_etr);
	return ret < 0 ? ret : list_read(&l, 0, "RTR RLOC", &out->rtrs);
}

int xtr_lcaf_read_key(const struct xtr_addr *a, struct xtr_lcaf_key *out, struct xtr_wire_err *err)
{
	struct xtr_lcaf_rd l;
	const uint8_t *p;
	int ret = xtr_lcaf_open(&l, a, XTR_LCAF_KEY, "RFC 8060 4.7", 4, err);

	if (ret < 0)
		return ret;
	p = xtr_rd_at(&l.r);
	out->algorithm = p[2];
	out->revoke = p[3] & 0x01;
	l.r.pos += 4;
	out->keys = (struct xtr_lcaf_list){.p = xtr_rd_at(&l.r), .depth = l.depth};
	for (unsigned n = p[0]; n > 0; n--) {
		if (!xtr_rd_has(&l.r, 2) ||
		    !xtr_rd_has(&l.r, 2 + (size_t)xtr_get16(xtr_rd_at(&l.r))))
			return xtr_rd_fail(
			    &l.r, l.r.pos, "Key Length", "LCAF ends inside the key", l.clause);
		l.r.pos += 2 + (size_t)xtr_get16(xtr_rd_at(&l.r));
	}
	out->keys.len = (uint32_t)(xtr_rd_at(&l.r) - out->keys.p);
	return xtr_lcaf_last(&l, "Locator Address", &out->addr);
}
