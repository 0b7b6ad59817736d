/* SPDX-License-Identifier: BSD-3-Clause */
/* The messages of suite wire, and what reading one is; for xtrbench and for wire_count. */
#ifndef XTR_BENCH_WIRE_CASES_H
#define XTR_BENCH_WIRE_CASES_H

#include <stdio.h>
#include <string.h>

#include "wire/data.h"
#include "wire/msg.h"

#define WIRE_CASE_MAX 1400 /* bytes of the longest */

static inline unsigned wire_case_ip(const struct xtr_ip *ip)
{
	unsigned v;

	memcpy(&v, ip->b, sizeof(v));
	return v;
}

/* Read a message and walk all that it says; the sum keeps the compiler from leaving it out. 0: it
 * cannot be read. */
static inline __attribute__((always_inline)) unsigned wire_case_mappings(
    const uint8_t *p, size_t len)
{
	const uint8_t *r = NULL, *l;
	struct xtr_wire_err err;
	struct xtr_locator loc;
	struct xtr_record rec;
	struct xtr_msg m;
	unsigned sum = 0;

	if (xtr_msg_read(p, len, &m, &err) < 0)
		return 0;
	while (xtr_record_next(&m, &r, &rec)) {
		sum += rec.ttl + rec.eid.plen + wire_case_ip(&rec.eid.ip);
		for (l = NULL; xtr_locator_next(&rec, &l, &loc);)
			sum += wire_case_ip(&loc.ip) + loc.priority + loc.weight;
	}
	return sum;
}

static inline __attribute__((always_inline)) unsigned wire_case_encapsulated(
    const uint8_t *p, size_t len)
{
	struct xtr_wire_err err;
	const uint8_t *r = NULL;
	struct xtr_msg ecm, m;
	struct xtr_eid eid;
	unsigned sum = 0;

	if (xtr_msg_read(p, len, &ecm, &err) < 0 ||
	    xtr_msg_read(ecm.inner, ecm.inner_len, &m, &err) < 0)
		return 0;
	while (xtr_request_eid_next(&m, &r, &eid))
		sum += eid.plen + wire_case_ip(&eid.ip);
	return sum + wire_case_ip(&m.itr_rlocs[0]) + wire_case_ip(&ecm.inner_src);
}

static inline unsigned wire_case_mappings_times(const uint8_t *p, size_t len, long times)
{
	unsigned sum = 0;

	for (; times > 0; times--)
		sum += wire_case_mappings(p, len);
	return sum;
}

static inline unsigned wire_case_encapsulated_times(const uint8_t *p, size_t len, long times)
{
	unsigned sum = 0;

	for (; times > 0; times--)
		sum += wire_case_encapsulated(p, len);
	return sum;
}

static inline void wire_case_records(struct xtr_writer *w, unsigned n)
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

static inline void wire_case_reply(struct xtr_writer *w)
{
	xtr_write_map_reply(w, 1, false);
	wire_case_records(w, 1);
}

static inline void wire_case_register(struct xtr_writer *w)
{
	struct xtr_register_opts reg = {
	    .nonce = 1, .algorithm = 2, .auth_len = 32, .want_notify = true};

	xtr_write_map_register(w, &reg);
	wire_case_records(w, 8);
}

static inline void wire_case_ecm(struct xtr_writer *w)
{
	struct xtr_ip rloc, src, dst;
	struct xtr_request_opts req = {.nonce = 1, .itr_rlocs = &rloc, .n_itr_rlocs = 1};
	uint8_t request[256];
	struct xtr_writer in;
	struct xtr_eid eid;

	xtr_ip_parse("172.16.1.2", &rloc);
	xtr_ip_parse("10.1.1.4", &src);
	xtr_ip_parse("10.2.2.5", &dst);
	req.source_eid = xtr_eid_host(0, &src);
	eid = xtr_eid_host(0, &dst);
	xtr_writer_init(&in, request, sizeof(request));
	xtr_write_map_request(&in, &req, &eid);
	xtr_write_ecm(w, &src, &dst, XTR_PORT_CONTROL, XTR_PORT_CONTROL, request, in.len);
}

static const struct {
	const char *name;
	void (*write)(struct xtr_writer *w);
	unsigned (*read)(const uint8_t *p, size_t len, long times);
} wire_cases[] = {
    {"parse/map-reply-1", wire_case_reply, wire_case_mappings_times},
    {"parse/map-register-8", wire_case_register, wire_case_mappings_times},
    {"parse/ecm-map-request", wire_case_ecm, wire_case_encapsulated_times},
};

#define N_WIRE_CASES (sizeof(wire_cases) / sizeof(wire_cases[0]))

#endif
