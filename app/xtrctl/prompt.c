/* SPDX-License-Identifier: BSD-3-Clause */
#include "prompt.h"
#include "render.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <editline/readline.h>
#include <histedit.h>

#define LINE_MAX_BYTES 4096
#define PROMPT         "xtrd> "

/* What completion knows; libedit's hooks take no argument. */
static json_t *commands; /* xtrd's answer to "help", {"commands":[...]} */
static const char *socket_path;

struct text {
	char *p;
	size_t len;
};

static int sink_text(void *arg, const char *p, size_t len, char *err, size_t err_size)
{
	struct text *t = arg;
	char *more = realloc(t->p, t->len + len);

	if (more == NULL)
		return -ENOMEM;
	memcpy(more + t->len, p, len);
	t->p = more;
	t->len += len;
	return 0;
}

static void load_commands(void)
{
	static const char *const words[] = {"help"};
	struct text t = {NULL, 0};
	char why[256];

	if (xtrctl_ask(socket_path, words, 1, sink_text, &t, why, sizeof(why)) == 0)
		commands = json_loadb(t.p, t.len, 0, NULL);
	free(t.p);
}

/* The next word of a text: its length, 0 at the end; *at moves behind it. */
static size_t next_word(const char **at, const char **word)
{
	*word = *at + strspn(*at, " ");
	*at = *word + strcspn(*word, " ");
	return (size_t)(*at - *word);
}

/* Adds a word that may come next, if it begins with what was typed and is not there yet. */
static void propose(json_t *found, const char *typed, const char *word, size_t len)
{
	char buf[64];

	if (len >= sizeof(buf) || strncmp(word, typed, strlen(typed)) != 0)
		return;
	memcpy(buf, word, len);
	buf[len] = '\0';
	if (strlen(buf) >= strlen(typed))
		json_object_set_new(found, buf, json_null());
}

/* The words of "[ADDRESS|PREFIX] [instance N] [on|off]" that stand for themselves: those in lower
 * case. */
static void propose_args(json_t *found, const char *typed, const char *args)
{
	while (*args != '\0') {
		size_t len = 0;

		while (islower((unsigned char)args[len]) || args[len] == '-')
			len++;
		if (len > 1 && !isalnum((unsigned char)args[len]))
			propose(found, typed, args, len);
		args += len ? len : 1;
		while (len > 0 && isalnum((unsigned char)*args))
			args++;
	}
}

/* What may come behind the words of `line`, as keys of an object. */
static json_t *candidates(const char *line, const char *typed)
{
	json_t *found = json_object(), *c;
	size_t i;

	json_array_foreach (json_object_get(commands, "commands"), i, c) {
		const char *pattern = xtrctl_string(c, "words"), *at = line, *w, *p;
		const char *args = json_string_value(json_object_get(c, "args"));
		size_t wlen, plen;

		for (;;) {
			wlen = next_word(&at, &w);
			plen = next_word(&pattern, &p);
			if (wlen == 0 || plen == 0 || wlen != plen || memcmp(w, p, wlen) != 0)
				break;
		}
		if (wlen == 0 && plen > 0)
			propose(found, typed, p, plen);
		else if (plen == 0 && args != NULL)
			propose_args(found, typed, args);
	}
	return found;
}

static json_t *matching; /* of the completion under way */

static char *each_candidate(const char *typed, int again)
{
	static void *at;

	at = again ? json_object_iter_next(matching, at) : json_object_iter(matching);
	return at ? strdup(json_object_iter_key(at)) : NULL;
}

static char **complete(const char *typed, int start, int end)
{
	char line[LINE_MAX_BYTES], **matches;
	size_t len = (size_t)start < sizeof(line) ? (size_t)start : sizeof(line) - 1;

	rl_attempted_completion_over = 1; /* never file names */
	if (commands == NULL)
		load_commands();
	memcpy(line, rl_line_buffer, len);
	line[len] = '\0';
	matching = candidates(line, typed);
	matches = rl_completion_matches(typed, each_candidate);
	json_decref(matching);
	matching = NULL;
	return matches;
}

/* Returns 0, 1 where the command failed, or -1 at "quit". */
static int run_line(const char *line, bool raw)
{
	static const char *const help[] = {"help"};
	Tokenizer *tok = tok_init(NULL);
	const char **typed = NULL;
	const char *const *words;
	char why[1024];
	int n, rc = 0;

	if (tok == NULL || tok_str(tok, line, &n, &typed) != 0) {
		fputs("xtrctl: a quotation mark is not closed\n", stderr);
		rc = 1;
	} else if (n > 0 && (!strcmp(typed[0], "quit") || !strcmp(typed[0], "exit"))) {
		rc = -1;
	} else if (n > 0) {
		words = typed;
		if (!strcmp(typed[0], "?")) {
			words = help;
			n = 1;
		}
		if (n == 2 && !strcmp(words[0], "decode") && !strcmp(words[1], "-")) {
			fputs("xtrctl: decode - reads standard input, which is the prompt's here\n",
			    stderr);
			rc = 1;
		} else if (xtrctl_show(stdout, socket_path, raw, words, (unsigned)n, why,
			       sizeof(why)) != 0) {
			fprintf(stderr, "xtrctl: %s\n", why);
			rc = 1;
		}
	}
	if (tok != NULL)
		tok_end(tok);
	return rc;
}

static int run_file(bool raw)
{
	char *line = NULL;
	size_t size = 0;
	ssize_t n;
	int rc, failed = 0;

	while ((n = getline(&line, &size, stdin)) >= 0) {
		if (n > 0 && line[n - 1] == '\n')
			line[n - 1] = '\0';
		rc = run_line(line, raw);
		if (rc < 0)
			break;
		failed |= rc;
	}
	free(line);
	return failed;
}

int xtrctl_prompt(const char *path, bool raw)
{
	char *line;
	int rc = 0;

	socket_path = path;
	if (!isatty(STDIN_FILENO))
		return run_file(raw);
	rl_readline_name = "xtrctl";
	rl_attempted_completion_function = complete;
	using_history();
	while (rc >= 0 && (line = readline(PROMPT)) != NULL) {
		if (line[strspn(line, " ")] != '\0')
			add_history(line);
		rc = run_line(line, raw);
		free(line);
	}
	if (rc >= 0)
		putchar('\n');
	clear_history();
	json_decref(commands);
	commands = NULL;
	return 0;
}
