/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * libFuzzer target: any bytes as a control message. What is read is walked to its end, ECMs are
 * opened, records are written again and must read as the same.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "wire/msg.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX_DEPTH 8

static void require(bool good)
{
	if (!good)
		abort();
}

static bool locator_equal(const struct xtr_locator *a, const struct xtr_locator *b)
{
	return xtr_ip_equal(&a->ip, &b->ip) && a->priority == b->priority &&
	       a->weight == b->weight && a->m_priority == b->m_priority &&
	       a->m_weight == b->m_weight && a->local == b->local && a->probed == b->probed &&
	       a->reachable == b->reachable;
}

/* The record a writer makes of what was read, read back, says the same. */
static void record_again(const struct xtr_record *rec)
{
	static uint8_t buf[65536];
	const uint8_t *cursor = NULL, *cursor2 = NULL;
	struct xtr_locator loc, loc2;
	struct xtr_wire_err err;
	struct xtr_record rec2;
	struct xtr_writer w;
	struct xtr_msg m;

	xtr_writer_init(&w, buf, sizeof buf);
	xtr_write_map_reply(&w, 1, false);
	xtr_write_record(&w, rec);
	while (xtr_locator_next(rec, &cursor, &loc))
		xtr_write_locator(&w, &loc);
	require(xtr_writer_result(&w) == 0);
	require(xtr_msg_read(buf, w.len, &m, &err) == 0 && m.n_records == 1);
	cursor = NULL;
	require(xtr_record_next(&m, &cursor, &rec2));
	require(!xtr_record_next(&m, &cursor, &rec2));
	require(xtr_eid_equal(&rec->eid, &rec2.eid) && rec->ttl == rec2.ttl &&
		rec->act == rec2.act && rec->authoritative == rec2.authoritative &&
		rec->map_version == rec2.map_version && rec->n_locators == rec2.n_locators &&
		rec->eid_none == rec2.eid_none);
	cursor = NULL;
	while (xtr_locator_next(rec, &cursor, &loc))
		require(xtr_locator_next(&rec2, &cursor2, &loc2) && locator_equal(&loc, &loc2));
	require(!xtr_locator_next(&rec2, &cursor2, &loc2));
}

static void record_check(const struct xtr_record *rec, const struct xtr_msg *m)
{
	struct xtr_eid eid = rec->eid;
	char text[XTR_EID_STRLEN];

	require(rec->start < rec->locators && rec->locators <= rec->start + rec->size);
	require(rec->start + rec->size <= m->end);
	require(eid.plen <= xtr_ip_bits(&eid.ip) && eid.iid <= XTR_IID_MAX &&
		!xtr_ip_mask(&eid.ip, eid.plen));
	require(strlen(xtr_eid_format(&rec->eid, text)) < sizeof text);
	record_again(rec);
}

static void msg_check(const uint8_t *p, size_t len, unsigned depth)
{
	const uint8_t *cursor = NULL;
	struct xtr_wire_err err = {0};
	struct xtr_record rec;
	struct xtr_eid eid;
	struct xtr_msg m;
	char text[256];
	unsigned n = 0;
	int ret = xtr_msg_read(p, len, &m, &err);

	if (ret < 0) {
		require(ret == -EBADMSG || ret == -ENOTSUP);
		require(err.offset <= len && err.field && err.reason && err.clause);
		require(xtr_wire_err_format(&err, text, sizeof text) < (int)sizeof text);
		return;
	}
	require(m.end == p + len);
	while (xtr_request_eid_next(&m, &cursor, &eid)) {
		require(eid.plen <= xtr_ip_bits(&eid.ip) && !xtr_ip_mask(&eid.ip, eid.plen));
		n++;
	}
	for (cursor = NULL; xtr_record_next(&m, &cursor, &rec); n++)
		record_check(&rec, &m);
	require(n == m.n_records);
	if (m.reply_record) {
		xtr_record_at(m.reply_record, &rec);
		record_check(&rec, &m);
	}
	require(!m.xtr_id || m.xtr_id + XTR_XTR_ID_LEN == m.site_id);
	require(!m.site_id || m.site_id + XTR_SITE_ID_LEN <= m.end);
	require(m.auth_offset + m.auth_len <= len && m.records_end <= len);
	if (m.inner) {
		require(m.inner >= p && m.inner + m.inner_len <= m.end);
		if (depth < MAX_DEPTH)
			msg_check(m.inner, m.inner_len, depth + 1);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	msg_check(data, size, 0);
	return 0;
}
