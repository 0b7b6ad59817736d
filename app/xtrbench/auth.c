/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Suite wire, case verify/register-sha256: Map-Registers verified a second, beside what OpenSSL
 * alone takes for the HMAC over the same bytes. Ours and the peers take turns, a window each, so
 * that what else the machine does hits all of them.
 */
#include <stdio.h>
#include <string.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/params.h>
#include <rte_cycles.h>

#include "app/xtrbench/bench.h"
#include "auth/auth.h"

#define PER_WINDOW 2000

static const char secret[] = "Zaq12wsx!@";

struct job {
	struct xtr_key *key;
	EVP_MAC_CTX *ctx;
	uint8_t p[256];
	size_t len;
	struct xtr_msg m;
};

static bool ours(struct job *j)
{
	return xtr_auth_verify(j->key, j->p, j->len, &j->m) == 0;
}

/* A context with the key in it that is only restarted: the least that EVP_MAC can do. */
static bool evp_mac(struct job *j)
{
	uint8_t mac[32];
	size_t n;

	return EVP_MAC_init(j->ctx, NULL, 0, NULL) == 1 &&
	       EVP_MAC_update(j->ctx, j->p, j->len) == 1 &&
	       EVP_MAC_final(j->ctx, mac, &n, sizeof mac) == 1;
}

static bool one_shot(struct job *j)
{
	uint8_t mac[32];
	unsigned n = 0;

	return HMAC(EVP_sha256(), secret, sizeof secret - 1, j->p, j->len, mac, &n) != NULL;
}

/* A register of one record with one locator, read and signed. */
static int make(struct job *j)
{
	struct xtr_register_opts o = {.nonce = 1,
	    .key_id = 1,
	    .algorithm = XTR_ALG_SHA256,
	    .auth_len = 32,
	    .proxy_reply = true};
	struct xtr_record rec = {.ttl = 1440, .authoritative = true};
	struct xtr_locator loc = {.priority = 1, .weight = 100, .local = true, .reachable = true};
	char sha256[] = "SHA256";
	OSSL_PARAM params[2] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, sha256, 0),
	    OSSL_PARAM_construct_end()};
	EVP_MAC *hmac = EVP_MAC_fetch(NULL, OSSL_MAC_NAME_HMAC, NULL);
	struct xtr_writer w;

	xtr_eid_parse("10.2.0.0/24", &rec.eid);
	xtr_ip_parse("172.16.1.3", &loc.ip);
	xtr_writer_init(&w, j->p, sizeof j->p);
	xtr_write_map_register(&w, &o);
	xtr_write_record(&w, &rec);
	xtr_write_locator(&w, &loc);
	j->len = w.len;
	j->key = xtr_key_create(secret, sizeof secret - 1);
	j->ctx = hmac ? EVP_MAC_CTX_new(hmac) : NULL;
	EVP_MAC_free(hmac);
	if (xtr_writer_result(&w) < 0 || !j->key || !j->ctx ||
	    EVP_MAC_init(j->ctx, (const unsigned char *)secret, sizeof secret - 1, params) != 1 ||
	    xtr_auth_sign(j->key, j->p, j->len, j->len) < 0)
		return -1;
	return xtr_msg_read(j->p, j->len, &j->m, NULL);
}

/* A second, in one window. Negative if it failed. */
static double window(struct job *j, bool (*run)(struct job *j))
{
	uint64_t start = rte_rdtsc();

	for (unsigned i = 0; i < PER_WINDOW; i++)
		if (!run(j))
			return -1;
	return PER_WINDOW * (double)rte_get_tsc_hz() / (double)(rte_rdtsc() - start);
}

int bench_auth(struct bench *b)
{
	static const struct {
		const char *name;
		bool (*run)(struct job *j);
	} peers[] = {{"EVP_MAC, context reused", evp_mac}, {"HMAC()", one_shot}};
	double mine[BENCH_WINDOWS], theirs[2][BENCH_WINDOWS];
	struct job j = {.len = 0};
	int ret;

	if (!bench_wants(b, "verify/register-sha256/peer=HMAC"))
		return 0;
	ret = make(&j);
	for (unsigned i = 0; ret == 0 && i < b->windows; i++) {
		mine[i] = window(&j, ours);
		if (mine[i] < 0)
			ret = -1;
		for (unsigned k = 0; k < 2; k++) {
			theirs[k][i] = window(&j, peers[k].run);
			if (theirs[k][i] < 0)
				ret = -1;
		}
	}
	if (ret < 0)
		fprintf(
		    stderr, "xtrbench: verify/register-sha256: OpenSSL or the message failed\n");
	else
		for (unsigned k = 0; k < 2; k++)
			bench_report_peer(b, "wire",
			    k == 0 ? "verify/register-sha256" : "verify/register-sha256/peer=HMAC",
			    "per_second", "1/s", mine, b->windows,
			    &(struct bench_peer){.name = peers[k].name, .samples = theirs[k]});
	EVP_MAC_CTX_free(j.ctx);
	xtr_key_destroy(j.key);
	return ret;
}
