/* SPDX-License-Identifier: BSD-3-Clause */
#include "packet.h"

#include "bytes.h"

#include <netinet/in.h>

#define IPV4_HDR_LEN 20
#define IPV6_HDR_LEN 40
#define EXT_MIN_LEN  8 /* an IPv6 extension header */

/* Bounds the packet by what its header says of its length; returns how many bytes are there. */
static size_t bound(struct xtrctl_ip *ip, size_t said, size_t len)
{
	ip->length = (uint32_t)said;
	ip->missing = said > len ? (uint32_t)(said - len) : 0;
	return said < len ? said : len;
}

static int ipv4_read(const uint8_t *p, size_t len, struct xtrctl_ip *ip, struct xtr_wire_err *err)
{
	size_t header, total;
	uint16_t frag;

	if (len < IPV4_HDR_LEN)
		return fail(err, 0, "IPv4 header", "packet ends inside it", "RFC 791 3.1");
	header = (size_t)(p[0] & 0xf) * 4;
	if (header < IPV4_HDR_LEN)
		return fail(err, 0, "IHL", "is below 5", "RFC 791 3.1");
	if (len < header)
		return fail(err, 0, "IHL", "packet ends inside the options", "RFC 791 3.1");
	/* a segment that the NIC was yet to cut has no length */
	total = get16(p + 2) ? get16(p + 2) : len;
	if (total < header)
		return fail(err, 2, "total length", "is below that of the header", "RFC 791 3.1");
	len = bound(ip, total, len);
	ip->tos = p[1];
	ip->ttl = p[8];
	ip->protocol = p[9];
	ip->src = xtr_ip4(p + 12);
	ip->dst = xtr_ip4(p + 16);
	frag = get16(p + 6);
	ip->more = frag & 0x2000;
	ip->offset = (uint32_t)(frag & 0x1fff) * 8;
	ip->fragment = ip->more || ip->offset;
	ip->id = get16(p + 4);
	ip->payload = p + header;
	ip->payload_len = len - header;
	return 0;
}

static bool is_extension(uint8_t protocol)
{
	return protocol == IPPROTO_HOPOPTS || protocol == IPPROTO_ROUTING ||
	       protocol == IPPROTO_FRAGMENT || protocol == IPPROTO_DSTOPTS ||
	       protocol == IPPROTO_AH || protocol == IPPROTO_MH || protocol == 139 /* HIP */ ||
	       protocol == 140 /* Shim6 */;
}

static size_t extension_len(uint8_t protocol, const uint8_t *p)
{
	/* RFC 8200 section 4.5; RFC 4302 section 2.2; all others: RFC 6564 section 4 */
	if (protocol == IPPROTO_FRAGMENT)
		return EXT_MIN_LEN;
	return protocol == IPPROTO_AH ? ((size_t)p[1] + 2) * 4 : ((size_t)p[1] + 1) * 8;
}

static int ipv6_read(const uint8_t *p, size_t len, struct xtrctl_ip *ip, struct xtr_wire_err *err)
{
	size_t at = IPV6_HDR_LEN, size;

	if (len < IPV6_HDR_LEN)
		return fail(err, 0, "IPv6 header", "packet ends inside it", "RFC 8200 3");
	ip->tos = (uint8_t)(get16(p) >> 4);
	ip->protocol = p[6];
	ip->ttl = p[7];
	ip->src = xtr_ip6(p + 8);
	ip->dst = xtr_ip6(p + 24);
	/* a jumbogram has no length (RFC 2675), nor has a segment that the NIC was yet to cut */
	len = bound(ip, get16(p + 4) ? IPV6_HDR_LEN + (size_t)get16(p + 4) : len, len);
	while (is_extension(ip->protocol) && ip->offset == 0) {
		if (len - at < EXT_MIN_LEN)
			return fail(
			    err, at, "extension header", "packet ends inside it", "RFC 8200 4");
		size = extension_len(ip->protocol, p + at);
		if (len - at < size)
			return fail(err, at + 1, "extension header length",
			    "is more than the packet has", "RFC 8200 4");
		if (ip->protocol == IPPROTO_FRAGMENT) {
			ip->offset = get16(p + at + 2) & 0xfff8;
			ip->more = p[at + 3] & 1;
			ip->fragment = ip->more || ip->offset; /* an atomic one is whole */
			ip->id = get32(p + at + 4);
		}
		ip->protocol = p[at];
		at += size;
	}
	ip->payload = p + at;
	ip->payload_len = len - at;
	return 0;
}

int xtrctl_ip_read(
    const uint8_t *p, size_t len, unsigned version, struct xtrctl_ip *ip, struct xtr_wire_err *err)
{
	unsigned found = len > 0 ? p[0] >> 4 : 0;

	*ip = (struct xtrctl_ip){0};
	if (len == 0)
		return fail(err, 0, "IP header", "packet ends in front of it", "RFC 791 3.1");
	if (version != 0 && found != version)
		return fail(err, 0, "IP version", "is not what the header before it says",
		    version == 4 ? "RFC 791 3.1" : "RFC 8200 3");
	if (found == 4)
		return ipv4_read(p, len, ip, err);
	if (found == 6)
		return ipv6_read(p, len, ip, err);
	return fail(err, 0, "IP version", "is neither 4 nor 6", "RFC 9300 5");
}

bool xtrctl_ports_read(const struct xtrctl_ip *ip, uint16_t *sport, uint16_t *dport)
{
	if ((ip->protocol != IPPROTO_UDP && ip->protocol != IPPROTO_TCP &&
		ip->protocol != IPPROTO_SCTP) ||
	    ip->offset != 0 || ip->payload_len < 4)
		return false;
	*sport = get16(ip->payload);
	*dport = get16(ip->payload + 2);
	return true;
}

int xtrctl_udp_read(const struct xtrctl_ip *ip, struct xtrctl_udp *udp, struct xtr_wire_err *err)
{
	bool whole = ip->missing == 0 && !ip->fragment;
	size_t len;

	if (ip->payload_len < XTRCTL_UDP_HDR_LEN)
		return fail(err, 0, "UDP header", "packet ends inside it", "RFC 768");
	udp->sport = get16(ip->payload);
	udp->dport = get16(ip->payload + 2);
	len = get16(ip->payload + 4);
	if (len < XTRCTL_UDP_HDR_LEN)
		return fail(err, 4, "UDP length", "is below that of the header", "RFC 768");
	if (len > ip->payload_len) {
		if (whole)
			return fail(err, 4, "UDP length", "is more than the packet has", "RFC 768");
		len = ip->payload_len;
	}
	udp->payload = ip->payload + XTRCTL_UDP_HDR_LEN;
	udp->len = len - XTRCTL_UDP_HDR_LEN;
	return 0;
}
