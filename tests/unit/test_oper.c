/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The operator's socket: requests, documents, streams, limits, the socket file. test_oper_later.c
 * has answers that come later.
 */
#include "oper_fixture.h"

/* State of the streams, which count what happens to them. */
static uint64_t stream_items, stream_pulled, stream_breaks_at;
static unsigned stream_frees;

static int words_handler(
    void *arg, const char *const *words, unsigned n_words, json_t **out, char *err, size_t err_size)
{
	assert_ptr_equal(arg, ARG);
	*out = json_array();
	for (unsigned i = 0; i < n_words; i++)
		json_array_append_new(*out, json_string(words[i]));
	return 0;
}

static int ports_handler(
    void *arg, const char *const *words, unsigned n_words, json_t **out, char *err, size_t err_size)
{
	assert_int_equal(n_words, 0);
	*out = json_pack("{s:[]}", "ports");
	return 0;
}

static int failing_handler(
    void *arg, const char *const *words, unsigned n_words, json_t **out, char *err, size_t err_size)
{
	if (n_words == 0)
		return -ENOENT;
	snprintf(err, err_size, "no\nsuch %s", words[0]);
	return -ENOENT;
}

static int big_handler(
    void *arg, const char *const *words, unsigned n_words, json_t **out, char *err, size_t err_size)
{
	*out = json_object();
	for (unsigned i = 0; i < 100000; i++) {
		char name[32];

		snprintf(name, sizeof(name), "counter-%u", i);
		json_object_set_new(*out, name, json_integer(i));
	}
	return 0;
}

static int count_next(void *state, json_t **item)
{
	assert_ptr_equal(state, &stream_pulled);
	if (stream_pulled == stream_breaks_at)
		return -EIO;
	if (stream_pulled == stream_items)
		return 0;
	*item = json_pack("{s:I,s:s}", "n", (json_int_t)stream_pulled++, "eid", "10.0.0.0/24");
	return 1;
}

static json_t *count_rest(void *state)
{
	assert_int_equal(stream_pulled, stream_items);
	return json_pack("{s:I,s:n}", "total", (json_int_t)stream_items, "last_error");
}

static void count_free(void *state)
{
	stream_frees++;
}

static int count_stream(void *arg, const char *const *words, unsigned n_words,
    struct xtr_oper_stream *stream, char *err, size_t err_size)
{
	assert_ptr_equal(arg, ARG);
	if (n_words > 0 && !strcmp(words[0], "bad")) {
		snprintf(err, err_size, "bad is not good");
		return -EINVAL;
	}
	stream->key = "entries";
	stream->next = count_next;
	stream->free = count_free;
	stream->state = &stream_pulled;
	if (n_words > 0 && !strcmp(words[0], "rest"))
		stream->rest = count_rest;
	stream_pulled = 0;
	return 0;
}

static const struct xtr_oper_command commands[] = {
    {.words = "show", .args = "[WORD...]", .help = "everything", .handler = words_handler},
    {.words = "show map-cache",
	.args = "[PREFIX]",
	.help = "the map-cache",
	.stream = count_stream},
    {.words = "show map-cache summary", .args = "", .help = "its size", .handler = words_handler},
    {.words = "clear map-cache",
	.args = "[PREFIX]",
	.help = "empties it",
	.handler = failing_handler},
    {.words = "clear ports", .help = "ports", .handler = ports_handler},
    {.words = "clear counters", .help = "zeroes", .handler = big_handler},
};

static int setup(void **state)
{
	stream_items = 3;
	stream_breaks_at = UINT64_MAX;
	stream_frees = 0;
	open_with(commands, sizeof(commands) / sizeof(commands[0]));
	return 0;
}

static void test_answers(void **state)
{
	expect("[\"clear\",\"ports\"]\n", "ok\n{\"ports\":[]}\n");
	expect("[\"show\",\"map-cache\"]\n",
	    "ok\n{\"entries\":[{\"n\":0,\"eid\":\"10.0.0.0/24\"},{\"n\":1,\"eid\":\"10.0.0.0/24\"},"
	    "{\"n\":2,\"eid\":\"10.0.0.0/24\"}]}\n");
	assert_int_equal(stream_frees, 1);
	stream_items = 0;
	expect("[\"show\",\"map-cache\"]\n", "ok\n{\"entries\":[]}\n");
	expect("[\"show\",\"map-cache\",\"rest\"]\n",
	    "ok\n{\"entries\":[],\"total\":0,\"last_error\":null}\n");
	stream_items = 1;
	expect("[\"show\",\"map-cache\",\"rest\"]\n",
	    "ok\n{\"entries\":[{\"n\":0,\"eid\":\"10.0.0.0/"
	    "24\"}],\"total\":1,\"last_error\":null}\n");
	assert_int_equal(stream_frees, 4);
}

static void test_longest_pattern(void **state)
{
	expect("[\"show\",\"map-cache\",\"summary\",\"x\"]\n", "ok\n[\"x\"]\n");
	expect("[\"show\",\"map-cach\",\"summary\"]\n", "ok\n[\"map-cach\",\"summary\"]\n");
	expect("[\"show\"]\n", "ok\n[]\n");
	/* a word is not its beginning, nor two words in one */
	expect("[\"sho\"]\n", "error unknown command 'sho', there are: show, clear, help\n");
	expect("[\"show map-cache\"]\n",
	    "error unknown command 'show map-cache', there are: show, clear, help\n");
}

static void test_errors(void **state)
{
	expect("[\"clear\"]\n",
	    "error incomplete command, after 'clear' comes one of: map-cache, ports, counters\n");
	expect("[\"clear\",\"cache\"]\n",
	    "error unknown word 'cache', after 'clear' comes one of: map-cache, ports, counters\n");
	expect("[\"clear\",\"ports\",\"now\"]\n",
	    "error unknown word 'now', after 'clear ports' comes nothing\n");
	expect("[\"help\",\"me\"]\n", "error unknown word 'me', after 'help' comes nothing\n");
	/* of the handler: its text in one line, else the errno's */
	expect("[\"clear\",\"map-cache\",\"thing\"]\n", "error no?such thing\n");
	expect("[\"clear\",\"map-cache\"]\n", "error No such file or directory\n");
	expect("[\"show\",\"map-cache\",\"bad\"]\n", "error bad is not good\n");
	assert_int_equal(stream_frees, 0);
}

static void test_requests_refused(void **state)
{
	static const char shape[] = "error a request is a JSON array of 1 to 32 words\n";
	char many[512] = "[", *text;
	int fd;

	expect("{}\n", shape);
	expect("[]\n", shape);
	for (unsigned i = 0; i < XTR_OPER_WORDS; i++)
		strcat(many, "\"w\",");
	strcat(many, "\"w\"]\n");
	expect(many, shape);
	expect("[\"show\",1]\n", "error word 2 of the request is no string\n");
	expect("[\"show\",[\"x\"]]\n", "error word 2 of the request is no string\n");
	fd = dial();
	say(fd, "show map-cache\n");
	text = hear(fd);
	assert_memory_equal(text, "error the request is no JSON array of words: ", 45);
	free(text);
	fd = dial();
	say(fd, "[\"a\\u0000b\"]\n");
	text = hear(fd);
	assert_memory_equal(text, "error the request is no JSON array of words: ", 45);
	free(text);
	/* one request a connection */
	expect("[\"clear\",\"ports\"]\n[\"clear\",\"ports\"]\n", "ok\n{\"ports\":[]}\n");
}

static void test_partial_lines(void **state)
{
	static const char request[] = "[\"show\",\"x\"]\n";
	int fd = dial();
	char c, *text;

	for (const char *p = request; *p; p++) {
		settle();
		assert_int_equal(recv(fd, &c, 1, 0), -1);
		assert_int_equal(errno, EAGAIN);
		assert_int_equal(send(fd, p, 1, MSG_NOSIGNAL), 1);
	}
	text = hear(fd);
	assert_string_equal(text, "ok\n[\"x\"]\n");
	free(text);

	/* half a line, then gone */
	fd = dial();
	say(fd, "[\"show\"");
	settle();
	assert_int_equal(xtr_oper_clients(oper), 1);
	close(fd);
	settle();
	assert_int_equal(xtr_oper_clients(oper), 0);
}

static void test_oversized_line(void **state)
{
	char line[XTR_OPER_LINE + 1000];
	int fd;

	memset(line, ' ', sizeof(line));
	line[sizeof(line) - 1] = '\0';
	expect(line, "error the request is too long\n");
	/* and the longest that fits */
	memset(line, ' ', XTR_OPER_LINE);
	memcpy(line, "[\"clear\",\"ports\"]", 17);
	line[XTR_OPER_LINE - 1] = '\n';
	line[XTR_OPER_LINE] = '\0';
	expect(line, "ok\n{\"ports\":[]}\n");
	/* a client that has its direction closed still gets its answer */
	fd = dial();
	say(fd, "[\"clear\",\"ports\"]\n");
	shutdown(fd, SHUT_WR);
	strcpy(line, "ok\n{\"ports\":[]}\n");
	char *text = hear(fd);
	assert_string_equal(text, line);
	free(text);
}

static void test_help(void **state)
{
	int fd = dial();
	char *text;
	json_t *doc, *list;

	say(fd, "[\"help\"]\n");
	text = hear(fd);
	assert_memory_equal(text, "ok\n", 3);
	doc = json_loads(text + 3, 0, NULL);
	list = json_object_get(doc, "commands");
	assert_int_equal(json_array_size(list), sizeof(commands) / sizeof(commands[0]) + 1);
	assert_string_equal(
	    json_string_value(json_object_get(json_array_get(list, 1), "words")), "show map-cache");
	assert_string_equal(
	    json_string_value(json_object_get(json_array_get(list, 1), "args")), "[PREFIX]");
	assert_string_equal(
	    json_string_value(json_object_get(json_array_get(list, 1), "help")), "the map-cache");
	assert_true(json_is_null(json_object_get(json_array_get(list, 4), "args")));
	json_decref(doc);
	free(text);
}

static void test_big_document(void **state)
{
	int fd = dial();
	char *text;
	json_t *doc;

	say(fd, "[\"clear\",\"counters\"]\n");
	text = hear(fd);
	assert_memory_equal(text, "ok\n", 3);
	assert_int_equal(text[strlen(text) - 1], '\n');
	doc = json_loads(text + 3, 0, NULL);
	assert_int_equal(json_object_size(doc), 100000);
	assert_int_equal(json_integer_value(json_object_get(doc, "counter-99999")), 99999);
	json_decref(doc);
	free(text);
}

/* Reads a stream of stream_items items, each checked, without keeping them. */
struct reader {
	uint64_t items, bytes;
	char part[256]; /* of an item that is not all there */
	size_t part_len;
};

static void take(struct reader *r, const char *p, size_t len)
{
	char item[64];

	r->bytes += len;
	for (size_t i = 0; i < len; i++) {
		assert_true(r->part_len < sizeof(r->part) - 1);
		r->part[r->part_len++] = p[i];
		if (p[i] != '}' || r->items == stream_items)
			continue;
		snprintf(item, sizeof(item), "%s{\"n\":%llu,\"eid\":\"10.0.0.0/24\"}",
		    r->items ? "," : "ok\n{\"entries\":[", (unsigned long long)r->items);
		r->part[r->part_len] = '\0';
		assert_string_equal(r->part, item);
		r->part_len = 0;
		r->items++;
	}
}

static void test_slow_reader_of_a_million(void **state)
{
	/* an item is at least 29 bytes and takes less than 256 in any buffer */
	const uint64_t per_run = XTR_OPER_SLICE / 29 + XTR_OPER_FILL / 29 + 2;
	uint64_t behind_max = 0, pulled_before, runs = 0;
	struct reader r = {0};
	int fd = dial(), sndbuf;
	socklen_t optlen = sizeof(sndbuf);
	char p[8192];

	assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &sndbuf, &optlen), 0);
	stream_items = 1000000;
	say(fd, "[\"show\",\"map-cache\"]\n");
	/* nobody reads: the server makes what fits the socket and its buffer, and then rests */
	assert_true(settle() < 10000);
	assert_true(stream_pulled > 0);
	assert_true(stream_pulled <= ((uint64_t)sndbuf + XTR_OPER_FILL) / 29 + 1);
	/* meanwhile others are served */
	int other = dial();
	say(other, "[\"clear\",\"ports\"]\n");
	char *text = hear(other);
	assert_string_equal(text, "ok\n{\"ports\":[]}\n");
	free(text);

	for (;;) {
		struct pollfd pfd[2] = {
		    {.fd = fd, .events = POLLIN}, {.fd = xtr_oper_fd(oper), .events = POLLIN}};

		assert_true(poll(pfd, 2, LIMIT_MS) > 0);
		if (pfd[1].revents) {
			pulled_before = stream_pulled;
			xtr_oper_run(oper, now);
			assert_true(stream_pulled - pulled_before <= per_run);
			runs++;
		}
		if (pfd[0].revents) {
			ssize_t n = recv(fd, p, sizeof(p), 0);

			assert_true(n >= 0);
			if (n == 0)
				break;
			take(&r, p, (size_t)n);
			if (stream_pulled - r.items > behind_max)
				behind_max = stream_pulled - r.items;
		}
	}
	close(fd);
	assert_int_equal(r.items, 1000000);
	assert_int_equal(r.part_len, 3);
	assert_memory_equal(r.part, "]}\n", 3);
	assert_true(runs >= r.bytes / XTR_OPER_SLICE);
	/* what was made and not yet read never was more than the two buffers hold */
	assert_true(behind_max <= ((uint64_t)sndbuf + XTR_OPER_FILL + sizeof(p)) / 29 + 1);
	assert_int_equal(stream_frees, 1);
	assert_int_equal(xtr_oper_clients(oper), 0);
}

static void test_stream_breaks(void **state)
{
	stream_breaks_at = 1;
	/* no line end behind it: the client knows that it is not whole */
	expect("[\"show\",\"map-cache\"]\n", "ok\n{\"entries\":[{\"n\":0,\"eid\":\"10.0.0.0/24\"}");
	assert_int_equal(stream_frees, 1);
	stream_breaks_at = 0;
	expect("[\"show\",\"map-cache\"]\n", "ok\n{\"entries\":[");
	assert_int_equal(stream_frees, 2);
	/* the reader goes away */
	stream_breaks_at = UINT64_MAX;
	stream_items = 1000000;
	int fd = dial();
	say(fd, "[\"show\",\"map-cache\"]\n");
	settle();
	assert_int_equal(stream_frees, 2);
	close(fd);
	settle();
	assert_int_equal(stream_frees, 3);
	assert_int_equal(xtr_oper_clients(oper), 0);
	/* the server does */
	fd = dial();
	say(fd, "[\"show\",\"map-cache\"]\n");
	settle();
	xtr_oper_close(oper);
	assert_int_equal(stream_frees, 4);
	close(fd);
	setup(state);
}

static void test_two_streams_take_turns(void **state)
{
	int a = dial(), b = dial();
	char *text;

	/* a's answer is far more than a slice; b is answered long before it is through */
	stream_items = 1000000;
	say(a, "[\"show\",\"map-cache\"]\n");
	for (unsigned runs = 0; stream_pulled < 1000 || runs < 2; runs++) {
		assert_true(runs < 100000);
		xtr_oper_run(oper, now);
	}
	say(b, "[\"clear\",\"ports\"]\n");
	text = hear(b);
	assert_string_equal(text, "ok\n{\"ports\":[]}\n");
	free(text);
	assert_true(stream_pulled < stream_items);
	close(a);
	settle();
	assert_int_equal(stream_frees, 1);
}

static void test_limits(void **state)
{
	int fds[XTR_OPER_CLIENTS], fd;
	char *text, c;

	for (unsigned i = 0; i < XTR_OPER_CLIENTS; i++) {
		fds[i] = dial();
		settle();
	}
	assert_int_equal(xtr_oper_clients(oper), XTR_OPER_CLIENTS);
	fd = dial();
	text = hear(fd);
	assert_string_equal(text, "error too many clients are connected\n");
	free(text);
	/* one of them leaves, one is reading, one writes its request a byte at a time */
	close(fds[0]);
	stream_items = 1000000;
	say(fds[1], "[\"show\",\"map-cache\"]\n");
	settle();
	fd = dial();
	settle();
	assert_int_equal(xtr_oper_clients(oper), XTR_OPER_CLIENTS);
	now += XTR_OPER_REQUEST_MS - 1;
	say(fds[2], "[");
	settle();
	xtr_oper_run(oper, now);
	assert_int_equal(xtr_oper_clients(oper), XTR_OPER_CLIENTS);
	now++;
	xtr_oper_run(oper, now);
	assert_int_equal(xtr_oper_clients(oper), 1);
	assert_int_equal(recv(fds[2], &c, 1, 0), 0);
	now += XTR_OPER_READ_MS;
	xtr_oper_run(oper, now);
	assert_int_equal(xtr_oper_clients(oper), 0);
	assert_int_equal(stream_frees, 1);
	close(fd);
	for (unsigned i = 1; i < XTR_OPER_CLIENTS; i++)
		close(fds[i]);
}

static void test_no_descriptors(void **state)
{
	struct rlimit was, limit;
	int fd = dial(), lowest = dup(fd);
	char *text;

	/* no descriptor is left: the waiting client must not keep the server busy */
	close(lowest);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &was), 0);
	limit = was;
	limit.rlim_cur = (rlim_t)lowest;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	say(fd, "[\"clear\",\"ports\"]\n");
	assert_int_equal(settle(), 1);
	assert_int_equal(xtr_oper_clients(oper), 0);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &was), 0);
	assert_int_equal(settle(), 0);
	/* it is served when the server tries again */
	now += 1000;
	xtr_oper_run(oper, now);
	text = hear(fd);
	assert_string_equal(text, "ok\n{\"ports\":[]}\n");
	free(text);
}

static void test_socket_file(void **state)
{
	const unsigned n = sizeof(commands) / sizeof(commands[0]);
	char sub[PATH_MAX], longer[200];
	struct stat st;
	struct xtr_oper *o;
	pid_t pid;
	int fd, status;

	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode, S_IFSOCK | 0600);
	/* a live one stays as it is */
	assert_null(xtr_oper_open(path, commands, n, ARG));
	assert_int_equal(errno, EADDRINUSE);
	expect("[\"clear\",\"ports\"]\n", "ok\n{\"ports\":[]}\n");
	/* a dead one's file is replaced */
	xtr_oper_close(oper);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(xtr_oper_open(path, commands, n, ARG) ? 0 : 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(stat(path, &st), 0);
	oper = xtr_oper_open(path, commands, n, ARG);
	assert_non_null(oper);
	expect("[\"clear\",\"ports\"]\n", "ok\n{\"ports\":[]}\n");
	/* a file that is no socket is nobody's to remove, neither at the start nor at the end */
	unlink(path);
	fd = open(path, O_CREAT | O_EXCL | O_WRONLY, 0600);
	assert_true(fd >= 0);
	close(fd);
	assert_null(xtr_oper_open(path, commands, n, ARG));
	assert_int_equal(errno, ENOTSOCK);
	xtr_oper_close(oper);
	assert_int_equal(stat(path, &st), 0);
	unlink(path);
	/* the directory is made */
	snprintf(sub, sizeof(sub), "%s/run/deep/xtrd.sock", dir);
	o = xtr_oper_open(sub, commands, n, ARG);
	assert_non_null(o);
	assert_int_equal(stat(sub, &st), 0);
	xtr_oper_close(o);
	assert_int_equal(stat(sub, &st), -1);
	snprintf(sub, sizeof(sub), "%s/run/deep", dir);
	assert_int_equal(rmdir(sub), 0);
	snprintf(sub, sizeof(sub), "%s/run", dir);
	assert_int_equal(rmdir(sub), 0);
	/* names that cannot be */
	memset(longer, 'x', sizeof(longer));
	longer[sizeof(longer) - 1] = '\0';
	assert_null(xtr_oper_open(longer, commands, n, ARG));
	assert_int_equal(errno, ENAMETOOLONG);
	assert_null(xtr_oper_open("", commands, n, ARG));
	assert_int_equal(errno, EINVAL);
	xtr_oper_close(NULL);
	setup(state);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(test_answers),
	    T(test_longest_pattern),
	    T(test_errors),
	    T(test_requests_refused),
	    T(test_partial_lines),
	    T(test_oversized_line),
	    T(test_help),
	    T(test_big_document),
	    T(test_slow_reader_of_a_million),
	    T(test_stream_breaks),
	    T(test_two_streams_take_turns),
	    T(test_limits),
	    T(test_no_descriptors),
	    T(test_socket_file),
	};
	int rc;

	if (make_dir() != 0)
		return 1;
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	remove_dir();
	return rc;
}
