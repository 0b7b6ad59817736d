/* SPDX-License-Identifier: BSD-3-Clause */
#include "render.h"

#include "decode.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct xtrctl_listing *const listings[] = {
    &xtrctl_show_map_cache_summary, /* before what its words begin with */
    &xtrctl_show_map_cache,
    &xtrctl_show_database,
    &xtrctl_show_sites,
    &xtrctl_show_rlocs,
    &xtrctl_show_petrs,
    &xtrctl_show_forwarding,
    &xtrctl_lig,
    &xtrctl_show_ports,
    &xtrctl_show_workers,
    &xtrctl_show_counters,
    &xtrctl_show_drops,
    &xtrctl_version,
    &xtrctl_help,
};

/* The one command that is not xtrd's. */
static int decode(
    FILE *out, bool raw, const char *const *words, unsigned n_words, char *err, size_t err_size)
{
	if (n_words == 2)
		return xtrctl_decode(out, raw, words[1], err, err_size);
	snprintf(err, err_size, "decode takes the name of one file, or - for standard input");
	return -EINVAL;
}

/* Does the command begin with these words? Returns how many they are, or 0. */
static unsigned begins(const char *pattern, const char *const *words, unsigned n_words)
{
	unsigned n = 0;

	while (*pattern != '\0') {
		size_t len = strcspn(pattern, " ");

		if (n == n_words || strlen(words[n]) != len || memcmp(words[n], pattern, len) != 0)
			return 0;
		n++;
		pattern += len + strspn(pattern + len, " ");
	}
	return n;
}

static int write_failed(char *err, size_t err_size)
{
	int rc = errno ? -errno : -EIO;

	snprintf(err, err_size, "cannot write: %s", strerror(-rc));
	return rc;
}

static int sink_raw(void *arg, const char *p, size_t len, char *err, size_t err_size)
{
	errno = 0;
	return fwrite(p, 1, len, arg) == len ? 0 : write_failed(err, err_size);
}

/* Each event is to be seen when it comes. */
static int sink_lines(void *arg, const char *p, size_t len, char *err, size_t err_size)
{
	errno = 0;
	if (fwrite(p, 1, len, arg) != len || fflush(arg) != 0)
		return write_failed(err, err_size);
	return 0;
}

/* JSON with line ends and indents put in. */
struct pretty {
	FILE *out;
	unsigned depth;
	bool in_string, escaped;
	bool opened; /* a bracket, and nothing behind it yet */
};

static void new_line(const struct pretty *p)
{
	fprintf(p->out, "\n%*s", (int)(2 * p->depth), "");
}

static void pretty_byte(struct pretty *p, char c)
{
	if (p->in_string) {
		fputc(c, p->out);
		if (p->escaped)
			p->escaped = false;
		else if (c == '\\')
			p->escaped = true;
		else if (c == '"')
			p->in_string = false;
		return;
	}
	if (c == ' ' || c == '\n' || c == '\r' || c == '\t')
		return;
	if (c == '}' || c == ']') {
		if (p->depth > 0)
			p->depth--;
		if (!p->opened)
			new_line(p);
		p->opened = false;
		fputc(c, p->out);
		return;
	}
	if (p->opened)
		new_line(p);
	p->opened = false;
	fputc(c, p->out);
	if (c == '{' || c == '[') {
		p->depth++;
		p->opened = true;
	} else if (c == ',') {
		new_line(p);
	} else if (c == ':') {
		fputc(' ', p->out);
	} else if (c == '"') {
		p->in_string = true;
	}
}

static int sink_pretty(void *arg, const char *p, size_t len, char *err, size_t err_size)
{
	struct pretty *pretty = arg;

	errno = 0;
	for (size_t i = 0; i < len; i++)
		pretty_byte(pretty, p[i]);
	return ferror(pretty->out) ? write_failed(err, err_size) : 0;
}

struct listing_sink {
	struct xtrctl_split split;
	FILE *out;
};

static int sink_listing(void *arg, const char *p, size_t len, char *err, size_t err_size)
{
	struct listing_sink *s = arg;
	int rc;

	errno = 0;
	rc = xtrctl_split_feed(&s->split, p, len);
	if (rc == -EPROTO)
		snprintf(err, err_size, "the answer is not the JSON that was expected");
	else if (rc != 0)
		snprintf(err, err_size, "%s", strerror(-rc));
	else if (ferror(s->out))
		rc = write_failed(err, err_size);
	return rc;
}

static int show_listing(FILE *out, const char *path, const struct xtrctl_listing *listing, bool all,
    bool detail, const char *const *words, unsigned n_words, char *err, size_t err_size)
{
	struct xtrctl_view *view = calloc(1, listing->state_size);
	struct listing_sink s = {.split = {.value = listing->value, .arg = view}, .out = out};
	int rc;

	if (view == NULL) {
		snprintf(err, err_size, "out of memory");
		return -ENOMEM;
	}
	view->out = out;
	view->all = all;
	view->detail = detail;
	rc = xtrctl_ask(path, words, n_words, sink_listing, &s, err, err_size);
	if (rc == 0 && !xtrctl_split_done(&s.split)) {
		snprintf(err, err_size, "the answer is not the JSON that was expected");
		rc = -EPROTO;
	}
	/* what arrived before the error is shown */
	if (rc == 0 || s.split.state != SPLIT_BEGIN)
		listing->end(view);
	xtrctl_split_free(&s.split);
	free(view);
	return rc;
}

int xtrctl_show(FILE *out, const char *path, bool raw, const char *const *words, unsigned n_words,
    char *err, size_t err_size)
{
	const struct xtrctl_listing *listing = NULL;
	struct pretty pretty = {.out = out};
	bool all = false, detail = false;
	unsigned used = 0;
	int rc;

	for (unsigned i = 0; i < sizeof(listings) / sizeof(listings[0]) && used == 0; i++) {
		used = begins(listings[i]->words, words, n_words);
		if (used > 0)
			listing = listings[i];
	}
	/* two words are about the text alone, and not xtrd's business */
	if (listing == &xtrctl_show_counters || listing == &xtrctl_show_drops)
		all = n_words == used + 1 && !strcmp(words[used], "all");
	if (listing == &xtrctl_show_sites && n_words > used) {
		detail = true;
		if (!strcmp(words[n_words - 1], "detail"))
			n_words--;
	}
	if (all)
		n_words--;
	if (!strcmp(words[0], "decode"))
		rc = decode(out, raw, words, n_words, err, err_size);
	else if (!strcmp(words[0], "monitor"))
		rc = xtrctl_ask(path, words, n_words, sink_lines, out, err, err_size);
	else if (raw)
		rc = xtrctl_ask(path, words, n_words, sink_raw, out, err, err_size);
	else if (listing != NULL)
		rc = show_listing(out, path, listing, all, detail, words, n_words, err, err_size);
	else {
		rc = xtrctl_ask(path, words, n_words, sink_pretty, &pretty, err, err_size);
		if (rc == 0)
			fputc('\n', out);
	}
	errno = 0;
	if (rc == 0 && (fflush(out) != 0 || ferror(out)))
		rc = write_failed(err, err_size);
	return rc;
}
