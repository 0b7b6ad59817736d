/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Control messages, as lib/wire reads them, in JSON: {"length", "type", "name", "flags", "nonce",
 * "record-count", ...}, or {"length", "error": {...}} for a malformed one. The message inside an
 * Encapsulated Control Message is its member "inner".
 */
#ifndef XTRCTL_MSG_JSON_H
#define XTRCTL_MSG_JSON_H

#include <jansson.h>
#include <stdbool.h>

#include "wire/msg.h"

struct xtrctl_msg_form {
	/* Every EID and locator also as an "address" of any kind, and "vendor". */
	bool all;
	/* Adds members of the caller's own, where not NULL: to any message that can be read, before
	 * its type; to one with authentication data, before its records. */
	void (*begin)(json_t *o, const uint8_t *p, size_t len, const struct xtr_msg *m);
	void (*auth)(json_t *o, const uint8_t *p, size_t len, const struct xtr_msg *m);
};

/* Reads the message of `len` bytes at p. Returns a new reference. */
json_t *xtrctl_msg_json(const uint8_t *p, size_t len, const struct xtrctl_msg_form *form);

#endif
