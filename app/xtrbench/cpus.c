/* SPDX-License-Identifier: BSD-3-Clause */
#include <sched.h>

#include "app/xtrbench/bench.h"

static cpu_set_t allowed;

void bench_find_cpus(void)
{
	sched_getaffinity(0, sizeof(allowed), &allowed);
}

int bench_cpu(unsigned lcore)
{
	int cpus[CPU_SETSIZE], n = 0;

	for (int i = 0; i < CPU_SETSIZE; i++)
		if (CPU_ISSET((size_t)i, &allowed))
			cpus[n++] = i;
	return n ? cpus[n - 1 - (int)lcore % n] : 0;
}

unsigned bench_cpus(void)
{
	return (unsigned)CPU_COUNT(&allowed);
}
