/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * libFuzzer target: any bytes as an ICMP or ICMPv6 error from the core. Chance makes no checksum:
 * it is put right first, where the first byte's lowest bit says so.
 */
#include "tests/fuzz/fuzz_check.h"

#include <errno.h>
#include <stdlib.h>
#include "wire/icmp_error.h"
#include "wire/sum.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* As a worker's checks leave it: the header is of one of the versions, and all there. */
static size_t prepare(uint8_t *p, size_t len, bool repair)
{
	bool six = p[0] & 0x20;
	size_t hlen = six ? 40 : 20;
	struct xtr_ip src, dst;
	uint64_t sum = 0;

	p[0] = six ? 0x60 : 0x45;
	if (!repair || len < hlen + 8)
		return hlen;
	src = six ? xtr_ip6(p + 8) : xtr_ip4(p + 12);
	dst = six ? xtr_ip6(p + 24) : xtr_ip4(p + 16);
	p[six ? 6 : 9] = six ? 58 : 1;
	p[hlen + 2] = p[hlen + 3] = 0;
	if (six)
		sum = xtr_sum_pseudo(&src, &dst, 58, len - hlen);
	xtr_set16(p + hlen + 2, (uint16_t)~xtr_sum_fold(xtr_sum_add(sum, p + hlen, len - hlen)));
	return hlen;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct xtr_icmp_error e;
	uint8_t *p;
	size_t len = size - 1;
	int rc;

	if (size < 42)
		return 0;
	p = malloc(len); /* of its own, so that what is read behind it is seen */
	require(p != NULL);
	memcpy(p, data + 1, len);
	prepare(p, len, data[0] & 1);
	rc = xtr_icmp_error_read(p, len, &e);
	require(rc == 0 || rc == -ENOENT || rc == -EBADMSG);
	if (rc == 0) {
		require(e.from.af == (p[0] >> 4) && e.to.af == e.from.af);
		require(e.src.af == e.from.af && e.dst.af == e.from.af);
		require(e.outer_len >= (e.whole ? 36 : 28) && e.outer_len <= 65535 + 40);
		require(e.kind == XTR_ICMP_TOO_BIG || e.mtu == 0);
		if (e.inner) {
			require(e.has_data && e.inner > p && e.inner_len >= 20);
			require(e.inner + e.inner_len <= p + len);
			require(e.inner[0] >> 4 == 4 || e.inner[0] >> 4 == 6);
			require(e.inner_len < e.outer_len || !e.whole);
		}
		require(xtr_icmp_plateau(e.outer_len) < e.outer_len || e.outer_len <= 68);
	}
	free(p);
	return 0;
}
