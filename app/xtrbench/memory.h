/* SPDX-License-Identifier: BSD-3-Clause */
/* What this process has of memory, by different accounts. */
#ifndef XTR_BENCH_MEMORY_H
#define XTR_BENCH_MEMORY_H

struct bench_memory {
	double rss;  /* bytes of pages that nobody shares */
	double huge; /* bytes of them in huge pages */
	double heap; /* bytes that malloc has given out, and pages of small objects */
};

/* 0 or negative errno: the system does not tell. */
int bench_memory(struct bench_memory *m);

#endif
