/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An ITR whose forwarding side only counts: packets that wait for an EID, mappings installed.
 */
#ifndef ITR_FIXTURE_H
#define ITR_FIXTURE_H

#include "control/lisp/itr.h"
#include "xtr_fixture.h"

struct waiting {
	struct xtr_eid eid;
	unsigned held, released;
};

struct fixture {
	struct world w; /* first: callbacks get it */
	struct xtr_ip resolvers[4];
	struct xtr_cfg_mapping configured[4];
	struct xtr_cfg_locator locator;
	struct xtr_itr *itr;
	struct waiting waiting[1100]; /* in order of their first packet */
	unsigned n_waiting;
	unsigned released, dropped, forgotten; /* packets, packets, pendings */
	unsigned n_installed, n_removed, n_configured, n_live_at_most;
	struct xtr_eid own; /* the own EID database */
	/* Has a packet met it since this was asked last? NULL: never. */
	bool (*used)(struct fixture *f, const struct xtr_mapping *m);
};

static inline void on_install(void *arg, struct xtr_mapping *m)
{
	struct fixture *f = arg;

	f->n_installed++;
	/* each mapping has its memory, as it does in the daemon; not by malloc(), which a test may
	 * let fail */
	if (!m->user) {
		m->user = strdup("");
		f->n_live_at_most++;
	}
}

static inline void on_remove(void *arg, struct xtr_mapping *m)
{
	struct fixture *f = arg;

	assert_non_null(m->user);
	free(m->user);
	m->user = NULL;
	f->n_removed++;
}

static inline void on_resolved(void *arg, struct xtr_pending *p, struct xtr_mapping *m)
{
	struct fixture *f = arg;
	struct waiting *w = p->user;

	assert_non_null(m);
	assert_true(xtr_eid_covers(&m->eid, &p->eid));
	if (!w)
		return;
	w->released += w->held;
	f->released += w->held;
	w->held = 0;
}

static inline bool on_waited_for(void *arg, const struct xtr_pending *p)
{
	const struct waiting *w = p->user;

	return w && w->held;
}

static inline void on_forget(void *arg, struct xtr_pending *p)
{
	struct fixture *f = arg;
	struct waiting *w = p->user;

	f->forgotten++;
	if (w) {
		f->dropped += w->held;
		w->held = 0;
	}
	p->user = NULL;
}

static inline bool on_own(void *arg, const struct xtr_eid *e)
{
	struct fixture *f = arg;

	return xtr_eid_covers(&f->own, e) || xtr_eid_covers(e, &f->own);
}

static inline void on_describe(
    void *arg, const struct xtr_mapping *m, unsigned locator, json_t *object)
{
	json_object_set_new(object, "state", json_string("up"));
}

static inline bool on_used(void *arg, const struct xtr_mapping *m)
{
	struct fixture *f = arg;

	return f->used && f->used(f, m);
}

static inline bool on_counts(void *arg, const struct xtr_mapping *m, uint64_t count[2])
{
	count[0] = 3;
	count[1] = 300;
	return m->count;
}

static inline void start(struct fixture *f)
{
	static const uint32_t iids[] = {0, 100};
	struct xtr_itr_ops ops = {
	    .install = on_install,
	    .remove = on_remove,
	    .resolved = on_resolved,
	    .waited_for = on_waited_for,
	    .forget = on_forget,
	    .own = on_own,
	    .describe = on_describe,
	    .used = on_used,
	    .counts = on_counts,
	    .arg = f,
	};

	f->itr = xtr_itr_create(&f->w.l, &ops, iids, 2);
	assert_non_null(f->itr);
	f->n_configured = f->n_installed;
}

static inline int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	world_init(&f->w);
	f->resolvers[0] = ip("172.16.1.1");
	f->w.cfg.map_resolvers = f->resolvers;
	f->w.cfg.n_map_resolvers = 1;
	f->w.cfg.map_cache = f->configured;
	f->locator = (struct xtr_cfg_locator){.rloc = ip("172.16.1.9"), .priority = 1};
	f->own = eid("10.1.1.0/24");
	*state = f;
	return 0;
}

static inline int teardown(void **state)
{
	struct fixture *f = *state;

	xtr_itr_destroy(f->itr);
	world_fini(&f->w);
	free(f);
	return 0;
}

#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

/* A packet from a host of the site misses. */
static inline void want_in(
    struct fixture *f, uint32_t iid, const char *destination, const char *source)
{
	struct xtr_eid e = eid_in(iid, destination), src = eid_in(iid, source);
	struct xtr_pending *p = xtr_itr_resolve(f->itr, &e, &src);
	struct waiting *w;

	assert_non_null(p);
	assert_true(xtr_eid_equal(&p->eid, &e));
	w = p->user;
	if (!w) {
		w = NULL;
		for (unsigned i = 0; i < f->n_waiting; i++)
			if (xtr_eid_equal(&f->waiting[i].eid, &e))
				w = &f->waiting[i];
		if (!w) {
			assert_true(f->n_waiting < sizeof(f->waiting) / sizeof(f->waiting[0]));
			w = &f->waiting[f->n_waiting++];
			w->eid = e;
		}
		p->user = w;
	}
	w->held++;
}

static inline void want(struct fixture *f, const char *destination)
{
	want_in(f, 0, destination, strchr(destination, ':') ? "2001:db8:1::4" : "10.1.1.4");
}

/* The Map-Request inside the ECM that was sent as number n. */
static inline struct xtr_msg request(struct fixture *f, unsigned n)
{
	struct xtr_msg m;

	assert_true(n < f->w.n_sent);
	assert_int_equal(xtr_msg_read(f->w.sent[n].m.inner, f->w.sent[n].m.inner_len, &m, NULL), 0);
	assert_int_equal(m.type, XTR_MSG_MAP_REQUEST);
	return m;
}

static inline uint64_t nonce(struct fixture *f, unsigned n)
{
	return request(f, n).nonce;
}

/* A Map-Reply in the making. */
struct reply {
	struct xtr_writer w;
	uint8_t p[4096];
};

static inline void reply_begin(struct reply *r, uint64_t number, bool probe)
{
	xtr_writer_init(&r->w, r->p, sizeof(r->p));
	xtr_write_map_reply(&r->w, number, probe);
}

/* A record; locators up to a NULL, priority 1, weight 50, reachable. */
static inline void reply_record(
    struct reply *r, struct xtr_eid e, uint32_t ttl, uint8_t action, const char *const *rlocs)
{
	struct xtr_record rec = {.eid = e, .ttl = ttl, .act = action, .authoritative = true};

	xtr_write_record(&r->w, &rec);
	for (; rlocs && *rlocs; rlocs++) {
		struct xtr_locator loc = {
		    .ip = ip(*rlocs), .priority = 1, .weight = 50, .reachable = true};

		xtr_write_locator(&r->w, &loc);
	}
}

static inline void reply_send(struct fixture *f, struct reply *r)
{
	struct xtr_peer from = {ip("172.16.1.3"), 4342, ip("172.16.1.2")};
	uint8_t *copy = malloc(r->w.len); /* so that a read beyond the end is seen */
	struct xtr_msg m;

	assert_int_equal(xtr_writer_result(&r->w), 0);
	memcpy(copy, r->p, r->w.len);
	assert_int_equal(xtr_msg_read(copy, r->w.len, &m, NULL), 0);
	xtr_itr_reply(f->itr, &from, &m);
	free(copy);
}

/* One record with one locator (NULL: none). */
static inline void reply_with(struct fixture *f, uint64_t number, const char *prefix, uint32_t ttl,
    uint8_t action, const char *rloc)
{
	const char *rlocs[2] = {rloc, NULL};
	struct reply r;

	reply_begin(&r, number, false);
	reply_record(&r, eid(prefix), ttl, action, rlocs);
	reply_send(f, &r);
}

/* The entry of exactly this prefix, or NULL. */
static inline struct xtr_mapping *find_in(struct fixture *f, uint32_t iid, const char *prefix)
{
	struct xtr_eid e = eid_in(iid, prefix);
	struct xtr_mapping *m = xtr_itr_lookup(f->itr, &e);

	return m && xtr_eid_equal(&m->eid, &e) ? m : NULL;
}

static inline struct xtr_mapping *find(struct fixture *f, const char *prefix)
{
	return find_in(f, 0, prefix);
}

#endif
