/* SPDX-License-Identifier: BSD-3-Clause */
/* The big form of an IPv4 table: see lpm4.h. */
#include "mapcache/lpm4.h"
#include "mapcache/lpm4_dir24.h"
#include "mapcache/lpm4_rib.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define GROUP_UNIT  64u
#define GROUP_PAGES (1u << 18) /* 1 GiB of addresses */
#define LIMBO       (1u << 25) /* more than there are groups and pairs: never full */
#define HUGE        (1u << 16) /* prefixes; more are worth huge pages */
/* Prefixes of this length or more (to 16) stand in dir24 too: 4,096 slots at most. */
#define COPIED       12u
#define FULL_TO_LINE (XTR_LPM4_LINE / 2) /* intervals; between the two a group stays what it is */
enum { LINE, FULL };

/* The other tables, in one mapping. */
struct tables {
	uint32_t dir16[1u << 16];
	uint32_t brief[2u << 16];
	uint32_t root[1u << 16];
	uint32_t limbo[LIMBO]; /* what slots said */
	uint32_t begun[16];    /* changes; nothing else is in its cache line */
	uint64_t any[XTR_LPM4_RIB_ANY];
	uint8_t owner16[1u << 16]; /* whose value dir16 has: its length plus one; 0: none */
};

struct xtr_lpm4_big {
	struct xtr_lpm4_dir dir; /* for workers */
	struct xtr_lpm4_dir24 dir24;
	struct tables *t;
	struct xtr_lpm4_rib rib;
	struct xtr_slab groups, pairs;
	struct xtr_rcu *rcu;
	/* groups that wait for a grace period: first to mark those of the callback that is due */
	uint32_t first, mark, last;
	struct xtr_rcu_head head;
	bool waiting, dead;
	struct xtr_rcu_head retired;
};

/* Index 0 of both, which no slot names: look-ups without branches read it where they have nothing
 * to do. It says anything but 0. */
static void fill_nobodys(struct xtr_lpm4_big *b)
{
	static const struct xtr_lpm4_pair pair = {{1, 1}};
	struct xtr_lpm4_line line = {.value = {1}};

	memset(line.end, 255, sizeof(line.end));
	memcpy(b->groups.base, &line, sizeof(line));
	memcpy(b->pairs.base, &pair, sizeof(pair));
}

struct xtr_lpm4_big *xtr_lpm4_big_create(struct xtr_rcu *rcu)
{
	static const uint16_t sizes[] = {[LINE] = 64, [FULL] = 1024};
	static const uint16_t pair = sizeof(struct xtr_lpm4_pair);
	struct xtr_lpm4_big *b = aligned_alloc(64, (sizeof(*b) + 63) & ~63ul);

	if (!b)
		return NULL;
	memset(b, 0, sizeof(*b));
	b->rcu = rcu;
	b->t = mmap(NULL, sizeof(*b->t), PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (b->t == MAP_FAILED) {
		free(b);
		return NULL;
	}
	/* mostly empty */
	madvise(b->t, sizeof(*b->t), MADV_NOHUGEPAGE);
	if (xtr_lpm4_dir24_init(&b->dir24) < 0 ||
	    xtr_slab_init(&b->groups, GROUP_UNIT, sizes, 2, GROUP_PAGES) < 0 ||
	    xtr_slab_init(&b->pairs, pair, &pair, 1, XTR_LPM4_PAIRS / (XTR_SLAB_PAGE / pair)) < 0 ||
	    xtr_lpm4_rib_init(&b->rib, b->t->brief, b->t->root, b->t->any) < 0) {
		xtr_lpm4_big_destroy(b);
		return NULL;
	}
	fill_nobodys(b);
	b->dir = (struct xtr_lpm4_dir){b->t->dir16, b->dir24.slot, b->groups.base,
	    (const struct xtr_lpm4_pair *)(const void *)b->pairs.base, b->t->begun};
	return b;
}

static void destroy_now(struct xtr_lpm4_big *b)
{
	xtr_lpm4_rib_fini(&b->rib);
	xtr_slab_fini(&b->groups);
	xtr_slab_fini(&b->pairs);
	xtr_lpm4_dir24_fini(&b->dir24);
	munmap(b->t, sizeof(*b->t));
	free(b);
}

void xtr_lpm4_big_destroy(struct xtr_lpm4_big *b)
{
	if (b->waiting)
		b->dead = true; /* its callback does the rest */
	else
		destroy_now(b);
}

static void destroy_retired(struct xtr_rcu_head *head)
{
	xtr_lpm4_big_destroy(
	    (struct xtr_lpm4_big *)((char *)head - offsetof(struct xtr_lpm4_big, retired)));
}

void xtr_lpm4_big_retire(struct xtr_lpm4_big *b)
{
	xtr_rcu_defer(b->rcu, &b->retired, destroy_retired);
}

uintptr_t xtr_lpm4_big_word(const struct xtr_lpm4_big *b)
{
	return (uintptr_t)&b->dir | XTR_LPM4_BIG;
}

static void free_groups(struct xtr_rcu_head *head);

static void wait_for_readers(struct xtr_lpm4_big *b)
{
	b->waiting = true;
	b->mark = b->last;
	xtr_rcu_defer(b->rcu, &b->head, free_groups);
}

static uint32_t pair_of(uint32_t slot)
{
	return slot & (XTR_LPM4_PAIRS - 1);
}

static void put_group(struct xtr_lpm4_big *b, uint32_t slot)
{
	if (slot & XTR_LPM4_HOST)
		xtr_slab_put(&b->pairs, pair_of(slot));
	else
		xtr_slab_put(&b->groups, slot & XTR_LPM4_INDEX);
}

static void free_groups(struct xtr_rcu_head *head)
{
	struct xtr_lpm4_big *b =
	    (struct xtr_lpm4_big *)((char *)head - offsetof(struct xtr_lpm4_big, head));

	b->waiting = false;
	if (b->dead) {
		destroy_now(b);
		return;
	}
	for (; b->first != b->mark; b->first++) {
		uint32_t *at = &b->t->limbo[b->first % LIMBO];

		put_group(b, *at);
		/* the ring goes round slowly: what it has passed goes back */
		if (((uintptr_t)(at + 1) & (XTR_SLAB_PAGE - 1)) == 0)
			madvise((char *)(at + 1) - XTR_SLAB_PAGE, XTR_SLAB_PAGE, MADV_DONTNEED);
	}
	if (b->first != b->last)
		wait_for_readers(b);
}

static void retire_group(struct xtr_lpm4_big *b, uint32_t slot)
{
	if (slot < XTR_LPM4_GROUP)
		return;
	b->t->limbo[b->last++ % LIMBO] = slot;
	if (!b->waiting)
		wait_for_readers(b);
}

static void store(uint32_t *slot, uint32_t value)
{
	if (*slot != value)
		__atomic_store_n(slot, value, __ATOMIC_RELEASE);
}

/* What a /24 holds: for each address the node that decides, and the intervals these make. Those
 * depend on the prefixes alone, not on their values: with fewer prefixes no new cut appears. */
struct group {
	uint32_t node[256];
	uint8_t end[256];
	unsigned n;
};

static uint32_t value_at(const struct xtr_lpm4_big *b, const struct group *g, unsigned at)
{
	return g->node[at] ? xtr_lpm4_rib_node(&b->rib, g->node[at])->value : 0;
}

static void cut_group(struct group *g)
{
	g->n = 0;
	for (unsigned i = 0; i < 256; i++)
		if (i == 255 || g->node[i] != g->node[i + 1])
			g->end[g->n++] = (uint8_t)i;
}

/* Whether one address differs from all others; which. */
static bool one_host(const struct group *g, unsigned *host)
{
	*host = g->n == 2 && !g->end[0] ? 0 : g->end[0] + 1u;
	return (g->n == 2 && (*host == 0 || *host == 255)) ||
	       (g->n == 3 && g->end[1] == *host && g->node[0] == g->node[255]);
}

/* Stores into a pair, if it is this host's. */
static bool store_pair(struct xtr_lpm4_big *b, uint32_t slot, const struct group *g)
{
	struct xtr_lpm4_pair *pair = xtr_slab_at(&b->pairs, pair_of(slot));
	unsigned host;

	if (!one_host(g, &host) || host != (slot >> 23 & 255))
		return false;
	store(&pair->value[0], value_at(b, g, host ^ 1));
	store(&pair->value[1], value_at(b, g, host));
	return true;
}

/* Stores into a line, if it has all the cuts that are needed. */
static bool store_line(struct xtr_lpm4_big *b, uint32_t slot, const struct group *g)
{
	struct xtr_lpm4_line *line = xtr_slab_at(&b->groups, slot & XTR_LPM4_INDEX);
	unsigned k = 0;

	for (unsigned i = 0; i < g->n; i++) {
		while (k < XTR_LPM4_LINE - 1 && line->end[k] < g->end[i])
			k++;
		if (line->end[k] != g->end[i])
			return false;
	}
	for (k = 0; k < XTR_LPM4_LINE; k++)
		store(&line->value[k], value_at(b, g, line->end[k]));
	return true;
}

static void store_full(struct xtr_lpm4_big *b, uint32_t slot, const struct group *g)
{
	uint32_t *full = xtr_slab_at(&b->groups, slot & XTR_LPM4_INDEX);

	for (unsigned i = 0; i < 256; i++)
		store(&full[i], value_at(b, g, i));
}

/* Whether the group that is there could take it. */
static bool store_group(struct xtr_lpm4_big *b, uint32_t slot, const struct group *g)
{
	if (slot < XTR_LPM4_GROUP)
		return false;
	if (slot & XTR_LPM4_HOST)
		return store_pair(b, slot, g);
	if (!(slot & XTR_LPM4_FULL))
		return store_line(b, slot, g);
	if (g->n <= FULL_TO_LINE)
		return false;
	store_full(b, slot, g);
	return true;
}

/* A group ready but for its slot; what this is to say, or 0: no memory. */
static uint32_t new_group(struct xtr_lpm4_big *b, const struct group *g)
{
	unsigned form = g->n <= XTR_LPM4_LINE ? LINE : FULL, host;
	struct xtr_lpm4_line *line;
	uint32_t i;

	if (one_host(g, &host) && (i = xtr_slab_get(&b->pairs, 0)) != 0) {
		i |= XTR_LPM4_HOST | host << 23;
		store_pair(b, i, g);
		return i;
	}
	i = xtr_slab_get(&b->groups, form);
	if (!i)
		return 0;
	i |= XTR_LPM4_GROUP;
	if (form == FULL) {
		i |= XTR_LPM4_FULL;
		store_full(b, i, g);
		return i;
	}
	line = xtr_slab_at(&b->groups, i & XTR_LPM4_INDEX);
	memset(line->end, 255, sizeof(line->end));
	memcpy(line->end, g->end, g->n);
	for (unsigned k = 0; k < XTR_LPM4_LINE; k++)
		line->value[k] = value_at(b, g, line->end[k]);
	return i;
}

/* What slots of dir24 say where no prefix of length 17 to 24 does: to ask dir16, unless it has a
 * value whose prefix is long enough to be written here too, which saves that step. */
static uint32_t value_below(const struct xtr_lpm4_big *b, uint32_t at16)
{
	return b->t->owner16[at16] > COPIED ? b->t->dir16[at16] : 0;
}

/* Brings a slot of dir24 in line with the prefixes in it. -ENOMEM (it is as it was) only if some
 * prefix is new. */
static int update_group(struct xtr_lpm4_big *b, uint32_t at)
{
	uint32_t slot = b->dir24.slot[at], new;
	struct group g;

	if (!xtr_lpm4_rib_paint(&b->rib, at << 8, 24, 32, g.node)) {
		xtr_lpm4_dir24_store(
		    &b->dir24, at, g.node[0] ? value_at(b, &g, 0) : value_below(b, at >> 8));
		retire_group(b, slot);
		return 0;
	}
	cut_group(&g);
	if (store_group(b, slot, &g))
		return 0;
	new = new_group(b, &g);
	if (new) {
		xtr_lpm4_dir24_store(&b->dir24, at, new);
		retire_group(b, slot);
		return 0;
	}
	if (slot < XTR_LPM4_GROUP || slot & XTR_LPM4_HOST || !(slot & XTR_LPM4_FULL))
		return -ENOMEM;
	store_full(b, slot, &g); /* it could be smaller */
	return 0;
}

/* Brings all slots of dir24 within a prefix of length 16 to 24 in line; without their groups where
 * only dir16 has changed. */
static void update_dir24(struct xtr_lpm4_big *b, uint32_t ip, unsigned plen, bool groups)
{
	uint32_t node[1u << 8], first = ip >> 8, below = value_below(b, ip >> 16);

	xtr_lpm4_rib_paint(&b->rib, ip, plen, 24, node);
	for (uint32_t i = 0; i < 1u << (24 - plen); i++) {
		if (b->dir24.slot[first + i] < XTR_LPM4_GROUP)
			xtr_lpm4_dir24_store(&b->dir24, first + i,
			    node[i] ? xtr_lpm4_rib_node(&b->rib, node[i])->value : below);
		else if (groups)
			update_group(b, first + i);
	}
}

/* Gives the slots of dir16 that a prefix owns, or may own, to it or to the next shorter one. */
static void update_dir16(
    struct xtr_lpm4_big *b, uint32_t ip, unsigned plen, unsigned owner, uint32_t value)
{
	uint32_t first = ip >> 16, slots = 1u << (XTR_LPM4_SHORT - plen);

	for (uint32_t i = first; i < first + slots; i++) {
		if (b->t->owner16[i] > plen + 1)
			continue;
		b->t->owner16[i] = (uint8_t)owner;
		store(&b->t->dir16[i], value);
		if (plen >= COPIED)
			update_dir24(b, i << 16, XTR_LPM4_SHORT, false);
	}
}

/* Readers that take two steps see that a change has begun in between. */
static void begin(struct xtr_lpm4_big *b)
{
	__atomic_store_n(b->t->begun, *b->t->begun + 1, __ATOMIC_RELAXED);
}

int xtr_lpm4_big_set(struct xtr_lpm4_big *b, uint32_t ip, unsigned plen, uint32_t value)
{
	uint32_t old;

	begin(b);

	if (xtr_lpm4_rib_set(&b->rib, ip, plen, value, &old) < 0)
		return -ENOMEM;
	if (plen <= XTR_LPM4_SHORT) {
		update_dir16(b, ip, plen, plen + 1, value);
		return 0;
	}
	if (plen <= 24) {
		update_dir24(b, ip, plen, true);
	} else if (update_group(b, ip >> 8) < 0) {
		xtr_lpm4_rib_del(&b->rib, ip, plen);
		return -ENOMEM;
	}
	if (b->rib.count > HUGE && !b->dir24.huge && !old)
		xtr_lpm4_dir24_to_huge(&b->dir24, &b->dir.dir24, b->rcu);
	return 0;
}

uint32_t xtr_lpm4_big_del(struct xtr_lpm4_big *b, uint32_t ip, unsigned plen)
{
	uint32_t old = xtr_lpm4_rib_del(&b->rib, ip, plen), value;
	unsigned owner;

	if (!old)
		return 0;
	begin(b);
	if (plen <= XTR_LPM4_SHORT) {
		owner = xtr_lpm4_rib_brief(&b->rib, ip, plen, &value);
		update_dir16(b, ip, plen, owner, value);
		return old;
	}
	if (plen <= 24)
		update_dir24(b, ip, plen, true);
	else
		update_group(b, ip >> 8);
	return old;
}

uint32_t xtr_lpm4_big_get(const struct xtr_lpm4_big *b, uint32_t ip, unsigned plen)
{
	return xtr_lpm4_rib_get(&b->rib, ip, plen);
}

uint32_t xtr_lpm4_big_count(const struct xtr_lpm4_big *b)
{
	return b->rib.count;
}

uint32_t xtr_lpm4_big_covering(
    const struct xtr_lpm4_big *b, uint32_t ip, unsigned plen, unsigned *len)
{
	return xtr_lpm4_rib_covering(&b->rib, ip, plen, len);
}

bool xtr_lpm4_big_next(
    const struct xtr_lpm4_big *b, uint32_t ip, unsigned plen, struct xtr_lpm4_prefix *p)
{
	return xtr_lpm4_rib_next(&b->rib, ip, plen, p);
}

void xtr_lpm4_big_list(const struct xtr_lpm4_big *b, struct xtr_lpm4_prefix *p)
{
	uint32_t ip = 0;
	unsigned plen = 0;

	for (; xtr_lpm4_rib_next(&b->rib, ip, plen, p); p++) {
		ip = p->ip;
		plen = p->plen + 1u;
	}
}

size_t xtr_lpm4_big_memory(const struct xtr_lpm4_big *b)
{
	static unsigned char in[1u << 12];
	size_t page = (size_t)sysconf(_SC_PAGESIZE), pages = 0;
	size_t all = (sizeof(*b->t) + page - 1) / page;

	for (size_t at = 0; at < all; at += sizeof(in)) {
		size_t n = all - at < sizeof(in) ? all - at : sizeof(in);

		if (mincore((char *)b->t + at * page, n * page, in) < 0)
			return 0;
		for (size_t i = 0; i < n; i++)
			pages += in[i] & 1;
	}
	return sizeof(*b) + pages * page + xtr_lpm4_dir24_memory(&b->dir24) +
	       xtr_slab_memory(&b->groups) + xtr_slab_memory(&b->pairs) +
	       xtr_slab_memory(&b->rib.nodes);
}
