/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The LISP data header, eight bytes after UDP 4341 (RFC 9300 section 5.1 to 5.3, RFC 9305 for the P
 * bit). Inline, for workers. Words are kept in host order here and stored in network order.
 */
#ifndef XTR_WIRE_DATA_H
#define XTR_WIRE_DATA_H

#include <stdint.h>
#include <string.h>
#include <arpa/inet.h>

#define XTR_PORT_DATA    4341
#define XTR_PORT_CONTROL 4342
#define XTR_DATA_HDR_LEN 8

/* Flags in the first byte, RFC 9300 section 5.3 (P: RFC 9305 section 3). */
#define XTR_DATA_N  0x80 /* nonce present */
#define XTR_DATA_L  0x40 /* locator-status-bits present */
#define XTR_DATA_E  0x20 /* echo-nonce request, only with N */
#define XTR_DATA_V  0x10 /* map-versions present, excludes N */
#define XTR_DATA_I  0x08 /* instance-ID present */
#define XTR_DATA_P  0x04 /* LISP-GPE: last byte of the first word is the next protocol */
#define XTR_DATA_KK 0x03 /* payload is encrypted, RFC 8061 */

#define XTR_GPE_IPV4 1 /* RFC 9305 section 3: next protocol */
#define XTR_GPE_IPV6 2

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

/* The second word in network order: instance-ID and locator-status-bits as the flags ask for. */
static inline uint32_t xtr_data_word1(uint8_t flags, uint32_t iid, uint32_t lsb)
{
	if (!(flags & XTR_DATA_L))
		lsb = 0;
	return htonl(flags & XTR_DATA_I ? iid << 8 | (lsb & 0xff) : lsb);
}

/* The first word in network order. */
static inline uint32_t xtr_data_word0(uint8_t flags, uint32_t nonce)
{
	return htonl((uint32_t)flags << 24 | (nonce & 0xffffff));
}

#endif
