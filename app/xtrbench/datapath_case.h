/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What suite datapath measures, by name: a way and its packets, then what is special, in any order
 * after slashes: encap4in4/flows=1000/size=594/burst=32.
 */
#ifndef XTR_BENCH_DATAPATH_CASE_H
#define XTR_BENCH_DATAPATH_CASE_H

#include <stdbool.h>
#include <stdint.h>

enum bench_way { BENCH_NATIVE, BENCH_ENCAP, BENCH_DECAP };

struct bench_case {
	const char *name; /* as given */
	enum bench_way way;
	uint8_t inner;     /* 4 or 6: of the packets at the site */
	uint8_t outer;     /* of the tunnel, 0 where there is none */
	unsigned flows;    /* destinations in one prefix; 0: in mappings instead */
	unsigned sources;  /* hosts that they come from, in turn */
	unsigned mappings; /* prefixes over all of the address space */
	unsigned rlocs;    /* that the mappings lead to */
	unsigned burst;    /* packets that come at once */
	unsigned size;     /* bytes of the frame at the site, with its checksum */
	bool imix;         /* sizes 64 (66), 594 and 1518 as 7 : 4 : 1 */
	unsigned seg;      /* bytes of a frame's first and later buffers; 0: one buffer */
	unsigned workers;
	int hits;       /* of 100 packets, those that the map-cache has an entry for; -1: all */
	unsigned ports; /* 2: those that it has no entry for come by a port of their own */
	uint8_t check;  /* of sources that come out of tunnels, enum xtr_source_check */
	char peer[24];  /* measured in turn with this one; "": none */
};

#define BENCH_CASE_FLOWS   65535u
#define BENCH_CASE_MANY    1000000u
#define BENCH_CASE_RLOCS   200000u
#define BENCH_CASE_BURST   256u
#define BENCH_CASE_SIZE    9000u
#define BENCH_CASE_WORKERS 16u

/* 0, or -EINVAL with *why: what is wrong with the name. */
int bench_case_parse(const char *name, struct bench_case *c, const char **why);

#endif
