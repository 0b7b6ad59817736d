/* SPDX-License-Identifier: BSD-3-Clause */
#include "split.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool is_space(char c)
{
	return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static int keep(struct xtrctl_split *s, char c)
{
	if (s->len == s->size) {
		size_t size = s->size ? s->size * 2 : 1024;
		char *buf = realloc(s->buf, size);

		if (buf == NULL)
			return -ENOMEM;
		s->buf = buf;
		s->size = size;
	}
	s->buf[s->len++] = c;
	return 0;
}

static void begin_capture(struct xtrctl_split *s, bool is_key)
{
	s->state = SPLIT_CAPTURE;
	s->is_key = is_key;
	s->in_string = s->escaped = false;
	s->depth = 0;
	s->len = 0;
}

/* What was captured is whole. */
static int end_capture(struct xtrctl_split *s)
{
	json_t *v = json_loadb(s->buf, s->len, JSON_DECODE_ANY, NULL);

	if (v == NULL || (s->is_key && !json_is_string(v))) {
		json_decref(v);
		return -EPROTO;
	}
	if (s->is_key) {
		free(s->key);
		s->key = strdup(json_string_value(v));
		s->state = SPLIT_COLON;
	} else {
		s->value(s->arg, s->key, v, s->in_array);
		s->state = s->in_array ? SPLIT_ITEM : SPLIT_KEY;
	}
	json_decref(v);
	return s->key ? 0 : -ENOMEM;
}

/* A byte of a value. It ends at the comma or bracket behind it, which is not part of it: returns 1,
 * else 0 or negative errno. */
static int capture(struct xtrctl_split *s, char c)
{
	if (s->in_string) {
		if (s->escaped)
			s->escaped = false;
		else if (c == '\\')
			s->escaped = true;
		else if (c == '"')
			s->in_string = false;
		return keep(s, c);
	}
	if (s->depth == 0 && s->len > 0 && (c == ',' || c == ']' || c == '}' || c == ':')) {
		int rc = end_capture(s);

		return rc ? rc : 1;
	}
	if (c == '"')
		s->in_string = true;
	else if (c == '{' || c == '[')
		s->depth++;
	else if ((c == '}' || c == ']') && s->depth > 0)
		s->depth--;
	return keep(s, c);
}

static int feed(struct xtrctl_split *s, char c)
{
	int rc;

	if (s->state == SPLIT_CAPTURE) {
		rc = capture(s, c);
		if (rc <= 0)
			return rc;
		/* c is what follows the value: it is looked at below */
	}
	if (is_space(c))
		return 0;
	switch (s->state) {
	case SPLIT_BEGIN:
		s->state = SPLIT_KEY;
		return c == '{' ? 0 : -EPROTO;
	case SPLIT_KEY:
		if (c == ',')
			return 0;
		if (c == '}') {
			s->state = SPLIT_END;
			return 0;
		}
		if (c != '"')
			return -EPROTO;
		begin_capture(s, true);
		return capture(s, c);
	case SPLIT_COLON:
		s->state = SPLIT_VALUE;
		return c == ':' ? 0 : -EPROTO;
	case SPLIT_VALUE:
		if (c == '[') {
			s->in_array = true;
			s->state = SPLIT_ITEM;
			return 0;
		}
		begin_capture(s, false);
		return capture(s, c);
	case SPLIT_ITEM:
		if (c == ',')
			return 0;
		if (c == ']') {
			s->in_array = false;
			s->state = SPLIT_KEY;
			return 0;
		}
		begin_capture(s, false);
		return capture(s, c);
	case SPLIT_CAPTURE:
	case SPLIT_END:
		break;
	}
	return -EPROTO;
}

int xtrctl_split_feed(struct xtrctl_split *s, const char *p, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		int rc = feed(s, p[i]);

		if (rc != 0)
			return rc;
	}
	return 0;
}

bool xtrctl_split_done(const struct xtrctl_split *s)
{
	return s->state == SPLIT_END;
}

void xtrctl_split_free(struct xtrctl_split *s)
{
	free(s->key);
	free(s->buf);
}
