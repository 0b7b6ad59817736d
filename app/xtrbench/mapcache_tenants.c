/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Many instances with few prefixes each, a flow in each its own; beside one instance with all of
 * the prefixes and the same flows.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "app/xtrbench/mapcache_lab.h"

#define TENANTS 10000u
#define TENANT  100u /* prefixes */
#define FLOWS   65536u

static int measure(struct lab *l, struct xtr_lpm *const *tenants)
{
	const struct xtr_lpm *one[LAB_BATCH];
	double samples[BENCH_WINDOWS], alone[BENCH_WINDOWS];
	struct bench_peer peer = {.name = "one-instance", .samples = alone};

	for (unsigned i = 0; i < LAB_BATCH; i++)
		one[i] = l->lpm;
	for (unsigned i = 0; i < FLOWS; i++) {
		unsigned k = (unsigned)(bench_random() % l->set->n);

		l->tables[i] = tenants[k / TENANT];
		bench_address(&l->p[k], 4, (uint8_t *)&l->keys[i]);
	}
	for (unsigned i = 0; i < l->b->windows; i++) {
		samples[i] = lab_window(l, l->tables, true, FLOWS);
		alone[i] = lab_window(l, one, false, FLOWS);
	}
	bench_report_peer(l->b, "mapcache", "lookup4/10000x100/flows=65536", "cycles_per_lookup",
	    "cycles", samples, l->b->windows, &peer);
	return 0;
}

int bench_mapcache_tenants(struct bench *b)
{
	struct xtr_lpm **tenants = calloc(TENANTS, sizeof(struct xtr_lpm *));
	struct lab l;
	int rc = tenants ? lab_open(&l, b, &bench_sets[BENCH_INTERNET]) : -ENOMEM;

	if (rc < 0)
		goto out;
	for (unsigned i = 0; i < TENANTS && !rc; i++) {
		tenants[i] = xtr_lpm_create(&l.rcu);
		rc = tenants[i] ? lab_fill(&l, tenants[i], l.p + i * TENANT, TENANT) : -ENOMEM;
	}
	if (!rc)
		rc = measure(&l, tenants);
	for (unsigned i = 0; i < TENANTS; i++)
		xtr_lpm_destroy(tenants[i]);
	lab_close(&l);
out:
	if (rc < 0)
		fprintf(stderr, "xtrbench: lookup4/10000x100: %s\n", strerror(-rc));
	free(tenants);
	return rc;
}
