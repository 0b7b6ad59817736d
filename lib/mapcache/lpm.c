/* SPDX-License-Identifier: BSD-3-Clause */
/* A table of both families. What each does is in lpm4*.c and lpm6*.c. */
#include "mapcache/lpm.h"
#include "mapcache/lpm4.h"
#include "mapcache/lpm6.h"
#include "util/slab.h"

#include <errno.h>
#include <string.h>
#include <rte_cpuflags.h>
#include <rte_vect.h>

struct xtr_lpm {
	struct xtr_lpm4 v4; /* its word is first: lookup4 takes tables for pointers to it */
	struct xtr_lpm6 v6;
};
_Static_assert(offsetof(struct xtr_lpm, v4.word) == 0, "first");

static const struct {
	const char *name;
	xtr_lpm4_lookup_fn *lookup4;
	xtr_lpm4_table_fn *table4;
	xtr_lpm6_lookup_fn *lookup6;
} ways[] = {
#ifdef XTR_HAVE_AVX512
    [XTR_LPM_AVX512] = {"avx512", xtr_lpm4_lookup_avx512, xtr_lpm4_table_avx512,
	xtr_lpm6_lookup_avx512},
#endif
#ifdef XTR_HAVE_AVX2
    [XTR_LPM_AVX2] = {"avx2", xtr_lpm4_lookup_avx2, xtr_lpm4_table_avx2, xtr_lpm6_lookup_scalar},
#endif
    [XTR_LPM_SCALAR] = {"scalar", xtr_lpm4_lookup_scalar, xtr_lpm4_table_scalar,
	xtr_lpm6_lookup_scalar},
};

/* Start: rw, then ro. */
static xtr_lpm4_lookup_fn *lookup4 = xtr_lpm4_lookup_scalar;
static xtr_lpm4_table_fn *table4 = xtr_lpm4_table_scalar;
static xtr_lpm6_lookup_fn *lookup6 = xtr_lpm6_lookup_scalar;
static enum xtr_lpm_way way = XTR_LPM_SCALAR;

bool xtr_lpm_machine_has(enum xtr_lpm_way w)
{
#ifdef RTE_ARCH_X86
	if (w == XTR_LPM_AVX512)
		return rte_cpu_get_flag_enabled(RTE_CPUFLAG_AVX512F) == 1 &&
		       rte_cpu_get_flag_enabled(RTE_CPUFLAG_AVX512BW) == 1 &&
		       rte_cpu_get_flag_enabled(RTE_CPUFLAG_AVX512VL) == 1 &&
		       rte_cpu_get_flag_enabled(RTE_CPUFLAG_AVX512CD) == 1;
	if (w == XTR_LPM_AVX2)
		return rte_cpu_get_flag_enabled(RTE_CPUFLAG_AVX2) == 1 &&
		       rte_cpu_get_flag_enabled(RTE_CPUFLAG_BMI1) == 1;
#endif
	return w == XTR_LPM_SCALAR;
}

bool xtr_lpm_use(enum xtr_lpm_way w)
{
	if (w >= sizeof(ways) / sizeof(ways[0]) || !ways[w].lookup4 || !xtr_lpm_machine_has(w))
		return false;
	lookup4 = ways[w].lookup4;
	table4 = ways[w].table4;
	lookup6 = ways[w].lookup6;
	way = w;
	return true;
}

const char *xtr_lpm_using(void)
{
	return ways[way].name;
}

__attribute__((constructor)) static void choose(void)
{
	for (enum xtr_lpm_way w = XTR_LPM_SCALAR; w <= XTR_LPM_AVX512; w++)
		xtr_lpm_use(w);
}

/* All tables lie together: what readers need of them is not scattered over many pages. */
#define TABLE_BYTES ((sizeof(struct xtr_lpm) + 63) & ~63ul)
#define PAGES       (1u << 18) /* 1 GiB of addresses */
static struct xtr_slab place;
static uint32_t n_tables;

static struct xtr_lpm *get_table(void)
{
	const uint16_t size = TABLE_BYTES;
	uint32_t i;

	if (!place.base && xtr_slab_init(&place, TABLE_BYTES, &size, 1, PAGES) < 0)
		return NULL;
	i = xtr_slab_get(&place, 0);
	if (i)
		n_tables++;
	else if (!n_tables)
		xtr_slab_fini(&place);
	return i ? memset(xtr_slab_at(&place, i), 0, TABLE_BYTES) : NULL;
}

static void put_table(struct xtr_lpm *lpm)
{
	xtr_slab_put(&place, (uint32_t)((size_t)((char *)lpm - place.base) / TABLE_BYTES));
	if (!--n_tables)
		xtr_slab_fini(&place);
}

struct xtr_lpm *xtr_lpm_create(struct xtr_rcu *rcu)
{
	struct xtr_lpm *lpm = get_table();

	if (!lpm)
		return NULL;
	lpm->v6.rcu = rcu;
	if (xtr_lpm4_init(&lpm->v4, rcu) == 0)
		return lpm;
	put_table(lpm);
	return NULL;
}

void xtr_lpm_destroy(struct xtr_lpm *lpm)
{
	if (!lpm)
		return;
	xtr_lpm4_fini(&lpm->v4);
	xtr_lpm6_fini(&lpm->v6);
	put_table(lpm);
}

/* In host order, without host bits: callers may ask for a covering prefix by any address in it. */
static uint32_t bits4(const struct xtr_ip *ip, unsigned plen)
{
	uint32_t all = (uint32_t)ip->b[0] << 24 | (uint32_t)ip->b[1] << 16 |
		       (uint32_t)ip->b[2] << 8 | ip->b[3];

	return all & xtr_lpm4_mask(plen);
}

int xtr_lpm_set(struct xtr_lpm *lpm, const struct xtr_ip *ip, unsigned plen, uint32_t value)
{
	if (!value || value > XTR_LPM_VALUE_MAX)
		return -EINVAL;
	return ip->af == 6 ? xtr_lpm6_set(&lpm->v6, ip->b, plen, value)
			   : xtr_lpm4_set(&lpm->v4, bits4(ip, plen), plen, value);
}

uint32_t xtr_lpm_del(struct xtr_lpm *lpm, const struct xtr_ip *ip, unsigned plen)
{
	return ip->af == 6 ? xtr_lpm6_del(&lpm->v6, ip->b, plen)
			   : xtr_lpm4_del(&lpm->v4, bits4(ip, plen), plen);
}

uint32_t xtr_lpm_get(const struct xtr_lpm *lpm, const struct xtr_ip *ip, unsigned plen)
{
	return ip->af == 6 ? xtr_lpm6_get(&lpm->v6, ip->b, plen)
			   : xtr_lpm4_get(&lpm->v4, bits4(ip, plen), plen);
}

uint32_t xtr_lpm_covering(
    const struct xtr_lpm *lpm, const struct xtr_ip *ip, unsigned plen, unsigned *len)
{
	return ip->af == 6 ? xtr_lpm6_covering(&lpm->v6, ip->b, plen, len)
			   : xtr_lpm4_covering(&lpm->v4, bits4(ip, plen), plen, len);
}

int xtr_lpm_walk(
    struct xtr_lpm *lpm, const struct xtr_ip *ip, unsigned plen, xtr_lpm_walk_fn *fn, void *arg)
{
	return ip->af == 6 ? xtr_lpm6_walk(&lpm->v6, ip->b, plen, fn, arg)
			   : xtr_lpm4_walk(&lpm->v4, bits4(ip, plen), plen, fn, arg);
}

unsigned xtr_lpm_count(const struct xtr_lpm *lpm)
{
	return xtr_lpm4_count(&lpm->v4) + xtr_lpm6_count(&lpm->v6);
}

size_t xtr_lpm_memory(const struct xtr_lpm *lpm)
{
	return TABLE_BYTES + xtr_lpm4_memory(&lpm->v4) + xtr_lpm6_memory(&lpm->v6);
}

void xtr_lpm_lookup4(
    const struct xtr_lpm *const *tables, const uint32_t *keys, uint32_t *values, unsigned n)
{
	lookup4((const uintptr_t *const *)tables, keys, values, n);
}

void xtr_lpm_lookup6(
    const struct xtr_lpm *const *tables, const uint8_t (*keys)[16], uint32_t *values, unsigned n)
{
	xtr_lpm6_lookup_fn *look_up = n <= XTR_LPM6_FEW ? xtr_lpm6_lookup_few : lookup6;

	look_up((const void *const *)tables, offsetof(struct xtr_lpm, v6), keys, values, n);
}

void xtr_lpm_lookup4_one(
    const struct xtr_lpm *table, const uint32_t *keys, uint32_t *values, unsigned n)
{
	table4(&table->v4.word, keys, values, n);
}

void xtr_lpm_lookup6_one(
    const struct xtr_lpm *table, const uint8_t (*keys)[16], uint32_t *values, unsigned n)
{
	const struct xtr_lpm *tables[64];

	for (unsigned i = 0; i < RTE_DIM(tables) && i < n; i++)
		tables[i] = table;
	for (unsigned some; n; n -= some, keys += some, values += some) {
		some = RTE_MIN(n, (unsigned)RTE_DIM(tables));
		xtr_lpm_lookup6(tables, keys, values, some);
	}
}
