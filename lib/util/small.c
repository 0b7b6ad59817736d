/* SPDX-License-Identifier: BSD-3-Clause */
#include "util/small.h"

#include <stdlib.h>
#include <string.h>

#include "util/slab.h"

#if defined(__SANITIZE_ADDRESS__)
#define CHECKED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CHECKED 1
#endif
#endif
#ifndef CHECKED
#define CHECKED 0
#endif

#define UNIT     8u
#define EXACT    256u
#define RESERVED (16ull << 30) /* bytes of addresses, where the system allows so many */
#define LEAST    (64ull << 20)

/* Above EXACT, what a page can be cut into. */
static const uint16_t large[] = {320, 408, 512, 680, 1024, 2048, XTR_SLAB_PAGE};
#define N_EXACT (EXACT / UNIT)
#define N_LARGE (sizeof(large) / sizeof(large[0]))
_Static_assert(N_EXACT + N_LARGE <= XTR_SLAB_CLASSES, "classes");

static struct xtr_slab slab;

static bool reserve(void)
{
	uint16_t sizes[N_EXACT + N_LARGE];

	for (unsigned i = 0; i < N_EXACT; i++)
		sizes[i] = (uint16_t)((i + 1) * UNIT);
	memcpy(sizes + N_EXACT, large, sizeof(large));
	for (unsigned long long bytes = RESERVED; bytes >= LEAST; bytes /= 2)
		if (!xtr_slab_init(
			&slab, UNIT, sizes, N_EXACT + N_LARGE, (uint32_t)(bytes / XTR_SLAB_PAGE))) {
			xtr_slab_by_pages(&slab);
			return true;
		}
	return false;
}

static unsigned class_of(size_t size)
{
	unsigned i = 0;

	if (size <= EXACT)
		return size ? (unsigned)((size - 1) / UNIT) : 0;
	while (large[i] < size)
		i++;
	return N_EXACT + i;
}

void *xtr_small_alloc(size_t size)
{
	uint32_t i;

	if (CHECKED || size > XTR_SLAB_PAGE)
		return calloc(1, size);
	if (!slab.map && !reserve())
		return NULL;
	i = xtr_slab_get(&slab, class_of(size));
	return i ? memset(xtr_slab_at(&slab, i), 0, size) : NULL;
}

void xtr_small_free(void *p)
{
	/* wraps around for what is below it */
	uintptr_t at = (uintptr_t)p - (uintptr_t)slab.base;

	if (at < (uintptr_t)slab.page - (uintptr_t)slab.base)
		xtr_slab_put(&slab, (uint32_t)(at / UNIT));
	else
		free(p);
}

size_t xtr_small_memory(void)
{
	return slab.map ? xtr_slab_memory(&slab) : 0;
}
