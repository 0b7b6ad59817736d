/* SPDX-License-Identifier: BSD-3-Clause */
/* LISP-SEC authentication data of ECMs and Map-Replies, RFC 9303 sections 6.1 and 6.2. */
#include "wire/sec.h"
#include "wire/read.h"
#include "wire/write.h"

#define ECM_AD_LEN   4  /* AD type, unassigned, Requested HMAC ID (2) */
#define REPLY_AD_LEN 4  /* AD type, unassigned (3) */
#define OTK_AD_LEN   4  /* OTK Length (2), Key ID, OTK Wrapping ID */
#define OTK_128_LEN  24 /* preamble (8) and key (16) */
#define EID_AD_MIN   4  /* EID-AD Length (2), KDF ID (2): all that an ITR sends */
#define EID_AD_LEN   8  /* and Record Count, E, EID HMAC ID (2) */
#define PKT_AD_LEN   4  /* PKT-AD Length (2), PKT HMAC ID (2) */
#define EID_AD_E     0x80

/* The length field at the cursor, of what has `min` bytes in front of its data and lies whole in
 * the message. 0, *len; or -EBADMSG. */
static int length_read(
    const struct xtr_rd *r, size_t min, const char *field, const char *clause, size_t *len)
{
	if (!xtr_rd_has(r, min))
		return xtr_rd_fail(r, r->pos, field, "message ends before it", clause);
	*len = xtr_get16(xtr_rd_at(r));
	if (*len < min)
		return xtr_rd_fail(r, r->pos, field, "shorter than its own header", clause);
	if (!xtr_rd_has(r, *len))
		return xtr_rd_fail(r, r->pos, field, "longer than the message", clause);
	return 0;
}

/* The wrapping IDs whose keys have 128 bits. */
static bool is_128(uint8_t wrap_id)
{
	return wrap_id == XTR_SEC_WRAP_NULL_128 || wrap_id == XTR_SEC_WRAP_AES_128;
}

static int eid_ad_read(struct xtr_rd *r, const char *clause, struct xtr_sec_eid_ad *ad)
{
	const uint8_t *p = xtr_rd_at(r);
	struct xtr_rd in = *r;
	size_t len = 0, start;
	int ret = length_read(r, EID_AD_MIN, "EID-AD Length", clause, &len);

	if (ret < 0)
		return ret;
	*ad = (struct xtr_sec_eid_ad){.kdf_id = xtr_get16(p + 2)};
	r->pos += len;
	/* RFC 9303 6.1: an ITR MUST set the length to 4, the remaining fields are not there. */
	if (len == EID_AD_MIN)
		return 0;
	if (len < EID_AD_LEN)
		return xtr_rd_fail(
		    &in, in.pos, "EID-AD Length", "neither 4 nor 8 and more", clause);
	ad->n_records = p[4];
	ad->cant_sign = p[5] & EID_AD_E;
	ad->hmac_id = xtr_get16(p + 6);
	in.len = r->pos;
	in.pos += EID_AD_LEN;
	start = in.pos;
	for (unsigned n = ad->n_records; n > 0; n--) {
		ret = xtr_rd_request_rec(&in);
		if (ret < 0)
			return ret;
	}
	r->vendor = in.vendor;
	r->vendor_at = in.vendor_at;
	ad->records = in.base + start;
	ad->records_len = (uint32_t)(in.pos - start);
	ad->hmac = xtr_rd_at(&in);
	ad->hmac_len = (uint16_t)(in.len - in.pos);
	return 0;
}

static int ecm_read(struct xtr_rd *r, struct xtr_sec_ecm *sec)
{
	const char *clause = "RFC 9303 6.1";
	const uint8_t *p = xtr_rd_at(r);
	size_t len = 0;
	int ret;

	if (!xtr_rd_has(r, ECM_AD_LEN))
		return xtr_rd_fail(r, r->pos, "ECM AD Type", "message ends before it", clause);
	/* How long another type's data is, and where the inner packet starts, nobody can know. */
	if (p[0] != XTR_SEC_AD_TYPE)
		return xtr_rd_fail(
		    r, r->pos, "ECM AD Type", "unknown authentication data", "RFC 9303 8.1");
	sec->hmac_id = xtr_get16(p + 2);
	r->pos += ECM_AD_LEN;
	ret = length_read(r, OTK_AD_LEN, "OTK Length", clause, &len);
	if (ret < 0)
		return ret;
	p = xtr_rd_at(r);
	sec->key_id = p[2];
	sec->wrap_id = p[3];
	if (len == OTK_128_LEN && is_128(sec->wrap_id)) {
		len += OTK_AD_LEN;
		if (!xtr_rd_has(r, len))
			return xtr_rd_fail(
			    r, r->pos, "OTK Length", "longer than the message", clause);
	}
	sec->otk = p + OTK_AD_LEN;
	sec->otk_len = (uint16_t)(len - OTK_AD_LEN);
	r->pos += len;
	return eid_ad_read(r, clause, &sec->eid_ad);
}

static int reply_read(struct xtr_rd *r, struct xtr_sec_reply *sec)
{
	const char *clause = "RFC 9303 6.2";
	const uint8_t *p;
	size_t len = 0;
	int ret;

	if (!xtr_rd_has(r, REPLY_AD_LEN))
		return xtr_rd_fail(r, r->pos, "MR AD Type", "message ends before it", clause);
	r->pos += REPLY_AD_LEN;
	ret = eid_ad_read(r, clause, &sec->eid_ad);
	if (ret < 0)
		return ret;
	ret = length_read(r, PKT_AD_LEN, "PKT-AD Length", clause, &len);
	if (ret < 0)
		return ret;
	p = xtr_rd_at(r);
	sec->hmac_id = xtr_get16(p + 2);
	sec->hmac = p + PKT_AD_LEN;
	sec->hmac_len = (uint16_t)(len - PKT_AD_LEN);
	sec->hmac_offset = (uint32_t)(r->pos + PKT_AD_LEN);
	r->pos += len;
	return 0;
}

static void found(struct xtr_msg *m, const struct xtr_rd *r, size_t start)
{
	m->sec = r->base + start;
	m->sec_offset = (uint32_t)start;
	m->sec_len = (uint32_t)(r->pos - start);
}

int xtr_rd_sec_ecm(struct xtr_rd *r, struct xtr_msg *m)
{
	struct xtr_sec_ecm sec;
	size_t start = r->pos;
	int ret = ecm_read(r, &sec);

	if (ret == 0)
		found(m, r, start);
	return ret;
}

int xtr_rd_sec_reply(struct xtr_rd *r, struct xtr_msg *m)
{
	struct xtr_sec_reply sec;
	size_t start = r->pos;
	int ret = 0;

	/* Nothing follows it, so one of another type does no harm. */
	if (xtr_rd_has(r, 1) && r->base[start] != XTR_SEC_AD_TYPE)
		r->pos = r->len;
	else
		ret = reply_read(r, &sec);
	if (ret == 0)
		found(m, r, start);
	return ret;
}

/* What was checked before is read again: for few messages, so that others need no room for it. */
static struct xtr_rd again(const struct xtr_msg *m)
{
	return (struct xtr_rd){.base = m->sec - m->sec_offset,
	    .len = m->sec_offset + m->sec_len,
	    .pos = m->sec_offset};
}

bool xtr_sec_of_ecm(const struct xtr_msg *m, struct xtr_sec_ecm *sec)
{
	struct xtr_rd r;

	*sec = (struct xtr_sec_ecm){0};
	if (m->type != XTR_MSG_ECM || !m->sec)
		return false;
	r = again(m);
	return ecm_read(&r, sec) == 0;
}

bool xtr_sec_of_reply(const struct xtr_msg *m, struct xtr_sec_reply *sec)
{
	struct xtr_rd r;

	*sec = (struct xtr_sec_reply){0};
	if (m->type != XTR_MSG_MAP_REPLY || !m->sec || m->sec[0] != XTR_SEC_AD_TYPE)
		return false;
	r = again(m);
	return reply_read(&r, sec) == 0;
}

bool xtr_sec_eid_next(
    const struct xtr_sec_eid_ad *ad, const uint8_t **cursor, struct xtr_request_rec *rec)
{
	const uint8_t *p = *cursor ? *cursor : ad->records;

	if (!p || p == ad->records + ad->records_len)
		return false;
	*cursor = xtr_request_rec_trusted(p, rec);
	return true;
}

/* A length field of 16 bits. */
static void put_length(struct xtr_writer *w, size_t len)
{
	if (len > UINT16_MAX)
		xtr_writer_spoil(w);
	xtr_put16(w, (uint16_t)len);
}

static void put_eid_ad(struct xtr_writer *w, const struct xtr_sec_eid_ad *ad)
{
	if (!ad->records) {
		/* Of four bytes it is, or it would be taken for one with records. */
		if (ad->n_records > 0 || ad->hmac_len > 0)
			xtr_writer_spoil(w);
		put_length(w, EID_AD_MIN);
		xtr_put16(w, ad->kdf_id);
		return;
	}
	put_length(w, EID_AD_LEN + (size_t)ad->records_len + ad->hmac_len);
	xtr_put16(w, ad->kdf_id);
	xtr_put8(w, ad->n_records);
	xtr_put8(w, ad->cant_sign ? EID_AD_E : 0);
	xtr_put16(w, ad->hmac_id);
	xtr_put(w, ad->records, ad->records_len);
	xtr_put(w, ad->hmac, ad->hmac_len);
}

void xtr_write_sec_ecm(struct xtr_writer *w, const struct xtr_sec_ecm *sec)
{
	xtr_put8(w, XTR_SEC_AD_TYPE);
	xtr_put8(w, 0);
	xtr_put16(w, sec->hmac_id);
	/* Its length would be taken for that of a whole key without what is in front. */
	if (OTK_AD_LEN + (size_t)sec->otk_len == OTK_128_LEN && is_128(sec->wrap_id))
		xtr_writer_spoil(w);
	put_length(w, OTK_AD_LEN + (size_t)sec->otk_len);
	xtr_put8(w, sec->key_id);
	xtr_put8(w, sec->wrap_id);
	xtr_put(w, sec->otk, sec->otk_len);
	put_eid_ad(w, &sec->eid_ad);
}

void xtr_write_sec_reply(struct xtr_writer *w, const struct xtr_sec_reply *sec)
{
	xtr_put8(w, XTR_SEC_AD_TYPE);
	xtr_put(w, NULL, REPLY_AD_LEN - 1);
	put_eid_ad(w, &sec->eid_ad);
	put_length(w, PKT_AD_LEN + (size_t)sec->hmac_len);
	xtr_put16(w, sec->hmac_id);
	xtr_put(w, sec->hmac, sec->hmac_len);
}
