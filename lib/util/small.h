/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The control lcore's small objects, of which there are millions: no header, and memory goes back
 * to the system page by page as they are freed, where malloc() would do that for all at once, or
 * not at all. Control lcore only. Under the address sanitizer it is calloc() and free().
 */
#ifndef XTR_UTIL_SMALL_H
#define XTR_UTIL_SMALL_H

#include <stddef.h>

/* Zeroed, aligned to 8 bytes; NULL if memory is short. Exact to 8 bytes up to 256; what is larger
 * than a page comes from calloc(). */
void *xtr_small_alloc(size_t size);
/* NULL is allowed. Takes bounded time. */
void xtr_small_free(void *p);
/* Bytes of memory that they have, free pages that are kept included. */
size_t xtr_small_memory(void);

#endif
