/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Authentication data of Map-Register, Map-Notify and Map-Notify-Ack (RFC 9301 sections 5.6, 12.5).
 * OpenSSL's EVP_MAC and EVP_KDF do the work. Control lcore only (or any one thread an object).
 *
 * Algorithms 1 and 2 are HMAC with the secret as key. Algorithm 3 derives a key a message:
 * "KDF(nonce+PSK[Key ID],s)", s being "the salt", is read as HKDF-SHA256 (RFC 5869) with IKM  = the
 * nonce, 8 bytes as they stand in the message, followed by the secret, salt = "Map-Register
 * Authentication", "Map-Notify Authentication" or "Map-Notify-Ack Authentication" by message type,
 * without a zero byte, info = empty, L = 32 bytes, and the result is the key of HMAC-SHA-256. A
 * truncated MAC is the first bytes of the full one.
 */
#ifndef XTR_AUTH_H
#define XTR_AUTH_H

#include "wire/msg.h"

enum xtr_algorithm {
	XTR_ALG_NONE = 0,
	XTR_ALG_SHA1 = 1,        /* HMAC-SHA-1-96-None: only for peers that have no better */
	XTR_ALG_SHA256 = 2,      /* HMAC-SHA-256-128-None */
	XTR_ALG_SHA256_HKDF = 3, /* HMAC-SHA256-128+HKDF-SHA256 */
};

/* A pre-shared secret with its contexts. */
struct xtr_key;

/* Copies the secret (len bytes, at least one). Returns NULL if it is empty, memory is short, or
 * OpenSSL lacks an algorithm. */
struct xtr_key *xtr_key_create(const void *secret, size_t len);
/* Wipes and frees; NULL is allowed. */
void xtr_key_destroy(struct xtr_key *key);

/* "sha1", "sha256", "sha256-hkdf", "none" or "algorithm N"; static text. */
const char *xtr_algorithm_name(unsigned algorithm);
/* The reverse, -EINVAL for other words. */
int xtr_algorithm_parse(const char *text);

/* Bytes of authentication data: full (20, 32, 32: what deployed peers send, interop.md) or the
 * RFC's truncated length (12, 16, 16). 0 for other algorithms. */
size_t xtr_auth_len(unsigned algorithm, bool rfc_length);

/*
 * Fills the authentication data of the finished message of `len` bytes at `p`, whose field is
 * there; what it holds does not matter. The MAC covers the first `covered` bytes: len, or through
 * the last RLOC-record. Returns 0, -EBADMSG (no such field), -ENOTSUP (algorithm).
 */
int xtr_auth_sign(struct xtr_key *key, uint8_t *p, size_t len, size_t covered);

/*
 * Checks the authentication data of a message read by xtr_msg_read from `p`. Accepts the full and
 * the RFC's length, and coverage of the whole message or through the last RLOC-record. Constant
 * time in the data. `p` is not changed. Returns 0; -EKEYREJECTED: it does not match; -ENOTSUP:
 * algorithm or length.
 */
int xtr_auth_verify(struct xtr_key *key, const uint8_t *p, size_t len, const struct xtr_msg *m);

#endif
