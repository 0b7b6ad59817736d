/* SPDX-License-Identifier: BSD-3-Clause */
/* What xtrbench reads out of a case's name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "app/xtrbench/datapath_case.h"
#include "datapath/dp.h"

static struct bench_case read_case(const char *name)
{
	struct bench_case c;
	const char *why;

	if (bench_case_parse(name, &c, &why) < 0)
		fail_msg("%s: %s", name, why);
	assert_null(why);
	assert_ptr_equal(c.name, name);
	return c;
}

static void ways(void **state)
{
	static const struct {
		const char *name;
		enum bench_way way;
		uint8_t inner, outer;
		unsigned size;
	} all[] = {
	    {"native4/flows=1", BENCH_NATIVE, 4, 0, 64},
	    {"native6/flows=1", BENCH_NATIVE, 6, 0, 66},
	    {"encap4in4/flows=1", BENCH_ENCAP, 4, 4, 64},
	    {"encap4in6/flows=1", BENCH_ENCAP, 4, 6, 64},
	    {"encap6in4/flows=1", BENCH_ENCAP, 6, 4, 66},
	    {"encap6in6/flows=1", BENCH_ENCAP, 6, 6, 66},
	    {"decap4in4/flows=1", BENCH_DECAP, 4, 4, 64},
	    {"decap6in4/flows=1", BENCH_DECAP, 6, 4, 66},
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		struct bench_case c = read_case(all[i].name);

		assert_int_equal(c.way, all[i].way);
		assert_int_equal(c.inner, all[i].inner);
		assert_int_equal(c.outer, all[i].outer);
		assert_int_equal(c.size, all[i].size);
	}
}

static void what_is_not_said(void **state)
{
	struct bench_case c = read_case("encap4in4/flows=1000");

	assert_int_equal(c.flows, 1000);
	assert_int_equal(c.mappings, 0);
	assert_int_equal(c.burst, 64);
	assert_int_equal(c.workers, 1);
	assert_int_equal(c.ports, 1);
	assert_int_equal(c.seg, 0);
	assert_int_equal(c.hits, -1);
	assert_false(c.imix);
	assert_string_equal(c.peer, "");
	assert_int_equal(c.sources, 1);
	assert_int_equal(c.check, XTR_CHECK_LOOSE);
	c = read_case("encap4in4/mappings=1m");
	assert_int_equal(c.mappings, 1000000);
	assert_int_equal(c.rlocs, 1024);
	assert_int_equal(c.flows, 0);
	c = read_case("encap4in4/rlocs=100k");
	assert_int_equal(c.mappings, 1000000);
	assert_int_equal(c.rlocs, 100000);
}

static void any_order(void **state)
{
	struct bench_case c =
	    read_case("encap6in4/hits=50/workers=2/ports=2/size=9000/seg=2048/burst=256/rlocs=7/"
		      "mappings=10k/peer=testpmd-io");

	assert_int_equal(c.hits, 50);
	assert_int_equal(c.workers, 2);
	assert_int_equal(c.ports, 2);
	assert_int_equal(c.size, 9000);
	assert_int_equal(c.seg, 2048);
	assert_int_equal(c.burst, 256);
	assert_int_equal(c.rlocs, 7);
	assert_int_equal(c.mappings, 10000);
	assert_string_equal(c.peer, "testpmd-io");
	c = read_case("decap4in4/size=imix/flows=3");
	assert_true(c.imix);
	assert_int_equal(c.size, 1518);
	assert_int_equal(read_case("decap4in4/flows=1/check=strict").check, XTR_CHECK_STRICT);
	assert_int_equal(read_case("decap6in6/flows=1/check=off").check, XTR_CHECK_OFF);
	assert_int_equal(read_case("decap6in6/flows=1/sources=50").sources, 50);
	assert_int_equal(read_case("encap4in4/flows=1/hits=0").hits, 0);
	assert_int_equal(read_case("encap4in4/flows=1/hits=100").hits, 100);
	assert_int_equal(read_case("native6/flows=1/size=66").size, 66);
}

static void refused(void **state)
{
	static const char *const names[] = {"", "/", "native4", "native4/", "native5/flows=1",
	    "native4in4/flows=1", "encap4/flows=1", "encap4in5/flows=1", "encap4in44/flows=1",
	    "encap/flows=1", "recap4in4/flows=1", "native4/flows",
	    "native4/flows=", "native4/flows=0", "native4/flows=-1", "native4/flows= 1",
	    "native4/flows=1x", "native4/flows=65536", "native4/flows=1/", "native4//flows=1",
	    "native4/flows=1/flows=2", "native4/flows=18446744073709551617",
	    "native4/flows=4294967297k", "native4/mappings=1m", "decap4in4/rlocs=5",
	    "encap4in4/flows=1/mappings=5", "encap4in4/mappings=2m", "native4/flows=1/size=63",
	    "native6/flows=1/size=64", "native4/flows=1/size=9001",
	    "native4/flows=1/size=imix/seg=5", "native4/flows=1/burst=257",
	    "native4/flows=1/burst=0", "native4/flows=1/workers=0", "native4/flows=1/workers=17",
	    "native4/flows=1/hits=50", "encap4in4/flows=1/hits=101", "encap4in4/flows=1/ports=2",
	    "encap4in4/flows=1/ports=2/hits=0", "encap4in4/flows=1/ports=2/hits=100",
	    "encap4in4/flows=1/ports=3/hits=50",
	    "native4/flows=1/peer=", "native4/flows=1/peer=a-name-that-is-longer-than-any",
	    "native4/flows=1/sources=2", "encap4in4/flows=1/sources=0",
	    "encap4in4/flows=1/check=off", "decap4in4/flows=1/check=on", "native4/flows=1/colour=3",
	    "encap4in4/burst=4"};
	struct bench_case c;
	const char *why;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (bench_case_parse(names[i], &c, &why) == 0)
			fail_msg("%s was taken", names[i]);
		assert_non_null(why);
		assert_true(strlen(why) > 3);
	}
}

/* No name makes it read or write where it must not: cut at each byte, and longer than any. */
static void pieces(void **state)
{
	static const char whole[] = "encap6in4/hits=50/workers=2/ports=2/size=9000/flows=10k";
	char text[512];
	struct bench_case c;
	const char *why;

	for (size_t i = 0; i < sizeof(whole); i++) {
		char *part = strndup(whole, i);

		bench_case_parse(part, &c, &why);
		free(part);
	}
	memset(text, '/', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	memcpy(text, "native4", 7);
	assert_true(bench_case_parse(text, &c, &why) < 0);
	for (size_t i = 7; i + 2 < sizeof(text); i += 2)
		memcpy(text + i, "/a", 2);
	assert_true(bench_case_parse(text, &c, &why) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(ways),
	    cmocka_unit_test(what_is_not_said),
	    cmocka_unit_test(any_order),
	    cmocka_unit_test(refused),
	    cmocka_unit_test(pieces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
