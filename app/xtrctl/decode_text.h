/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The documents of packet_json.h and msg_json.h as text for a person.
 */
#ifndef XTRCTL_DECODE_TEXT_H
#define XTRCTL_DECODE_TEXT_H

#include <jansson.h>
#include <stdio.h>

/* A block of lines, and an empty one. */
void xtrctl_packet_text(FILE *out, const json_t *packet);
/* A control message, each line behind `indent` blanks. */
void xtrctl_msg_text(FILE *out, int indent, const json_t *message);

/* An address of any kind in words, on the line that is being printed. Bytes that are not printable
 * ASCII are escaped: they come from the network, and go to a terminal. */
void xtrctl_addr_text(FILE *out, const json_t *address);
/* The same of an EID prefix, which is "address", "mask-len" and, where it has one, "eid" of
 * `record`. */
void xtrctl_eid_text(FILE *out, const json_t *record);
/* The line "error: ..." of an object that has an "error". */
void xtrctl_error_text(FILE *out, int indent, const json_t *object);

#endif
