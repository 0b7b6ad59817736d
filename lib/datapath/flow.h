/* SPDX-License-Identifier: BSD-3-Clause */
/* A flow's hash, of words in network order. Compilers do it for several flows at once where
 * machines have vectors. */
#ifndef XTR_DATAPATH_FLOW_H
#define XTR_DATAPATH_FLOW_H

#include <stdint.h>
#include <rte_common.h>

/*
 * MurmurHash3, for a word, or a vector of them: name_word() has the hash of what was before, and
 * one word more; name_end() comes after the last word, and each bit of it changes each bit of the
 * hash with the same likelihood.
 */
#define XTR_FLOW_HASH(name, type)                                                                  \
	static __rte_always_inline type name##_word(type hash, type word)                          \
	{                                                                                          \
		word *= 0xcc9e2d51;                                                                \
		word = word << 15 | word >> 17;                                                    \
		hash ^= word * 0x1b873593;                                                         \
		hash = hash << 13 | hash >> 19;                                                    \
		return hash * 5 + 0xe6546b64;                                                      \
	}                                                                                          \
	static __rte_always_inline type name##_end(type hash)                                      \
	{                                                                                          \
		hash = (hash ^ hash >> 16) * 0x85ebca6bu;                                          \
		hash = (hash ^ hash >> 13) * 0xc2b2ae35u;                                          \
		return hash ^ hash >> 16;                                                          \
	}

XTR_FLOW_HASH(xtr_flow, uint32_t)

/* What a flow of many words, IPv6's, adds up: each word times an odd number of its own, so that two
 * flows of which one word differs have two sums. */
#define XTR_FLOW_WORDS 9u
static const uint32_t xtr_flow_odd[XTR_FLOW_WORDS] = {0x9e3779b1, 0x85ebca77, 0xc2b2ae3d,
    0x27d4eb2f, 0x165667b1, 0xd3a2646d, 0xfd7046c5, 0xb55a4f09, 0x6c62272f};

#endif
