/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files of the fast path share that are compiled once an instruction set: fast_burst.c,
 * fast_check.c, fast_encap.c, fast_forward.c, fast_decap.c. XTR_FAST_WAY names the set; what they
 * export has it in its name.
 *
 * Headers are words as they stand in the packet, of machines that have the low byte first. Loops
 * over the burst that touch no packet go over whole vectors (XTR_FAST_EACH): what they make of the
 * lanes behind the last packet is never looked at, and packets' pointers there lead to `spare`.
 */
#ifndef XTR_DATAPATH_FAST_WAY_H
#define XTR_DATAPATH_FAST_WAY_H

#include <rte_cycles.h>
#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_udp.h>

#include "datapath/fast.h"
#include "datapath/fast_vec.h"
#include "wire/data.h"

#ifndef XTR_FAST_WAY
#define XTR_FAST_WAY scalar
#endif
#define XTR_FAST_JOIN2(name, way) name##_##way
#define XTR_FAST_JOIN(name, way)  XTR_FAST_JOIN2(name, way)
#define XTR_FAST_NAME(name)       XTR_FAST_JOIN(name, XTR_FAST_WAY)
#define xtr_fast_way_burst        XTR_FAST_NAME(xtr_fast_burst)
#define xtr_fast_keep             XTR_FAST_NAME(xtr_fast_keep)
#define xtr_fast_behind           XTR_FAST_NAME(xtr_fast_behind)
#define xtr_fast_split            XTR_FAST_NAME(xtr_fast_split)
#define xtr_fast_same             XTR_FAST_NAME(xtr_fast_same)
#define xtr_fast_find             XTR_FAST_NAME(xtr_fast_find)
#define xtr_fast_check            XTR_FAST_NAME(xtr_fast_check)
#define xtr_fast_hash             XTR_FAST_NAME(xtr_fast_hash)
#define xtr_fast_encap            XTR_FAST_NAME(xtr_fast_encap)
#define xtr_fast_forward          XTR_FAST_NAME(xtr_fast_forward)
#define xtr_fast_emit             XTR_FAST_NAME(xtr_fast_emit)
#define xtr_fast_decap            XTR_FAST_NAME(xtr_fast_decap)

/* What was done since the last of these was the step named. */
#ifdef XTR_FAST_STEPS
#define XTR_FAST_STEP(step) xtr_fast_stamp(XTR_FAST_##step)
static inline void xtr_fast_stamp(enum xtr_fast_step step)
{
	uint64_t now = rte_rdtsc();

	xtr_fast_steps.cycles[step] += now - xtr_fast_steps.last;
	xtr_fast_steps.last = now;
	xtr_fast_steps.stamps[step]++;
}
#define XTR_FAST_STEP_BEGIN() (xtr_fast_steps.last = rte_rdtsc())
#else
#define XTR_FAST_STEP(step)
#define XTR_FAST_STEP_BEGIN()
#endif

#define XTR_FAST_ETH 14u
#define XTR_FAST_IP4 20u
#define XTR_FAST_IP6 40u
/* UDP and LISP headers; outer IP, UDP and LISP headers. */
#define XTR_FAST_UDP     (8u + XTR_DATA_HDR_LEN)
#define XTR_FAST_NET(af) (((af) == 4 ? XTR_FAST_IP4 : XTR_FAST_IP6) + XTR_FAST_UDP)

/* Goes over vectors, whichever length they have; pointers are there for the longest. */
#define XTR_FAST_VECTOR     16u
#define XTR_FAST_EACH(i, n) for (unsigned i = 0; i < (n); i += XTR_VEC_N)

#define XTR_FAST_ALIGN __attribute__((aligned(64)))
typedef uint32_t xtr_fast_words[XTR_BURST];

/* Packets of one family, side by side. */
struct xtr_fast {
	unsigned n;
	uint8_t af;            /* 4 or 6 */
	bool hashed;           /* hash[] is there */
	bool counts;           /* one of count[] at least is not 0 */
	bool padded;           /* some may have more bytes than their IP header says */
	bool one_src, one_dst; /* all have the same address */
	struct rte_mbuf *m[XTR_BURST] XTR_FAST_ALIGN;
	uint8_t *ip[XTR_BURST];
	uint32_t off[XTR_BURST] XTR_FAST_ALIGN; /* data_off */
	uint32_t vlan[XTR_BURST];               /* upper half: vlan_tci */
	uint32_t total[XTR_BURST];              /* the IP packet's length */
	uint32_t tos[XTR_BURST], hops[XTR_BURST];
	uint32_t hop_word[XTR_BURST];            /* the header's word that has TTL or hop limit */
	uint32_t src[XTR_BURST], dst[XTR_BURST]; /* IPv4 */
	uint32_t hash[XTR_BURST];                /* of the flow */
	uint32_t word1[XTR_BURST];               /* encapsulation: second word of the LISP header */
	uint32_t target[XTR_BURST];
	uint32_t count[XTR_BURST]; /* encapsulation: as XTR_FWD_COUNT_SHIFT has it, 0: none */
	uint8_t place[XTR_BURST];  /* in the burst */
	uint8_t spare[256];
};

/* What was loaded of each packet: words side by side. */
struct xtr_fast_raw {
	uint32_t len[4][XTR_BURST] XTR_FAST_ALIGN; /* packet type, pkt_len, data_len and vlan_tci */
	uint32_t eth[4][XTR_BURST];                /* Ethernet header, and two bytes more */
	uint32_t ip[12][XTR_BURST];                /* IPv4: 8 */
	uint32_t room[XTR_BURST]; /* bytes from the IP header on; 0: it's not for us */
};

static inline uint64_t xtr_fast_all(unsigned n)
{
	return n == 64 ? ~0ull : (1ull << n) - 1;
}

/* Where the header's word is that has TTL or hop limit. */
static inline unsigned xtr_fast_hop_at(unsigned af)
{
	return af == 4 ? 8 : 4;
}

/* Pointers behind the last packet: to the first while packets are loaded, so that what all have in
 * common those lanes have, too. */
static inline void xtr_fast_pad_first(struct xtr_fast *b)
{
	for (unsigned i = b->n; i % XTR_FAST_VECTOR; i++) {
		b->m[i] = b->m[0];
		b->ip[i] = b->ip[0];
	}
}

/* Then away, for packets are written. */
static inline void xtr_fast_pad(struct xtr_fast *b)
{
	for (unsigned i = b->n; i % XTR_FAST_VECTOR; i++)
		b->ip[i] = b->spare + sizeof(b->spare) / 2;
}

static inline uint64_t xtr_load64(const void *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline void xtr_put32(void *p, uint32_t v)
{
	memcpy(p, &v, sizeof(v));
}

static inline void xtr_put64(void *p, uint64_t v)
{
	memcpy(p, &v, sizeof(v));
}

static inline void xtr_fast_fill(uint32_t *words, unsigned n, uint32_t x)
{
	XTR_FAST_EACH(i, n) XTR_VEC(words, i) = xtr_vec_of(x);
}

static inline uint32_t xtr_swap16(uint32_t x)
{
	return (x >> 8 & 0xff) | (x << 8 & 0xff00);
}

/* The bytes of 16-bit fields change places. */
static __rte_always_inline xtr_vec xtr_vec_swap16(xtr_vec x)
{
	return (x >> 8 & 0xff) | (x << 8 & 0xff00);
}

/* TTL, protocol, checksum after the TTL fell by d: RFC 1624 equation 3. */
static __rte_always_inline xtr_vec xtr_fast_less4(xtr_vec word, xtr_vec d)
{
	xtr_vec sum = (~word >> 16) + 0xffff - d;

	sum += sum >> 16;
	return ~sum << 16 | (word & 0xff00) | ((word & 0xff) - d);
}

static __rte_always_inline xtr_vec xtr_fast_less6(xtr_vec word, xtr_vec d)
{
	return word - (d << 24);
}

/* What the mbufs' pkt_len, data_len and vlan_tci are to be: all have `more` bytes in front of the
 * IP packet that is in the frame. */
static __rte_always_inline void xtr_fast_lengths(
    const struct xtr_fast *b, uint32_t more, uint32_t (*lengths)[2])
{
	XTR_FAST_EACH(i, b->n)
	{
		xtr_vec len = XTR_VEC_CONST(b->total, i) + more;
		xtr_vec rest = (XTR_VEC_CONST(b->vlan, i) & 0xffff0000) | len;

		xtr_zip(
		    len, rest, &XTR_VEC(lengths[i], 0), &XTR_VEC(lengths[i + XTR_VEC_N / 2], 0));
	}
}

static __rte_always_inline void xtr_fast_put_length(struct rte_mbuf *m, const uint32_t *length)
{
	_Static_assert(
	    offsetof(struct rte_mbuf, data_len) == offsetof(struct rte_mbuf, pkt_len) + 4 &&
		offsetof(struct rte_mbuf, vlan_tci) == offsetof(struct rte_mbuf, pkt_len) + 6,
	    "they lie together");
	memcpy(&m->pkt_len, length, 8);
}

static inline bool xtr_fast_gate(const struct xtr_worker *w, const uint32_t *gate)
{
	uint32_t g = __atomic_load_n(gate, __ATOMIC_RELAXED);

	return likely(g == 0) || (int32_t)(g - w->gate_seen) <= 0;
}

/* fast_burst.c. All of b that have ok[i] set, to the front; the others are marked in *rest by their
 * place. */
void xtr_fast_keep(struct xtr_fast *b, const uint32_t *ok, uint64_t *rest);
/* Clears ok of what stands behind one that is left and has the same addresses: stages run after the
 * fast path, and a flow keeps its order. */
void xtr_fast_behind(const struct xtr_fast *b, uint32_t *ok);
/* Those whose bits are set, to another. */
void xtr_fast_split(const struct xtr_fast *b, uint64_t which, struct xtr_fast *to);
bool xtr_fast_same(const uint32_t *values, unsigned n);
/* A question: all sources, or destinations, in one table. */
struct xtr_fast_ask {
	const struct xtr_lpm *table;
	bool source;
	bool same;        /* answer: all values are the same */
	uint32_t *values; /* answer */
};
/* Answers n (at most 3); those about a single address together. */
void xtr_fast_find(const struct xtr_fast *b, struct xtr_fast_ask *asks, unsigned n);
/* The address of packet i; IPv4: four bytes. */
static inline const uint8_t *xtr_fast_address(const struct xtr_fast *b, unsigned i, bool source)
{
	if (b->af == 4)
		return b->ip[i] + (source ? 12 : 16);
	return b->ip[i] + (source ? 8 : 24);
}

/* fast_check.c. Fills in what IP headers say. ok[i]: all ones, or 0: nothing for the fast path. */
void xtr_fast_check(const struct xtr_fast_raw *raw, struct xtr_fast *b, uint32_t *ok);
/* Of what is loaded already; or of the packets themselves (NULL). */
void xtr_fast_hash(const struct xtr_fast_raw *raw, struct xtr_fast *b);

/* fast_encap.c, fast_forward.c: packets of b to the tunnels or next hops of b->target. What can't
 * go there is marked in *rest. */
void xtr_fast_encap(struct xtr_worker *w, struct xtr_fast *b, uint64_t *rest);
void xtr_fast_forward(struct xtr_worker *w, struct xtr_fast *b, uint64_t *rest);
/* The same, with `off` bytes in front that are no longer needed, and hop_word as it is to be. */
void xtr_fast_emit(struct xtr_worker *w, struct xtr_fast *b, unsigned off, uint64_t *rest);
/* fast_decap.c. Packets of b to this machine: those to UDP port 4341. */
void xtr_fast_decap(struct xtr_worker *w, struct xtr_fast *b, uint64_t *rest);

#endif
