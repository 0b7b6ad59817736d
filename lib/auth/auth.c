/* SPDX-License-Identifier: BSD-3-Clause */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include "auth/auth.h"
#include "wire/layout.h"

#define HKDF_KEY_LEN 32
#define MAC_MAX      32

/* RFC 9301 section 5.6, step 4: the salt says which message it is. */
enum { SALT_REGISTER, SALT_NOTIFY, SALT_NOTIFY_ACK, N_SALTS };
static const char *const salts[N_SALTS] = {
    [SALT_REGISTER] = "Map-Register Authentication",
    [SALT_NOTIFY] = "Map-Notify Authentication",
    [SALT_NOTIFY_ACK] = "Map-Notify-Ack Authentication",
};

/* By algorithm ID. RFC 9301 section 12.5; full lengths as deployed peers send them. */
static const struct {
	const char *name;
	const char *digest;
	uint8_t full, rfc; /* bytes */
} algorithms[] = {
    [XTR_ALG_NONE] = {"none", NULL, 0, 0},
    [XTR_ALG_SHA1] = {"sha1", "SHA1", 20, 12},
    [XTR_ALG_SHA256] = {"sha256", "SHA256", 32, 16},
    [XTR_ALG_SHA256_HKDF] = {"sha256-hkdf", "SHA256", 32, 16},
};
#define N_ALGORITHMS (sizeof algorithms / sizeof algorithms[0])

/*
 * All that does not change from message to message was done when the key was made: digests are
 * looked up, the inner and outer pads of HMAC are hashed. A message then only restarts a context.
 */
struct xtr_key {
	bool none; /* stands for algorithm 0; all below is NULL then */
	/* By algorithm ID. Keyed with the secret; algorithm 3's gets its key a message. */
	EVP_MAC_CTX *hmac[N_ALGORITHMS];
	EVP_KDF_CTX *hkdf[N_SALTS]; /* with digest and salt */
	size_t len;
	uint8_t *ikm; /* room for the nonce, then the secret: what HKDF starts from */
};

static EVP_MAC_CTX *hmac_new(EVP_MAC *mac, const char *digest, const uint8_t *secret, size_t len)
{
	EVP_MAC_CTX *ctx = EVP_MAC_CTX_new(mac);
	char name[8]; /* OSSL_PARAM takes no const */
	OSSL_PARAM params[2];

	snprintf(name, sizeof name, "%s", digest);
	params[0] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name, 0);
	params[1] = OSSL_PARAM_construct_end();
	if (ctx && EVP_MAC_init(ctx, secret, len, params) == 1)
		return ctx;
	EVP_MAC_CTX_free(ctx);
	return NULL;
}

static EVP_KDF_CTX *hkdf_new(EVP_KDF *kdf, const char *salt)
{
	EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(kdf);
	char sha256[] = "SHA256", copy[32];
	OSSL_PARAM params[3];

	snprintf(copy, sizeof copy, "%s", salt);
	params[0] = OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, sha256, 0);
	params[1] = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, copy, strlen(copy));
	params[2] = OSSL_PARAM_construct_end();
	if (ctx && EVP_KDF_CTX_set_params(ctx, params) == 1)
		return ctx;
	EVP_KDF_CTX_free(ctx);
	return NULL;
}

static int contexts_make(struct xtr_key *key)
{
	EVP_MAC *mac = EVP_MAC_fetch(NULL, OSSL_MAC_NAME_HMAC, NULL);
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, OSSL_KDF_NAME_HKDF, NULL);
	int ret = mac && kdf ? 0 : -ENOTSUP;

	/* The contexts keep what they need of mac and kdf. */
	for (size_t i = 0; ret == 0 && i < N_ALGORITHMS; i++) {
		if (!algorithms[i].digest)
			continue;
		key->hmac[i] =
		    hmac_new(mac, algorithms[i].digest, key->ikm + XTR_NONCE_LEN, key->len);
		if (!key->hmac[i])
			ret = -ENOTSUP;
	}
	for (size_t i = 0; ret == 0 && i < N_SALTS; i++) {
		key->hkdf[i] = hkdf_new(kdf, salts[i]);
		if (!key->hkdf[i])
			ret = -ENOTSUP;
	}
	EVP_MAC_free(mac);
	EVP_KDF_free(kdf);
	return ret;
}

struct xtr_key *xtr_key_create(const void *secret, size_t len)
{
	struct xtr_key *key;

	if (len == 0)
		return NULL;
	key = OPENSSL_zalloc(sizeof *key);
	if (!key)
		return NULL;
	key->len = len;
	key->ikm = OPENSSL_zalloc(XTR_NONCE_LEN + len);
	if (!key->ikm)
		goto fail;
	memcpy(key->ikm + XTR_NONCE_LEN, secret, len);
	if (contexts_make(key) < 0)
		goto fail;
	return key;
fail:
	xtr_key_destroy(key);
	return NULL;
}

struct xtr_key *xtr_key_create_none(void)
{
	struct xtr_key *key = OPENSSL_zalloc(sizeof *key);

	if (key)
		key->none = true;
	return key;
}

void xtr_key_destroy(struct xtr_key *key)
{
	if (!key)
		return;
	for (size_t i = 0; i < N_ALGORITHMS; i++)
		EVP_MAC_CTX_free(key->hmac[i]);
	for (size_t i = 0; i < N_SALTS; i++)
		EVP_KDF_CTX_free(key->hkdf[i]);
	if (key->ikm)
		OPENSSL_clear_free(key->ikm, XTR_NONCE_LEN + key->len);
	OPENSSL_clear_free(key, sizeof *key);
}

const char *xtr_algorithm_name(unsigned algorithm)
{
	/* One text a number, so that several may stand in one log line. */
	static char others[256][sizeof "algorithm 255"];

	if (algorithm < N_ALGORITHMS)
		return algorithms[algorithm].name;
	if (algorithm > 255)
		return "algorithm above 255";
	if (others[algorithm][0] == '\0')
		snprintf(others[algorithm], sizeof others[algorithm], "algorithm %u", algorithm);
	return others[algorithm];
}

int xtr_algorithm_parse(const char *text)
{
	for (size_t i = 0; i < N_ALGORITHMS; i++)
		if (strcmp(text, algorithms[i].name) == 0)
			return (int)i;
	return -EINVAL;
}

size_t xtr_auth_len(unsigned algorithm, bool rfc_length)
{
	if (algorithm >= N_ALGORITHMS)
		return 0;
	return rfc_length ? algorithms[algorithm].rfc : algorithms[algorithm].full;
}

/* The salt of a message type, or -1: it has no authentication data, or no text says what the salt
 * is. */
static int salt_of(unsigned type)
{
	switch (type) {
	case XTR_MSG_MAP_REGISTER:
		return SALT_REGISTER;
	case XTR_MSG_MAP_NOTIFY:
		return SALT_NOTIFY;
	case XTR_MSG_MAP_NOTIFY_ACK:
		return SALT_NOTIFY_ACK;
	default:
		return -1;
	}
}

/* All of them have it at the same place; an Info-Request's is "as for the Map-Register". */
static bool has_auth(unsigned type)
{
	return salt_of(type) >= 0 || type == XTR_MSG_INFO;
}

/* Is there such an algorithm with such a length, for this type of message? Not for "none". */
static bool is_supported(unsigned type, unsigned algorithm, size_t auth_len)
{
	if (xtr_auth_len(algorithm, false) == 0 ||
	    (algorithm == XTR_ALG_SHA256_HKDF && salt_of(type) < 0))
		return false;
	return auth_len == xtr_auth_len(algorithm, false) ||
	       auth_len == xtr_auth_len(algorithm, true);
}

/* per-msg-key = KDF(nonce + PSK, s), RFC 9301 section 5.6, step 4. */
static int hkdf(struct xtr_key *key, const uint8_t *p, uint8_t *out)
{
	OSSL_PARAM params[2];

	memcpy(key->ikm, p + XTR_NONCE_AT, XTR_NONCE_LEN);
	params[0] = OSSL_PARAM_construct_octet_string(
	    OSSL_KDF_PARAM_KEY, key->ikm, XTR_NONCE_LEN + key->len);
	params[1] = OSSL_PARAM_construct_end();
	if (EVP_KDF_derive(key->hkdf[salt_of(p[0] >> 4)], out, HKDF_KEY_LEN, params) == 1)
		return 0;
	return -ENOTSUP;
}

/* Restarts the HMAC context that the message at p asks for. NULL if OpenSSL does not want to. */
static EVP_MAC_CTX *hmac_start(struct xtr_key *key, const uint8_t *p)
{
	unsigned algorithm = p[XTR_ALGORITHM_AT];
	EVP_MAC_CTX *ctx = key->hmac[algorithm];
	uint8_t derived[HKDF_KEY_LEN];
	bool good;

	if (algorithm != XTR_ALG_SHA256_HKDF)
		return EVP_MAC_init(ctx, NULL, 0, NULL) == 1 ? ctx : NULL;
	good = hkdf(key, p, derived) == 0 && EVP_MAC_init(ctx, derived, sizeof derived, NULL) == 1;
	OPENSSL_cleanse(derived, sizeof derived);
	return good ? ctx : NULL;
}

/*
 * The whole MAC over the first `covered` bytes at p, the auth_len bytes of authentication data
 * taken as zero (RFC 9301 section 5.6, step 5). 0 or -ENOTSUP.
 */
static int mac_compute(
    struct xtr_key *key, const uint8_t *p, unsigned auth_len, size_t covered, uint8_t *mac)
{
	uint8_t head[XTR_AUTH_DATA_AT + MAC_MAX] = {0};
	size_t after = XTR_AUTH_DATA_AT + auth_len, n = 0;
	EVP_MAC_CTX *ctx = hmac_start(key, p);

	memcpy(head, p, XTR_AUTH_DATA_AT);
	if (ctx && EVP_MAC_update(ctx, head, after) == 1 &&
	    EVP_MAC_update(ctx, p + after, covered - after) == 1 &&
	    EVP_MAC_final(ctx, mac, &n, MAC_MAX) == 1)
		return 0;
	return -ENOTSUP;
}

int xtr_auth_sign(struct xtr_key *key, uint8_t *p, size_t len, size_t covered)
{
	uint8_t mac[MAC_MAX];
	unsigned algorithm, auth_len;
	int ret;

	if (len < XTR_AUTH_DATA_AT || covered > len || covered < XTR_AUTH_DATA_AT ||
	    !has_auth(p[0] >> 4))
		return -EBADMSG;
	algorithm = p[XTR_ALGORITHM_AT];
	auth_len = (unsigned)p[XTR_AUTH_LEN_AT] << 8 | p[XTR_AUTH_LEN_AT + 1];
	/* A secret must not let a message go out open, nor "none" one that looks signed. */
	if (key->none)
		return algorithm != XTR_ALG_NONE ? -ENOTSUP : auth_len != 0 ? -EBADMSG : 0;
	if (xtr_auth_len(algorithm, false) == 0)
		return -ENOTSUP;
	if (!is_supported(p[0] >> 4, algorithm, auth_len))
		return algorithm == XTR_ALG_SHA256_HKDF && salt_of(p[0] >> 4) < 0 ? -ENOTSUP
										  : -EBADMSG;
	if (XTR_AUTH_DATA_AT + auth_len > covered)
		return -EBADMSG;
	ret = mac_compute(key, p, auth_len, covered, mac);
	if (ret < 0)
		return ret;
	memcpy(p + XTR_AUTH_DATA_AT, mac, auth_len);
	return 0;
}

int xtr_auth_verify_covered(
    struct xtr_key *key, const uint8_t *p, size_t len, const struct xtr_msg *m, size_t *covered)
{
	/* Deployed peers cover the whole message, RFC 9301 5.6 step 5 ends at the last RLOC-record.
	 */
	const size_t ends[2] = {len, m->records_end};
	uint8_t mac[MAC_MAX];
	int ret;

	if (!has_auth(m->type) || m->auth_offset != XTR_AUTH_DATA_AT || m->records_end > len ||
	    m->records_end < XTR_AUTH_DATA_AT + (size_t)m->auth_len)
		return -EKEYREJECTED;
	/* Who has no secret takes what says that it has none, and nothing else: a MAC that nobody
	 * checks is no better than a wrong one. Who has a secret is not talked out of it. */
	if (key->none) {
		*covered = 0;
		return m->algorithm == XTR_ALG_NONE && m->auth_len == 0 ? 0 : -EKEYREJECTED;
	}
	if (!is_supported(m->type, m->algorithm, m->auth_len))
		return -ENOTSUP;
	for (int i = 0; i < (m->records_end == len ? 1 : 2); i++) {
		ret = mac_compute(key, p, m->auth_len, ends[i], mac);
		if (ret < 0)
			return ret;
		if (CRYPTO_memcmp(mac, p + XTR_AUTH_DATA_AT, m->auth_len) == 0) {
			*covered = ends[i];
			return 0;
		}
	}
	return -EKEYREJECTED;
}

int xtr_auth_verify(struct xtr_key *key, const uint8_t *p, size_t len, const struct xtr_msg *m)
{
	size_t covered;

	return xtr_auth_verify_covered(key, p, len, m, &covered);
}
