/* SPDX-License-Identifier: BSD-3-Clause */
/* What xtrbench makes of samples: order statistics, noise, ratios, the cases that are asked for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "app/xtrbench/bench.h"

#define N 100

struct f {
	struct bench b;
	char *text;
	size_t len;
};

static struct f begin(const char *only)
{
	return (struct f){.b = {.only = only, .windows = N}};
}

/* The one figure that was reported, or NULL: none. */
static json_t *said(struct f *f)
{
	json_t *figure;

	fclose(f->b.out);
	figure = f->len ? json_loads(f->text, 0, NULL) : NULL;
	if (f->len)
		assert_non_null(figure);
	free(f->text);
	return figure;
}

static json_t *report(
    struct f *f, const char *metric, double *samples, const struct bench_peer *peer)
{
	f->b.out = open_memstream(&f->text, &f->len);
	assert_non_null(f->b.out);
	if (peer)
		bench_report_peer(&f->b, "suite", "a/case", metric, "unit", samples, N, peer);
	else
		bench_report(&f->b, "suite", "a/case", metric, "unit", samples, N);
	return said(f);
}

static double number(const json_t *figure, const char *key)
{
	assert_true(json_is_number(json_object_get(figure, key)));
	return json_number_value(json_object_get(figure, key));
}

static bool noisy(json_t *figure)
{
	bool yes;

	assert_true(json_is_boolean(json_object_get(figure, "noisy")));
	yes = json_is_true(json_object_get(figure, "noisy"));
	json_decref(figure);
	return yes;
}

static void statistics(void **state)
{
	struct f f = begin(NULL);
	double s[N];
	json_t *figure;

	for (unsigned i = 0; i < N; i++)
		s[i] = 100 + (i * 37 + 11) % N;
	figure = report(&f, "cycles_per_lookup", s, NULL);
	assert_true(number(figure, "min") == 100);
	assert_true(number(figure, "p10") == 110);
	assert_true(number(figure, "median") == 150);
	assert_true(number(figure, "p90") == 189);
	assert_true(number(figure, "max") == 199);
	assert_int_equal(json_integer_value(json_object_get(figure, "samples")), N);
	assert_string_equal(json_string_value(json_object_get(figure, "case")), "a/case");
	assert_false(noisy(figure));
}

/* Of times: the tenth percentile is within 10 % of the shortest, however long the others are. */
static void noise_of_times(void **state)
{
	struct f f = begin(NULL);
	double s[N];

	for (unsigned i = 0; i < N; i++)
		s[i] = i < 11 ? 100 : 1000;
	assert_false(noisy(report(&f, "cycles_per_lookup", s, NULL)));
	for (unsigned i = 0; i < N; i++)
		s[i] = i < 10 ? 100 : 111;
	assert_true(noisy(report(&f, "cycles_per_lookup", s, NULL)));
	for (unsigned i = 0; i < N; i++)
		s[i] = i < 10 ? 100 : 109;
	assert_false(noisy(report(&f, "cycles_per_lookup", s, NULL)));
}

/* Of things a second the highest is the shortest time. */
static void noise_of_rates(void **state)
{
	struct f f = begin(NULL);
	double s[N];

	for (unsigned i = 0; i < N; i++)
		s[i] = i < 11 ? 1000 : 100;
	assert_false(noisy(report(&f, "per_second", s, NULL)));
	for (unsigned i = 0; i < N; i++)
		s[i] = i < 10 ? 1000 : 900;
	assert_true(noisy(report(&f, "per_second", s, NULL)));
	/* a time with such a spread would be quiet: here the best stand alone */
	for (unsigned i = 0; i < N; i++)
		s[i] = i < 5 ? 1000 : 100;
	assert_true(noisy(report(&f, "per_second", s, NULL)));
	assert_false(noisy(report(&f, "cycles_per_lookup", s, NULL)));
}

static void one_sample(void **state)
{
	struct f f = begin(NULL);
	double bytes = 5;
	json_t *figure;

	f.b.out = open_memstream(&f.text, &f.len);
	bench_report(&f.b, "suite", "memory", "bytes", "bytes", &bytes, 1);
	figure = said(&f);
	assert_true(number(figure, "min") == 5 && number(figure, "max") == 5);
	assert_true(number(figure, "p10") == 5 && number(figure, "p90") == 5);
	assert_false(noisy(figure));
}

/* The ratio is of medians, whatever the order of the samples. */
static void beside_a_peer(void **state)
{
	struct f f = begin(NULL);
	double s[N], theirs[N];
	struct bench_peer peer = {"rte_fib", "avx512", theirs};
	json_t *figure;

	for (unsigned i = 0; i < N; i++) {
		s[i] = 30 + (i * 3) % N;
		theirs[i] = N - i;
	}
	figure = report(&f, "cycles_per_lookup", s, &peer);
	assert_true(number(figure, "median") == 80);
	assert_true(number(figure, "peer_median") == 51);
	assert_true(number(figure, "ratio") == 80.0 / 51);
	assert_string_equal(json_string_value(json_object_get(figure, "peer")), "rte_fib");
	assert_string_equal(json_string_value(json_object_get(figure, "peer_type")), "avx512");
	json_decref(figure);
}

static void only_what_is_asked_for(void **state)
{
	struct f f = begin("a/c"), g = begin("a/case/");
	double s[N] = {0};
	json_t *figure = report(&f, "bytes", s, NULL);

	assert_non_null(figure);
	json_decref(figure);
	assert_null(report(&g, "bytes", s, NULL));
	assert_true(bench_wants(&g.b, "a/case/of=1"));
	assert_false(bench_wants(&g.b, "b/case/of=1"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(statistics),
	    cmocka_unit_test(noise_of_times),
	    cmocka_unit_test(noise_of_rates),
	    cmocka_unit_test(one_sample),
	    cmocka_unit_test(beside_a_peer),
	    cmocka_unit_test(only_what_is_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
