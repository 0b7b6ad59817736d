/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * LISP-SEC authentication data (RFC 9303 sections 6.1, 6.2): what an ECM and a Map-Reply with the S
 * bit carry. Bytes to structs of views and back; no cryptography. Needs libc only, any lcore.
 *
 * The three length fields count from themselves to the end of what they name: the text says so of
 * the EID-AD ("4 bytes, as it only fills the KDF ID"), the figures draw the brackets of OTK-AD and
 * PKT-AD so. A 128-bit one-time key and its 64-bit preamble make an OTK Length of 28.
 * Section 6.1 may be read otherwise too, as the length of preamble and key alone: 24 with wrapping
 * ID 1 or 2, whose keys have 128 bits, is read so, and otk_len is 24 both ways. We write 28.
 */
#ifndef XTR_WIRE_SEC_H
#define XTR_WIRE_SEC_H

#include "wire/msg.h"

#define XTR_SEC_AD_TYPE 1 /* ECM and Map-Reply AD type of LISP-SEC, RFC 9303 sections 8.1, 8.2 */

enum { /* RFC 9303 sections 8.3 to 8.5: HMAC IDs, key wrap IDs, KDF IDs */
	XTR_SEC_HMAC_NOPREF = 0,
	XTR_SEC_HMAC_SHA1_96 = 1,
	XTR_SEC_HMAC_SHA256_128 = 2,
	XTR_SEC_WRAP_NULL_128 = 1,
	XTR_SEC_WRAP_AES_128 = 2,
	XTR_SEC_KDF_NOPREF = 0,
	XTR_SEC_KDF_HKDF_SHA1_128 = 1,
	XTR_SEC_KDF_HKDF_SHA256 = 2,
};

/* EID Authentication Data. An ITR fills the KDF ID only: `records` is NULL then. */
struct xtr_sec_eid_ad {
	uint16_t kdf_id;
	uint8_t n_records;
	bool cant_sign;         /* E: ECM only */
	uint16_t hmac_id;       /* EID HMAC ID */
	const uint8_t *records; /* n_records EID records, xtr_sec_eid_next() */
	uint32_t records_len;   /* bytes at records */
	const uint8_t *hmac;    /* EID HMAC */
	uint16_t hmac_len;
};

/* ECM authentication data. */
struct xtr_sec_ecm {
	uint16_t hmac_id; /* Requested HMAC ID */
	uint8_t key_id, wrap_id;
	const uint8_t *otk; /* one-time key preamble and one-time key */
	uint16_t otk_len;   /* bytes at otk */
	struct xtr_sec_eid_ad eid_ad;
};

/* Map-Reply authentication data. */
struct xtr_sec_reply {
	struct xtr_sec_eid_ad eid_ad;
	uint16_t hmac_id;     /* PKT HMAC ID */
	const uint8_t *hmac;  /* PKT HMAC */
	uint16_t hmac_len;    /* bytes at hmac */
	uint32_t hmac_offset; /* of hmac, from the start of the message, to zero and to fill it */
};

/* The authentication data of a message read by xtr_msg_read(). False if it has none of type 1. */
bool xtr_sec_of_ecm(const struct xtr_msg *m, struct xtr_sec_ecm *sec);
bool xtr_sec_of_reply(const struct xtr_msg *m, struct xtr_sec_reply *sec);
/* Iterates the EID records (as a Map-Request's, N bit ignored); *cursor starts at NULL. */
bool xtr_sec_eid_next(
    const struct xtr_sec_eid_ad *ad, const uint8_t **cursor, struct xtr_request_rec *rec);

/* Ends a Map-Reply that was started with the S bit. Views are copied as they stand; records are
 * those that xtr_write_eid_rec() wrote to a buffer of the caller's. hmac_offset is not looked at:
 * the HMAC's place in the message is its last hmac_len bytes. */
void xtr_write_sec_reply(struct xtr_writer *w, const struct xtr_sec_reply *sec);
/* An ECM's is written by xtr_write_ecm_opts(); this writes it alone. Spoils the writer, as what is
 * not read again: an EID-AD with n_records or an HMAC but without records; 20 bytes at otk with
 * wrapping ID 1 or 2. Only the caller can know that n_records records are at `records`. */
void xtr_write_sec_ecm(struct xtr_writer *w, const struct xtr_sec_ecm *sec);

#endif
