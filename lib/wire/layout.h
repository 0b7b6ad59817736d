/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where the fields stand that messages have in common: bytes from the start of the message. The
 * nonce is there in all but the ECM and the shared extension (RFC 9301 sections 5.2 to 5.7), the
 * authentication data in Map-Register, Map-Notify, Map-Notify-Ack (section 5.6) and in Info-Request
 * and Info-Reply.
 */
#ifndef XTR_WIRE_LAYOUT_H
#define XTR_WIRE_LAYOUT_H

#define XTR_COUNT_AT     3 /* record count; before it type and flags */
#define XTR_NONCE_AT     4
#define XTR_NONCE_LEN    8
#define XTR_NONCE_END    (XTR_NONCE_AT + XTR_NONCE_LEN)
#define XTR_KEY_ID_AT    12
#define XTR_ALGORITHM_AT 13
#define XTR_AUTH_LEN_AT  14 /* two bytes */
#define XTR_AUTH_DATA_AT 16

#endif
