/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * State that must outlive a restart: this xTR's ID, the last register nonce sent, the last nonces
 * seen from each ETR and key (RFC 9301 section 5.6). One JSON file in the state directory, written
 * in batches, atomically. Control lcore only.
 */
#ifndef XTR_STATE_H
#define XTR_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct xtr_state;

/* Loads DIR/state.json; absent is empty; unreadable or broken is set aside as state.json.bad with a
 * log line. dir NULL: memory only. Creates the directory (0700). NULL and errno on failure. */
struct xtr_state *xtr_state_open(const char *dir);
/* Writes what is unwritten and frees. */
void xtr_state_close(struct xtr_state *s);
/* Writes the file if something changed since: a temporary file, fsync, rename. 0 or negative errno.
 */
int xtr_state_flush(struct xtr_state *s);

/* xTR-ID, 16 bytes; false if none is kept. */
bool xtr_state_xtr_id(const struct xtr_state *s, uint8_t id[16]);
void xtr_state_set_xtr_id(struct xtr_state *s, const uint8_t id[16]);
/* Nonces by a text key, e.g. "register-sent" or "seen/SITE/XTR-ID/KEY-ID". Absent reads as 0. */
uint64_t xtr_state_nonce(const struct xtr_state *s, const char *key);
void xtr_state_set_nonce(struct xtr_state *s, const char *key, uint64_t nonce);

#endif
