/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The RFC 2544 search finds out a device that drops: made-up devices for the search, and for the
 * trial a wire between two ports of rings that loses, doubles and swaps frames.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <errno.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>

#include "app/xtrbench/rfc2544.h"
#include "eal_fixture.h"

/* --- search --- */

struct device {
	double capacity;  /* frames a second, all above is lost */
	double offerable; /* by the tester */
	uint64_t always;  /* lost in any trial */
	double later;     /* capacity where a trial is longer than a second */
	unsigned trials;
};

static int trial(void *arg, double rate, double seconds, struct trial *r)
{
	struct device *d = arg;
	double capacity = seconds > 1 && d->later > 0 ? d->later : d->capacity;

	*r = (struct trial){.seconds = seconds, .rate = rate < d->offerable ? rate : d->offerable};
	r->sent = (uint64_t)(r->rate * seconds);
	r->received = r->rate > capacity ? (uint64_t)(capacity * seconds) : r->sent;
	r->received -= r->received > d->always ? d->always : r->received;
	d->trials++;
	return 0;
}

static struct found find(struct device *d, double loss)
{
	struct search s = {.run = trial,
	    .arg = d,
	    .max = 1e6,
	    .seconds = 1,
	    .decides = 60,
	    .loss = loss,
	    .resolution = 0.01};
	struct found f;

	assert_int_equal(bench_search(&s, &f), 0);
	assert_int_equal(f.trials, d->trials);
	return f;
}

static void capacity(void **state)
{
	for (double c = 1000; c < 1e6; c *= 1.7) {
		struct device d = {.capacity = c, .offerable = 1e9};
		struct found f = find(&d, 0);

		assert_true(f.rate <= c && f.rate >= c * 0.985);
		assert_true(f.lossy);
		assert_true(f.last.seconds == 60 && f.last.sent == f.last.received);
		assert_true(d.trials < 40);
	}
}

static void never_loses(void **state)
{
	struct device d = {.capacity = 1e9, .offerable = 1e9};
	struct found f = find(&d, 0);

	assert_true(f.rate == 1e6 && !f.lossy);
	assert_int_equal(d.trials, 2); /* a short one, and the one that decides */
}

/* What can't be offered has not been shown to pass. */
static void not_offered(void **state)
{
	struct device d = {.capacity = 1e9, .offerable = 3e5};
	struct found f = find(&d, 0);

	assert_true(f.rate <= 3e5 && f.rate >= 2.9e5 && !f.lossy);
}

/* One frame of millions is a loss; with a tolerance it is none. */
static void always_one(void **state)
{
	struct device d = {.capacity = 1e9, .offerable = 1e9, .always = 1}, e = d;
	struct found f = find(&d, 0);

	assert_true(f.rate == 0 && f.lossy);
	assert_in_range(d.trials, 2, 30);
	f = find(&e, 1e-4);
	assert_true(f.rate == 1e6);
}

/* Short trials were too kind: the long one decides. */
static void decided_by_the_long_one(void **state)
{
	struct device d = {.capacity = 5e5, .offerable = 1e9, .later = 4.6e5};
	struct found f = find(&d, 0);

	assert_true(f.rate <= 4.6e5 && f.rate >= 4.5e5);
}

/* --- trial --- */

#define RATE 20000.0 /* frames a second: a few bursts, on a machine that does other things too */

static struct {
	unsigned lose, twice, swap; /* every so many of the frames; 0: never */
	uint64_t n, lost, doubled, swapped;
} fault;

static struct tester tester;
static struct bench_source source;
static struct rte_ring *wire;
static bool stop;

/* The device: what comes by the wire to our second port. */
static uint16_t device(
    uint16_t port, uint16_t queue, struct rte_mbuf **m, uint16_t n, uint16_t max, void *arg)
{
	uint16_t left = 0;

	for (uint16_t i = 0; i < n; i++) {
		fault.n++;
		if (fault.lose && fault.n % fault.lose == 0) {
			rte_pktmbuf_free(m[i]);
			fault.lost++;
		} else {
			m[left++] = m[i];
		}
	}
	for (uint16_t i = 0; fault.swap && i + 1 < left; i = (uint16_t)(i + fault.swap)) {
		struct rte_mbuf *other = m[i];

		m[i] = m[i + 1];
		m[i + 1] = other;
		fault.swapped++;
	}
	if (fault.twice && left && left < max) {
		m[left] = rte_pktmbuf_copy(m[0], m[0]->pool, 0, UINT32_MAX);
		assert_non_null(m[left++]);
		fault.doubled++;
	}
	return left;
}

static uint16_t open_port(const char *name, struct rte_ring *rx, struct rte_ring *tx)
{
	const struct rte_eth_conf conf = {0};
	int port = rte_eth_from_rings(name, &rx, 1, &tx, 1, 0);
	uint16_t p = (uint16_t)port;

	assert_true(port >= 0);
	assert_int_equal(rte_eth_dev_configure(p, 1, 1, &conf), 0);
	assert_int_equal(rte_eth_rx_queue_setup(p, 0, 64, 0, NULL, tester.pool), 0);
	assert_int_equal(rte_eth_tx_queue_setup(p, 0, 64, 0, NULL), 0);
	assert_int_equal(rte_eth_dev_start(p), 0);
	return p;
}

static int open_tester(void **state)
{
	static struct bench_case c;
	static struct bench_dp frames = {.c = &c};
	struct rte_ring *back;
	const char *why;

	if (eal_start("64") < 0)
		return -1;
	tester.pool = rte_pktmbuf_pool_create("frames", 4095, 0, 0, 2176, SOCKET_ID_ANY);
	wire = rte_ring_create("wire", 2048, SOCKET_ID_ANY, 0);
	back = rte_ring_create("back", 64, SOCKET_ID_ANY, 0);
	if (!tester.pool || !wire || !back)
		return -1;
	tester.ethdev[BENCH_CORE] = open_port("core", back, wire);
	tester.ethdev[BENCH_SITE] = open_port("site", wire, back);
	rte_eth_add_rx_callback(tester.ethdev[BENCH_SITE], 0, device, NULL);
	if (bench_case_parse("decap4in4/flows=10", &c, &why) < 0 ||
	    bench_source_open(&source, &frames, BENCH_HITS, BENCH_CORE) < 0)
		return -1;
	tester.source = &source;
	tester.stop = &stop;
	tester.wait_ms = 20;
	return 0;
}

static int close_tester(void **state)
{
	for (unsigned i = 0; i < 2; i++) {
		rte_eth_dev_stop(tester.ethdev[i]);
		rte_eth_dev_close(tester.ethdev[i]);
	}
	bench_source_close(&source);
	return eal_teardown(state);
}

/* One with this fault; every buffer is back after it. */
static struct trial with(unsigned lose, unsigned twice, unsigned swap)
{
	struct trial r;

	memset(&fault, 0, sizeof(fault));
	fault.lose = lose;
	fault.twice = twice;
	fault.swap = swap;
	assert_int_equal(bench_trial(&tester, RATE, 0.1, &r), 0);
	assert_int_equal(fault.n, r.sent);
	assert_true(r.sent > 0 && (double)r.sent <= RATE * r.seconds + 1);
	assert_int_equal(rte_mempool_in_use_count(tester.pool), 0);
	return r;
}

static void a_wire(void **state)
{
	struct trial r;

	assert_int_equal(bench_trial_wait(&tester, 10), 0);
	r = with(0, 0, 0);
	assert_int_equal(r.received, r.sent);
	assert_int_equal(r.late + r.twice, 0);
}

static void loses(void **state)
{
	static const unsigned every[] = {1, 2, 7, 100};

	for (unsigned i = 0; i < RTE_DIM(every); i++) {
		struct trial r = with(every[i], 0, 0);

		assert_int_equal(r.received, r.sent - fault.lost);
		assert_int_equal(fault.lost, r.sent / every[i]);
		assert_int_equal(r.twice, 0);
	}
}

/* What comes twice makes up for no loss. */
static void doubles(void **state)
{
	struct trial r = with(0, 1, 0);

	assert_int_equal(r.received, r.sent);
	assert_int_equal(r.twice, fault.doubled);
	r = with(3, 1, 0);
	assert_int_equal(r.received, r.sent - fault.lost);
	assert_int_equal(r.twice, fault.doubled);
	assert_true(fault.doubled > 0);
}

static void swaps(void **state)
{
	struct trial r = with(0, 0, 2);

	assert_int_equal(r.received, r.sent);
	assert_int_equal(r.late, fault.swapped);
	assert_int_equal(r.twice, 0);
}

/* As fast as the ports take them: more than the wire's ring holds is never on its way. */
static void unpaced(void **state)
{
	struct trial r;

	memset(&fault, 0, sizeof(fault));
	assert_int_equal(bench_trial(&tester, 0, 0.05, &r), 0);
	assert_true(r.sent > 1000);
	assert_int_equal(r.received, r.sent);
	assert_int_equal(rte_mempool_in_use_count(tester.pool), 0);
}

static void stopped(void **state)
{
	struct trial r;

	stop = true;
	assert_int_equal(bench_trial(&tester, RATE, 60, &r), -EINTR);
	assert_int_equal(bench_trial_wait(&tester, 60), -EINTR);
	stop = false;
}

/* Nothing comes through. */
static void no_wire(void **state)
{
	fault.lose = 1;
	assert_int_equal(bench_trial_wait(&tester, 0.05), -ETIMEDOUT);
	fault.lose = 0;
	assert_int_equal(rte_mempool_in_use_count(tester.pool), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(capacity),
	    cmocka_unit_test(never_loses),
	    cmocka_unit_test(not_offered),
	    cmocka_unit_test(always_one),
	    cmocka_unit_test(decided_by_the_long_one),
	    cmocka_unit_test(a_wire),
	    cmocka_unit_test(loses),
	    cmocka_unit_test(doubles),
	    cmocka_unit_test(swaps),
	    cmocka_unit_test(unpaced),
	    cmocka_unit_test(stopped),
	    cmocka_unit_test(no_wire),
	};

	return cmocka_run_group_tests(tests, open_tester, close_tester);
}
