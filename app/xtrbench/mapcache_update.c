/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the control lcore does to a table of a million prefixes: updates while a reader on another
 * CPU looks up without a pause, and the prefixes that cover everything.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <rte_cycles.h>

#include "app/xtrbench/mapcache_lab.h"

#define FLOWS   65536u /* that the reader looks up in turn */
#define ROUNDS  16u    /* of them, at least, a window: 1,048,576 look-ups */
#define UPDATES 10000u /* of a window, at least */
#define AT_ONCE 1000u

enum state { IDLE, ALONE, UPDATED, END };

struct reader {
	struct lab *l;
	int cpu;
	/* main: rw */
	enum state state;
	/* reader: rw, main: reads n under way, and cycles while IDLE */
	uint64_t n[END] __rte_cache_aligned; /* rounds done in a state */
	double cycles[END];
	uint64_t sum;
};

static enum state state_of(const struct reader *r)
{
	return __atomic_load_n(&r->state, __ATOMIC_ACQUIRE);
}

/* All flows once, as a worker does it: with a quiescent state after each batch. */
static void look_up_all(struct reader *r)
{
	struct lab *l = r->l;
	uint32_t values[LAB_BATCH];

	for (unsigned at = 0; at + LAB_BATCH <= FLOWS; at += LAB_BATCH) {
		if (l->set->af == 4)
			xtr_lpm_lookup4(l->tables, l->keys + at, values, LAB_BATCH);
		else
			xtr_lpm_lookup6(
			    l->tables, (const uint8_t(*)[16])l->keys6 + at, values, LAB_BATCH);
		r->sum += values[at / LAB_BATCH % LAB_BATCH];
		rte_rcu_qsbr_quiescent(l->rcu.qsv, 0);
	}
}

static void *read_on(void *arg)
{
	struct reader *r = arg;
	enum state state;
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET((size_t)r->cpu, &cpus);
	pthread_setaffinity_np(pthread_self(), sizeof(cpus), &cpus);
	rte_rcu_qsbr_thread_register(r->l->rcu.qsv, 0);
	rte_rcu_qsbr_thread_online(r->l->rcu.qsv, 0);
	while ((state = state_of(r)) != END) {
		uint64_t start = rte_rdtsc();

		if (state == IDLE) {
			rte_rcu_qsbr_quiescent(r->l->rcu.qsv, 0);
			__atomic_store_n(&r->n[IDLE], r->n[IDLE] + 1, __ATOMIC_RELEASE);
			rte_pause();
			continue;
		}
		look_up_all(r);
		/* a round that saw both states is nobody's */
		if (state != state_of(r))
			continue;
		r->cycles[state] += (double)(rte_rdtsc() - start);
		__atomic_store_n(&r->n[state], r->n[state] + 1, __ATOMIC_RELEASE);
	}
	rte_rcu_qsbr_thread_offline(r->l->rcu.qsv, 0);
	rte_rcu_qsbr_thread_unregister(r->l->rcu.qsv, 0);
	return NULL;
}

static void set_state(struct reader *r, enum state state)
{
	__atomic_store_n(&r->state, state, __ATOMIC_RELEASE);
}

static uint64_t rounds(const struct reader *r, enum state state)
{
	return __atomic_load_n(&r->n[state], __ATOMIC_ACQUIRE);
}

static void wait_for(const struct reader *r, enum state state, uint64_t n)
{
	while (rounds(r, state) < n)
		rte_pause();
}

static int other_cpu(void)
{
	int mine = sched_getcpu();

	for (int i = 0; i < sysconf(_SC_NPROCESSORS_ONLN); i++)
		if (i != mine)
			return i;
	return -1;
}

/* Takes prefixes out and puts them back. False: memory is short. */
static bool update(struct lab *l, unsigned n)
{
	for (unsigned i = 0; i < n; i += 2) {
		unsigned k = (unsigned)(bench_random() % l->set->n);
		struct xtr_ip ip = bench_ip(&l->p[k], l->set->af);

		xtr_lpm_del(l->lpm, &ip, l->p[k].plen);
		if (xtr_lpm_set(l->lpm, &ip, l->p[k].plen, k + 1) < 0)
			return false;
		xtr_rcu_poll(&l->rcu);
	}
	return true;
}

static double per_second(uint64_t n, uint64_t start)
{
	return (double)n * (double)rte_get_tsc_hz() / (double)(rte_rdtsc() - start);
}

/* Updates a second of the peer, whose readers have to be kept away. */
static double window_peer(struct lab *l)
{
	uint64_t start = rte_rdtsc();

	for (unsigned i = 0; i < UPDATES; i += 2) {
		unsigned k = (unsigned)(bench_random() % l->set->n);

		if (bench_fib_update(&l->peer, &l->p[k], l->set->af, k + 1) < 0)
			return 0;
	}
	return per_second(UPDATES, start);
}

/* The reader alone, then with updates. False: memory is short. */
static bool window(struct lab *l, struct reader *r, double *rate, double *slowdown)
{
	uint64_t from[END], start, done = 0;
	double cycles[END], each[END];

	/* it is IDLE: but for that one, its numbers stand still */
	memcpy(from, r->n, sizeof(from));
	memcpy(cycles, r->cycles, sizeof(cycles));
	set_state(r, ALONE);
	wait_for(r, ALONE, from[ALONE] + ROUNDS);
	from[IDLE] = rounds(r, IDLE);
	set_state(r, UPDATED);
	start = rte_rdtsc();
	do {
		if (!update(l, AT_ONCE))
			return false;
		done += AT_ONCE;
	} while (done < UPDATES || rounds(r, UPDATED) < from[UPDATED] + ROUNDS);
	*rate = per_second(done, start);
	set_state(r, IDLE);
	wait_for(r, IDLE, from[IDLE] + 1);
	for (enum state s = ALONE; s <= UPDATED; s++)
		each[s] = (r->cycles[s] - cycles[s]) / (double)(rounds(r, s) - from[s]);
	*slowdown = each[UPDATED] / each[ALONE];
	return true;
}

int lab_updates(struct lab *l, const char *name)
{
	double rate[BENCH_WINDOWS], slowdown[BENCH_WINDOWS], theirs[BENCH_WINDOWS];
	char peer_name[32];
	struct bench_peer peer = {.name = peer_name, .samples = theirs};
	struct reader r = {.l = l, .cpu = other_cpu()};
	bool done = true;
	pthread_t thread;

	if (!bench_wants(l->b, name))
		return 0;
	if (r.cpu < 0) {
		fprintf(stderr, "xtrbench: %s: needs a second CPU\n", name);
		return 0;
	}
	if (pthread_create(&thread, NULL, read_on, &r))
		return -1;
	snprintf(
	    peer_name, sizeof(peer_name), "%s, no reader", l->peer.fib ? "rte_fib" : "rte_fib6");
	for (unsigned i = 0; i < l->b->windows && done; i++) {
		done = window(l, &r, &rate[i], &slowdown[i]);
		theirs[i] = bench_fib_there(&l->peer) ? window_peer(l) : 0;
	}
	set_state(&r, END);
	pthread_join(thread, NULL);
	if (!done) {
		fprintf(stderr, "xtrbench: %s: out of memory\n", name);
		return -1;
	}
	if (bench_fib_there(&l->peer))
		bench_report_peer(
		    l->b, "mapcache", name, "per_second", "updates/s", rate, l->b->windows, &peer);
	else
		bench_report(
		    l->b, "mapcache", name, "per_second", "updates/s", rate, l->b->windows);
	bench_report(l->b, "mapcache", name, "reader_slowdown", "times", slowdown, l->b->windows);
	return 0;
}

/* Of this thread, microseconds: the longest of many is to be the table's, not the machine's. */
static double cpu_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

int lab_inserts(struct lab *l, unsigned plen, const char *name)
{
	double in[BENCH_WINDOWS], out[BENCH_WINDOWS];

	if (!bench_wants(l->b, name))
		return 0;
	for (unsigned i = 0; i < l->b->windows; i++) {
		struct xtr_ip ip = {.af = (uint8_t)l->set->af};
		double start = cpu_us(), middle;

		ip.b[0] = plen && i % 2 ? 0x80 : 0;
		if (xtr_lpm_set(l->lpm, &ip, plen, LAB_FLOWS_MAX + 1) < 0) {
			fprintf(stderr, "xtrbench: %s: out of memory\n", name);
			return -1;
		}
		middle = cpu_us();
		xtr_lpm_del(l->lpm, &ip, plen);
		out[i] = cpu_us() - middle;
		in[i] = middle - start;
		xtr_rcu_poll(&l->rcu);
	}
	bench_report(l->b, "mapcache", name, "microseconds", "us", in, l->b->windows);
	bench_report(l->b, "mapcache", name, "delete_microseconds", "us", out, l->b->windows);
	return 0;
}
