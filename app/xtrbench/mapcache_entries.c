/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A million map-cache entries with one locator each in the daemon: how fast they are learned, what
 * they cost in memory, how they go when their time is up all at once or the operator says so, and
 * what memory they leave behind.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app/xtrbench/daemon.h"
#include "app/xtrbench/mapcache_lab.h"
#include "app/xtrbench/memory.h"

#define TTL_MIN   120u
#define MINUTE_MS 60000u

static double cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void report(struct bench *b, const char *name, const char *metric, double value)
{
	bench_report(b, "mapcache", name, metric, "bytes", &value, 1);
}

/* The daemon's clock goes on to this time, and what is due until then is done. */
static void go_on_to(struct bench_daemon *d, uint64_t ms)
{
	struct xtr_wheel *wheel = &d->ctl->wheel;

	xtr_wheel_run(wheel, 0);
	if (ms > xtr_wheel_now(wheel))
		xtr_clock_advance(wheel, ms - xtr_wheel_now(wheel));
	bench_daemon_settle(d);
}

/*
 * Learns all prefixes of the set. Only so many are resolved at a time; the next come a minute later
 * and for a minute less, so that the time of all is up at once. *end_ms is when.
 */
static int learn_all(struct bench_daemon *d, const struct bench_set *set,
    const struct bench_prefix *p, uint64_t *end_ms)
{
	uint64_t start = xtr_wheel_now(&d->ctl->wheel);
	unsigned minutes = 0;

	*end_ms = start + TTL_MIN * MINUTE_MS;
	for (unsigned i = 0; i < set->n; i++) {
		struct xtr_eid eid = {.ip = bench_ip(&p[i], set->af), .plen = p[i].plen}, host;
		uint8_t at[16] = {0};
		int rc;

		bench_address(&p[i], set->af, at);
		host = xtr_eid_host(0, &(struct xtr_ip){.af = eid.ip.af});
		memcpy(host.ip.b, at, sizeof(at));
		rc = bench_daemon_learn(d, &eid, &host, i % BENCH_RLOCS, TTL_MIN - minutes);
		if (rc == -EAGAIN && ++minutes < TTL_MIN) {
			go_on_to(d, start + minutes * (uint64_t)MINUTE_MS);
			i--;
		} else if (rc < 0) {
			fprintf(stderr, "xtrbench: entry %u is not in the map-cache: %s\n", i,
			    strerror(-rc));
			return rc;
		}
		if (i % 64 == 0)
			xtr_ctl_turn(d->ctl, 0);
	}
	/* what was asked for them is forgotten */
	go_on_to(d, start + (minutes + 1) * (uint64_t)MINUTE_MS);
	return 0;
}

static int learn(struct bench *b, struct bench_daemon *d, const struct bench_set *set,
    const struct bench_prefix *p, uint64_t *end_ms)
{
	double start = cpu_ns(), rate;
	int rc = learn_all(d, set, p, end_ms);

	rate = set->n / (cpu_ns() - start) * 1e9;
	if (!rc && b)
		bench_report(
		    b, "mapcache", "learn/1m-entries", "per_second", "entries/s", &rate, 1);
	return rc;
}

static void memory(struct bench *b, const struct bench_daemon *d, const struct bench_memory *before)
{
	struct bench_memory now;
	struct bench_parts parts;
	double all;

	bench_daemon_parts(d, &parts);
	bench_memory(&now);
	all = now.rss - before->rss;
	report(b, "memory/1m-entries", "bytes", all);
	report(b, "memory/1m-entries/engine", "bytes", parts.engine);
	report(b, "memory/1m-entries/forwarding-entries", "bytes", parts.entries);
	report(b, "memory/1m-entries/locator-sets", "bytes", parts.sets);
	report(b, "memory/1m-entries/control", "bytes",
	    all - parts.engine - parts.entries - parts.sets);
	/* that last one by another account, with what the parts have of the heap */
	report(b, "memory/1m-entries/heap", "bytes", now.heap - before->heap);
}

/* Turns of the loop until all are gone, in windows of as many entries. */
static int expire(struct bench *b, struct bench_daemon *d, unsigned n, uint64_t end_ms)
{
	double each[BENCH_WINDOWS], longest[BENCH_WINDOWS];
	const uint64_t *gone = &d->ctl->lisp.counters[XTR_C_ITR_EXPIRED];
	uint64_t from = *gone;

	go_on_to(d, end_ms - 2000);
	if (*gone != from)
		return -ETIME;
	/* from one turn to the next */
	d->ctl->wheel.offset += 3000;
	for (unsigned i = 0; i < b->windows; i++) {
		uint64_t until = (uint64_t)n * (i + 1) / b->windows, before = *gone - from;
		double start = cpu_ns(), last = start, now = start;
		unsigned idle = 0;

		longest[i] = 0;
		while (*gone - from < until) {
			uint64_t was = *gone;

			xtr_ctl_turn(d->ctl, 0);
			now = cpu_ns();
			if (now - last > longest[i])
				longest[i] = now - last;
			last = now;
			idle = *gone == was ? idle + 1 : 0;
			if (idle > 100000)
				return -ETIME; /* they do not expire */
		}
		each[i] = now > start ? (now - start) / (double)(*gone - from - before) : 0;
		longest[i] /= 1000;
	}
	bench_report(b, "mapcache", "expire/1m-entries", "ns_per_entry", "ns", each, b->windows);
	bench_report(b, "mapcache", "expire/1m-entries", "longest_us", "us", longest, b->windows);
	return 0;
}

static void count_cleared(void *arg, unsigned cleared)
{
	*(unsigned *)arg = cleared;
}

/* As the operator's command does it, between the loop's other work. */
static int clear(struct bench *b, struct bench_daemon *d, unsigned n)
{
	double start = cpu_ns(), last = start, now, longest = 0, each;
	unsigned cleared = 0;

	if (!xtr_oper_clear_begin(&d->ctl->clears, d->ctl->itr, NULL, -1, count_cleared, &cleared))
		return -ENOMEM;
	while (!TAILQ_EMPTY(&d->ctl->clears)) {
		xtr_ctl_turn(d->ctl, 0);
		now = cpu_ns();
		if (now - last > longest)
			longest = now - last;
		last = now;
	}
	if (cleared != n)
		return -ENOENT;
	each = (last - start) / n;
	longest /= 1000;
	bench_report(b, "mapcache", "clear/1m-entries", "ns_per_entry", "ns", &each, 1);
	bench_report(b, "mapcache", "clear/1m-entries", "longest_us", "us", &longest, 1);
	return 0;
}

static void left_over(
    struct bench *b, const struct bench_daemon *d, const struct bench_memory *before)
{
	struct bench_memory now;
	struct bench_parts parts;

	bench_daemon_parts(d, &parts);
	bench_memory(&now);
	report(b, "memory/1m-delete", "bytes", now.rss - before->rss);
	report(b, "memory/1m-delete/engine", "bytes", parts.engine);
	report(b, "memory/1m-delete/heap", "bytes", now.heap - before->heap);
}

int bench_mapcache_entries(struct bench *b)
{
	const struct bench_set *set = &bench_sets[BENCH_INTERNET];
	struct bench_prefix *p = bench_set_make(set);
	struct bench_memory before;
	struct bench_daemon d = {0};
	uint64_t end_ms;
	int rc = p ? bench_daemon_start(&d, true) : -ENOMEM;

	if (!rc)
		rc = bench_memory(&before);
	if (!rc)
		rc = learn(b, &d, set, p, &end_ms);
	if (!rc) {
		memory(b, &d, &before);
		rc = expire(b, &d, set->n, end_ms);
	}
	if (!rc) {
		bench_daemon_settle(&d);
		left_over(b, &d, &before);
		rc = learn(NULL, &d, set, p, &end_ms);
	}
	if (!rc)
		rc = clear(b, &d, set->n);
	if (rc)
		fprintf(stderr, "xtrbench: a million entries: %s\n", strerror(-rc));
	bench_daemon_stop(&d);
	free(p);
	return rc;
}
