/* SPDX-License-Identifier: BSD-3-Clause */
/* The timer wheel: order, every level, arming and cancelling from callbacks, against a sorted list.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "util/timer.h"

#define YEAR_MS (365ull * 24 * 3600 * 1000)

struct probe {
	struct xtr_timer t;
	struct xtr_wheel *w;
	uint64_t fired_at;
	unsigned n;
	/* what to do when it fires */
	struct probe *arm, *cancel;
	uint64_t arm_ms;
};

static void on_probe(struct xtr_timer *t)
{
	struct probe *p = (struct probe *)t;

	assert_false(xtr_timer_armed(t));
	assert_int_equal(xtr_wheel_now(p->w), t->due);
	p->fired_at = xtr_wheel_now(p->w);
	p->n++;
	if (p->cancel)
		xtr_timer_cancel(p->w, &p->cancel->t);
	if (p->arm)
		xtr_timer_arm(p->w, &p->arm->t, p->arm_ms, on_probe);
}

/* One timer for each span, a tick around each border between levels, from several phases of the
 * clock. */
static void every_level(void **state)
{
	static const uint64_t phases[] = {0, 1, 63, 64, 4095, 262143, 1ull << 30, 3 * YEAR_MS + 17};

	for (unsigned ph = 0; ph < sizeof(phases) / sizeof(phases[0]); ph++)
		for (unsigned level = 0; level <= XTR_WHEEL_LEVELS; level++)
			for (int around = -2; around <= 2; around++) {
				uint64_t ms = (1ull << (6 * level)) + (uint64_t)(int64_t)around;
				struct xtr_wheel w;
				struct probe p = {.w = &w};

				if ((int64_t)ms <= 0)
					continue;
				xtr_wheel_init(&w, true);
				xtr_clock_advance(&w, phases[ph]);
				xtr_timer_arm(&w, &p.t, ms, on_probe);
				xtr_clock_advance(&w, ms - 1);
				assert_int_equal(p.n, 0);
				assert_true(xtr_timer_armed(&p.t));
				xtr_clock_advance(&w, 1);
				assert_int_equal(p.n, 1);
				assert_int_equal(p.fired_at, phases[ph] + ms);
				assert_int_equal(w.n_armed, 0);
			}
}

static void two_years_and_more(void **state)
{
	static const uint64_t spans[] = {
	    YEAR_MS, 2 * YEAR_MS, (1ull << 36) - 1, 1ull << 36, (1ull << 36) + 1, 50 * YEAR_MS};
	struct xtr_wheel w;
	struct probe p[6] = {0}, each_day = {.w = &w, .arm = &each_day, .arm_ms = 24 * 3600 * 1000};

	xtr_wheel_init(&w, true);
	for (unsigned i = 0; i < 6; i++) {
		p[i].w = &w;
		xtr_timer_arm(&w, &p[i].t, spans[i], on_probe);
	}
	xtr_timer_arm(&w, &each_day.t, each_day.arm_ms, on_probe);
	xtr_clock_advance(&w, 50 * YEAR_MS);
	for (unsigned i = 0; i < 6; i++) {
		assert_int_equal(p[i].n, 1);
		assert_int_equal(p[i].fired_at, spans[i]);
	}
	assert_int_equal(each_day.n, 50 * 365);
	assert_int_equal(w.n_armed, 1);
}

static void zero_is_the_next_run(void **state)
{
	struct xtr_wheel w;
	struct probe p = {.w = &w};

	xtr_wheel_init(&w, true);
	xtr_timer_arm(&w, &p.t, 0, on_probe);
	assert_int_equal(xtr_wheel_run(&w, 0), 0);
	xtr_clock_advance(&w, 1);
	assert_int_equal(p.n, 1);
	/* and from its own callback, not in the same tick again */
	p.arm = &p;
	xtr_timer_arm(&w, &p.t, 0, on_probe);
	xtr_clock_advance(&w, 10);
	assert_int_equal(p.n, 11);
	xtr_timer_cancel(&w, &p.t);
	xtr_timer_cancel(&w, &p.t);
	assert_int_equal(w.n_armed, 0);
}

static void rearm_moves(void **state)
{
	struct xtr_wheel w;
	struct probe p = {.w = &w};

	xtr_wheel_init(&w, true);
	xtr_timer_arm(&w, &p.t, 10, on_probe);
	xtr_timer_arm(&w, &p.t, 100000, on_probe);
	assert_int_equal(w.n_armed, 1);
	xtr_clock_advance(&w, 99999);
	assert_int_equal(p.n, 0);
	xtr_timer_arm(&w, &p.t, 5, on_probe);
	xtr_clock_advance(&w, 5);
	assert_int_equal(p.n, 1);
	xtr_clock_advance(&w, 200000);
	assert_int_equal(p.n, 1);
}

/* Timers of one tick cancel and arm each other. */
static void in_callbacks(void **state)
{
	struct xtr_wheel w;
	struct probe a = {.w = &w}, b = {.w = &w}, c = {.w = &w}, later = {.w = &w};

	xtr_wheel_init(&w, true);
	a.cancel = &b;
	b.cancel = &a;
	c.arm = &later;
	c.arm_ms = 64; /* the same slot, one turn of the wheel on */
	xtr_timer_arm(&w, &a.t, 7, on_probe);
	xtr_timer_arm(&w, &b.t, 7, on_probe);
	xtr_timer_arm(&w, &c.t, 7, on_probe);
	xtr_clock_advance(&w, 7);
	assert_int_equal(a.n + b.n, 1); /* whichever came first took the other off */
	assert_int_equal(c.n, 1);
	assert_int_equal(later.n, 0);
	assert_int_equal(w.n_armed, 1);
	xtr_clock_advance(&w, 63);
	assert_int_equal(later.n, 0);
	xtr_clock_advance(&w, 1);
	assert_int_equal(later.n, 1);
	assert_int_equal(later.fired_at, 71);
}

struct mover {
	struct xtr_timer t;
	struct xtr_wheel *w;
	struct probe *arm;
};

static void on_mover(struct xtr_timer *t)
{
	struct mover *m = (struct mover *)t;

	xtr_clock_advance(m->w, 1000);
	xtr_timer_arm(m->w, &m->arm->t, 24, on_probe); /* 1024: the slot of the outer run's tick */
}

/* The operator's "clock advance" may arrive while a timer runs. */
static void advance_in_callback(void **state)
{
	struct xtr_wheel w;
	struct probe same_tick = {.w = &w}, between = {.w = &w}, after = {.w = &w};
	struct mover m = {.w = &w, .arm = &after};

	xtr_wheel_init(&w, true);
	xtr_timer_arm(&w, &same_tick.t, 100, on_probe);
	xtr_timer_arm(&w, &m.t, 100, on_mover);
	xtr_timer_arm(&w, &between.t, 600, on_probe);
	xtr_clock_advance(&w, 100);
	assert_int_equal(xtr_wheel_now(&w), 1100);
	assert_int_equal(same_tick.fired_at, 100);
	assert_int_equal(between.fired_at, 600);
	/* due 1024 after the tick that the outer run was at, in whose slot it lies */
	assert_int_equal(after.n, 0);
	xtr_clock_advance(&w, 23);
	assert_int_equal(after.n, 0);
	xtr_clock_advance(&w, 1);
	assert_int_equal(after.fired_at, 1124);
	assert_int_equal(w.n_armed, 0);
}

static void at_most_max(void **state)
{
	enum { N = 1000 };
	struct probe *p = calloc(N, sizeof(*p));
	struct xtr_wheel w;
	unsigned touched = 0, runs = 0, n;

	xtr_wheel_init(&w, true);
	for (unsigned i = 0; i < N; i++) {
		p[i].w = &w;
		xtr_timer_arm(&w, &p[i].t, i < N / 2 ? 70 : 80, on_probe);
	}
	w.offset += 200; /* time passes without a run */
	while ((n = xtr_wheel_run(&w, 30)) != 0) {
		assert_true(n <= 30);
		touched += n;
		runs++;
		if (w.n_armed)
			assert_int_equal(xtr_wheel_wait(&w, 1000), 0);
	}
	assert_int_equal(touched, 2 * N); /* each was moved once */
	assert_true(runs >= 2 * N / 30);
	assert_int_equal(xtr_wheel_now(&w), 200);
	for (unsigned i = 0; i < N; i++) {
		assert_int_equal(p[i].n, 1);
		assert_int_equal(p[i].fired_at, i < N / 2 ? 70 : 80);
	}
	free(p);
}

/* Many that are due at once, from far: no run touches more than it may, on their way down the wheel
 * either; and between runs they can be cancelled and armed again. */
static void a_crowd(void **state)
{
	enum { N = 3000, AT_ONCE = 16, HOURS = 3 * 3600 * 1000 };
	struct probe *p = calloc(N, sizeof(*p));
	unsigned runs = 0, touched = 0, n, fired = 0;
	struct xtr_wheel w;

	xtr_wheel_init(&w, true);
	for (unsigned i = 0; i < N; i++) {
		p[i].w = &w;
		xtr_timer_arm(&w, &p[i].t, HOURS, on_probe);
	}
	w.offset += HOURS;
	do {
		n = xtr_wheel_run(&w, AT_ONCE);
		assert_true(n <= AT_ONCE);
		touched += n;
		if (n == AT_ONCE)
			assert_true(!w.n_armed || xtr_wheel_wait(&w, 1000) == 0);
		/* they are on their way: one leaves, one goes on to a later time */
		if (runs++ == 3) {
			assert_true(xtr_timer_armed(&p[0].t) && xtr_timer_armed(&p[1].t));
			xtr_timer_cancel(&w, &p[0].t);
			xtr_timer_arm(&w, &p[1].t, HOURS + 1000 - xtr_wheel_now(&w), on_probe);
			xtr_timer_cancel(&w, &p[N - 1].t);
		}
	} while (n == AT_ONCE);
	assert_int_equal(xtr_wheel_now(&w), HOURS);
	assert_int_equal(w.n_armed, 1);
	for (unsigned i = 0; i < N; i++)
		fired += p[i].n && p[i].fired_at == HOURS;
	assert_int_equal(fired, N - 3);
	assert_true(touched > N && touched < XTR_WHEEL_LEVELS * N);
	xtr_clock_advance(&w, 1000);
	assert_int_equal(p[1].n, 1);
	assert_int_equal(p[1].fired_at, HOURS + 1000);
	assert_int_equal(p[0].n + p[N - 1].n, 0);
	free(p);
}

/* How long the loop may sleep: never past a timer, and not in hops of a few ticks where the next
 * is far. */
static void wait_bound(void **state)
{
	struct xtr_wheel w;
	struct probe p = {.w = &w};
	unsigned hops;

	xtr_wheel_init(&w, true);
	assert_int_equal(xtr_wheel_wait(&w, 1234), 1234);
	srand(1);
	for (unsigned round = 0; round < 2000; round++) {
		uint64_t ms = 1 + ((uint64_t)rand() << 8 | (unsigned)rand() % 256) %
				      (1ull << (1 + (unsigned)rand() % 38));
		uint64_t left = ms;

		p.n = 0;
		xtr_timer_arm(&w, &p.t, ms, on_probe);
		for (hops = 0; !p.n; hops++) {
			uint64_t wait = xtr_wheel_wait(&w, UINT64_MAX);

			assert_in_range(wait, 1, left);
			assert_true(xtr_wheel_wait(&w, 5) <= 5);
			left -= wait;
			xtr_clock_advance(&w, wait);
		}
		assert_int_equal(left, 0);
		assert_true(hops <= 2 * XTR_WHEEL_LEVELS);
	}
}

static void real_clock(void **state)
{
	struct timespec nap = {0, 1000000};
	struct xtr_wheel w;
	struct probe p = {.w = &w};
	unsigned turns = 0;

	xtr_wheel_init(&w, false);
	xtr_timer_arm(&w, &p.t, 30, on_probe);
	while (!p.n && turns++ < 10000) {
		assert_true(xtr_wheel_wait(&w, 1000) <= 30);
		nanosleep(&nap, NULL);
		xtr_wheel_run(&w, 0);
	}
	assert_int_equal(p.fired_at, 30);
	/* the operator's clock comes on top */
	xtr_timer_arm(&w, &p.t, 3600 * 1000, on_probe);
	xtr_clock_advance(&w, 3600 * 1000);
	assert_int_equal(p.n, 2);
}

/* --- random, against a sorted list --- */

#define MODEL 4000

struct model_timer {
	struct xtr_timer t;
	bool armed;
	uint64_t due;
};

static struct {
	struct xtr_wheel w;
	struct model_timer t[MODEL];
	uint64_t last_due;
	unsigned fired;
} model;

static uint64_t random_span(void)
{
	uint64_t r = ((uint64_t)rand() << 31 | (unsigned)rand());

	return 1 + r % (1ull << (1 + (unsigned)rand() % 37));
}

static void on_model(struct xtr_timer *t);

static void model_arm(struct model_timer *m)
{
	uint64_t ms = random_span();

	xtr_timer_arm(&model.w, &m->t, ms, on_model);
	m->armed = true;
	m->due = xtr_wheel_now(&model.w) + ms;
}

static void model_cancel(struct model_timer *m)
{
	xtr_timer_cancel(&model.w, &m->t);
	m->armed = false;
}

static void on_model(struct xtr_timer *t)
{
	struct model_timer *m = (struct model_timer *)t;

	assert_true(m->armed);
	assert_int_equal(xtr_wheel_now(&model.w), m->due);
	assert_true(m->due >= model.last_due);
	model.last_due = m->due;
	model.fired++;
	m->armed = false;
	if (rand() % 4 == 0)
		model_arm(m);
	if (rand() % 4 == 0)
		model_arm(&model.t[rand() % MODEL]);
	if (rand() % 8 == 0)
		model_cancel(&model.t[rand() % MODEL]);
}

static int by_due(const void *a, const void *b)
{
	uint64_t x = ((const struct model_timer *const *)a)[0]->due,
		 y = ((const struct model_timer *const *)b)[0]->due;

	return x < y ? -1 : x > y;
}

/* Nothing that is due is still armed, and the wheel's count is the model's. */
static void model_check(void)
{
	const struct model_timer *sorted[MODEL];
	unsigned n = 0;

	for (unsigned i = 0; i < MODEL; i++) {
		assert_int_equal(xtr_timer_armed(&model.t[i].t), model.t[i].armed);
		if (model.t[i].armed)
			sorted[n++] = &model.t[i];
	}
	assert_int_equal(n, model.w.n_armed);
	if (!n)
		return;
	qsort(sorted, n, sizeof(sorted[0]), by_due);
	assert_true(sorted[0]->due > xtr_wheel_now(&model.w));
	assert_true(
	    xtr_wheel_wait(&model.w, UINT64_MAX) <= sorted[0]->due - xtr_wheel_now(&model.w));
}

static void random_against_model(void **state)
{
	srand(42);
	memset(&model, 0, sizeof(model));
	xtr_wheel_init(&model.w, true);
	for (unsigned i = 0; i < MODEL; i++)
		model_arm(&model.t[i]);
	for (unsigned round = 0; round < 1500; round++) {
		for (unsigned i = 0; i < 40; i++) {
			if (rand() % 3)
				model_arm(&model.t[rand() % MODEL]);
			else
				model_cancel(&model.t[rand() % MODEL]);
		}
		xtr_clock_advance(&model.w, random_span() / 16);
		model_check();
	}
	assert_true(model.fired > 10000);
}

/* --- one jump and many steps end the same --- */

struct log {
	struct xtr_wheel w;
	struct log_timer {
		struct xtr_timer t;
		struct log *log;
		unsigned id;
	} t[500];
	uint64_t at[500];
};

static void on_log(struct xtr_timer *t)
{
	struct log_timer *l = (struct log_timer *)t;

	l->log->at[l->id] = xtr_wheel_now(&l->log->w);
}

static void jump_as_steps(void **state)
{
	struct log *jump = calloc(1, sizeof(*jump)), *steps = calloc(1, sizeof(*steps));
	uint64_t left = 3000000;

	xtr_wheel_init(&jump->w, true);
	xtr_wheel_init(&steps->w, true);
	srand(7);
	for (unsigned i = 0; i < 500; i++) {
		uint64_t ms = random_span() % 2900000;

		jump->t[i].log = jump;
		steps->t[i].log = steps;
		jump->t[i].id = steps->t[i].id = i;
		xtr_timer_arm(&jump->w, &jump->t[i].t, ms, on_log);
		xtr_timer_arm(&steps->w, &steps->t[i].t, ms, on_log);
	}
	xtr_clock_advance(&jump->w, left);
	while (left) {
		uint64_t step = 1 + (uint64_t)rand() % 200;

		step = step < left ? step : left;
		xtr_clock_advance(&steps->w, step);
		left -= step;
	}
	assert_int_equal(jump->w.n_armed, 0);
	assert_int_equal(steps->w.n_armed, 0);
	assert_memory_equal(jump->at, steps->at, sizeof(jump->at));
	free(jump);
	free(steps);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_level),
	    cmocka_unit_test(two_years_and_more),
	    cmocka_unit_test(zero_is_the_next_run),
	    cmocka_unit_test(rearm_moves),
	    cmocka_unit_test(in_callbacks),
	    cmocka_unit_test(advance_in_callback),
	    cmocka_unit_test(at_most_max),
	    cmocka_unit_test(a_crowd),
	    cmocka_unit_test(wait_bound),
	    cmocka_unit_test(real_clock),
	    cmocka_unit_test(random_against_model),
	    cmocka_unit_test(jump_as_steps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
