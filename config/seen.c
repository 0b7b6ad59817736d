/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is there already, so that the second one is an error. A balanced tree: a Map-Server may have
 * a hundred thousand prefixes.
 */
#include "config/load.h"

#include <errno.h>
#include <search.h>
#include <stdlib.h>
#include <string.h>

struct seen_text {
	const config_setting_t *s;
	const char *text;
	char own[]; /* text points here */
};

static int compare(const void *a, const void *b)
{
	const struct seen_text *ea = a, *eb = b;

	return strcmp(ea->text, eb->text);
}

int xtr_cfg_seen_add(struct xtr_cfg_loader *l, struct xtr_cfg_seen *seen, const config_setting_t *s,
    const char *text)
{
	struct seen_text *e = malloc(sizeof(*e) + strlen(text) + 1), **there;

	if (!e)
		return -ENOMEM;
	e->s = s;
	e->text = strcpy(e->own, text);
	there = tsearch(e, &seen->root, compare);
	if (!there) {
		free(e);
		return -ENOMEM;
	}
	if (*there == e)
		return 0;
	free(e);
	return xtr_cfg_fail(l, s, NULL, "found %s again, allowed once (it is on line %u)", text,
	    xtr_cfg_line((*there)->s));
}

const config_setting_t *xtr_cfg_seen_find(const struct xtr_cfg_seen *seen, const char *text)
{
	struct seen_text key = {.text = text}, **there = tfind(&key, &seen->root, compare);

	return there ? (*there)->s : NULL;
}

void xtr_cfg_seen_clear(struct xtr_cfg_seen *seen)
{
	tdestroy(seen->root, free);
	seen->root = NULL;
}
