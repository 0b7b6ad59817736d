/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The grammar check of the configuration against libconfig, whose judgement it must share, and the
 * loader against files that are cut or damaged.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <libconfig.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/config.h"
#include "config/syntax.h"

#define EVERYTHING XTR_SOURCE_ROOT "/tests/unit/configs/good/everything.conf"

static uint64_t seed = 1;

static unsigned random_below(unsigned n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(seed >> 33) % n;
}

/* Tokens, a blank after each. Such as the check refuses and libconfig takes are left out: see
 * below. */
static const char *const soup[] = {
    "a",
    "b",
    "c-d",
    "*e",
    "=",
    "=",
    ":",
    ";",
    ",",
    "{",
    "}",
    "[",
    "]",
    "(",
    ")",
    "1",
    "-5",
    "0x1f",
    "7L",
    "1.5",
    "5e3",
    "true",
    "FALSE",
    "\"text\"",
    "\"\\\"\\\\\"",
    "# comment\n",
    "// comment\n",
    "/* comment\n */",
    "\n",
};

/* libconfig 1.5 leaks the text that it was reading when it meets an error, and its leaks are not
 * our subject. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAVE_LSAN
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define HAVE_LSAN
#endif
#ifdef HAVE_LSAN
#include <sanitizer/lsan_interface.h>
#else
static void __lsan_disable(void)
{
}
static void __lsan_enable(void)
{
}
#endif

static bool libconfig_takes(const char *text)
{
	config_t lc;
	bool ok;

	config_init(&lc);
	__lsan_disable();
	ok = config_read_string(&lc, text);
	__lsan_enable();
	config_destroy(&lc);
	return ok;
}

/* A file that is mostly right, by chance. */
static size_t make_value(char *p, unsigned depth)
{
	size_t n = 0;
	unsigned kind = random_below(depth < 4 ? 8 : 5), count = random_below(3);

	if (kind < 5)
		return (size_t)sprintf(p, "%s ", soup[15 + random_below(10)]);
	n += (size_t)sprintf(p, "%s ", kind == 5 ? "{" : kind == 6 ? "[" : "(");
	for (unsigned i = 0; i < count; i++) {
		if (kind == 5)
			n += (size_t)sprintf(p + n, "x%u = ", i);
		else if (i)
			n += (size_t)sprintf(p + n, ", ");
		n += make_value(p + n, kind == 6 ? 4 : depth + 1);
	}
	return n + (size_t)sprintf(p + n, "%s ", kind == 5 ? "}" : kind == 6 ? "]" : ")");
}

static void same_as_libconfig(void **state)
{
	unsigned both = 0, neither = 0;

	for (unsigned i = 0; i < 20000; i++) {
		static char text[65536];
		size_t n = (size_t)sprintf(text, "n = ");
		struct xtr_cfg_syntax syntax;
		bool ours, theirs;

		n += make_value(text + n, 0);
		for (unsigned k = random_below(3); k > 0; k--)
			n += (size_t)sprintf(text + n, "%s ", soup[random_below(29)]);
		ours = xtr_cfg_syntax_check(text, n, &syntax) == 0;
		if (ours) {
			theirs = libconfig_takes(syntax.text);
		} else {
			/* an array of several types is for the schema to judge, not for the syntax
			 */
			strcat(text, "\n");
			theirs = libconfig_takes(text);
			assert_non_null(syntax.error);
			assert_null(strchr(syntax.error, '\n'));
		}
		if (ours != theirs)
			print_error("%s\n%s\n", text, ours ? "taken by us" : syntax.error);
		assert_int_equal(ours, theirs);
		both += ours;
		neither += !ours;
		xtr_cfg_syntax_free(&syntax);
	}
	/* or it said nothing */
	assert_true(both > 1000 && neither > 1000);
}

static void numbers(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
	    {"a = 2147483647;", "a = 2147483647;\n"},
	    {"a = 2147483648;", "a = 2147483648L;\n"},
	    {"a = -2147483648;", "a = -2147483648;\n"},
	    {"a = -2147483649;", "a = -2147483649L;\n"},
	    {"a = 0xfffffffe;", "a = 0xfffffffeL;\n"},
	    {"a = 4294967296L;", "a = 4294967296L;\n"},
	    {"a = [ 1, 3000000000 ];", "a = ( 1, 3000000000L );\n"},
	    {"a = \"[ 3000000000 ]\"; # [ 3000000000", "a = \"[ 3000000000 ]\"; # [ 3000000000\n"},
	};
	struct xtr_cfg_syntax syntax;

	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(
		    xtr_cfg_syntax_check(cases[i].in, strlen(cases[i].in), &syntax), 0);
		assert_string_equal(syntax.text, cases[i].out);
		assert_true(libconfig_takes(syntax.text));
		xtr_cfg_syntax_free(&syntax);
	}
	assert_int_equal(xtr_cfg_syntax_check("a = 0x8000000000000000;", 23, &syntax), -EINVAL);
	xtr_cfg_syntax_free(&syntax);
}

static void lines(void **state)
{
	static const char text[] = "a = 1;\n"       /* 1 */
				   "b = [ \"x\",\n" /* 2 */
				   "  \"y\"\n"      /* 3 */
				   "];\n\n"
				   "c\n" /* 6 */
				   "= (\n"
				   "  { d = \"z\"\n" /* 8 */
				   "\n"
				   "  }\n"
				   ");\n";
	static const unsigned expected[] = {1, 2, 2, 3, 6, 8, 8};
	struct xtr_cfg_syntax syntax;

	assert_int_equal(xtr_cfg_syntax_check(text, strlen(text), &syntax), 0);
	assert_int_equal(syntax.n_lines, sizeof(expected) / sizeof(expected[0]));
	assert_memory_equal(syntax.lines, expected, sizeof(expected));
	xtr_cfg_syntax_free(&syntax);
}

static size_t read_everything(char *text, size_t size)
{
	FILE *f = fopen(EVERYTHING, "r");
	size_t n;

	assert_non_null(f);
	n = fread(text, 1, size, f);
	fclose(f);
	assert_in_range(n, 1000, size - 1);
	return n;
}

/* Loads text; an error must be one line, in its form, without a key. Returns whether it was taken.
 */
static bool load_text(const char *text, size_t n)
{
	char path[] = "/tmp/xtr-test-config-XXXXXX", *error;
	int fd = mkstemp(path);
	struct xtr_config *cfg;
	bool ok;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, n), n);
	close(fd);
	cfg = xtr_config_load(path, &error);
	unlink(path);
	ok = cfg != NULL;
	if (!ok) {
		unsigned line;

		assert_memory_equal(error, path, strlen(path));
		assert_int_equal(sscanf(error + strlen(path), ":%u: ", &line), 1);
		assert_true(line >= 1);
		assert_null(strchr(error, '\n'));
		assert_non_null(strstr(error, ": found "));
		assert_non_null(strstr(error, ", allowed "));
		assert_null(strstr(error, "wsx!"));
		assert_null(strstr(error, "found what libconfig refuses"));
		free(error);
	}
	xtr_config_free(cfg);
	return ok;
}

static void cut_anywhere(void **state)
{
	static char text[16384];
	size_t n = read_everything(text, sizeof(text));
	unsigned taken = 0;

	assert_true(load_text(text, n));
	for (size_t i = 0; i < n; i++)
		taken += load_text(text, i);
	/* most ends are in the middle of something; an end after a setting is not */
	assert_in_range(taken, 1, n / 2);
}

static void damaged_anywhere(void **state)
{
	static const char marks[] = "=;,{}[]()\"#/*@0aL.-\\\n\0\x80";
	static char text[16384], copy[16384];
	size_t n = read_everything(text, sizeof(text));
	unsigned refused = 0;

	for (unsigned i = 0; i < 4000; i++) {
		memcpy(copy, text, n);
		for (unsigned k = 1 + random_below(3); k > 0; k--)
			copy[random_below((unsigned)n)] = marks[random_below(sizeof(marks) - 1)];
		refused += !load_text(copy, n);
	}
	assert_in_range(refused, 1000, 4000);
}

/* Duplicates and overlaps are found by trees, not by comparing each with each. */
static void many(void **state)
{
	const unsigned n = 20000;
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	assert_non_null(f);
	fputs("site = { name = \"A\"; key = \"k\"; eid-prefix = (\n", f);
	for (unsigned i = 0; i < n; i++)
		fprintf(f, "%s\"10.%u.%u.%u/32\"\n", i ? "," : "", i >> 16, i >> 8 & 255, i & 255);
	fputs("); };\n", f);
	fclose(f);
	assert_true(load_text(text, size));
	/* the last one again the first */
	memcpy(strstr(text, "\"10.0.78.31/32\""), "\"10.0.0.0/32\"  ", 15);
	assert_false(load_text(text, size));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(numbers),
	    cmocka_unit_test(lines),
	    cmocka_unit_test(same_as_libconfig),
	    cmocka_unit_test(cut_anywhere),
	    cmocka_unit_test(damaged_anywhere),
	    cmocka_unit_test(many),
	};

	return cmocka_run_group_tests_name("configuration syntax", tests, NULL, NULL);
}
