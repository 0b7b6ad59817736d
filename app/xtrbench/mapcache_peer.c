/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/xtrbench/mapcache_peer.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <rte_byteorder.h>
#include <rte_errno.h>
#include <rte_malloc.h>

#define PAGE (2ul << 20)

/* Bytes that the peer of a set gets along with: EAL clears all that it is given. */
static size_t memory_for(const struct bench_set *set)
{
	const size_t first = 64ul << 20, tbl8 = 1024, route = 400; /* its nodes, notes of them */

	return RTE_ALIGN_CEIL(2 * first + set->tbl8s * tbl8 + set->n * route, PAGE);
}

static const struct {
	const char *name;
	enum rte_fib_lookup_type type;
} ways[] = {
    {"macro", RTE_FIB_LOOKUP_DIR24_8_SCALAR_MACRO},
    {"inline", RTE_FIB_LOOKUP_DIR24_8_SCALAR_INLINE},
    {"uni", RTE_FIB_LOOKUP_DIR24_8_SCALAR_UNI},
    {"avx512", RTE_FIB_LOOKUP_DIR24_8_VECTOR_AVX512},
};

static const struct {
	const char *name;
	enum rte_fib6_lookup_type type;
} ways6[] = {
    {"scalar", RTE_FIB6_LOOKUP_TRIE_SCALAR},
    {"avx512", RTE_FIB6_LOOKUP_TRIE_VECTOR_AVX512},
};

bool bench_fib_use(struct bench_fib *f, unsigned i, const char **name)
{
	*name = NULL;
	if (f->fib && i < RTE_DIM(ways)) {
		*name = ways[i].name;
		return rte_fib_select_lookup(f->fib, ways[i].type) == 0;
	}
	if (f->fib6 && i < RTE_DIM(ways6)) {
		*name = ways6[i].name;
		return rte_fib6_select_lookup(f->fib6, ways6[i].type) == 0;
	}
	return false;
}

/* Huge pages for the peer too, where the system has them to give: else it would lose by its TLB. */
static int peer_memory(size_t size)
{
	char *p = mmap(NULL, size + PAGE, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		return -ENOMEM;
	p = (char *)RTE_ALIGN_CEIL((uintptr_t)p, PAGE);
	madvise(p, size, MADV_HUGEPAGE);
	if (rte_malloc_heap_create("peer") < 0 ||
	    rte_malloc_heap_memory_add("peer", p, size, NULL, (unsigned)(size / PAGE), PAGE) < 0)
		return -rte_errno;
	return rte_malloc_heap_get_socket("peer");
}

static int add(struct bench_fib *f, const struct bench_prefix *p, uint64_t value)
{
	uint32_t ip;

	if (f->fib6)
		return rte_fib6_add(f->fib6, p->b, p->plen, value);
	memcpy(&ip, p->b, 4);
	return rte_fib_add(f->fib, rte_be_to_cpu_32(ip), p->plen, value);
}

/* Values of 4 bytes: a million of them fit no less. */
void bench_fib_make(struct bench_fib *f, const struct bench_set *set, const struct bench_prefix *p)
{
	struct rte_fib_conf c = {.type = RTE_FIB_DIR24_8,
	    .max_routes = (int)set->n,
	    .dir24_8 = {.nh_sz = RTE_FIB_DIR24_8_4B, .num_tbl8 = set->tbl8s}};
	struct rte_fib6_conf c6 = {.type = RTE_FIB6_TRIE,
	    .max_routes = (int)set->n,
	    .trie = {.nh_sz = RTE_FIB6_TRIE_4B, .num_tbl8 = set->tbl8s}};
	struct rte_malloc_socket_stats stats;
	int socket = peer_memory(memory_for(set)), rc = socket;

	memset(f, 0, sizeof(*f));
	if (socket >= 0 && set->af == 4)
		f->fib = rte_fib_create("peer4", socket, &c);
	else if (socket >= 0)
		f->fib6 = rte_fib6_create("peer6", socket, &c6);
	rc = bench_fib_there(f) ? 0 : -rte_errno;
	for (unsigned i = 0; i < set->n && !rc; i++)
		rc = add(f, &p[i], i + 1);
	if (!rc && rte_malloc_get_socket_stats(socket, &stats) == 0)
		f->bytes = stats.heap_allocsz_bytes;
	if (rc) {
		fprintf(stderr, "xtrbench: %s: its peer does not hold it: %s\n", set->name,
		    strerror(-rc));
		bench_fib_free(f);
	}
}

void bench_fib_free(struct bench_fib *f)
{
	rte_fib_free(f->fib);
	rte_fib6_free(f->fib6);
	memset(f, 0, sizeof(*f));
}

int bench_fib_update(struct bench_fib *f, const struct bench_prefix *p, unsigned af, uint64_t value)
{
	uint32_t ip;
	int rc;

	memcpy(&ip, p->b, 4);
	rc = af == 4 ? rte_fib_delete(f->fib, rte_be_to_cpu_32(ip), p->plen)
		     : rte_fib6_delete(f->fib6, p->b, p->plen);
	return rc ? rc : add(f, p, value);
}
