/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Readers beside the writer, each answer judged (lpm_race.c has the options).
 *
 * Operations are numbered. Some keys are watched: before an operation begins, the writer puts down
 * what each watched key that it concerns answers from then on, and `begun`; after it, `done`. A
 * reader notes `done` before a batch of look-ups and `begun` after it: right is what was right
 * after an operation of this window, or when it opened, and nothing older than what the same reader
 * saw before. Each value is set once only, so that memory used too early gives itself away.
 */
#ifndef XTR_TEST_LPM_RACE_H
#define XTR_TEST_LPM_RACE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "mapcache/lpm.h"

#define TABLES  4u
#define KEYS    256u  /* watched, of each family of a table */
#define POOL    2400u /* prefixes in play, at most: enough for every form a table has */
#define HISTORY 64u   /* answers of a key that are kept; a reader that slept longer can't judge */
#define READERS 2u    /* at most */
#define BATCH   70u
#define OWNERS  (1u << 20)

struct key {
	uint8_t b[16];
	uint16_t *cover; /* prefixes of the pool that cover it, the longest first */
	unsigned n_cover;
	/* writer: rw, readers: ro, atomic */
	uint32_t n_history;
	uint64_t history[HISTORY]; /* operation << 30 | answer */
};

struct prefix {
	uint8_t b[16];
	uint8_t plen;
	uint32_t value; /* 0: not in the table */
	uint16_t *keys; /* those it covers */
	unsigned n_keys;
};

/* One family of one table. Writer only, but for the keys. */
struct side {
	struct prefix pool[POOL];
	unsigned n_pool, n; /* prefixes, those in the table */
	unsigned target;    /* n moves there */
	struct key key[KEYS];
};

/* To see that a wrong answer is found. */
enum lie {
	LIE_NONE,
	LIE_HISTORY, /* the writer puts down an answer that never is */
	LIE_STALE,   /* the reader tells late what it saw */
	LIE_EARLY,   /* the reader reads without being announced: only a sanitizer is sure to see it
		      */
};

struct reader {
	struct race *race;
	unsigned id;
	pthread_t thread;
	uint64_t seen[TABLES][2][KEYS]; /* the operation whose answer it saw last */
	/* reader: rw, writer: ro, atomic */
	uint64_t judged, parked;
	/* reader; main when it has ended */
	uint64_t contested; /* more than one answer was right */
	uint64_t slept;     /* not judged: its window had more operations than are kept */
	uint64_t hits, wrong;
	uint64_t mixed; /* of the wrong ones those that a prefix had that covers the key */
};

struct race {
	struct xtr_rcu rcu;
	struct side side[TABLES][2]; /* IPv4, IPv6 */
	/* writer: rw, readers: ro, atomic */
	struct xtr_lpm *lpm[TABLES];
	uint64_t begun, done;  /* operations */
	uint64_t park, unpark; /* readers park when the first goes up, until the second does */
	bool stop;
	uint32_t focus;         /* a key that changes much: table, family, key */
	uint32_t owner[OWNERS]; /* by value: table, family, and place in the pool */
	/* fixed */
	unsigned n_readers;
	unsigned most_keys; /* of a batch: a few are looked up in a way of their own */
	enum lie lie;
	int only; /* for the most part change, and look up only in this family: 4, 6; 0: both */
	uint64_t seed;
	/* writer only */
	uint64_t state; /* of its random numbers */
	uint64_t grown, emptied, parked, renewed, most_waiting;
	struct reader reader[READERS];
};

static inline uint32_t owner_of(unsigned table, unsigned six, unsigned at)
{
	return (table * 2 + six) * POOL + at;
}

static inline unsigned family(unsigned six)
{
	return six ? 6 : 4;
}

/* lpm_race_reader.c */
void *race_reader(void *arg);

/* lpm_race_writer.c: n operations, and on until each reader has judged as many answers. Exits where
 * the table itself says what it must not. */
void race_write(struct race *r, uint64_t n);
/* Deletes all. No reader is left. */
void race_clear(struct race *r);

#endif
