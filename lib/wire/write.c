/* SPDX-License-Identifier: BSD-3-Clause */
/* Control messages from structs to bytes. */
#include <errno.h>
#include <string.h>

#include "wire/layout.h"
#include "wire/lcaf.h"
#include "wire/read.h"
#include "wire/write.h"

#define MAX_COUNT      255 /* records a message, locators a record: one byte each */
#define MAX_SIGNATURES 15  /* four bits, RFC 8111 section 6.4 */

/* Flags in the first word of a message. RFC 9301 sections 5.2, 5.4, 5.6, RFC 9437 section 4. */
#define REQUEST_A           0x08000000u
#define REQUEST_M           0x04000000u
#define REQUEST_P           0x02000000u
#define REQUEST_S           0x01000000u
#define REQUEST_PITR        0x00800000u
#define REQUEST_SMR_INVOKED 0x00400000u
#define REQUEST_I           0x00100000u
#define REQUEST_L           0x00004000u
#define REQUEST_D           0x00002000u
#define REQUEST_OTHER       0x002f8000u
#define REPLY_P             0x08000000u
#define REPLY_E             0x04000000u
#define REPLY_S             0x02000000u
#define REPLY_OTHER         0x01ffff00u
#define REGISTER_P          0x08000000u
#define REGISTER_S          0x04000000u
#define REGISTER_I          0x02000000u
#define REGISTER_E          0x00001000u
#define REGISTER_T          0x00000800u
#define REGISTER_A          0x00000400u
#define REGISTER_M          0x00000100u
#define REGISTER_OTHER      0x01ffe200u
#define NOTIFY_OTHER        0x0fffff00u
#define INFO_R              0x08000000u

void xtr_writer_init(struct xtr_writer *w, uint8_t *buf, size_t size)
{
	*w = (struct xtr_writer){.p = buf, .size = size};
}

int xtr_writer_result(const struct xtr_writer *w)
{
	return w->len > w->size ? -ENOBUFS : 0;
}

unsigned xtr_writer_records(const struct xtr_writer *w)
{
	/* The byte was stored at once, or there is no room for it. */
	return w->count_at < w->len && w->count_at < w->size ? w->p[w->count_at] : 0;
}

struct xtr_writer_mark xtr_writer_mark(const struct xtr_writer *w)
{
	return (struct xtr_writer_mark){.w = *w, .n_records = (uint8_t)xtr_writer_records(w)};
}

void xtr_writer_rewind(struct xtr_writer *w, const struct xtr_writer_mark *mark)
{
	*w = mark->w;
	if (w->count_at < w->len && w->count_at < w->size)
		w->p[w->count_at] = mark->n_records;
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
	size_t lcaf = 0;

	/* The LCAF has room for 32 bits, nobody else (RFC 9300 section 5.3). */
	if (eid->iid > XTR_IID_MAX)
		xtr_writer_spoil(w);
	if (eid->iid != 0) {
		lcaf = xtr_write_lcaf_begin(w, XTR_LCAF_IID, 0);
		xtr_put32(w, eid->iid);
	}
	put_ip(w, &eid->ip);
	if (eid->iid != 0)
		xtr_write_lcaf_end(w, lcaf);
}

/* Spoils the writer for what no reader takes: an EID with more mask bits than address bits (RFC
 * 9301 section 5.2), an instance-ID LCAF whose length is not that of its address. */
static void check_plen(struct xtr_writer *w, const struct xtr_eid *eid)
{
	if (eid->ip.af != 0 && eid->plen > xtr_ip_bits(&eid->ip))
		xtr_writer_spoil(w);
}

static void put_eid_addr(struct xtr_writer *w, const struct xtr_addr *a, uint8_t mask_len)
{
	if (!xtr_eid_valid(a, mask_len))
		xtr_writer_spoil(w);
	xtr_write_addr(w, a);
}

/* RFC 9301 section 5.3: a Map-Request without any ITR-RLOC address MUST be dropped. */
static bool has_itr_rloc(const struct xtr_request_opts *o)
{
	for (unsigned i = 0; i < o->n_itr_rlocs; i++)
		if (o->itr_addrs ? o->itr_addrs[i].afi != XTR_AFI_NONE
				 : xtr_ip_bits(&o->itr_rlocs[i]) != 0)
			return true;
	return false;
}

void xtr_write_addr(struct xtr_writer *w, const struct xtr_addr *a)
{
	xtr_put16(w, a->afi);
	xtr_put(w, a->p, a->len);
}

/* The first twelve bytes of all messages but the ECM and the shared extension. */
static void put_header(struct xtr_writer *w, unsigned type, uint32_t flags, uint64_t nonce)
{
	w->count_at = w->len + XTR_COUNT_AT;
	xtr_put32(w, (uint32_t)type << 28 | flags);
	xtr_put64(w, nonce);
}

static uint32_t flag(bool on, uint32_t bit)
{
	return on ? bit : 0;
}

void xtr_write_request(struct xtr_writer *w, const struct xtr_request_opts *o)
{
	uint32_t flags = flag(o->authoritative, REQUEST_A) | flag(o->probe, REQUEST_P) |
			 flag(o->smr, REQUEST_S) | flag(o->pitr, REQUEST_PITR) |
			 flag(o->smr_invoked, REQUEST_SMR_INVOKED) | flag(o->has_ids, REQUEST_I) |
			 flag(o->local_xtr, REQUEST_L) | flag(o->dont_reply, REQUEST_D) |
			 (o->extra & REQUEST_OTHER);

	/* RFC 9301 5.2: at least one ITR-RLOC, and the count has five bits. */
	if (o->n_itr_rlocs > XTR_MAX_ITR_RLOCS || !has_itr_rloc(o)) {
		xtr_writer_spoil(w);
		return;
	}
	put_header(w, XTR_MSG_MAP_REQUEST, flags | (uint32_t)(o->n_itr_rlocs - 1) << 8, o->nonce);
	if (o->source_addr)
		put_eid_addr(w, o->source_addr, 0);
	else
		put_eid(w, &o->source_eid);
	for (unsigned i = 0; i < o->n_itr_rlocs; i++) {
		if (o->itr_addrs)
			xtr_write_addr(w, &o->itr_addrs[i]);
		else
			put_ip(w, &o->itr_rlocs[i]);
	}
}

static void put_eid_rec_hdr(struct xtr_writer *w, bool notify, uint8_t mask_len)
{
	xtr_put8(w, notify ? 0x80 : 0); /* N, RFC 9437 section 4 */
	xtr_put8(w, mask_len);
}

void xtr_write_eid_rec(struct xtr_writer *w, const struct xtr_request_rec *rec)
{
	put_eid_rec_hdr(w, rec->notify, rec->mask_len);
	put_eid_addr(w, &rec->addr, rec->mask_len);
}

void xtr_write_request_rec_addr(struct xtr_writer *w, const struct xtr_request_rec *rec)
{
	count(w, w->count_at);
	xtr_write_eid_rec(w, rec);
}

void xtr_write_request_rec(struct xtr_writer *w, const struct xtr_request_rec *rec)
{
	count(w, w->count_at);
	check_plen(w, &rec->eid);
	put_eid_rec_hdr(w, rec->notify, rec->eid.plen);
	put_eid(w, &rec->eid);
}

void xtr_write_map_request(
    struct xtr_writer *w, const struct xtr_request_opts *o, const struct xtr_eid *eid)
{
	struct xtr_request_rec rec = {.eid = *eid, .notify = o->notify};

	xtr_write_request(w, o);
	xtr_write_request_rec(w, &rec);
}

void xtr_write_map_reply_opts(struct xtr_writer *w, const struct xtr_reply_opts *o)
{
	put_header(w, XTR_MSG_MAP_REPLY,
	    flag(o->probe, REPLY_P) | flag(o->echo_nonce, REPLY_E) | flag(o->security, REPLY_S) |
		(o->extra & REPLY_OTHER),
	    o->nonce);
}

void xtr_write_map_reply(struct xtr_writer *w, uint64_t nonce, bool probe)
{
	struct xtr_reply_opts o = {.nonce = nonce, .probe = probe};

	xtr_write_map_reply_opts(w, &o);
}

static void put_auth(struct xtr_writer *w, uint8_t key_id, uint8_t algorithm, uint16_t len)
{
	if (len > XTR_AUTH_MAX)
		xtr_writer_spoil(w);
	xtr_put8(w, key_id);
	xtr_put8(w, algorithm);
	xtr_put16(w, len);
	w->auth_at = w->len;
	xtr_put(w, NULL, len);
}

void xtr_write_map_register(struct xtr_writer *w, const struct xtr_register_opts *o)
{
	uint32_t flags = flag(o->proxy_reply, REGISTER_P) | flag(o->security, REGISTER_S) |
			 flag(o->has_ids, REGISTER_I) | flag(o->eid_notify, REGISTER_E) |
			 flag(o->use_ttl, REGISTER_T) | flag(o->merge, REGISTER_A) |
			 flag(o->want_notify, REGISTER_M) | (o->extra & REGISTER_OTHER);

	put_header(w, XTR_MSG_MAP_REGISTER, flags, o->nonce);
	put_auth(w, o->key_id, o->algorithm, o->auth_len);
}

void xtr_write_map_notify(struct xtr_writer *w, const struct xtr_register_opts *o, bool ack)
{
	put_header(w, ack ? XTR_MSG_MAP_NOTIFY_ACK : XTR_MSG_MAP_NOTIFY, o->extra & NOTIFY_OTHER,
	    o->nonce);
	put_auth(w, o->key_id, o->algorithm, o->auth_len);
}

void xtr_write_ids(struct xtr_writer *w, const uint8_t *xtr_id, const uint8_t *site_id)
{
	xtr_put(w, xtr_id, XTR_XTR_ID_LEN);
	xtr_put(w, site_id, XTR_SITE_ID_LEN);
}

void xtr_write_map_referral(struct xtr_writer *w, uint64_t nonce)
{
	put_header(w, XTR_MSG_MAP_REFERRAL, 0, nonce);
}

void xtr_write_info(struct xtr_writer *w, const struct xtr_info_opts *o)
{
	put_header(w, XTR_MSG_INFO, flag(o->reply, INFO_R), o->nonce);
	put_auth(w, o->key_id, o->algorithm, o->auth_len);
	xtr_put32(w, o->ttl);
	xtr_put8(w, 0);
	xtr_put8(w, o->mask_len);
	put_eid_addr(w, &o->eid, o->mask_len);
	xtr_write_addr(w, &o->addr);
}

void xtr_write_extension(struct xtr_writer *w, uint16_t subtype, const uint8_t *ext, size_t ext_len)
{
	/* RFC 9304 3: twelve bits; the first word is there whole. */
	if (subtype > 0xfff || ext_len < 2) {
		xtr_writer_spoil(w);
		return;
	}
	xtr_put16(w, (uint16_t)(XTR_MSG_EXTENSION << 12 | subtype));
	xtr_put(w, ext, ext_len);
}

/* A record up to its EID. */
static void put_record(struct xtr_writer *w, const struct xtr_record *rec, uint8_t mask_len)
{
	xtr_put32(w, rec->ttl);
	w->record_at = w->len;
	xtr_put8(w, 0); /* locators, counted as they follow */
	xtr_put8(w, mask_len);
	xtr_put8(
	    w, (uint8_t)((rec->act & 7) << 5 | rec->authoritative << 4 | rec->incomplete << 3));
	xtr_put8(w, 0);
	xtr_put16(w, rec->map_version & 0xfff); /* and signatures, counted as they follow */
}

void xtr_write_record(struct xtr_writer *w, const struct xtr_record *rec)
{
	count(w, w->count_at);
	check_plen(w, &rec->eid);
	put_record(w, rec, rec->eid.plen);
	put_eid(w, &rec->eid);
}

void xtr_write_record_addr(struct xtr_writer *w, const struct xtr_record *rec)
{
	count(w, w->count_at);
	put_record(w, rec, rec->mask_len);
	put_eid_addr(w, &rec->addr, rec->mask_len);
}

static void set_map_data(struct xtr_writer *w)
{
	if (w->size > 1) /* what xtr_put32() stored at once */
		w->p[0] |= REQUEST_M >> 24;
}

void xtr_write_map_data(struct xtr_writer *w, const struct xtr_record *rec)
{
	set_map_data(w);
	check_plen(w, &rec->eid);
	put_record(w, rec, rec->eid.plen);
	put_eid(w, &rec->eid);
}

void xtr_write_map_data_addr(struct xtr_writer *w, const struct xtr_record *rec)
{
	set_map_data(w);
	put_record(w, rec, rec->mask_len);
	put_eid_addr(w, &rec->addr, rec->mask_len);
}

/* A locator up to its address. */
static void put_locator(struct xtr_writer *w, const struct xtr_locator *loc)
{
	count(w, w->record_at);
	xtr_put8(w, loc->priority);
	xtr_put8(w, loc->weight);
	xtr_put8(w, loc->m_priority);
	xtr_put8(w, loc->m_weight);
	xtr_put8(w, 0);
	xtr_put8(w, (uint8_t)(loc->local << 2 | loc->probed << 1 | loc->reachable));
}

void xtr_write_locator(struct xtr_writer *w, const struct xtr_locator *loc)
{
	put_locator(w, loc);
	put_ip(w, &loc->ip);
}

void xtr_write_locator_addr(struct xtr_writer *w, const struct xtr_locator *loc)
{
	put_locator(w, loc);
	xtr_write_addr(w, &loc->addr);
}

void xtr_write_signature(struct xtr_writer *w, const struct xtr_signature *sig)
{
	size_t at = w->record_at + 4; /* SigCnt is the upper half of that byte */

	if (at + 1 < w->size) { /* xtr_put16() stored it */
		if (w->p[at] >> 4 == MAX_SIGNATURES)
			xtr_writer_spoil(w);
		else
			w->p[at] += 1 << 4;
	}
	xtr_put32(w, sig->original_ttl);
	xtr_put32(w, sig->expiration);
	xtr_put32(w, sig->inception);
	xtr_put16(w, sig->key_tag);
	xtr_put16(w, sig->len);
	xtr_put8(w, sig->algorithm);
	xtr_put(w, NULL, 3);
	xtr_put(w, sig->sig, sig->len);
}

void xtr_write_record_copy(struct xtr_writer *w, const struct xtr_record *rec)
{
	count(w, w->count_at);
	xtr_put(w, rec->start, rec->size);
}
