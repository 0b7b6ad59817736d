/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * RLOC-probes of a test's own, and those who want them.
 */
#ifndef PROBE_FIXTURE_H
#define PROBE_FIXTURE_H

#include "control/lisp/probe.h"
#include "xtr_fixture.h"

#define INTERVAL 10000u

/* Whoever has an RLOC probed. */
struct asker {
	struct xtr_probe *probe;
	struct xtr_eid eid; /* af 0: has none to ask about */
	enum xtr_probe_state told;
	unsigned n_told, n_asked;
	struct asker *stops; /* when it is told something */
	unsigned seen;       /* of MANY: probes sent, and when the last one was answered */
	uint64_t answered_ms;
};

struct fixture {
	struct world w; /* first: callbacks get it */
	struct xtr_probes *probes;
	struct asker a, b;
	struct asker *many;
};

static inline void on_changed(void *arg, void *user, enum xtr_probe_state state)
{
	struct asker *a = user;

	assert_non_null(a->probe);
	assert_int_not_equal(state, a->told);
	a->told = state;
	a->n_told++;
	if (a->stops) {
		xtr_probe_stop(a->stops->probe);
		a->stops->probe = NULL;
	}
}

static inline bool on_eid(void *arg, void *user, struct xtr_eid *e)
{
	struct asker *a = user;

	assert_non_null(a->probe);
	a->n_asked++;
	*e = a->eid;
	return a->eid.ip.af;
}

static inline int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct xtr_probe_ops ops = {.changed = on_changed, .eid = on_eid, .arg = f};

	world_init(&f->w);
	f->w.cfg.lisp.probe_interval_ms = INTERVAL;
	f->a.eid = eid("10.2.2.0/24");
	f->b.eid = eid("10.3.3.0/24");
	f->probes = xtr_probes_create(&f->w.l, &ops);
	assert_non_null(f->probes);
	*state = f;
	return 0;
}

static inline int teardown(void **state)
{
	struct fixture *f = *state;

	xtr_probes_destroy(f->probes);
	world_fini(&f->w);
	free(f->many);
	free(f);
	return 0;
}

#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

static inline void start(struct fixture *f, struct asker *a, const char *rloc, bool petr)
{
	struct xtr_ip to = ip(rloc);

	a->probe = xtr_probe_start(f->probes, &to, petr, a);
	assert_non_null(a->probe);
}

/* Time goes by as it does in the daemon, a little at a time. */
static inline void pass(struct fixture *f, unsigned ms)
{
	while (ms--)
		xtr_clock_advance(&f->w.wheel, 1);
}

/* Waits for message number n, at most `limit` ms; how long it took. */
static inline unsigned wait_sent(struct fixture *f, unsigned n, unsigned limit)
{
	unsigned ms = 0;

	for (; f->w.n_sent <= n && ms < limit; ms++)
		pass(f, 1);
	assert_true(f->w.n_sent > n);
	return ms;
}

/* EVERYTHING: the record is 0.0.0.0/0, as a PETR's; NO_LOCATOR: a negative one */
enum { NO_PROBE_BIT = 1, NO_RECORD = 2, EVERYTHING = 4, NO_LOCATOR = 8 };

static inline void reply_nonce(struct fixture *f, uint64_t nonce, unsigned how)
{
	/* not the address that was probed: the answer leaves by another interface */
	struct xtr_peer from = {ip("172.16.9.9"), 4342, ip("172.16.1.2")};
	struct xtr_record rec = {.ttl = 1440,
	    .eid = eid(how & EVERYTHING ? "0.0.0.0/0" : "10.2.2.0/24"),
	    .authoritative = true};
	struct xtr_locator loc = {.ip = ip("172.16.1.3"), .priority = 1, .probed = true};
	struct xtr_writer w;
	struct xtr_msg m;
	uint8_t buf[256];

	xtr_writer_init(&w, buf, sizeof(buf));
	xtr_write_map_reply(&w, nonce, !(how & NO_PROBE_BIT));
	if (!(how & NO_RECORD))
		xtr_write_record(&w, &rec);
	if (!(how & (NO_RECORD | NO_LOCATOR)))
		xtr_write_locator(&w, &loc);
	assert_int_equal(xtr_writer_result(&w), 0);
	assert_int_equal(xtr_msg_read(buf, w.len, &m, NULL), 0);
	xtr_probes_reply(f->probes, &from, &m);
}

/* An answer to message number n, with a record of the length that was asked for. */
static inline void reply(struct fixture *f, unsigned n)
{
	const uint8_t *cursor = NULL;
	struct xtr_eid asked;

	assert_true(n < f->w.n_sent);
	assert_true(xtr_request_eid_next(&f->w.sent[n].m, &cursor, &asked));
	reply_nonce(f, f->w.sent[n].m.nonce, asked.plen ? 0 : EVERYTHING);
}

#endif
