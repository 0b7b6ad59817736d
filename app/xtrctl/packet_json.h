/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A captured packet with LISP in it, as JSON: {"number", "time", "length", "source", ..., "kind",
 * ...}, where "kind" is control ("message" has it, in the form of msg_json.h), data, vxlan,
 * vxlan-gpe
 * ("header", and "inner" for the packet inside), or fragment.
 */
#ifndef XTRCTL_PACKET_JSON_H
#define XTRCTL_PACKET_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "packet.h"

#define XTRCTL_FRAGMENTS 64 /* datagrams with LISP of which later fragments are awaited */

/* A first fragment with LISP in it. */
struct xtrctl_first {
	struct xtr_ip src, dst;
	uint32_t id;
	uint64_t number; /* of the packet; 0: none here */
};

/* What is known from earlier packets of the same capture; zeroed at first. */
struct xtrctl_flow {
	struct xtrctl_first firsts[XTRCTL_FRAGMENTS]; /* a ring */
	unsigned next_first;
	uint64_t orphans; /* later fragments of UDP whose first did not come before them */
};

struct xtrctl_captured {
	uint64_t number; /* from 1 */
	time_t s;
	long ns;
	int link_type; /* libpcap's DLT_... */
	const uint8_t *p;
	size_t len;      /* bytes at p */
	size_t wire_len; /* bytes that the packet had */
};

/* NULL for a packet that has nothing to do with LISP; otherwise, also where it cannot be read as
 * far as its ports, a new reference. */
json_t *xtrctl_packet_json(struct xtrctl_flow *flow, const struct xtrctl_captured *c);

#endif
