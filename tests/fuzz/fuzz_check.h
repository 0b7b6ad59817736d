/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What must hold of any message and any address that is read, whatever the bytes: views lie within
 * it, iteration ends, what was read is written again and reads the same. For fuzz targets: a
 * violation aborts.
 */
#ifndef FUZZ_CHECK_H
#define FUZZ_CHECK_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/msg_again.h"

#define FUZZ_MAX 131072 /* what a message or an address takes when it is written again */

/* The bytes that are looked at: views must stay within. Nested messages set them anew. */
static const uint8_t *check_p;
static size_t check_len;

#define require(cond)                                                                              \
	do {                                                                                       \
		if (!(cond)) {                                                                     \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #cond);         \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

static inline void check_view(const uint8_t *p, size_t len)
{
	require(len == 0 || (p >= check_p && p + len <= check_p + check_len));
}

static inline void check_err(const struct xtr_wire_err *err, size_t len)
{
	char text[256];
	int n = xtr_wire_err_format(err, text, sizeof text);

	require(err->offset <= len && err->field && err->reason && err->clause);
	require(n > 0 && n < (int)sizeof text && !strchr(text, '\n'));
}

static inline void check_text(const struct xtr_addr *a)
{
	static char text[4 * FUZZ_MAX];
	char small[8];
	int n = xtr_addr_format(a, text, sizeof text);

	require(n > 0 && (size_t)n < sizeof text && strlen(text) == (size_t)n);
	for (int i = 0; i < n; i++)
		require(text[i] >= ' ' && text[i] <= '~');
	require(xtr_addr_format(a, small, sizeof small) == n);
	require(strncmp(small, text, sizeof small - 1) == 0);
}

static inline void check_addr(const struct xtr_addr *a);

/* A writer on a buffer of one byte less than needed, behind which ASan watches. */
static inline uint8_t *check_small(struct xtr_writer *w, size_t len)
{
	uint8_t *p = malloc(len > 1 ? len - 1 : 1);

	require(p);
	xtr_writer_init(w, p, len - 1);
	return p;
}

/* A reader of another type refuses. */
static inline void check_other_type(const struct xtr_addr *a)
{
	struct xtr_wire_err err;
	struct xtr_addr b = *a;
	struct lcaf_any l;

	b.lcaf = a->lcaf == XTR_LCAF_ASN ? XTR_LCAF_ENCAP : XTR_LCAF_ASN;
	b.afi = XTR_AFI_IPV4;
	require(lcaf_any_read(&b, &l, &err) == -EINVAL);
	require(a->lcaf == XTR_LCAF_NULL || xtr_lcaf_read_null(a, &err) == -EINVAL);
}

static inline void check_lcaf(const struct xtr_addr *a)
{
	static uint8_t first[FUZZ_MAX], second[FUZZ_MAX];
	struct xtr_writer w, v;
	struct xtr_wire_err err;
	struct lcaf_any l, m;
	struct xtr_addr b;
	uint8_t *small;
	int ret;

	ret = lcaf_any_read(a, &l, &err);
	require(ret == 0 || ret == -EBADMSG);
	require(lcaf_any_read(a, &m, NULL) == ret);
	if (ret < 0) {
		check_err(&err, a->len + 2);
		return;
	}
	require(a->depth < XTR_LCAF_DEPTH);
	xtr_writer_init(&w, first, FUZZ_MAX);
	lcaf_any_write(&w, &l);
	require(xtr_writer_result(&w) == 0);
	require(xtr_addr_at(first, w.len, &b, &err) == 0 && b.len + 2 == w.len);
	require(b.lcaf == a->lcaf && lcaf_any_read(&b, &m, &err) == 0);
	require(lcaf_any_same(&l, &m));
	xtr_writer_init(&v, second, FUZZ_MAX);
	lcaf_any_write(&v, &m);
	require(xtr_writer_result(&v) == 0 && bytes_same(first, w.len, second, v.len));
	small = check_small(&v, w.len);
	lcaf_any_write(&v, &m);
	require(xtr_writer_result(&v) == -ENOBUFS && v.len == w.len);
	free(small);
	lcaf_any_inside(&l, check_addr);
}

/* Any address, and all that is in it. */
static inline void check_addr(const struct xtr_addr *a)
{
	struct xtr_ip ip = {0};
	uint32_t iid = 0;

	check_view(a->p, a->len);
	require(a->depth <= XTR_LCAF_DEPTH && (a->lcaf == 0 || a->afi == XTR_AFI_LCAF));
	require(xtr_addr_equal(a, a));
	check_text(a);
	if (xtr_addr_ip(a, &ip, &iid))
		require((ip.af == 4 || ip.af == 6) && iid <= XTR_IID_MAX);
	else
		require(a->afi != XTR_AFI_IPV4 && a->afi != XTR_AFI_IPV6);
	if (xtr_addr_name(a))
		require(strlen(xtr_addr_name(a)) + 1 == a->len);
	if (xtr_addr_mac(a))
		check_view(xtr_addr_mac(a), a->afi == XTR_AFI_MAC64 ? 8 : 6);
	if (a->afi == XTR_AFI_LCAF) {
		check_other_type(a);
		check_lcaf(a);
	}
}

/* An EID prefix in both forms. */
static inline void check_eid(
    const struct xtr_eid *eid, const struct xtr_addr *a, uint8_t mask_len, bool masked)
{
	struct xtr_eid copy = *eid;
	char text[XTR_EID_STRLEN];
	struct xtr_ip ip;
	uint32_t iid;

	check_addr(a);
	require(eid->plen <= xtr_ip_bits(&eid->ip) && eid->iid <= XTR_IID_MAX);
	require(!xtr_ip_mask(&copy.ip, eid->plen));
	require(strlen(xtr_eid_format(eid, text)) < sizeof text);
	require(xtr_addr_ip(a, &ip, &iid) == (eid->ip.af != 0));
	if (eid->ip.af == 0)
		return;
	require(!masked || eid->plen == mask_len);
	xtr_ip_mask(&ip, eid->plen);
	require(iid == eid->iid && ip_same(&ip, &eid->ip));
}

static inline void check_record(const struct xtr_record *rec)
{
	const uint8_t *c = NULL;
	struct xtr_signature sig;
	struct xtr_locator loc;
	unsigned n = 0;

	check_view(rec->start, rec->size);
	check_eid(&rec->eid, &rec->addr, rec->mask_len, true);
	require(rec->eid_none == (rec->addr.afi == XTR_AFI_NONE));
	require(rec->start < rec->locators && rec->locators <= rec->start + rec->size);
	for (; xtr_locator_next(rec, &c, &loc); n++) {
		check_addr(&loc.addr);
		require((loc.ip.af == 4) == (loc.addr.afi == XTR_AFI_IPV4));
		require((loc.ip.af == 6) == (loc.addr.afi == XTR_AFI_IPV6));
	}
	require(n == rec->n_locators);
	for (c = NULL, n = 0; xtr_signature_next(rec, &c, &sig); n++)
		check_view(sig.sig, sig.len);
	require(n == rec->n_signatures);
}

static inline void check_eid_ad(const struct xtr_sec_eid_ad *ad)
{
	struct xtr_request_rec req;
	const uint8_t *c = NULL;
	unsigned n = 0;

	check_view(ad->records, ad->records_len);
	check_view(ad->hmac, ad->hmac_len);
	for (; xtr_sec_eid_next(ad, &c, &req); n++)
		check_eid(&req.eid, &req.addr, req.mask_len, true);
	require(n == ad->n_records);
}

static inline void check_sec(const struct xtr_msg *m)
{
	struct xtr_sec_reply r;
	struct xtr_sec_ecm e;

	check_view(m->sec, m->sec_len);
	require(!m->sec || m->security);
	if (xtr_sec_of_ecm(m, &e)) {
		check_view(e.otk, e.otk_len);
		check_eid_ad(&e.eid_ad);
	}
	if (xtr_sec_of_reply(m, &r)) {
		check_view(r.hmac, r.hmac_len);
		require(check_p + r.hmac_offset == r.hmac);
		check_eid_ad(&r.eid_ad);
	}
}

static inline void check_request(const struct xtr_msg *m)
{
	const uint8_t *c = NULL, *d = NULL;
	struct xtr_request_rec req;
	struct xtr_record rec;
	struct xtr_addr a;
	struct xtr_eid eid;
	unsigned n = 0;

	check_eid(&m->source_eid, &m->source_addr, 0, false);
	require(m->n_itr_rlocs <= m->n_itr_addrs && m->n_itr_addrs <= XTR_MAX_ITR_RLOCS);
	for (; xtr_itr_addr_next(m, &c, &a); n++)
		check_addr(&a);
	require(n == m->n_itr_addrs);
	for (c = NULL, n = 0; xtr_request_rec_next(m, &c, &req); n++) {
		require(xtr_request_eid_next(m, &d, &eid) && eid_same(&eid, &req.eid));
		check_eid(&req.eid, &req.addr, req.mask_len, true);
	}
	require(n == m->n_records && n > 0 && !xtr_request_eid_next(m, &d, &eid));
	require(m->map_data == (m->reply_record != NULL));
	if (m->reply_record) {
		xtr_record_at(m->reply_record, &rec);
		check_record(&rec);
	}
}

/* What our writers make of it reads the same, and again makes the same. */
static inline void check_again(const struct xtr_msg *m, const uint8_t *p, size_t len)
{
	static uint8_t first[FUZZ_MAX], second[FUZZ_MAX];
	struct xtr_wire_err err;
	struct xtr_writer w, v;
	struct xtr_msg n;
	uint8_t *small;

	xtr_writer_init(&w, first, FUZZ_MAX);
	msg_again(&w, m, p);
	require(xtr_writer_result(&w) == 0 && w.len <= len);
	require(xtr_msg_read(first, w.len, &n, &err) == 0);
	require(msg_differs(m, p, &n, first) == NULL);
	xtr_writer_init(&v, second, FUZZ_MAX);
	msg_again(&v, &n, first);
	require(xtr_writer_result(&v) == 0 && bytes_same(first, w.len, second, v.len));
	small = check_small(&v, w.len);
	msg_again(&v, &n, first);
	require(xtr_writer_result(&v) == -ENOBUFS && v.len == w.len);
	free(small);
}

/* Returns what xtr_msg_read() did; *m is filled where that is 0, else *err. */
static inline int check_msg(
    const uint8_t *p, size_t len, struct xtr_msg *m, struct xtr_wire_err *err)
{
	const uint8_t *c = NULL;
	struct xtr_record rec;
	struct xtr_msg other;
	unsigned n = 0;
	int ret;

	check_p = p;
	check_len = len;
	memset(m, 0xa5, sizeof *m);
	ret = xtr_msg_read(p, len, m, err);
	require(xtr_msg_read(p, len, &other, NULL) == ret);
	if (ret < 0) {
		require(ret == -EBADMSG || ret == -ENOTSUP);
		check_err(err, len);
		return ret;
	}
	require(m->end == p + len && m->type == p[0] >> 4 && xtr_msg_type_name(m->type));
	if (m->type == XTR_MSG_MAP_REQUEST)
		check_request(m);
	for (; xtr_record_next(m, &c, &rec); n++)
		check_record(&rec);
	require(n == (m->type == XTR_MSG_MAP_REQUEST ? 0 : m->n_records));
	require(m->has_ids == (m->xtr_id != NULL) && m->has_ids == (m->site_id != NULL));
	check_view(m->xtr_id, m->has_ids ? XTR_XTR_ID_LEN : 0);
	check_view(m->site_id, m->has_ids ? XTR_SITE_ID_LEN : 0);
	require(m->auth_offset + m->auth_len <= len && m->records_end <= len);
	check_view(m->inner, m->inner_len);
	check_view(m->ext, m->ext_len);
	check_sec(m);
	if ((unsigned)m->type == XTR_MSG_INFO) {
		check_eid(&m->source_eid, &m->source_addr, m->info_mask_len, true);
		check_addr(&m->info_addr);
	}
	check_again(m, p, len);
	return 0;
}

#endif
