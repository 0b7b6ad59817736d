/* SPDX-License-Identifier: BSD-3-Clause */
/* The Encapsulated Control Message, RFC 9301 section 5.8: an IP packet with a control message, read
 * and written. */
#include <errno.h>
#include <string.h>

#include "wire/data.h"
#include "wire/read.h"
#include "wire/sec.h"
#include "wire/sum.h"
#include "wire/write.h"

#define ECM_S       0x08000000u /* LISP-SEC data follows the header */
#define ECM_D       0x04000000u
#define ECM_OTHER   0x03ffffffu /* unassigned in RFC 9301 */
#define IP4_HDR_LEN 20
#define IP6_HDR_LEN 40
#define UDP_HDR_LEN 8
#define PROTO_UDP   17
#define IP4_DF      0x4000
#define IP4_OFFSET  0x3fff /* more fragments, and the fragment offset */
#define IP6_FLOW    0xfffffu
#define ECM_TTL     64

/* Reads the inner IPv4 header. *payload: bytes of the inner packet after it. */
static int ip4_read(struct xtr_rd *r, struct xtr_msg *m, size_t *payload)
{
	const uint8_t *p = xtr_rd_at(r);
	size_t at = r->pos, hlen, total;

	if (!xtr_rd_has(r, IP4_HDR_LEN))
		return xtr_rd_fail(
		    r, at, "inner IPv4 header", "message ends inside the header", "RFC 9301 5.8");
	hlen = (p[0] & 0xfu) * 4;
	total = xtr_get16(p + 2);
	if (hlen < IP4_HDR_LEN || hlen > total)
		return xtr_rd_fail(
		    r, at, "inner IPv4 header", "wrong header length", "RFC 791 3.1");
	if (!xtr_rd_has(r, total))
		return xtr_rd_fail(r, at + 2, "inner IPv4 total length",
		    "message ends inside the inner packet", "RFC 9301 5.8");
	if (xtr_sum_fold(xtr_sum_add(0, p, hlen)) != 0xffff)
		return xtr_rd_fail(r, at + 10, "inner IPv4 checksum", "wrong", "RFC 791 3.1");
	if (xtr_get16(p + 6) & IP4_OFFSET)
		return xtr_rd_fail(r, at + 6, "inner IPv4 header", "a fragment", "RFC 9301 5.8");
	if (p[9] != PROTO_UDP)
		return xtr_rd_fail(r, at + 9, "inner IPv4 protocol", "not UDP", "RFC 9301 5.8");
	m->inner_ip.tos = p[1];
	m->inner_ip.id = xtr_get16(p + 4);
	m->inner_ip.dont_fragment = xtr_get16(p + 6) & IP4_DF;
	m->inner_ip.ttl = p[8];
	m->inner_src = xtr_ip4(p + 12);
	m->inner_dst = xtr_ip4(p + 16);
	r->pos += hlen;
	*payload = total - hlen;
	return 0;
}

static int ip6_read(struct xtr_rd *r, struct xtr_msg *m, size_t *payload)
{
	const uint8_t *p = xtr_rd_at(r);
	size_t at = r->pos;

	if (!xtr_rd_has(r, IP6_HDR_LEN))
		return xtr_rd_fail(
		    r, at, "inner IPv6 header", "message ends inside the header", "RFC 9301 5.8");
	*payload = xtr_get16(p + 4);
	if (!xtr_rd_has(r, IP6_HDR_LEN + *payload))
		return xtr_rd_fail(r, at + 4, "inner IPv6 payload length",
		    "message ends inside the inner packet", "RFC 9301 5.8");
	/* Extension headers, fragments among them, have no place here: the UDP header follows. */
	if (p[6] != PROTO_UDP)
		return xtr_rd_fail(r, at + 6, "inner IPv6 next header", "not UDP", "RFC 9301 5.8");
	m->inner_ip.tos = (uint8_t)(xtr_get16(p) >> 4);
	m->inner_ip.flow = xtr_get32(p) & IP6_FLOW;
	m->inner_ip.ttl = p[7];
	m->inner_src = xtr_ip6(p + 8);
	m->inner_dst = xtr_ip6(p + 24);
	r->pos += IP6_HDR_LEN;
	return 0;
}

static int udp_read(struct xtr_rd *r, struct xtr_msg *m, size_t payload)
{
	const uint8_t *p = xtr_rd_at(r);
	size_t at = r->pos, len;

	if (payload < UDP_HDR_LEN)
		return xtr_rd_fail(r, at, "inner UDP header", "inner packet ends inside the header",
		    "RFC 9301 5.8");
	len = xtr_get16(p + 4);
	if (len < UDP_HDR_LEN || len > payload)
		return xtr_rd_fail(
		    r, at + 4, "inner UDP length", "does not fit the inner packet", "RFC 9301 5.8");
	m->inner_sport = xtr_get16(p);
	m->inner_dport = xtr_get16(p + 2);
	m->inner_ip.no_checksum = xtr_get16(p + 6) == 0;
	/* RFC 9301 5.8: 4341 MUST NOT be assigned to either port; an answer there would be taken
	 * for data. */
	if (m->inner_sport == XTR_PORT_DATA || m->inner_dport == XTR_PORT_DATA)
		return xtr_rd_fail(
		    r, at, "inner UDP port", "4341 is the data port", "RFC 9301 5.8");
	/* RFC 9301 5.8 says non-zero; deployed Map-Servers send 0 when they forward, so only a
	 * wrong one is refused. */
	if (!m->inner_ip.no_checksum &&
	    xtr_sum_fold(xtr_sum_add(
		xtr_sum_pseudo(&m->inner_src, &m->inner_dst, PROTO_UDP, len), p, len)) != 0xffff)
		return xtr_rd_fail(r, at + 6, "inner UDP checksum", "wrong", "RFC 9301 5");
	m->inner = p + UDP_HDR_LEN;
	m->inner_len = (uint32_t)(len - UDP_HDR_LEN);
	r->pos += len;
	return 0;
}

int xtr_rd_ecm(struct xtr_rd *r, struct xtr_msg *m)
{
	size_t payload = 0;
	int ret;

	m->ddt = m->head & ECM_D;
	m->security = m->head & ECM_S;
	if (m->security) {
		ret = xtr_rd_sec_ecm(r, m);
		if (ret < 0)
			return ret;
	}
	if (!xtr_rd_has(r, 1))
		return xtr_rd_fail(
		    r, r->pos, "inner IP header", "message ends before it", "RFC 9301 5.8");
	switch (r->base[r->pos] >> 4) {
	case 4:
		ret = ip4_read(r, m, &payload);
		break;
	case 6:
		ret = ip6_read(r, m, &payload);
		break;
	default:
		return xtr_rd_fail(
		    r, r->pos, "inner IP version", "neither 4 nor 6", "RFC 9301 5.8");
	}
	return ret < 0 ? ret : udp_read(r, m, payload);
}

static void put_ip4(struct xtr_writer *w, const struct xtr_ecm_opts *o,
    const struct xtr_inner_ip *in, size_t udp_len)
{
	uint8_t ip[IP4_HDR_LEN] = {0};

	ip[0] = 0x45;
	ip[1] = in->tos;
	xtr_set16(ip + 2, (uint16_t)(IP4_HDR_LEN + udp_len));
	xtr_set16(ip + 4, in->id);
	xtr_set16(ip + 6, in->dont_fragment ? IP4_DF : 0);
	ip[8] = in->ttl;
	ip[9] = PROTO_UDP;
	memcpy(ip + 12, o->src.b, 4);
	memcpy(ip + 16, o->dst.b, 4);
	xtr_set16(ip + 10, (uint16_t)~xtr_sum_fold(xtr_sum_add(0, ip, IP4_HDR_LEN)));
	xtr_put(w, ip, sizeof ip);
}

static void put_ip6(struct xtr_writer *w, const struct xtr_ecm_opts *o,
    const struct xtr_inner_ip *in, size_t udp_len)
{
	xtr_put32(w, 6u << 28 | (uint32_t)in->tos << 20 | (in->flow & IP6_FLOW));
	xtr_put16(w, (uint16_t)udp_len);
	xtr_put8(w, PROTO_UDP);
	xtr_put8(w, in->ttl);
	xtr_put(w, o->src.b, 16);
	xtr_put(w, o->dst.b, 16);
}

void xtr_write_ecm_opts(struct xtr_writer *w, const struct xtr_ecm_opts *o)
{
	static const struct xtr_inner_ip usual = {.ttl = ECM_TTL, .dont_fragment = true};
	const struct xtr_inner_ip *in = o->ip ? o->ip : &usual;
	uint8_t udp[UDP_HDR_LEN] = {0};
	size_t udp_len = UDP_HDR_LEN + o->inner_len;
	uint16_t sum;

	/* RFC 9301 5.8: 4341 MUST NOT be assigned to either port. */
	if (o->src.af != o->dst.af || xtr_ip_bits(&o->src) == 0 || o->sport == XTR_PORT_DATA ||
	    o->dport == XTR_PORT_DATA || o->inner_len > UINT16_MAX - IP4_HDR_LEN - UDP_HDR_LEN) {
		xtr_writer_spoil(w);
		return;
	}
	xtr_put32(w, (uint32_t)XTR_MSG_ECM << 28 | (o->sec ? ECM_S : 0) | (o->ddt ? ECM_D : 0) |
			 (o->extra & ECM_OTHER));
	if (o->sec)
		xtr_write_sec_ecm(w, o->sec);
	if (o->src.af == 4)
		put_ip4(w, o, in, udp_len);
	else
		put_ip6(w, o, in, udp_len);
	xtr_set16(udp, o->sport);
	xtr_set16(udp + 2, o->dport);
	xtr_set16(udp + 4, (uint16_t)udp_len);
	sum = (uint16_t)~xtr_sum_fold(xtr_sum_add(
	    xtr_sum_add(xtr_sum_pseudo(&o->src, &o->dst, PROTO_UDP, udp_len), udp, UDP_HDR_LEN),
	    o->inner, o->inner_len));
	/* 0 would mean "no checksum" (RFC 768). */
	if (!in->no_checksum)
		xtr_set16(udp + 6, sum ? sum : 0xffff);
	xtr_put(w, udp, UDP_HDR_LEN);
	xtr_put(w, o->inner, o->inner_len);
}

void xtr_write_ecm(struct xtr_writer *w, const struct xtr_ip *src, const struct xtr_ip *dst,
    uint16_t sport, uint16_t dport, const uint8_t *inner, size_t inner_len)
{
	struct xtr_ecm_opts o = {.src = *src,
	    .dst = *dst,
	    .sport = sport,
	    .dport = dport,
	    .inner = inner,
	    .inner_len = inner_len};

	xtr_write_ecm_opts(w, &o);
}
