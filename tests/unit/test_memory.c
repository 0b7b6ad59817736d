/* SPDX-License-Identifier: BSD-3-Clause */
/* What an instance and a learned mapping cost the control lcore, tables and all, and that it goes
 * back to the system. */
#include "ctl_fixture.h"
#include "itr_clear.h"
#include "resident.h"

#include <malloc.h>
#include <unistd.h>
#include "util/small.h"

#define INSTANCES     10000u
#define MAPPINGS      300000u
#define INSTANCE_MOST 1024u /* bytes */
#define DEFAULTS_MOST 560u
#define MAPPING_MOST  400u
#define LEFT_MOST     (8u << 20)

static int setup(void **state)
{
	struct cx *c = cx_new();

	c->cfg.n_map_resolvers = 0;
	cx_start(c);
	fx_neigh(c->f, 1, "192.0.2.11", 11);
	cx_turns(c, 4);
	*state = c;
	return 0;
}

static int teardown(void **state)
{
	cx_free(*state);
	return 0;
}

/* Bytes that malloc has given out, its own included, and of small objects; what sanitizers put in
 * its place says 0. */
static size_t malloced(void)
{
	struct mallinfo2 m = mallinfo2();

	return m.uordblks + m.hblkhd + xtr_small_memory();
}

/* Of tables, what malloc does not know of. */
static size_t pooled(const struct cx *c)
{
	const struct xtr_dp *dp = c->ctl.dp;

	return (size_t)dp->fwd.used * sizeof(struct xtr_fwd) +
	       (size_t)dp->set.used * sizeof(struct xtr_set) +
	       dp->n_instances * sizeof(struct xtr_instance);
}

/* Pages that each of the instances costs, made or added to by fn. */
static size_t cost(struct cx *c, void (*fn)(struct cx *c, uint32_t iid))
{
	size_t before = resident();

	for (uint32_t i = 0; i < INSTANCES; i++) {
		fn(c, 1000 + i);
		cx_turns(c, 1);
	}
	cx_turns(c, 4);
	return (resident() - before) / INSTANCES;
}

static void make(struct cx *c, uint32_t iid)
{
	assert_true(xtr_fib_instance(c->ctl.fib, iid) > 0);
	assert_non_null(itr_instance(c->ctl.itr, iid, true));
}

static void ask_for_all(struct cx *c, uint32_t iid)
{
	for (unsigned f = 0; f < 2; f++) {
		struct xtr_eid any = {.iid = iid, .ip.af = f ? 6 : 4};

		assert_non_null(itr_mapping_set(
		    c->ctl.itr, &any, XTR_FROM_DEFAULT, XTR_ACT_SEND_MAP_REQUEST, NULL, 0, 0, 0));
	}
}

/* An instance without entries, beside the routes that all instances have; and with the two that an
 * ITR makes itself. */
static void empty_instances(void **state)
{
	struct cx *c = *state;
	size_t each;

	if (!malloced())
		skip();
	each = cost(c, make);
	print_message("an empty instance: %zu bytes of pages\n", each);
	assert_in_range(each, 1, INSTANCE_MOST - 1);
	each = cost(c, ask_for_all);
	print_message("two entries \"send-map-request\": %zu bytes of pages\n", each);
	assert_in_range(each, 1, DEFAULTS_MOST - 1);
}

/* Any prefix of 20 to 28 bits of 32.0.0.0/3, another one for each i. */
static struct xtr_eid prefix(uint32_t i)
{
	uint32_t ip = i * 0x9e3779b1u, net;
	struct xtr_eid e = {.iid = FX_IID, .plen = (uint8_t)(20 + i % 9)};

	ip = (ip ^ ip >> 15) * 0x85ebca6bu;
	net = htonl((ip & 0x1fffffff) | 0x20000000);
	e.ip = xtr_ip4(&net);
	xtr_ip_mask(&e.ip, e.plen);
	return e;
}

static void learn(struct cx *c, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		struct xtr_mapping_locator l = {fx_ip("192.0.2.11"), 1, 100, true};
		struct xtr_eid eid = prefix(i);

		assert_non_null(itr_mapping_set(c->ctl.itr, &eid, XTR_FROM_MAP_REPLY,
		    XTR_ACT_NO_ACTION, &l, 1, 1440, 24 * 3600 * 1000));
		if (i % 256 == 0)
			cx_turns(c, 1);
	}
	cx_turns(c, 4);
}

static void learned_mappings(void **state)
{
	struct cx *c = *state;
	const struct xtr_lpm *lpm = c->ctl.dp->instances[c->f->inst].lisp;
	size_t before = malloced() + pooled(c), pages, each;
	uint32_t used = c->ctl.dp->fwd.used, n;

	if (!malloced())
		skip();
	learn(c, 1000); /* the tables are there */
	itr_clear(c->ctl.itr, NULL, -1);
	cx_wait(c, 2000);
	pages = resident();
	learn(c, MAPPINGS);
	n = c->ctl.dp->fwd.used - used;
	assert_in_range(n, MAPPINGS * 9 / 10, MAPPINGS);
	each = (malloced() + pooled(c) - before + xtr_lpm_memory(lpm)) / n;
	print_message("a learned mapping: %zu bytes, %zu of them in the table, %zu of pages\n",
	    each, xtr_lpm_memory(lpm) / n, (resident() - pages) / n);
	assert_in_range(each, 1, MAPPING_MOST - 1);
	/* and it all goes back */
	assert_int_equal(itr_clear(c->ctl.itr, NULL, -1), n);
	cx_turns(c, 8);
	assert_in_range(malloced() + pooled(c), 1, before + LEFT_MOST / 8);
	cx_wait(c, 2000);
	assert_in_range(resident(), 1, pages + LEFT_MOST);
	assert_int_equal(c->ctl.dp->fwd.used, used);
}

#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {T(learned_mappings), T(empty_instances)};

	return cmocka_run_group_tests(tests, eal_setup, eal_teardown);
}
