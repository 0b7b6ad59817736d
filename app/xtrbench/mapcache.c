/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Suite mapcache: cycles a look-up in batches of 64, beside rte_fib and rte_fib6 with the same
 * prefixes and keys, window by window in turn; memory; updates under a reader.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <rte_byteorder.h>
#include <rte_cycles.h>
#include <rte_errno.h>
#include <rte_fib.h>
#include <rte_fib6.h>
#include <rte_malloc.h>

#include "app/xtrbench/bench.h"
#include "app/xtrbench/mapcache_sets.h"
#include "mapcache/fwd.h"
#include "mapcache/lpm.h"

#define BATCH       64u
#define BATCHES     (1u << 14) /* a window: 1,048,576 look-ups */
#define FLOWS_MAX   1000000u
#define PEER_MEMORY (8ul << 30) /* bytes of addresses; what is not used costs nothing */
#define TENANTS     10000u
#define TENANT      100u   /* prefixes */
#define UPDATES     20000u /* a window */

struct lab {
	struct bench *b;
	struct xtr_rcu rcu;
	int socket; /* the peers' memory */
	struct xtr_lpm *lpm;
	struct rte_fib *fib;
	struct rte_fib6 *fib6;
	/* a flow each */
	const struct xtr_lpm **tables; /* one each, or BATCH for all */
	bool mixed;
	uint32_t *keys; /* network order */
	uint32_t *host; /* host order, as rte_fib wants them */
	uint8_t (*keys6)[16];
	uint64_t sum; /* of what was found, so that nothing is left out */
};

/* Huge pages for the peer too, where the system has them to give: else it would lose by its TLB. */
static int peer_memory(void)
{
	const size_t page = 2u << 20;
	char *p = mmap(NULL, PEER_MEMORY + page, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		return -ENOMEM;
	p = (char *)RTE_ALIGN_CEIL((uintptr_t)p, page);
	madvise(p, PEER_MEMORY, MADV_HUGEPAGE);
	if (rte_malloc_heap_create("peer") < 0 ||
	    rte_malloc_heap_memory_add("peer", p, PEER_MEMORY, NULL, PEER_MEMORY / page, page) < 0)
		return -rte_errno;
	return rte_malloc_heap_get_socket("peer");
}

/* Fills the peer; without it (too little memory) the case stands alone. */
static void fill_fib(struct lab *l, const struct bench_set *set, const struct bench_prefix *p)
{
	struct rte_fib_conf c = {.type = RTE_FIB_DIR24_8,
	    .max_routes = 2 * (int)set->n,
	    .dir24_8 = {.nh_sz = RTE_FIB_DIR24_8_4B, .num_tbl8 = set->tbl8s}};
	int rc = 0;

	l->fib = rte_fib_create("peer4", l->socket, &c);
	for (unsigned i = 0; l->fib && i < set->n && !rc; i++) {
		uint32_t ip;

		memcpy(&ip, p[i].b, 4);
		rc = rte_fib_add(l->fib, rte_be_to_cpu_32(ip), p[i].plen, i + 1);
	}
	if (!l->fib || rc) {
		fprintf(stderr, "xtrbench: %s: rte_fib does not hold it\n", set->name);
		rte_fib_free(l->fib);
		l->fib = NULL;
	} else if (rte_fib_select_lookup(l->fib, RTE_FIB_LOOKUP_DIR24_8_VECTOR_AVX512) < 0) {
		rte_fib_select_lookup(l->fib, RTE_FIB_LOOKUP_DEFAULT);
	}
}

static void fill_fib6(struct lab *l, const struct bench_set *set, const struct bench_prefix *p)
{
	struct rte_fib6_conf c = {.type = RTE_FIB6_TRIE,
	    .max_routes = 2 * (int)set->n,
	    .trie = {.nh_sz = RTE_FIB6_TRIE_4B, .num_tbl8 = set->tbl8s}};
	int rc = 0;

	l->fib6 = rte_fib6_create("peer6", l->socket, &c);
	for (unsigned i = 0; l->fib6 && i < set->n && !rc; i++)
		rc = rte_fib6_add(l->fib6, p[i].b, p[i].plen, i + 1);
	if (!l->fib6 || rc) {
		fprintf(stderr, "xtrbench: %s: rte_fib6 does not hold it\n", set->name);
		rte_fib6_free(l->fib6);
		l->fib6 = NULL;
	} else if (rte_fib6_select_lookup(l->fib6, RTE_FIB6_LOOKUP_TRIE_VECTOR_AVX512) < 0) {
		rte_fib6_select_lookup(l->fib6, RTE_FIB6_LOOKUP_DEFAULT);
	}
}

static int fill(
    struct xtr_lpm *lpm, struct xtr_rcu *rcu, unsigned af, const struct bench_prefix *p, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		struct xtr_ip ip = bench_ip(&p[i], af);

		if (xtr_lpm_set(lpm, &ip, p[i].plen, i + 1) < 0)
			return -ENOMEM;
		xtr_rcu_poll(rcu);
	}
	return 0;
}

static void make_flows(struct lab *l, unsigned af, const struct bench_prefix *p, unsigned n)
{
	for (unsigned i = 0; i < FLOWS_MAX; i++) {
		uint8_t b[16];

		bench_address(&p[bench_random() % n], af, b);
		memcpy(l->keys6[i], b, 16);
		memcpy(&l->keys[i], b, 4);
		l->host[i] = rte_be_to_cpu_32(l->keys[i]);
		l->tables[i] = l->lpm;
	}
}

/* One window over the first `flows`; cycles a look-up. */
static double window(struct lab *l, unsigned af, unsigned flows, bool peer)
{
	uint32_t values[BATCH];
	uint64_t hops[BATCH], start = rte_rdtsc(), cycles;
	unsigned at = 0;

	for (unsigned i = 0; i < BATCHES; i++, at = at + 2 * BATCH <= flows ? at + BATCH : 0) {
		if (!peer && af == 4)
			xtr_lpm_lookup4(
			    l->tables + (l->mixed ? at : 0), l->keys + at, values, BATCH);
		else if (!peer)
			xtr_lpm_lookup6(l->tables + (l->mixed ? at : 0),
			    (const uint8_t(*)[16])l->keys6 + at, values, BATCH);
		else if (af == 4)
			rte_fib_lookup_bulk(l->fib, l->host + at, hops, BATCH);
		else
			rte_fib6_lookup_bulk(l->fib6, l->keys6 + at, hops, BATCH);
		l->sum += peer ? hops[i % BATCH] : values[i % BATCH];
	}
	cycles = rte_rdtsc() - start;
	return (double)cycles / ((double)BATCHES * BATCH);
}

/* Both must find the same, else their figures say nothing. */
static bool agree(struct lab *l, unsigned af)
{
	for (unsigned at = 0; at + BATCH <= FLOWS_MAX; at += BATCH) {
		uint32_t values[BATCH];
		uint64_t hops[BATCH];

		if (af == 4) {
			xtr_lpm_lookup4(
			    l->tables + (l->mixed ? at : 0), l->keys + at, values, BATCH);
			rte_fib_lookup_bulk(l->fib, l->host + at, hops, BATCH);
		} else {
			xtr_lpm_lookup6(l->tables + (l->mixed ? at : 0),
			    (const uint8_t(*)[16])l->keys6 + at, values, BATCH);
			rte_fib6_lookup_bulk(l->fib6, l->keys6 + at, hops, BATCH);
		}
		for (unsigned i = 0; i < BATCH; i++)
			if (values[i] != hops[i])
				return false;
	}
	return true;
}

static int measure(struct lab *l, const char *name, unsigned af, unsigned flows)
{
	double samples[BENCH_WINDOWS], peer[BENCH_WINDOWS];
	bool with_peer = af == 4 ? l->fib != NULL : l->fib6 != NULL;
	char text[64];

	snprintf(text, sizeof(text), "%s/flows=%u", name, flows);
	for (unsigned i = 0; i < BENCH_WINDOWS; i++) {
		samples[i] = window(l, af, flows, false);
		if (with_peer)
			peer[i] = window(l, af, flows, true);
	}
	if (with_peer)
		bench_report_peer(l->b, "mapcache", text, "cycles_per_lookup", "cycles", samples,
		    af == 4 ? "rte_fib" : "rte_fib6", peer, BENCH_WINDOWS);
	else
		bench_report(
		    l->b, "mapcache", text, "cycles_per_lookup", "cycles", samples, BENCH_WINDOWS);
	return 0;
}

/* --- updates under a reader --- */

struct reader {
	struct lab *l;
	int cpu;
	bool stop;
	uint64_t windows; /* done */
	unsigned half;    /* main: rw; 0: no updates, 1: updates */
	double sum[2];
	unsigned n[2];
};

static void *read_on(void *arg)
{
	struct reader *r = arg;
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET((size_t)r->cpu, &cpus);
	pthread_setaffinity_np(pthread_self(), sizeof(cpus), &cpus);
	rte_rcu_qsbr_thread_register(r->l->rcu.qsv, 0);
	rte_rcu_qsbr_thread_online(r->l->rcu.qsv, 0);
	while (!__atomic_load_n(&r->stop, __ATOMIC_RELAXED)) {
		unsigned half = __atomic_load_n(&r->half, __ATOMIC_ACQUIRE);
		uint64_t start = rte_rdtsc();

		for (unsigned at = 0; at + BATCH <= 65536; at += BATCH) {
			uint32_t values[BATCH];

			xtr_lpm_lookup4(r->l->tables, r->l->keys + at, values, BATCH);
			rte_rcu_qsbr_quiescent(r->l->rcu.qsv, 0);
		}
		if (half == __atomic_load_n(&r->half, __ATOMIC_ACQUIRE)) {
			r->sum[half] += (double)(rte_rdtsc() - start) / 65536;
			r->n[half]++;
		}
		__atomic_store_n(&r->windows, r->windows + 1, __ATOMIC_RELEASE);
	}
	rte_rcu_qsbr_thread_offline(r->l->rcu.qsv, 0);
	rte_rcu_qsbr_thread_unregister(r->l->rcu.qsv, 0);
	return NULL;
}

static int other_cpu(const cpu_set_t *cpus)
{
	int mine = sched_getcpu();

	for (int i = 0; i < CPU_SETSIZE; i++)
		if (i != mine && CPU_ISSET((size_t)i, cpus))
			return i;
	return -1;
}

/* Takes prefixes out and puts them back, one window's worth; updates a second. */
static double update_window(struct lab *l, const struct bench_prefix *p, unsigned n)
{
	uint64_t start = rte_rdtsc();

	for (unsigned i = 0; i < UPDATES / 2; i++) {
		unsigned k = (unsigned)(bench_random() % n);
		struct xtr_ip ip = bench_ip(&p[k], 4);

		xtr_lpm_del(l->lpm, &ip, p[k].plen);
		if (xtr_lpm_set(l->lpm, &ip, p[k].plen, k + 1) < 0)
			return 0;
		xtr_rcu_poll(&l->rcu);
	}
	return UPDATES * (double)rte_get_tsc_hz() / (double)(rte_rdtsc() - start);
}

static int measure_updates(struct lab *l, const struct bench_prefix *p, unsigned n)
{
	double rate[BENCH_WINDOWS], slower[BENCH_WINDOWS];
	struct reader r = {.l = l};
	cpu_set_t cpus;
	pthread_t thread;

	CPU_ZERO(&cpus);
	for (long i = 0; i < sysconf(_SC_NPROCESSORS_ONLN); i++)
		CPU_SET((size_t)i, &cpus);
	r.cpu = other_cpu(&cpus);
	if (r.cpu < 0) {
		fprintf(stderr, "xtrbench: update4/1m/with-reader: needs a second CPU\n");
		return 0;
	}
	if (pthread_create(&thread, NULL, read_on, &r))
		return -1;
	for (unsigned i = 0; i < BENCH_WINDOWS; i++) {
		uint64_t from;

		r.sum[0] = r.sum[1] = 0;
		r.n[0] = r.n[1] = 0;
		__atomic_store_n(&r.half, 0, __ATOMIC_RELEASE);
		for (from = __atomic_load_n(&r.windows, __ATOMIC_ACQUIRE);
		     __atomic_load_n(&r.windows, __ATOMIC_ACQUIRE) < from + 12;)
			rte_pause();
		__atomic_store_n(&r.half, 1, __ATOMIC_RELEASE);
		rate[i] = update_window(l, p, n);
		slower[i] = r.n[0] && r.n[1] ? r.sum[1] / r.n[1] / (r.sum[0] / r.n[0]) : 0;
	}
	__atomic_store_n(&r.stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	bench_report(l->b, "mapcache", "update4/1m/with-reader", "per_second", "updates/s", rate,
	    BENCH_WINDOWS);
	bench_report(l->b, "mapcache", "update4/1m/with-reader", "reader_slowdown", "times", slower,
	    BENCH_WINDOWS);
	return 0;
}

/* --- cases --- */

static int run_set(struct lab *l, const struct bench_set *set)
{
	static const unsigned flows[] = {256, 65536, FLOWS_MAX};
	struct bench_prefix *p = bench_set_make(set);
	int rc = -ENOMEM;
	double bytes;

	l->lpm = xtr_lpm_create(&l->rcu);
	if (!p || !l->lpm || fill(l->lpm, &l->rcu, set->af, p, set->n) < 0)
		goto out;
	if (set->af == 4)
		fill_fib(l, set, p);
	else
		fill_fib6(l, set, p);
	make_flows(l, set->af, p, set->n);
	if ((l->fib || l->fib6) && !agree(l, set->af)) {
		fprintf(stderr, "xtrbench: %s: not what the peer finds\n", set->name);
		rc = -EINVAL;
		goto out;
	}
	for (unsigned i = 0; i < RTE_DIM(flows); i++)
		measure(l, set->name, set->af, flows[i]);
	rc = 0;
	if (set == &bench_sets[BENCH_INTERNET]) {
		/* the engine and a forwarding entry each, without what the control lcore keeps */
		bytes = (double)xtr_lpm_memory(l->lpm) + (double)set->n * sizeof(struct xtr_fwd);
		bench_report(l->b, "mapcache", "memory/1m-entries", "bytes", "bytes", &bytes, 1);
		rc = measure_updates(l, p, set->n);
	}
out:
	xtr_lpm_destroy(l->lpm);
	xtr_rcu_poll(&l->rcu);
	rte_fib_free(l->fib);
	rte_fib6_free(l->fib6);
	l->lpm = NULL;
	l->fib = NULL;
	l->fib6 = NULL;
	free(p);
	return rc;
}

/* Many instances with few prefixes each; a flow has its instance. */
static int run_tenants(struct lab *l)
{
	struct xtr_lpm **tables = calloc(TENANTS, sizeof(*tables));
	struct bench_prefix *p = bench_set_make(&bench_sets[BENCH_INTERNET]);
	double bytes = 0;
	int rc = -ENOMEM;

	for (unsigned i = 0; tables && p && i < TENANTS; i++) {
		tables[i] = xtr_lpm_create(&l->rcu);
		if (!tables[i] || fill(tables[i], &l->rcu, 4, p + i * TENANT, TENANT) < 0)
			goto out;
		bytes += (double)xtr_lpm_memory(tables[i]);
	}
	if (!tables || !p)
		goto out;
	for (unsigned i = 0; i < FLOWS_MAX; i++) {
		unsigned t = (unsigned)(bench_random() % TENANTS);

		l->mixed = true;
		l->tables[i] = tables[t];
		bench_address(&p[t * TENANT + bench_random() % TENANT], 4, (uint8_t *)&l->keys[i]);
	}
	rc = measure(l, "lookup4/10000x100", 4, 65536);
	bench_report(l->b, "mapcache", "memory/10000x100", "bytes", "bytes", &bytes, 1);
out:
	for (unsigned i = 0; tables && i < TENANTS; i++)
		xtr_lpm_destroy(tables[i]);
	free(tables);
	free(p);
	return rc;
}

int bench_mapcache(struct bench *b)
{
	struct lab l = {.b = b};
	int rc = -ENOMEM;

	l.socket = peer_memory();
	l.tables = calloc(FLOWS_MAX, sizeof(*l.tables));
	l.keys = calloc(FLOWS_MAX, sizeof(*l.keys));
	l.host = calloc(FLOWS_MAX, sizeof(*l.host));
	l.keys6 = calloc(FLOWS_MAX, sizeof(*l.keys6));
	if (l.socket >= 0 && l.tables && l.keys && l.host && l.keys6 &&
	    xtr_rcu_init(&l.rcu, 1) == 0) {
		rc = 0;
		for (unsigned i = 0; i < BENCH_SETS && !rc; i++)
			rc = run_set(&l, &bench_sets[i]);
		if (!rc)
			rc = run_tenants(&l);
		xtr_rcu_fini(&l.rcu);
	}
	if (rc)
		fprintf(stderr, "xtrbench: mapcache: %s\n", strerror(-rc));
	free(l.tables);
	free(l.keys);
	free(l.host);
	free(l.keys6);
	return rc;
}
