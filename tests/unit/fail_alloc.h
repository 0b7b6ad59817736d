/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory that runs short when a test says so: linked with --wrap for calloc, malloc, realloc,
 * reallocarray, aligned_alloc, posix_memalign, mmap64, xtr_small_alloc and xtr_slab_get, so that
 * only what is linked statically into the test is concerned, not DPDK's or cmocka's shared objects.
 * madvise, which only advises, fails whenever memory is short.
 */
#ifndef XTR_TEST_FAIL_ALLOC_H
#define XTR_TEST_FAIL_ALLOC_H

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_reallocarray(void *p, size_t n, size_t size);
void *__wrap_reallocarray(void *p, size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void *__wrap_realloc(void *p, size_t size);
int __real_posix_memalign(void **p, size_t align, size_t size);
int __wrap_posix_memalign(void **p, size_t align, size_t size);
int __real_madvise(void *at, size_t len, int advice);
int __wrap_madvise(void *at, size_t len, int advice);
void *__real_aligned_alloc(size_t align, size_t size);
void *__wrap_aligned_alloc(size_t align, size_t size);
struct xtr_slab;
uint32_t __real_xtr_slab_get(struct xtr_slab *s, unsigned class);
uint32_t __wrap_xtr_slab_get(struct xtr_slab *s, unsigned class);
void *__real_xtr_small_alloc(size_t size);
void *__wrap_xtr_small_alloc(size_t size);
/* the name that <sys/mman.h> gives to mmap where files may be large */
void *__real_mmap64(void *at, size_t len, int prot, int flags, int fd, off_t offset);
void *__wrap_mmap64(void *at, size_t len, int prot, int flags, int fd, off_t offset);

/* Allocations that still succeed; negative: all. Of the test's one thread. */
static int allocs_left = -1;
static unsigned allocs_failed;

static inline int alloc_fails(void)
{
	if (allocs_left < 0)
		return 0;
	if (allocs_left > 0) {
		allocs_left--;
		return 0;
	}
	allocs_failed++;
	errno = ENOMEM;
	return 1;
}

void *__wrap_calloc(size_t n, size_t size)
{
	return alloc_fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_malloc(size_t size)
{
	return alloc_fails() ? NULL : __real_malloc(size);
}

void *__wrap_reallocarray(void *p, size_t n, size_t size)
{
	return alloc_fails() ? NULL : __real_reallocarray(p, n, size);
}

/* The engine's own allocator, from memory reserved long before, has its share of failures. */
uint32_t __wrap_xtr_slab_get(struct xtr_slab *s, unsigned class)
{
	return alloc_fails() ? 0 : __real_xtr_slab_get(s, class);
}

/* One allocation, whatever it stands on. */
void *__wrap_xtr_small_alloc(size_t size)
{
	int left;
	void *p;

	if (alloc_fails())
		return NULL;
	left = allocs_left;
	allocs_left = -1;
	p = __real_xtr_small_alloc(size);
	allocs_left = left;
	return p;
}

void *__wrap_aligned_alloc(size_t align, size_t size)
{
	return alloc_fails() ? NULL : __real_aligned_alloc(align, size);
}

void *__wrap_realloc(void *p, size_t size)
{
	return alloc_fails() ? NULL : __real_realloc(p, size);
}

int __wrap_posix_memalign(void **p, size_t align, size_t size)
{
	return alloc_fails() ? ENOMEM : __real_posix_memalign(p, align, size);
}

/* No allocation: it is not counted as one. */
int __wrap_madvise(void *at, size_t len, int advice)
{
	if (allocs_left != 0)
		return __real_madvise(at, len, advice);
	errno = ENOMEM;
	return -1;
}

void *__wrap_mmap64(void *at, size_t len, int prot, int flags, int fd, off_t offset)
{
	return alloc_fails() ? MAP_FAILED : __real_mmap64(at, len, prot, flags, fd, offset);
}

#endif
