/* SPDX-License-Identifier: BSD-3-Clause */
#include "inner_json.h"

#include "data_json.h"
#include "lcaf_json.h"
#include "msg_json.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>

#include "wire/data.h"
#include "wire/lcaf.h"

#define MAX_DEPTH 4 /* packets in packets that are looked into */

enum kind { KIND_NONE, KIND_CONTROL, KIND_DATA, KIND_VXLAN, KIND_VXLAN_GPE };

static enum kind kind_of(uint16_t sport, uint16_t dport)
{
	/* Before data: an Info-Reply goes back to the port of its Info-Request, which may be
	 * 4341. */
	if (dport == XTR_PORT_CONTROL || sport == XTR_PORT_CONTROL)
		return KIND_CONTROL;
	if (dport == XTR_PORT_DATA)
		return KIND_DATA;
	if (dport == XTR_PORT_VXLAN)
		return KIND_VXLAN;
	if (dport == XTR_PORT_VXLAN_GPE)
		return KIND_VXLAN_GPE;
	/* to an ETR behind a NAT, at the port that the NAT gave it */
	return sport == XTR_PORT_DATA ? KIND_DATA : KIND_NONE;
}

bool xtrctl_ports_are_lisp(uint16_t sport, uint16_t dport)
{
	return kind_of(sport, dport) != KIND_NONE;
}

void xtrctl_vlans_json(json_t *o, const struct xtrctl_link *l)
{
	json_t *vlans;

	if (l->n_vlans == 0)
		return;
	vlans = json_array();
	for (unsigned i = 0; i < l->n_vlans; i++)
		json_array_append_new(vlans, json_integer(l->vlans[i]));
	xtrctl_set(o, "vlans", vlans);
}

void xtrctl_ip_hdr_json(json_t *o, const struct xtrctl_ip *ip)
{
	uint16_t sport, dport;

	xtrctl_set(o, "source", xtrctl_ip_json(&ip->src));
	xtrctl_set(o, "destination", xtrctl_ip_json(&ip->dst));
	xtrctl_set_int(o, "protocol", ip->protocol);
	if (xtrctl_ports_read(ip, &sport, &dport)) {
		xtrctl_set_int(o, "source-port", sport);
		xtrctl_set_int(o, "destination-port", dport);
	}
	if ((ip->protocol == IPPROTO_ICMP || ip->protocol == IPPROTO_ICMPV6) && ip->offset == 0 &&
	    ip->payload_len >= 2) {
		xtrctl_set_int(o, "icmp-type", ip->payload[0]);
		xtrctl_set_int(o, "icmp-code", ip->payload[1]);
	}
	xtrctl_set_int(o, "tos", ip->tos);
	xtrctl_set_int(o, "ttl", ip->ttl);
	xtrctl_set_int(o, "ip-length", ip->length);
	if (ip->missing > 0)
		xtrctl_set_int(o, "missing", ip->missing);
	if (ip->fragment)
		xtrctl_set(o, "fragment",
		    json_pack("{s:I, s:I, s:I, s:b}", "id", (json_int_t)ip->id, "offset",
			(json_int_t)ip->offset, "length", (json_int_t)ip->payload_len, "more",
			ip->more));
}

static json_t *failed(json_t *o, const struct xtr_wire_err *err)
{
	xtrctl_set(o, "error", xtrctl_error_json(-EBADMSG, err));
	return o;
}

/* The IP packet at p, into o. */
static json_t *inner_ip_json(
    json_t *o, const uint8_t *p, size_t len, unsigned version, unsigned depth)
{
	struct xtr_wire_err err = {0};
	struct xtrctl_udp udp;
	struct xtrctl_ip ip;
	uint16_t sport, dport;

	if (xtrctl_ip_read(p, len, version, &ip, &err) < 0)
		return failed(o, &err);
	xtrctl_ip_hdr_json(o, &ip);
	if (ip.protocol != IPPROTO_UDP || depth >= MAX_DEPTH ||
	    !xtrctl_ports_read(&ip, &sport, &dport) || !xtrctl_ports_are_lisp(sport, dport))
		return o;
	if (xtrctl_udp_read(&ip, &udp, &err) < 0) {
		err.offset += (uint32_t)(ip.payload - p);
		return failed(o, &err);
	}
	xtrctl_lisp_json(o, &udp, depth);
	return o;
}

static void set_mac(json_t *o, const char *key, const uint8_t *mac)
{
	struct xtr_addr a = xtr_addr_of_mac(XTR_AFI_MAC48, mac);
	char text[3 * XTR_MAC_LEN];

	xtr_addr_format(&a, text, sizeof(text));
	xtrctl_set(o, key, json_string(text));
}

static json_t *inner_ethernet_json(const uint8_t *p, size_t len, unsigned depth)
{
	struct xtr_wire_err err = {0};
	json_t *o = json_object();
	struct xtrctl_link l;
	int ret = xtrctl_ethernet_read(p, len, &l, &err);

	if (l.macs != NULL) {
		set_mac(o, "source-mac", l.macs + XTR_MAC_LEN);
		set_mac(o, "destination-mac", l.macs);
	}
	if (ret < 0)
		return failed(o, &err);
	xtrctl_vlans_json(o, &l);
	xtrctl_set_int(o, "ethertype", l.ethertype);
	if (l.ethertype == XTRCTL_ETHERTYPE_IPV4)
		return inner_ip_json(o, p + l.len, len - l.len, 4, depth);
	if (l.ethertype == XTRCTL_ETHERTYPE_IPV6)
		return inner_ip_json(o, p + l.len, len - l.len, 6, depth);
	return o;
}

/* By the next protocol of RFC 9305 section 3, which VXLAN-GPE has too. */
static json_t *inner_next_json(uint8_t next, const uint8_t *p, size_t len, unsigned depth)
{
	switch (next) {
	case XTR_GPE_IPV4:
		return inner_ip_json(json_object(), p, len, 4, depth);
	case XTR_GPE_IPV6:
		return inner_ip_json(json_object(), p, len, 6, depth);
	case XTR_GPE_ETHERNET:
		return inner_ethernet_json(p, len, depth);
	default:
		return json_pack("{s:I}", "length", (json_int_t)len);
	}
}

static void data_json(json_t *o, const struct xtrctl_udp *udp, unsigned depth)
{
	static const struct xtr_wire_err cut = {
	    0, "LISP header", "packet ends inside it", "RFC 9300 5.1"};
	struct xtr_data_hdr h;
	const uint8_t *p;
	size_t len;

	if (udp->len < XTR_DATA_HDR_LEN) {
		failed(o, &cut);
		return;
	}
	h = xtr_data_read(udp->payload);
	p = udp->payload + XTR_DATA_HDR_LEN;
	len = udp->len - XTR_DATA_HDR_LEN;
	xtrctl_set(o, "header", xtrctl_data_json(udp->payload));
	if (h.flags & XTR_DATA_KK) /* RFC 8061: encrypted */
		xtrctl_set(o, "inner", json_pack("{s:I}", "length", (json_int_t)len));
	else if (h.flags & XTR_DATA_P)
		xtrctl_set(o, "inner", inner_next_json(h.next, p, len, depth + 1));
	else
		xtrctl_set(o, "inner", inner_ip_json(json_object(), p, len, 0, depth + 1));
}

static void vxlan_json(json_t *o, const struct xtrctl_udp *udp, bool gpe, unsigned depth)
{
	static const struct xtr_wire_err cut = {0, "VXLAN header", "packet ends inside it",
					     "RFC 7348 5"},
					 no_vni = {0, "flags", "I is not set", "RFC 7348 5"};
	struct xtr_vxlan_hdr h;
	const uint8_t *p;
	size_t len;

	if (udp->len < XTR_VXLAN_HDR_LEN) {
		failed(o, &cut);
		return;
	}
	h = xtr_vxlan_read(udp->payload);
	p = udp->payload + XTR_VXLAN_HDR_LEN;
	len = udp->len - XTR_VXLAN_HDR_LEN;
	xtrctl_set(o, "header", xtrctl_vxlan_json(udp->payload));
	if (!(h.flags & XTR_VXLAN_I))
		failed(o, &no_vni);
	/* To VXLAN's own port P is a reserved bit, and ignored. */
	if (gpe && h.flags & XTR_VXLAN_P)
		xtrctl_set(o, "inner", inner_next_json(h.next, p, len, depth + 1));
	else
		xtrctl_set(o, "inner", inner_ethernet_json(p, len, depth + 1));
}

/* Is it rather a data packet that an RTR sent from the control port? Then it is no message. */
static bool is_data(const struct xtrctl_udp *udp)
{
	struct xtr_msg m;

	return udp->dport == XTR_PORT_DATA && xtr_msg_read(udp->payload, udp->len, &m, NULL) < 0;
}

void xtrctl_lisp_json(json_t *o, const struct xtrctl_udp *udp, unsigned depth)
{
	static const char *const names[] = {"none", "control", "data", "vxlan", "vxlan-gpe"};
	static const struct xtrctl_msg_form form = {.all = true};
	enum kind kind = kind_of(udp->sport, udp->dport);

	if (kind == KIND_CONTROL && is_data(udp))
		kind = KIND_DATA;
	xtrctl_set(o, "kind", json_string(names[kind]));
	if (kind == KIND_CONTROL)
		xtrctl_set(o, "message", xtrctl_msg_json(udp->payload, udp->len, &form));
	else if (kind == KIND_DATA)
		data_json(o, udp, depth);
	else
		vxlan_json(o, udp, kind == KIND_VXLAN_GPE, depth);
}
