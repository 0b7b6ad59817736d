/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * libFuzzer target: any bytes as a message to authenticate. What does not verify is signed, and
 * must verify then; with one byte changed it must not.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "auth/auth.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool good)
{
	if (!good)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct xtr_key *key, *none;
	struct xtr_wire_err err;
	struct xtr_msg m;
	uint8_t *p;
	int ret;

	if (!key)
		key = xtr_key_create("Zaq12wsx!@", 10);
	if (!none)
		none = xtr_key_create_none();
	require(key != NULL && none != NULL);
	p = malloc(size ? size : 1);
	require(p != NULL);
	if (size)
		memcpy(p, data, size);
	ret = xtr_auth_sign(key, p, size, size);
	require(ret == 0 || ret == -EBADMSG || ret == -ENOTSUP);
	if (xtr_msg_read(p, size, &m, &err) == 0) {
		int verified = xtr_auth_verify(key, p, size, &m);
		int open = xtr_auth_verify(none, p, size, &m);

		require(open == -EKEYREJECTED || (open == 0 && verified == -ENOTSUP));
		if (ret == 0) {
			require(verified == 0);
			p[m.auth_offset + m.auth_len / 2] ^= 1;
			require(xtr_auth_verify(key, p, size, &m) == -EKEYREJECTED);
		} else {
			require(verified == -EKEYREJECTED || verified == -ENOTSUP);
		}
	}
	free(p);
	return 0;
}
