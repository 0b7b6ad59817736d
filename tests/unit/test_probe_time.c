/* SPDX-License-Identifier: BSD-3-Clause */
/* RLOC-probing: the pace of many, jitter, jumps of the clock, round-trip times. */
#include <time.h>
#include "probe_fixture.h"

#define MANY 10000u

static uint64_t splitmix(struct xtr_lisp *l)
{
	uint64_t z = ((struct world *)l)->random += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static void start_many(struct fixture *f, unsigned n)
{
	char rloc[32];

	f->w.l.random64 = splitmix;
	f->many = calloc(n, sizeof(*f->many));
	assert_non_null(f->many);
	for (unsigned i = 0; i < n; i++) {
		snprintf(rloc, sizeof(rloc), "172.17.%u.%u", i / 250, i % 250 + 1);
		f->many[i].eid = eid("10.2.2.0/24");
		start(f, &f->many[i], rloc, false);
	}
}

static struct asker *asker_of(struct fixture *f, const struct sent *s)
{
	return &f->many[s->dst.b[2] * 250 + s->dst.b[3] - 1];
}

/* 1,000 a second, all together, and never many at once. */
static void test_pace(void **state)
{
	struct fixture *f = *state;
	unsigned first = 0;

	f->w.cfg.lisp.probe_interval_ms = 3600000;
	pass(f, 5000); /* idle time does not add up */
	start_many(f, MANY);
	for (unsigned done = 0, ms = 0; done < MANY; ms++) {
		assert_true(ms <= MANY);
		pass(f, 1);
		for (; done < f->w.n_sent; done++)
			reply(f, done);
	}
	assert_int_equal(f->w.n_sent, MANY);
	assert_in_range(f->w.sent[MANY - 1].at_ms - 5000, 9900, 10000);
	for (unsigned i = 0; i < MANY; i++) {
		assert_int_equal(f->many[i].told, XTR_PROBE_UP);
		while (f->w.sent[i].at_ms - f->w.sent[first].at_ms >= 1000)
			first++;
		assert_true(i - first < 1000 + 32);
	}
	assert_true(f->w.sent[40].at_ms > f->w.sent[0].at_ms);
}

/* A PETR's waits for none of the many, at its first try and at later ones. */
static void test_petr_first(void **state)
{
	struct fixture *f = *state;
	unsigned tries = 0;

	f->w.cfg.lisp.probe_interval_ms = 3600000;
	start_many(f, MANY);
	start(f, &f->a, "172.16.1.3", true);
	for (unsigned ms = 1, seen = 0; ms <= 2100; ms++) {
		pass(f, 1);
		for (; seen < f->w.n_sent; seen++)
			if (f->w.sent[seen].dst.b[1] == 16) {
				assert_in_range(ms, tries * 1000 + 1, tries * 1000 + 5);
				tries++;
			}
	}
	assert_int_equal(tries, 3);
	assert_true(f->w.n_sent < MANY);
}

/* Each a little earlier or later than the interval, all over what is allowed. */
static void test_jitter(void **state)
{
	struct fixture *f = *state;
	uint64_t least = UINT64_MAX, most = 0;
	unsigned done = 0, n_gaps = 0;

	start_many(f, 500);
	for (unsigned ms = 0; ms < 50000; ms++) {
		pass(f, 1);
		for (; done < f->w.n_sent; done++) {
			const struct sent *s = &f->w.sent[done];
			struct asker *a = asker_of(f, s);
			uint64_t gap = s->at_ms - a->answered_ms;

			if (a->seen++) {
				n_gaps++;
				least = gap < least ? gap : least;
				most = gap > most ? gap : most;
			}
			a->answered_ms = xtr_wheel_now(&f->w.wheel);
			reply(f, done);
		}
	}
	assert_in_range(n_gaps, 4 * 500, 6 * 500);
	assert_in_range(least, 9000, 9020);
	assert_in_range(most, 10980, 11030); /* some waited for their turn */
}

/* Tests move the clock by minutes, and a machine may stop for a while. */
static void test_jump(void **state)
{
	struct fixture *f = *state;
	unsigned before;

	start_many(f, 20);
	pass(f, 1);
	assert_int_equal(f->w.n_sent, 20);
	for (unsigned i = 0; i < 20; i++)
		reply(f, i);
	xtr_clock_advance(&f->w.wheel, 600000);
	pass(f, 2);
	assert_int_equal(f->w.n_sent, 40); /* one each */
	/* these are outstanding while it jumps again: a try without an answer, no more */
	xtr_clock_advance(&f->w.wheel, 600000);
	pass(f, 2);
	assert_int_equal(f->w.n_sent, 60);
	for (unsigned i = 0; i < 20; i++) {
		assert_int_equal(f->many[i].told, XTR_PROBE_UP);
		assert_int_equal(xtr_probe_status(f->many[i].probe).state, XTR_PROBE_UP);
		reply(f, 40 + i);
	}
	/* all that wait for a turn */
	for (unsigned i = 0; i < 20; i++)
		xtr_probe_stop(f->many[i].probe);
	free(f->many);
	before = f->w.n_sent;
	start_many(f, 2000);
	xtr_clock_advance(&f->w.wheel, 600000);
	pass(f, 1);
	assert_in_range(f->w.n_sent - before, 32, 64);
	pass(f, 2000);
	assert_in_range(f->w.n_sent - before, 2000, 2064);
}

static uint64_t monotonic_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

/* On the machine's clock: finer than the wheel's. */
static void test_rtt(void **state)
{
	struct fixture *f = *state;
	uint64_t before, sent, answer, after, rtt;

	xtr_wheel_init(&f->w.wheel, false);
	start(f, &f->a, "172.16.1.3", false);
	before = monotonic_us();
	while (!f->w.n_sent && monotonic_us() - before < 10000000)
		xtr_wheel_run(&f->w.wheel, 0);
	assert_int_equal(f->w.n_sent, 1);
	sent = monotonic_us();
	while (monotonic_us() - sent < 50)
		;
	answer = monotonic_us();
	reply(f, 0);
	after = monotonic_us();
	rtt = xtr_probe_status(f->a.probe).rtt_us;
	assert_true(rtt >= answer - sent);
	assert_true(rtt <= after - before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_pace),
	    T(test_petr_first),
	    T(test_jitter),
	    T(test_jump),
	    T(test_rtt),
	};

	return cmocka_run_group_tests_name("probe_time", tests, NULL, NULL);
}
