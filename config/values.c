/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Readers of plain values: numbers, booleans, words, texts, hexadecimal digits.
 */
#include "config/load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int xtr_cfg_read_int(
    struct xtr_cfg_loader *l, const config_setting_t *s, const struct xtr_cfg_field *f, void *obj)
{
	void *to = (char *)obj + f->offset;
	int type = config_setting_type(s);
	const char *zero = f->or_zero ? "0, or " : "";
	long long v;

	if (type != CONFIG_TYPE_INT && type != CONFIG_TYPE_INT64)
		return xtr_cfg_bad(l, s, "a whole number, %s%lld to %lld", zero, f->min, f->max);
	v = config_setting_get_int64(s);
	if ((v < f->min || v > f->max) && !(f->or_zero && v == 0))
		return xtr_cfg_bad(l, s, "%s%lld to %lld", zero, f->min, f->max);
	switch (f->size) {
	case 1:
		*(uint8_t *)to = (uint8_t)v;
		break;
	case 2:
		*(uint16_t *)to = (uint16_t)v;
		break;
	default:
		*(uint32_t *)to = (uint32_t)v;
	}
	return 0;
}

int xtr_cfg_read_bool(
    struct xtr_cfg_loader *l, const config_setting_t *s, const struct xtr_cfg_field *f, void *obj)
{
	if (config_setting_type(s) != CONFIG_TYPE_BOOL)
		return xtr_cfg_bad(l, s, "true or false");
	*(bool *)((char *)obj + f->offset) = config_setting_get_bool(s);
	return 0;
}

int xtr_cfg_word(
    struct xtr_cfg_loader *l, const config_setting_t *s, const struct xtr_cfg_word *words)
{
	char *names = NULL;
	size_t size;
	FILE *f;
	int r;

	if (config_setting_type(s) == CONFIG_TYPE_STRING)
		for (const struct xtr_cfg_word *w = words; w->word; w++)
			if (!strcmp(w->word, config_setting_get_string(s)))
				return w->value;
	f = open_memstream(&names, &size);
	if (!f)
		return -ENOMEM;
	for (const struct xtr_cfg_word *w = words; w->word; w++)
		fprintf(f, "%s\"%s\"", w == words ? "" : w[1].word ? ", " : " or ", w->word);
	if (fclose(f)) {
		free(names);
		return -ENOMEM;
	}
	r = xtr_cfg_bad(l, s, "%s", names);
	free(names);
	return r;
}

/* The value is an int, or where f->size is 1, a bool or a byte. */
int xtr_cfg_read_word(
    struct xtr_cfg_loader *l, const config_setting_t *s, const struct xtr_cfg_field *f, void *obj)
{
	void *to = (char *)obj + f->offset;
	int v = xtr_cfg_word(l, s, f->arg);

	if (v < 0)
		return v;
	if (f->size == 1)
		*(uint8_t *)to = (uint8_t)v;
	else
		*(int *)to = v;
	return 0;
}

const char *xtr_cfg_text(
    struct xtr_cfg_loader *l, const config_setting_t *s, size_t max, const char *allowed)
{
	const char *text;

	if (config_setting_type(s) == CONFIG_TYPE_STRING) {
		text = config_setting_get_string(s);
		if (*text && strlen(text) <= max)
			return text;
	}
	xtr_cfg_bad(l, s, "%s", allowed);
	return NULL;
}

/* A text of 1 to f->max bytes, copied; f->arg says what it is. */
int xtr_cfg_read_text(
    struct xtr_cfg_loader *l, const config_setting_t *s, const struct xtr_cfg_field *f, void *obj)
{
	char **to = (void *)((char *)obj + f->offset);
	const char *text = xtr_cfg_text(l, s, (size_t)f->max, f->arg);

	if (!text)
		return -EINVAL;
	free(*to); /* a default */
	*to = strdup(text);
	return *to ? 0 : -ENOMEM;
}

/* f->size bytes as two digits each, nothing between them. */
int xtr_cfg_read_hex(
    struct xtr_cfg_loader *l, const config_setting_t *s, const struct xtr_cfg_field *f, void *obj)
{
	uint8_t *to = (uint8_t *)obj + f->offset;
	const char *text = "";
	unsigned v;

	if (config_setting_type(s) == CONFIG_TYPE_STRING)
		text = config_setting_get_string(s);
	if (strlen(text) != 2 * f->size || strspn(text, "0123456789abcdefABCDEF") != 2 * f->size)
		return xtr_cfg_bad(l, s, "%u hexadecimal digits in quotes", 2 * f->size);
	for (unsigned i = 0; i < f->size; i++) {
		sscanf(text + 2 * i, "%2x", &v);
		to[i] = (uint8_t)v;
	}
	return 0;
}
