/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An LCAF of whatever type, read, written, compared and gone into: for tests and fuzz targets that
 * take all types alike.
 */
#ifndef LCAF_ANY_H
#define LCAF_ANY_H

#include <string.h>

#include "wire/lcaf.h"

struct lcaf_any {
	uint8_t type;
	union {
		struct xtr_lcaf_hdr hdr; /* of an unknown type */
		struct xtr_lcaf_afi_list afi_list;
		struct xtr_lcaf_iid iid;
		struct xtr_lcaf_asn asn;
		struct xtr_lcaf_app app;
		struct xtr_lcaf_geo geo;
		struct xtr_lcaf_opaque opaque;
		struct xtr_lcaf_nat nat;
		struct xtr_lcaf_nonce nonce;
		struct xtr_lcaf_mcast mcast;
		struct xtr_lcaf_elp elp;
		struct xtr_lcaf_key key;
		struct xtr_lcaf_src_dst src_dst;
		struct xtr_lcaf_rle rle;
		struct xtr_lcaf_json json;
		struct xtr_lcaf_key_value key_value;
		struct xtr_lcaf_encap encap;
		struct xtr_lcaf_vendor vendor;
	};
};

/* Of an LCAF of any type: what its reader says. */
static inline int lcaf_any_read(
    const struct xtr_addr *a, struct lcaf_any *l, struct xtr_wire_err *err)
{
	memset(l, 0, sizeof *l);
	l->type = a->lcaf;
	switch (a->lcaf) {
	case XTR_LCAF_NULL:
		return xtr_lcaf_read_null(a, err);
	case XTR_LCAF_AFI_LIST:
		return xtr_lcaf_read_afi_list(a, &l->afi_list, err);
	case XTR_LCAF_IID:
		return xtr_lcaf_read_iid(a, &l->iid, err);
	case XTR_LCAF_ASN:
		return xtr_lcaf_read_asn(a, &l->asn, err);
	case XTR_LCAF_APP:
		return xtr_lcaf_read_app(a, &l->app, err);
	case XTR_LCAF_GEO:
		return xtr_lcaf_read_geo(a, &l->geo, err);
	case XTR_LCAF_OPAQUE:
		return xtr_lcaf_read_opaque(a, &l->opaque, err);
	case XTR_LCAF_NAT:
		return xtr_lcaf_read_nat(a, &l->nat, err);
	case XTR_LCAF_NONCE:
		return xtr_lcaf_read_nonce(a, &l->nonce, err);
	case XTR_LCAF_MCAST:
		return xtr_lcaf_read_mcast(a, &l->mcast, err);
	case XTR_LCAF_ELP:
		return xtr_lcaf_read_elp(a, &l->elp, err);
	case XTR_LCAF_KEY:
		return xtr_lcaf_read_key(a, &l->key, err);
	case XTR_LCAF_SRC_DST:
		return xtr_lcaf_read_src_dst(a, &l->src_dst, err);
	case XTR_LCAF_RLE:
		return xtr_lcaf_read_rle(a, &l->rle, err);
	case XTR_LCAF_JSON:
		return xtr_lcaf_read_json(a, &l->json, err);
	case XTR_LCAF_KEY_VALUE:
		return xtr_lcaf_read_key_value(a, &l->key_value, err);
	case XTR_LCAF_ENCAP:
		return xtr_lcaf_read_encap(a, &l->encap, err);
	case XTR_LCAF_VENDOR:
		return xtr_lcaf_read_vendor(a, &l->vendor, err);
	default:
		return xtr_lcaf_read_hdr(a, &l->hdr, err);
	}
}

static inline void lcaf_any_write(struct xtr_writer *w, const struct lcaf_any *l)
{
	switch (l->type) {
	case XTR_LCAF_NULL:
		xtr_write_lcaf_null(w);
		return;
	case XTR_LCAF_AFI_LIST:
		xtr_write_lcaf_afi_list(w, &l->afi_list);
		return;
	case XTR_LCAF_IID:
		xtr_write_lcaf_iid(w, &l->iid);
		return;
	case XTR_LCAF_ASN:
		xtr_write_lcaf_asn(w, &l->asn);
		return;
	case XTR_LCAF_APP:
		xtr_write_lcaf_app(w, &l->app);
		return;
	case XTR_LCAF_GEO:
		xtr_write_lcaf_geo(w, &l->geo);
		return;
	case XTR_LCAF_OPAQUE:
		xtr_write_lcaf_opaque(w, &l->opaque);
		return;
	case XTR_LCAF_NAT:
		xtr_write_lcaf_nat(w, &l->nat);
		return;
	case XTR_LCAF_NONCE:
		xtr_write_lcaf_nonce(w, &l->nonce);
		return;
	case XTR_LCAF_MCAST:
		xtr_write_lcaf_mcast(w, &l->mcast);
		return;
	case XTR_LCAF_ELP:
		xtr_write_lcaf_elp(w, &l->elp);
		return;
	case XTR_LCAF_KEY:
		xtr_write_lcaf_key(w, &l->key);
		return;
	case XTR_LCAF_SRC_DST:
		xtr_write_lcaf_src_dst(w, &l->src_dst);
		return;
	case XTR_LCAF_RLE:
		xtr_write_lcaf_rle(w, &l->rle);
		return;
	case XTR_LCAF_JSON:
		xtr_write_lcaf_json(w, &l->json);
		return;
	case XTR_LCAF_KEY_VALUE:
		xtr_write_lcaf_key_value(w, &l->key_value);
		return;
	case XTR_LCAF_ENCAP:
		xtr_write_lcaf_encap(w, &l->encap);
		return;
	case XTR_LCAF_VENDOR:
		xtr_write_lcaf_vendor(w, &l->vendor);
		return;
	default:
		xtr_write_lcaf(w, &l->hdr);
		return;
	}
}

static inline bool bytes_same(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len)
{
	return a_len == b_len && (a_len == 0 || memcmp(a, b, a_len) == 0);
}

/* AFI, LCAF type and bytes; compared here and not by the function under test. */
static inline bool addr_same(const struct xtr_addr *a, const struct xtr_addr *b)
{
	return a->afi == b->afi && a->lcaf == b->lcaf && bytes_same(a->p, a->len, b->p, b->len);
}

static inline bool list_same(const struct xtr_lcaf_list *a, const struct xtr_lcaf_list *b)
{
	return bytes_same(a->p, a->len, b->p, b->len);
}

/* Reserved bits in a list may differ: element by element. */
static inline bool hops_same(const struct xtr_lcaf_list *x, const struct xtr_lcaf_list *y)
{
	const uint8_t *c = NULL, *d = NULL;
	struct xtr_elp_hop a, b;

	while (xtr_lcaf_list_hop_next(x, &c, &a))
		if (!xtr_lcaf_list_hop_next(y, &d, &b) || a.lookup != b.lookup ||
		    a.probe != b.probe || a.strict != b.strict || !addr_same(&a.addr, &b.addr))
			return false;
	return !xtr_lcaf_list_hop_next(y, &d, &b);
}

static inline bool entries_same(const struct xtr_lcaf_list *x, const struct xtr_lcaf_list *y)
{
	const uint8_t *c = NULL, *d = NULL;
	struct xtr_rle_entry a, b;

	while (xtr_lcaf_list_rle_next(x, &c, &a))
		if (!xtr_lcaf_list_rle_next(y, &d, &b) || a.level != b.level ||
		    !addr_same(&a.addr, &b.addr))
			return false;
	return !xtr_lcaf_list_rle_next(y, &d, &b);
}

static inline bool geo_same(const struct xtr_lcaf_geo *a, const struct xtr_lcaf_geo *b)
{
	return a->north == b->north && a->east == b->east && a->lat_deg == b->lat_deg &&
	       a->lat_min == b->lat_min && a->lat_sec == b->lat_sec && a->lon_deg == b->lon_deg &&
	       a->lon_min == b->lon_min && a->lon_sec == b->lon_sec && a->altitude == b->altitude &&
	       addr_same(&a->addr, &b->addr);
}

/* All fields say the same. */
static inline bool lcaf_any_same(const struct lcaf_any *a, const struct lcaf_any *b)
{
	if (a->type != b->type)
		return false;
	switch (a->type) {
	case XTR_LCAF_NULL:
		return true;
	case XTR_LCAF_AFI_LIST:
		return list_same(&a->afi_list.addrs, &b->afi_list.addrs);
	case XTR_LCAF_IID:
		return a->iid.iid == b->iid.iid && a->iid.mask_len == b->iid.mask_len &&
		       addr_same(&a->iid.addr, &b->iid.addr);
	case XTR_LCAF_ASN:
		return a->asn.asn == b->asn.asn && addr_same(&a->asn.addr, &b->asn.addr);
	case XTR_LCAF_APP:
		return a->app.tos == b->app.tos && a->app.protocol == b->app.protocol &&
		       a->app.local_low == b->app.local_low &&
		       a->app.local_high == b->app.local_high &&
		       a->app.remote_low == b->app.remote_low &&
		       a->app.remote_high == b->app.remote_high &&
		       addr_same(&a->app.addr, &b->app.addr);
	case XTR_LCAF_GEO:
		return geo_same(&a->geo, &b->geo);
	case XTR_LCAF_OPAQUE:
		return a->opaque.field_num == b->opaque.field_num &&
		       a->opaque.wildcards == b->opaque.wildcards &&
		       bytes_same(
			   a->opaque.key, a->opaque.key_len, b->opaque.key, b->opaque.key_len);
	case XTR_LCAF_NAT:
		return a->nat.ms_port == b->nat.ms_port && a->nat.etr_port == b->nat.etr_port &&
		       addr_same(&a->nat.global_etr, &b->nat.global_etr) &&
		       addr_same(&a->nat.ms, &b->nat.ms) &&
		       addr_same(&a->nat.private_etr, &b->nat.private_etr) &&
		       list_same(&a->nat.rtrs, &b->nat.rtrs);
	case XTR_LCAF_NONCE:
		return a->nonce.nonce == b->nonce.nonce &&
		       addr_same(&a->nonce.addr, &b->nonce.addr);
	case XTR_LCAF_MCAST:
		return a->mcast.iid == b->mcast.iid &&
		       a->mcast.source_plen == b->mcast.source_plen &&
		       a->mcast.group_plen == b->mcast.group_plen &&
		       addr_same(&a->mcast.source, &b->mcast.source) &&
		       addr_same(&a->mcast.group, &b->mcast.group);
	case XTR_LCAF_ELP:
		return hops_same(&a->elp.hops, &b->elp.hops);
	case XTR_LCAF_KEY:
		return a->key.algorithm == b->key.algorithm && a->key.revoke == b->key.revoke &&
		       list_same(&a->key.keys, &b->key.keys) &&
		       addr_same(&a->key.addr, &b->key.addr);
	case XTR_LCAF_SRC_DST:
		return a->src_dst.source_plen == b->src_dst.source_plen &&
		       a->src_dst.dest_plen == b->src_dst.dest_plen &&
		       addr_same(&a->src_dst.source, &b->src_dst.source) &&
		       addr_same(&a->src_dst.dest, &b->src_dst.dest);
	case XTR_LCAF_RLE:
		return entries_same(&a->rle.entries, &b->rle.entries);
	case XTR_LCAF_JSON:
		return a->json.binary == b->json.binary &&
		       bytes_same(a->json.text, a->json.len, b->json.text, b->json.len) &&
		       addr_same(&a->json.addr, &b->json.addr);
	case XTR_LCAF_KEY_VALUE:
		return addr_same(&a->key_value.key, &b->key_value.key) &&
		       addr_same(&a->key_value.value, &b->key_value.value);
	case XTR_LCAF_ENCAP:
		return a->encap.formats == b->encap.formats &&
		       addr_same(&a->encap.addr, &b->encap.addr);
	case XTR_LCAF_VENDOR:
		return a->vendor.oui == b->vendor.oui &&
		       bytes_same(a->vendor.data, a->vendor.len, b->vendor.data, b->vendor.len);
	default:
		return a->hdr.type == b->hdr.type && a->hdr.flags == b->hdr.flags &&
		       a->hdr.rsvd2 == b->hdr.rsvd2 &&
		       bytes_same(a->hdr.payload, a->hdr.len, b->hdr.payload, b->hdr.len);
	}
}

static inline void list_visit(
    const struct xtr_lcaf_list *l, void (*visit)(const struct xtr_addr *a))
{
	const uint8_t *c = NULL;
	struct xtr_addr a;

	while (xtr_lcaf_list_addr_next(l, &c, &a))
		visit(&a);
}

/* Calls visit for each address in an LCAF that was read. */
static inline void lcaf_any_inside(
    const struct lcaf_any *l, void (*visit)(const struct xtr_addr *a))
{
	const uint8_t *c = NULL;
	struct xtr_rle_entry e;
	struct xtr_elp_hop hop;

	switch (l->type) {
	case XTR_LCAF_AFI_LIST:
		list_visit(&l->afi_list.addrs, visit);
		break;
	case XTR_LCAF_IID:
		visit(&l->iid.addr);
		break;
	case XTR_LCAF_ASN:
		visit(&l->asn.addr);
		break;
	case XTR_LCAF_APP:
		visit(&l->app.addr);
		break;
	case XTR_LCAF_GEO:
		visit(&l->geo.addr);
		break;
	case XTR_LCAF_NAT:
		visit(&l->nat.global_etr);
		visit(&l->nat.ms);
		visit(&l->nat.private_etr);
		list_visit(&l->nat.rtrs, visit);
		break;
	case XTR_LCAF_NONCE:
		visit(&l->nonce.addr);
		break;
	case XTR_LCAF_MCAST:
		visit(&l->mcast.source);
		visit(&l->mcast.group);
		break;
	case XTR_LCAF_ELP:
		while (xtr_lcaf_list_hop_next(&l->elp.hops, &c, &hop))
			visit(&hop.addr);
		break;
	case XTR_LCAF_KEY:
		visit(&l->key.addr);
		break;
	case XTR_LCAF_SRC_DST:
		visit(&l->src_dst.source);
		visit(&l->src_dst.dest);
		break;
	case XTR_LCAF_RLE:
		while (xtr_lcaf_list_rle_next(&l->rle.entries, &c, &e))
			visit(&e.addr);
		break;
	case XTR_LCAF_JSON:
		visit(&l->json.addr);
		break;
	case XTR_LCAF_KEY_VALUE:
		visit(&l->key_value.key);
		visit(&l->key_value.value);
		break;
	case XTR_LCAF_ENCAP:
		visit(&l->encap.addr);
		break;
	default:
		break;
	}
}

#endif
