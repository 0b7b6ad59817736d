/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/oper/oper_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_SIZE 4096
#define ERROR_LINE 1024 /* bytes of an "error TEXT" line at most */

/* A json_dump_callback_t. */
static int append(const char *p, size_t len, void *arg)
{
	struct xtr_oper_out *out = arg;

	if (len > out->size - out->len) {
		size_t size = out->size ? out->size : FIRST_SIZE;
		char *buf;

		while (size - out->len < len)
			size *= 2;
		buf = realloc(out->buf, size);
		if (buf == NULL)
			return -1;
		out->buf = buf;
		out->size = size;
	}
	memcpy(out->buf + out->len, p, len);
	out->len += len;
	return 0;
}

int xtr_oper_put(struct xtr_oper_out *out, const char *text)
{
	return append(text, strlen(text), out);
}

int xtr_oper_put_json(struct xtr_oper_out *out, json_t *v, size_t flags)
{
	int rc =
	    v ? json_dump_callback(v, append, out, JSON_COMPACT | JSON_ENCODE_ANY | flags) : -1;

	json_decref(v);
	return rc;
}

int xtr_oper_put_answer(struct xtr_oper_out *out, json_t *document)
{
	if (xtr_oper_put(out, "ok\n") != 0) {
		json_decref(document);
		return -1;
	}
	return xtr_oper_put_json(out, document, 0) != 0 ? -1 : xtr_oper_put(out, "\n");
}

int xtr_oper_put_error(struct xtr_oper_out *out, const char *text)
{
	char line[ERROR_LINE];
	int n = snprintf(line, sizeof(line) - 1, "error %s", text);
	size_t len = (size_t)n < sizeof(line) - 1 ? (size_t)n : sizeof(line) - 2;

	for (size_t i = 0; i < len; i++)
		if ((unsigned char)line[i] < ' ' || line[i] == 0x7f)
			line[i] = '?';
	line[len++] = '\n';
	out->len = 0;
	return append(line, len, out);
}
