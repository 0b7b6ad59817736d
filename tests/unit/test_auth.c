/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Authentication data against values that Python's hmac made, none of our code involved:
 *
 *   import hmac
 *   K = b"Zaq12wsx!@"
 *   HEAD = {3: "32000101", 4: "40000001", 5: "50000001"}
 *   NONCE = "6a2b000000000007"
 *   REC = "000005a001181000000000010a01010001" "32ff00000500" "01ac100102"
 *   IDS = "000102030405060708090a0b0c0d0e0f" "a0a1a2a3a4a5a6a7"
 *   SALT = {3: b"Map-Register", 4: b"Map-Notify", 5: b"Map-Notify-Ack"}
 *   for t in 3, 4, 5:
 *       for alg, full, rfc in (1, 20, 12), (2, 32, 16), (3, 32, 16):
 *           for n in full, rfc:
 *               for ids in True, False:
 *                   m = bytes.fromhex(HEAD[t] + NONCE + "01%02x%04x" % (alg, n) + "00" * n + REC +
 * (IDS if ids else "")) key = K if alg == 3:  # RFC 5869: extract, then one block of expand prk =
 * hmac.digest(SALT[t] + b" Authentication", m[4:12] + K, "sha256") key = hmac.digest(prk, b"\x01",
 * "sha256") mac = hmac.digest(key, m, "sha1" if alg == 1 else "sha256")[:n] print('{%d, %d, %d, %s,
 * "%s"},' % (t, alg, n, "true" if ids else "false", mac.hex()))
 *
 * The last but one column says whether xTR-ID and Site-ID are covered ("whole") or left out
 * ("through the last RLOC-record").
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/crypto.h>

#include "auth/auth.h"

static const char secret[] = "Zaq12wsx!@";

static const struct vector {
	unsigned type, algorithm, len;
	bool whole;
	const char *mac;
} vectors[] = {
    /* clang-format off */
    {3, 1, 20, true, "40c52a3ba6b2ae7eac8b120519492f2435b512f5"},
    {3, 1, 20, false, "a62b87efffceec1a91a4f953878451adc2cbc946"},
    {3, 1, 12, true, "1dc17cc69735c4e074a52595"},
    {3, 1, 12, false, "6bf2b3d928c8acd487e911f4"},
    {3, 2, 32, true, "34bb99321f5e414b4f00189dd8fc21e8ca5ab3bc599eacf4f50b881d1ed9f779"},
    {3, 2, 32, false, "57ab4b3baf3988560a66cdebba1d4de781c13369302aa32fef636fc3a50c5c00"},
    {3, 2, 16, true, "4f6a83db47f03699c91a5989eb5c3d48"},
    {3, 2, 16, false, "0bf3fbbdcfa2f89c50dd10225298adc9"},
    {3, 3, 32, true, "441e91cfd38f7a3abb1dad5acaa475eb5dc9f3ada7224a3f7fd94568825d540d"},
    {3, 3, 32, false, "cd890760e807940e1cc70458d012b7154632b27ad078273e32a8b9615dd9feee"},
    {3, 3, 16, true, "3e5db905213a1a4bafebe111d527839d"},
    {3, 3, 16, false, "83c449b8f3c119368ca9f1e816f9a72c"},
    {4, 1, 20, true, "ef7f5aff5215a49f0ad6a2121d3646298a053831"},
    {4, 1, 20, false, "53cd4a88e7713c6bf1ecbc323211add3526f27fc"},
    {4, 1, 12, true, "bb45d71f09723f2392b98882"},
    {4, 1, 12, false, "6cb7171737f7324cff736c51"},
    {4, 2, 32, true, "ab3bf361d95feb1b0ca026b24ca0b3adf002937894c02bcdfd1a15bdb06c1a29"},
    {4, 2, 32, false, "a997e22a2553fa57f55209e42dcf58a8e7df33b79baba2f0d8d8baa4b8ac9cc7"},
    {4, 2, 16, true, "52efc683e3bac047cde9be7696544e87"},
    {4, 2, 16, false, "a46673c26a1a870d88000faf97d0fdc0"},
    {4, 3, 32, true, "7ec31747029ffc91aef9d65f7925950d8f4a1f246414ad5200edb20692f526cf"},
    {4, 3, 32, false, "1de72e0713ea9a05fd6fa5e016e4a60e717de7e133ffdd156ae94136bba53c29"},
    {4, 3, 16, true, "20fb80bc57b163c3c551fb7ed4e8ca23"},
    {4, 3, 16, false, "21c4a73daf0390dcada0940e107889e8"},
    {5, 1, 20, true, "af3becf35ddd4198c7752fe44b6a0f96a956ce21"},
    {5, 1, 20, false, "ee12d9fee113c88ad8c443e7d0347e26b4cd9efc"},
    {5, 1, 12, true, "90978b40f01e8408ad50502a"},
    {5, 1, 12, false, "b8af8793ac8e578212b40a7b"},
    {5, 2, 32, true, "e715ca14c9a571801568b379936f1fe5df2dea4e1aa9710debe94d204c3a7b63"},
    {5, 2, 32, false, "d7ff8177fea56febad4249896b7b68ae5bbd52a67351126da29a6b71ac07047e"},
    {5, 2, 16, true, "95371bcb352d761090a31f9393d4e038"},
    {5, 2, 16, false, "d17f8c3535c76f0ea5d41d71ee3346a2"},
    {5, 3, 32, true, "fc666333e628163ea6b60ecc8c565414bd611be1e75c08f29ca61a10f93de38f"},
    {5, 3, 32, false, "a8698a8a5f7e0f926e71c5cbfb0589768b6aa22931b2854a5f23121f3230a2dd"},
    {5, 3, 16, true, "929f2a222241d00671ff0b55da08d9ea"},
    {5, 3, 16, false, "441459c7a217eb137aa342ff04ca0f12"},
    /* clang-format on */
};
#define N_VECTORS (sizeof vectors / sizeof vectors[0])

static const char nonce_hex[] = "6a2b000000000007";
static const char record_hex[] = "000005a001181000000000010a0101000132ff0000050001ac100102";
static const char ids_hex[] = "000102030405060708090a0b0c0d0e0fa0a1a2a3a4a5a6a7";

struct message {
	uint8_t p[256];
	size_t len, records_end;
};

static size_t hex_put(uint8_t *p, const char *hex)
{
	size_t n = 0;
	unsigned v;

	for (; *hex; hex += 2) {
		assert_int_equal(sscanf(hex, "%2x", &v), 1);
		p[n++] = (uint8_t)v;
	}
	return n;
}

/* The message of a vector, its authentication data filled with `fill`. */
static struct message message_make(
    unsigned type, unsigned algorithm, unsigned auth_len, bool ids, uint8_t fill)
{
	struct message m = {.len = 0};
	size_t n;

	n = hex_put(m.p, type == 3 ? "32000101" : type == 4 ? "40000001" : "50000001");
	n += hex_put(m.p + n, nonce_hex);
	m.p[n++] = 1;
	m.p[n++] = (uint8_t)algorithm;
	m.p[n++] = (uint8_t)(auth_len >> 8);
	m.p[n++] = (uint8_t)auth_len;
	memset(m.p + n, fill, auth_len);
	n += auth_len;
	n += hex_put(m.p + n, record_hex);
	m.records_end = n;
	if (ids)
		n += hex_put(m.p + n, ids_hex);
	m.len = n;
	return m;
}

static int verify(struct xtr_key *key, const struct message *msg)
{
	/* On the heap and of exactly its size, so that reading too far shows under ASan. */
	uint8_t *p = malloc(msg->len);
	struct xtr_wire_err err;
	struct xtr_msg m;
	int ret;

	memcpy(p, msg->p, msg->len);
	ret = xtr_msg_read(p, msg->len, &m, &err);
	if (ret == 0)
		ret = xtr_auth_verify(key, p, msg->len, &m);
	assert_memory_equal(p, msg->p, msg->len);
	free(p);
	return ret;
}

static int setup(void **state)
{
	*state = xtr_key_create(secret, sizeof secret - 1);
	return *state ? 0 : -1;
}

static int teardown(void **state)
{
	xtr_key_destroy(*state);
	return 0;
}

/* What we make is what Python made; where IDs are there, for both coverages. What was in the field
 * before does not matter. */
static void test_sign(void **state)
{
	for (size_t i = 0; i < N_VECTORS; i++) {
		const struct vector *v = &vectors[i];
		uint8_t mac[32];

		assert_int_equal(hex_put(mac, v->mac), v->len);
		for (unsigned fill = 0; fill < 256; fill += 255) {
			struct message m =
			    message_make(v->type, v->algorithm, v->len, v->whole, (uint8_t)fill);

			assert_int_equal(xtr_auth_sign(*state, m.p, m.len, m.len), 0);
			assert_memory_equal(m.p + 16, mac, v->len);
			/* With IDs that are not covered, the MAC is that of the message without
			 * them (a Map-Register's I bit is set in both). */
			if (!v->whole) {
				m = message_make(
				    v->type, v->algorithm, v->len, true, (uint8_t)fill);
				assert_int_equal(
				    xtr_auth_sign(*state, m.p, m.len, m.records_end), 0);
				assert_memory_equal(m.p + 16, mac, v->len);
			}
		}
	}
}

static void test_verify(void **state)
{
	for (size_t i = 0; i < N_VECTORS; i++) {
		const struct vector *v = &vectors[i];
		struct message m = message_make(v->type, v->algorithm, v->len, true, 0);

		assert_int_equal(verify(*state, &m), -EKEYREJECTED);
		hex_put(m.p + 16, v->mac);
		assert_int_equal(verify(*state, &m), 0);
	}
}

/* Any bit of what is covered, flipped, is noticed. */
static void test_tampered(void **state)
{
	for (size_t i = 0; i < N_VECTORS; i++) {
		const struct vector *v = &vectors[i];
		struct message good = message_make(v->type, v->algorithm, v->len, true, 0);

		hex_put(good.p + 16, v->mac);
		for (size_t bit = 0; bit < good.len * 8; bit++) {
			struct message m = good;
			int ret;

			m.p[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
			ret = verify(*state, &m);
			if (!v->whole && bit / 8 >= m.records_end)
				assert_int_equal(ret, 0); /* RFC 9301 5.6 leaves the IDs out */
			else
				assert_true(ret < 0);
		}
	}
}

static void test_wrong_key(void **state)
{
	static const char *const others[] = {"Zaq12wsx!", "Zaq12wsx!@ ", "zaq12wsx!@", "x"};

	for (size_t k = 0; k < sizeof others / sizeof others[0]; k++) {
		struct xtr_key *key = xtr_key_create(others[k], strlen(others[k]));

		assert_non_null(key);
		for (size_t i = 0; i < N_VECTORS; i++) {
			struct message m = message_make(
			    vectors[i].type, vectors[i].algorithm, vectors[i].len, true, 0);

			hex_put(m.p + 16, vectors[i].mac);
			assert_int_equal(verify(key, &m), -EKEYREJECTED);
		}
		xtr_key_destroy(key);
	}
	assert_null(xtr_key_create("", 0));
	xtr_key_destroy(NULL);
}

/* Algorithms and lengths that are none, and messages that have no such field. */
static void test_unsupported(void **state)
{
	struct xtr_wire_err err;
	struct xtr_msg msg;
	struct message m;

	for (unsigned algorithm = 0; algorithm < 256; algorithm++) {
		for (unsigned len = 0; len <= XTR_AUTH_MAX; len++) {
			bool known =
			    (algorithm == 1 && (len == 12 || len == 20)) ||
			    ((algorithm == 2 || algorithm == 3) && (len == 16 || len == 32));

			m = message_make(3, algorithm, len, true, 0);
			assert_int_equal(verify(*state, &m), known ? -EKEYREJECTED : -ENOTSUP);
			if (algorithm == 0 || algorithm > 3)
				assert_int_equal(
				    xtr_auth_sign(*state, m.p, m.len, m.len), -ENOTSUP);
			else
				assert_int_equal(
				    xtr_auth_sign(*state, m.p, m.len, m.len), known ? 0 : -EBADMSG);
		}
	}
	m = message_make(3, 2, 32, true, 0);
	for (size_t len = 0; len < 16 + 32; len++) {
		assert_int_equal(xtr_auth_sign(*state, m.p, len, len), -EBADMSG);
		assert_int_equal(xtr_auth_sign(*state, m.p, m.len, len), -EBADMSG);
	}
	assert_int_equal(xtr_auth_sign(*state, m.p, m.len, m.len + 1), -EBADMSG);
	/* A message read that has no authentication data, and one of which less is given than was
	 * read. */
	assert_int_equal(
	    xtr_auth_verify(*state, m.p, m.len, &(struct xtr_msg){.type = XTR_MSG_MAP_REPLY}),
	    -EKEYREJECTED);
	assert_int_equal(xtr_msg_read(m.p, m.len, &msg, &err), 0);
	assert_int_equal(xtr_auth_sign(*state, m.p, m.len, m.len), 0);
	assert_int_equal(xtr_auth_verify(*state, m.p, m.len, &msg), 0);
	assert_int_equal(xtr_auth_verify(*state, m.p, m.records_end - 1, &msg), -EKEYREJECTED);
	m.p[0] = 0x10; /* a Map-Request */
	assert_int_equal(xtr_auth_sign(*state, m.p, m.len, m.len), -EBADMSG);
}

/* OpenSSL's allocations: the one that is `fail_in` away fails, none below 0. */
static int fail_in = -1;

static bool is_short(void)
{
	return fail_in >= 0 && fail_in-- == 0;
}

static void *short_malloc(size_t n, const char *file, int line)
{
	return is_short() ? NULL : malloc(n);
}

static void *short_realloc(void *p, size_t n, const char *file, int line)
{
	return is_short() ? NULL : realloc(p, n);
}

static void short_free(void *p, const char *file, int line)
{
	free(p);
}

/* Algorithm 0 goes with the key that stands for it, and with no other. */
static void test_none(void **state)
{
	struct xtr_key *none = xtr_key_create_none();
	struct message m = message_make(3, 0, 0, true, 0), before = m;
	size_t covered = 1;
	struct xtr_wire_err err;
	struct xtr_msg msg;

	assert_non_null(none);
	assert_int_equal(xtr_auth_sign(none, m.p, m.len, m.len), 0);
	assert_memory_equal(m.p, before.p, m.len);
	assert_int_equal(verify(none, &m), 0);
	assert_int_equal(xtr_msg_read(m.p, m.len, &msg, &err), 0);
	assert_int_equal(xtr_auth_verify_covered(none, m.p, m.len, &msg, &covered), 0);
	assert_int_equal(covered, 0);
	assert_int_equal(verify(*state, &m), -ENOTSUP);
	assert_int_equal(xtr_auth_sign(*state, m.p, m.len, m.len), -ENOTSUP);
	/* data where there must be none; a MAC, right or wrong, that "none" cannot judge */
	m = message_make(3, 0, 12, true, 0);
	assert_int_equal(verify(none, &m), -EKEYREJECTED);
	assert_int_equal(xtr_auth_sign(none, m.p, m.len, m.len), -EBADMSG);
	for (size_t i = 0; i < N_VECTORS; i++) {
		const struct vector *v = &vectors[i];

		m = message_make(v->type, v->algorithm, v->len, true, 0);
		assert_int_equal(xtr_auth_sign(none, m.p, m.len, m.len), -ENOTSUP);
		hex_put(m.p + 16, v->mac);
		assert_int_equal(verify(*state, &m), 0);
		assert_int_equal(verify(none, &m), -EKEYREJECTED);
	}
	xtr_key_destroy(none);
}

/* The coverage found is the sender's, so that an answer can have the same. */
static void test_covered(void **state)
{
	for (size_t i = 0; i < N_VECTORS; i++) {
		const struct vector *v = &vectors[i];
		struct message m = message_make(v->type, v->algorithm, v->len, true, 0);
		struct xtr_wire_err err;
		struct xtr_msg msg;
		size_t covered = 0;

		hex_put(m.p + 16, v->mac);
		assert_int_equal(xtr_msg_read(m.p, m.len, &msg, &err), 0);
		assert_int_equal(xtr_auth_verify_covered(*state, m.p, m.len, &msg, &covered), 0);
		assert_int_equal(covered, v->whole ? m.len : m.records_end);
	}
}

/* One key object for messages of all kinds in any order: nothing of one is left for the next, also
 * where a message was refused. */
static void test_reuse(void **state)
{
	for (unsigned round = 0; round < 2000; round++) {
		const struct vector *v = &vectors[(round * 7919u) % N_VECTORS];
		struct message m = message_make(v->type, v->algorithm, v->len, true, 0);

		hex_put(m.p + 16, v->mac);
		if (round % 3 == 0) {
			m.p[16 + round % v->len] ^= 1;
			assert_int_equal(verify(*state, &m), -EKEYREJECTED);
			m.p[16 + round % v->len] ^= 1;
		}
		assert_int_equal(verify(*state, &m), 0);
	}
}

/*
 * An Info-Request has its authentication data where a Map-Register has. By Python:
 *   m = bytes.fromhex("70000000" + NONCE + "0002" "0020" + "00" * 32 + "000005a0" "00" "18" "0001"
 *       "0a010100" "0000"); hmac.digest(K, m, "sha256").hex()
 */
static void test_info(void **state)
{
	static const char mac_hex[] =
	    "7bf6dd9ac5f50990dba270047d77908aca323edf715705ee09bc8cb959ed8aa7";
	struct message m = {.len = 0};
	uint8_t mac[32];

	m.len = hex_put(m.p, "70000000");
	m.len += hex_put(m.p + m.len, nonce_hex);
	m.len += hex_put(m.p + m.len, "00020020");
	m.len += sizeof mac;
	m.len += hex_put(m.p + m.len, "000005a0001800010a0101000000");
	assert_int_equal(hex_put(mac, mac_hex), sizeof mac);
	assert_int_equal(xtr_auth_sign(*state, m.p, m.len, m.len), 0);
	assert_memory_equal(m.p + 16, mac, sizeof mac);
	assert_int_equal(verify(*state, &m), 0);
	m.p[m.len - 4] ^= 1;
	assert_int_equal(verify(*state, &m), -EKEYREJECTED);
	m.p[13] = XTR_ALG_SHA256_HKDF; /* there is no salt for it */
	assert_int_equal(verify(*state, &m), -ENOTSUP);
	assert_int_equal(xtr_auth_sign(*state, m.p, m.len, m.len), -ENOTSUP);
}

/* A message of key ID `id`, signed with a secret. */
static struct message message_signed(const char *with, uint8_t id)
{
	struct xtr_key *key = xtr_key_create(with, strlen(with));
	struct message m = message_make(3, 2, 32, true, 0);

	assert_non_null(key);
	m.p[12] = id;
	assert_int_equal(xtr_auth_sign(key, m.p, m.len, m.len), 0);
	xtr_key_destroy(key);
	return m;
}

static int ring_verify(const struct xtr_keyring *ring, const struct message *m)
{
	struct xtr_wire_err err;
	struct xtr_msg msg;
	size_t covered = 0;
	int ret;

	assert_int_equal(xtr_msg_read(m->p, m->len, &msg, &err), 0);
	ret = xtr_keyring_verify(ring, m->p, m->len, &msg, &covered);
	assert_int_equal(covered, ret == 0 ? m->len : 0);
	return ret;
}

/* RFC 9301 section 5.6: key IDs let secrets be rotated. */
static void test_keyring(void **state)
{
	struct message of_old = message_signed("old", 1), of_new = message_signed("new", 2);
	struct message stranger = message_signed("old", 7);
	struct xtr_keyring *ring = xtr_keyring_create();

	assert_non_null(ring);
	assert_int_equal(ring_verify(ring, &of_old), -ENOKEY);
	assert_int_equal(xtr_keyring_set(ring, 1, "old", 3), 0);
	assert_int_equal(xtr_keyring_set(ring, 2, "new", 3), 0);
	assert_int_equal(ring_verify(ring, &of_old), 0);
	assert_int_equal(ring_verify(ring, &of_new), 0);
	/* the right secret under another's ID is wrong */
	of_old.p[12] = 2;
	assert_int_equal(ring_verify(ring, &of_old), -EKEYREJECTED);
	of_old.p[12] = 1;
	assert_int_equal(ring_verify(ring, &stranger), -ENOKEY);
	assert_null(xtr_keyring_get(ring, 0));
	assert_null(xtr_keyring_get(ring, 255));
	/* one for all that have none of their own */
	assert_int_equal(xtr_keyring_set(ring, XTR_KEY_ID_ANY, "old", 3), 0);
	assert_int_equal(ring_verify(ring, &stranger), 0);
	assert_int_equal(ring_verify(ring, &of_new), 0);
	of_old.p[12] = 2;
	assert_int_equal(ring_verify(ring, &of_old), -EKEYREJECTED);
	/* taken away, and put in the place of another */
	assert_int_equal(xtr_keyring_set(ring, 2, NULL, 0), 0);
	assert_int_equal(ring_verify(ring, &of_new), -EKEYREJECTED);
	assert_int_equal(xtr_keyring_set(ring, XTR_KEY_ID_ANY, NULL, 0), 0);
	assert_int_equal(ring_verify(ring, &of_new), -ENOKEY);
	assert_int_equal(xtr_keyring_set(ring, 1, "new", 3), 0);
	of_new = message_signed("new", 1);
	assert_int_equal(ring_verify(ring, &of_new), 0);
	assert_int_equal(xtr_keyring_set(ring, 255, "last", 4), 0);
	assert_non_null(xtr_keyring_get(ring, 255));
	assert_int_equal(xtr_keyring_set(ring, 256, "x", 1), -EINVAL);
	assert_int_equal(xtr_keyring_set(ring, -2, "x", 1), -EINVAL);
	/* a secret that can't be taken leaves the one that was there */
	fail_in = 0;
	assert_int_equal(xtr_keyring_set(ring, 1, "x", 1), -ENOMEM);
	fail_in = -1;
	assert_int_equal(ring_verify(ring, &of_new), 0);
	xtr_keyring_destroy(ring);
	xtr_keyring_destroy(NULL);
}

/* Whichever allocation fails: a key is there whole or not at all, and nothing is leaked (which ASan
 * sees). */
static void test_short_memory(void **state)
{
	unsigned refused = 0;
	int left = 0;

	for (int n = 0; left <= 0; n++) {
		struct message m = message_make(3, 3, 32, true, 0);
		struct xtr_key *key;

		fail_in = n;
		key = xtr_key_create("other", 5);
		left = fail_in + 1; /* more than 0: it was not that many */
		fail_in = -1;
		if (key) {
			assert_int_equal(xtr_auth_sign(key, m.p, m.len, m.len), 0);
			assert_int_equal(verify(key, &m), 0);
			assert_int_equal(verify(*state, &m), -EKEYREJECTED);
		}
		refused += !key;
		xtr_key_destroy(key);
	}
	assert_true(refused >= 3);
	fail_in = 0;
	assert_null(xtr_key_create_none());
	fail_in = -1;
}

/* Nor does a MAC match because it could not be computed. */
static void test_short_memory_verify(void **state)
{
	for (unsigned algorithm = 1; algorithm <= 3; algorithm++) {
		unsigned len = (unsigned)xtr_auth_len(algorithm, false);
		struct message good = message_make(3, algorithm, len, true, 0), bad = good;
		int left = 0;

		assert_int_equal(xtr_auth_sign(*state, good.p, good.len, good.len), 0);
		for (int n = 0; left <= 0; n++) {
			struct message m = bad;
			int ret;

			fail_in = n;
			ret = verify(*state, &bad);
			assert_true(ret == -ENOTSUP || ret == -EKEYREJECTED);
			left = fail_in + 1;
			fail_in = n;
			ret = xtr_auth_sign(*state, m.p, m.len, m.len);
			fail_in = -1;
			assert_true(ret == 0 || ret == -ENOTSUP);
			assert_memory_equal(m.p, (ret == 0 ? good : bad).p, m.len);
			/* and the context is fit to be used again */
			assert_int_equal(verify(*state, &good), 0);
		}
	}
}

static void test_names(void **state)
{
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(xtr_algorithm_parse(xtr_algorithm_name(i)), i);
	assert_string_equal(xtr_algorithm_name(1), "sha1");
	assert_string_equal(xtr_algorithm_name(2), "sha256");
	assert_string_equal(xtr_algorithm_name(3), "sha256-hkdf");
	assert_string_equal(xtr_algorithm_name(0), "none");
	assert_string_equal(xtr_algorithm_name(4), "algorithm 4");
	assert_string_equal(xtr_algorithm_name(255), "algorithm 255");
	assert_string_equal(xtr_algorithm_name(256), "algorithm above 255");
	assert_int_equal(xtr_algorithm_parse("md5"), -EINVAL);
	assert_int_equal(xtr_algorithm_parse(""), -EINVAL);
	assert_int_equal(xtr_algorithm_parse("algorithm 4"), -EINVAL);
	assert_int_equal(xtr_auth_len(1, false), 20);
	assert_int_equal(xtr_auth_len(1, true), 12);
	assert_int_equal(xtr_auth_len(2, false), 32);
	assert_int_equal(xtr_auth_len(2, true), 16);
	assert_int_equal(xtr_auth_len(3, false), 32);
	assert_int_equal(xtr_auth_len(3, true), 16);
	assert_int_equal(xtr_auth_len(0, false), 0);
	assert_int_equal(xtr_auth_len(4, true), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_sign),
	    cmocka_unit_test(test_verify),
	    cmocka_unit_test(test_tampered),
	    cmocka_unit_test(test_wrong_key),
	    cmocka_unit_test(test_unsupported),
	    cmocka_unit_test(test_none),
	    cmocka_unit_test(test_covered),
	    cmocka_unit_test(test_reuse),
	    cmocka_unit_test(test_info),
	    cmocka_unit_test(test_keyring),
	    cmocka_unit_test(test_short_memory),
	    cmocka_unit_test(test_short_memory_verify),
	    cmocka_unit_test(test_names),
	};

	/* before OpenSSL's first allocation */
	if (CRYPTO_set_mem_functions(short_malloc, short_realloc, short_free) != 1)
		return 1;
	return cmocka_run_group_tests(tests, setup, teardown);
}
