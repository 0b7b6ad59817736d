/* SPDX-License-Identifier: BSD-3-Clause */
/* Checksums of IP, UDP and ICMP (RFC 1071). Inline, libc only, any lcore. */
#ifndef XTR_WIRE_SUM_H
#define XTR_WIRE_SUM_H

#include <string.h>
#include <arpa/inet.h>
#include "wire/addr.h"

/*
 * Adds bytes to a ones' complement sum (RFC 1071). Its order of bytes is that of memory, as section
 * 2 (B) there allows: xtr_sum_fold() puts it right. An odd last byte counts as followed by zero.
 */
static inline uint64_t xtr_sum_add(uint64_t sum, const uint8_t *p, size_t n)
{
	uint32_t word;

	for (; n >= sizeof word; p += sizeof word, n -= sizeof word) {
		memcpy(&word, p, sizeof word);
		sum += word;
	}
	word = 0;
	if (n > 0)
		memcpy(&word, p, n);
	return sum + word;
}

/* In host order; 0xffff over what carries its checksum and is whole. */
static inline uint16_t xtr_sum_fold(uint64_t sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return ntohs((uint16_t)sum);
}

/* The pseudo-header over IPv4 and IPv6 adds up to the same: addresses, protocol, length (below
 * 65536) of what follows. */
static inline uint64_t xtr_sum_pseudo(
    const struct xtr_ip *src, const struct xtr_ip *dst, uint8_t protocol, size_t len)
{
	uint64_t sum = (uint64_t)htons(protocol) + htons((uint16_t)len);

	sum = xtr_sum_add(sum, src->b, sizeof src->b);
	return xtr_sum_add(sum, dst->b, sizeof dst->b);
}

#endif
