/* SPDX-License-Identifier: BSD-3-Clause */
#include "packet_json.h"

#include "inner_json.h"
#include "lcaf_json.h"
#include "link.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

/* ISO 8601 in UTC; null for a time that is none. */
static json_t *time_json(time_t s, long ns)
{
	char day[64], text[96];
	struct tm tm;

	if (ns < 0 || ns >= 1000000000 || gmtime_r(&s, &tm) == NULL ||
	    strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &tm) == 0)
		return json_null();
	snprintf(text, sizeof(text), "%s.%09ldZ", day, ns);
	return json_string(text);
}

static void keep_first(struct xtrctl_flow *flow, const struct xtrctl_ip *ip, uint64_t number)
{
	flow->firsts[flow->next_first++ % XTRCTL_FRAGMENTS] =
	    (struct xtrctl_first){ip->src, ip->dst, ip->id, number};
}

static uint64_t find_first(const struct xtrctl_flow *flow, const struct xtrctl_ip *ip)
{
	for (unsigned i = 1; i <= XTRCTL_FRAGMENTS; i++) {
		/* the latest first: identifiers come again */
		const struct xtrctl_first *f =
		    &flow->firsts[(flow->next_first - i) % XTRCTL_FRAGMENTS];

		if (f->number != 0 && f->id == ip->id && xtr_ip_equal(&f->src, &ip->src) &&
		    xtr_ip_equal(&f->dst, &ip->dst))
			return f->number;
	}
	return 0;
}

static json_t *packet_begin(const struct xtrctl_captured *c, const struct xtrctl_link *l)
{
	json_t *o = json_object();

	xtrctl_set_int(o, "number", (json_int_t)c->number);
	xtrctl_set(o, "time", time_json(c->s, c->ns));
	xtrctl_set_int(o, "length", (json_int_t)c->wire_len);
	if (c->len < c->wire_len)
		xtrctl_set_int(o, "captured", (json_int_t)c->len);
	xtrctl_vlans_json(o, l);
	return o;
}

static json_t *packet_failed(const struct xtrctl_captured *c, const struct xtrctl_link *l,
    const struct xtrctl_ip *ip, size_t at, struct xtr_wire_err *err)
{
	json_t *o = packet_begin(c, l);

	if (ip != NULL)
		xtrctl_ip_hdr_json(o, ip);
	err->offset += (uint32_t)at;
	xtrctl_set(o, "error", xtrctl_error_json(-EBADMSG, err));
	return o;
}

json_t *xtrctl_packet_json(struct xtrctl_flow *flow, const struct xtrctl_captured *c)
{
	static const struct xtr_wire_err too_long = {
	    0, "IP length", "is more than the packet has", "RFC 791 3.1, RFC 8200 3"};
	struct xtr_wire_err err = {0};
	struct xtrctl_link l = {0};
	struct xtrctl_ip ip;
	struct xtrctl_udp udp;
	uint16_t sport, dport;
	uint64_t first;
	json_t *o;

	if (xtrctl_link_read(c->link_type, c->p, c->len, &l, &err) < 0)
		return packet_failed(c, &l, NULL, 0, &err);
	if (l.ethertype != XTRCTL_ETHERTYPE_IPV4 && l.ethertype != XTRCTL_ETHERTYPE_IPV6)
		return NULL;
	if (xtrctl_ip_read(c->p + l.len, c->len - l.len,
		l.ethertype == XTRCTL_ETHERTYPE_IPV4 ? 4 : 6, &ip, &err) < 0)
		return packet_failed(c, &l, NULL, l.len, &err);
	if (ip.protocol != IPPROTO_UDP)
		return NULL;
	if (ip.offset != 0) {
		first = find_first(flow, &ip);
		if (first == 0) {
			flow->orphans++;
			return NULL;
		}
		o = packet_begin(c, &l);
		xtrctl_ip_hdr_json(o, &ip);
		xtrctl_set(o, "kind", json_string("fragment"));
		xtrctl_set_int(o, "first-fragment", (json_int_t)first);
		return o;
	}
	if (xtrctl_ports_read(&ip, &sport, &dport) && !xtrctl_ports_are_lisp(sport, dport))
		return NULL;
	if (ip.missing > 0 && c->len == c->wire_len) {
		err = too_long;
		return packet_failed(c, &l, &ip, l.len, &err);
	}
	if (xtrctl_udp_read(&ip, &udp, &err) < 0)
		return packet_failed(c, &l, &ip, (size_t)(ip.payload - c->p), &err);
	if (ip.fragment)
		keep_first(flow, &ip, c->number);
	o = packet_begin(c, &l);
	xtrctl_ip_hdr_json(o, &ip);
	xtrctl_lisp_json(o, &udp, 0);
	return o;
}
