/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Random records, locators, signatures and LISP-SEC's EID records, for the property tests: made and
 * written, and made again and compared with what was read.
 */
#ifndef WIRE_GEN_RECORD_H
#define WIRE_GEN_RECORD_H

#include "tests/unit/msg_again.h"
#include "tests/unit/wire_gen.h"

/* A record, and whether it is written by its addr (else by its eid). What is in rec.eid is what the
 * reader must say. */
static inline bool record_gen(struct gen *g, struct xtr_record *rec, bool referral)
{
	bool by_addr = gen_bool(g);

	*rec = (struct xtr_record){.ttl = (uint32_t)gen_bits(g, 32)};
	if (by_addr) {
		rec->addr = gen_addr(g, 0);
		rec->mask_len = gen_mask_len(g, &rec->addr);
		rec->eid = gen_meaning(&rec->addr);
		if (rec->eid.ip.af) {
			rec->eid.plen = rec->mask_len;
			xtr_ip_mask(&rec->eid.ip, rec->mask_len);
		}
	} else {
		rec->eid = gen_eid(g);
		rec->mask_len = rec->eid.plen;
	}
	rec->eid_none = by_addr ? rec->addr.afi == 0 : rec->eid.iid == 0 && rec->eid.ip.af == 0;
	rec->act = (uint8_t)gen_bits(g, 3);
	rec->authoritative = gen_bool(g);
	rec->map_version = (uint16_t)gen_bits(g, 12);
	rec->incomplete = referral && gen_bool(g);
	return by_addr;
}

static inline bool locator_gen(struct gen *g, struct xtr_locator *loc)
{
	bool by_addr = gen_bool(g);
	uint32_t v = (uint32_t)gen_bits(g, 32), flags = gen_below(g, 8);

	*loc = (struct xtr_locator){.priority = (uint8_t)v,
	    .weight = (uint8_t)(v >> 8),
	    .m_priority = (uint8_t)(v >> 16),
	    .m_weight = (uint8_t)(v >> 24),
	    .local = flags & 4,
	    .probed = flags & 2,
	    .reachable = flags & 1};
	if (!by_addr) {
		loc->ip = gen_ip(g, true);
		return false;
	}
	loc->addr = gen_addr(g, 0);
	if (loc->addr.afi != XTR_AFI_LCAF) /* an instance-ID around a locator is none of an IP */
		loc->ip = gen_meaning(&loc->addr).ip;
	return true;
}

static inline struct xtr_signature signature_gen(struct gen *g)
{
	struct xtr_signature sig = {.original_ttl = (uint32_t)gen_bits(g, 32)};

	sig.expiration = (uint32_t)gen_bits(g, 32);
	sig.inception = (uint32_t)gen_bits(g, 32);
	sig.key_tag = (uint16_t)gen_bits(g, 16);
	sig.algorithm = (uint8_t)gen_bits(g, 8);
	sig.len = (uint16_t)gen_below(g, 70);
	sig.sig = gen_bytes(g, sig.len);
	return sig;
}

static inline unsigned locators_gen(struct gen *g, unsigned n_records)
{
	return gen_count(g, n_records > 20 ? 3 : 255);
}

enum kind { RECORD, MAP_DATA, REFERRAL };

static inline void record_write(
    struct gen *g, struct xtr_writer *w, unsigned n_records, enum kind kind)
{
	size_t mark = g->used;
	struct xtr_signature sig;
	struct xtr_locator loc;
	struct xtr_record rec;
	bool by_addr = record_gen(g, &rec, kind == REFERRAL);

	if (kind == MAP_DATA)
		(by_addr ? xtr_write_map_data_addr : xtr_write_map_data)(w, &rec);
	else
		(by_addr ? xtr_write_record_addr : xtr_write_record)(w, &rec);
	for (unsigned n = locators_gen(g, n_records); n > 0; n--) {
		g->used = mark;
		by_addr = locator_gen(g, &loc);
		(by_addr ? xtr_write_locator_addr : xtr_write_locator)(w, &loc);
	}
	for (unsigned n = kind == REFERRAL ? gen_count(g, 15) : 0; n > 0; n--) {
		g->used = mark;
		sig = signature_gen(g);
		xtr_write_signature(w, &sig);
	}
	g->used = mark;
}

static inline void eid_check(struct gen *g, const struct xtr_eid *want, const struct xtr_eid *eid)
{
	if (want->ip.af)
		REQUIRE(g, eid_same(eid, want));
	else
		REQUIRE(g, eid->ip.af == 0 && eid->plen == 0);
}

/* What is read of an address that was written as an EID. */
static inline void as_eid_check(struct gen *g, const struct xtr_eid *want, const struct xtr_addr *a)
{
	struct xtr_eid eid = gen_meaning(a);

	REQUIRE(g, ip_same(&eid.ip, &want->ip));
	REQUIRE(g, (want->iid != 0) == (a->lcaf == XTR_LCAF_IID) && eid.iid == want->iid);
}

static inline void record_check(
    struct gen *g, const struct xtr_record *rec, unsigned n_records, enum kind kind)
{
	size_t mark = g->used;
	struct xtr_signature sig, want_sig;
	struct xtr_locator loc, want_loc;
	struct xtr_record want;
	const uint8_t *c = NULL;
	bool by_addr = record_gen(g, &want, kind == REFERRAL);
	unsigned n;

	REQUIRE(g, rec->ttl == want.ttl && rec->act == want.act);
	REQUIRE(g, rec->authoritative == want.authoritative);
	REQUIRE(g, rec->map_version == want.map_version);
	REQUIRE(g, rec->incomplete == want.incomplete);
	REQUIRE(g, rec->eid_none == want.eid_none);
	REQUIRE(g, rec->mask_len == want.mask_len);
	eid_check(g, &want.eid, &rec->eid);
	if (by_addr)
		REQUIRE(g, addr_same(&rec->addr, &want.addr) && rec->addr.depth == 0);
	else
		as_eid_check(g, &want.eid, &rec->addr);
	n = locators_gen(g, n_records);
	REQUIRE(g, rec->n_locators == n);
	for (; n > 0; n--) {
		g->used = mark;
		REQUIRE(g, xtr_locator_next(rec, &c, &loc));
		if (!locator_gen(g, &want_loc))
			want_loc.addr = xtr_addr_of_ip(&want_loc.ip);
		REQUIRE(g, locator_same(&loc, &want_loc));
	}
	REQUIRE(g, !xtr_locator_next(rec, &c, &loc));
	n = kind == REFERRAL ? gen_count(g, 15) : 0;
	REQUIRE(g, rec->n_signatures == n);
	for (c = NULL; n > 0; n--) {
		g->used = mark;
		want_sig = signature_gen(g);
		REQUIRE(g, xtr_signature_next(rec, &c, &sig) && signature_same(&sig, &want_sig));
	}
	REQUIRE(g, !xtr_signature_next(rec, &c, &sig));
	g->used = mark;
}

static inline void records_write(struct gen *g, struct xtr_writer *w, enum kind kind)
{
	unsigned n = gen_count(g, 255);

	for (unsigned i = 0; i < n; i++)
		record_write(g, w, n, kind);
}

static inline void records_check(struct gen *g, const struct xtr_msg *m, enum kind kind)
{
	unsigned n = gen_count(g, 255);
	const uint8_t *c = NULL;
	struct xtr_record rec;

	REQUIRE(g, m->n_records == n);
	for (unsigned i = 0; i < n; i++) {
		REQUIRE(g, xtr_record_next(m, &c, &rec));
		record_check(g, &rec, n, kind);
	}
	REQUIRE(g, !xtr_record_next(m, &c, &rec));
}

static inline bool request_rec_gen(struct gen *g, struct xtr_request_rec *req)
{
	bool by_addr = gen_bool(g);

	*req = (struct xtr_request_rec){.notify = gen_bool(g)};
	if (by_addr) {
		req->addr = gen_addr(g, 0);
		req->mask_len = gen_mask_len(g, &req->addr);
		req->eid = gen_meaning(&req->addr);
		if (req->eid.ip.af) {
			req->eid.plen = req->mask_len;
			xtr_ip_mask(&req->eid.ip, req->mask_len);
		}
	} else {
		req->eid = gen_eid(g);
		req->mask_len = req->eid.plen;
	}
	return by_addr;
}

static inline void request_rec_check(struct gen *g, const struct xtr_request_rec *req)
{
	size_t mark = g->used;
	struct xtr_request_rec want;
	bool by_addr = request_rec_gen(g, &want);

	REQUIRE(g, req->notify == want.notify && req->mask_len == want.mask_len);
	eid_check(g, &want.eid, &req->eid);
	if (by_addr)
		REQUIRE(g, addr_same(&req->addr, &want.addr));
	else
		as_eid_check(g, &want.eid, &req->addr);
	g->used = mark;
}

/* EID records of LISP-SEC, and what is with them. */
static inline struct xtr_sec_eid_ad eid_ad_gen(struct gen *g, bool ecm)
{
	struct xtr_sec_eid_ad ad = {.kdf_id = (uint16_t)gen_bits(g, 16)};
	struct xtr_request_rec req[3];
	struct xtr_writer w;

	if (gen_below(g, 3) == 0)
		return ad;
	ad.n_records = (uint8_t)gen_below(g, 4);
	ad.cant_sign = ecm && gen_bool(g);
	ad.hmac_id = (uint16_t)gen_bits(g, 16);
	ad.hmac_len = (uint16_t)gen_below(g, 40);
	ad.hmac = gen_bytes(g, ad.hmac_len);
	for (unsigned i = 0; i < ad.n_records; i++) {
		req[i] = (struct xtr_request_rec){.addr = gen_addr(g, 0)};
		req[i].mask_len = gen_mask_len(g, &req[i].addr);
	}
	xtr_writer_init(&w, g->arena + g->used, sizeof g->arena - g->used);
	for (unsigned i = 0; i < ad.n_records; i++)
		xtr_write_eid_rec(&w, &req[i]);
	REQUIRE(g, xtr_writer_result(&w) == 0);
	ad.records = gen_room(g, w.len);
	ad.records_len = (uint32_t)w.len;
	return ad;
}

static inline void eid_ad_check(
    struct gen *g, const struct xtr_sec_eid_ad *ad, const struct xtr_sec_eid_ad *want)
{
	const uint8_t *c = NULL;
	struct xtr_request_rec req;
	unsigned n = 0;

	REQUIRE(g, ad->kdf_id == want->kdf_id && ad->hmac_id == want->hmac_id);
	REQUIRE(g, ad->n_records == want->n_records && ad->cant_sign == want->cant_sign);
	REQUIRE(g, (ad->records != NULL) == (want->records != NULL));
	REQUIRE(g, bytes_same(ad->records, ad->records_len, want->records, want->records_len));
	REQUIRE(g, bytes_same(ad->hmac, ad->hmac_len, want->hmac, want->hmac_len));
	while (xtr_sec_eid_next(ad, &c, &req))
		n++;
	REQUIRE(g, n == want->n_records);
}

#endif
