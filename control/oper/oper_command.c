/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/oper/oper_impl.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Has neither function: oper.c knows it by its address. */
static const struct xtr_oper_command help_command = {
    .words = "help",
    .help = "the commands, one by one",
};

static const struct xtr_oper_command *command_at(const struct xtr_oper_table *table, unsigned i)
{
	return i < table->n ? &table->commands[i] : &help_command;
}

bool xtr_oper_is_help(const struct xtr_oper_command *command)
{
	return command == &help_command;
}

int xtr_oper_words(const char *line, size_t len, json_t **request,
    const char *words[XTR_OPER_WORDS], char *err, size_t err_size)
{
	json_error_t why;
	json_t *doc, *word;
	size_t i;

	doc = json_loadb(line, len, JSON_REJECT_DUPLICATES, &why);
	if (doc == NULL) {
		snprintf(err, err_size, "the request is no JSON array of words: %s", why.text);
		return -EINVAL;
	}
	if (!json_is_array(doc) || json_array_size(doc) == 0 ||
	    json_array_size(doc) > XTR_OPER_WORDS) {
		snprintf(
		    err, err_size, "a request is a JSON array of 1 to %u words", XTR_OPER_WORDS);
		goto bad;
	}
	json_array_foreach (doc, i, word) {
		if (!json_is_string(word)) {
			snprintf(err, err_size, "word %zu of the request is no string", i + 1);
			goto bad;
		}
		words[i] = json_string_value(word);
	}
	*request = doc;
	return (int)json_array_size(doc);
bad:
	json_decref(doc);
	return -EINVAL;
}

/* The next word of a pattern: its length, and *at behind it; 0 at the end. */
static size_t next_word(const char **at, const char **word)
{
	*word = *at + strspn(*at, " ");
	*at = *word + strcspn(*word, " ");
	return (size_t)(*at - *word);
}

/* How many words of the pattern the request begins with; *rest is the pattern behind them, "" when
 * all of it fits. */
static unsigned match(
    const char *pattern, const char *const *words, unsigned n_words, const char **rest)
{
	const char *at = pattern, *word;
	unsigned n = 0;
	size_t len;

	*rest = pattern;
	while (n < n_words && (len = next_word(&at, &word)) > 0) {
		if (strlen(words[n]) != len || memcmp(words[n], word, len) != 0)
			break;
		n++;
		*rest = at;
	}
	return n;
}

/* A text that is built up in err and cut off at its end. */
struct text {
	char *p;
	size_t size, len;
};

static void __attribute__((format(printf, 2, 3))) add(struct text *t, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(t->p + t->len, t->size - t->len, fmt, ap);
	va_end(ap);
	if (n > 0)
		t->len += (size_t)n < t->size - t->len ? (size_t)n : t->size - t->len - 1;
}

/* Was the word that pattern `upto` goes on with after these words named by an earlier pattern
 * already? */
static bool listed(const struct xtr_oper_table *table, unsigned upto, const char *const *words,
    unsigned n_words, const char *word, size_t len)
{
	for (unsigned i = 0; i < upto; i++) {
		const char *rest, *w;
		size_t n;

		if (match(command_at(table, i)->words, words, n_words, &rest) < n_words)
			continue;
		n = next_word(&rest, &w);
		if (n == len && memcmp(w, word, len) == 0)
			return true;
	}
	return false;
}

/* Adds the words that may follow these, in the order of the table. Returns how many; t may be NULL,
 * to count. */
static unsigned list_next(
    const struct xtr_oper_table *table, const char *const *words, unsigned n_words, struct text *t)
{
	unsigned n = 0;

	for (unsigned i = 0; i <= table->n; i++) {
		const char *rest, *word;
		size_t len;

		if (match(command_at(table, i)->words, words, n_words, &rest) < n_words)
			continue;
		len = next_word(&rest, &word);
		if (len == 0 || listed(table, i, words, n_words, word, len))
			continue;
		if (t != NULL)
			add(t, "%s%.*s", n ? ", " : "", (int)len, word);
		n++;
	}
	return n;
}

static void add_words(struct text *t, const char *const *words, unsigned n_words)
{
	for (unsigned i = 0; i < n_words; i++)
		add(t, "%s%.64s", i ? " " : "", words[i]);
}

const struct xtr_oper_command *xtr_oper_find(const struct xtr_oper_table *table,
    const char *const *words, unsigned n_words, unsigned *used, char *err, size_t err_size)
{
	const struct xtr_oper_command *best = NULL;
	struct text t = {.p = err, .size = err_size};
	unsigned known = 0;

	*used = 0;
	for (unsigned i = 0; i <= table->n; i++) {
		const struct xtr_oper_command *c = command_at(table, i);
		const char *rest;
		unsigned n = match(c->words, words, n_words, &rest);

		if (n > known)
			known = n;
		if (n > *used && *rest == '\0') {
			best = c;
			*used = n;
		}
	}
	if (best != NULL && (*used == n_words || best->args != NULL))
		return best;

	/* `known` words are right; say what may come behind them */
	if (known == n_words) {
		add(&t, "incomplete command, after '");
		add_words(&t, words, known);
		add(&t, "' comes one of: ");
		list_next(table, words, known, &t);
	} else if (known == 0) {
		add(&t, "unknown command '%.64s', there are: ", words[0]);
		list_next(table, words, 0, &t);
	} else {
		add(&t, "unknown word '%.64s', after '", words[known]);
		add_words(&t, words, known);
		if (list_next(table, words, known, NULL) == 0) {
			add(&t, "' comes nothing");
		} else {
			add(&t, "' comes %sone of: ",
			    best != NULL && *used == known ? "nothing or " : "");
			list_next(table, words, known, &t);
		}
	}
	return NULL;
}

json_t *xtr_oper_help(const struct xtr_oper_table *table)
{
	json_t *list = json_array();

	for (unsigned i = 0; list != NULL && i <= table->n; i++) {
		const struct xtr_oper_command *c = command_at(table, i);
		json_t *one = json_pack(
		    "{s:s,s:s?,s:s}", "words", c->words, "args", c->args, "help", c->help);

		if (one == NULL || json_array_append_new(list, one) != 0) {
			json_decref(list);
			list = NULL;
		}
	}
	return list ? json_pack("{s:o}", "commands", list) : NULL;
}
