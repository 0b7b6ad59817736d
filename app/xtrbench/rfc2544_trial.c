/* SPDX-License-Identifier: BSD-3-Clause */
/* One trial: a paced sender and the receiver, in turns on one lcore. */
#include "app/xtrbench/rfc2544.h"

#include <errno.h>
#include <string.h>
#include <rte_cycles.h>
#include <rte_ethdev.h>

#define MAGIC  0x78747264u
#define BURST  32u
#define WINDOW 65536u /* numbers below the highest that are remembered */

struct seen {
	uint64_t next; /* one above the highest */
	uint64_t bits[WINDOW / 64];
};

struct run {
	struct tester *t;
	struct trial *r;
	struct seen seen;
	uint16_t out; /* ethdev */
	struct rte_mbuf *m[BURST];
	unsigned ready, done; /* of m: made, taken by the port */
};

static bool test_and_set(struct seen *s, uint64_t number)
{
	uint64_t *word = &s->bits[number % WINDOW / 64], bit = 1ull << number % 64;
	bool was = *word & bit;

	*word |= bit;
	return was;
}

static void note(struct run *run, uint64_t number)
{
	struct seen *s = &run->seen;

	if (number >= s->next) {
		/* those passed over may still come */
		for (uint64_t n = s->next; n <= number && n < s->next + WINDOW; n++)
			s->bits[n % WINDOW / 64] &= ~(1ull << n % 64);
		s->next = number + 1;
	} else {
		run->r->late++;
	}
	if (s->next - number <= WINDOW && test_and_set(s, number))
		run->r->twice++;
	else
		run->r->received++;
}

static void receive(struct run *run)
{
	struct rte_mbuf *m[BURST];

	for (unsigned port = 0; port < 2; port++) {
		unsigned got = rte_eth_rx_burst(run->t->ethdev[port], 0, m, BURST);

		for (unsigned i = 0; i < got; i++) {
			struct stamp copy;
			const struct stamp *s =
			    m[i]->pkt_len < STAMP_LEN
				? NULL
				: rte_pktmbuf_read(
				      m[i], m[i]->pkt_len - STAMP_LEN, STAMP_LEN, &copy);

			if (!s)
				continue;
			memcpy(&copy, s, sizeof(copy));
			if (copy.magic == rte_cpu_to_be_32(MAGIC) &&
			    copy.trial == rte_cpu_to_be_32(run->t->trial))
				note(run, rte_be_to_cpu_64(copy.number));
		}
		rte_pktmbuf_free_bulk(m, got);
	}
}

/* Numbers n to n + count - 1. Returns how many there are buffers for: all or none. */
static unsigned make(struct run *run, uint64_t n, unsigned count)
{
	if (rte_pktmbuf_alloc_bulk(run->t->pool, run->m, count) < 0)
		return 0;
	for (unsigned i = 0; i < count; i++) {
		uint8_t *p = rte_pktmbuf_mtod(run->m[i], uint8_t *);
		unsigned len = bench_source_next(run->t->source, p, false);
		struct stamp s = {.magic = rte_cpu_to_be_32(MAGIC),
		    .trial = rte_cpu_to_be_32(run->t->trial),
		    .number = rte_cpu_to_be_64(n + i)};

		memcpy(p + len - STAMP_LEN, &s, STAMP_LEN);
		run->m[i]->data_len = (uint16_t)len;
		run->m[i]->pkt_len = len;
	}
	return count;
}

/* Sends up to `due` frames more, in one burst. */
static void send_due(struct run *run, uint64_t due)
{
	if (run->done == run->ready) {
		run->done = run->ready = 0;
		if (due)
			run->ready = make(run, run->r->sent, (unsigned)RTE_MIN(due, BURST));
	}
	if (run->done < run->ready) {
		unsigned sent = rte_eth_tx_burst(
		    run->out, 0, run->m + run->done, (uint16_t)(run->ready - run->done));

		run->done += sent;
		run->r->sent += sent;
	}
}

static void begin(struct run *run, struct tester *t, struct trial *r)
{
	memset(run, 0, sizeof(*run));
	memset(r, 0, sizeof(*r));
	run->t = t;
	run->r = r;
	run->out = t->ethdev[t->source->port];
	t->trial++;
}

/* What is on its way has some time to come. */
static void drain(struct run *run)
{
	uint64_t limit = rte_rdtsc() + run->t->wait_ms * rte_get_tsc_hz() / 1000;

	rte_pktmbuf_free_bulk(run->m + run->done, run->ready - run->done);
	run->done = run->ready = 0;
	while (run->r->received < run->r->sent && rte_rdtsc() < limit && !*run->t->stop)
		receive(run);
}

int bench_trial(struct tester *t, double rate, double seconds, struct trial *r)
{
	double hz = (double)rte_get_tsc_hz();
	uint64_t start, now, length = (uint64_t)(seconds * hz);
	struct run run;

	begin(&run, t, r);
	start = rte_rdtsc();
	while ((now = rte_rdtsc() - start) < length && !*t->stop) {
		uint64_t due = rate > 0 ? (uint64_t)((double)now / hz * rate) + 1 : UINT64_MAX;

		send_due(&run, due > r->sent ? due - r->sent : 0);
		receive(&run);
	}
	r->seconds = (double)now / hz;
	r->rate = (double)r->sent / r->seconds;
	drain(&run);
	return *t->stop ? -EINTR : 0;
}

/* Some drivers connect only when they are asked. */
static void ask_links(const struct tester *t)
{
	struct rte_eth_link link;

	for (unsigned i = 0; i < 2; i++)
		rte_eth_link_get_nowait(t->ethdev[i], &link);
}

int bench_trial_wait(struct tester *t, double seconds)
{
	double hz = (double)rte_get_tsc_hz();
	uint64_t start = rte_rdtsc(), end = start + (uint64_t)(seconds * hz), next = start;
	struct trial r;
	struct run run;

	begin(&run, t, &r);
	while (!r.received && rte_rdtsc() < end && !*t->stop) {
		if (rte_rdtsc() >= next || run.done < run.ready) {
			send_due(&run, 1);
			ask_links(t);
			next = rte_rdtsc() + rte_get_tsc_hz() / 100;
		}
		receive(&run);
	}
	rte_pktmbuf_free_bulk(run.m + run.done, run.ready - run.done);
	return *t->stop ? -EINTR : r.received ? 0 : -ETIMEDOUT;
}
