/* SPDX-License-Identifier: BSD-3-Clause */
/* Windows of all variants in turn, on one lcore or several; and the figures that come of them. */
#include "app/xtrbench/datapath.h"

#include <pthread.h>
#include <stdlib.h>
#include <rte_lcore.h>

struct team {
	struct datapath *p;
	pthread_barrier_t gate; /* all workers measure at the same time */
	bool short_of_buffers;
};

static double window(struct team *t, unsigned worker, struct bench_input *in, uint64_t stamp)
{
	double cycles = bench_window(&t->p->d, worker, in, stamp, &t->p->count[worker]);

	if (cycles == 0)
		__atomic_store_n(&t->short_of_buffers, true, __ATOMIC_RELAXED);
	return cycles;
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
		for (unsigned v = 0; v < p->variants; v++) {
			pthread_barrier_wait(&t->gate);
			p->samples[v][worker][i] = window(t, worker, &in[v], stamp);
		}
		pthread_barrier_wait(&t->gate);
		if (p->c->workers > 1 && worker == 0)
			p->alone[i] = window(t, worker, &in[0], stamp);
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
 * when each of the others is taken at its price alone. Beside its own price alone.
 */
static void report_hits(struct datapath *p)
{
	double share, hit[BENCH_WINDOWS];
	struct bench_peer peer = {"hits=100", NULL, p->samples[BENCH_HITS][0]};

	share = p->c->ports > 1 ? (double)p->inputs[0].n[0] / p->c->burst : p->c->hits / 100.0;
	for (unsigned i = 0; i < p->b->windows; i++)
		hit[i] = (p->samples[BENCH_AS_NAMED][0][i] -
			     (1 - share) * p->samples[BENCH_MISSES][0][i]) /
			 share;
	bench_report_peer(
	    p->b, "datapath", p->c->name, "cycles_per_hit", "cycles", hit, p->b->windows, &peer);
	report(p, p->c->name, "cycles_per_miss", "cycles", p->samples[BENCH_MISSES][0]);
}

int bench_datapath_measure(struct datapath *p)
{
	struct team t = {.p = p};

	if (p->c->workers > bench_cpus())
		fprintf(stderr, "xtrbench: %s: only %u CPUs: workers take turns\n", p->c->name,
		    bench_cpus());
	if (pthread_barrier_init(&t.gate, NULL, p->c->workers))
		return -1;
	rte_eal_mp_remote_launch(measure, &t, CALL_MAIN);
	rte_eal_mp_wait_lcore();
	pthread_barrier_destroy(&t.gate);
	if (t.short_of_buffers) {
		fprintf(stderr, "xtrbench: %s: no buffers\n", p->c->name);
		return -1;
	}
	if (p->variants > 1 && p->c->workers == 1)
		report_hits(p); /* before the samples are sorted */
	if (p->c->workers > 1)
		report_several(p);
	else
		report_one(p);
	return 0;
}
