/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the property tests share: `test_NAME [ROUNDS [SEED [FIRST]]]` runs so many rounds a type, of
 * which a failure prints type, seed and round; ROUNDS 1, that SEED, and FIRST that round, run it
 * again alone. `test_NAME --corpus DIR` writes what a round makes of each type there, a file each,
 * for tests/fuzz.
 */
#ifndef WIRE_PROP_H
#define WIRE_PROP_H

#include <errno.h>

#include "tests/unit/wire_gen.h"

#define PROP_BUF    1048576 /* more than any generated message needs */
#define PROP_CANARY 64

static struct gen prop_gen;
static uint64_t prop_rounds = 10000, prop_seed = 20260727, prop_first;
static uint8_t prop_buf[PROP_BUF], prop_again[PROP_BUF];

static const char *prop_corpus; /* a directory */
#define PROP_CORPUS_MAX 400     /* bytes a file */

/* Keeps what a round made, if it is asked for and short. */
static inline void prop_keep(const char *kind, const uint8_t *p, size_t len)
{
	char path[512];
	FILE *f;

	if (!prop_corpus || len > PROP_CORPUS_MAX)
		return;
	snprintf(
	    path, sizeof path, "%s/%s-%llu", prop_corpus, kind, (unsigned long long)prop_gen.round);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(p, 1, len, f), len);
	fclose(f);
}

static inline void prop_args(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "--corpus") == 0) {
		prop_corpus = argv[2];
		prop_rounds = 1;
		return;
	}
	if (argc > 1)
		prop_rounds = strtoull(argv[1], NULL, 0);
	if (argc > 2)
		prop_seed = strtoull(argv[2], NULL, 0);
	if (argc > 3)
		prop_first = strtoull(argv[3], NULL, 0);
}

/* Writes what the generator's round says. */
typedef void prop_write(struct gen *g, struct xtr_writer *w);

/* In a buffer of `size` bytes, fewer than the `len` that are needed, the writer says how many, and
 * what lies behind the buffer stays as it was. */
static inline void prop_small(struct gen *g, prop_write *write, size_t size, size_t len)
{
	struct xtr_writer w;

	memset(prop_again + size, 0xa5, PROP_CANARY);
	gen_start(g, g->seed, g->round);
	xtr_writer_init(&w, prop_again, size);
	write(g, &w);
	REQUIRE(g, xtr_writer_result(&w) == -ENOBUFS);
	REQUIRE(g, w.len == len);
	for (unsigned i = 0; i < PROP_CANARY; i++)
		REQUIRE(g, prop_again[size + i] == 0xa5);
}

/* Every smaller size in some rounds, one of them in the others. */
static inline void prop_smaller(struct gen *g, prop_write *write, size_t len)
{
	if (g->round % 256 == 0 && len < 2048) {
		for (size_t size = 0; size < len; size++)
			prop_small(g, write, size, len);
	} else {
		prop_small(g, write, (size_t)(g->round * 7919 % len), len);
	}
}

#endif
