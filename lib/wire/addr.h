/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * IP addresses, EIDs and EID prefixes, as the whole of xtrd names them.
 *
 * Needs libc only. Every function may be called on any lcore; none allocates.
 * All multi-byte address bytes are in network order.
 */
#ifndef XTR_WIRE_ADDR_H
#define XTR_WIRE_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Address family identifiers as they stand on the wire (RFC 9301 section 5.2, RFC 8060). */
#define XTR_AFI_NONE  0
#define XTR_AFI_IPV4  1
#define XTR_AFI_IPV6  2
#define XTR_AFI_802   6  /* a 48-bit MAC address, as deployed peers and RFC 8060 4.10.2 write it */
#define XTR_AFI_NAME  17 /* distinguished name: text and a zero byte, RFC 9735 section 3 */
#define XTR_AFI_LCAF  16387
#define XTR_AFI_MAC48 16389 /* RFC 7042 section 5.3 */
#define XTR_AFI_MAC64 16390

#define XTR_MAC_LEN 6 /* bytes of AFI 6 and 16389; AFI 16390 has eight */

#define XTR_IID_MAX 0xffffffu /* instance-IDs have 24 bits, RFC 9300 section 5.3 */

/* An IPv4 or IPv6 address, or none. Unused bytes of b are zero, so that two may be compared whole.
 */
struct xtr_ip {
	uint8_t af; /* 0 none, 4 IPv4, 6 IPv6 */
	uint8_t b[16];
};

/* An EID or EID prefix: instance-ID, address, prefix length in bits. Host bits are zero. */
struct xtr_eid {
	uint32_t iid; /* host byte order, 0 to XTR_IID_MAX */
	uint8_t plen; /* 0 to 32 or 0 to 128 */
	struct xtr_ip ip;
};

/*
 * An address of any kind as it stands in a message: a view, whose bytes are the caller's and lie
 * whole within what was read. All zero it stands for AFI 0, no address. lcaf.h looks into it.
 */
struct xtr_addr {
	const uint8_t *p; /* what follows the AFI; for an LCAF its six header bytes are the first */
	uint32_t len;     /* bytes at p */
	uint16_t afi;     /* XTR_AFI_..., host byte order */
	uint8_t lcaf;     /* of XTR_AFI_LCAF the LCAF type, else 0 */
	uint8_t depth;    /* how many LCAFs it lies in */
};

#define XTR_IP_STRLEN  46 /* longest address and its zero byte */
#define XTR_EID_STRLEN 64 /* "[16777215] " address "/128" and a zero byte */

/* Address width in bits: 32, 128, or 0 for none. */
static inline unsigned xtr_ip_bits(const struct xtr_ip *ip)
{
	return ip->af == 4 ? 32 : ip->af == 6 ? 128 : 0;
}

/* Bit `n` (0 is the highest) of a string of bits. */
static inline unsigned xtr_bit_at(const uint8_t *b, unsigned n)
{
	return (b[n >> 3] >> (7 - (n & 7))) & 1;
}

/* How many of the first `max` bits of a and b are the same. */
static inline unsigned xtr_bits_common(const uint8_t *a, const uint8_t *b, unsigned max)
{
	unsigned n = 0;

	for (unsigned i = 0; n < max; i++, n += 8) {
		uint8_t diff = a[i] ^ b[i];

		if (diff) {
			n += (unsigned)__builtin_clz(diff) - 24;
			break;
		}
	}
	return n < max ? n : max;
}

/* Builds an IPv4 address from four bytes in network order. */
struct xtr_ip xtr_ip4(const void *bytes);
/* Builds an IPv6 address from sixteen bytes in network order. */
struct xtr_ip xtr_ip6(const void *bytes);

/* Orders none < IPv4 < IPv6, then by value (RFC 9301 section 5.5). Returns <0, 0, >0. */
int xtr_ip_cmp(const struct xtr_ip *a, const struct xtr_ip *b);
bool xtr_ip_equal(const struct xtr_ip *a, const struct xtr_ip *b);

/* Bit `n` (0 is the highest) of the address; n must be below xtr_ip_bits(). */
static inline unsigned xtr_ip_bit(const struct xtr_ip *ip, unsigned n)
{
	return xtr_bit_at(ip->b, n);
}

/* Clears all bits after the first `plen`. Returns true if one of them was set. */
bool xtr_ip_mask(struct xtr_ip *ip, unsigned plen);

/* Multicast (224/4, ff00::/8), IPv4 broadcast, unspecified, loopback: no unicast locator or EID
 * (RFC 9301 5.4). */
bool xtr_ip_is_unicast(const struct xtr_ip *ip);

/* fe80::/10: means something on one link only, so it is no locator and nothing to send to without
 * an interface (RFC 4291 section 2.5.6). */
bool xtr_ip_is_link_local(const struct xtr_ip *ip);

/* Text to address, "192.0.2.1" or "2001:db8::1". Returns 0 or -EINVAL; *out is untouched on error.
 */
int xtr_ip_parse(const char *text, struct xtr_ip *out);
/* Text to prefix, "192.0.2.0/24"; without "/", the full length. Host bits set: -EDOM (and *out has
 * them cleared, for a helpful message). Returns 0, -EINVAL or -EDOM. out->iid is set to 0. */
int xtr_eid_parse(const char *text, struct xtr_eid *out);

/* Writes text into buf (XTR_IP_STRLEN, XTR_EID_STRLEN bytes) and returns buf. xtr_eid_format puts
 * "[iid] " in front where the instance-ID is not 0; none prints as "none". */
char *xtr_ip_format(const struct xtr_ip *ip, char *buf);
char *xtr_eid_format(const struct xtr_eid *eid, char *buf);
/* The prefix alone, "10.1.1.0/24", XTR_EID_STRLEN bytes. */
char *xtr_prefix_format(const struct xtr_eid *eid, char *buf);

bool xtr_eid_equal(const struct xtr_eid *a, const struct xtr_eid *b);
/* Same instance and family, and `inner` lies inside `outer` (or is equal to it). */
bool xtr_eid_covers(const struct xtr_eid *outer, const struct xtr_eid *inner);
/* The host prefix (/32, /128) of an address in an instance. */
struct xtr_eid xtr_eid_host(uint32_t iid, const struct xtr_ip *ip);

#endif
