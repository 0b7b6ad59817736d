/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/load.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

unsigned xtr_cfg_line(const config_setting_t *s)
{
	/* config.c hangs the line on the setting: libconfig's own is that of the next token for the
	 * last text of a list */
	unsigned line = (unsigned)(uintptr_t)config_setting_get_hook(s);

	return line ? line : 1;
}

static void put_path(FILE *f, const config_setting_t *s)
{
	const config_setting_t *parent = config_setting_parent(s);

	if (!parent)
		return;
	put_path(f, parent);
	if (!config_setting_name(s))
		fprintf(f, "[%d]", config_setting_index(s));
	else
		fprintf(
		    f, "%s%s", config_setting_is_root(parent) ? "" : ".", config_setting_name(s));
}

/* Is it a setting about keys, or does it stand in one? Its text may be a secret, though in the
 * wrong place. */
static bool about_key(const config_setting_t *s)
{
	for (; s; s = config_setting_parent(s))
		if (config_setting_name(s) && strstr(config_setting_name(s), "key"))
			return true;
	return false;
}

/* In quotes, on one line whatever is in it, and not for pages. */
static void quote(const char *text, char *buf, size_t size)
{
	size_t n = 0;

	buf[n++] = '"';
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (n + 10 > size) {
			/* no half of a UTF-8 character before the dots */
			while (n > 1 && (*text & 0xc0) == 0x80) {
				text--;
				n--;
			}
			n += (size_t)snprintf(buf + n, size - n, "...");
			break;
		}
		if (c < 0x20 || c == 0x7f)
			n += (size_t)snprintf(buf + n, size - n, "\\x%02x", c);
		else
			buf[n++] = (char)c;
	}
	snprintf(buf + n, size - n, "\"");
}

const char *xtr_cfg_found(const config_setting_t *s, char buf[XTR_CFG_FOUND_LEN])
{
	switch (config_setting_type(s)) {
	case CONFIG_TYPE_INT:
	case CONFIG_TYPE_INT64:
		if (about_key(s))
			return "a number";
		snprintf(buf, XTR_CFG_FOUND_LEN, "%lld", config_setting_get_int64(s));
		return buf;
	case CONFIG_TYPE_FLOAT:
		if (about_key(s))
			return "a number with a fraction";
		snprintf(buf, XTR_CFG_FOUND_LEN, "%.15g", config_setting_get_float(s));
		/* 1500.0 is not 1500 */
		if (!strpbrk(buf, ".en"))
			strcat(buf, ".0");
		return buf;
	case CONFIG_TYPE_BOOL:
		return config_setting_get_bool(s) ? "true" : "false";
	case CONFIG_TYPE_STRING:
		if (about_key(s))
			return *config_setting_get_string(s) ? "a text" : "an empty text";
		quote(config_setting_get_string(s), buf, XTR_CFG_FOUND_LEN);
		return buf;
	case CONFIG_TYPE_GROUP:
		return "a group { }";
	default:
		snprintf(buf, XTR_CFG_FOUND_LEN,
		    config_setting_length(s) ? "a list of %d" : "an empty list",
		    config_setting_length(s));
		return buf;
	}
}

static int vfail(struct xtr_cfg_loader *l, const config_setting_t *s, const char *member,
    bool with_found, const char *fmt, va_list ap)
{
	char buf[XTR_CFG_FOUND_LEN];
	size_t size;
	FILE *f = open_memstream(&l->error, &size);

	if (!f)
		return -ENOMEM;
	fprintf(f, "%s:%u: ", l->cfg->path, xtr_cfg_line(s));
	put_path(f, s);
	if (member)
		fprintf(f, "%s%s", config_setting_is_root(s) ? "" : ".", member);
	fputs(": ", f);
	if (with_found)
		fprintf(f, "found %s, allowed ", xtr_cfg_found(s, buf));
	vfprintf(f, fmt, ap);
	if (fclose(f)) {
		free(l->error);
		l->error = NULL;
		return -ENOMEM;
	}
	return -EINVAL;
}

int xtr_cfg_fail(
    struct xtr_cfg_loader *l, const config_setting_t *s, const char *member, const char *fmt, ...)
{
	va_list ap;
	int r;

	va_start(ap, fmt);
	r = vfail(l, s, member, false, fmt, ap);
	va_end(ap);
	return r;
}

int xtr_cfg_bad(struct xtr_cfg_loader *l, const config_setting_t *s, const char *fmt, ...)
{
	va_list ap;
	int r;

	va_start(ap, fmt);
	r = vfail(l, s, NULL, true, fmt, ap);
	va_end(ap);
	return r;
}
