/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The soak's source and sink: packets of every kind into the rings of four ports, and whatever
 * comes out of them counted.
 */
#ifndef XTR_SOAK_H
#define XTR_SOAK_H

#define FX_PORTS 4
#include "ctl_fixture.h"

enum { SITE, CORE, CORE2, SITE2 }; /* ports */

#define SOAK_NETS  256u                         /* EID prefixes /24, and /64 */
#define SOAK_HOSTS 2048u                        /* EID prefixes /32 */
#define SOAK_SLOTS (2 * SOAK_NETS + SOAK_HOSTS) /* that come and go */

struct soak_traffic {
	struct cx *c;
	uint32_t seed;
	uint64_t in[FX_PORTS], out;
	uint64_t to_split, first_parts,
	    parts; /* packets that are to be fragmented; what became of them */
};

/* A number below n. */
static inline uint32_t soak_random(uint32_t *seed, uint32_t n)
{
	*seed = *seed * 1664525 + 1013904223;
	return (uint32_t)(((uint64_t)(*seed >> 4) * n) >> 28);
}

/* The EID prefix of a slot, in the sites' instance. */
struct xtr_eid soak_eid(unsigned slot);
/* Sends up to n packets, as many as buffers and rings allow. */
void soak_send(struct soak_traffic *t, unsigned n);
/* Takes and checks what has left. */
void soak_receive(struct soak_traffic *t);

#endif
