/* SPDX-License-Identifier: BSD-3-Clause */
/* The command `lig`, from a client's words to what the client reads. test_lig.c has the questions.
 */
#include "xtr_fixture.h"
#include "oper_fixture.h"

#include "control/oper/lig.h"
#include "control/oper/words.h"

static struct world w;
static struct xtr_ip resolver;
static struct xtr_ligs *ligs;

static int lig(void *arg, const char *const *words, unsigned n_words, struct xtr_oper_later *later,
    char *err, size_t err_size)
{
	return xtr_oper_lig(ligs, words, n_words, later, err, err_size);
}

static const struct xtr_oper_command commands[] = {
    {.words = "lig", .args = XTR_OPER_LIG_ARGS, .help = "asks", .later = lig},
};

static int setup(void **state)
{
	memset(&w, 0, sizeof(w));
	world_init(&w);
	resolver = ip("172.16.1.1");
	w.cfg.map_resolvers = &resolver;
	w.cfg.n_map_resolvers = 1;
	ligs = xtr_ligs_create(&w.l);
	assert_non_null(ligs);
	open_with(commands, 1);
	return 0;
}

static int tear_down(void **state)
{
	teardown(state);
	assert_int_equal(w.wheel.n_armed, 0); /* its clients are gone, so are the questions */
	xtr_ligs_destroy(ligs);
	world_fini(&w);
	return 0;
}

static int ask(const char *request)
{
	unsigned n = w.n_sent;
	int fd = dial();

	say(fd, request);
	settle();
	assert_int_equal(w.n_sent, n + 1);
	return fd;
}

/* A negative answer to the Map-Request sent as number n. */
static void answer(unsigned n, const char *prefix)
{
	const struct xtr_record rec = {.eid = eid(prefix), .ttl = 15, .act = XTR_ACT_DROP};
	const struct xtr_peer from = {ip("172.16.1.3"), 4342, ip("172.16.1.2")};
	struct xtr_writer out;
	struct xtr_msg m;
	uint8_t p[128];

	assert_int_equal(xtr_msg_read(w.sent[n].m.inner, w.sent[n].m.inner_len, &m, NULL), 0);
	xtr_writer_init(&out, p, sizeof(p));
	xtr_write_map_reply(&out, m.nonce, false);
	xtr_write_record(&out, &rec);
	assert_int_equal(xtr_msg_read(p, out.len, &m, NULL), 0);
	assert_true(xtr_ligs_reply(ligs, &from, &m));
}

static void test_answers(void **state)
{
	static const char text[] =
	    "ok\n{\"eid\":\"10.2.2.%u\",\"instance\":0,\"map_resolver\":\"%s\",\"from\":"
	    "\"172.16.1.3\","
	    "\"rtt_ms\":%u.0,\"nonce\":\"0x10000000-0x0000000%u\",\"tries\":1,\"covers_eid\":true,"
	    "\"records\":[{\"instance\":0,\"eid\":\"10.2.2.0/24\",\"ttl_min\":15,\"action\":"
	    "\"drop\",\"authoritative\":false,\"locators\":[]}]}\n";
	char want[1024];
	int a = ask("[\"lig\",\"10.2.2.5\"]\n"), b;

	b = ask("[\"lig\",\"10.2.2.6\",\"to\",\"172.16.1.9\",\"instance\",\"0\"]\n");
	assert_ip(&w.sent[0].dst, "172.16.1.1");
	assert_ip(&w.sent[1].dst, "172.16.1.9");
	/* the second first */
	xtr_clock_advance(&w.wheel, 3);
	answer(1, "10.2.2.0/24");
	snprintf(want, sizeof(want), text, 6u, "172.16.1.9", 3u, 2u);
	expect_from(b, want);
	xtr_clock_advance(&w.wheel, 2);
	answer(0, "10.2.2.0/24");
	snprintf(want, sizeof(want), text, 5u, "172.16.1.1", 5u, 1u);
	expect_from(a, want);
	/* an instance, and nobody there */
	a = ask("[\"lig\",\"2001:db8::5\",\"instance\",\"16777215\"]\n");
	xtr_clock_advance(&w.wheel, 3000);
	expect_from(a, "error no Map-Reply for 2001:db8::5 in instance 16777215 after 3 "
		       "Map-Requests to 172.16.1.1\n");
}

static void test_gone(void **state)
{
	int a = ask("[\"lig\",\"10.2.2.5\"]\n"), b = ask("[\"lig\",\"10.2.2.6\"]\n");

	assert_int_equal(w.wheel.n_armed, 2);
	close(a);
	settle();
	assert_int_equal(w.wheel.n_armed, 1);
	answer(1, "10.2.2.0/24");
	free(hear(b));
	assert_int_equal(w.wheel.n_armed, 0);
	ask("[\"lig\",\"10.2.2.5\"]\n"); /* the server closes before it is answered */
}

static void test_refused(void **state)
{
	static const char usage[] = "ADDRESS [instance N] [to MAP-RESOLVER] is wanted";
	char want[256];

	snprintf(want, sizeof(want), "error %s\n", usage);
	expect("[\"lig\"]\n", want);
	expect("[\"lig\",\"10.2.2.0/24\"]\n", "error an address is wanted: found 10.2.2.0/24\n");
	expect("[\"lig\",\"host\"]\n", "error an address is wanted: found host\n");
	expect("[\"lig\",\"10.2.2.5\",\"to\",\"mr\"]\n", "error an address is wanted: found mr\n");
	expect(
	    "[\"lig\",\"10.2.2.5\",\"to\",\"224.0.0.1\"]\n", "error a unicast address is wanted\n");
	snprintf(want, sizeof(want), "error %s: found via\n", usage);
	expect("[\"lig\",\"10.2.2.5\",\"via\",\"10.0.0.1\"]\n", want);
	snprintf(want, sizeof(want), "error %s: nothing follows to\n", usage);
	expect("[\"lig\",\"10.2.2.5\",\"instance\",\"1\",\"to\"]\n", want);
	snprintf(want, sizeof(want), "error %s: found to\n", usage);
	expect("[\"lig\",\"10.2.2.5\",\"to\",\"10.0.0.1\",\"to\",\"10.0.0.1\"]\n", want);
	w.cfg.n_map_resolvers = 0;
	expect("[\"lig\",\"10.2.2.5\"]\n",
	    "error no map-resolver is configured: name one with 'to'\n");
	assert_int_equal(w.n_sent, 0);
}

static void test_instance_ids(void **state)
{
	static const char *const bad[] = {
	    "", "x", "-1", "+1", " 1", "1x", "16777216", "18446744073709551616"};
	uint32_t iid = 7;
	char err[256];

	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(xtr_oper_instance(bad[i], &iid, err, sizeof(err)), -EINVAL);
	assert_string_equal(
	    err, "an instance-ID from 0 to 16777215 is wanted: found 18446744073709551616");
	assert_int_equal(xtr_oper_instance("16777215", &iid, err, sizeof(err)), 0);
	assert_int_equal(iid, 16777215);
	assert_int_equal(xtr_oper_instance(NULL, &iid, err, sizeof(err)), 0);
	assert_int_equal(iid, 0);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, setup, tear_down)
	const struct CMUnitTest tests[] = {
	    T(test_answers),
	    T(test_gone),
	    T(test_refused),
	    T(test_instance_ids),
	};
	int rc;

	if (make_dir() != 0)
		return 1;
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	remove_dir();
	return rc;
}
