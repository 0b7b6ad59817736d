/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Suite wire: messages read a second and, where valgrind is installed, instructions a message.
 */
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>
#include <rte_cycles.h>

#include "app/xtrbench/bench.h"
#include "app/xtrbench/wire_cases.h"

#define PER_WINDOW 20000
#define COUNT_FEW  1000L
#define COUNT_MANY 11000L

static int measure(struct bench *b, const char *name,
    unsigned (*read)(const uint8_t *p, size_t len, long times), const struct xtr_writer *w)
{
	double samples[BENCH_WINDOWS];
	volatile unsigned sum = 0;

	if (!bench_wants(b, name))
		return 0;
	if (xtr_writer_result(w) < 0 || !read(w->p, w->len, 1)) {
		fprintf(stderr, "xtrbench: %s: the message cannot be read\n", name);
		return -1;
	}
	for (unsigned i = 0; i < b->windows; i++) {
		uint64_t start = rte_rdtsc();

		sum = sum + read(w->p, w->len, PER_WINDOW);
		samples[i] = PER_WINDOW * (double)rte_get_tsc_hz() / (double)(rte_rdtsc() - start);
	}
	bench_report(b, "wire", name, "per_second", "1/s", samples, b->windows);
	return 0;
}

/* Instructions of wire_count, in all, as callgrind says in its last words. Negative: none said. */
static double collected(const char *name, long n)
{
	char self[PATH_MAX], command[PATH_MAX + 200], line[256];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	double all = -1;
	FILE *out;

	if (len < 0)
		return -1;
	self[len] = '\0';
	snprintf(command, sizeof(command),
	    "valgrind --tool=callgrind --callgrind-out-file=/dev/null '%s/xtrbench_wire_count' %s "
	    "%ld"
	    " 2>&1",
	    dirname(self), name, n);
	out = popen(command, "r");
	while (out && fgets(line, sizeof(line), out))
		sscanf(line, "==%*d== Collected : %lf", &all);
	return out && pclose(out) == 0 ? all : -1;
}

static int count(struct bench *b, const char *name)
{
	double few, many, each;

	if (!bench_wants(b, name))
		return 0;
	few = collected(name, COUNT_FEW);
	many = collected(name, COUNT_MANY);
	each = (many - few) / (COUNT_MANY - COUNT_FEW);
	if (few < 0 || many < 0) {
		fprintf(stderr, "xtrbench: %s: no instructions: valgrind did not run\n", name);
		return -1;
	}
	bench_report(b, "wire", name, "instructions", "instructions", &each, 1);
	return 0;
}

int bench_wire(struct bench *b)
{
	uint8_t buf[WIRE_CASE_MAX];
	struct xtr_writer w;

	for (size_t i = 0; i < N_WIRE_CASES; i++) {
		xtr_writer_init(&w, buf, sizeof(buf));
		wire_cases[i].write(&w);
		if (measure(b, wire_cases[i].name, wire_cases[i].read, &w) < 0)
			return -1;
	}
	for (size_t i = 0; i < N_WIRE_CASES; i++)
		if (count(b, wire_cases[i].name) < 0)
			return -1;
	return 0;
}
