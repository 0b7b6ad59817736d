/* SPDX-License-Identifier: BSD-3-Clause */
/* What an instance and a learned mapping cost the control lcore, tables and all, and that it goes
 * back to the system. */
#include "ctl_fixture.h"

#include <malloc.h>
#include <unistd.h>

#define INSTANCES     10000u
#define MAPPINGS      300000u
#define INSTANCE_MOST 1024u /* bytes */
#define MAPPING_MOST  450u
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

/* Bytes that malloc has given out, its own included; what sanitizers put in its place says 0. */
static size_t malloced(void)
{
	struct mallinfo2 m = mallinfo2();

	return m.uordblks + m.hblkhd;
}

static size_t resident(void)
{
	FILE *f = fopen("/proc/self/statm", "r");
	size_t size, pages;

	assert_non_null(f);
	assert_int_equal(fscanf(f, "%zu %zu", &size, &pages), 2);
	fclose(f);
	return pages * (size_t)sysconf(_SC_PAGESIZE);
}

/* Of tables, what malloc does not know of. */
static size_t pooled(const struct cx *c)
{
	const struct xtr_dp *dp = c->ctl.dp;

	return (size_t)dp->fwd.used * sizeof(struct xtr_fwd) +
	       (size_t)dp->set.used * sizeof(struct xtr_set) +
	       dp->n_instances * sizeof(struct xtr_instance);
}

/* An instance without entries, beside the routes that all instances have. */
static void empty_instances(void **state)
{
	struct cx *c = *state;
	size_t before = malloced() + pooled(c), each, pages = resident();

	if (!malloced())
		skip();
	for (uint32_t i = 0; i < INSTANCES; i++) {
		assert_true(xtr_fib_instance(c->ctl.fib, 1000 + i) > 0);
		assert_non_null(itr_instance(c->ctl.itr, 1000 + i, true));
		cx_turns(c, 1);
	}
	cx_turns(c, 4);
	each = (malloced() + pooled(c) - before) / INSTANCES;
	pages = (resident() - pages) / INSTANCES;
	print_message("an empty instance: %zu bytes, %zu of pages\n", each, pages);
	assert_in_range(each, 1, INSTANCE_MOST - 1);
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
		struct xtr_mapping_locator *l = calloc(1, sizeof(*l));
		struct xtr_eid eid = prefix(i);

		assert_non_null(l);
		*l = (struct xtr_mapping_locator){fx_ip("192.0.2.11"), 1, 100, true};
		assert_non_null(itr_mapping_set(c->ctl.itr, &eid, XTR_FROM_MAP_REPLY,
		    XTR_ACT_NO_ACTION, l, 1, 1440, 24 * 3600 * 1000));
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
	xtr_itr_clear(c->ctl.itr, NULL, -1);
	cx_wait(c, 2000);
	malloc_trim(0);
	pages = resident();
	learn(c, MAPPINGS);
	n = c->ctl.dp->fwd.used - used;
	assert_in_range(n, MAPPINGS * 9 / 10, MAPPINGS);
	each = (malloced() + pooled(c) - before + xtr_lpm_memory(lpm)) / n;
	print_message("a learned mapping: %zu bytes, %zu of them in the table, %zu of pages\n",
	    each, xtr_lpm_memory(lpm) / n, (resident() - pages) / n);
	assert_in_range(each, 1, MAPPING_MOST - 1);
	/* and it all goes back, once the control lcore has a quiet second */
	assert_int_equal(xtr_itr_clear(c->ctl.itr, NULL, -1), n);
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
