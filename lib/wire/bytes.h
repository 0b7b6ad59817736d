/* SPDX-License-Identifier: BSD-3-Clause */
/* Numbers in network order, at any address. Inline, libc only, any lcore. */
#ifndef XTR_WIRE_BYTES_H
#define XTR_WIRE_BYTES_H

#include <stdint.h>

#define XTR_LIKELY(x) __builtin_expect(!!(x), 1)

static inline uint16_t xtr_get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t xtr_get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static inline uint64_t xtr_get64(const uint8_t *p)
{
	return (uint64_t)xtr_get32(p) << 32 | xtr_get32(p + 4);
}

static inline void xtr_set16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

/* Host order to network order, without <arpa/inet.h> and all that comes with it. */
static inline uint32_t xtr_be32(uint32_t v)
{
	return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? __builtin_bswap32(v) : v;
}

#endif
