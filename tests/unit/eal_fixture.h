/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * DPDK without huge pages, devices or files, for tests.
 */
#ifndef XTR_TEST_EAL_FIXTURE_H
#define XTR_TEST_EAL_FIXTURE_H

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <rte_common.h>
#include <rte_eal.h>

/* With so many MiB of memory, which come as they are touched. The threads that a test makes run on
 * any CPU, not on the main lcore's alone. */
static inline int eal_start(const char *mib)
{
	const char *const args[] = {"test", "--no-huge", "--no-shconf", "--no-pci", "-m", mib,
	    "--no-telemetry", "--log-level=error"};
	static char text[RTE_DIM(args)][32];
	static char *argv[RTE_DIM(args) + 1];
	cpu_set_t cpus;

	if (pthread_getaffinity_np(pthread_self(), sizeof(cpus), &cpus))
		return -1;
	for (unsigned i = 0; i < RTE_DIM(args); i++) {
		snprintf(text[i], sizeof(text[i]), "%s", args[i]);
		argv[i] = text[i];
	}
	if (rte_eal_init(RTE_DIM(args), argv) < 0)
		return -1;
	return pthread_setaffinity_np(pthread_self(), sizeof(cpus), &cpus) ? -1 : 0;
}

/* Group setup. */
static inline int eal_setup(void **state)
{
	return eal_start("128");
}

static inline int eal_teardown(void **state)
{
	rte_eal_cleanup();
	return 0;
}

#endif
