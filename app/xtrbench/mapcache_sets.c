/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/xtrbench/mapcache_sets.h"

#include <stdlib.h>
#include <string.h>

static uint64_t seed;

void bench_random_seed(uint64_t s)
{
	seed = s;
}

uint64_t bench_random(void)
{
	uint64_t z = (seed += 0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

static void random_bytes(uint8_t *b, unsigned first, unsigned end)
{
	for (unsigned i = first; i < end; i++)
		b[i] = (uint8_t)bench_random();
}

/* Lengths in thousandths, as a full table of the Internet has them (most are /24). */
static unsigned internet_length(void)
{
	static const struct {
		unsigned below, plen;
	} lengths[] = {{13, 16}, {22, 17}, {36, 18}, {62, 19}, {104, 20}, {155, 21}, {265, 22},
	    {365, 23}, {990, 24}, {995, 28}, {1000, 32}};
	unsigned x = (unsigned)(bench_random() % 1000), i = 0;

	while (x >= lengths[i].below)
		i++;
	return lengths[i].plen;
}

static void random4(struct bench_prefix *p, unsigned plen)
{
	random_bytes(p->b, 1, 4);
	p->b[0] = (uint8_t)(1 + bench_random() % 223);
	p->plen = (uint8_t)plen;
}

static void make_internet(struct bench_prefix *p, unsigned i, const struct bench_prefix *before)
{
	random4(p, internet_length());
}

static void make_host(struct bench_prefix *p, unsigned i, const struct bench_prefix *before)
{
	random4(p, i % 5 ? 32 : internet_length());
}

/* Providers' /32, sites' /48 in these, and what sites make of theirs. */
static void make_mixed6(struct bench_prefix *p, unsigned i, const struct bench_prefix *before)
{
	const unsigned providers = 20000, sites = 500000;

	if (i < providers) {
		random_bytes(p->b, 1, 4);
		p->b[0] = 0x20 | (uint8_t)(bench_random() & 15);
		p->plen = 32;
		return;
	}
	if (i < sites) {
		*p = before[bench_random() % providers];
		random_bytes(p->b, 4, 6);
		p->plen = 48;
		return;
	}
	*p = before[providers + bench_random() % (sites - providers)];
	p->plen = i % 5 < 2 ? 56 : i % 5 < 4 ? 64 : 128;
	random_bytes(p->b, 6, p->plen / 8u);
}

static void make_random128(struct bench_prefix *p, unsigned i, const struct bench_prefix *before)
{
	random_bytes(p->b, 0, 16);
	p->plen = 128;
}

const struct bench_set bench_sets[BENCH_SETS] = {
    [BENCH_INTERNET] = {"internet-1m", 4, 1000000, 1u << 15, 1032768, make_internet},
    [BENCH_HOST] = {"host-1m", 4, 1000000, 1u << 20, 2048576, make_host},
    [BENCH_MIXED6] = {"mixed-1m", 6, 1000000, 3u << 20, 4145728, make_mixed6},
    [BENCH_RANDOM128] = {"random128-200k", 6, 200000, 2600000, 2900000, make_random128},
};

struct xtr_ip bench_ip(const struct bench_prefix *p, unsigned af)
{
	return af == 4 ? xtr_ip4(p->b) : xtr_ip6(p->b);
}

static uint64_t hash(const struct bench_prefix *p)
{
	uint64_t h = p->plen, word;

	for (unsigned i = 0; i < 16; i += 8) {
		memcpy(&word, p->b + i, 8);
		h = (h ^ word) * 0x9e3779b97f4a7c15;
		h ^= h >> 29;
	}
	return h;
}

static bool same(const struct bench_prefix *a, const struct bench_prefix *b)
{
	return a->plen == b->plen && memcmp(a->b, b->b, 16) == 0;
}

struct bench_prefix *bench_set_make(const struct bench_set *set)
{
	const uint32_t slots = 1u << 22;
	struct bench_prefix *p = calloc(set->n, sizeof(*p));
	uint32_t *seen = calloc(slots, sizeof(*seen)), at;

	bench_random_seed(set->seed);
	for (unsigned i = 0; p && seen && i < set->n; i++) {
		do {
			struct xtr_ip ip;

			memset(&p[i], 0, sizeof(p[i]));
			set->make(&p[i], i, p);
			ip = bench_ip(&p[i], set->af);
			xtr_ip_mask(&ip, p[i].plen);
			memcpy(p[i].b, ip.b, 16);
			at = (uint32_t)hash(&p[i]) % slots;
			while (seen[at] && !same(&p[seen[at] - 1], &p[i]))
				at = (at + 1) % slots;
		} while (seen[at]);
		seen[at] = i + 1;
	}
	if (!seen) {
		free(p);
		p = NULL;
	}
	free(seen);
	return p;
}

void bench_address(const struct bench_prefix *p, unsigned af, uint8_t *b)
{
	for (unsigned i = 0; i < (af == 4 ? 4u : 16u); i++) {
		unsigned fixed = p->plen > 8 * i ? p->plen - 8 * i : 0;
		uint8_t mask = fixed >= 8 ? 0xff : (uint8_t)(0xff00 >> fixed);

		b[i] = (uint8_t)(p->b[i] | (bench_random() & (uint8_t)~mask));
	}
}
