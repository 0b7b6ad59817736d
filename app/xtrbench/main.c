/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * xtrbench: throughput figures of this machine, through the code that the daemon runs.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_version.h>

#include "app/xtrbench/bench.h"

static const struct {
	const char *name;
	int (*run)(struct bench *b);
} suites[] = {{"wire", bench_wire}, {"wire", bench_auth}, {"mapcache", bench_mapcache},
    {"datapath", bench_datapath}};

#define N_SUITES (sizeof(suites) / sizeof(suites[0]))

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static bool is_noisy(const double *sorted, unsigned n)
{
	return sorted[n / 10] > sorted[0] * 1.1;
}

static json_t *figure(const char *suite, const char *name, const char *metric, const char *unit,
    double *s, unsigned n)
{
	qsort(s, n, sizeof(*s), by_value);
	return json_pack("{s:s, s:s, s:s, s:f, s:f, s:f, s:f, s:i, s:s, s:b}", "suite", suite,
	    "case", name, "metric", metric, "min", s[0], "p10", s[n / 10], "median", s[n / 2],
	    "max", s[n - 1], "samples", (int)n, "unit", unit, "noisy", is_noisy(s, n));
}

static void print_figure(const char *suite, const char *name, const char *metric, const char *unit,
    const double *s, unsigned n)
{
	printf("%-9s %-26s %-18s %12.1f %12.1f %12.1f %12.1f  %s%s", suite, name, metric, s[0],
	    s[n / 10], s[n / 2], s[n - 1], unit, is_noisy(s, n) ? " (noisy)" : "");
}

void bench_report(struct bench *b, const char *suite, const char *name, const char *metric,
    const char *unit, double *s, unsigned n)
{
	json_array_append_new(b->figures, figure(suite, name, metric, unit, s, n));
	if (!b->quiet) {
		print_figure(suite, name, metric, unit, s, n);
		putchar('\n');
	}
	fflush(stdout);
}

void bench_report_peer(struct bench *b, const char *suite, const char *name, const char *metric,
    const char *unit, double *s, const char *peer, double *peer_s, unsigned n)
{
	json_t *f = figure(suite, name, metric, unit, s, n);
	double median, ratio;

	qsort(peer_s, n, sizeof(*peer_s), by_value);
	median = peer_s[n / 2];
	ratio = s[n / 2] / median;
	json_object_set_new(f, "peer", json_string(peer));
	json_object_set_new(f, "peer_median", json_real(median));
	json_object_set_new(f, "ratio", json_real(ratio));
	json_array_append_new(b->figures, f);
	if (!b->quiet) {
		print_figure(suite, name, metric, unit, s, n);
		printf("; %s %.1f, ratio %.3f\n", peer, median, ratio);
	}
	fflush(stdout);
}

/* All suites run on one lcore, without huge pages; net_null stands in for NICs. */
static int start_eal(void)
{
	static char a0[] = "xtrbench", a1[] = "--no-huge", a2[] = "--no-shconf", a3[] = "--no-pci",
		    a4[] = "--no-telemetry", a5[] = "-m256", a6[] = "--vdev=net_null0",
		    a7[] = "--vdev=net_null1", a8[] = "--lcores=0",
		    a9[] = "--log-level=lib.eal:warning",
		    a10[] = "--force-max-simd-bitwidth=512"; /* the peers' best, where it runs */
	char *args[] = {a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, NULL};

	return rte_eal_init(11, args);
}

static json_t *machine(void)
{
	char line[256], model[128] = "unknown";
	FILE *f = fopen("/proc/cpuinfo", "r");

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "model name : %127[^\n]", model) == 1)
			break;
	if (f)
		fclose(f);
	return json_pack("{s:s, s:I, s:I, s:s}", "cpu", model, "cores",
	    (json_int_t)sysconf(_SC_NPROCESSORS_ONLN), "tsc_hz", (json_int_t)rte_get_tsc_hz(),
	    "dpdk", rte_version());
}

/* Marks all that is called so. */
static bool want_suite(const char *name, bool *wanted)
{
	bool found = false;

	for (unsigned i = 0; i < N_SUITES; i++)
		if (!strcmp(suites[i].name, name))
			wanted[i] = found = true;
	return found;
}

static void usage(FILE *to)
{
	fprintf(to, "usage: xtrbench [wire|mapcache|datapath ...] [--json]\n");
}

int main(int argc, char **argv)
{
	struct bench b = {.figures = json_array()};
	bool wanted[N_SUITES] = {false}, any = false;
	json_t *doc;

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "-h") || !strcmp(argv[i], "--help")) {
			usage(stdout);
			return 0;
		}
		if (!strcmp(argv[i], "--json")) {
			b.quiet = true;
		} else if (want_suite(argv[i], wanted)) {
			any = true;
		} else {
			usage(stderr);
			return 2;
		}
	}
	if (start_eal() < 0) {
		fprintf(stderr, "xtrbench: EAL does not start\n");
		return 1;
	}
	if (!b.quiet)
		printf("%-9s %-26s %-18s %12s %12s %12s %12s  %s\n", "suite", "case", "metric",
		    "min", "p10", "median", "max", "unit");
	for (unsigned i = 0; i < N_SUITES; i++)
		if ((wanted[i] || !any) && suites[i].run(&b) < 0)
			return 1;
	doc = json_pack("{s:o, s:O}", "machine", machine(), "figures", b.figures);
	if (b.quiet) {
		json_dumpf(doc, stdout, JSON_INDENT(1));
		putchar('\n');
	}
	json_decref(doc);
	json_decref(b.figures);
	rte_eal_cleanup();
	return 0;
}
