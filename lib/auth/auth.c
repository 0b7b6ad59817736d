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

#define NONCE_AT     4
#define NONCE_LEN    8
#define ALGORITHM_AT 13
#define LENGTH_AT    14
#define DATA_AT      16
#define HKDF_KEY_LEN 32
#define MAC_MAX      32

struct xtr_key {
	EVP_MAC_CTX *hmac;
	EVP_KDF_CTX *hkdf;
	size_t len;
	uint8_t *ikm; /* room for the nonce, then the secret: what HKDF starts from */
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

struct xtr_key *xtr_key_create(const void *secret, size_t len)
{
	struct xtr_key *key;
	EVP_MAC *mac = NULL;
	EVP_KDF *kdf = NULL;

	if (len == 0)
		return NULL;
	key = OPENSSL_zalloc(sizeof *key);
	if (!key)
		return NULL;
	key->len = len;
	key->ikm = OPENSSL_malloc(NONCE_LEN + len);
	if (!key->ikm)
		goto fail;
	memset(key->ikm, 0, NONCE_LEN);
	memcpy(key->ikm + NONCE_LEN, secret, len);

	/* The contexts keep what they need of these; a digest that is missing shows here and not at
	 * the first message. */
	mac = EVP_MAC_fetch(NULL, OSSL_MAC_NAME_HMAC, NULL);
	kdf = EVP_KDF_fetch(NULL, OSSL_KDF_NAME_HKDF, NULL);
	if (!mac || !kdf)
		goto fail;
	key->hmac = EVP_MAC_CTX_new(mac);
	key->hkdf = EVP_KDF_CTX_new(kdf);
	if (!key->hmac || !key->hkdf)
		goto fail;
	for (size_t i = 0; i < N_ALGORITHMS; i++) {
		EVP_MD *md;

		if (!algorithms[i].digest)
			continue;
		md = EVP_MD_fetch(NULL, algorithms[i].digest, NULL);
		if (!md)
			goto fail;
		EVP_MD_free(md);
	}
	EVP_MAC_free(mac);
	EVP_KDF_free(kdf);
	return key;
fail:
	EVP_MAC_free(mac);
	EVP_KDF_free(kdf);
	xtr_key_destroy(key);
	return NULL;
}

void xtr_key_destroy(struct xtr_key *key)
{
	if (!key)
		return;
	EVP_MAC_CTX_free(key->hmac);
	EVP_KDF_CTX_free(key->hkdf);
	OPENSSL_clear_free(key->ikm, NONCE_LEN + key->len);
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

/* RFC 9301 section 5.6, step 4: the salt says which message it is. */
static const char *salt_of(unsigned type)
{
	switch (type) {
	case XTR_MSG_MAP_REGISTER:
		return "Map-Register Authentication";
	case XTR_MSG_MAP_NOTIFY:
		return "Map-Notify Authentication";
	case XTR_MSG_MAP_NOTIFY_ACK:
		return "Map-Notify-Ack Authentication";
	default:
		return NULL;
	}
}

/* per-msg-key = KDF(nonce + PSK, s), RFC 9301 section 5.6, step 4. */
static int hkdf(struct xtr_key *key, const uint8_t *p, const char *salt, uint8_t *out)
{
	char sha256[] = "SHA256";
	char salt_copy[32]; /* OSSL_PARAM takes no const */
	size_t salt_len = strlen(salt);
	OSSL_PARAM params[4];

	memcpy(key->ikm, p + NONCE_AT, NONCE_LEN);
	memcpy(salt_copy, salt, salt_len);
	params[0] = OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, sha256, 0);
	params[1] =
	    OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, key->ikm, NONCE_LEN + key->len);
	params[2] = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, salt_copy, salt_len);
	params[3] = OSSL_PARAM_construct_end();
	EVP_KDF_CTX_reset(key->hkdf);
	return EVP_KDF_derive(key->hkdf, out, HKDF_KEY_LEN, params) == 1 ? 0 : -ENOTSUP;
}

/*
 * The whole MAC over the first `covered` bytes at p, the auth_len bytes of authentication data
 * taken as zero (RFC 9301 section 5.6, step 5). 0 or -ENOTSUP.
 */
static int mac_compute(
    struct xtr_key *key, const uint8_t *p, unsigned auth_len, size_t covered, uint8_t *mac)
{
	static const uint8_t zeros[XTR_AUTH_MAX];
	unsigned algorithm = p[ALGORITHM_AT];
	uint8_t derived[HKDF_KEY_LEN];
	const uint8_t *secret = key->ikm + NONCE_LEN;
	size_t secret_len = key->len, after = DATA_AT + auth_len, n = 0;
	char digest[8];
	OSSL_PARAM params[2];
	int ret = -ENOTSUP;

	if (algorithm == XTR_ALG_SHA256_HKDF) {
		ret = hkdf(key, p, salt_of(p[0] >> 4), derived);
		if (ret < 0)
			return ret;
		secret = derived;
		secret_len = sizeof derived;
		ret = -ENOTSUP;
	}
	snprintf(digest, sizeof digest, "%s", algorithms[algorithm].digest);
	params[0] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0);
	params[1] = OSSL_PARAM_construct_end();
	if (EVP_MAC_init(key->hmac, secret, secret_len, params) == 1 &&
	    EVP_MAC_update(key->hmac, p, DATA_AT) == 1 &&
	    EVP_MAC_update(key->hmac, zeros, auth_len) == 1 &&
	    EVP_MAC_update(key->hmac, p + after, covered - after) == 1 &&
	    EVP_MAC_final(key->hmac, mac, &n, MAC_MAX) == 1)
		ret = 0;
	OPENSSL_cleanse(derived, sizeof derived);
	return ret;
}

int xtr_auth_sign(struct xtr_key *key, uint8_t *p, size_t len, size_t covered)
{
	uint8_t mac[MAC_MAX];
	unsigned algorithm, auth_len;
	int ret;

	if (len < DATA_AT || covered > len || !salt_of(p[0] >> 4))
		return -EBADMSG;
	algorithm = p[ALGORITHM_AT];
	if (xtr_auth_len(algorithm, false) == 0)
		return -ENOTSUP;
	auth_len = (unsigned)p[LENGTH_AT] << 8 | p[LENGTH_AT + 1];
	if ((auth_len != xtr_auth_len(algorithm, false) &&
		auth_len != xtr_auth_len(algorithm, true)) ||
	    DATA_AT + auth_len > covered)
		return -EBADMSG;
	ret = mac_compute(key, p, auth_len, covered, mac);
	if (ret < 0)
		return ret;
	memcpy(p + DATA_AT, mac, auth_len);
	return 0;
}

int xtr_auth_verify(struct xtr_key *key, const uint8_t *p, size_t len, const struct xtr_msg *m)
{
	/* Deployed peers cover the whole message, RFC 9301 5.6 step 5 ends at the last RLOC-record.
	 */
	const size_t covered[2] = {len, m->records_end};
	uint8_t mac[MAC_MAX];
	int ret;

	if (!salt_of(m->type) || m->auth_offset != DATA_AT || m->records_end > len ||
	    m->records_end < DATA_AT + (size_t)m->auth_len)
		return -EKEYREJECTED;
	if (xtr_auth_len(m->algorithm, false) == 0 ||
	    (m->auth_len != xtr_auth_len(m->algorithm, false) &&
		m->auth_len != xtr_auth_len(m->algorithm, true)))
		return -ENOTSUP;
	for (int i = 0; i < (m->records_end == len ? 1 : 2); i++) {
		ret = mac_compute(key, p, m->auth_len, covered[i], mac);
		if (ret < 0)
			return ret;
		if (CRYPTO_memcmp(mac, p + DATA_AT, m->auth_len) == 0)
			return 0;
	}
	return -EKEYREJECTED;
}
