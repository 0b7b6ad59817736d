/* SPDX-License-Identifier: BSD-3-Clause */
/* How much memory of the machine this process has. */
#ifndef XTR_TEST_RESIDENT_H
#define XTR_TEST_RESIDENT_H

#include <stdio.h>
#include <unistd.h>

/* Bytes. */
static inline size_t resident(void)
{
	FILE *f = fopen("/proc/self/statm", "r");
	size_t size, pages;

	assert_non_null(f);
	assert_int_equal(fscanf(f, "%zu %zu", &size, &pages), 2);
	fclose(f);
	return pages * (size_t)sysconf(_SC_PAGESIZE);
}

#endif
