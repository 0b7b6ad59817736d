/* SPDX-License-Identifier: BSD-3-Clause */
#include "mapcache/slab.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define KEEP_EMPTY 64u /* pages: giving one back and asking for it again costs a system call */

struct xtr_slab_page {
	uint64_t free[4]; /* a bit an object */
	uint32_t next, prev;
	uint16_t used;
	uint16_t class;
};

int xtr_slab_init(
    struct xtr_slab *s, uint32_t unit, const uint16_t *sizes, unsigned n, uint32_t max)
{
	size_t data = (size_t)max * XTR_SLAB_PAGE, notes = (size_t)max * sizeof(*s->page);
	char *p = mmap(NULL, data + notes, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		return -ENOMEM;
	memset(s, 0, sizeof(*s));
	s->base = p;
	s->page = (struct xtr_slab_page *)(p + data);
	s->unit = unit;
	s->max = max;
	s->fresh = 1; /* page 0 ends lists */
	memcpy(s->size, sizes, n * sizeof(*sizes));
	return 0;
}

void xtr_slab_fini(struct xtr_slab *s)
{
	if (s->base)
		munmap(s->base, (size_t)s->max * (XTR_SLAB_PAGE + sizeof(*s->page)));
	memset(s, 0, sizeof(*s));
}

static void list_add(struct xtr_slab *s, uint32_t *list, uint32_t i)
{
	s->page[i].next = *list;
	s->page[i].prev = 0;
	if (*list)
		s->page[*list].prev = i;
	*list = i;
}

static void list_del(struct xtr_slab *s, uint32_t *list, uint32_t i)
{
	struct xtr_slab_page *p = &s->page[i];

	if (p->prev)
		s->page[p->prev].next = p->next;
	else
		*list = p->next;
	if (p->next)
		s->page[p->next].prev = p->prev;
}

/* A page for objects of the class, all free; 0: none left. */
static uint32_t new_page(struct xtr_slab *s, unsigned class)
{
	unsigned objects = XTR_SLAB_PAGE / s->size[class];
	struct xtr_slab_page *p;
	uint32_t i;

	if (s->empty) {
		i = s->empty;
		list_del(s, &s->empty, i);
		s->n_empty--;
	} else {
		i = s->gone;
		if (i)
			list_del(s, &s->gone, i);
		else if (s->fresh < s->max)
			i = s->fresh++;
		else
			return 0;
		s->pages++;
	}
	p = &s->page[i];
	p->used = 0;
	p->class = (uint16_t) class;
	for (unsigned k = 0; k < 4; k++) {
		unsigned left = objects > 64 * k ? objects - 64 * k : 0;

		p->free[k] = left >= 64 ? ~0ull : (1ull << left) - 1;
	}
	list_add(s, &s->partial[class], i);
	return i;
}

uint32_t xtr_slab_get(struct xtr_slab *s, unsigned class)
{
	uint32_t i = s->partial[class] ? s->partial[class] : new_page(s, class);
	struct xtr_slab_page *p = &s->page[i];
	unsigned k = 0, at;

	if (!i)
		return 0;
	while (!p->free[k])
		k++;
	at = (unsigned)__builtin_ctzll(p->free[k]);
	p->free[k] &= p->free[k] - 1;
	p->used++;
	if (p->used == XTR_SLAB_PAGE / s->size[class])
		list_del(s, &s->partial[class], i);
	return (uint32_t)(((size_t)i * XTR_SLAB_PAGE + (64 * k + at) * s->size[class]) / s->unit);
}

void xtr_slab_put(struct xtr_slab *s, uint32_t index)
{
	size_t offset = (size_t)index * s->unit;
	uint32_t i = (uint32_t)(offset / XTR_SLAB_PAGE);
	struct xtr_slab_page *p = &s->page[i];
	unsigned at = (unsigned)(offset % XTR_SLAB_PAGE) / s->size[p->class];

	if (p->used == XTR_SLAB_PAGE / s->size[p->class])
		list_add(s, &s->partial[p->class], i);
	p->free[at / 64] |= 1ull << (at % 64);
	if (--p->used)
		return;
	list_del(s, &s->partial[p->class], i);
	if (s->n_empty < KEEP_EMPTY) {
		list_add(s, &s->empty, i);
		s->n_empty++;
		return;
	}
	madvise(s->base + (size_t)i * XTR_SLAB_PAGE, XTR_SLAB_PAGE, MADV_DONTNEED);
	list_add(s, &s->gone, i);
	s->pages--;
}

size_t xtr_slab_memory(const struct xtr_slab *s)
{
	return (size_t)s->pages * XTR_SLAB_PAGE + (size_t)s->fresh * sizeof(*s->page);
}
