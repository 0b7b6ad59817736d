/* SPDX-License-Identifier: BSD-3-Clause */
/* The Encapsulated Control Message, RFC 9301 section 5.8: an IP packet with a control message, read
 * and written. */
#include <errno.h>
#include <string.h>

#include "wire/data.h"
#include "wire/read.h"
#include "wire/write.h"

#define ECM_HDR_LEN 4
#define ECM0_S      0x08 /* LISP-SEC data follows the header */
#define ECM0_D      0x04
#define IP4_HDR_LEN 20
#define IP6_HDR_LEN 40
#define UDP_HDR_LEN 8
#define PROTO_UDP   17
#define IP4_DF      0x4000
#define IP4_OFFSET  0x3fff /* more fragments, and the fragment offset */
#define ECM_TTL     64

/* Adds bytes to a ones' complement sum (RFC 1071). An odd last byte counts as followed by zero. */
static uint32_t sum_add(uint32_t sum, const uint8_t *p, size_t n)
{
	for (; n > 1; p += 2, n -= 2)
		sum += xtr_get16(p);
	if (n)
		sum += (uint32_t)p[0] << 8;
	return (sum & 0xffff) + (sum >> 16);
}

static uint16_t sum_fold(uint32_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

/* The pseudo-header of UDP over IPv4 and IPv6 adds up to the same: addresses, protocol, length. */
static uint32_t sum_pseudo(const struct xtr_ip *src, const struct xtr_ip *dst, size_t udp_len)
{
	uint32_t sum = PROTO_UDP + (uint32_t)udp_len;

	sum = sum_add(sum, src->b, sizeof src->b);
	return sum_add(sum, dst->b, sizeof dst->b);
}

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
	if (sum_fold(sum_add(0, p, hlen)) != 0xffff)
		return xtr_rd_fail(r, at + 10, "inner IPv4 checksum", "wrong", "RFC 791 3.1");
	if (xtr_get16(p + 6) & IP4_OFFSET)
		return xtr_rd_fail(r, at + 6, "inner IPv4 header", "a fragment", "RFC 9301 5.8");
	if (p[9] != PROTO_UDP)
		return xtr_rd_fail(r, at + 9, "inner IPv4 protocol", "not UDP", "RFC 9301 5.8");
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
	/* RFC 9301 5.8: 4341 MUST NOT be assigned to either port; an answer there would be taken
	 * for data. */
	if (m->inner_sport == XTR_PORT_DATA || m->inner_dport == XTR_PORT_DATA)
		return xtr_rd_fail(
		    r, at, "inner UDP port", "4341 is the data port", "RFC 9301 5.8");
	/* RFC 9301 5.8 says non-zero; deployed Map-Servers send 0 when they forward, so only a
	 * wrong one is refused. */
	if (xtr_get16(p + 6) != 0 &&
	    sum_fold(sum_add(sum_pseudo(&m->inner_src, &m->inner_dst, len), p, len)) != 0xffff)
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

	m->ddt = r->base[0] & ECM0_D;
	if (r->base[0] & ECM0_S)
		return xtr_rd_fail(r, 0, "S bit", "LISP-SEC is not supported", "RFC 9303");
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

void xtr_write_ecm(struct xtr_writer *w, const struct xtr_ip *src, const struct xtr_ip *dst,
    uint16_t sport, uint16_t dport, const uint8_t *inner, size_t inner_len)
{
	uint8_t ip[IP6_HDR_LEN] = {0}, udp[UDP_HDR_LEN] = {0};
	size_t udp_len = UDP_HDR_LEN + inner_len;
	uint16_t sum;

	if (src->af != dst->af || xtr_ip_bits(src) == 0 ||
	    inner_len > UINT16_MAX - IP4_HDR_LEN - UDP_HDR_LEN) {
		xtr_writer_spoil(w);
		return;
	}
	xtr_put8(w, XTR_MSG_ECM << 4);
	xtr_put(w, NULL, ECM_HDR_LEN - 1);
	if (src->af == 4) {
		ip[0] = 0x45;
		xtr_set16(ip + 2, (uint16_t)(IP4_HDR_LEN + udp_len));
		xtr_set16(ip + 6, IP4_DF);
		ip[8] = ECM_TTL;
		ip[9] = PROTO_UDP;
		memcpy(ip + 12, src->b, 4);
		memcpy(ip + 16, dst->b, 4);
		xtr_set16(ip + 10, (uint16_t)~sum_fold(sum_add(0, ip, IP4_HDR_LEN)));
		xtr_put(w, ip, IP4_HDR_LEN);
	} else {
		ip[0] = 0x60;
		xtr_set16(ip + 4, (uint16_t)udp_len);
		ip[6] = PROTO_UDP;
		ip[7] = ECM_TTL;
		memcpy(ip + 8, src->b, 16);
		memcpy(ip + 24, dst->b, 16);
		xtr_put(w, ip, IP6_HDR_LEN);
	}
	xtr_set16(udp, sport);
	xtr_set16(udp + 2, dport);
	xtr_set16(udp + 4, (uint16_t)udp_len);
	sum = (uint16_t)~sum_fold(
	    sum_add(sum_add(sum_pseudo(src, dst, udp_len), udp, UDP_HDR_LEN), inner, inner_len));
	/* 0 would mean "no checksum" (RFC 768). */
	xtr_set16(udp + 6, sum ? sum : 0xffff);
	xtr_put(w, udp, UDP_HDR_LEN);
	xtr_put(w, inner, inner_len);
}
