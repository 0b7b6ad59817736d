/* SPDX-License-Identifier: BSD-3-Clause */
/* Where the packets of suite datapath come from: headers ready-made, one field or two to fill in.
 */
#ifndef XTR_BENCH_DATAPATH_SOURCE_H
#define XTR_BENCH_DATAPATH_SOURCE_H

#include "app/xtrbench/datapath_lab.h"

/* First bytes of addresses that no mapping covers. */
#define BENCH_MISS4 100u
#define BENCH_MISS6 0x3fu

#define BENCH_HEAD 128u /* bytes: more than all headers */

struct bench_frame {
	uint8_t b[BENCH_HEAD];
	uint16_t head, len; /* bytes of headers, of the frame without its checksum */
	uint32_t sum; /* of the (inner) IPv4 header without addresses that change, host order */
};

/* One worker's; a copy is another one's that shares the list of destinations. */
struct bench_source {
	struct rte_mempool *pool;
	unsigned port; /* of the data plane: where its packets come in */
	unsigned seg;
	struct bench_frame frame[3];
	unsigned n_order;
	uint8_t order[12]; /* the frames' turns */
	const uint8_t *dst;
	uint8_t *own; /* dst, if nobody else frees it */
	unsigned n_dst, dst_len;
	uint8_t miss;        /* first byte of those that nothing is known of */
	unsigned n_src, src; /* sources, and whose turn it is; one: as the frame has it */
	uint16_t src_at;     /* of its last two bytes */
	uint16_t dst_at;     /* in the frame */
	uint16_t csum_at;    /* of an IPv4 header; 0: IPv6 */
	uint16_t sport_at;   /* of the outer UDP header; 0: none */
	unsigned next, turn;
	uint64_t misses; /* of the packets that it gave so far */
};

enum bench_mix { BENCH_AS_NAMED, BENCH_HITS, BENCH_MISSES };

/* 0 or negative, with a line on stderr. Does not free what it got if it fails. */
int bench_source_open(
    struct bench_source *s, const struct bench_dp *d, enum bench_mix mix, unsigned port);
void bench_source_close(struct bench_source *s);
/* From the beginning. */
void bench_source_rewind(struct bench_source *s);

/* Writes the next frame's headers, all of it where payload is set. Room for s->frame[].len bytes.
 * Returns its length. */
unsigned bench_source_next(struct bench_source *s, uint8_t *p, bool payload);
/* The next n frames in buffers of the data plane's, XTR_BURST at most. 0, or negative: none left.
 */
int bench_source_take(struct bench_source *s, struct rte_mbuf **m, unsigned n);

#endif
