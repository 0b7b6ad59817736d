/* SPDX-License-Identifier: BSD-3-Clause */
/* Numbers in network order, and what is wrong with them. */
#ifndef XTRCTL_BYTES_H
#define XTRCTL_BYTES_H

#include <errno.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/err.h"

static inline uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

/* Notes what is wrong at offset `at`, and returns -EBADMSG. */
static inline int fail(
    struct xtr_wire_err *err, size_t at, const char *field, const char *reason, const char *clause)
{
	*err = (struct xtr_wire_err){(uint32_t)at, field, reason, clause};
	return -EBADMSG;
}

#endif
