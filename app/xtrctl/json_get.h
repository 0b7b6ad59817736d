/* SPDX-License-Identifier: BSD-3-Clause */
/* Short names for the members of a JSON object, with 0, "" or NULL for what is not there. */
#ifndef XTRCTL_JSON_GET_H
#define XTRCTL_JSON_GET_H

#include <jansson.h>
#include <stdbool.h>
#include <string.h>

static inline long long get_int(const json_t *o, const char *key)
{
	return (long long)json_integer_value(json_object_get(o, key));
}

static inline const char *get_text(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s != NULL ? s : "";
}

/* Is the member there, and not null? */
static inline bool has(const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);

	return v != NULL && !json_is_null(v);
}

static inline bool is_true(const json_t *o, const char *key)
{
	return json_is_true(json_object_get(o, key));
}

/* Is the letter among the object's "flags"? */
static inline bool has_flag(const json_t *o, const char *letter)
{
	const json_t *flags = json_object_get(o, "flags"), *f;
	size_t i;

	json_array_foreach (flags, i, f)
		if (!strcmp(json_string_value(f), letter))
			return true;
	return false;
}

/* How many bytes a member in hexadecimal stands for. */
static inline size_t hex_bytes(const json_t *o, const char *key)
{
	return strlen(get_text(o, key)) / 2;
}

#endif
