/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A whole control lcore over a data plane of one worker and four ports made of rings, tables from
 * the configuration alone; and `show forwarding` asked of it, after which nothing may have changed.
 * The test plays both loops.
 */
#ifndef XTR_TEST_FORWARDING_FIXTURE_H
#define XTR_TEST_FORWARDING_FIXTURE_H

#include "netns.h"

#include <ftw.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>
#include <rte_ip.h>
#include <rte_udp.h>
#include "control/ctl.h"
#include "control/oper/forwarding.h"
#include "datapath/hop.h"
#include "eal_fixture.h"
#include "wire/data.h"

#define PORTS 4

enum { SITE, CORE, WORLD, SITE5 };

static const char config[] =
    "linux-mirror = false; operator-socket = \"%1$s/sock\"; state-directory = \"%1$s/state\";\n"
    "ports = (\n"
    "  { name = \"site\"; device = \"net_ring_a\"; side = \"site\"; addresses = [ \"10.1.0.1/24\" "
    "]; },\n"
    "  { name = \"core\"; device = \"net_ring_b\"; side = \"core\"; addresses = [ \"192.0.2.1/24\" "
    "]; },\n"
    "  { name = \"world\"; device = \"net_ring_c\"; side = \"core\"; proxy-itr = true;\n"
    "    addresses = [ \"198.51.100.1/24\" ]; },\n"
    "  { name = \"site5\"; device = \"net_ring_d\"; side = \"site\"; instance-id = 5;\n"
    "    addresses = [ \"10.5.0.1/24\" ]; } );\n"
    "neighbours = (\n"
    "  { address = \"10.1.0.4\"; mac = \"02:aa:00:00:00:01\"; port = \"site\"; },\n"
    "  { address = \"192.0.2.2\"; mac = \"02:aa:00:00:00:02\"; port = \"core\"; },\n"
    "  { address = \"192.0.2.3\"; mac = \"02:aa:00:00:00:03\"; port = \"core\"; },\n"
    "  { address = \"198.51.100.2\"; mac = \"02:aa:00:00:00:04\"; port = \"world\"; } );\n"
    "routes = (\n"
    "  { prefix = \"20.1.0.0/24\"; via = \"192.0.2.2\"; },\n"   /* longer than LISP's */
    "  { prefix = \"20.2.0.0/16\"; via = \"192.0.2.2\"; },\n"   /* equal */
    "  { prefix = \"20.0.0.0/8\"; via = \"198.51.100.2\"; },\n" /* shorter */
    "  { prefix = \"20.3.0.0/24\"; blackhole = true; },\n"
    "  { prefix = \"30.0.0.0/24\"; via = \"192.0.2.9\"; },\n" /* a gateway that nobody knows */
    "  { prefix = \"30.0.1.0/24\"; blackhole = true; },\n"
    "  { prefix = \"10.1.9.0/24\"; via = \"10.1.0.4\"; } );\n"
    "map-resolver = [ \"192.0.2.2\" ];\n"
    "database-mapping = (\n"
    "  { eid-prefix = \"10.1.0.0/16\";\n"
    "    locators = ( { rloc = \"192.0.2.1\"; priority = 1; weight = 100; } ); },\n"
    "  { eid-prefix = \"10.5.0.0/16\"; instance-id = 5;\n"
    "    locators = ( { rloc = \"192.0.2.1\"; priority = 1; weight = 100; } ); } );\n"
    "map-cache = (\n"
    "  { eid-prefix = \"20.1.0.0/16\";\n"
    "    locators = ( { rloc = \"192.0.2.2\"; priority = 1; weight = 50; },\n"
    "                 { rloc = \"192.0.2.3\"; priority = 1; weight = 50; } ); },\n"
    "  { eid-prefix = \"20.2.0.0/16\";\n"
    "    locators = ( { rloc = \"203.0.113.1\"; priority = 1; weight = 100; },\n"
    "                 { rloc = \"192.0.2.3\"; priority = 2; weight = 100; } ); },\n"
    "  { eid-prefix = \"20.3.0.0/16\";\n"
    "    locators = ( { rloc = \"192.0.2.8\"; priority = 1; weight = 100; } ); },\n"
    "  { eid-prefix = \"20.4.0.0/16\";\n"
    "    locators = ( { rloc = \"203.0.113.1\"; priority = 1; weight = 100; } ); },\n"
    "  { eid-prefix = \"20.5.0.0/16\"; instance-id = 5;\n"
    "    locators = ( { rloc = \"192.0.2.3\"; priority = 1; weight = 100; } ); },\n"
    "  { eid-prefix = \"20.6.0.0/16\"; action = \"send-map-request\"; },\n"
    "  { eid-prefix = \"20.7.0.0/16\"; action = \"drop\"; },\n"
    "  { eid-prefix = \"30.0.0.0/16\"; action = \"natively-forward\"; } );\n"
    "%2$s\n";

struct f {
	char dir[32];
	struct xtr_config *cfg;
	struct xtr_dp *dp;
	struct xtr_ctl *ctl;
	struct xtr_worker *w;
	struct rte_ring *rx[PORTS], *tx[PORTS];
	char err[256];
};

static inline int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	return remove(path);
}

static inline void open_ports(struct f *f)
{
	static unsigned serial;
	struct xtr_dp_opts opts = {.n_workers = 1,
	    .mbufs = 1024,
	    .hold_mbufs = 1024,
	    .punt_rate = 100000000,
	    .punt_burst = 1000000};
	const char *why;

	f->dp = xtr_dp_create(&opts);
	assert_non_null(f->dp);
	assert_int_equal(xtr_dp_instance(f->dp, 0), 0);
	for (unsigned i = 0; i < PORTS; i++) {
		struct xtr_dp_port *p = &f->dp->ports[i];
		char name[32];
		int ethdev;

		snprintf(name, sizeof(name), "rx%u", i);
		f->rx[i] = rte_ring_create(name, 64, SOCKET_ID_ANY, 0);
		snprintf(name, sizeof(name), "tx%u", i);
		f->tx[i] = rte_ring_create(name, 64, SOCKET_ID_ANY, 0);
		snprintf(name, sizeof(name), "forwarding%u", serial++);
		ethdev = rte_eth_from_rings(name, &f->rx[i], 1, &f->tx[i], 1, SOCKET_ID_ANY);
		assert_true(ethdev >= 0);
		p->site = f->cfg->ports[i].side == XTR_SIDE_SITE;
		p->proxy = f->cfg->ports[i].proxy_itr;
		p->inst = (uint32_t)xtr_dp_instance(f->dp, f->cfg->ports[i].iid);
		assert_int_equal(xtr_dp_port_open(f->dp, i, (uint16_t)ethdev, 1500, &why), 0);
		memcpy(p->mac, (uint8_t[]){2, 0, 0, 0, 0, (uint8_t)i}, 6); /* rings have none */
		assert_int_equal(xtr_dp_port_start(f->dp, i), 0);
	}
	f->w = f->dp->workers[0];
	assert_int_equal(rte_rcu_qsbr_thread_register(f->dp->rcu.qsv, 0), 0);
	rte_rcu_qsbr_thread_online(f->dp->rcu.qsv, 0);
}

/* What the loop of the control lcore does, and a worker's, until no gate is closed. */
static inline void settle(struct f *f)
{
	for (unsigned i = 0; i < 10; i++) {
		xtr_rlocs_changed(f->ctl->rlocs);
		xtr_ctl_look_again(f->ctl, 100);
		xtr_gate_poll(&f->ctl->holder);
		xtr_rcu_poll(&f->dp->rcu);
		xtr_worker_turn(f->w);
	}
	assert_null(f->ctl->holder.first);
	assert_int_equal(f->w->gate_seen, f->dp->gate_open);
}

/* From a configuration of four ports of these names, which takes the directory and `more`. */
static inline struct f *begin_with(const char *template, const char *more)
{
	struct f *f = calloc(1, sizeof(*f));
	char path[64], *error = NULL;
	FILE *out;

	enter_namespace();
	strcpy(f->dir, "/tmp/xtr-forwarding-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(path, sizeof(path), "%s/conf", f->dir);
	out = fopen(path, "w");
	assert_non_null(out);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	fprintf(out, template, f->dir, more);
#pragma GCC diagnostic pop
	fclose(out);
	f->cfg = xtr_config_load(path, &error);
	if (!f->cfg)
		fail_msg("%s", error);
	open_ports(f);
	f->ctl = xtr_ctl_create(f->cfg, f->dp);
	assert_non_null(f->ctl);
	settle(f);
	return f;
}

static inline struct f *begin(const char *more)
{
	return begin_with(config, more);
}

static inline void end(struct f *f)
{
	rte_rcu_qsbr_thread_offline(f->dp->rcu.qsv, 0);
	rte_rcu_qsbr_thread_unregister(f->dp->rcu.qsv, 0);
	xtr_ctl_destroy(f->ctl);
	for (unsigned i = 0; i < PORTS; i++) {
		xtr_dp_port_close(f->dp, i);
		rte_ring_free(f->rx[i]);
		rte_ring_free(f->tx[i]);
	}
	assert_int_equal(rte_mempool_in_use_count(f->dp->rx_pool), 0);
	assert_int_equal(rte_mempool_in_use_count(f->dp->hold_pool), 0);
	xtr_dp_destroy(f->dp);
	xtr_config_free(f->cfg);
	assert_int_equal(nftw(f->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
	free(f);
}

/* --- asking --- */

/* All that `show` counts, and what is in use. */
struct state {
	uint64_t drops[XTR_DROP_N], counters[XTR_CTR_N], lisp[XTR_C_N];
	unsigned rx, hold, punts, held, rlocs, adjs, sets, fwds;
	struct xtr_rloc_count rloc[16];
};

static inline struct state *state_of(const struct f *f)
{
	struct state *s = calloc(1, sizeof(*s));

	for (unsigned i = 0; i < XTR_DROP_N; i++)
		s->drops[i] = xtr_dp_drops(f->dp, i);
	for (unsigned i = 0; i < XTR_CTR_N; i++)
		s->counters[i] = xtr_dp_counter(f->dp, i);
	memcpy(s->lisp, f->ctl->lisp.counters, sizeof(s->lisp));
	memcpy(s->rloc, f->w->rloc, sizeof(s->rloc));
	s->rx = rte_mempool_in_use_count(f->dp->rx_pool);
	s->hold = rte_mempool_in_use_count(f->dp->hold_pool);
	s->punts = rte_ring_count(f->dp->punt);
	s->held = f->ctl->holder.n;
	s->rlocs = f->dp->tunnel.used;
	s->adjs = f->dp->adj.used;
	s->sets = f->dp->set.used;
	s->fwds = f->dp->fwd.used;
	return s;
}

/* The command as xtrctl runs it; nothing changes. */
static inline int ask(struct f *f, json_t **out, const char *line)
{
	const struct xtr_oper_command *c = xtr_ctl_commands;
	struct state *before = state_of(f), *after;
	const char *words[16];
	char copy[256], *at = copy;
	unsigned n = 0;
	int rc;

	while (strcmp(c->words, "show forwarding"))
		assert_in_range(++c - xtr_ctl_commands, 0, xtr_ctl_n_commands - 1);
	snprintf(copy, sizeof(copy), "%s", line);
	while ((words[n] = strsep(&at, " ")) != NULL)
		n++;
	*out = NULL;
	f->err[0] = 0;
	rc = c->handler(f->ctl, words, *line ? n : 0, out, f->err, sizeof(f->err));
	assert_int_equal(rc == 0, *out != NULL);
	after = state_of(f);
	assert_memory_equal(before, after, sizeof(*before));
	free(before);
	free(after);
	return rc;
}

static inline json_t *answer(struct f *f, const char *line)
{
	json_t *out;

	if (ask(f, &out, line) < 0)
		fail_msg("%s: %s", line, f->err);
	return out;
}

static inline const char *text_of(const json_t *o, const char *key)
{
	const char *text = json_string_value(json_object_get(o, key));

	return text ? text : "";
}

static inline const char *result(const json_t *doc, const char *key)
{
	return text_of(json_object_get(doc, "result"), key);
}

static inline json_t *step(const json_t *doc, const char *name)
{
	json_t *one;
	size_t i;

	json_array_foreach (json_object_get(doc, "steps"), i, one)
		if (!strcmp(text_of(one, "step"), name))
			return one;
	return NULL;
}

/* The words of the answer's steps have this in them. */
static inline void says(const json_t *doc, const char *name, const char *text)
{
	const char *got = text_of(step(doc, name), "text");

	if (!strstr(got, text))
		fail_msg("step %s: \"%s\" is not in \"%s\"", name, text, got);
}

#endif
