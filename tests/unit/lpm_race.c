/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Readers on other cores while the writer changes tables: each answer is held against what was
 * right while it was looked up (lpm_race.h). Tables grow and shrink through all their forms,
 * prefixes come and go in each other's cover, readers park and leave.
 *
 *   lpm_race [-n operations] [-s seed] [-r readers] [-w scalar|avx2|avx512] [-f 4|6]
 *            [-k keys a batch at most] [-l history|stale|early]
 *
 * Status 0: all answers right, all memory back. With -l, a test of this test: something is done
 * wrong, and 0 means that this was noticed.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <rte_common.h>

#include "lpm_oracle.h"
#include "lpm_race.h"

/* Kinds of the pool's prefixes, per cent. What is made in one place lies side by side. */
static const uint8_t share[N_KINDS] = {
    [KIND_NEST] = 20,
    [KIND_DENSE] = 25,
    [KIND_NEARBY] = 15,
    [KIND_HOSTS] = 24,
    [KIND_SPARSE] = 10,
    [KIND_ROUTES] = 4,
    [KIND_SHORT] = 2,
};

static bool has(const struct side *s, const struct prefix *p)
{
	for (unsigned i = 0; i < s->n_pool; i++)
		if (s->pool[i].plen == p->plen && !memcmp(s->pool[i].b, p->b, 16))
			return true;
	return false;
}

static void make_pool(struct race *r, struct side *s, unsigned six, unsigned n)
{
	struct places places;

	places_init(&places, &r->state);
	for (enum kind kind = 0; kind < N_KINDS; kind++) {
		unsigned some = (n * share[kind] + 99) / 100;

		for (unsigned i = 0; i < some && s->n_pool < n; i++) {
			struct prefix p = {.value = 0};

			p.plen = (uint8_t)random_prefix(&r->state, kind, family(six), &places, p.b);
			if (!has(s, &p))
				s->pool[s->n_pool++] = p;
		}
	}
}

static void *list(unsigned n)
{
	void *p = calloc(n ? n : 1, sizeof(uint16_t));

	if (!p)
		exit(2);
	return p;
}

/* Keys at the edges of prefixes, most of them where prefixes nest; and who covers whom. */
static void make_keys(struct race *r, struct side *s, unsigned six)
{
	static uint16_t cover[POOL];

	for (unsigned i = 0; i < s->n_pool; i++)
		s->pool[i].keys = list(KEYS);
	for (unsigned i = 0; i < KEYS; i++) {
		struct key *k = &s->key[i];
		const struct prefix *p =
		    &s->pool[random_below(&r->state, i % 4 ? (s->n_pool + 1) / 2 : s->n_pool)];

		random_key(&r->state, family(six), p->b, p->plen, k->b);
		k->n_history = 1; /* operation 0, no answer */
		for (unsigned plen = six ? 129 : 33; plen--;)
			for (unsigned at = 0; at < s->n_pool; at++)
				if (s->pool[at].plen == plen &&
				    xtr_bits_common(s->pool[at].b, k->b, plen) == plen)
					cover[k->n_cover++] = (uint16_t)at;
		k->cover = list(k->n_cover);
		memcpy(k->cover, cover, k->n_cover * sizeof(*cover));
		for (unsigned c = 0; c < k->n_cover; c++) {
			struct prefix *by = &s->pool[cover[c]];

			by->keys[by->n_keys++] = (uint16_t)i;
		}
	}
}

static void make_tables(struct race *r)
{
	static const uint16_t pool[TABLES] = {POOL, POOL, 300, 24};

	for (unsigned table = 0; table < TABLES; table++) {
		r->lpm[table] = xtr_lpm_create(&r->rcu);
		if (!r->lpm[table])
			exit(2);
		for (unsigned six = 0; six < 2; six++) {
			make_pool(r, &r->side[table][six], six, pool[table]);
			make_keys(r, &r->side[table][six], six);
		}
	}
}

static void destroy(struct race *r)
{
	for (unsigned table = 0; table < TABLES; table++) {
		xtr_lpm_destroy(r->lpm[table]);
		for (unsigned six = 0; six < 2; six++) {
			struct side *s = &r->side[table][six];

			for (unsigned i = 0; i < s->n_pool; i++)
				free(s->pool[i].keys);
			for (unsigned i = 0; i < KEYS; i++)
				free(s->key[i].cover);
		}
	}
	xtr_rcu_fini(&r->rcu);
	free(r);
}

/* Sums up; false: something is wrong. */
static bool report(const struct race *r)
{
	uint64_t judged = 0, contested = 0, slept = 0, hits = 0, wrong = 0, mixed = 0;

	for (unsigned i = 0; i < r->n_readers; i++) {
		judged += r->reader[i].judged;
		contested += r->reader[i].contested;
		slept += r->reader[i].slept;
		hits += r->reader[i].hits;
		wrong += r->reader[i].wrong;
		mixed += r->reader[i].mixed;
	}
	printf("%llu operations, %llu times grown, %llu times emptied, %llu tables renewed, %llu "
	       "times all readers parked, at most %llu objects waited\n",
	    (unsigned long long)r->done, (unsigned long long)r->grown,
	    (unsigned long long)r->emptied, (unsigned long long)r->renewed,
	    (unsigned long long)r->parked, (unsigned long long)r->most_waiting);
	printf("%llu answers judged, %llu of them while they changed, %llu hits, %llu not judged; "
	       "%llu wrong, %llu of them from nowhere\n",
	    (unsigned long long)judged, (unsigned long long)contested, (unsigned long long)hits,
	    (unsigned long long)slept, (unsigned long long)wrong,
	    (unsigned long long)(wrong - mixed));
	if (r->lie != LIE_NONE)
		return wrong > 0;
	if (!contested || !hits || !r->grown || !r->emptied || !r->parked || !r->most_waiting) {
		printf("WRONG: not all came up that should be tried\n");
		return false;
	}
	return !wrong;
}

static int word(const char *text, const char *const *words, int n)
{
	for (int i = 0; i < n; i++)
		if (words[i] && !strcmp(text, words[i]))
			return i;
	exit(2);
}

static uint64_t options(struct race *r, int argc, char **argv)
{
	static const char *const lies[] = {NULL, "history", "stale", "early"};
	static const char *const ways[] = {"scalar", "avx2", "avx512"};
	uint64_t n = 200000;
	int c, w;

	r->n_readers = 1;
	r->most_keys = BATCH;
	r->seed = 1;
	while ((c = getopt(argc, argv, "n:s:r:w:l:f:k:")) != -1) {
		if (c == 'n')
			n = strtoull(optarg, NULL, 10);
		else if (c == 's')
			r->seed = strtoull(optarg, NULL, 10);
		else if (c == 'r')
			r->n_readers = (unsigned)strtoul(optarg, NULL, 10);
		else if (c == 'f')
			r->only = atoi(optarg);
		else if (c == 'k')
			r->most_keys = (unsigned)strtoul(optarg, NULL, 10);
		else if (c == 'l')
			r->lie = (enum lie)word(optarg, lies, RTE_DIM(lies));
		else if (c != 'w')
			exit(2);
		if (c != 'w')
			continue;
		w = word(optarg, ways, RTE_DIM(ways));
		if (!xtr_lpm_use((enum xtr_lpm_way)w)) {
			printf("this machine has no %s: skipped\n", ways[w]);
			exit(77); /* meson's word for it */
		}
	}
	if (!r->n_readers || r->n_readers > READERS || !r->most_keys || r->most_keys > BATCH)
		exit(2);
	r->state = r->seed;
	return n;
}

int main(int argc, char **argv)
{
	struct race *r = calloc(1, sizeof(*r));
	struct timespec from, to;
	uint64_t n;
	bool good;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!r)
		return 2;
	n = options(r, argc, argv);
	printf("%llu operations, seed %llu, %u readers, look-ups by %s\n", (unsigned long long)n,
	    (unsigned long long)r->seed, r->n_readers, xtr_lpm_using());
	if (xtr_rcu_init(&r->rcu, r->n_readers))
		return 2;
	make_tables(r);
	clock_gettime(CLOCK_MONOTONIC, &from);
	for (unsigned i = 0; i < r->n_readers; i++) {
		r->reader[i].race = r;
		r->reader[i].id = i;
		if (pthread_create(&r->reader[i].thread, NULL, race_reader, &r->reader[i]))
			return 2;
	}
	race_write(r, n);
	for (unsigned i = 0; i < r->n_readers; i++)
		pthread_join(r->reader[i].thread, NULL);
	clock_gettime(CLOCK_MONOTONIC, &to);
	race_clear(r);
	good = report(r);
	printf("%.1f s\n",
	    (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9);
	destroy(r);
	return !good;
}
