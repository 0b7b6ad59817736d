/* SPDX-License-Identifier: BSD-3-Clause */
#include "util/slab.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "util/huge.h"

#define CHUNK     (XTR_HUGE_PAGE / XTR_SLAB_PAGE) /* pages */
#define IDLE_MOST 128u /* by pages alone: so many empty ones are kept, asking again costs */
#define RUN_MOST  64u  /* pages that go back at once */

struct xtr_slab_page {
	uint64_t free[8]; /* a bit an object */
	uint32_t next, prev;
	uint16_t used;
	uint8_t class;
	bool empty; /* in that list */
};
_Static_assert(XTR_SLAB_CLASSES <= UINT8_MAX, "class");
_Static_assert(CHUNK * sizeof(struct xtr_slab_page) % XTR_SLAB_PAGE == 0, "goes with its chunk");

struct xtr_slab_chunk {
	uint32_t fresh; /* pages touched: the first so many */
	uint32_t used;  /* of these, pages with objects */
	uint32_t next;  /* gone */
};

int xtr_slab_init(
    struct xtr_slab *s, uint32_t unit, const uint16_t *sizes, unsigned n, uint32_t max)
{
	uint32_t chunks = (max + CHUNK - 1) / CHUNK;
	size_t data = (size_t)chunks * XTR_HUGE_PAGE;
	size_t pages = (size_t)chunks * CHUNK * sizeof(*s->page);
	size_t bytes = XTR_HUGE_PAGE + data + pages + chunks * sizeof(*s->chunk);
	char *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		return -ENOMEM;
	memset(s, 0, sizeof(*s));
	s->map = p;
	s->bytes = bytes;
	s->base = xtr_huge_align(p);
	s->page = (struct xtr_slab_page *)(s->base + data);
	s->chunk = (struct xtr_slab_chunk *)(s->base + data + pages);
	s->unit = unit;
	s->max = chunks;
	s->chunks = 1;
	s->chunk[0].fresh = s->chunk[0].used = 1; /* page 0 ends lists, chunk 0 never goes */
	memcpy(s->size, sizes, n * sizeof(*sizes));
	return 0;
}

void xtr_slab_by_pages(struct xtr_slab *s)
{
	s->by_pages = true;
	madvise(s->base, (size_t)s->max * XTR_HUGE_PAGE, MADV_NOHUGEPAGE);
}

void xtr_slab_fini(struct xtr_slab *s)
{
	if (s->map)
		munmap(s->map, s->bytes);
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

static void *chunk_at(const struct xtr_slab *s, uint32_t c)
{
	return s->base + (size_t)c * XTR_HUGE_PAGE;
}

/* A chunk for pages to come from. The first stays in small pages: to make a huge one of them would
 * stop who reads there, and wait for each CPU to have time. */
static bool new_chunk(struct xtr_slab *s)
{
	uint32_t c = s->gone;

	if (c) {
		s->gone = s->chunk[c].next;
		s->n_gone--;
	} else {
		if (s->chunks == s->max)
			return false;
		c = s->chunks++;
	}
	if (!s->by_pages) {
		xtr_huge_fresh(chunk_at(s, c));
		s->memory += XTR_HUGE_PAGE;
	}
	s->chunk[c] = (struct xtr_slab_chunk){0};
	s->filling = c;
	return true;
}

/* A page without objects; 0: none left. */
static uint32_t take_page(struct xtr_slab *s)
{
	uint32_t i = s->empty;

	if (i) {
		list_del(s, &s->empty, i);
		s->n_empty--;
	} else if (s->bare) {
		i = s->bare;
		list_del(s, &s->bare, i);
		s->memory += XTR_SLAB_PAGE;
	} else {
		if (s->chunk[s->filling].fresh == CHUNK && !new_chunk(s))
			return 0;
		i = s->filling * CHUNK + s->chunk[s->filling].fresh++;
		if (s->chunks == 1 || s->by_pages)
			s->memory += XTR_SLAB_PAGE;
	}
	s->chunk[i / CHUNK].used++;
	return i;
}

/* Without objects, its pages are; what is known of them goes too. */
static void drop_chunk(struct xtr_slab *s, uint32_t c)
{
	uint32_t n = 0;

	for (uint32_t i = c * CHUNK; i < c * CHUNK + CHUNK; i++) {
		n += s->page[i].empty;
		list_del(s, s->page[i].empty ? &s->empty : &s->bare, i);
	}
	s->n_empty -= n;
	madvise(chunk_at(s, c), XTR_HUGE_PAGE, MADV_DONTNEED);
	madvise(&s->page[c * CHUNK], CHUNK * sizeof(*s->page), MADV_DONTNEED);
	s->memory -= (size_t)n * XTR_SLAB_PAGE;
	s->n_gone++;
	s->chunk[c].next = s->gone;
	s->gone = c;
}

/* The memory of empty pages side by side, this one among them: one call for as many as may be. */
static void drop_run(struct xtr_slab *s, uint32_t i)
{
	uint32_t from = i, to = i + 1;

	/* page 0, and what was never touched, is not empty */
	while (i - from < RUN_MOST / 2 && s->page[from - 1].empty)
		from--;
	while (to - from < RUN_MOST && to / CHUNK < s->max && s->page[to].empty)
		to++;
	madvise(s->base + (size_t)from * XTR_SLAB_PAGE, (size_t)(to - from) * XTR_SLAB_PAGE,
	    MADV_DONTNEED);
	s->memory -= (size_t)(to - from) * XTR_SLAB_PAGE;
	s->n_empty -= to - from;
	for (i = from; i < to; i++) {
		list_del(s, &s->empty, i);
		s->page[i].empty = false;
		list_add(s, &s->bare, i);
	}
}

/* As many empty pages are kept as a chunk has: asking the system again costs. */
static void give_page(struct xtr_slab *s, uint32_t i)
{
	uint32_t c = i / CHUNK;

	list_add(s, &s->empty, i);
	s->n_empty++;
	s->page[i].empty = true;
	if (s->by_pages) {
		s->chunk[c].used--;
		if (s->n_empty > IDLE_MOST)
			drop_run(s, i);
		if (s->n_empty > IDLE_MOST / 2 && !s->chunk[c].used && s->chunk[c].fresh == CHUNK)
			drop_chunk(s, c);
	} else if (!--s->chunk[c].used && s->chunk[c].fresh == CHUNK && s->n_empty >= 2 * CHUNK) {
		drop_chunk(s, c);
	}
}

/* A page for objects of the class, all free; 0: none left. */
static uint32_t new_page(struct xtr_slab *s, unsigned class)
{
	unsigned objects = XTR_SLAB_PAGE / s->size[class];
	uint32_t i = take_page(s);
	struct xtr_slab_page *p = &s->page[i];

	if (!i)
		return 0;
	p->empty = false;
	p->used = 0;
	p->class = (uint8_t) class;
	for (unsigned k = 0; k < 8; k++) {
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
	give_page(s, i);
}

size_t xtr_slab_memory(const struct xtr_slab *s)
{
	/* of those that have memory, all but one are full */
	size_t pages =
	    (size_t)(s->chunks - s->n_gone) * CHUNK - (CHUNK - s->chunk[s->filling].fresh);

	return s->memory + pages * sizeof(*s->page) + s->chunks * sizeof(*s->chunk);
}
