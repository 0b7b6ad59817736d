/* SPDX-License-Identifier: BSD-3-Clause */
/* Inside lib/wire: appending bytes to a struct xtr_writer. Values are in host order and go out in
 * network order. */
#ifndef XTR_WIRE_WRITE_H
#define XTR_WIRE_WRITE_H

#include "wire/bytes.h"
#include "wire/msg.h"

/* Appends n bytes, zeros where p is NULL. */
void xtr_put(struct xtr_writer *w, const void *p, size_t n);
void xtr_put8(struct xtr_writer *w, uint8_t v);
void xtr_put16(struct xtr_writer *w, uint16_t v);
void xtr_put32(struct xtr_writer *w, uint32_t v);
void xtr_put64(struct xtr_writer *w, uint64_t v);
/* Makes xtr_writer_result() fail: what was asked for can't be said in a message of any size. */
void xtr_writer_spoil(struct xtr_writer *w);

#endif
