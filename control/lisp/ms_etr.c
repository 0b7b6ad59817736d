/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * xTRs as the sites know them, and their nonces (RFC 9301 section 5.6). An xTR is who its xTR-ID
 * and Site-ID say; without them, who its address says. Only registers that verified come here, so
 * that nobody without a key can fill this.
 *
 * The nonce survives a restart of the Map-Server by way of the state; what the message was does
 * not. So the last register, repeated after a restart, is a replay; the xTR's next one has a higher
 * nonce.
 */
#include "control/lisp/ms_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "control/lisp/state.h"
#include "util/log.h"

static uint32_t hash_of(
    const struct ms_site *site, const struct xtr_peer *from, const struct xtr_msg *m)
{
	uint32_t seed = (uint32_t)(site - site->ms->sites) * 2654435761u ^ m->key_id;

	if (!m->has_ids)
		return xtr_hash_bytes(seed, &from->ip, sizeof(from->ip));
	seed = xtr_hash_bytes(seed, m->xtr_id, XTR_XTR_ID_LEN);
	return xtr_hash_bytes(seed, m->site_id, XTR_SITE_ID_LEN);
}

bool ms_etr_same(const struct ms_etr *a, const struct ms_etr *b)
{
	if (a == b)
		return true;
	if (a->site != b->site || a->has_ids != b->has_ids)
		return false;
	if (!a->has_ids)
		return xtr_ip_equal(&a->ip, &b->ip);
	return !memcmp(a->xtr_id, b->xtr_id, XTR_XTR_ID_LEN) &&
	       !memcmp(a->site_id, b->site_id, XTR_SITE_ID_LEN);
}

static size_t put_hex(char *to, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		sprintf(to + 2 * i, "%02x", p[i]);
	return 2 * n;
}

#define ID_STRLEN (2 * (XTR_XTR_ID_LEN + XTR_SITE_ID_LEN) + 2)

/*
 * "seen/SITE/ID/KEY-ID", the state's name for the nonce of an xTR; malloc'd. What a site's name has
 * besides printable ASCII is written as %XX.
 */
static char *state_key(const struct ms_etr *etr)
{
	const char *name = etr->site->cfg->name;
	char id[ID_STRLEN > XTR_IP_STRLEN ? ID_STRLEN : XTR_IP_STRLEN];
	char *key = malloc(sizeof("seen///255") + 3 * strlen(name) + sizeof(id)), *to;
	size_t n;

	if (!key)
		return NULL;
	to = key + sprintf(key, "seen/");
	for (; *name; name++)
		to += sprintf(to, *name > ' ' && *name < 127 && *name != '%' ? "%c" : "%%%02X",
		    (unsigned char)*name);
	if (etr->has_ids) {
		n = put_hex(id, etr->xtr_id, XTR_XTR_ID_LEN);
		id[n++] = '-';
		put_hex(id + n, etr->site_id, XTR_SITE_ID_LEN);
	} else {
		xtr_ip_format(&etr->ip, id);
	}
	sprintf(to, "/%s/%u", id, etr->key_id);
	return key;
}

static struct ms_etr *etr_make(
    struct ms_site *site, const struct xtr_peer *from, const struct xtr_msg *m, uint32_t hash)
{
	struct xtr_ms *ms = site->ms;
	struct ms_etr *etr = calloc(1, sizeof(*etr));
	char *key;

	if (!etr)
		return NULL;
	etr->site = site;
	etr->ip = from->ip;
	etr->key_id = m->key_id;
	etr->has_ids = m->has_ids;
	if (m->has_ids) {
		memcpy(etr->xtr_id, m->xtr_id, XTR_XTR_ID_LEN);
		memcpy(etr->site_id, m->site_id, XTR_SITE_ID_LEN);
	}
	if (ms->l->state && site->cfg->replay_strict) {
		key = state_key(etr);
		if (!key) {
			/* without the nonce that was seen, a replay would pass */
			free(etr);
			return NULL;
		}
		etr->nonce = xtr_state_nonce(ms->l->state, key);
		etr->has_nonce = etr->nonce != 0;
		free(key);
	}
	xtr_hash_add(&ms->etrs, &etr->node, hash);
	return etr;
}

struct ms_etr *ms_etr_get(
    struct ms_site *site, const struct xtr_peer *from, const struct xtr_msg *m)
{
	uint32_t hash = hash_of(site, from, m);
	struct xtr_hnode *n;

	for (n = xtr_hash_chain(&site->ms->etrs, hash); n; n = n->next) {
		struct ms_etr *etr = (struct ms_etr *)n;

		if (n->hash != hash || etr->site != site || etr->key_id != m->key_id ||
		    etr->has_ids != m->has_ids)
			continue;
		if (!m->has_ids ? xtr_ip_equal(&etr->ip, &from->ip)
				: !memcmp(etr->xtr_id, m->xtr_id, XTR_XTR_ID_LEN) &&
				      !memcmp(etr->site_id, m->site_id, XTR_SITE_ID_LEN))
			return etr;
	}
	return etr_make(site, from, m, hash);
}

static uint64_t clock_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

/* Saves the nonces: soon, but for no more than a fiftieth of the time, however many there are. */
static void flush_state(struct xtr_timer *timer)
{
	struct xtr_ms *ms =
	    (struct xtr_ms *)(void *)((char *)timer - offsetof(struct xtr_ms, flush));
	uint64_t began = clock_ms(), cost;
	int rc = xtr_state_flush(ms->l->state);

	cost = 50 * (clock_ms() - began);
	ms->flush_after = cost > MS_FLUSH_AFTER ? cost : MS_FLUSH_AFTER;
	if (!rc)
		return;
	xtr_log(XTR_LOG_ERR, "register nonces not saved: %s", strerror(-rc));
	/* what is not saved would not be known as a replay after a restart: try again */
	xtr_timer_arm(ms->l->wheel, &ms->flush, MS_FLUSH_RETRY, flush_state);
}

void ms_etr_accept(struct ms_etr *etr, const struct xtr_peer *from, const uint8_t *p, size_t len,
    const struct xtr_msg *m)
{
	struct xtr_ms *ms = etr->site->ms;
	char *key;

	etr->ip = from->ip;
	etr->nonce = m->nonce;
	etr->has_nonce = true;
	etr->msg_len = (uint32_t)len;
	etr->mac_len = m->auth_len <= sizeof(etr->mac) ? m->auth_len : sizeof(etr->mac);
	memcpy(etr->mac, p + m->auth_offset, etr->mac_len);
	etr->accepted_at = ms_now(ms);
	if (!ms->l->state || !etr->site->cfg->replay_strict)
		return;
	/* RFC 9301 5.6: a Map-Server MUST save in persistent storage the last nonce received */
	key = state_key(etr);
	if (!key)
		return;
	xtr_state_set_nonce(ms->l->state, key, m->nonce);
	free(key);
	if (!xtr_timer_armed(&ms->flush))
		xtr_timer_arm(ms->l->wheel, &ms->flush, ms->flush_after, flush_state);
}

/*
 * The same length, nonce and MAC, and the MAC has been verified: whoever could make another message
 * of these has the key. A repetition is what follows a lost Map-Notify; it comes within the
 * retransmission time of RFC 9301 5.7 (1 minute at most), never long after, so an old one must not
 * be honoured as such.
 */
bool ms_etr_repeats(const struct ms_etr *etr, const uint8_t *p, size_t len, const struct xtr_msg *m)
{
	return etr->msg_len == len && etr->nonce == m->nonce && etr->mac_len == m->auth_len &&
	       !memcmp(etr->mac, p + m->auth_offset, etr->mac_len) &&
	       ms_now(etr->site->ms) - etr->accepted_at <
		   (uint64_t)MS_REG_TIMEOUT_S * XTR_MS_PER_SEC;
}

void ms_etr_release(struct ms_etr *etr)
{
	/* where nonces do not matter, nothing is left to be known of it */
	if (--etr->refs || etr->site->cfg->replay_strict)
		return;
	xtr_hash_del(&etr->site->ms->etrs, &etr->node);
	free(etr);
}

void ms_etr_free(struct xtr_hnode *node, void *arg)
{
	(void)arg;
	free((struct ms_etr *)node);
}
