/* SPDX-License-Identifier: BSD-3-Clause */
/* Commands whose answer comes later: they keep nobody else waiting. */
#include "oper_fixture.h"

/* What waits, in the order of its coming. */
static struct waiting {
	struct xtr_oper_later *later;
	char word[32];
	bool cancelled;
} waiting[XTR_OPER_CLIENTS];
static unsigned n_waiting;

static void on_cancel(void *state)
{
	struct waiting *w = state;

	assert_false(w->cancelled);
	w->cancelled = true;
	w->later = NULL;
}

static int later_command(void *arg, const char *const *words, unsigned n_words,
    struct xtr_oper_later *later, char *err, size_t err_size)
{
	struct waiting *w;

	assert_ptr_equal(arg, ARG);
	assert_null(later->cancel);
	assert_null(later->state);
	if (n_words == 0)
		return -ENOENT;
	if (!strcmp(words[0], "bad")) {
		snprintf(err, err_size, "bad is not good");
		return -EINVAL;
	}
	if (!strcmp(words[0], "now")) {
		xtr_oper_answer(later, json_string("at once"), NULL);
		return 0;
	}
	assert_true(n_waiting < XTR_OPER_CLIENTS);
	w = &waiting[n_waiting++];
	*w = (struct waiting){.later = later};
	snprintf(w->word, sizeof(w->word), "%s", words[0]);
	later->cancel = on_cancel;
	later->state = w;
	return 0;
}

/* Answers with the word that came. */
static void answer(struct waiting *w)
{
	xtr_oper_answer(w->later, json_string(w->word), NULL);
	w->later = NULL;
}

static int echo_handler(
    void *arg, const char *const *words, unsigned n_words, json_t **out, char *err, size_t err_size)
{
	*out = json_string("echo");
	return 0;
}

static const struct xtr_oper_command commands[] = {
    {.words = "ask", .args = "WORD", .help = "the word, later", .later = later_command},
    {.words = "echo", .help = "at once", .handler = echo_handler},
};

static int setup(void **state)
{
	n_waiting = 0;
	open_with(commands, sizeof(commands) / sizeof(commands[0]));
	return 0;
}

/* A client that waits for this word. */
static int ask(const char *word)
{
	unsigned n = n_waiting;
	char request[64];
	int fd = dial();

	snprintf(request, sizeof(request), "[\"ask\",\"%s\"]\n", word);
	say(fd, request);
	settle();
	assert_int_equal(n_waiting, n + 1);
	assert_string_equal(waiting[n].word, word);
	return fd;
}

static void expect_silence(int fd)
{
	char c;

	assert_int_equal(recv(fd, &c, 1, 0), -1);
	assert_int_equal(errno, EAGAIN);
}

static void test_later(void **state)
{
	struct pollfd p = {.fd = xtr_oper_fd(oper), .events = POLLIN};
	int a = ask("a"), b;

	/* nothing is to do while it waits, however long that takes, and others are served */
	assert_int_equal(poll(&p, 1, 0), 0);
	expect_silence(a);
	now += XTR_OPER_READ_MS + XTR_OPER_REQUEST_MS;
	xtr_oper_run(oper, now);
	assert_int_equal(xtr_oper_clients(oper), 1);
	b = dial();
	say(b, "[\"echo\"]\n");
	expect_from(b, "ok\n\"echo\"\n");
	expect_silence(a);
	/* the answer wakes the server */
	answer(&waiting[0]);
	assert_int_equal(poll(&p, 1, 0), 1);
	expect_from(a, "ok\n\"a\"\n");
	assert_int_equal(xtr_oper_clients(oper), 0);
	assert_false(waiting[0].cancelled);
	/* from inside the command */
	expect("[\"ask\",\"now\"]\n", "ok\n\"at once\"\n");
	/* errors: of the command, and later */
	expect("[\"ask\",\"bad\"]\n", "error bad is not good\n");
	expect("[\"ask\"]\n", "error No such file or directory\n");
	a = ask("a");
	xtr_oper_answer(waiting[1].later, NULL, "no\nanswer");
	expect_from(a, "error no?answer\n");
	assert_false(waiting[1].cancelled);
	assert_int_equal(xtr_oper_clients(oper), 0);
}

static void test_later_in_any_order(void **state)
{
	static const unsigned order[] = {2, 0, 3, 1};
	int fds[4];
	char word[2] = "a", text[16];

	for (unsigned round = 0; round < 2; round++) {
		n_waiting = 0;
		for (unsigned i = 0; i < 4; i++) {
			word[0] = (char)('a' + i);
			fds[i] = ask(word);
		}
		for (unsigned i = 0; i < 4; i++) {
			unsigned n = round ? order[i] : i;

			answer(&waiting[n]);
			snprintf(text, sizeof(text), "ok\n\"%c\"\n", 'a' + n);
			expect_from(fds[n], text);
		}
	}
	/* two at once */
	n_waiting = 0;
	fds[0] = ask("a");
	fds[1] = ask("b");
	answer(&waiting[1]);
	answer(&waiting[0]);
	settle();
	expect_from(fds[0], "ok\n\"a\"\n");
	expect_from(fds[1], "ok\n\"b\"\n");
}

static void test_later_gone(void **state)
{
	int a = ask("a"), b = ask("b");

	/* one leaves: its command is told, the other's is not */
	close(a);
	settle();
	assert_true(waiting[0].cancelled);
	assert_false(waiting[1].cancelled);
	assert_int_equal(xtr_oper_clients(oper), 1);
	/* another takes its place, and gets its own answer */
	a = ask("c");
	answer(&waiting[2]);
	expect_from(a, "ok\n\"c\"\n");
	/* bytes behind the request, and the end of what it says, are no leaving */
	say(b, "more");
	settle();
	shutdown(b, SHUT_WR);
	settle();
	assert_false(waiting[1].cancelled);
	answer(&waiting[1]);
	expect_from(b, "ok\n\"b\"\n");
	/* gone before its request was read */
	a = dial();
	say(a, "[\"ask\",\"d\"]\n");
	close(a);
	settle();
	assert_int_equal(n_waiting, 4);
	assert_true(waiting[3].cancelled);
	assert_int_equal(xtr_oper_clients(oper), 0);
	/* gone when the answer is there: that is nobody's any more */
	a = ask("e");
	close(a);
	answer(&waiting[4]);
	settle();
	assert_false(waiting[4].cancelled);
	assert_int_equal(xtr_oper_clients(oper), 0);
}

static void test_later_server_closes(void **state)
{
	int a = ask("a"), b = ask("b");
	char c;

	answer(&waiting[1]);
	xtr_oper_close(oper);
	assert_true(waiting[0].cancelled);
	assert_false(waiting[1].cancelled);
	assert_int_equal(recv(a, &c, 1, 0), 0);
	close(a);
	close(b);
	setup(state);
}

/* Who waits takes a place like any other client; who was answered has the limit of all readers. */
static void test_later_limits(void **state)
{
	int fds[XTR_OPER_CLIENTS];
	char *text;

	for (unsigned i = 0; i < XTR_OPER_CLIENTS; i++)
		fds[i] = ask("x");
	text = hear(dial());
	assert_string_equal(text, "error too many clients are connected\n");
	free(text);
	for (unsigned i = 0; i < XTR_OPER_CLIENTS; i++) {
		json_t *big = json_object();

		for (unsigned k = 0; i == 0 && k < 100000; k++) {
			char name[32];

			snprintf(name, sizeof(name), "counter-%u", k);
			json_object_set_new(big, name, json_integer(k));
		}
		xtr_oper_answer(waiting[i].later, big, NULL);
	}
	settle();
	/* all but the one that does not read its long answer are through */
	assert_int_equal(xtr_oper_clients(oper), 1);
	now += XTR_OPER_READ_MS;
	xtr_oper_run(oper, now);
	assert_int_equal(xtr_oper_clients(oper), 0);
	for (unsigned i = 0; i < XTR_OPER_CLIENTS; i++)
		close(fds[i]);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(test_later),
	    T(test_later_in_any_order),
	    T(test_later_gone),
	    T(test_later_server_closes),
	    T(test_later_limits),
	};
	int rc;

	if (make_dir() != 0)
		return 1;
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	remove_dir();
	return rc;
}
