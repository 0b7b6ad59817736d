/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The walk over groups and lists by the tables of settings.
 */
#include "config/load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_GUESS 40 /* longer names are compared no further */

/* Edit distance of two short names (Levenshtein). */
static unsigned distance(const char *a, const char *b)
{
	unsigned row[NAME_MAX_GUESS + 1];
	size_t la = strlen(a), lb = strlen(b);

	if (la > NAME_MAX_GUESS || lb > NAME_MAX_GUESS)
		return NAME_MAX_GUESS;
	for (unsigned j = 0; j <= lb; j++)
		row[j] = j;
	for (unsigned i = 1; i <= la; i++) {
		unsigned diagonal = row[0];

		row[0] = i;
		for (unsigned j = 1; j <= lb; j++) {
			unsigned best = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			if (best > row[j] + 1)
				best = row[j] + 1;
			if (best > row[j - 1] + 1)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[lb];
}

static int unknown(
    struct xtr_cfg_loader *l, const config_setting_t *s, const struct xtr_cfg_field *fields)
{
	const char *name = config_setting_name(s), *near = NULL;
	unsigned best = strlen(name) < 3 ? 1 : 3; /* nearer than this is a slip of the hand */
	char *names = NULL;
	size_t size;
	FILE *f = open_memstream(&names, &size);
	int r;

	if (!f)
		return -ENOMEM;
	for (const struct xtr_cfg_field *p = fields; p->name; p++) {
		unsigned d = distance(name, p->name);

		fprintf(f, "%s%s", p == fields ? "" : ", ", p->name);
		if (d < best) {
			best = d;
			near = p->name;
		}
	}
	if (near)
		fprintf(f, " (did you mean %s?)", near);
	if (fclose(f)) {
		free(names);
		return -ENOMEM;
	}
	r = xtr_cfg_fail(l, s, NULL, "found an unknown setting, allowed %s", names);
	free(names);
	return r;
}

int xtr_cfg_read_fields(struct xtr_cfg_loader *l, const config_setting_t *s,
    const struct xtr_cfg_field *fields, void *obj)
{
	unsigned n = (unsigned)config_setting_length(s);

	for (unsigned i = 0; i < n; i++) {
		const config_setting_t *m = config_setting_get_elem(s, i);
		const struct xtr_cfg_field *f = fields;
		int r;

		while (f->name && strcmp(f->name, config_setting_name(m)))
			f++;
		r = f->name ? f->read(l, m, f, obj) : unknown(l, m, fields);
		if (r)
			return r;
	}
	for (const struct xtr_cfg_field *f = fields; f->name; f++)
		if (f->required && !config_setting_get_member(s, f->name))
			return xtr_cfg_fail(
			    l, s, f->name, "found nothing, allowed %s", f->required);
	return 0;
}

int xtr_cfg_read_group(
    struct xtr_cfg_loader *l, const config_setting_t *s, const struct xtr_cfg_field *f, void *obj)
{
	if (!config_setting_is_group(s))
		return xtr_cfg_bad(l, s, "a group of settings in { }");
	return xtr_cfg_read_fields(l, s, f->arg, obj);
}

static bool is_list(const config_setting_t *s)
{
	return config_setting_is_list(s) || config_setting_is_array(s);
}

unsigned xtr_cfg_length(const config_setting_t *s)
{
	return is_list(s) ? (unsigned)config_setting_length(s) : 1;
}

const config_setting_t *xtr_cfg_elem(const config_setting_t *s, unsigned i)
{
	return is_list(s) ? config_setting_get_elem(s, i) : s;
}

const config_setting_t *xtr_cfg_root_member(const struct xtr_cfg_loader *l, const char *name)
{
	return config_setting_get_member(config_root_setting(&l->lc), name);
}

const config_setting_t *xtr_cfg_at(
    const struct xtr_cfg_loader *l, const char *list, unsigned i, const char *member)
{
	const config_setting_t *s = xtr_cfg_elem(xtr_cfg_root_member(l, list), i);

	return member ? config_setting_get_member(s, member) : s;
}

/* An element with what another one has. */
static int check_once(struct xtr_cfg_loader *l, const config_setting_t *s,
    const struct xtr_cfg_list *list, const char *array, unsigned n)
{
	struct xtr_cfg_seen seen = {0};
	char buf[XTR_EID_STRLEN];
	int r = 0;

	for (unsigned i = 0; !r && i < n; i++) {
		const config_setting_t *e = xtr_cfg_elem(s, i);

		if (list->once_member)
			e = config_setting_get_member(e, list->once_member);
		r = xtr_cfg_seen_add(l, &seen, e, list->once(array + i * list->size, buf));
	}
	xtr_cfg_seen_clear(&seen);
	return r;
}

int xtr_cfg_read_list(
    struct xtr_cfg_loader *l, const config_setting_t *s, const struct xtr_cfg_field *f, void *obj)
{
	const struct xtr_cfg_list *list = f->arg;
	void **array = (void *)((char *)obj + f->offset);
	unsigned *count = (void *)((char *)obj + list->count);
	unsigned n = xtr_cfg_length(s);
	int r;

	if (n < f->min || (f->max && n > f->max)) {
		if (f->max)
			return xtr_cfg_bad(
			    l, s, "%lld to %lld of: %s", f->min, f->max, list->allowed);
		return xtr_cfg_bad(l, s, "%lld or more of: %s", f->min, list->allowed);
	}
	if (!n)
		return 0;
	*array = calloc(n, list->size);
	if (!*array)
		return -ENOMEM;
	/* Before they are read: whoever frees them finds zeros in those that were not. */
	*count = n;
	for (unsigned i = 0; i < n; i++) {
		r = list->read(l, xtr_cfg_elem(s, i), (char *)*array + i * list->size);
		if (r)
			return r;
	}
	return list->once ? check_once(l, s, list, *array, n) : 0;
}
