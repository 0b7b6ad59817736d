/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Suite wire: messages read a second.
 */
#include <stdio.h>
#include <string.h>
#include <rte_cycles.h>

#include "app/xtrbench/bench.h"
#include "wire/data.h"
#include "wire/msg.h"

#define PER_WINDOW 20000

/* Reads a message and walks all that it says; the sum keeps the compiler from leaving it out. */
static unsigned read_whole(const uint8_t *p, size_t len)
{
	const uint8_t *r = NULL, *l;
	struct xtr_wire_err err;
	struct xtr_locator loc;
	struct xtr_record rec;
	struct xtr_eid eid;
	struct xtr_msg m;
	unsigned sum = 0;

	if (xtr_msg_read(p, len, &m, &err) < 0)
		return 0;
	if (m.type == XTR_MSG_ECM)
		return read_whole(m.inner, m.inner_len);
	if (m.type == XTR_MSG_MAP_REQUEST) {
		while (xtr_request_eid_next(&m, &r, &eid))
			sum += eid.plen;
		return sum + m.n_itr_rlocs;
	}
	while (xtr_record_next(&m, &r, &rec))
		for (l = NULL; xtr_locator_next(&rec, &l, &loc);)
			sum += loc.priority + 1u;
	return sum;
}

static int measure(struct bench *b, const char *name, const struct xtr_writer *w)
{
	double samples[BENCH_WINDOWS];
	volatile unsigned sum = 0;

	if (xtr_writer_result(w) < 0 || !read_whole(w->p, w->len)) {
		fprintf(stderr, "xtrbench: %s: the message cannot be read\n", name);
		return -1;
	}
	for (unsigned i = 0; i < BENCH_WINDOWS; i++) {
		uint64_t start = rte_rdtsc();

		for (unsigned k = 0; k < PER_WINDOW; k++)
			sum = sum + read_whole(w->p, w->len);
		samples[i] = PER_WINDOW * (double)rte_get_tsc_hz() / (double)(rte_rdtsc() - start);
	}
	bench_report(b, "wire", name, "per_second", "1/s", samples, BENCH_WINDOWS);
	return 0;
}

static void write_records(struct xtr_writer *w, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		struct xtr_record rec = {.ttl = 1440, .authoritative = true};
		struct xtr_locator loc = {
		    .priority = 1, .weight = 50, .reachable = true, .local = true};
		char text[32];

		snprintf(text, sizeof(text), "10.2.%u.0/24", i);
		xtr_eid_parse(text, &rec.eid);
		xtr_ip_parse("172.16.1.3", &loc.ip);
		xtr_write_record(w, &rec);
		xtr_write_locator(w, &loc);
	}
}

int bench_wire(struct bench *b)
{
	struct xtr_register_opts reg = {
	    .nonce = 1, .algorithm = 2, .auth_len = 32, .want_notify = true};
	struct xtr_ip rloc, src, dst;
	struct xtr_request_opts req = {.nonce = 1, .itr_rlocs = &rloc, .n_itr_rlocs = 1};
	uint8_t buf[1400], request[256];
	struct xtr_eid eid;
	struct xtr_writer w;

	xtr_ip_parse("172.16.1.2", &rloc);
	xtr_ip_parse("10.1.1.4", &src);
	xtr_ip_parse("10.2.2.5", &dst);
	req.source_eid = xtr_eid_host(0, &src);
	eid = xtr_eid_host(0, &dst);

	xtr_writer_init(&w, buf, sizeof(buf));
	xtr_write_map_reply(&w, 1, false);
	write_records(&w, 1);
	if (measure(b, "parse/map-reply-1", &w) < 0)
		return -1;
	xtr_writer_init(&w, buf, sizeof(buf));
	xtr_write_map_register(&w, &reg);
	write_records(&w, 8);
	if (measure(b, "parse/map-register-8", &w) < 0)
		return -1;
	xtr_writer_init(&w, request, sizeof(request));
	xtr_write_map_request(&w, &req, &eid);
	size_t len = w.len;
	xtr_writer_init(&w, buf, sizeof(buf));
	xtr_write_ecm(&w, &src, &dst, XTR_PORT_CONTROL, XTR_PORT_CONTROL, request, len);
	return measure(b, "parse/ecm-map-request", &w);
}
