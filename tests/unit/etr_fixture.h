/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An ETR with a database and Map-Servers of the test's own.
 */
#ifndef ETR_FIXTURE_H
#define ETR_FIXTURE_H

#include "auth/auth.h"
#include "control/lisp/etr.h"
#include "control/lisp/state.h"
#include "xtr_fixture.h"

#define KEY1 "Zaq12wsx!@"
#define KEY2 "another secret"

struct fixture {
	struct world w; /* first: callbacks get it */
	struct xtr_cfg_mapping database[MAX_MAPPINGS];
	struct xtr_cfg_ms servers[3];
	struct xtr_cfg_proxy_etr proxy_etr;
	struct xtr_eid served[2], takes_from[2]; /* by the PETR */
	struct xtr_etr *etr;
};

static const uint8_t xtr_id[16] = {0xf1, 0x80, 0xe0, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17};

/* A mapping without locators; give it some by add_locator(). */
static inline struct xtr_cfg_mapping *add_mapping(struct fixture *f, struct xtr_eid e, uint32_t ttl)
{
	struct xtr_cfg_mapping *m = &f->database[f->w.cfg.n_database++];

	assert_true(f->w.cfg.n_database <= MAX_MAPPINGS);
	*m = (struct xtr_cfg_mapping){.eid = e, .ttl_min = ttl};
	return m;
}

static inline void add_locator(
    struct xtr_cfg_mapping *m, struct xtr_ip rloc, uint8_t priority, uint8_t weight)
{
	m->locators = reallocarray(m->locators, m->n_locators + 1, sizeof(*m->locators));
	assert_non_null(m->locators);
	m->locators[m->n_locators++] = (struct xtr_cfg_locator){
	    .rloc = rloc, .priority = priority, .weight = weight, .m_priority = 255};
}

/* One locator, 172.16.1.2, 1/50. */
static inline void own(struct fixture *f, const char *prefix, uint32_t ttl)
{
	add_locator(add_mapping(f, eid(prefix), ttl), ip("172.16.1.2"), 1, 50);
}

static inline struct xtr_cfg_ms *add_server(struct fixture *f, const char *address, const char *key)
{
	struct xtr_cfg_ms *s = &f->servers[f->w.cfg.n_map_servers++];

	*s = (struct xtr_cfg_ms){.address = ip(address),
	    .key = {.secret = (uint8_t *)strdup(key), .len = strlen(key), .id = 1},
	    .algorithm = XTR_ALG_SHA256,
	    .want_notify = true};
	return s;
}

/* A PETR for EIDs of instances 0 and 100, and who sends from 172.16.1.0/29 and 2001:db8:1::/48. */
static inline void be_petr(struct fixture *f)
{
	f->served[0] = eid("192.168.1.0/24");
	f->served[1] = eid_in(100, "192.168.1.0/24");
	f->proxy_etr.eids = f->served;
	f->proxy_etr.n_eids = 2;
	f->takes_from[0] = eid("2001:db8:1::/48");
	f->takes_from[1] = eid("172.16.1.0/29");
	f->proxy_etr.rlocs = f->takes_from;
	f->proxy_etr.n_rlocs = 2;
	f->w.cfg.proxy_etr = &f->proxy_etr;
	f->w.cfg.n_proxy_etr = 1;
}

static inline void start(struct fixture *f)
{
	f->etr = xtr_etr_create(&f->w.l, xtr_id);
	assert_non_null(f->etr);
}

static inline int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	world_init(&f->w);
	f->w.cfg.database = f->database;
	f->w.cfg.map_servers = f->servers;
	memcpy(f->w.cfg.site_id, "\0\0\0\0\0\0\0\7", 8);
	*state = f;
	return 0;
}

static inline int teardown(void **state)
{
	struct fixture *f = *state;

	xtr_etr_destroy(f->etr);
	xtr_state_close(f->w.l.state);
	for (unsigned i = 0; i < f->w.cfg.n_database; i++)
		free(f->database[i].locators);
	for (unsigned i = 0; i < f->w.cfg.n_map_servers; i++)
		free(f->servers[i].key.secret);
	world_fini(&f->w);
	free(f);
	return 0;
}

#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

#endif
