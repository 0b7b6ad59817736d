/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Map-Register in, Map-Notify out (RFC 9301 sections 5.6, 5.7, 8.2).
 *
 * A message may have records of several sites. Each site judges the message with its own key and
 * nonce; then each record is judged alone. What concerns the message (authentication, algorithm,
 * replay) is counted once a message and site, what concerns a record (locator, EID prefix) once a
 * record.
 */
#include "control/lisp/ms_internal.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "util/log.h"
#include "wire/lcaf.h"

/*
 * A message is signed with one secret. So that a forged one with records of many sites does not
 * keep the Map-Server busy, no more than this many secrets are tried.
 */
#define MAX_KEYS_TRIED 8

struct message {
	struct xtr_ms *ms;
	const struct xtr_peer *from;
	const uint8_t *p;
	size_t len;
	const struct xtr_msg *m;
	struct ms_key *key; /* that verifies it */
	unsigned keys_tried;
	struct ms_site *verified; /* sites that accept its authentication and nonce */
};

static const struct {
	enum xtr_lisp_counter counter;
	const char *text;
} refusals[MS_ERR_N] = {
    [MS_ERR_AUTH] = {XTR_C_REG_AUTH_FAILED, "authentication failed"},
    [MS_ERR_LOCATOR] = {XTR_C_REG_LOCATOR, "locator not allowed"},
    [MS_ERR_PREFIX] = {XTR_C_REG_NO_SITE, "EID prefix not configured"},
    [MS_ERR_REPLAY] = {XTR_C_REG_REPLAY, "nonce not above the last one, a replay"},
    [MS_ERR_ALGORITHM] = {XTR_C_REG_ALGORITHM, "algorithm not allowed"},
};

/* Counts, keeps and logs why records of a site are refused. */
static void refuse(const struct message *c, struct ms_site *site, enum ms_error why,
    const struct xtr_eid *eid, const char *fmt, ...) __attribute__((format(printf, 5, 6)));

static void refuse(const struct message *c, struct ms_site *site, enum ms_error why,
    const struct xtr_eid *eid, const char *fmt, ...)
{
	char prefix[XTR_EID_STRLEN], ip[XTR_IP_STRLEN], detail[96];
	uint32_t held;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(detail, sizeof(detail), fmt, ap);
	va_end(ap);
	c->ms->l->counters[refusals[why].counter]++;
	site->errors[why]++;
	snprintf(site->last_error, sizeof(site->last_error), "%s from ETR %s:%u refused: %s%s",
	    xtr_eid_format(eid, prefix), xtr_ip_format(&c->from->ip, ip), c->from->port,
	    refusals[why].text, detail);
	if (!ms_limit_pass(&site->limit[why], ms_now(c->ms), &held))
		return;
	if (held)
		xtr_log(XTR_LOG_WARNING, "site %s: Map-Register: %s (%u more such lines kept back)",
		    site->cfg->name, site->last_error, held);
	else
		xtr_log(XTR_LOG_WARNING, "site %s: Map-Register: %s", site->cfg->name,
		    site->last_error);
}

/* The same where no site can be named. */
static void refuse_siteless(const struct message *c, uint64_t *count, struct ms_limit *lim,
    const struct xtr_eid *eid, const char *why)
{
	struct xtr_ms *ms = c->ms;
	char prefix[XTR_EID_STRLEN], ip[XTR_IP_STRLEN];
	uint32_t held;

	(*count)++;
	snprintf(ms->last_error, sizeof(ms->last_error), "%s from ETR %s:%u refused: %s",
	    eid ? xtr_eid_format(eid, prefix) : "message", xtr_ip_format(&c->from->ip, ip),
	    c->from->port, why);
	if (!ms_limit_pass(lim, ms_now(ms), &held))
		return;
	if (held)
		xtr_log(XTR_LOG_WARNING, "no site: Map-Register: %s (%u more such lines kept back)",
		    ms->last_error, held);
	else
		xtr_log(XTR_LOG_WARNING, "no site: Map-Register: %s", ms->last_error);
}

/*
 * The configured prefix that an EID prefix belongs to: the longest that covers it, since what is
 * configured inside another's prefix is that site's alone. *fits: it is the same, or more-specifics
 * are accepted.
 */
static struct ms_prefix *prefix_of(const struct xtr_ms *ms, const struct xtr_eid *eid, bool *fits)
{
	const struct ms_table *t = ms_table_find(ms, eid->iid, eid->ip.af);
	struct ms_prefix *p;

	*fits = false;
	if (!t)
		return NULL;
	p = xtr_trie_longest(&t->configured, &eid->ip, eid->plen);
	if (p)
		*fits = p->eid.plen == eid->plen || p->accept_more_specifics;
	return p;
}

/* Does the message verify with this secret? Remembered for the sites that share it. */
static int verify(struct message *c, struct ms_key *key)
{
	const struct xtr_msg *m = c->m;

	if (key->round == c->ms->round)
		return key->rc;
	key->round = c->ms->round;
	key->rc = -EKEYREJECTED;
	if (c->key || c->keys_tried++ == MAX_KEYS_TRIED)
		return key->rc;
	/*
	 * interop.md: peers cover the whole message, RFC 9301 5.6 ends at the last RLOC-record.
	 * Asked one by one, so that the Map-Notify can do as the Map-Register did.
	 */
	key->whole = true;
	key->rc = xtr_auth_verify(key->key, c->p, c->len, m);
	if (!key->rc && m->records_end < c->len &&
	    !xtr_auth_verify(key->key, c->p, m->records_end, m))
		key->whole = false;
	if (!key->rc)
		c->key = key;
	return key->rc;
}

/* Is the message good for this site? Once a message and site; eid is its first record of the site.
 */
static void judge(struct message *c, struct ms_site *site, const struct xtr_eid *eid)
{
	const struct xtr_msg *m = c->m;
	struct ms_etr *etr;
	int rc;

	if (site->round == c->ms->round)
		return;
	site->round = c->ms->round;
	site->verified = site->repeated = false;
	if (m->algorithm > 7 || !(site->cfg->algorithms & 1u << m->algorithm)) {
		refuse(c, site, MS_ERR_ALGORITHM, eid, " (%s, key-id %u)",
		    xtr_algorithm_name(m->algorithm), m->key_id);
		return;
	}
	/* RFC 9301 5.7: if the Authentication Data fails to validate, the message is dropped */
	rc = verify(c, site->key);
	if (rc) {
		refuse(c, site, MS_ERR_AUTH, eid, " (%s, key-id %u, %u bytes)",
		    xtr_algorithm_name(m->algorithm), m->key_id, m->auth_len);
		return;
	}
	etr = ms_etr_get(site, c->from, m);
	if (!etr) {
		xtr_log(
		    XTR_LOG_ERR, "site %s: Map-Register dropped: out of memory", site->cfg->name);
		return;
	}
	/* RFC 9301 5.6: not greater than the saved nonce: it MUST drop the Map-Register */
	if (site->cfg->replay_strict && etr->has_nonce && m->nonce <= etr->nonce) {
		site->repeated = ms_etr_repeats(etr, c->p, c->len, m);
		if (!site->repeated) {
			refuse(c, site, MS_ERR_REPLAY, eid,
			    " (0x%016" PRIX64 ", last 0x%016" PRIX64 ")", m->nonce, etr->nonce);
			return;
		}
	}
	if (!site->repeated)
		ms_etr_accept(etr, c->from, c->p, c->len, m);
	site->verified = true;
	site->etr = etr;
	etr->refs++;
	site->next_verified = c->verified;
	c->verified = site;
}

/* The first locator that a site does not allow, in *bad. */
static bool locator_refused(
    const struct ms_site *site, const struct xtr_record *rec, struct xtr_ip *bad)
{
	const struct xtr_cfg_site *cfg = site->cfg;
	const uint8_t *cursor = NULL;
	struct xtr_locator loc;
	unsigned i;

	while (xtr_locator_next(rec, &cursor, &loc)) {
		*bad = loc.ip;
		/* of a type that we do not understand: nobody can say that it is allowed */
		if (!loc.ip.af && !cfg->n_locators)
			continue;
		/* RFC 9301 5.4: no broadcast, no multicast; nor what no packet can be sent to */
		if (loc.ip.af && !xtr_ip_is_unicast(&loc.ip))
			return true;
		for (i = 0; i < cfg->n_locators; i++)
			if (xtr_ip_equal(&cfg->locators[i], &loc.ip))
				break;
		if (cfg->n_locators && i == cfg->n_locators)
			return true;
	}
	return false;
}

/* A record that no site has, or whose site takes no more-specifics. */
static void refuse_prefix(
    const struct message *c, struct ms_prefix *prefix, const struct xtr_eid *eid)
{
	char text[XTR_EID_STRLEN];

	/* A site whose key the message has, or in whose prefix it is, can be named. */
	if (prefix)
		refuse(c, prefix->site, MS_ERR_PREFIX, eid, " (%s takes no more-specifics)",
		    xtr_eid_format(&prefix->eid, text));
	else if (c->verified)
		refuse(c, c->verified, MS_ERR_PREFIX, eid, "%s", "");
	else {
		c->ms->l->counters[XTR_C_REG_NO_SITE]++;
		refuse_siteless(
		    c, &c->ms->no_site, &c->ms->limit_no_site, eid, refusals[MS_ERR_PREFIX].text);
	}
}

/* A record of an EID that is no IP prefix, or of none: the others of its message are not to suffer.
 */
static void refuse_no_ip(const struct message *c, const struct xtr_record *rec)
{
	char text[64], why[128];

	xtr_addr_format(&rec->addr, text, sizeof(text));
	snprintf(why, sizeof(why), "EID %s: %s", text,
	    rec->eid_none ? "a record without an EID prefix" : "it is no IP prefix");
	refuse_siteless(c, &c->ms->malformed, &c->ms->limit_malformed, NULL, why);
}

/* One record. True if it is registered, or withdrawn, and so goes into the Map-Notify. */
static bool do_record(const struct message *c, const struct xtr_record *rec)
{
	struct ms_prefix *prefix;
	struct ms_site *site;
	struct xtr_ip bad;
	char eid[XTR_EID_STRLEN], ip[XTR_IP_STRLEN];
	bool fits;
	int rc;

	if (!rec->eid.ip.af) {
		refuse_no_ip(c, rec);
		return false;
	}
	prefix = prefix_of(c->ms, &rec->eid, &fits);
	if (!fits) {
		refuse_prefix(c, prefix, &rec->eid);
		return false;
	}
	site = prefix->site;
	if (!site->verified)
		return false;
	if (rec->ttl && locator_refused(site, rec, &bad)) {
		if (!site->repeated)
			refuse(
			    c, site, MS_ERR_LOCATOR, &rec->eid, " (%s)", xtr_ip_format(&bad, ip));
		return false;
	}
	if (site->repeated)
		return true;
	/* RFC 9301: a TTL of 0 withdraws */
	if (!rec->ttl) {
		if (ms_reg_withdraw(prefix, site->etr, &rec->eid))
			c->ms->l->counters[XTR_C_REG_WITHDRAWN]++;
		xtr_dbg(XTR_DBG_MAP_REGISTER,
		    "MS EID IID %u prefix %s site %s, withdrawn by ETR %s", rec->eid.iid,
		    xtr_prefix_format(&rec->eid, eid), site->cfg->name,
		    xtr_ip_format(&c->from->ip, ip));
		return true;
	}
	rc = ms_reg_put(prefix, site->etr, c->from->port, rec, c->m);
	if (rc) {
		xtr_log(XTR_LOG_ERR, "site %s: %s not registered: %s", site->cfg->name,
		    xtr_eid_format(&rec->eid, eid), strerror(-rc));
		return false;
	}
	xtr_dbg(XTR_DBG_MAP_REGISTER, "MS EID IID %u prefix %s site %s, registered by ETR %s",
	    rec->eid.iid, xtr_prefix_format(&rec->eid, eid), site->cfg->name,
	    xtr_ip_format(&c->from->ip, ip));
	return true;
}

/* Signs what w holds as the Map-Register was signed and sends it back to where that came from. */
static void send_notify(const struct message *c, struct xtr_writer *w)
{
	struct xtr_lisp *l = c->ms->l;
	size_t covered = w->len;
	char from[XTR_IP_STRLEN], to[XTR_IP_STRLEN];
	int rc;

	if (c->m->has_ids)
		xtr_write_ids(w, c->m->xtr_id, c->m->site_id);
	if (c->key->whole)
		covered = w->len;
	rc = xtr_writer_result(w);
	if (!rc)
		rc = xtr_auth_sign(c->key->key, w->p, w->len, covered);
	if (rc) {
		xtr_log(XTR_LOG_ERR, "Map-Notify not made: %s", strerror(-rc));
		return;
	}
	/*
	 * interop.md, a deviation from RFC 9301 5.7, which says port 4342: peers expect it where
	 * they asked from.
	 */
	rc = l->send(l, &c->from->local, &c->from->ip, c->from->port, w->p, w->len);
	xtr_dbg(XTR_DBG_MAP_REGISTER,
	    "Map-Notify %s:4342->%s:%u, %u prefixes, nonce 0x%08X-0x%08X%s%s",
	    xtr_ip_format(&c->from->local, from), xtr_ip_format(&c->from->ip, to), c->from->port,
	    xtr_writer_records(w), (uint32_t)(c->m->nonce >> 32), (uint32_t)c->m->nonce,
	    rc ? ", not sent: " : "", rc ? strerror(-rc) : "");
	if (!rc)
		l->counters[XTR_C_NOTIFY_TX]++;
}

/* In the words of the listings of the field. */
static void debug_message(const struct message *c)
{
	const struct xtr_msg *m = c->m;
	const uint8_t *cursor = NULL, *at;
	char a[XTR_EID_STRLEN], id[2 * XTR_XTR_ID_LEN + 1] = "none";
	struct xtr_record rec;
	struct xtr_locator loc;

	if (!xtr_debug_on[XTR_DBG_MAP_REGISTER])
		return;
	for (unsigned i = 0; m->has_ids && i < XTR_XTR_ID_LEN; i++)
		sprintf(id + 2 * i, "%02x", m->xtr_id[i]);
	xtr_dbg(XTR_DBG_MAP_REGISTER,
	    "Received Map-Register from %s:%u, %sproxy, %smap-notify, %smerge, %suse-TTL,"
	    " %u record%s, nonce 0x%08X-0x%08X, key-id %u, auth-data-len %u, hash-function %s,"
	    " xTR-ID %s",
	    xtr_ip_format(&c->from->ip, a), c->from->port, m->proxy_reply ? "" : "no ",
	    m->want_notify ? "" : "no ", m->merge ? "" : "no ", m->use_ttl ? "" : "no ",
	    m->n_records, m->n_records == 1 ? "" : "s", (uint32_t)(m->nonce >> 32),
	    (uint32_t)m->nonce, m->key_id, m->auth_len, xtr_algorithm_name(m->algorithm), id);
	while (xtr_record_next(m, &cursor, &rec)) {
		xtr_dbg(XTR_DBG_MAP_REGISTER,
		    "Received Map-Register mapping record for IID %u %s, ttl %u, %sauthoritative,"
		    " %u locator%s",
		    rec.eid.iid, xtr_prefix_format(&rec.eid, a), rec.ttl,
		    rec.authoritative ? "" : "non-", rec.n_locators,
		    rec.n_locators == 1 ? "" : "s");
		for (at = NULL; xtr_locator_next(&rec, &at, &loc);)
			xtr_dbg(XTR_DBG_MAP_REGISTER, "    %s pri/wei=%u/%u %c%c%c",
			    xtr_ip_format(&loc.ip, a), loc.priority, loc.weight,
			    loc.local ? 'L' : 'l', loc.probed ? 'P' : 'p',
			    loc.reachable ? 'R' : 'r');
	}
}

void xtr_ms_register(struct xtr_ms *ms, const struct xtr_peer *from, const uint8_t *p, size_t len,
    const struct xtr_msg *m)
{
	struct message c = {.ms = ms, .from = from, .p = p, .len = len, .m = m};
	uint64_t *counters = ms->l->counters;
	const uint8_t *cursor = NULL;
	struct xtr_register_opts opts = {
	    .nonce = m->nonce,
	    .key_id = m->key_id,
	    .algorithm = m->algorithm,
	    .auth_len = m->auth_len,
	};
	struct xtr_record rec;
	struct xtr_writer w;
	unsigned accepted = 0;
	bool fresh = false, repeated = false, fits;

	if (!ms->l->cfg->ms) {
		counters[XTR_C_CTL_RX_NOT_OURS]++;
		return;
	}
	counters[XTR_C_REG_RX]++;
	ms->round++;
	debug_message(&c);
	if (!m->n_records)
		refuse_siteless(&c, &ms->malformed, &ms->limit_malformed, NULL, "no records");

	while (xtr_record_next(m, &cursor, &rec)) {
		struct ms_prefix *prefix = !rec.eid.ip.af ? NULL : prefix_of(ms, &rec.eid, &fits);

		if (prefix && fits)
			judge(&c, prefix->site, &rec.eid);
	}
	xtr_writer_init(&w, ms->buf, sizeof(ms->buf));
	xtr_write_map_notify(&w, &opts, false);
	for (cursor = NULL; xtr_record_next(m, &cursor, &rec);) {
		if (!do_record(&c, &rec))
			continue;
		accepted++;
		/* RFC 9301 5.7: the fields are copied from the Map-Register */
		xtr_write_record_copy(&w, &rec);
	}
	for (struct ms_site *s = c.verified; s; s = s->next_verified) {
		repeated |= s->repeated;
		fresh |= !s->repeated;
		ms_etr_release(s->etr);
		s->etr = NULL;
	}
	counters[XTR_C_REG_REPEATED] += repeated;
	counters[XTR_C_REG_OK] += accepted && fresh;
	if (accepted && m->want_notify)
		send_notify(&c, &w);
}
