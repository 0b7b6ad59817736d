/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Random operations on many tables at once, both families, every length, against rte_rib and
 * rte_rib6; after each few of them look-ups of all batch sizes, exact gets and counts; in the end
 * everything is deleted, and the memory must be back.
 *
 *   lpm_stress [-n operations] [-s seed] [-i tables] [-w all|scalar|avx2|avx512]
 *
 * With "all" each way of looking up that the machine has gets its turn, and its share of all.
 * Status 0: all as it should be. 1: the first difference was printed, with all it takes to see it
 * again.
 */
#include <getopt.h>
#include <malloc.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "eal_fixture.h"
#include "lpm_stress.h"
#include "sanitizer.h"

#define EMPTY  1024u /* bytes that a table without prefixes may have */
#define N_WAYS (XTR_LPM_AVX512 + 1)
/* What the C library and the engine may keep for the next time. */
#define KEPT (16u << 20)

struct stress st = {.seed = 1, .n_ops = 1000000, .n_tables = 64, .only_way = -1};

void __attribute__((noreturn, format(printf, 4, 5)))
stress_wrong(const struct table *t, unsigned six, const uint8_t *b, const char *format, ...)
{
	struct xtr_ip ip = ip_of(family(six), b);
	char text[XTR_IP_STRLEN];
	va_list args;

	printf("WRONG at operation %llu of seed %llu, %u tables, %s; table %u, %s: ",
	    (unsigned long long)st.op, (unsigned long long)st.start_seed, st.n_tables,
	    xtr_lpm_using(), (unsigned)(t - st.tables), xtr_ip_format(&ip, text));
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	exit(1);
}

static void table_open(struct table *t)
{
	t->lpm = xtr_lpm_create(&st.rcu);
	if (!t->lpm) {
		printf("no memory for a table\n");
		exit(2);
	}
}

/* Away with a full table, while callbacks for it are due. */
static void renew(struct table *t)
{
	for (unsigned six = 0; six < 2; six++) {
		struct side *s = &t->side[six];

		while (s->n) {
			s->n--;
			oracle_del(&s->oracle, s->known[s->n].b, s->known[s->n].plen);
		}
	}
	xtr_lpm_destroy(t->lpm);
	table_open(t);
	st.renewed++;
}

static void setup(void)
{
	/* the first is as large as can be reached some times */
	uint64_t large = st.n_ops / st.n_tables;

	st.tables = calloc(st.n_tables, sizeof(*st.tables));
	if (!st.tables || xtr_rcu_init(&st.rcu, 1))
		exit(2);
	for (unsigned i = 0; i < st.n_tables; i++) {
		static const uint32_t caps[8] = {3000, 1500, 400, 120, 120, 40, 8, 2};
		uint32_t cap = caps[i % 8];

		if (!i && large > cap)
			cap = large < 30000 ? (uint32_t)large : 30000;
		table_open(&st.tables[i]);
		for (unsigned six = 0; six < 2; six++) {
			struct side *s = &st.tables[i].side[six];
			char name[16];

			snprintf(name, sizeof(name), "o%u.%u", i, six);
			s->cap = cap;
			s->known = calloc(cap, sizeof(*s->known));
			if (!s->known || !oracle_init(&s->oracle, family(six), name, cap))
				exit(2);
			places_init(&s->places, &st.seed);
			s->kind = (enum kind)random_below(&st.seed, N_KINDS);
			stress_choose_target(s);
		}
	}
	rte_rcu_qsbr_thread_register(st.rcu.qsv, 0);
	rte_rcu_qsbr_thread_online(st.rcu.qsv, 0);
}

static struct table *any_table(void)
{
	/* the large ones of each eight, the middling, the small */
	static const uint8_t share[16] = {0, 0, 0, 0, 0, 0, 0, 1, 1, 2, 2, 3, 4, 5, 6, 7};
	unsigned i = random_below(&st.seed, st.n_tables) & ~7u;

	i += share[random_below(&st.seed, 16)];
	return &st.tables[i < st.n_tables ? i : st.n_tables - 1];
}

/* A reader that is sometimes slow, sometimes away. */
static void grace(void)
{
	static bool parked;
	unsigned what = random_below(&st.seed, 1000);

	if (what < 5)
		rte_rcu_qsbr_quiescent(st.rcu.qsv, 0);
	else if (what == 5 && !parked)
		rte_rcu_qsbr_thread_offline(st.rcu.qsv, 0);
	else if (what == 5)
		rte_rcu_qsbr_thread_online(st.rcu.qsv, 0);
	if (what < 5 && parked)
		rte_rcu_qsbr_thread_offline(st.rcu.qsv, 0);
	parked ^= what == 5;
	while (xtr_rcu_poll(&st.rcu) && parked)
		;
	if (parked && st.rcu.waiting) {
		printf("WRONG: with its reader parked %u objects are not freed\n", st.rcu.waiting);
		exit(1);
	}
}

static void delete_all(void)
{
	for (unsigned i = 0; i < st.n_tables; i++)
		for (unsigned six = 0; six < 2; six++) {
			struct side *s = &st.tables[i].side[six];

			while (s->n) {
				struct prefix p = s->known[random_below(&st.seed, s->n)];

				st.n_changed = 0;
				stress_del(&st.tables[i], six, p.b, p.plen);
				if (random_below(&st.seed, 64) == 0) {
					stress_check_look_ups(six);
					stress_check_changed();
				}
			}
			st.n_changed = 0;
			stress_check_look_ups(six);
		}
	rte_rcu_qsbr_thread_offline(st.rcu.qsv, 0);
	rte_rcu_qsbr_thread_unregister(st.rcu.qsv, 0);
	while (xtr_rcu_poll(&st.rcu))
		;
}

static size_t resident(void)
{
	unsigned long total = 0, pages = 0;
	FILE *f = fopen("/proc/self/statm", "r");

	malloc_trim(0);
	if (!f || fscanf(f, "%lu %lu", &total, &pages) != 2)
		pages = 0;
	if (f)
		fclose(f);
	return pages * (size_t)sysconf(_SC_PAGESIZE);
}

static void check_memory(size_t before, size_t peak)
{
	size_t after = resident(), largest = 0;

	for (unsigned i = 0; i < st.n_tables; i++) {
		size_t bytes = xtr_lpm_memory(st.tables[i].lpm);

		if (bytes > EMPTY)
			stress_wrong(
			    &st.tables[i], 0, (uint8_t[16]){0}, "%zu bytes when empty", bytes);
		largest = bytes > largest ? bytes : largest;
	}
	if (st.rcu.waiting) {
		printf("WRONG: %u objects still wait for readers, and there are none\n",
		    st.rcu.waiting);
		exit(1);
	}
	printf("an empty table has %zu bytes; resident %zu KiB at first, %zu at most, %zu when "
	       "all was deleted\n",
	    largest, before >> 10, peak >> 10, after >> 10);
	/* sanitizers keep what is freed */
	if (!ADDRESS_SANITIZER && !THREAD_SANITIZER && after > before + KEPT) {
		printf("WRONG: the memory is not back\n");
		exit(1);
	}
}

/* Asking whether the machine has a way takes long: not for each batch. */
static void next_way(void)
{
	static unsigned way;

	if (st.only_way < 0)
		do
			way = (way + 1) % N_WAYS;
		while (!xtr_lpm_use((enum xtr_lpm_way)way));
}

static void run(void)
{
	size_t before = resident(), peak = before, now;

	for (unsigned few = 0; st.op < st.n_ops; st.op++) {
		unsigned turn = random_below(&st.seed, 20000);

		if (st.op % 1000 == 0)
			next_way();
		stress_operate(any_table(), random_below(&st.seed, 2));
		if (!turn)
			renew(&st.tables[random_below(&st.seed, st.n_tables)]);
		grace();
		if (st.n_changed < few && turn)
			continue;
		stress_check_look_ups(0);
		stress_check_look_ups(1);
		stress_check_changed();
		st.n_changed = 0;
		few = 1 + random_below(&st.seed, CHANGED);
		if (st.op % 50000 < CHANGED) {
			now = resident();
			peak = now > peak ? now : peak;
		}
	}
	delete_all();
	check_memory(before, peak);
}

/* What is claimed to be covered was covered. */
static void check_coverage(void)
{
	unsigned missing = 0;

	if (st.n_ops < 100000)
		return;
	for (unsigned six = 0; six < 2; six++)
		for (unsigned plen = 0; plen <= (six ? 128u : 32u); plen++)
			missing += !st.lengths[six][plen];
	for (unsigned n = 1; n <= BATCH; n++)
		missing += !st.sizes[n];
	if (missing || !st.hits || st.hits == st.looked_up) {
		printf("WRONG: %u lengths or batch sizes never came up\n", missing);
		exit(1);
	}
}

static void options(int argc, char **argv)
{
	static const char *const ways[N_WAYS] = {"scalar", "avx2", "avx512"};
	int c;

	while ((c = getopt(argc, argv, "n:s:i:w:")) != -1) {
		if (c == 'n')
			st.n_ops = strtoull(optarg, NULL, 10);
		else if (c == 's')
			st.seed = strtoull(optarg, NULL, 10);
		else if (c == 'i')
			st.n_tables = (unsigned)strtoul(optarg, NULL, 10);
		else if (c == 'w')
			for (int w = 0; w < N_WAYS; w++)
				st.only_way = strcmp(optarg, ways[w]) ? st.only_way : w;
		else
			exit(2);
	}
	st.n_tables = st.n_tables ? st.n_tables : 1;
	st.start_seed = st.seed;
	if (st.only_way >= 0 && !xtr_lpm_use((enum xtr_lpm_way)st.only_way)) {
		printf("this machine has no %s: skipped\n", ways[st.only_way]);
		exit(77); /* meson's word for it */
	}
}

int main(int argc, char **argv)
{
	struct timespec from, to;

	setvbuf(stdout, NULL, _IOLBF, 0);
	options(argc, argv);
	if (eal_start("2048"))
		return 2;
	printf("%llu operations, seed %llu, %u tables, look-ups by %s\n",
	    (unsigned long long)st.n_ops, (unsigned long long)st.start_seed, st.n_tables,
	    st.only_way < 0 ? "all ways" : xtr_lpm_using());
	clock_gettime(CLOCK_MONOTONIC, &from);
	setup();
	run();
	check_coverage();
	clock_gettime(CLOCK_MONOTONIC, &to);
	printf("%llu inserted, %llu replaced, %llu deleted, %llu times emptied, %llu tables "
	       "renewed; at "
	       "most %u IPv4 and %u IPv6 prefixes in one\n",
	    (unsigned long long)st.by_kind[0], (unsigned long long)st.by_kind[1],
	    (unsigned long long)st.by_kind[2], (unsigned long long)st.emptied,
	    (unsigned long long)st.renewed, st.most[0], st.most[1]);
	printf("%llu look-ups, %llu hits, %llu prefixes in walks, %.1f s: all as rte_rib says\n",
	    (unsigned long long)st.looked_up, (unsigned long long)st.hits,
	    (unsigned long long)st.walked,
	    (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9);
	for (unsigned i = 0; i < st.n_tables; i++) {
		xtr_lpm_destroy(st.tables[i].lpm);
		for (unsigned six = 0; six < 2; six++) {
			oracle_fini(&st.tables[i].side[six].oracle);
			free(st.tables[i].side[six].known);
		}
	}
	free(st.tables);
	xtr_rcu_fini(&st.rcu);
	eal_teardown(NULL);
	return 0;
}
