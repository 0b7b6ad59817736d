/* SPDX-License-Identifier: BSD-3-Clause */
/* Secrets by key ID. */
#include <errno.h>
#include <stdlib.h>

#include "auth/auth.h"

#define N_KEY_IDS 256 /* one byte of the message */

struct xtr_keyring {
	struct xtr_key *any;
	struct xtr_key *by_id[N_KEY_IDS];
};

struct xtr_keyring *xtr_keyring_create(void)
{
	return calloc(1, sizeof(struct xtr_keyring));
}

void xtr_keyring_destroy(struct xtr_keyring *ring)
{
	if (!ring)
		return;
	xtr_key_destroy(ring->any);
	for (unsigned i = 0; i < N_KEY_IDS; i++)
		xtr_key_destroy(ring->by_id[i]);
	free(ring);
}

int xtr_keyring_set(struct xtr_keyring *ring, int key_id, const void *secret, size_t len)
{
	struct xtr_key **at, *key = NULL;

	if (key_id != XTR_KEY_ID_ANY && (key_id < 0 || key_id >= N_KEY_IDS))
		return -EINVAL;
	at = key_id == XTR_KEY_ID_ANY ? &ring->any : &ring->by_id[key_id];
	if (len > 0) {
		key = xtr_key_create(secret, len);
		if (!key)
			return -ENOMEM;
	}
	xtr_key_destroy(*at);
	*at = key;
	return 0;
}

struct xtr_key *xtr_keyring_get(const struct xtr_keyring *ring, uint8_t key_id)
{
	return ring->by_id[key_id] ? ring->by_id[key_id] : ring->any;
}

int xtr_keyring_verify(const struct xtr_keyring *ring, const uint8_t *p, size_t len,
    const struct xtr_msg *m, size_t *covered)
{
	struct xtr_key *key = xtr_keyring_get(ring, m->key_id);

	return key ? xtr_auth_verify_covered(key, p, len, m, covered) : -ENOKEY;
}
