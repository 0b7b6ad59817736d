/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The fast path: whole bursts of plain packets, from the port to tx, with little more than a look
 * at each. It does what the stages do for the packets that nearly all traffic is made of: untagged
 * Ethernet to the port's address, IPv4 without options, not fragmented, in one buffer, TTL above 1,
 * and a way that is ready. What it cannot finish it leaves untouched for the stages.
 *
 * Steps are loops over the burst, with what each needs side by side in arrays: the loops without
 * memory accesses of their own are compiled for several instruction sets.
 */
#ifndef XTR_DATAPATH_FAST_H
#define XTR_DATAPATH_FAST_H

#include <rte_ether.h>
#include <rte_ip.h>
#include <rte_udp.h>

#include "datapath/dp.h"
#include "wire/data.h"

/* Worker lcore. Sends what it can of the n packets (XTR_BURST at most) that have just come from a
 * port; the others stay in front, in their order. Returns how many. */
unsigned xtr_fast_burst(struct xtr_worker *w, unsigned port, struct rte_mbuf **m, unsigned n);

/* --- between its files --- */

/* Not with clang: its clones are not found from other files. */
#if defined(RTE_ARCH_X86_64) && !defined(__clang__) && !defined(__SANITIZE_THREAD__)
#define XTR_FAST_LOOP __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define XTR_FAST_LOOP
#endif

#define XTR_FAST_ETH 14u
#define XTR_FAST_IP  20u
/* What encapsulation puts between the Ethernet header and the packet. */
#define XTR_FAST_NET (XTR_FAST_IP + 8u + XTR_DATA_HDR_LEN)

/* Packets side by side. IPv4 headers as five words, as they stand in the packet. */
struct xtr_fast {
	unsigned n;
	struct rte_mbuf *m[XTR_BURST];
	uint8_t *ip[XTR_BURST];
	uint32_t room[XTR_BURST];  /* bytes of the frame from the IP header on */
	uint32_t total[XTR_BURST]; /* the IP packet's length */
	uint32_t h0[XTR_BURST], h2[XTR_BURST], src[XTR_BURST], dst[XTR_BURST];
	uint32_t ports[XTR_BURST]; /* what follows the header */
	uint32_t hash[XTR_BURST];  /* of the flow */
	uint32_t word1[XTR_BURST]; /* encapsulation: second word of the LISP header */
	uint32_t target[XTR_BURST];
	uint32_t count[XTR_BURST]; /* encapsulation: as XTR_FWD_COUNT_SHIFT has it, 0: none */
	bool counts;               /* one of count[] at least is not 0 */
	uint8_t place[XTR_BURST]; /* in the burst */
};

/* What was loaded of each packet, as it stands: loads and stores are few and wide so. */
struct xtr_raw {
	uint32_t eth[XTR_BURST][4]; /* Ethernet header, and two bytes more */
	uint32_t ip[XTR_BURST][4];  /* IPv4 header but for the destination */
	uint32_t end[XTR_BURST][2]; /* destination, and what follows the header */
	uint32_t len[XTR_BURST][2]; /* bytes of the packet, of its first buffer */
};

/* All of b that have ok[i] set, to the front; the others are marked in *rest by their place. */
void xtr_fast_keep(struct xtr_fast *b, const uint32_t *ok, uint64_t *rest);

/* fast_encap.c, fast_forward.c: packets of b to the tunnels or next hops of b->target. What can't
 * go there is marked in *rest. */
void xtr_fast_encap(struct xtr_worker *w, struct xtr_fast *b, uint64_t *rest);
void xtr_fast_forward(struct xtr_worker *w, struct xtr_fast *b, uint64_t *rest);
/* Packets of b to UDP port 4341 of this machine. */
void xtr_fast_decap(struct xtr_worker *w, struct xtr_fast *b, uint64_t *rest);

/* fast.c. Fills in what IPv4 headers say, with room bytes for each packet. */
void xtr_fast_check(
    const struct xtr_raw *restrict raw, struct xtr_fast *restrict b, uint32_t *restrict ok);

static inline uint32_t xtr_load32(const void *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
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

static inline void xtr_fast_load(struct xtr_raw *raw, unsigned i, const uint8_t *ip)
{
	memcpy(raw->ip[i], ip, 16);
	memcpy(raw->end[i], ip + 16, 8);
}

/* The bytes of a 16-bit field change places. */
static inline uint32_t xtr_swap16(uint32_t x)
{
	return (x >> 8 & 0xff) | (x << 8 & 0xff00);
}

/* h2 (TTL, protocol, checksum) after the TTL fell by d: RFC 1624 equation 3. */
static inline uint32_t xtr_fast_less_ttl(uint32_t h2, uint32_t d)
{
	uint32_t sum = (~h2 >> 16) + 0xffff - d;

	sum += sum >> 16;
	return ~sum << 16 | (h2 & 0xff00) | ((h2 & 0xff) - d);
}

static inline bool xtr_fast_gate(const struct xtr_worker *w, const uint32_t *gate)
{
	uint32_t g = __atomic_load_n(gate, __ATOMIC_RELAXED);

	return likely(g == 0) || (int32_t)(g - w->gate_seen) <= 0;
}

XTR_FAST_LOOP bool xtr_fast_same(const uint32_t *values, unsigned n);
void xtr_fast_tx_one(struct xtr_worker *w, struct rte_mbuf *const *m, unsigned port, unsigned n);
/* Queues all for the ports named. */
void xtr_fast_tx(struct xtr_worker *w, struct rte_mbuf *const *m, const uint8_t *ports, unsigned n);

#endif
