/* SPDX-License-Identifier: BSD-3-Clause */
/* libFuzzer target: any bytes as an address: AFI and what follows, LCAFs of all types in one
 * another. */
#include "tests/fuzz/fuzz_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct xtr_wire_err err;
	struct xtr_writer w;
	struct xtr_addr a;
	uint8_t *copy;
	int ret;

	check_p = data;
	check_len = size;
	ret = xtr_addr_at(data, size, &a, &err);
	require(ret == 0 || ret == -EBADMSG);
	if (ret < 0) {
		check_err(&err, size);
		return 0;
	}
	check_addr(&a);
	copy = malloc(a.len + 2);
	require(copy);
	xtr_writer_init(&w, copy, a.len + 2);
	xtr_write_addr(&w, &a);
	require(xtr_writer_result(&w) == 0 && bytes_same(copy, w.len, data, a.len + 2));
	free(copy);
	return 0;
}
