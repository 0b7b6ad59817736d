/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/xtrbench/memory.h"

#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>

#include "util/small.h"

int bench_memory(struct bench_memory *m)
{
	FILE *f = fopen("/proc/self/smaps_rollup", "r");
	struct mallinfo2 heap = mallinfo2();
	char line[128], name[32];
	double kb;

	if (!f)
		return -errno;
	memset(m, 0, sizeof(*m));
	m->heap = (double)heap.uordblks + (double)heap.hblkhd + (double)xtr_small_memory();
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%31[^:]: %lf kB", name, &kb) != 2)
			continue;
		if (!strcmp(name, "Private_Clean") || !strcmp(name, "Private_Dirty"))
			m->rss += kb * 1024;
		else if (!strcmp(name, "AnonHugePages"))
			m->huge += kb * 1024;
	}
	fclose(f);
	return m->rss > 0 ? 0 : -ENODATA;
}
