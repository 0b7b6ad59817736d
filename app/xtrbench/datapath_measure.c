/* SPDX-License-Identifier: BSD-3-Clause */
/* Windows of all variants, on one lcore or several; and the figures that come of them. */
#include "app/xtrbench/datapath.h"

#include <pthread.h>
#include <stdlib.h>
#include <rte_lcore.h>

struct team {
	struct datapath *p;
	pthread_barrier_t gate; /* all workers measure at the same time */
	bool short_of_buffers;
};

static void windows(struct team *t, unsigned worker, struct bench_input *in, unsigned variants,
    uint64_t stamp, double *cycles)
{
	if (bench_windows(&t->p->d, worker, in, variants, stamp, &t->p->count[worker], cycles) < 0)
		__atomic_store_n(&t->short_of_buffers, true, __ATOMIC_RELAXED);
}

/* Each worker begins somewhere else. */
static void begin(const struct datapath *p, unsigned worker, struct bench_input *in)
{
	for (unsigned v = 0; v < p->variants; v++) {
		in[v] = p->inputs[v];
		for (unsigned k = 0; k < in[v].n_sources; k++) {
			struct bench_source *s = &in[v].source[k];

			bench_source_rewind(s);
			s->next = worker * (s->n_dst / p->c->workers);
		}
	}
}

static int measure(void *arg)
{
	struct team *t = arg;
	struct datapath *p = t->p;
	unsigned worker = rte_lcore_id();
	struct bench_input in[DATAPATH_VARIANTS];
	uint64_t stamp = bench_stamp_cost();

	begin(p, worker, in);
	bench_worker_begin(&p->d, worker);
	for (unsigned i = 0; i < p->b->windows; i++) {
		double cycles[DATAPATH_VARIANTS] = {0};

		pthread_barrier_wait(&t->gate);
		windows(t, worker, in, p->variants, stamp, cycles);
		for (unsigned v = 0; v < p->variants; v++)
			p->samples[v][worker][i] = cycles[v];
		for (unsigned v = 0; v < p->variants && p->d.each; v++)
			p->medians[v][i] = bench_median(&p->d, in, v);
		pthread_barrier_wait(&t->gate);
		if (p->c->workers > 1 && worker == 0)
			windows(t, worker, in, 1, stamp, &p->alone[i]);
	}
	bench_worker_end(&p->d, worker);
	return 0;
}

static double mpps(double cycles)
{
	return (double)rte_get_tsc_hz() / cycles / 1e6;
}

static void report(
    struct datapath *p, const char *name, const char *metric, const char *unit, double *samples)
{
	bench_report(p->b, "datapath", name, metric, unit, samples, p->b->windows);
}

/* One worker: cycles and packets a second. */
static void report_one(struct datapath *p)
{
	double rate[BENCH_WINDOWS];

	for (unsigned i = 0; i < p->b->windows; i++)
		rate[i] = mpps(p->samples[0][0][i]);
	report(p, p->c->name, "cycles_per_packet", "cycles", p->samples[0][0]);
	report(p, p->c->name, "mpps", "Mpps", rate);
}

/* The sum of all, beside the first alone; and each by itself. */
static void report_several(struct datapath *p)
{
	double mean[BENCH_WINDOWS], sum[BENCH_WINDOWS], alone[BENCH_WINDOWS];
	struct bench_peer peer = {"one-worker", NULL, alone};
	char name[160];

	for (unsigned i = 0; i < p->b->windows; i++) {
		mean[i] = sum[i] = 0;
		for (unsigned k = 0; k < p->c->workers; k++) {
			mean[i] += p->samples[0][k][i] / p->c->workers;
			sum[i] += mpps(p->samples[0][k][i]);
		}
		alone[i] = mpps(p->alone[i]);
	}
	report(p, p->c->name, "cycles_per_packet", "cycles", mean);
	bench_report_peer(p->b, "datapath", p->c->name, "mpps", "Mpps", sum, p->b->windows, &peer);
	for (unsigned k = 0; k < p->c->workers; k++) {
		snprintf(name, sizeof(name), "%s/worker=%u", p->c->name, k);
		report(p, name, "cycles_per_packet", "cycles", p->samples[0][k]);
	}
}

/*
 * What a packet that the map-cache knows costs among the others: what is left of the whole price
 * when each of the others is taken at its price alone. Beside its own price alone. All three are
 * medians of a window's bursts, which take turns.
 */
static void report_hits(struct datapath *p)
{
	struct bench_peer peer = {"hits=100", NULL, p->medians[BENCH_HITS]};
	double share, hit[BENCH_WINDOWS];

	share = p->c->ports > 1 ? (double)p->inputs[0].n[0] / p->c->burst : p->c->hits / 100.0;
	for (unsigned i = 0; i < p->b->windows; i++)
		hit[i] =
		    (p->medians[BENCH_AS_NAMED][i] - (1 - share) * p->medians[BENCH_MISSES][i]) /
		    share;
	bench_report_peer(
	    p->b, "datapath", p->c->name, "cycles_per_hit", "cycles", hit, p->b->windows, &peer);
	report(p, p->c->name, "cycles_per_miss", "cycles", p->medians[BENCH_MISSES]);
}

int bench_datapath_measure(struct datapath *p)
{
	struct team t = {.p = p};

	if (p->c->workers > bench_cpus())
		fprintf(stderr, "xtrbench: %s: only %u CPUs: workers take turns\n", p->c->name,
		    bench_cpus());
	if (p->variants > 1 && p->c->workers == 1 && bench_keep_bursts(&p->d, p->inputs) < 0)
		return -1;
	if (pthread_barrier_init(&t.gate, NULL, p->c->workers))
		return -1;
	rte_eal_mp_remote_launch(measure, &t, CALL_MAIN);
	rte_eal_mp_wait_lcore();
	pthread_barrier_destroy(&t.gate);
	if (t.short_of_buffers) {
		fprintf(stderr, "xtrbench: %s: no buffers\n", p->c->name);
		return -1;
	}
	if (p->c->workers > 1)
		report_several(p);
	else
		report_one(p);
	if (p->d.each)
		report_hits(p);
	return 0;
}
