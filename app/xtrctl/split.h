/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Takes a JSON object apart while it is being read: {"a":1,"b":[x,y]} gives a: 1, then b: x, then
 * b: y. So a list of a million entries needs the memory of one.
 */
#ifndef XTRCTL_SPLIT_H
#define XTRCTL_SPLIT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct xtrctl_split {
	/* A member of the object, or an item of a member that is an array. The reference stays the
	 * splitter's. */
	void (*value)(void *arg, const char *key, json_t *value, bool item);
	void *arg;
	/* private; zeroed at first */
	enum {
		SPLIT_BEGIN,
		SPLIT_KEY,
		SPLIT_COLON,
		SPLIT_VALUE,
		SPLIT_ITEM,
		SPLIT_CAPTURE,
		SPLIT_END
	} state;
	bool in_array, is_key, in_string, escaped;
	unsigned depth; /* of brackets inside what is being captured */
	char *key;
	char *buf;
	size_t len, size;
};

/* Returns 0, or negative errno: -EPROTO where it is no JSON object. */
int xtrctl_split_feed(struct xtrctl_split *s, const char *p, size_t len);
/* Has the whole object gone by? */
bool xtrctl_split_done(const struct xtrctl_split *s);
void xtrctl_split_free(struct xtrctl_split *s);

#endif
