/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Suite mapcache: cycles a look-up in batches of 64, beside rte_fib and rte_fib6 with the same
 * prefixes and keys, window by window in turn; memory; updates under a reader.
 */
#include <errno.h>
#include <rte_common.h>

#include "app/xtrbench/mapcache_lab.h"
#include "app/xtrbench/memory.h"

/* Both must find the same, else their figures say nothing. */
static bool agree(struct lab *l)
{
	for (unsigned at = 0; at + LAB_BATCH <= LAB_FLOWS_MAX; at += LAB_BATCH) {
		uint32_t values[LAB_BATCH];
		uint64_t hops[LAB_BATCH];

		if (l->set->af == 4) {
			xtr_lpm_lookup4(l->tables, l->keys + at, values, LAB_BATCH);
			rte_fib_lookup_bulk(l->peer.fib, l->host + at, hops, LAB_BATCH);
		} else {
			xtr_lpm_lookup6(
			    l->tables, (const uint8_t(*)[16])l->keys6 + at, values, LAB_BATCH);
			rte_fib6_lookup_bulk(l->peer.fib6, l->keys6 + at, hops, LAB_BATCH);
		}
		for (unsigned i = 0; i < LAB_BATCH; i++)
			if (values[i] != hops[i])
				return false;
	}
	return true;
}

static const char *peer_name(const struct lab *l)
{
	return l->set->af == 4 ? "rte_fib" : "rte_fib6";
}

static void lookups(struct lab *l, unsigned flows)
{
	double samples[BENCH_WINDOWS], theirs[BENCH_WINDOWS];
	struct bench_peer peer = {.name = peer_name(l), .samples = theirs};
	char name[64];

	snprintf(name, sizeof(name), "lookup%u/%s/flows=%u", l->set->af, l->set->name, flows);
	if (!bench_wants(l->b, name))
		return;
	if (bench_fib_there(&l->peer))
		peer.type = lab_best(l, flows);
	for (unsigned i = 0; i < l->b->windows; i++) {
		samples[i] = lab_window(l, l->tables, false, flows);
		if (peer.type)
			theirs[i] = lab_window_peer(l, flows);
	}
	if (peer.type)
		bench_report_peer(l->b, "mapcache", name, "cycles_per_lookup", "cycles", samples,
		    l->b->windows, &peer);
	else
		bench_report(
		    l->b, "mapcache", name, "cycles_per_lookup", "cycles", samples, l->b->windows);
}

/* Of the table alone: what a forwarding entry and the control lcore's part cost is said by
 * memory/1m-entries. */
static void memory(struct lab *l, double huge)
{
	double bytes = (double)xtr_lpm_memory(l->lpm), theirs = (double)l->peer.bytes;
	struct bench_peer peer = {.name = peer_name(l), .samples = &theirs};
	char name[64];

	snprintf(name, sizeof(name), "memory/%s", l->set->name);
	if (l->peer.bytes)
		bench_report_peer(l->b, "mapcache", name, "bytes", "bytes", &bytes, 1, &peer);
	else
		bench_report(l->b, "mapcache", name, "bytes", "bytes", &bytes, 1);
	bench_report(l->b, "mapcache", name, "huge_page_bytes", "bytes", &huge, 1);
}

static int open_set(struct lab *l, struct bench *b, unsigned which)
{
	struct bench_memory before, after;
	int rc = bench_memory(&before);

	if (rc < 0)
		return rc;
	rc = lab_open(l, b, &bench_sets[which]);
	if (rc < 0)
		return rc;
	bench_memory(&after);
	bench_fib_make(&l->peer, l->set, l->p);
	if (bench_fib_there(&l->peer) && !agree(l)) {
		fprintf(stderr, "xtrbench: %s: not what the peer finds\n", l->set->name);
		lab_close(l);
		return -EINVAL;
	}
	lookups(l, 256);
	lookups(l, 65536);
	lookups(l, LAB_FLOWS_MAX);
	memory(l, after.huge - before.huge);
	return 0;
}

static int internet(struct bench *b)
{
	struct lab l;
	int rc = open_set(&l, b, BENCH_INTERNET);

	if (rc < 0)
		return rc;
	rc = lab_inserts(&l, 0, "insert4/1m/prefix=0");
	if (!rc)
		rc = lab_inserts(&l, 1, "insert4/1m/prefix=1");
	if (!rc)
		rc = lab_updates(&l, "update4/1m/with-reader");
	lab_close(&l);
	return rc;
}

static int mixed6(struct bench *b)
{
	struct lab l;
	int rc = open_set(&l, b, BENCH_MIXED6);

	if (rc < 0)
		return rc;
	rc = lab_inserts(&l, 0, "insert6/1m/prefix=0");
	if (!rc)
		rc = lab_inserts(&l, 1, "insert6/1m/prefix=1");
	if (!rc)
		rc = lab_updates(&l, "update6/mixed-1m/with-reader");
	lab_close(&l);
	return rc;
}

static int host(struct bench *b)
{
	struct lab l;
	int rc = open_set(&l, b, BENCH_HOST);

	if (!rc)
		lab_close(&l);
	return rc;
}

static int random128(struct bench *b)
{
	struct lab l;
	int rc = open_set(&l, b, BENCH_RANDOM128);

	if (!rc)
		lab_close(&l);
	return rc;
}

const struct bench_job bench_mapcache_jobs[] = {
    {"mapcache",
	{"lookup4/internet-1m/", "memory/internet-1m", "insert4/", "update4/1m/with-reader"},
	internet, false},
    {"mapcache", {"lookup4/host-1m/", "memory/host-1m"}, host, false},
    {"mapcache",
	{"lookup6/mixed-1m/", "memory/mixed-1m", "insert6/", "update6/mixed-1m/with-reader"},
	mixed6, false},
    {"mapcache", {"lookup6/random128-200k/", "memory/random128-200k"}, random128, false},
    {"mapcache", {"lookup4/10000x100/"}, bench_mapcache_tenants, false},
    {"mapcache",
	{"memory/1m-entries", "memory/1m-delete", "expire/1m-entries", "learn/1m-entries",
	    "clear/1m-entries"},
	bench_mapcache_entries, true},
    {"mapcache", {"memory/empty-instance"}, bench_mapcache_empty, true},
    {"mapcache", {"memory/empty-instance/routes=5"}, bench_mapcache_empty_routes, true},
    {"mapcache",
	{"memory/10000x100", "memory/10000x100/engine", "memory/10000x100/forwarding-entries"},
	bench_mapcache_instances, true},
    {"mapcache", {"memory/10000x100/learned"}, bench_mapcache_learned, true},
    {.suite = NULL},
};
