/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/xtrbench/mapcache_lab.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <rte_byteorder.h>
#include <rte_cycles.h>

#define TRIES 3u /* windows to find the peer's fastest look-up */

int lab_fill(struct lab *l, struct xtr_lpm *lpm, const struct bench_prefix *p, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		struct xtr_ip ip = bench_ip(&p[i], l->set->af);
		int rc = xtr_lpm_set(lpm, &ip, p[i].plen, (uint32_t)(&p[i] - l->p) + 1);

		if (rc < 0)
			return rc;
		xtr_rcu_poll(&l->rcu);
	}
	return 0;
}

static void make_flows(struct lab *l)
{
	for (unsigned i = 0; i < LAB_FLOWS_MAX; i++) {
		uint8_t b[16] = {0};

		bench_address(&l->p[bench_random() % l->set->n], l->set->af, b);
		memcpy(l->keys6[i], b, 16);
		memcpy(&l->keys[i], b, 4);
		l->host[i] = rte_be_to_cpu_32(l->keys[i]);
		l->tables[i] = l->lpm;
	}
}

int lab_open(struct lab *l, struct bench *b, const struct bench_set *set)
{
	int rc = -ENOMEM;

	*l = (struct lab){.b = b, .set = set};
	l->tables = calloc(LAB_FLOWS_MAX, sizeof(*l->tables));
	l->keys = calloc(LAB_FLOWS_MAX, sizeof(*l->keys));
	l->host = calloc(LAB_FLOWS_MAX, sizeof(*l->host));
	l->keys6 = calloc(LAB_FLOWS_MAX, sizeof(*l->keys6));
	l->p = bench_set_make(set);
	if (l->tables && l->keys && l->host && l->keys6 && l->p)
		rc = xtr_rcu_init(&l->rcu, 1);
	l->lpm = rc ? NULL : xtr_lpm_create(&l->rcu);
	if (l->lpm)
		rc = lab_fill(l, l->lpm, l->p, set->n);
	if (rc || !l->lpm) {
		fprintf(stderr, "xtrbench: %s: %s\n", set->name, strerror(rc ? -rc : ENOMEM));
		lab_close(l);
		return rc ? rc : -ENOMEM;
	}
	make_flows(l);
	return 0;
}

void lab_close(struct lab *l)
{
	bench_fib_free(&l->peer);
	xtr_lpm_destroy(l->lpm);
	xtr_rcu_fini(&l->rcu);
	free(l->p);
	free(l->tables);
	free(l->keys);
	free(l->host);
	free(l->keys6);
	memset(l, 0, sizeof(*l));
}

static double per_lookup(uint64_t start)
{
	return (double)(rte_rdtsc() - start) / ((double)LAB_BATCHES * LAB_BATCH);
}

double lab_window(struct lab *l, const struct xtr_lpm *const *tables, bool each, unsigned flows)
{
	uint64_t start = rte_rdtsc();
	uint32_t values[LAB_BATCH];
	unsigned at = 0;

	for (unsigned i = 0; i < LAB_BATCHES; i++) {
		if (l->set->af == 4)
			xtr_lpm_lookup4(tables + (each ? at : 0), l->keys + at, values, LAB_BATCH);
		else
			xtr_lpm_lookup6(tables + (each ? at : 0),
			    (const uint8_t(*)[16])l->keys6 + at, values, LAB_BATCH);
		l->sum += values[i % LAB_BATCH];
		at = at + 2 * LAB_BATCH <= flows ? at + LAB_BATCH : 0;
	}
	return per_lookup(start);
}

double lab_window_peer(struct lab *l, unsigned flows)
{
	uint64_t hops[LAB_BATCH], start = rte_rdtsc();
	unsigned at = 0;

	for (unsigned i = 0; i < LAB_BATCHES; i++) {
		if (l->set->af == 4)
			rte_fib_lookup_bulk(l->peer.fib, l->host + at, hops, LAB_BATCH);
		else
			rte_fib6_lookup_bulk(l->peer.fib6, l->keys6 + at, hops, LAB_BATCH);
		l->sum += hops[i % LAB_BATCH];
		at = at + 2 * LAB_BATCH <= flows ? at + LAB_BATCH : 0;
	}
	return per_lookup(start);
}

const char *lab_best(struct lab *l, unsigned flows)
{
	const char *name, *best_name = NULL;
	double best = 0;
	unsigned chosen = 0;

	for (unsigned i = 0;; i++) {
		bool has = bench_fib_use(&l->peer, i, &name);

		if (!name)
			break;
		for (unsigned k = 0; has && k < TRIES; k++) {
			double cycles = lab_window_peer(l, flows);

			if (!best_name || cycles < best) {
				best = cycles;
				best_name = name;
				chosen = i;
			}
		}
	}
	bench_fib_use(&l->peer, chosen, &name);
	return best_name;
}
