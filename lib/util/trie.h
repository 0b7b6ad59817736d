/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An ordered store of prefixes: a path-compressed binary trie, bit string -> pointer. The control
 * lcore keeps its sites, registrations, map-cache, EID database and routes in such tries. One
 * thread at a time; not for workers.
 *
 * A trie holds one address family of one instance; the key is xtr_ip.b and a prefix length. The
 * pointer must not be NULL and stays the caller's.
 */
#ifndef XTR_UTIL_TRIE_H
#define XTR_UTIL_TRIE_H

#include "wire/addr.h"

struct xtr_trie_node;

struct xtr_trie {
	struct xtr_trie_node *root;
	unsigned count; /* prefixes with a value */
};

/* Frees the nodes, not the values. The trie is empty and usable again. */
void xtr_trie_clear(struct xtr_trie *t);
/* Sets the value of a prefix (host bits of ip must be zero). Returns 0 or -ENOMEM (nothing
 * changed). *old, if not NULL, gets the value replaced, or NULL. */
int xtr_trie_set(
    struct xtr_trie *t, const struct xtr_ip *ip, unsigned plen, void *value, void **old);
/* Removes; returns the value it had, or NULL. Never fails for want of memory. */
void *xtr_trie_del(struct xtr_trie *t, const struct xtr_ip *ip, unsigned plen);
/* The value of exactly this prefix, or NULL. */
void *xtr_trie_get(const struct xtr_trie *t, const struct xtr_ip *ip, unsigned plen);
/* The value of the longest prefix that covers ip/plen (itself included), or NULL. */
void *xtr_trie_longest(const struct xtr_trie *t, const struct xtr_ip *ip, unsigned plen);
/* As longest, but strictly shorter than plen. */
void *xtr_trie_parent(const struct xtr_trie *t, const struct xtr_ip *ip, unsigned plen);
/* Is there any value inside ip/plen (itself included)? */
bool xtr_trie_any_within(const struct xtr_trie *t, const struct xtr_ip *ip, unsigned plen);
/* The value of the first prefix after ip/plen, which need not be there, in order of address,
 * shorter first; NULL: none. For walks that stop, and go on when other things have been done. */
void *xtr_trie_next(const struct xtr_trie *t, const struct xtr_ip *ip, unsigned plen);
/*
 * Calls fn for every value inside ip/plen, itself included, in order of address, shorter first. fn
 * may delete exactly the value it was called for, by xtr_trie_del. Stops and returns fn's result
 * when that is not 0. plen 0 walks all.
 */
int xtr_trie_walk(struct xtr_trie *t, const struct xtr_ip *ip, unsigned plen,
    int (*fn)(void *value, void *arg), void *arg);

#endif
