/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Addresses of any kind, as lib/wire reads them, in JSON; and the small parts that all of these
 * conversions are made of. Functions return a new reference.
 *
 * An address: {"afi": 0} | {"afi": 1 or 2, "ip"} | {"afi": 6, 16389 or 16390, "mac"} |
 * {"afi": 17, "name", "bytes"} | {"afi": 16387, "lcaf": N, "type": its name or null, "flags",
 * "rsvd2", "length"} with what the type has, or {"error"}; bytes are hexadecimal.
 */
#ifndef XTRCTL_LCAF_JSON_H
#define XTRCTL_LCAF_JSON_H

#include <jansson.h>
#include <stdbool.h>

#include "wire/lcaf.h"

json_t *xtrctl_addr_json(const struct xtr_addr *a);
/* The address as text, or null where there is none. */
json_t *xtrctl_ip_json(const struct xtr_ip *ip);
json_t *xtrctl_hex_json(const uint8_t *p, size_t n);
/* {"errno", "offset", "field", "reason", "clause", "text"}; `ret` is what the reader returned. */
json_t *xtrctl_error_json(int ret, const struct xtr_wire_err *err);

/* Appends a flag's letter where it is set. */
void xtrctl_flag(json_t *flags, const char *name, bool on);
/* Sets a member, whose reference it takes; a value of NULL leaves it out. */
void xtrctl_set(json_t *o, const char *key, json_t *value);
void xtrctl_set_int(json_t *o, const char *key, json_int_t value);

#endif
