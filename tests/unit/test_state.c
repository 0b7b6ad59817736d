/* SPDX-License-Identifier: BSD-3-Clause */
/* State that outlives a restart: the file, its atomic replacement, what happens to a broken one;
 * and the hash table. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "control/lisp/hash.h"
#include "control/lisp/state.h"

struct dir {
	char path[64], sub[80];
};

static const char *in(const struct dir *d, const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", d->sub, name);
	return path;
}

static int setup(void **state)
{
	struct dir *d = calloc(1, sizeof(*d));

	strcpy(d->path, "/tmp/xtr-state-XXXXXX");
	if (!mkdtemp(d->path))
		return -1;
	snprintf(d->sub, sizeof(d->sub), "%s/state", d->path);
	*state = d;
	return 0;
}

static int teardown(void **state)
{
	static const char *const names[] = {"state.json", "state.json.tmp", "state.json.bad"};
	struct dir *d = *state;

	for (unsigned i = 0; i < 3; i++)
		unlink(in(d, names[i]));
	rmdir(d->sub);
	rmdir(d->path);
	free(d);
	return 0;
}

static void put_file(const struct dir *d, const char *name, const char *text)
{
	FILE *f = fopen(in(d, name), "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void test_round_trip(void **state)
{
	struct dir *d = *state;
	uint8_t id[16] = {1, 2, 0xff}, got[16];
	struct xtr_state *s = xtr_state_open(d->sub);
	struct stat st;

	assert_non_null(s);
	assert_int_equal(stat(d->sub, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	assert_false(xtr_state_xtr_id(s, got));
	assert_int_equal(xtr_state_nonce(s, "register-sent"), 0);
	xtr_state_set_xtr_id(s, id);
	/* nonces of deployed peers use all 64 bits */
	xtr_state_set_nonce(s, "register-sent", UINT64_MAX);
	xtr_state_set_nonce(s, "seen/a \"site\"/10.0.0.1/0", 5);
	xtr_state_set_nonce(s, "seen/a \"site\"/10.0.0.1/0", 6);
	xtr_state_close(s);

	assert_int_equal(stat(in(d, "state.json"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	s = xtr_state_open(d->sub);
	assert_non_null(s);
	assert_true(xtr_state_xtr_id(s, got));
	assert_memory_equal(got, id, 16);
	assert_true(xtr_state_nonce(s, "register-sent") == UINT64_MAX);
	assert_int_equal(xtr_state_nonce(s, "seen/a \"site\"/10.0.0.1/0"), 6);
	assert_int_equal(xtr_state_nonce(s, "seen/a"), 0);
	xtr_state_close(s);
}

static void test_flush_writes_only_changes(void **state)
{
	struct dir *d = *state;
	struct xtr_state *s = xtr_state_open(d->sub);

	assert_int_equal(xtr_state_flush(s), 0);
	assert_int_equal(access(in(d, "state.json"), F_OK), -1);
	xtr_state_set_nonce(s, "n", 1);
	assert_int_equal(xtr_state_flush(s), 0);
	assert_int_equal(access(in(d, "state.json"), F_OK), 0);
	assert_int_equal(unlink(in(d, "state.json")), 0);
	xtr_state_set_nonce(s, "n", 1);
	assert_int_equal(xtr_state_flush(s), 0);
	assert_int_equal(access(in(d, "state.json"), F_OK), -1);
	xtr_state_set_nonce(s, "n", 2);
	assert_int_equal(xtr_state_flush(s), 0);
	assert_int_equal(access(in(d, "state.json"), F_OK), 0);
	assert_int_equal(access(in(d, "state.json.tmp"), F_OK), -1);
	xtr_state_close(s);
}

static void test_flush_fails_and_recovers(void **state)
{
	struct dir *d = *state;
	struct xtr_state *s = xtr_state_open(d->sub);

	/* a directory in the way of the temporary file: no process, root neither, can write there
	 */
	assert_int_equal(mkdir(in(d, "state.json.tmp"), 0700), 0);
	xtr_state_set_nonce(s, "n", 1);
	assert_int_equal(xtr_state_flush(s), -EISDIR);
	assert_int_equal(rmdir(in(d, "state.json.tmp")), 0);
	assert_int_equal(xtr_state_flush(s), 0);
	xtr_state_close(s);
	s = xtr_state_open(d->sub);
	assert_int_equal(xtr_state_nonce(s, "n"), 1);
	xtr_state_close(s);
}

static void test_left_over_temporary(void **state)
{
	struct dir *d = *state;
	struct xtr_state *s = xtr_state_open(d->sub);

	xtr_state_set_nonce(s, "n", 7);
	xtr_state_close(s);
	put_file(d, "state.json.tmp", "{ \"version\": 1, \"nonces\": { \"n\": \"0x00000");
	s = xtr_state_open(d->sub);
	assert_int_equal(xtr_state_nonce(s, "n"), 7);
	xtr_state_set_nonce(s, "n", 8);
	xtr_state_close(s);
	s = xtr_state_open(d->sub);
	assert_int_equal(xtr_state_nonce(s, "n"), 8);
	xtr_state_close(s);
}

#define ONE "\"0x0000000000000001\""

static void test_broken_is_set_aside(void **state)
{
	static const char *const broken[] = {
	    "",
	    "{ \"version\": 1, \"nonces\": { \"n\": \"0x0000000000000001\"",
	    "[]",
	    "7",
	    "{ \"version\": 2, \"nonces\": {} }",
	    "{ \"version\": 1 }",
	    "{ \"version\": 1, \"nonces\": { \"n\": 1 } }",
	    "{ \"version\": 1, \"nonces\": { \"m\": \"0x0000000000000001\", \"n\": \"0x1\" } }",
	    "{ \"version\": 1, \"nonces\": { \"m\": \"0x000000000000000g\" } }",
	    "{ \"version\": 1, \"xtr_id\": \"00\", \"nonces\": {} }",
	    "{\"version\":1,\"nonces\":{\"m\":" ONE ",\"m\":" ONE "}}",
	};
	struct dir *d = *state;
	uint8_t id[16];

	mkdir(d->sub, 0700);
	for (unsigned i = 0; i < sizeof(broken) / sizeof(*broken); i++) {
		struct xtr_state *s;
		struct stat st;

		put_file(d, "state.json", broken[i]);
		s = xtr_state_open(d->sub);
		assert_non_null(s);
		assert_int_equal(xtr_state_nonce(s, "m"), 0);
		assert_int_equal(xtr_state_nonce(s, "n"), 0);
		assert_false(xtr_state_xtr_id(s, id));
		assert_int_equal(access(in(d, "state.json"), F_OK), -1);
		assert_int_equal(stat(in(d, "state.json.bad"), &st), 0);
		assert_int_equal(st.st_size, strlen(broken[i]));
		xtr_state_set_nonce(s, "n", i + 1);
		xtr_state_close(s);
		s = xtr_state_open(d->sub);
		assert_int_equal(xtr_state_nonce(s, "n"), i + 1);
		xtr_state_close(s);
	}
}

/* Killed at any moment, the file is the one before or the one after. */
static void test_killed(void **state)
{
	struct dir *d = *state;
	uint64_t least = 0;

	for (unsigned round = 0; round < 8; round++) {
		uint64_t told;
		struct xtr_state *s;
		int pipe_fd[2], status;
		pid_t pid;

		assert_int_equal(pipe(pipe_fd), 0);
		pid = fork();
		assert_true(pid >= 0);
		if (!pid) {
			char key[32];

			s = xtr_state_open(d->sub);
			if (!s)
				_exit(1);
			for (uint64_t n = least + 1;; n++) {
				for (unsigned i = 0; i < 200; i++) {
					sprintf(key, "seen/%u", i);
					xtr_state_set_nonce(s, key, n);
				}
				if (xtr_state_flush(s) ||
				    write(pipe_fd[1], &n, sizeof(n)) != sizeof(n))
					_exit(1);
			}
		}
		close(pipe_fd[1]);
		for (unsigned i = 0; i <= round; i++) {
			assert_int_equal(read(pipe_fd[0], &told, sizeof(told)), sizeof(told));
			least = told;
		}
		assert_int_equal(kill(pid, SIGKILL), 0);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status));
		while (read(pipe_fd[0], &told, sizeof(told)) == sizeof(told))
			least = told;
		close(pipe_fd[0]);
		s = xtr_state_open(d->sub);
		assert_non_null(s);
		told = xtr_state_nonce(s, "seen/0");
		assert_true(told >= least && told <= least + 1);
		assert_true(xtr_state_nonce(s, "seen/199") == told);
		least = told;
		xtr_state_close(s);
		assert_int_equal(access(in(d, "state.json.bad"), F_OK), -1);
	}
}

static void test_one_process_only(void **state)
{
	struct dir *d = *state;
	struct xtr_state *s = xtr_state_open(d->sub);

	assert_null(xtr_state_open(d->sub));
	assert_int_equal(errno, EBUSY);
	xtr_state_close(s);
	s = xtr_state_open(d->sub);
	assert_non_null(s);
	xtr_state_close(s);
}

static void test_no_directory(void **state)
{
	struct dir *d = *state;
	struct xtr_state *s;
	char path[128];

	snprintf(path, sizeof(path), "%s/not/there", d->path);
	assert_null(xtr_state_open(path));
	assert_int_equal(errno, ENOENT);
	s = xtr_state_open(NULL);
	assert_non_null(s);
	xtr_state_set_nonce(s, "n", 3);
	assert_int_equal(xtr_state_nonce(s, "n"), 3);
	assert_int_equal(xtr_state_flush(s), 0);
	xtr_state_close(s);
	xtr_state_close(NULL);
}

struct item {
	struct xtr_hnode node;
	unsigned n;
	bool there;
};

static void count_item(struct xtr_hnode *node, void *arg)
{
	assert_true(((struct item *)node)->there);
	(*(unsigned *)arg)++;
}

static struct item *look_up(const struct xtr_hash *h, unsigned n)
{
	uint32_t hash = xtr_hash_bytes(0, &n, sizeof(n));

	for (struct xtr_hnode *x = xtr_hash_chain(h, hash); x; x = x->next)
		if (x->hash == hash && ((struct item *)x)->n == n)
			return (struct item *)x;
	return NULL;
}

/* Against an array: insertions, deletions and look-ups while the table grows. */
static void test_hash(void **state)
{
	enum { N = 5000 };
	struct item *items = calloc(N, sizeof(*items));
	struct xtr_hash h;
	unsigned there = 0, n, longest = 0;

	assert_int_equal(xtr_hash_init(&h), 0);
	srandom(1);
	for (unsigned step = 0; step < 40000; step++) {
		struct item *it = &items[(unsigned)random() % N];

		it->n = (unsigned)(it - items);
		assert_ptr_equal(look_up(&h, it->n), it->there ? it : NULL);
		if (!it->there) {
			xtr_hash_add(&h, &it->node, xtr_hash_bytes(0, &it->n, sizeof(it->n)));
			it->there = true;
			there++;
		} else if (random() % 3 == 0) {
			xtr_hash_del(&h, &it->node);
			it->there = false;
			there--;
		}
		assert_int_equal(h.n, there);
	}
	n = 0;
	xtr_hash_each(&h, count_item, &n);
	assert_int_equal(n, there);
	for (unsigned i = 0; i < h.level + h.split; i++) {
		unsigned chain = 0;

		for (struct xtr_hnode *x = h.bucket[i]; x; x = x->next)
			chain++;
		longest = chain > longest ? chain : longest;
	}
	assert_true(h.level + h.split >= there && longest < 12);
	xtr_hash_free(&h);
	free(items);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_round_trip, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_flush_writes_only_changes, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_flush_fails_and_recovers, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_left_over_temporary, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_broken_is_set_aside, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_killed, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_one_process_only, setup, teardown),
	    cmocka_unit_test_setup_teardown(test_no_directory, setup, teardown),
	    cmocka_unit_test(test_hash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
