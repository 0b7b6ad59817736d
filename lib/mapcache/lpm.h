/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Longest-prefix match for workers: a table maps IPv4 and IPv6 prefixes to 32-bit values
 * (forwarding entries, 0 is "no match"). An instance has several: its routes, its LISP view, its
 * EID database.
 *
 * One writer, the control lcore; any number of readers without locks between quiescent states of
 * `rcu`. For each address a reader sees a prefix's old or new value, never anything between; of
 * two addresses in a prefix one may change before the other. Nothing that a reader can reach is
 * freed before it reports a quiescent state.
 */
#ifndef XTR_MAPCACHE_LPM_H
#define XTR_MAPCACHE_LPM_H

#include "mapcache/rcu.h"
#include "wire/addr.h"

struct xtr_lpm;

#define XTR_LPM_VALUE_MAX 0x3fffffffu

/* Control lcore. rcu outlives the table. NULL if memory is short. */
struct xtr_lpm *xtr_lpm_create(struct xtr_rcu *rcu);
/* Control lcore; no reader may use the table any more. NULL is allowed. */
void xtr_lpm_destroy(struct xtr_lpm *lpm);

/* Control lcore. Inserts or replaces; host bits of ip must be zero, value 1 to XTR_LPM_VALUE_MAX.
 * 0, -ENOMEM (nothing changed; not if the prefix is there already) or -EINVAL. */
int xtr_lpm_set(struct xtr_lpm *lpm, const struct xtr_ip *ip, unsigned plen, uint32_t value);
/* Control lcore. Removes; returns the value it had, 0 if none. Never fails. */
uint32_t xtr_lpm_del(struct xtr_lpm *lpm, const struct xtr_ip *ip, unsigned plen);
/* Control lcore. The value of exactly this prefix, or 0; host bits of ip do not count. */
uint32_t xtr_lpm_get(const struct xtr_lpm *lpm, const struct xtr_ip *ip, unsigned plen);
/* Control lcore. The longest prefix that covers ip/plen and is strictly shorter: its value, and its
 * length in *len; 0 (*len is what it was): none. Host bits of ip do not count. */
uint32_t xtr_lpm_covering(
    const struct xtr_lpm *lpm, const struct xtr_ip *ip, unsigned plen, unsigned *len);
/*
 * Control lcore. Calls fn for each prefix inside ip/plen, itself included, in order of address,
 * shorter first, until it returns other than 0; returns that, else 0. Each step costs as much as
 * the tree is deep. fn may set and delete whatever it likes in this table: what it deletes further
 * on is not visited, what it inserts further on is.
 */
typedef int xtr_lpm_walk_fn(const struct xtr_ip *ip, unsigned plen, uint32_t value, void *arg);
int xtr_lpm_walk(
    struct xtr_lpm *lpm, const struct xtr_ip *ip, unsigned plen, xtr_lpm_walk_fn *fn, void *arg);
/* Prefixes of both families. */
unsigned xtr_lpm_count(const struct xtr_lpm *lpm);
/* Control lcore. Bytes of memory in use, all told but for what waits for a grace period. Slow for
 * large tables: it asks the system which pages are there. */
size_t xtr_lpm_memory(const struct xtr_lpm *lpm);

/*
 * Any registered reader. Looks up n keys, each in its own table: values[i] is that of the longest
 * prefix in tables[i] that covers keys[i], or 0. IPv4 keys are in network order.
 */
void xtr_lpm_lookup4(
    const struct xtr_lpm *const *tables, const uint32_t *keys, uint32_t *values, unsigned n);
void xtr_lpm_lookup6(
    const struct xtr_lpm *const *tables, const uint8_t (*keys)[16], uint32_t *values, unsigned n);
/* The same, all keys in one table. */
void xtr_lpm_lookup4_one(
    const struct xtr_lpm *table, const uint32_t *keys, uint32_t *values, unsigned n);
void xtr_lpm_lookup6_one(
    const struct xtr_lpm *table, const uint8_t (*keys)[16], uint32_t *values, unsigned n);

/* The instructions that look-ups use: the best this machine has, chosen at start. */
enum xtr_lpm_way { XTR_LPM_SCALAR, XTR_LPM_AVX2, XTR_LPM_AVX512 };
/* Has the machine what code compiled for this way needs? Any thread. */
bool xtr_lpm_machine_has(enum xtr_lpm_way way);
/* Tests and measurements, while nobody looks up. False (nothing changed) if the machine or the
 * build has them not. */
bool xtr_lpm_use(enum xtr_lpm_way way);
const char *xtr_lpm_using(void);

#endif
