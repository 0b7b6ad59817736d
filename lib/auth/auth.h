/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Authentication data of Map-Register, Map-Notify and Map-Notify-Ack (RFC 9301 sections 5.6, 12.5),
 * and of Info-Request and Info-Reply, whose field is the Map-Register's. OpenSSL's EVP_MAC and
 * EVP_KDF do the work. Control lcore only (or any one thread an object).
 *
 * Algorithms 1 and 2 are HMAC with the secret as key. Algorithm 3 derives a key a message:
 * "KDF(nonce+PSK[Key ID],s)", s being "the salt", is read as HKDF-SHA256 (RFC 5869) with IKM  = the
 * nonce, 8 bytes as they stand in the message, followed by the secret, salt = "Map-Register
 * Authentication", "Map-Notify Authentication" or "Map-Notify-Ack Authentication" by message type,
 * without a zero byte, info = empty, L = 32 bytes, and the result is the key of HMAC-SHA-256. For
 * Info messages no text gives a salt, so that they have no algorithm 3. A truncated MAC is the
 * first bytes of the full one.
 *
 * Algorithm 0, "none", has a key object of its own: what it signs must have no authentication data,
 * and what it verifies must say algorithm 0 and have none. All others refuse algorithm 0, so that
 * nobody is talked out of his secret.
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
/* The key of algorithm 0: no authentication. NULL if memory is short. */
struct xtr_key *xtr_key_create_none(void);
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
/* The same; where it returns 0, *covered is how many bytes the sender's MAC covers (0 for algorithm
 * 0), to do as he does in the answer. */
int xtr_auth_verify_covered(
    struct xtr_key *key, const uint8_t *p, size_t len, const struct xtr_msg *m, size_t *covered);

/*
 * Several secrets by key ID (RFC 9301 section 5.6: "The Key ID allows rotating between multiple
 * pre-shared secrets in a nondisruptive way"). Deployed peers write 0 or 1 there and mean the only
 * secret they have, so that one secret may be given for all key IDs that have none of their own.
 */
struct xtr_keyring;
#define XTR_KEY_ID_ANY (-1)

/* NULL if memory is short. */
struct xtr_keyring *xtr_keyring_create(void);
/* Wipes and frees the ring and its keys; NULL is allowed. */
void xtr_keyring_destroy(struct xtr_keyring *ring);
/* Gives key_id (0 to 255 or XTR_KEY_ID_ANY) a secret in the place of any that it had; len 0 takes
 * it away. 0, -EINVAL (key_id), -ENOMEM (as xtr_key_create; the old one stays). */
int xtr_keyring_set(struct xtr_keyring *ring, int key_id, const void *secret, size_t len);
/* The key that a message with this key ID is signed with, or NULL. */
struct xtr_key *xtr_keyring_get(const struct xtr_keyring *ring, uint8_t key_id);
/* As xtr_auth_verify_covered(), with the key that the message names; -ENOKEY: there is none. */
int xtr_keyring_verify(const struct xtr_keyring *ring, const uint8_t *p, size_t len,
    const struct xtr_msg *m, size_t *covered);

#endif
