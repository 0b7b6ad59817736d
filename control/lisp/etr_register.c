/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Registration: all prefixes to each Map-Server at start and every minute, in as few messages as
 * they fit; repeated with a new, higher nonce until the Map-Notify is there (RFC 9301
 * sections 5.6, 5.7, 8.2).
 */
#include "control/lisp/etr_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "control/lisp/state.h"
#include "util/log.h"
#include "wire/data.h"

#define REGISTER_MS                                                                                \
	60000u /* RFC 9301 8.2: "a suggested interval between messages of one minute"              \
		*/
#define RETRANSMIT_MS  1000u  /* 5.7: "if a Map-Notify is not received after 1 second" */
#define RETRANSMIT_MAX 60000u /* 5.7: "the maximum backoff is 1 minute" */
#define SILENT_TRIES   3u     /* after so many the operator is told */
#define WARN_MS        60000u
#define NONCE_KEY      "register-sent"

/* 8.2, 5.6: "incremented each time"; from the clock, so that it rises across restarts even where
 * the state is lost. */
static uint64_t next_nonce(struct xtr_etr *etr)
{
	uint64_t clock = etr->l->wall_clock(etr->l) << 32;

	etr->nonce = etr->nonce + 1 > clock ? etr->nonce + 1 : clock;
	if (etr->l->state)
		xtr_state_set_nonce(etr->l->state, NONCE_KEY, etr->nonce);
	return etr->nonce;
}

static void tick(struct xtr_timer *t);

static void begin_register(const struct registrar *r, struct xtr_writer *w, uint64_t nonce)
{
	struct xtr_register_opts o = {
	    .nonce = nonce,
	    .key_id = r->cfg->key.id,
	    .algorithm = r->cfg->algorithm,
	    .auth_len = (uint16_t)xtr_auth_len(r->cfg->algorithm, r->cfg->rfc_auth),
	    .proxy_reply = r->cfg->proxy_reply,
	    .has_ids = true,
	    .want_notify = r->cfg->want_notify,
	};

	xtr_write_map_register(w, &o);
}

static void write_record(const struct registrar *r, struct xtr_writer *w, unsigned i)
{
	const struct xtr_cfg_mapping *m = &r->etr->l->cfg->database[i];

	etr_write_mapping(r->etr, w, m, &m->eid, m->ttl_min, NULL);
}

/* Writes the register of a chunk. Returns its length, or 0. */
static size_t write_register(const struct chunk *c, uint8_t *buf, size_t size)
{
	struct registrar *r = c->registrar;
	struct xtr_writer w;
	size_t covered;

	xtr_writer_init(&w, buf, size);
	begin_register(r, &w, c->nonce);
	for (unsigned i = 0; i < c->n; i++)
		write_record(r, &w, c->first + i);
	covered = w.len;
	xtr_write_ids(&w, r->etr->xtr_id, r->etr->l->cfg->site_id);
	if (xtr_writer_result(&w) < 0 ||
	    xtr_auth_sign(r->key, buf, w.len, r->cfg->rfc_auth ? covered : w.len) < 0)
		return 0;
	return w.len;
}

static void send_chunk(struct chunk *c)
{
	struct registrar *r = c->registrar;
	struct xtr_lisp *l = r->etr->l;
	uint64_t backoff = RETRANSMIT_MAX;
	uint8_t buf[ETR_BUFFER];
	char ip[XTR_IP_STRLEN];
	size_t len;
	int rc;

	c->nonce = next_nonce(r->etr);
	c->acknowledged = false;
	len = write_register(c, buf, sizeof(buf));
	xtr_dbg(XTR_DBG_MAP_REGISTER,
	    "map-register: %u records to map-server %s, %s, nonce 0x%08X-0x%08X, try %u", c->n,
	    xtr_ip_format(&r->cfg->address, ip), xtr_algorithm_name(r->cfg->algorithm),
	    (unsigned)(c->nonce >> 32), (unsigned)c->nonce, c->tries + 1);
	rc = len ? l->send(l, NULL, &r->cfg->address, XTR_PORT_CONTROL, buf, len) : -EMSGSIZE;
	if (rc < 0) {
		/* it did not leave this machine, the network may not be up yet: no burden on
		 * anybody, so no back-off */
		c->unsent++;
		c->error = rc;
		xtr_timer_arm(l->wheel, &c->timer, RETRANSMIT_MS, tick);
		return;
	}
	if (c->unsent)
		c->tries = 0;
	c->unsent = 0;
	r->sent++;
	r->sent_ms = xtr_wheel_now(l->wheel);
	l->counters[c->tries ? XTR_C_ETR_REG_RETRANSMIT : XTR_C_ETR_REG_TX]++;
	if (!r->cfg->want_notify) {
		xtr_timer_arm(l->wheel, &c->timer, REGISTER_MS, tick);
		return;
	}
	if (c->tries < 6) /* 1 s << 6 is past the maximum */
		backoff = RETRANSMIT_MS << c->tries;
	c->tries++;
	xtr_timer_arm(l->wheel, &c->timer, backoff, tick);
}

/* A register without an answer is a state that the operator must hear of, once a minute. */
static void complain(struct chunk *c)
{
	struct registrar *r = c->registrar;
	uint64_t now = xtr_wheel_now(r->etr->l->wheel);
	char ip[XTR_IP_STRLEN];

	if (c->tries + c->unsent < SILENT_TRIES || (r->warned_ms && now - r->warned_ms < WARN_MS))
		return;
	r->warned_ms = now;
	c->warned = true;
	if (c->unsent) {
		xtr_log(XTR_LOG_ERR, "map-register: nothing can be sent to map-server %s: %s",
		    xtr_ip_format(&r->cfg->address, ip), strerror(-c->error));
		return;
	}
	xtr_log(XTR_LOG_ERR,
	    "map-register: map-server %s does not acknowledge: %u Map-Registers without a "
	    "Map-Notify; is it reachable, is the key "
	    "(%s, key-id %u) the same, does it have a site with these EID prefixes?",
	    xtr_ip_format(&r->cfg->address, ip), c->tries, xtr_algorithm_name(r->cfg->algorithm),
	    r->cfg->key.id);
}

static void tick(struct xtr_timer *t)
{
	struct chunk *c = (struct chunk *)((char *)t - offsetof(struct chunk, timer));

	if (c->acknowledged)
		c->tries = 0;
	else
		complain(c);
	send_chunk(c);
}

/* How many records from `first` fit into one message; at least 1. */
static unsigned records_that_fit(const struct registrar *r, unsigned first)
{
	unsigned total = r->etr->l->cfg->n_database, n = 0;
	uint8_t buf[ETR_MESSAGE];
	struct xtr_writer w;

	xtr_writer_init(&w, buf, sizeof(buf));
	begin_register(r, &w, 0);
	while (first + n < total && n < 255) {
		write_record(r, &w, first + n);
		if (w.len + XTR_XTR_ID_LEN + XTR_SITE_ID_LEN > sizeof(buf))
			break;
		n++;
	}
	return n ? n : 1;
}

static int make_chunks(struct registrar *r)
{
	unsigned total = r->etr->l->cfg->n_database, n;

	for (unsigned first = 0; first < total; first += n) {
		struct chunk *p = reallocarray(r->chunks, r->n_chunks + 1, sizeof(*p));

		if (!p) {
			free(r->chunks);
			r->chunks = NULL;
			r->n_chunks = 0;
			return -ENOMEM;
		}
		n = records_that_fit(r, first);
		r->chunks = p;
		p[r->n_chunks++] = (struct chunk){.first = first, .n = n, .registrar = r};
	}
	return 0;
}

int etr_register_init(struct xtr_etr *etr)
{
	const struct xtr_config *cfg = etr->l->cfg;

	etr->nonce = etr->l->state ? xtr_state_nonce(etr->l->state, NONCE_KEY) : 0;
	etr->registrars =
	    calloc(cfg->n_map_servers ? cfg->n_map_servers : 1, sizeof(*etr->registrars));
	if (!etr->registrars)
		return -1;
	for (unsigned i = 0; i < cfg->n_map_servers; i++) {
		struct registrar *r = &etr->registrars[i];

		r->cfg = &cfg->map_servers[i];
		r->etr = etr;
		r->key = xtr_key_create(r->cfg->key.secret, r->cfg->key.len);
		if (!r->key)
			return -1;
	}
	return 0;
}

void etr_register_fini(struct xtr_etr *etr)
{
	for (unsigned i = 0; etr->registrars && i < etr->l->cfg->n_map_servers; i++) {
		struct registrar *r = &etr->registrars[i];

		for (unsigned j = 0; j < r->n_chunks; j++)
			xtr_timer_cancel(etr->l->wheel, &r->chunks[j].timer);
		free(r->chunks);
		xtr_key_destroy(r->key);
	}
	free(etr->registrars);
}

void xtr_etr_start(struct xtr_etr *etr)
{
	for (unsigned i = 0; i < etr->l->cfg->n_map_servers; i++) {
		struct registrar *r = &etr->registrars[i];

		if (r->n_chunks)
			continue;
		if (make_chunks(r) < 0) {
			xtr_log(XTR_LOG_ERR, "map-register: no memory to register");
			continue;
		}
		for (unsigned j = 0; j < r->n_chunks; j++)
			send_chunk(&r->chunks[j]);
	}
}

static struct chunk *find_chunk(struct registrar *r, uint64_t nonce)
{
	for (unsigned i = 0; i < r->n_chunks; i++)
		if (r->chunks[i].nonce == nonce && !r->chunks[i].acknowledged)
			return &r->chunks[i];
	return NULL;
}

/* Tells the operator which prefixes the Map-Server left out of its Map-Notify. */
static void report_missing(struct chunk *c, const struct xtr_msg *m)
{
	const struct registrar *r = c->registrar;
	const struct xtr_config *cfg = r->etr->l->cfg;
	char eid[XTR_EID_STRLEN], ip[XTR_IP_STRLEN];

	c->refused = 0;
	for (unsigned i = 0; i < c->n; i++) {
		const uint8_t *cursor = NULL;
		struct xtr_record rec;
		bool there = false;

		while (!there && xtr_record_next(m, &cursor, &rec))
			there = xtr_eid_equal(&rec.eid, &cfg->database[c->first + i].eid);
		if (there)
			continue;
		c->refused++;
		xtr_log(XTR_LOG_ERR,
		    "map-register: map-server %s did not register %s: it left it out of its "
		    "Map-Notify",
		    xtr_ip_format(&r->cfg->address, ip),
		    xtr_eid_format(&cfg->database[c->first + i].eid, eid));
	}
}

static void acknowledge(struct chunk *c, const struct xtr_msg *m)
{
	struct registrar *r = c->registrar;
	struct xtr_lisp *l = r->etr->l;
	char ip[XTR_IP_STRLEN];

	l->counters[XTR_C_ETR_NOTIFY_OK]++;
	r->notifies++;
	r->notified_ms = xtr_wheel_now(l->wheel);
	report_missing(c, m);
	if (c->warned) {
		xtr_log(XTR_LOG_NOTICE, "map-register: map-server %s acknowledges again",
		    xtr_ip_format(&r->cfg->address, ip));
		r->warned_ms = 0;
	}
	c->warned = false;
	c->acknowledged = true;
	c->tries = 0;
	xtr_timer_arm(l->wheel, &c->timer, REGISTER_MS, tick);
}

void xtr_etr_notify(struct xtr_etr *etr, const struct xtr_peer *from, const uint8_t *p, size_t len,
    const struct xtr_msg *m)
{
	char ip[XTR_IP_STRLEN];

	for (unsigned i = 0; i < etr->l->cfg->n_map_servers; i++) {
		struct registrar *r = &etr->registrars[i];
		struct chunk *c = find_chunk(r, m->nonce);

		if (!c)
			continue;
		if (m->algorithm != r->cfg->algorithm || xtr_auth_verify(r->key, p, len, m) < 0) {
			etr->l->counters[XTR_C_ETR_NOTIFY_BAD]++;
			xtr_log(XTR_LOG_WARNING,
			    "map-register: Map-Notify from %s refused: its authentication data is "
			    "wrong",
			    xtr_ip_format(&from->ip, ip));
			return;
		}
		acknowledge(c, m);
		return;
	}
	/* late or repeated: the register that it answers was answered, or repeated with a new nonce
	 */
	etr->l->counters[XTR_C_ETR_NOTIFY_BAD]++;
}

static unsigned refused(const struct registrar *r)
{
	unsigned n = 0;

	for (unsigned i = 0; i < r->n_chunks; i++)
		n += r->chunks[i].refused;
	return n;
}

static const char *state_of(const struct registrar *r)
{
	bool silent = false, waiting = false;

	for (unsigned i = 0; i < r->n_chunks; i++) {
		silent |= r->chunks[i].tries + r->chunks[i].unsent >= SILENT_TRIES;
		waiting |= !r->chunks[i].acknowledged;
	}
	if (!r->cfg->want_notify || !r->n_chunks)
		return "not-asked";
	return silent ? "no-answer" : waiting ? "waiting" : "acknowledged";
}

static json_t *age_s(const struct xtr_etr *etr, uint64_t ms)
{
	return ms ? json_integer((json_int_t)((xtr_wheel_now(etr->l->wheel) - ms) / XTR_MS_PER_SEC))
		  : json_null();
}

json_t *etr_register_show(const struct xtr_etr *etr)
{
	json_t *list = json_array();
	char ip[XTR_IP_STRLEN], nonce[32];

	for (unsigned i = 0; i < etr->l->cfg->n_map_servers; i++) {
		const struct registrar *r = &etr->registrars[i];
		uint64_t last = r->n_chunks ? r->chunks[r->n_chunks - 1].nonce : 0;

		snprintf(
		    nonce, sizeof(nonce), "0x%08X-0x%08X", (unsigned)(last >> 32), (unsigned)last);
		json_array_append_new(
		    list, json_pack("{s:s, s:s, s:I, s:I, s:o, s:o, s:s, s:s, s:i}", "address",
			      xtr_ip_format(&r->cfg->address, ip), "state", state_of(r),
			      "registers_sent", (json_int_t)r->sent, "notifies_received",
			      (json_int_t)r->notifies, "last_register_s", age_s(etr, r->sent_ms),
			      "last_notify_s", age_s(etr, r->notified_ms), "nonce", nonce,
			      "algorithm", xtr_algorithm_name(r->cfg->algorithm),
			      "prefixes_refused", (int)refused(r)));
	}
	return list;
}
