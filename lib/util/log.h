/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Log lines on stderr, systemd style ("<6>text"). Never called by workers.
 */
#ifndef XTR_UTIL_LOG_H
#define XTR_UTIL_LOG_H

#include <stdbool.h>

enum xtr_log_level {
	XTR_LOG_ERR = 3,
	XTR_LOG_WARNING = 4,
	XTR_LOG_NOTICE = 5,
	XTR_LOG_INFO = 6,
	XTR_LOG_DEBUG = 7
};

/* Debug categories, switched one by one at run time (`xtrctl debug CATEGORY on`). */
enum xtr_debug {
	XTR_DBG_MAP_REGISTER, /* "map-register": both ends */
	XTR_DBG_MAP_REQUEST,  /* "map-request": requests and replies, all roles */
	XTR_DBG_MAP_CACHE,    /* "map-cache": entries come and go */
	XTR_DBG_NETLINK,      /* "netlink": links, addresses, routes, neighbours */
	XTR_DBG_PUNT,         /* "punt": packets that workers hand over */
	XTR_DBG_N
};

void xtr_log(enum xtr_log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

extern bool xtr_debug_on[XTR_DBG_N];
/* One line if the category is on; arguments are not evaluated otherwise. */
#define xtr_dbg(cat, ...)                                                                          \
	do {                                                                                       \
		if (xtr_debug_on[cat])                                                             \
			xtr_log(XTR_LOG_DEBUG, __VA_ARGS__);                                       \
	} while (0)

const char *xtr_debug_name(enum xtr_debug cat);
/* Category by name, "all" gives XTR_DBG_N; -EINVAL if there is none. */
int xtr_debug_parse(const char *name);

#endif
