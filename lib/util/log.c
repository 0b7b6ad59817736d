/* SPDX-License-Identifier: BSD-3-Clause */
#include "util/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool xtr_debug_on[XTR_DBG_N];

static const char *const names[XTR_DBG_N] = {
    [XTR_DBG_MAP_REGISTER] = "map-register",
    [XTR_DBG_MAP_REQUEST] = "map-request",
    [XTR_DBG_MAP_CACHE] = "map-cache",
    [XTR_DBG_NETLINK] = "netlink",
    [XTR_DBG_PUNT] = "punt",
};

void xtr_log(enum xtr_log_level level, const char *fmt, ...)
{
	char line[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	/* one write a line, so that lines of several processes do not mix */
	fprintf(stderr, "<%d>%s\n", level, line);
}

const char *xtr_debug_name(enum xtr_debug cat)
{
	return cat < XTR_DBG_N ? names[cat] : "?";
}

int xtr_debug_parse(const char *name)
{
	if (!strcmp(name, "all"))
		return XTR_DBG_N;
	for (int i = 0; i < XTR_DBG_N; i++)
		if (!strcmp(name, names[i]))
			return i;
	return -EINVAL;
}
