/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * RLOC-probes: when they are sent, what answers them, and what follows. A round is up to
 * XTR_PROBE_TRIES Map-Requests, each with a nonce of its own; an answer to any of them ends it.
 */
#include "control/lisp/probe.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/queue.h>
#include "control/lisp/hash.h"
#include "util/log.h"
#include "wire/data.h"

#define RETRY_MS    1000u
#define JITTER_PART 10u /* of the interval, more or less */
/* All probes together: one a millisecond; what was left of the last ones may be sent at once. */
#define BURST 32u

struct
try {
	struct xtr_hnode node; /* of by_nonce, while `open` */
	struct xtr_probe *probe;
	uint64_t nonce;
	uint64_t sent_us;
	bool open; /* an answer still counts */
};

struct xtr_probe {
	struct xtr_probes *probes;
	struct xtr_ip rloc;
	bool petr;
	void *user;
	struct xtr_probe_status status;
	uint64_t sent_ms;       /* of the last one that could be sent */
	struct xtr_timer timer; /* the next try, the verdict on the last one, or the next round */
	struct try tries[XTR_PROBE_TRIES];
	unsigned next_try; /* where the next one is kept, the oldest */
	unsigned n_tries;  /* that decide on the verdict; 0 between rounds */
	bool unsendable;   /* the last of them could not be sent */
	bool refused;      /* one of them had an answer that says nothing of a PETR */
	bool queued;       /* its turn has come, the pace lets it wait */
	bool renewed;      /* in this round, the tries began anew already */
	TAILQ_ENTRY(xtr_probe) turn;
	TAILQ_ENTRY(xtr_probe) all;
};

struct xtr_probes {
	struct xtr_lisp *l;
	struct xtr_probe_ops ops;
	struct xtr_hash by_nonce;
	TAILQ_HEAD(, xtr_probe) turns, all;
	struct xtr_timer pace; /* while someone waits for a turn */
	uint64_t paced_ms;     /* when the credit was last added to */
	unsigned credit;       /* probes that may be sent now */
};

const char *xtr_probe_state_name(enum xtr_probe_state state)
{
	static const char *const names[] = {
	    [XTR_PROBE_UNKNOWN] = "unknown",
	    [XTR_PROBE_UP] = "up",
	    [XTR_PROBE_SILENT] = "silent",
	    [XTR_PROBE_DOWN] = "down",
	};

	return (unsigned)state < sizeof(names) / sizeof(names[0]) ? names[state] : "?";
}

static uint64_t retry_ms(const struct xtr_probes *probes)
{
	unsigned interval = probes->l->cfg->lisp.probe_interval_ms;

	return interval < RETRY_MS ? interval : RETRY_MS;
}

static void send_waiting(struct xtr_timer *t);

/* Its turn has come. Never sends from inside the caller, who may not be ready to be asked. */
static void enqueue(struct xtr_probe *p)
{
	struct xtr_probes *probes = p->probes;

	/* all that is not for a LISP site depends on the few PETRs: they wait for nobody */
	if (p->petr)
		TAILQ_INSERT_HEAD(&probes->turns, p, turn);
	else
		TAILQ_INSERT_TAIL(&probes->turns, p, turn);
	p->queued = true;
	if (!xtr_timer_armed(&probes->pace))
		xtr_timer_arm(probes->l->wheel, &probes->pace, 0, send_waiting);
}

/* Nothing is outstanding, nor waits to be sent. */
static void end_round(struct xtr_probe *p)
{
	struct xtr_probes *probes = p->probes;

	for (unsigned i = 0; i < XTR_PROBE_TRIES; i++) {
		if (p->tries[i].open)
			xtr_hash_del(&probes->by_nonce, &p->tries[i].node);
		p->tries[i].open = false;
	}
	if (p->queued)
		TAILQ_REMOVE(&probes->turns, p, turn);
	p->queued = false;
	p->n_tries = 0;
	p->unsendable = p->refused = p->renewed = false;
	xtr_timer_cancel(probes->l->wheel, &p->timer);
}

/* The caller must not touch the probe any more: it may have been stopped. */
static void set_state(struct xtr_probe *p, enum xtr_probe_state state, const char *why)
{
	struct xtr_probes *probes = p->probes;
	char text[XTR_IP_STRLEN];

	p->status.why = why;
	if (p->status.state == state)
		return;
	xtr_dbg(XTR_DBG_MAP_REQUEST, "probe: %s%s is %s%s%s", p->petr ? "PETR " : "",
	    xtr_ip_format(&p->rloc, text), xtr_probe_state_name(state), why ? ": " : "",
	    why ? why : "");
	p->status.state = state;
	p->status.since_ms = xtr_wheel_now(probes->l->wheel);
	probes->ops.changed(probes->ops.arg, p->user, state);
}

static void on_time(struct xtr_timer *t);

/* RFC 9301 7.1: "sent periodically using a jittered timer interval" */
static void next_round(struct xtr_probe *p)
{
	struct xtr_lisp *l = p->probes->l;
	uint64_t interval = l->cfg->lisp.probe_interval_ms;
	uint64_t most = interval / JITTER_PART;

	end_round(p);
	xtr_timer_arm(
	    l->wheel, &p->timer, interval - most + l->random64(l) % (2 * most + 1), on_time);
}

static_assert(XTR_PROBE_TRIES == 3, "the text below says so");

/* All tries are used up. */
static void give_up(struct xtr_probe *p)
{
	const char *why = p->unsendable ? "cannot be sent: no route"
			  : p->refused  ? "answers, but not as a PETR"
					: "no answer to 3 probes";

	next_round(p);
	set_state(p, p->status.answered ? XTR_PROBE_DOWN : XTR_PROBE_SILENT, why);
}

static void on_time(struct xtr_timer *t)
{
	struct xtr_probe *p =
	    (struct xtr_probe *)(void *)((char *)t - offsetof(struct xtr_probe, timer));

	if (p->n_tries >= XTR_PROBE_TRIES)
		give_up(p);
	else
		enqueue(p);
}

/* The Map-Request. False: it could not be sent. */
static bool send_request(struct xtr_probe *p, const struct xtr_eid *eid, uint64_t nonce)
{
	struct xtr_lisp *l = p->probes->l;
	char about[XTR_EID_STRLEN], to[XTR_IP_STRLEN];
	struct xtr_ip rloc;
	/* RFC 9301 5.2: the source-EID of a probe has AFI 0 */
	struct xtr_request_opts o = {
	    .nonce = nonce, .probe = true, .itr_rlocs = &rloc, .n_itr_rlocs = 1};
	struct xtr_writer w;
	uint8_t buf[128];

	if (!xtr_lisp_itr_rloc(l, &p->rloc, &rloc)) {
		l->counters[XTR_C_CTL_TX_FAILED]++;
		return false;
	}
	xtr_writer_init(&w, buf, sizeof(buf));
	xtr_write_map_request(&w, &o, eid);
	/* RFC 9301 7.1: from an RLOC of our own, not encapsulated, to the RLOC itself */
	if (xtr_writer_result(&w) < 0 ||
	    l->send(l, &rloc, &p->rloc, XTR_PORT_CONTROL, buf, w.len) < 0)
		return false;
	xtr_dbg(XTR_DBG_MAP_REQUEST, "probe: %s, try %u, nonce 0x%08X-0x%08X, to %s",
	    xtr_eid_format(eid, about), p->n_tries, (unsigned)(nonce >> 32), (unsigned)nonce,
	    xtr_ip_format(&p->rloc, to));
	return true;
}

/* One try, also where it cannot be sent. */
static void try_now(struct xtr_probe *p)
{
	struct xtr_probes *probes = p->probes;
	struct xtr_lisp *l = probes->l;
	struct try *t = &p->tries[p->next_try];
	/* what a PETR is asked for: it has no mapping of its own */
	struct xtr_eid eid = {.ip.af = p->rloc.af};

	if (!p->petr && !probes->ops.eid(probes->ops.arg, p->user, &eid)) {
		next_round(p);
		return;
	}
	xtr_timer_arm(l->wheel, &p->timer, retry_ms(probes), on_time);
	p->n_tries++;
	if (t->open)
		xtr_hash_del(&probes->by_nonce, &t->node);
	t->nonce = l->random64(l);
	t->sent_us = xtr_lisp_now_us(l);
	t->open = send_request(p, &eid, t->nonce);
	p->unsendable = !t->open;
	if (!t->open)
		return;
	xtr_hash_add(&probes->by_nonce, &t->node, xtr_hash_bytes(0, &t->nonce, sizeof(t->nonce)));
	p->next_try = (p->next_try + 1) % XTR_PROBE_TRIES;
	p->sent_ms = xtr_wheel_now(l->wheel);
	p->status.sent++;
	l->counters[p->n_tries == 1 ? XTR_C_PROBE_TX : XTR_C_PROBE_RETRANSMIT]++;
}

/* By how many milliseconds the time that timers see is behind the clock. */
static uint64_t behind(const struct xtr_lisp *l)
{
	const struct xtr_wheel *w = l->wheel;
	uint64_t clock = w->offset + (w->manual ? 0 : xtr_lisp_now_us(l) / 1000 - w->base);

	return clock > w->now ? clock - w->now : 0;
}

static void send_waiting(struct xtr_timer *t)
{
	struct xtr_probes *probes =
	    (struct xtr_probes *)(void *)((char *)t - offsetof(struct xtr_probes, pace));
	struct xtr_lisp *l = probes->l;
	uint64_t now = xtr_wheel_now(l->wheel), late = behind(l);
	uint64_t credit = probes->credit + (now - probes->paced_ms);
	struct xtr_probe *p;

	/* after a jump of the clock, or a long turn of the control lcore, timers fire for a time
	 * gone by, when no answer could be read: nothing is made up for, it goes on from here */
	if (late > BURST) {
		xtr_timer_arm(l->wheel, t, late, send_waiting);
		return;
	}
	probes->credit = credit < BURST ? (unsigned)credit : BURST;
	probes->paced_ms = now;
	while (probes->credit && (p = TAILQ_FIRST(&probes->turns))) {
		TAILQ_REMOVE(&probes->turns, p, turn);
		p->queued = false;
		probes->credit--;
		try_now(p);
	}
	if (!TAILQ_EMPTY(&probes->turns))
		xtr_timer_arm(l->wheel, t, 1, send_waiting);
}

struct xtr_probes *xtr_probes_create(struct xtr_lisp *l, const struct xtr_probe_ops *ops)
{
	struct xtr_probes *probes = calloc(1, sizeof(*probes));

	if (!probes)
		return NULL;
	if (xtr_hash_init(&probes->by_nonce) < 0) {
		free(probes);
		return NULL;
	}
	probes->l = l;
	probes->ops = *ops;
	probes->credit = BURST;
	probes->paced_ms = xtr_wheel_now(l->wheel);
	TAILQ_INIT(&probes->turns);
	TAILQ_INIT(&probes->all);
	return probes;
}

void xtr_probes_destroy(struct xtr_probes *probes)
{
	struct xtr_probe *p;

	if (!probes)
		return;
	while ((p = TAILQ_FIRST(&probes->all)))
		xtr_probe_stop(p);
	xtr_timer_cancel(probes->l->wheel, &probes->pace);
	xtr_hash_free(&probes->by_nonce);
	free(probes);
}

struct xtr_probe *xtr_probe_start(
    struct xtr_probes *probes, const struct xtr_ip *rloc, bool petr, void *user)
{
	struct xtr_probe *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->probes = probes;
	p->rloc = *rloc;
	p->petr = petr;
	p->user = user;
	p->status.since_ms = xtr_wheel_now(probes->l->wheel);
	for (unsigned i = 0; i < XTR_PROBE_TRIES; i++)
		p->tries[i].probe = p;
	TAILQ_INSERT_TAIL(&probes->all, p, all);
	if (probes->l->cfg->lisp.probe_interval_ms)
		enqueue(p);
	return p;
}

void xtr_probe_stop(struct xtr_probe *p)
{
	if (!p)
		return;
	end_round(p);
	TAILQ_REMOVE(&p->probes->all, p, all);
	free(p);
}

void xtr_probe_now(struct xtr_probe *p)
{
	struct xtr_probes *probes = p->probes;
	uint64_t now = xtr_wheel_now(probes->l->wheel), earliest = p->sent_ms + retry_ms(probes);

	if (!probes->l->cfg->lisp.probe_interval_ms)
		return;
	/* what was sent the old way may still be answered, but it has no part in the verdict; which
	 * must come even if the way changes all the time */
	if (!p->renewed) {
		p->renewed = p->n_tries;
		p->n_tries = 0;
		p->unsendable = p->refused = false;
	}
	if (p->queued)
		return;
	/* RFC 9301 5.3: one Map-Request a second, however often the way changes */
	if (p->status.sent && earliest > now) {
		xtr_timer_arm(probes->l->wheel, &p->timer, earliest - now, on_time);
	} else {
		xtr_timer_cancel(probes->l->wheel, &p->timer);
		enqueue(p);
	}
}

struct xtr_probe_status xtr_probe_status(const struct xtr_probe *p)
{
	return p->status;
}

static struct try *find_try(const struct xtr_probes *probes, uint64_t nonce)
{
	uint32_t hash = xtr_hash_bytes(0, &nonce, sizeof(nonce));
	struct xtr_hnode *node = xtr_hash_chain(&probes->by_nonce, hash);

	for (; node; node = node->next) {
		struct try *t = (struct try *)(void *)((char *)node - offsetof(struct try, node));

		if (t->nonce == nonce)
			return t;
	}
	return NULL;
}

/* Does the answer say that all EIDs stand for this address (a PETR's), or that they do not? */
static bool is_petrs(const struct xtr_msg *m)
{
	const uint8_t *cursor = NULL;
	struct xtr_record rec;

	while (xtr_record_next(m, &cursor, &rec))
		if (!rec.eid.plen && rec.n_locators)
			return true;
	return false;
}

void xtr_probes_reply(
    struct xtr_probes *probes, const struct xtr_peer *from, const struct xtr_msg *m)
{
	struct xtr_lisp *l = probes->l;
	struct try *t = m->probe ? find_try(probes, m->nonce) : NULL;
	char by[XTR_IP_STRLEN], text[XTR_IP_STRLEN];
	struct xtr_probe *p;
	uint64_t rtt;

	/* RFC 9301 7.1: the answer has the probe-bit; 5.3: and a nonce that is outstanding. It
	 * comes from the address of the interface that it leaves by, which is not always what we
	 * probed.
	 */
	if (!t) {
		l->counters[XTR_C_PROBE_REPLY_UNSOLICITED]++;
		return;
	}
	p = t->probe;
	if (p->petr && !is_petrs(m)) {
		/* an ETR that knows nothing of 0.0.0.0/0, or knows that it has no locator, says
		 * that it is there, not that it forwards to the world */
		l->counters[XTR_C_PROBE_REPLY_REFUSED]++;
		xtr_hash_del(&probes->by_nonce, &t->node);
		t->open = false;
		p->refused = true;
		return;
	}
	l->counters[XTR_C_PROBE_REPLY_OK]++;
	rtt = xtr_lisp_now_us(l) - t->sent_us;
	p->status.rtt_us = rtt < 1 ? 1 : rtt < UINT32_MAX ? (uint32_t)rtt : UINT32_MAX;
	p->status.last_answer_ms = xtr_wheel_now(l->wheel);
	p->status.answered++;
	xtr_dbg(XTR_DBG_MAP_REQUEST, "probe: %s answered from %s after %u us",
	    xtr_ip_format(&p->rloc, text), xtr_ip_format(&from->ip, by),
	    (unsigned)p->status.rtt_us);
	next_round(p);
	set_state(p, XTR_PROBE_UP, NULL);
}
