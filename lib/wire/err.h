/* SPDX-License-Identifier: BSD-3-Clause */
/* What is wrong with a message, in the words of one log line. Libc only, any lcore. */
#ifndef XTR_WIRE_ERR_H
#define XTR_WIRE_ERR_H

#include <stddef.h>
#include <stdint.h>

struct xtr_wire_err {
	uint32_t offset; /* bytes from the start of what was read: a message, or an address's AFI */
	const char *field;  /* static text, e.g. "locator count" */
	const char *reason; /* static text, e.g. "message ends inside the record" */
	const char *clause; /* static text, e.g. "RFC 9301 5.4" */
};

/* Formats err as one line, e.g. "offset 12, locator count: message ends inside the record (RFC
 * 9301 5.4)". Returns what snprintf() does. */
int xtr_wire_err_format(const struct xtr_wire_err *err, char *buf, size_t size);

#endif
