/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Huge pages, where the system has them to give (transparent ones: "madvise" or "always"): tables
 * of many megabytes cost a look-up fewer misses of the TLB. Control lcore only. Where there are
 * none, nothing else changes.
 */
#ifndef XTR_UTIL_HUGE_H
#define XTR_UTIL_HUGE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>

#define XTR_HUGE_PAGE (2u << 20) /* bytes */

static inline void *xtr_huge_align(void *p)
{
	return (char *)p + (-(uintptr_t)p & (XTR_HUGE_PAGE - 1));
}

/* A huge page that nobody has touched: comes at the first touch, whole. */
static inline void xtr_huge_fresh(void *page)
{
	madvise(page, XTR_HUGE_PAGE, MADV_HUGEPAGE);
}

#endif
