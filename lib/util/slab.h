/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Small objects of a few sizes in one range of reserved addresses, named by 32-bit indexes. Memory
 * comes by pages while the slab is small, then by huge pages (chunks), and goes back by chunks that
 * have nothing in them; or both by pages alone, of which then hardly any is kept for what sits in
 * others. Control lcore only, but for reading objects.
 */
#ifndef XTR_UTIL_SLAB_H
#define XTR_UTIL_SLAB_H

#include <stddef.h>
#include <stdbool.h>
#include <stdint.h>

#define XTR_SLAB_PAGE    4096u
#define XTR_SLAB_CLASSES 40u

struct xtr_slab_page;
struct xtr_slab_chunk;

struct xtr_slab {
	char *base;
	void *map; /* base is aligned in it */
	size_t bytes;
	struct xtr_slab_page *page; /* what is known of each */
	struct xtr_slab_chunk *chunk;
	uint32_t unit;           /* bytes an index */
	uint32_t chunks, max;    /* used so far; room */
	uint32_t filling;        /* the one that new pages come from */
	uint32_t gone, n_gone;   /* list of those whose memory went back */
	uint32_t empty, n_empty; /* list of pages with memory and no object */
	uint32_t bare;           /* by pages alone: list of those without memory that once had it */
	bool by_pages;
	size_t memory; /* bytes of pages and chunks */
	uint16_t size[XTR_SLAB_CLASSES];
	uint32_t partial[XTR_SLAB_CLASSES]; /* lists of pages with room */
};

/* sizes: of the n classes, multiples of unit, 8 bytes to a page; max: pages. The first unit's
 * index 0 is never given out. 0 or -ENOMEM. */
int xtr_slab_init(
    struct xtr_slab *s, uint32_t unit, const uint16_t *sizes, unsigned n, uint32_t max);
/* By pages alone, right after init: each goes back soon after its last object. */
void xtr_slab_by_pages(struct xtr_slab *s);
void xtr_slab_fini(struct xtr_slab *s);
/* An object of the class, whatever it held before, or 0. */
uint32_t xtr_slab_get(struct xtr_slab *s, unsigned class);
/* Bounded work, of a page's objects no more than one; tens of microseconds where memory goes back.
 */
void xtr_slab_put(struct xtr_slab *s, uint32_t index);
/* Bytes of memory in use, the slab's own included. */
size_t xtr_slab_memory(const struct xtr_slab *s);

static inline void *xtr_slab_at(const struct xtr_slab *s, uint32_t index)
{
	return s->base + (size_t)index * s->unit;
}

#endif
