/* SPDX-License-Identifier: BSD-3-Clause */
/* Memory of ten thousand instances in the daemon: empty ones, and with a hundred prefixes each. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "app/xtrbench/daemon.h"
#include "app/xtrbench/mapcache_lab.h"
#include "app/xtrbench/memory.h"
#include "control/lisp/itr_internal.h"

#define TENANTS 10000u
#define TENANT  100u /* prefixes */
#define AT_ONCE 160u /* instances whose entries are being resolved at the same time */

static void report(struct bench *b, const char *name, double bytes)
{
	bench_report(b, "mapcache", name, "bytes", "bytes", &bytes, 1);
}

/* As the first packet of each makes it: workers' part and the control lcore's. */
static int make_empty(struct bench_daemon *d)
{
	for (uint32_t iid = 1; iid <= TENANTS; iid++) {
		int rc = xtr_fib_instance(d->ctl->fib, iid);

		if (rc < 0)
			return rc;
		if (!itr_instance(d->ctl->itr, iid, true))
			return -ENOMEM;
	}
	bench_daemon_settle(d);
	return 0;
}

/* What workers look into, and nothing of the control lcore's. */
static int fill_tables(struct bench_daemon *d, const struct bench_prefix *p)
{
	for (unsigned i = 0; i < TENANTS * TENANT; i++) {
		uint32_t inst = d->dp->inst_of_iid[1 + i / TENANT] - 1, entry;
		struct xtr_lpm *lpm = (struct xtr_lpm *)(uintptr_t)d->dp->instances[inst].lisp;
		struct xtr_ip ip = bench_ip(&p[i], 4);
		int rc;

		entry = xtr_pool_get(&d->dp->fwd);
		rc = entry ? xtr_lpm_set(lpm, &ip, p[i].plen, entry) : -ENOMEM;
		if (rc < 0)
			return rc;
		xtr_rcu_poll(&d->dp->rcu);
	}
	return 0;
}

/* The routes of all are in what workers look into in each. */
static int empty(struct bench *b, const char *name, bool routes)
{
	struct bench_memory before, now;
	struct bench_daemon d = {0};
	int rc = bench_daemon_start(&d, routes);

	if (!rc)
		rc = bench_memory(&before);
	if (!rc)
		rc = make_empty(&d);
	if (!rc)
		rc = bench_memory(&now);
	if (!rc)
		report(b, name, (now.rss - before.rss) / TENANTS);
	else
		fprintf(stderr, "xtrbench: %s: %s\n", name, strerror(-rc));
	bench_daemon_stop(&d);
	return rc;
}

int bench_mapcache_empty(struct bench *b)
{
	return empty(b, "memory/empty-instance", false);
}

int bench_mapcache_empty_routes(struct bench *b)
{
	return empty(b, "memory/empty-instance/routes=5", true);
}

int bench_mapcache_instances(struct bench *b)
{
	struct bench_prefix *p = bench_set_make(&bench_sets[BENCH_INTERNET]);
	struct bench_memory before, now;
	struct bench_daemon d = {0};
	struct bench_parts parts;
	int rc = p ? bench_daemon_start(&d, true) : -ENOMEM;

	if (!rc)
		rc = bench_memory(&before);
	if (!rc)
		rc = make_empty(&d);
	if (!rc)
		rc = fill_tables(&d, p);
	if (!rc)
		rc = bench_memory(&now);
	if (!rc) {
		bench_daemon_parts(&d, &parts);
		report(b, "memory/10000x100", now.rss - before.rss);
		report(b, "memory/10000x100/engine", parts.engine);
		report(b, "memory/10000x100/forwarding-entries", parts.entries);
	} else {
		fprintf(stderr, "xtrbench: instances: %s\n", strerror(-rc));
	}
	bench_daemon_stop(&d);
	free(p);
	return rc;
}

/* All of them, as they are learned from the mapping system. */
static int learn(struct bench_daemon *d, const struct bench_prefix *p)
{
	for (unsigned i = 0; i < TENANTS * TENANT; i++) {
		struct xtr_eid eid = {
		    .iid = 1 + i / TENANT, .ip = bench_ip(&p[i], 4), .plen = p[i].plen};
		struct xtr_eid host = xtr_eid_host(eid.iid, &eid.ip);
		int rc;

		bench_address(&p[i], 4, host.ip.b);
		rc = bench_daemon_learn(d, &eid, &host, i % BENCH_RLOCS, 1440);
		if (rc < 0)
			return rc;
		if (i % 64 == 0)
			xtr_ctl_turn(d->ctl, 0);
		if (i % (AT_ONCE * TENANT) == 0 || i == TENANTS * TENANT - 1) {
			xtr_clock_advance(&d->ctl->wheel, 2 * XTR_MS_PER_SEC);
			bench_daemon_settle(d);
		}
	}
	return 0;
}

int bench_mapcache_learned(struct bench *b)
{
	struct bench_prefix *p = bench_set_make(&bench_sets[BENCH_INTERNET]);
	struct bench_memory before, now;
	struct bench_daemon d = {0};
	int rc = p ? bench_daemon_start(&d, true) : -ENOMEM;

	if (!rc)
		rc = bench_memory(&before);
	if (!rc)
		rc = learn(&d, p);
	if (!rc) {
		bench_memory(&now);
		report(b, "memory/10000x100/learned", now.rss - before.rss);
	} else {
		fprintf(stderr, "xtrbench: instances that learn: %s\n", strerror(-rc));
	}
	bench_daemon_stop(&d);
	free(p);
	return rc;
}
