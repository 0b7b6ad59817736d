/* SPDX-License-Identifier: BSD-3-Clause */
/* What the workers' tables hold, put together from routes, LISP entries and own EIDs, against the
 * rules applied to lists. */
#include "dp_fixture.h"

#include "fail_alloc.h"

#define KEYS      72u
#define INSTANCES 2u
#define OPS       30000u

enum source { ROUTE, LISP, DATABASE };

struct model {
	struct fx *f;
	struct xtr_eid key[KEYS];
	uint32_t route[KEYS], lisp[INSTANCES][KEYS], database[INSTANCES][KEYS]; /* tags, 0: none */
	uint8_t action[4096];                                                   /* by tag modulo */
	uint32_t tag;
	unsigned entries;
};

static const uint32_t iids[INSTANCES] = {0, FX_IID};

static int setup(void **state)
{
	*state = fx_new(FX_PER_EID, 6000, 9000);
	return 0;
}

static int teardown(void **state)
{
	fx_free(*state);
	return 0;
}

static void make_keys(struct model *m)
{
	/* chains of nested prefixes under few top ones, both families */
	for (unsigned i = 0; i < KEYS; i++) {
		struct xtr_eid *e = &m->key[i];

		memset(e, 0, sizeof(*e));
		e->ip.af = i % 3 == 2 ? 6 : 4;
		e->ip.b[0] = 10;
		e->ip.b[1] = (uint8_t)(i / 24);
		e->ip.b[2] = (uint8_t)(i % 5);
		e->ip.b[3] = (uint8_t)(i % 7);
		e->plen = (uint8_t)(i / 3 * 4 / 3);
		if (i < 6)
			e->plen = (uint8_t)(i < 3 ? 0 : 8);
		xtr_ip_mask(&e->ip, e->plen);
		for (unsigned k = 0; k < i; k++)
			if (xtr_eid_equal(&m->key[k], e)) { /* once each */
				e->ip.b[1] ^= 0x80;
				e->plen = 32;
				e->ip.b[3] = (uint8_t)i;
			}
	}
}

static bool is_own(const struct model *m, unsigned inst, const struct xtr_eid *e)
{
	for (unsigned i = 0; i < KEYS; i++)
		if (m->database[inst][i] && xtr_eid_covers(&m->key[i], e))
			return true;
	return false;
}

/* The rules of control/forwarding/fib.h for one prefix. */
static uint32_t rule(const struct model *m, unsigned inst, unsigned k)
{
	uint32_t route = m->route[k];
	uint8_t action = m->action[route % 4096];

	if (route && action == XTR_FWD_LOCAL)
		return route;
	if (m->database[inst][k])
		return m->database[inst][k];
	if (m->lisp[inst][k] && !is_own(m, inst, &m->key[k]))
		return m->lisp[inst][k];
	if (route && action != XTR_FWD_DROP)
		return route;
	return 0;
}

static uint32_t found(const struct model *m, const struct xtr_lpm *lpm, const struct xtr_ip *ip)
{
	const struct xtr_fwd *fwd;
	uint32_t entry, key;

	if (ip->af == 4) {
		memcpy(&key, ip->b, 4);
		xtr_lpm_lookup4(&lpm, &key, &entry, 1);
	} else {
		xtr_lpm_lookup6(&lpm, &ip->b, &entry, 1);
	}
	fwd = xtr_pool_at(&m->f->dp->fwd, entry);
	return entry ? fwd->target : 0;
}

static void check_address(const struct model *m, const struct xtr_ip *ip)
{
	struct xtr_eid host = xtr_eid_host(0, ip);

	for (unsigned inst = 0; inst < INSTANCES; inst++) {
		const struct xtr_instance *tables = &m->f->dp->instances[inst];
		uint32_t view = 0, routes = 0, database = 0;
		int view_len = -1, routes_len = -1, database_len = -1;

		for (unsigned k = 0; k < KEYS; k++) {
			int len = m->key[k].plen;

			if (!xtr_eid_covers(&m->key[k], &host))
				continue;
			if (rule(m, inst, k) && len > view_len) {
				view = rule(m, inst, k);
				view_len = len;
			}
			if (m->route[k] && len > routes_len) {
				routes = m->route[k];
				routes_len = len;
			}
			if (m->database[inst][k] && len > database_len) {
				database = m->database[inst][k];
				database_len = len;
			}
		}
		assert_int_equal(found(m, tables->lisp, ip), view);
		assert_int_equal(found(m, tables->routes, ip), routes);
		assert_int_equal(found(m, tables->database, ip), database);
		host.iid = iids[inst];
		assert_int_equal(xtr_fib_own(m->f->fib, &host), database != 0);
		host.iid = 0;
	}
}

/* Sets, replaces or removes one source's word on a prefix; memory may be short. */
static uint32_t *word_of(struct model *m, enum source source, unsigned inst, unsigned k)
{
	return source == ROUTE  ? &m->route[k]
	       : source == LISP ? &m->lisp[inst][k]
				: &m->database[inst][k];
}

static void change(struct model *m, enum source source, unsigned inst, unsigned k, bool gone)
{
	static const uint8_t routes[] = {
	    XTR_FWD_FORWARD, XTR_FWD_LOCAL, XTR_FWD_DROP, XTR_FWD_GLEAN};
	static const uint8_t mappings[] = {
	    XTR_FWD_ENCAP, XTR_FWD_MISS, XTR_FWD_DROP, XTR_FWD_ROUTES};
	uint32_t *word = word_of(m, source, inst, k);
	struct xtr_eid eid = m->key[k];
	/* no next hops behind it: the tag is told apart by target alone */
	struct xtr_fwd fwd = {.set_log2 = 0};
	uint32_t entry = 0;
	int rc;

	if (!gone) {
		m->tag = m->tag % 4000 + 1;
		fwd.target = m->tag;
		fwd.action = source == ROUTE  ? routes[rand() % 4]
			     : source == LISP ? mappings[rand() % 4]
					      : XTR_FWD_ROUTES;
		entry = fx_entry(m->f, fwd);
	}
	eid.iid = source == ROUTE ? 0 : iids[inst];
	allocs_left = rand() % (gone ? 2 : 8) == 0 ? rand() % (gone ? 2 : 4) : -1;
	rc = source == ROUTE  ? xtr_fib_set_route(m->f->fib, &eid, entry)
	     : source == LISP ? xtr_fib_set_lisp(m->f->fib, &eid, entry)
			      : xtr_fib_set_database(m->f->fib, &eid, entry);
	allocs_left = -1;
	if (rc) {
		/* what goes needs memory only where it lets LISP entries come out */
		assert_int_equal(rc, -ENOMEM);
		assert_true(!gone || source == DATABASE);
		return;
	}
	m->entries += (entry != 0) - (*word != 0);
	*word = gone ? 0 : m->tag;
	if (!gone)
		m->action[m->tag] = fwd.action;
	if (entry)
		assert_int_equal(
		    ((struct xtr_fwd *)xtr_pool_at(&m->f->dp->fwd, entry))->plen, eid.plen);
}

/* The tags must not come round while an old one lives. */
static bool tag_is_free(const struct model *m)
{
	uint32_t tag = m->tag % 4000 + 1;

	for (unsigned k = 0; k < KEYS; k++)
		if (m->route[k] == tag || m->lisp[0][k] == tag || m->lisp[1][k] == tag ||
		    m->database[0][k] == tag || m->database[1][k] == tag)
			return false;
	return true;
}

static void against_lists(void **state)
{
	struct model *m = calloc(1, sizeof(*m));
	unsigned failed_before = allocs_failed, used;

	m->f = *state;
	used = m->f->dp->fwd.used;
	make_keys(m);
	srand(8);
	for (unsigned op = 0; op < OPS; op++) {
		unsigned k = (unsigned)rand() % KEYS;
		enum source source = (enum source)(rand() % 5 / 2);
		struct xtr_ip ip = m->key[(unsigned)rand() % KEYS].ip;
		bool gone = rand() % 2;

		while (!gone && !tag_is_free(m))
			m->tag++;
		change(m, source, (unsigned)rand() % INSTANCES, k, gone);
		if (rand() % 2)
			ip.b[(unsigned)rand() % 4] ^= (uint8_t)(1 << rand() % 8);
		check_address(m, &ip);
		if (op % 8 == 0)
			for (unsigned i = 0; i < KEYS; i++)
				check_address(m, &m->key[i].ip);
		assert_int_equal(m->f->dp->fwd.used, used + m->entries);
		xtr_worker_turn(m->f->w);
		xtr_rcu_poll(&m->f->dp->rcu);
	}
	assert_true(allocs_failed - failed_before > 100);
	for (unsigned k = 0; k < KEYS; k++)
		for (unsigned inst = 0; inst < INSTANCES; inst++)
			for (unsigned source = ROUTE; source <= DATABASE; source++)
				do
					change(m, (enum source)source, inst, k, true);
				while (*word_of(m, (enum source)source, inst, k));
	assert_int_equal(m->entries, 0);
	assert_int_equal(m->f->dp->fwd.used, used);
	for (unsigned i = 0; i < INSTANCES; i++) {
		assert_int_equal(xtr_lpm_count(m->f->dp->instances[i].lisp), 0);
		assert_int_equal(xtr_lpm_count(m->f->dp->instances[i].database), 0);
	}
	assert_int_equal(xtr_lpm_count(m->f->dp->instances[0].routes), 0);
	free(m);
}

static uint8_t action_of(struct fx *f, uint32_t iid, const char *address)
{
	const struct xtr_lpm *lpm = f->dp->instances[f->dp->inst_of_iid[iid] - 1].lisp;
	struct xtr_ip ip = fx_ip(address);
	uint32_t key, entry;

	memcpy(&key, ip.b, 4);
	xtr_lpm_lookup4(&lpm, &key, &entry, 1);
	return ((struct xtr_fwd *)xtr_pool_at(&f->dp->fwd, entry))->action;
}

static void add(struct fx *f, int (*fn)(struct xtr_fib *, const struct xtr_eid *, uint32_t),
    uint32_t iid, const char *prefix, uint8_t action)
{
	struct xtr_eid e = fx_eid(iid, prefix);

	assert_int_equal(
	    fn(f->fib, &e, action ? fx_entry(f, (struct xtr_fwd){.action = action}) : 0), 0);
}

/* The rules again, by hand. */
static void by_hand(void **state)
{
	struct xtr_fwd by_linux = {.action = XTR_FWD_LOCAL, .reason = XTR_LOCAL_ROUTE};
	struct fx *f = *state;
	struct xtr_eid all = fx_eid(0, "0.0.0.0/0");

	add(f, xtr_fib_set_lisp, 5, "0.0.0.0/0", XTR_FWD_MISS);
	/* a default route by an interface of Linux's own is a route like others */
	assert_int_equal(xtr_fib_set_route(f->fib, &all, fx_entry(f, by_linux)), 0);
	assert_int_equal(action_of(f, 5, "8.8.8.8"), XTR_FWD_MISS);
	add(f, xtr_fib_set_route, 0, "0.0.0.0/0", XTR_FWD_FORWARD);
	/* on equal length LISP decides, a longer route hides it */
	assert_int_equal(action_of(f, 5, "8.8.8.8"), XTR_FWD_MISS);
	add(f, xtr_fib_set_route, 0, "8.0.0.0/8", XTR_FWD_FORWARD);
	assert_int_equal(action_of(f, 5, "8.8.8.8"), XTR_FWD_FORWARD);
	/* blackhole, unreachable, prohibit hide nothing */
	add(f, xtr_fib_set_route, 0, "8.8.0.0/16", XTR_FWD_DROP);
	assert_int_equal(action_of(f, 5, "8.8.8.8"), XTR_FWD_FORWARD);
	add(f, xtr_fib_set_route, 0, "8.0.0.0/8", XTR_FWD_DROP);
	assert_int_equal(action_of(f, 5, "8.8.8.8"), XTR_FWD_MISS);
	/* a LISP entry longer than the route */
	add(f, xtr_fib_set_lisp, 5, "8.8.8.0/24", XTR_FWD_ENCAP);
	assert_int_equal(action_of(f, 5, "8.8.8.8"), XTR_FWD_ENCAP);
	/* a local address wins at its own length, and so in every instance */
	add(f, xtr_fib_set_route, 0, "8.8.8.8", XTR_FWD_LOCAL);
	add(f, xtr_fib_set_lisp, 5, "8.8.8.8", XTR_FWD_ENCAP);
	assert_int_equal(action_of(f, 5, "8.8.8.8"), XTR_FWD_LOCAL);
	/* an own EID prefix: LISP entries inside do not count, routes do */
	add(f, xtr_fib_set_database, 5, "10.1.0.0/16", XTR_FWD_ROUTES);
	add(f, xtr_fib_set_lisp, 5, "10.1.2.0/24", XTR_FWD_ENCAP);
	add(f, xtr_fib_set_route, 0, "10.1.3.0/24", XTR_FWD_GLEAN);
	assert_int_equal(action_of(f, 5, "10.1.2.3"), XTR_FWD_ROUTES);
	assert_int_equal(action_of(f, 5, "10.1.3.3"), XTR_FWD_GLEAN);
	add(f, xtr_fib_set_lisp, 5, "10.1.0.0/16", XTR_FWD_ENCAP);
	assert_int_equal(action_of(f, 5, "10.1.9.9"), XTR_FWD_ROUTES);
	/* and they do again once it goes */
	add(f, xtr_fib_set_database, 5, "10.1.0.0/16", 0);
	assert_int_equal(action_of(f, 5, "10.1.2.3"), XTR_FWD_ENCAP);
	assert_int_equal(action_of(f, 5, "10.1.9.9"), XTR_FWD_ENCAP);
	/* an instance made later sees the routes that are there */
	assert_int_equal(xtr_fib_instance(f->fib, 77), 2);
	assert_int_equal(action_of(f, 77, "8.8.8.8"), XTR_FWD_LOCAL);
	assert_int_equal(action_of(f, 77, "10.1.3.3"), XTR_FWD_GLEAN);
	assert_int_equal(action_of(f, 77, "10.1.2.3"), XTR_FWD_FORWARD);
}

/* An own EID prefix comes or goes: all LISP entries inside with it, or, memory being short
 * anywhere, none of them. Returns how often it was short. */
static unsigned all_or_none(struct fx *f, uint8_t action, uint8_t before, uint8_t after)
{
	struct xtr_eid own = fx_eid(5, "10.0.0.0/8");
	unsigned allocs = 0;
	char text[32];

	for (int rc = -ENOMEM; rc < 0; allocs++) {
		uint32_t entry = action ? fx_entry(f, (struct xtr_fwd){.action = action}) : 0;

		allocs_left = (int)allocs;
		rc = xtr_fib_set_database(f->fib, &own, entry);
		allocs_left = -1;
		if (rc)
			assert_int_equal(rc, -ENOMEM);
		for (unsigned i = 0; i < 250; i++) {
			snprintf(text, sizeof(text), "10.%u.3.4", i);
			assert_int_equal(action_of(f, 5, text), rc ? before : after);
		}
		xtr_worker_turn(f->w);
		xtr_rcu_poll(&f->dp->rcu);
	}
	return allocs - 1;
}

static void own_prefix(void **state)
{
	struct fx *f = *state;
	uint32_t used;
	char text[32];

	add(f, xtr_fib_set_database, 5, "10.0.0.0/8", XTR_FWD_ROUTES);
	for (unsigned i = 0; i < 250; i++) {
		snprintf(text, sizeof(text), "10.%u.0.0/16", i);
		add(f, xtr_fib_set_lisp, 5, text, XTR_FWD_ENCAP);
		assert_int_equal(action_of(f, 5, "10.0.3.4"), XTR_FWD_ROUTES);
	}
	used = f->dp->fwd.used;
	assert_true(all_or_none(f, 0, XTR_FWD_ROUTES, XTR_FWD_ENCAP) > 10);
	assert_int_equal(f->dp->fwd.used, used - 1);
	assert_true(all_or_none(f, XTR_FWD_ROUTES, XTR_FWD_ENCAP, XTR_FWD_ROUTES) > 10);
	assert_int_equal(f->dp->fwd.used, used);
	for (unsigned i = 0; i < 250; i++) {
		snprintf(text, sizeof(text), "10.%u.0.0/16", i);
		add(f, xtr_fib_set_lisp, 5, text, 0);
	}
	assert_int_equal(f->dp->fwd.used, used - 250);
}

/* An entry and its set go together; pools may be exhausted. */
static void sets(void **state)
{
	struct fx *f = *state;
	struct xtr_set_member m[] = {{.hop = 1, .id = 1, .weight = 1, .usable = 1},
	    {.hop = 2, .id = 2, .weight = 1, .usable = 1}};
	struct xtr_fwd fwd = {.action = XTR_FWD_FORWARD};
	uint32_t entry[2];

	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(xtr_fib_choose(f->fib, m, 2, &fwd), 0);
		entry[i] = xtr_fib_entry(f->fib, &fwd);
		assert_int_not_equal(entry[i], 0);
		assert_int_equal(f->dp->set.used, 1);
	}
	xtr_fib_put_entry(f->fib, entry[0]);
	assert_int_equal(f->dp->set.used, 1);
	xtr_fib_put_entry(f->fib, entry[1]);
	xtr_fib_put_entry(f->fib, 0);
	assert_int_equal(f->dp->set.used, 0);
	/* no entry: its set is given back */
	assert_int_equal(xtr_fib_choose(f->fib, m, 2, &fwd), 0);
	f->dp->fwd.max = f->dp->fwd.fresh;
	f->dp->fwd.free = 0;
	assert_int_equal(xtr_fib_entry(f->fib, &fwd), 0);
	assert_int_equal(f->dp->set.used, 0);
	f->dp->set.max = f->dp->set.fresh;
	f->dp->set.free = 0;
	assert_int_equal(xtr_fib_choose(f->fib, m, 2, &fwd), -ENOMEM);
}

/* What takes the place of an entry whose gate is closed keeps the gate. */
static void gates_are_kept(void **state)
{
	struct fx *f = *state;
	struct xtr_eid eid = fx_eid(5, "10.2.0.0/16");
	struct xtr_ip ip = fx_ip("10.2.3.4"), other = fx_ip("11.0.0.1");
	uint32_t tunnel = xtr_pool_get(&f->dp->tunnel), gate;

	add(f, xtr_fib_set_lisp, 5, "0.0.0.0/0", XTR_FWD_MISS);
	assert_int_equal(xtr_fib_gate(f->fib, 1, &ip), 0);
	gate = xtr_gate_number(&f->holder);
	assert_int_equal(
	    xtr_fib_set_lisp(f->fib, &eid,
		fx_entry(
		    f, (struct xtr_fwd){.action = XTR_FWD_ENCAP, .target = tunnel, .gate = gate})),
	    0);
	assert_int_equal(xtr_fib_gate(f->fib, 1, &ip), gate);
	assert_int_equal(xtr_fib_gate(f->fib, 1, &other), 0);
	/* the tunnel's is later */
	((struct xtr_tunnel *)xtr_pool_at(&f->dp->tunnel, tunnel))->gate = gate + 1;
	assert_int_equal(xtr_fib_set_lisp(f->fib, &eid, 0), 0);
	assert_int_equal(xtr_fib_gate(f->fib, 1, &ip), gate + 1);
	assert_int_equal(xtr_fib_gate(f->fib, 1, &other), gate + 1);
	xtr_pool_put(&f->dp->tunnel, tunnel);
}

#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(by_hand), T(own_prefix), T(against_lists), T(sets), T(gates_are_kept)};

	return cmocka_run_group_tests(tests, eal_setup, eal_teardown);
}
