/* SPDX-License-Identifier: BSD-3-Clause */
/* LCAFs from structs to bytes. */
#include "wire/lcaf_priv.h"
#include "wire/write.h"

#define BITS24 0xffffffu

size_t xtr_write_lcaf_begin(struct xtr_writer *w, uint8_t type, uint8_t rsvd2)
{
	xtr_put16(w, XTR_AFI_LCAF);
	xtr_put16(w, 0); /* reserved, flags */
	xtr_put8(w, type);
	xtr_put8(w, rsvd2);
	xtr_put16(w, 0);
	return w->len;
}

void xtr_write_lcaf_end(struct xtr_writer *w, size_t begin)
{
	size_t len = w->len - begin;

	if (len > UINT16_MAX)
		xtr_writer_spoil(w);
	if (begin <= w->size)
		xtr_set16(w->p + begin - 2, (uint16_t)len);
}

void xtr_write_lcaf(struct xtr_writer *w, const struct xtr_lcaf_hdr *h)
{
	xtr_put16(w, XTR_AFI_LCAF);
	xtr_put8(w, 0);
	xtr_put8(w, h->flags);
	xtr_put8(w, h->type);
	xtr_put8(w, h->rsvd2);
	xtr_put16(w, h->len);
	xtr_put(w, h->payload, h->len);
}

struct xtr_lcaf_list xtr_lcaf_list_of(const struct xtr_writer *w)
{
	if (xtr_writer_result(w) < 0)
		return (struct xtr_lcaf_list){.len = UINT32_MAX};
	return (struct xtr_lcaf_list){.p = w->p, .len = (uint32_t)w->len};
}

static void require(struct xtr_writer *w, bool good)
{
	if (!good)
		xtr_writer_spoil(w);
}

static void put_list(struct xtr_writer *w, const struct xtr_lcaf_list *l)
{
	require(w, l->len <= UINT16_MAX);
	xtr_put(w, l->p, l->len);
}

void xtr_write_lcaf_null(struct xtr_writer *w)
{
	xtr_write_lcaf_begin(w, XTR_LCAF_NULL, 0);
}

void xtr_write_lcaf_afi_list(struct xtr_writer *w, const struct xtr_lcaf_afi_list *l)
{
	size_t begin = xtr_write_lcaf_begin(w, XTR_LCAF_AFI_LIST, 0);

	put_list(w, &l->addrs);
	xtr_write_lcaf_end(w, begin);
}

void xtr_write_lcaf_iid(struct xtr_writer *w, const struct xtr_lcaf_iid *l)
{
	size_t begin = xtr_write_lcaf_begin(w, XTR_LCAF_IID, l->mask_len);

	xtr_put32(w, l->iid);
	xtr_write_addr(w, &l->addr);
	xtr_write_lcaf_end(w, begin);
}

void xtr_write_lcaf_asn(struct xtr_writer *w, const struct xtr_lcaf_asn *l)
{
	size_t begin = xtr_write_lcaf_begin(w, XTR_LCAF_ASN, 0);

	xtr_put32(w, l->asn);
	xtr_write_addr(w, &l->addr);
	xtr_write_lcaf_end(w, begin);
}

void xtr_write_lcaf_app(struct xtr_writer *w, const struct xtr_lcaf_app *l)
{
	size_t begin = xtr_write_lcaf_begin(w, XTR_LCAF_APP, 0);

	require(w, l->tos <= BITS24);
	xtr_put32(w, l->tos << 8 | l->protocol);
	xtr_put16(w, l->local_low);
	xtr_put16(w, l->local_high);
	xtr_put16(w, l->remote_low);
	xtr_put16(w, l->remote_high);
	xtr_write_addr(w, &l->addr);
	xtr_write_lcaf_end(w, begin);
}

void xtr_write_lcaf_geo(struct xtr_writer *w, const struct xtr_lcaf_geo *l)
{
	size_t begin = xtr_write_lcaf_begin(w, XTR_LCAF_GEO, 0);

	require(w, xtr_geo_valid(l));
	xtr_put16(w, (uint16_t)(l->north << 15 | l->lat_deg));
	xtr_put8(w, l->lat_min);
	xtr_put8(w, l->lat_sec);
	xtr_put16(w, (uint16_t)(l->east << 15 | l->lon_deg));
	xtr_put8(w, l->lon_min);
	xtr_put8(w, l->lon_sec);
	xtr_put32(w, (uint32_t)l->altitude);
	xtr_write_addr(w, &l->addr);
	xtr_write_lcaf_end(w, begin);
}

void xtr_write_lcaf_opaque(struct xtr_writer *w, const struct xtr_lcaf_opaque *l)
{
	size_t begin = xtr_write_lcaf_begin(w, XTR_LCAF_OPAQUE, 0);

	require(w, l->field_num <= XTR_OPAQUE_FIELDS);
	xtr_put8(w, l->field_num);
	xtr_put16(w, l->wildcards);
	xtr_put(w, l->key, l->key_len);
	xtr_write_lcaf_end(w, begin);
}

void xtr_write_lcaf_nat(struct xtr_writer *w, const struct xtr_lcaf_nat *l)
{
	size_t begin = xtr_write_lcaf_begin(w, XTR_LCAF_NAT, 0);

	xtr_put16(w, l->ms_port);
	xtr_put16(w, l->etr_port);
	xtr_write_addr(w, &l->global_etr);
	xtr_write_addr(w, &l->ms);
	xtr_write_addr(w, &l->private_etr);
	put_list(w, &l->rtrs);
	xtr_write_lcaf_end(w, begin);
}

void xtr_write_lcaf_nonce(struct xtr_writer *w, const struct xtr_lcaf_nonce *l)
{
	size_t begin = xtr_write_lcaf_begin(w, XTR_LCAF_NONCE, 0);

	require(w, l->nonce <= BITS24);
	xtr_put32(w, l->nonce);
	xtr_write_addr(w, &l->addr);
	xtr_write_lcaf_end(w, begin);
}

void xtr_write_lcaf_mcast(struct xtr_writer *w, const struct xtr_lcaf_mcast *l)
{
	size_t begin = xtr_write_lcaf_begin(w, XTR_LCAF_MCAST, 0);

	require(w, xtr_lcaf_mask_fits(l->source_plen, &l->source) &&
		       xtr_lcaf_mask_fits(l->group_plen, &l->group));
	xtr_put32(w, l->iid);
	xtr_put16(w, 0);
	xtr_put8(w, l->source_plen);
	xtr_put8(w, l->group_plen);
	xtr_write_addr(w, &l->source);
	xtr_write_addr(w, &l->group);
	xtr_write_lcaf_end(w, begin);
}

void xtr_write_lcaf_elp(struct xtr_writer *w, const struct xtr_lcaf_elp *l)
{
	size_t begin = xtr_write_lcaf_begin(w, XTR_LCAF_ELP, 0);

	put_list(w, &l->hops);
	xtr_write_lcaf_end(w, begin);
}

void xtr_write_elp_hop(struct xtr_writer *w, const struct xtr_elp_hop *hop)
{
	xtr_put16(w, (uint16_t)(hop->lookup << 2 | hop->probe << 1 | hop->strict));
	xtr_write_addr(w, &hop->addr);
}

void xtr_write_lcaf_key(struct xtr_writer *w, const struct xtr_lcaf_key *l)
{
	size_t begin = xtr_write_lcaf_begin(w, XTR_LCAF_KEY, 0);
	const uint8_t *cursor = NULL;
	struct xtr_key_material key;
	unsigned n = 0;

	if (l->keys.len <= UINT16_MAX)
		while (xtr_lcaf_list_key_next(&l->keys, &cursor, &key))
			n++;
	require(w, n <= UINT8_MAX);
	xtr_put8(w, (uint8_t)n);
	xtr_put8(w, 0);
	xtr_put8(w, l->algorithm);
	xtr_put8(w, l->revoke);
	put_list(w, &l->keys);
	xtr_write_addr(w, &l->addr);
	xtr_write_lcaf_end(w, begin);
}

void xtr_write_key_material(struct xtr_writer *w, const struct xtr_key_material *key)
{
	xtr_put16(w, key->len);
	xtr_put(w, key->p, key->len);
}

void xtr_write_lcaf_src_dst(struct xtr_writer *w, const struct xtr_lcaf_src_dst *l)
{
	size_t begin = xtr_write_lcaf_begin(w, XTR_LCAF_SRC_DST, 0);

	require(w, xtr_lcaf_mask_fits(l->source_plen, &l->source) &&
		       xtr_lcaf_mask_fits(l->dest_plen, &l->dest));
	xtr_put16(w, 0);
	xtr_put8(w, l->source_plen);
	xtr_put8(w, l->dest_plen);
	xtr_write_addr(w, &l->source);
	xtr_write_addr(w, &l->dest);
	xtr_write_lcaf_end(w, begin);
}

void xtr_write_lcaf_rle(struct xtr_writer *w, const struct xtr_lcaf_rle *l)
{
	size_t begin = xtr_write_lcaf_begin(w, XTR_LCAF_RLE, 0);

	put_list(w, &l->entries);
	xtr_write_lcaf_end(w, begin);
}

void xtr_write_rle_entry(struct xtr_writer *w, const struct xtr_rle_entry *e)
{
	xtr_put32(w, e->level);
	xtr_write_addr(w, &e->addr);
}

void xtr_write_lcaf_json(struct xtr_writer *w, const struct xtr_lcaf_json *l)
{
	size_t begin = xtr_write_lcaf_begin(w, XTR_LCAF_JSON, l->binary);

	xtr_put16(w, l->len);
	xtr_put(w, l->text, l->len);
	xtr_write_addr(w, &l->addr);
	xtr_write_lcaf_end(w, begin);
}

void xtr_write_lcaf_key_value(struct xtr_writer *w, const struct xtr_lcaf_key_value *l)
{
	size_t begin = xtr_write_lcaf_begin(w, XTR_LCAF_KEY_VALUE, 0);

	xtr_write_addr(w, &l->key);
	xtr_write_addr(w, &l->value);
	xtr_write_lcaf_end(w, begin);
}

void xtr_write_lcaf_encap(struct xtr_writer *w, const struct xtr_lcaf_encap *l)
{
	size_t begin = xtr_write_lcaf_begin(w, XTR_LCAF_ENCAP, 0);

	require(w, l->formats <= XTR_ENCAP_ALL);
	xtr_put32(w, l->formats);
	xtr_write_addr(w, &l->addr);
	xtr_write_lcaf_end(w, begin);
}

void xtr_write_lcaf_vendor(struct xtr_writer *w, const struct xtr_lcaf_vendor *l)
{
	size_t begin = xtr_write_lcaf_begin(w, XTR_LCAF_VENDOR, 0);

	require(w, l->oui <= BITS24);
	xtr_put32(w, l->oui);
	xtr_put(w, l->data, l->len);
	xtr_write_lcaf_end(w, begin);
}
