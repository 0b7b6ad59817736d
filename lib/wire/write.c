/* SPDX-License-Identifier: BSD-3-Clause */
/* Control messages from structs to bytes. */
#include <errno.h>
#include <string.h>

#include "wire/write.h"

#define LCAF_TYPE_IID 2
#define MAX_COUNT     255 /* records a message, locators a record: one byte each */

void xtr_writer_init(struct xtr_writer *w, uint8_t *buf, size_t size)
{
	*w = (struct xtr_writer){.p = buf, .size = size};
}

int xtr_writer_result(const struct xtr_writer *w)
{
	return w->len > w->size ? -ENOBUFS : 0;
}

void xtr_writer_spoil(struct xtr_writer *w)
{
	w->size = 0;
	w->len += w->len == 0;
}

void xtr_put(struct xtr_writer *w, const void *p, size_t n)
{
	/* Once something did not fit, len is beyond size and nothing is stored any more. */
	if (n > 0 && w->len <= w->size && n <= w->size - w->len) {
		if (p)
			memcpy(w->p + w->len, p, n);
		else
			memset(w->p + w->len, 0, n);
	}
	w->len += n;
}

void xtr_put8(struct xtr_writer *w, uint8_t v)
{
	xtr_put(w, &v, 1);
}

void xtr_put16(struct xtr_writer *w, uint16_t v)
{
	uint8_t b[2];

	xtr_set16(b, v);
	xtr_put(w, b, sizeof b);
}

void xtr_put32(struct xtr_writer *w, uint32_t v)
{
	xtr_put16(w, (uint16_t)(v >> 16));
	xtr_put16(w, (uint16_t)v);
}

void xtr_put64(struct xtr_writer *w, uint64_t v)
{
	xtr_put32(w, (uint32_t)(v >> 32));
	xtr_put32(w, (uint32_t)v);
}

/* Adds one to the count in the byte at offset `at`. */
static void count(struct xtr_writer *w, size_t at)
{
	if (at >= w->size)
		return;
	if (w->p[at] == MAX_COUNT)
		xtr_writer_spoil(w);
	else
		w->p[at]++;
}

static void put_ip(struct xtr_writer *w, const struct xtr_ip *ip)
{
	xtr_put16(w, ip->af == 4 ? XTR_AFI_IPV4 : ip->af == 6 ? XTR_AFI_IPV6 : XTR_AFI_NONE);
	xtr_put(w, ip->b, xtr_ip_bits(ip) / 8);
}

/* RFC 8060 section 4.1. The IID mask-len stays 0: it only means something where no address follows.
 */
static void put_eid(struct xtr_writer *w, const struct xtr_eid *eid)
{
	if (eid->iid != 0) {
		xtr_put16(w, XTR_AFI_LCAF);
		xtr_put16(w, 0); /* reserved, flags */
		xtr_put8(w, LCAF_TYPE_IID);
		xtr_put8(w, 0);
		xtr_put16(w, (uint16_t)(4 + 2 + xtr_ip_bits(&eid->ip) / 8));
		xtr_put32(w, eid->iid);
	}
	put_ip(w, &eid->ip);
}

/* The first twelve bytes of all messages but the ECM. */
static void put_header(struct xtr_writer *w, enum xtr_msg_type type, uint8_t flags0, uint8_t flags1,
    uint8_t flags2, uint64_t nonce)
{
	xtr_put8(w, (uint8_t)(type << 4 | flags0));
	xtr_put8(w, flags1);
	xtr_put8(w, flags2);
	w->count_at = w->len;
	xtr_put8(w, 0);
	xtr_put64(w, nonce);
}

void xtr_write_map_request(
    struct xtr_writer *w, const struct xtr_request_opts *o, const struct xtr_eid *eid)
{
	uint8_t f0 = (uint8_t)(o->authoritative << 3 | o->probe << 1 | o->smr);
	uint8_t f1 = (uint8_t)(o->pitr << 7 | o->smr_invoked << 6);
	uint8_t f2 = (uint8_t)(o->local_xtr << 6 | o->dont_reply << 5);

	/* RFC 9301 5.2: at least one ITR-RLOC, and the count has five bits. */
	if (o->n_itr_rlocs == 0 || o->n_itr_rlocs > XTR_MAX_ITR_RLOCS) {
		xtr_writer_spoil(w);
		return;
	}
	put_header(w, XTR_MSG_MAP_REQUEST, f0, f1, (uint8_t)(f2 | (o->n_itr_rlocs - 1)), o->nonce);
	put_eid(w, &o->source_eid);
	for (unsigned i = 0; i < o->n_itr_rlocs; i++)
		put_ip(w, &o->itr_rlocs[i]);
	count(w, w->count_at);
	xtr_put8(w, 0);
	xtr_put8(w, eid->plen);
	put_eid(w, eid);
}

void xtr_write_map_reply(struct xtr_writer *w, uint64_t nonce, bool probe)
{
	put_header(w, XTR_MSG_MAP_REPLY, (uint8_t)(probe << 3), 0, 0, nonce);
}

static void put_auth(struct xtr_writer *w, const struct xtr_register_opts *o)
{
	xtr_put8(w, o->key_id);
	xtr_put8(w, o->algorithm);
	xtr_put16(w, o->auth_len);
	w->auth_at = w->len;
	xtr_put(w, NULL, o->auth_len);
}

void xtr_write_map_register(struct xtr_writer *w, const struct xtr_register_opts *o)
{
	uint8_t f0 = (uint8_t)(o->proxy_reply << 3 | o->security << 2 | o->has_ids << 1);
	uint8_t f2 =
	    (uint8_t)(o->eid_notify << 4 | o->use_ttl << 3 | o->merge << 2 | o->want_notify);

	put_header(w, XTR_MSG_MAP_REGISTER, f0, 0, f2, o->nonce);
	put_auth(w, o);
}

void xtr_write_map_notify(struct xtr_writer *w, const struct xtr_register_opts *o, bool ack)
{
	put_header(w, ack ? XTR_MSG_MAP_NOTIFY_ACK : XTR_MSG_MAP_NOTIFY, 0, 0, 0, o->nonce);
	put_auth(w, o);
}

void xtr_write_ids(struct xtr_writer *w, const uint8_t *xtr_id, const uint8_t *site_id)
{
	xtr_put(w, xtr_id, XTR_XTR_ID_LEN);
	xtr_put(w, site_id, XTR_SITE_ID_LEN);
}

void xtr_write_record(struct xtr_writer *w, const struct xtr_record *rec)
{
	count(w, w->count_at);
	xtr_put32(w, rec->ttl);
	w->record_at = w->len;
	xtr_put8(w, 0); /* locators, counted as they follow */
	xtr_put8(w, rec->eid.plen);
	xtr_put8(w, (uint8_t)((rec->act & 7) << 5 | rec->authoritative << 4));
	xtr_put8(w, 0);
	xtr_put16(w, rec->map_version & 0xfff);
	put_eid(w, &rec->eid);
}

void xtr_write_locator(struct xtr_writer *w, const struct xtr_locator *loc)
{
	count(w, w->record_at);
	xtr_put8(w, loc->priority);
	xtr_put8(w, loc->weight);
	xtr_put8(w, loc->m_priority);
	xtr_put8(w, loc->m_weight);
	xtr_put8(w, 0);
	xtr_put8(w, (uint8_t)(loc->local << 2 | loc->probed << 1 | loc->reachable));
	put_ip(w, &loc->ip);
}

void xtr_write_record_copy(struct xtr_writer *w, const struct xtr_record *rec)
{
	count(w, w->count_at);
	xtr_put(w, rec->start, rec->size);
}
