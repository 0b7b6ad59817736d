/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The eight bytes between UDP and the packet inside: LISP's data header after UDP 4341 (RFC 9300
 * sections 5.1 to 5.3, RFC 9302 for map-versions, RFC 9305 for the P bit), and VXLAN's (RFC 7348,
 * VXLAN-GPE: draft-ietf-nvo3-vxlan-gpe), which deployed LISP routers use as well. Inline, for
 * workers. Words are kept in host order here and stored in network order.
 */
#ifndef XTR_WIRE_DATA_H
#define XTR_WIRE_DATA_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <arpa/inet.h>

#define XTR_PORT_DATA      4341
#define XTR_PORT_CONTROL   4342
#define XTR_PORT_VXLAN     4789
#define XTR_PORT_VXLAN_GPE 4790
#define XTR_DATA_HDR_LEN   8
#define XTR_VXLAN_HDR_LEN  8

/* Flags in the first byte, RFC 9300 section 5.3 (P: RFC 9305 section 3). */
#define XTR_DATA_N  0x80 /* nonce present */
#define XTR_DATA_L  0x40 /* locator-status-bits present */
#define XTR_DATA_E  0x20 /* echo-nonce request, only with N */
#define XTR_DATA_V  0x10 /* map-versions present, excludes N */
#define XTR_DATA_I  0x08 /* instance-ID present */
#define XTR_DATA_P  0x04 /* LISP-GPE: last byte of the first word is the next protocol */
#define XTR_DATA_KK 0x03 /* payload is encrypted, RFC 8061 */

#define XTR_GPE_IPV4     1 /* RFC 9305 section 3: next protocol; VXLAN-GPE has the same */
#define XTR_GPE_IPV6     2
#define XTR_GPE_ETHERNET 3
#define XTR_GPE_NSH      4
#define XTR_GPE_SHIM     0x80 /* this and all above are shim headers */

/* As it stands in the packet; what the flags make of it is said by the functions below. */
struct xtr_data_hdr {
	uint8_t flags;
	uint32_t nonce;       /* 24 bits: nonce or the two map-versions, host order */
	uint32_t instance_id; /* 24 bits, 0 without I */
	uint32_t lsb;         /* 32 bits, 8 with I */
	uint8_t next;         /* P: next protocol, else 0 */
};

/* Reads eight bytes at p; the caller checked that they are there. */
static inline struct xtr_data_hdr xtr_data_read(const uint8_t *p)
{
	struct xtr_data_hdr h;
	uint32_t w0, w1;

	memcpy(&w0, p, 4);
	memcpy(&w1, p + 4, 4);
	w0 = ntohl(w0);
	w1 = ntohl(w1);
	h.flags = (uint8_t)(w0 >> 24);
	h.nonce = w0 & 0xffffff;
	h.next = h.flags & XTR_DATA_P ? (uint8_t)w0 : 0;
	h.instance_id = h.flags & XTR_DATA_I ? w1 >> 8 : 0;
	h.lsb = h.flags & XTR_DATA_I ? w1 & 0xff : w1;
	return h;
}

/* h->nonce is a nonce. RFC 9300 section 5.3: also where V is set beside N. RFC 9305 section 3: N, E
 * and V have no meaning where P is set. */
static inline bool xtr_data_has_nonce(const struct xtr_data_hdr *h)
{
	return (h->flags & (XTR_DATA_N | XTR_DATA_P)) == XTR_DATA_N;
}

/* The sender asks to have the nonce echoed. RFC 9300 section 5.3: E means nothing without N. */
static inline bool xtr_data_wants_echo(const struct xtr_data_hdr *h)
{
	return (h->flags & (XTR_DATA_N | XTR_DATA_E | XTR_DATA_P)) == (XTR_DATA_N | XTR_DATA_E);
}

/* h->nonce is two map-versions. */
static inline bool xtr_data_has_versions(const struct xtr_data_hdr *h)
{
	return (h->flags & (XTR_DATA_N | XTR_DATA_V | XTR_DATA_P)) == XTR_DATA_V;
}

static inline uint16_t xtr_data_source_version(const struct xtr_data_hdr *h)
{
	return (uint16_t)(h->nonce >> 12);
}

static inline uint16_t xtr_data_dest_version(const struct xtr_data_hdr *h)
{
	return (uint16_t)(h->nonce & 0xfff);
}

/* The field h->nonce for two map-versions of 12 bits. */
static inline uint32_t xtr_data_versions(uint16_t source, uint16_t dest)
{
	return (uint32_t)(source & 0xfff) << 12 | (dest & 0xfff);
}

/* The locator-status-bits, of which there are 8 with an instance-ID, else 32; 0 without L. */
static inline uint32_t xtr_data_status_bits(const struct xtr_data_hdr *h)
{
	return h->flags & XTR_DATA_L ? h->lsb : 0;
}

/* The second word in network order: instance-ID and locator-status-bits as the flags ask for. */
static inline uint32_t xtr_data_word1(uint8_t flags, uint32_t iid, uint32_t lsb)
{
	if (!(flags & XTR_DATA_L))
		lsb = 0;
	return htonl(flags & XTR_DATA_I ? iid << 8 | (lsb & 0xff) : lsb);
}

/* Puts the second word (network order) into a header at p, and the flags that go with it: I where
 * the word has an instance-ID, L where the eight bits beside it say that a locator is up. The other
 * flags stay. */
static inline void xtr_data_put_word1(uint8_t *p, uint32_t word1)
{
	memcpy(p + 4, &word1, 4);
	if (word1 & htonl(0xffffff00))
		p[0] |= XTR_DATA_I;
	if (word1 & htonl(0xff))
		p[0] |= XTR_DATA_L;
}

/* The first word in network order. */
static inline uint32_t xtr_data_word0(uint8_t flags, uint32_t nonce)
{
	return htonl((uint32_t)flags << 24 | (nonce & 0xffffff));
}

/*
 * Writes eight bytes at p, as a sender MUST: N before V, E only with N, no nonce or map-versions
 * where neither is set (RFC 9300 section 5.3); none of the three where P is set, nor bits 8 to 23
 * (RFC 9305 section 3).
 */
static inline void xtr_data_write(uint8_t *p, const struct xtr_data_hdr *h)
{
	uint8_t flags = h->flags;
	uint32_t low = h->nonce, w0, w1;

	if (flags & XTR_DATA_N)
		flags &= (uint8_t)~XTR_DATA_V;
	else
		flags &= (uint8_t)~XTR_DATA_E;
	if (!(flags & (XTR_DATA_N | XTR_DATA_V)))
		low = 0;
	if (flags & XTR_DATA_P) {
		flags &= (uint8_t) ~(XTR_DATA_N | XTR_DATA_E | XTR_DATA_V);
		low = h->next;
	}
	w0 = xtr_data_word0(flags, low);
	w1 = xtr_data_word1(flags, h->instance_id, h->lsb);
	memcpy(p, &w0, 4);
	memcpy(p + 4, &w1, 4);
}

/* Flags in the first byte. RFC 7348 section 5: I, which MUST be set; the others are VXLAN-GPE's. */
#define XTR_VXLAN_VER 0x30 /* version, 0 */
#define XTR_VXLAN_I   0x08 /* the VNI is valid */
#define XTR_VXLAN_P   0x04 /* VXLAN-GPE: a next protocol is there, else Ethernet */
#define XTR_VXLAN_B   0x02 /* VXLAN-GPE: broadcast, unknown unicast or multicast, replicated */
#define XTR_VXLAN_O   0x01 /* VXLAN-GPE: an OAM packet */

struct xtr_vxlan_hdr {
	uint8_t flags;
	uint32_t vni; /* 24 bits, 0 without I */
	uint8_t next; /* P: next protocol (XTR_GPE_...), else 0 */
};

/* Reads eight bytes at p; the caller checked that they are there. Reserved fields are ignored. */
static inline struct xtr_vxlan_hdr xtr_vxlan_read(const uint8_t *p)
{
	struct xtr_vxlan_hdr h;
	uint32_t w1;

	memcpy(&w1, p + 4, 4);
	h.flags = p[0];
	h.vni = h.flags & XTR_VXLAN_I ? ntohl(w1) >> 8 : 0;
	h.next = h.flags & XTR_VXLAN_P ? p[3] : 0;
	return h;
}

/* Writes eight bytes at p, reserved fields 0. Plain VXLAN: flags XTR_VXLAN_I. */
static inline void xtr_vxlan_write(uint8_t *p, const struct xtr_vxlan_hdr *h)
{
	uint32_t w0 = htonl((uint32_t)h->flags << 24 | (h->flags & XTR_VXLAN_P ? h->next : 0u));
	uint32_t w1 = htonl(h->flags & XTR_VXLAN_I ? h->vni << 8 : 0);

	memcpy(p, &w0, 4);
	memcpy(p + 4, &w1, 4);
}

#endif
