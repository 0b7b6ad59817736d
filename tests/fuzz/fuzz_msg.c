/* SPDX-License-Identifier: BSD-3-Clause */
/* libFuzzer target: any bytes as a control message, with all addresses in it, and what an ECM
 * encloses. */
#include "tests/fuzz/fuzz_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX_DEPTH 8

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct xtr_wire_err err;
	struct xtr_msg m;

	for (unsigned depth = 0; depth < MAX_DEPTH; depth++) {
		if (check_msg(data, size, &m, &err) < 0 || m.type != XTR_MSG_ECM)
			break;
		data = m.inner;
		size = m.inner_len;
	}
	return 0;
}
