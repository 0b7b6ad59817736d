/* SPDX-License-Identifier: BSD-3-Clause */
/* Small objects: nothing that two of them share, and memory that goes back as they do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "fail_alloc.h"
#include "resident.h"
#include "sanitizer.h"
#include "util/small.h"

#define OBJECTS 200000u
#define PAGE    4096u

struct object {
	unsigned char *p;
	size_t size;
	unsigned char mark;
};

static void get(struct object *o, size_t size)
{
	o->size = size;
	o->mark = (unsigned char)(1 + rand() % 255);
	o->p = xtr_small_alloc(size);
	assert_non_null(o->p);
	assert_int_equal((uintptr_t)o->p % 8, 0);
	for (size_t i = 0; i < size; i++)
		if (o->p[i])
			fail_msg("not zeroed");
	memset(o->p, o->mark, size);
}

static void put(struct object *o)
{
	for (size_t i = 0; i < o->size; i++)
		if (o->p[i] != o->mark)
			fail_msg("somebody else wrote here");
	xtr_small_free(o->p);
	o->p = NULL;
}

/* All sizes, in any order; none lies in another. */
static void any_order(void **state)
{
	enum { N = 3000 };
	static struct object o[N];
	size_t most = 0;

	srand(5);
	for (unsigned op = 0; op < 300000; op++) {
		struct object *x = &o[rand() % N];

		if (x->p)
			put(x);
		else
			get(x,
			    rand() % 8 ? (size_t)(1 + rand() % 256) : (size_t)(1 + rand() % 5000));
		most = xtr_small_memory() > most ? xtr_small_memory() : most;
	}
	for (unsigned i = 0; i < N; i++)
		if (o[i].p)
			put(&o[i]);
	xtr_small_free(NULL);
	if (!ADDRESS_SANITIZER)
		assert_in_range(most, 1, N * 700);
}

/* Some stay, anywhere: they keep their pages, and no more. Memory falls as objects go, not at the
 * end, and all of it is used again. */
static void goes_back(void **state)
{
	enum { SIZE = 128, STAY = 1000 };
	static struct object o[OBJECTS];
	size_t begin, full, last, was;

	if (ADDRESS_SANITIZER || THREAD_SANITIZER)
		skip();
	memset(o, 0xff, sizeof(o)); /* it is there */
	for (unsigned round = 0; round < 3; round++) {
		was = resident();
		begin = xtr_small_memory();
		for (unsigned i = 0; i < OBJECTS; i++)
			get(&o[i], SIZE);
		full = xtr_small_memory();
		assert_in_range(
		    full - begin, 0.99 * OBJECTS * SIZE - (2 << 20), 1.05 * OBJECTS * SIZE);
		assert_true(resident() - was > OBJECTS * SIZE * 9 / 10);
		last = full;
		for (unsigned i = 0; i < OBJECTS; i++) {
			if (i % STAY == STAY / 2)
				continue;
			put(&o[i]);
			/* a run of pages at once, or a chunk's tables: no more */
			assert_true(last - xtr_small_memory() <= (512u << 10));
			last = xtr_small_memory();
			if (i == OBJECTS / 2)
				assert_in_range(last, 0, begin + (full - begin) * 6 / 10);
		}
		/* what stayed, a page each, what is kept, and what is known of pages */
		assert_in_range(last, 0, begin + OBJECTS / STAY * PAGE + (1 << 20) + full / 40);
		assert_in_range(resident(), 0, was + (4 << 20));
		for (unsigned i = STAY / 2; i < OBJECTS; i += STAY)
			put(&o[i]);
		assert_in_range(xtr_small_memory(), 0, begin + (1 << 20));
	}
}

/* In no order at all. */
static void shuffled(void **state)
{
	static struct object o[OBJECTS];
	size_t begin = xtr_small_memory();

	if (ADDRESS_SANITIZER)
		skip();
	for (unsigned i = 0; i < OBJECTS; i++)
		get(&o[i], 8 + 8 * (i % 20));
	for (unsigned i = OBJECTS; i-- > 1;) {
		unsigned k = (unsigned)rand() % (i + 1);
		struct object x = o[i];

		o[i] = o[k];
		o[k] = x;
	}
	for (unsigned i = 0; i < OBJECTS; i++)
		put(&o[i]);
	assert_in_range(xtr_small_memory(), 0, begin + (1 << 20));
}

static void no_memory(void **state)
{
	allocs_left = 0;
	assert_null(xtr_small_alloc(24));
	allocs_left = -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(any_order),
	    cmocka_unit_test(goes_back),
	    cmocka_unit_test(shuffled),
	    cmocka_unit_test(no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
