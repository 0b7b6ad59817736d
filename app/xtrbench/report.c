/* SPDX-License-Identifier: BSD-3-Clause */
/* Samples become figures, figures become lines. */
#include "app/xtrbench/bench.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <rte_cycles.h>
#include <rte_version.h>

#include "mapcache/lpm.h"

#define NOISE 1.1 /* how far the tenth percentile may be from the best */

bool bench_wants(const struct bench *b, const char *name)
{
	return !b->only || !strncmp(name, b->only, strlen(b->only));
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/*
 * Noise only ever adds time. So a figure is good if the tenth percentile of the times is near the
 * shortest; of things a second, that is the ninetieth percentile and the highest.
 */
static bool is_noisy(const char *metric, const double *sorted, unsigned n)
{
	if (!strcmp(metric, "per_second") || !strcmp(metric, "mpps"))
		return sorted[n - 1] > sorted[n - 1 - n / 10] * NOISE;
	return sorted[n / 10] > sorted[0] * NOISE;
}

static json_t *figure(const char *suite, const char *name, const char *metric, const char *unit,
    double *s, unsigned n)
{
	qsort(s, n, sizeof(*s), by_value);
	return json_pack("{s:s, s:s, s:s, s:f, s:f, s:f, s:f, s:f, s:i, s:s, s:b}", "suite", suite,
	    "case", name, "metric", metric, "min", s[0], "p10", s[n / 10], "median", s[n / 2],
	    "p90", s[n - 1 - n / 10], "max", s[n - 1], "samples", (int)n, "unit", unit, "noisy",
	    is_noisy(metric, s, n));
}

/* Takes the object. */
static void send_object(struct bench *b, json_t *object)
{
	json_dumpf(object, b->out, JSON_COMPACT);
	putc('\n', b->out);
	fflush(b->out);
	json_decref(object);
}

void bench_report(struct bench *b, const char *suite, const char *name, const char *metric,
    const char *unit, double *s, unsigned n)
{
	if (bench_wants(b, name))
		send_object(b, figure(suite, name, metric, unit, s, n));
}

void bench_report_peer(struct bench *b, const char *suite, const char *name, const char *metric,
    const char *unit, double *s, unsigned n, const struct bench_peer *peer)
{
	json_t *f;

	if (!bench_wants(b, name))
		return;
	f = figure(suite, name, metric, unit, s, n);
	qsort(peer->samples, n, sizeof(*peer->samples), by_value);
	json_object_set_new(f, "peer", json_string(peer->name));
	if (peer->type)
		json_object_set_new(f, "peer_type", json_string(peer->type));
	json_object_set_new(f, "peer_median", json_real(peer->samples[n / 2]));
	json_object_set_new(f, "ratio", json_real(s[n / 2] / peer->samples[n / 2]));
	send_object(b, f);
}

void bench_skip(struct bench *b, const char *suite, const char *name, const char *why)
{
	if (bench_wants(b, name))
		send_object(
		    b, json_pack("{s:s, s:s, s:s}", "suite", suite, "case", name, "skipped", why));
}

/* The word in brackets: what the system gives of huge pages without being asked for a number. */
static void read_huge_pages(char *word, size_t size)
{
	char line[128] = "", *from, *to;
	FILE *f = fopen("/sys/kernel/mm/transparent_hugepage/enabled", "r");

	if (f && !fgets(line, sizeof(line), f))
		line[0] = '\0';
	if (f)
		fclose(f);
	from = strchr(line, '[');
	to = from ? strchr(from, ']') : NULL;
	snprintf(word, size, "%.*s", to ? (int)(to - from - 1) : 4, to ? from + 1 : "none");
}

void bench_report_machine(struct bench *b)
{
	char line[256], model[128] = "unknown", huge[16];
	FILE *f = fopen("/proc/cpuinfo", "r");

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "model name : %127[^\n]", model) == 1)
			break;
	if (f)
		fclose(f);
	read_huge_pages(huge, sizeof(huge));
	send_object(b,
	    json_pack("{s:{s:s, s:I, s:I, s:s, s:s, s:s}}", "machine", "cpu", model, "cores",
		(json_int_t)sysconf(_SC_NPROCESSORS_ONLN), "tsc_hz", (json_int_t)rte_get_tsc_hz(),
		"dpdk", rte_version(), "lookup", xtr_lpm_using(), "transparent_huge_pages", huge));
}

void bench_print_head(void)
{
	printf("%-9s %-38s %-18s %12s %12s %12s %12s  %s\n", "suite", "case", "metric", "min",
	    "p10", "median", "max", "unit");
}

static const char *text(const json_t *f, const char *key)
{
	return json_string_value(json_object_get(f, key));
}

static void print_number(const json_t *f, const char *key)
{
	double v = json_number_value(json_object_get(f, key));

	printf(" %12.*f", v < 10 ? 3 : v < 1000 ? 1 : 0, v);
}

void bench_print(const json_t *f)
{
	printf("%-9s %-38s %-18s", text(f, "suite"), text(f, "case"), text(f, "metric"));
	print_number(f, "min");
	print_number(f, "p10");
	print_number(f, "median");
	print_number(f, "max");
	printf("  %s", text(f, "unit"));
	if (json_integer_value(json_object_get(f, "samples")) != BENCH_WINDOWS)
		printf(" of %d", (int)json_integer_value(json_object_get(f, "samples")));
	if (text(f, "peer")) {
		printf("; %s", text(f, "peer"));
		if (text(f, "peer_type"))
			printf(" (%s)", text(f, "peer_type"));
		print_number(f, "peer_median");
		printf(", ratio %.3f", json_number_value(json_object_get(f, "ratio")));
	}
	puts(json_is_true(json_object_get(f, "noisy")) ? " (noisy)" : "");
	fflush(stdout);
}

void bench_print_skipped(const json_t *f)
{
	printf(
	    "%-9s %-38s not measured: %s\n", text(f, "suite"), text(f, "case"), text(f, "skipped"));
	fflush(stdout);
}
