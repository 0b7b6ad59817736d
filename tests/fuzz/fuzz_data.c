/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * libFuzzer target: any bytes as the LISP and the VXLAN data header, and any values as what is to
 * be written there.
 */
#include "tests/fuzz/fuzz_check.h"
#include "wire/data.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool data_same(const struct xtr_data_hdr *a, const struct xtr_data_hdr *b)
{
	return a->flags == b->flags && a->nonce == b->nonce && a->next == b->next &&
	       a->instance_id == b->instance_id && a->lsb == b->lsb;
}

static void data_check(const uint8_t *p)
{
	uint8_t first[XTR_DATA_HDR_LEN], second[XTR_DATA_HDR_LEN];
	struct xtr_data_hdr h = xtr_data_read(p), w;

	require(h.flags == p[0] && h.nonce <= 0xffffff && h.instance_id <= 0xffffff);
	require(!(h.flags & XTR_DATA_I) || h.lsb <= 0xff);
	require(h.flags & XTR_DATA_I || h.instance_id == 0);
	require(h.flags & XTR_DATA_P ? h.next == p[3] : h.next == 0);
	require(!xtr_data_has_nonce(&h) || !xtr_data_has_versions(&h));
	require(!xtr_data_wants_echo(&h) || xtr_data_has_nonce(&h));
	require(
	    xtr_data_versions(xtr_data_source_version(&h), xtr_data_dest_version(&h)) == h.nonce);

	/* A sender's header means the same to who reads it. */
	xtr_data_write(first, &h);
	w = xtr_data_read(first);
	require(xtr_data_has_nonce(&w) == xtr_data_has_nonce(&h));
	require(xtr_data_wants_echo(&w) == xtr_data_wants_echo(&h));
	require(xtr_data_has_versions(&w) == xtr_data_has_versions(&h));
	require(!xtr_data_has_nonce(&h) || w.nonce == h.nonce);
	require(!xtr_data_has_versions(&h) || w.nonce == h.nonce);
	require(w.instance_id == h.instance_id && w.next == h.next);
	require(xtr_data_status_bits(&w) == xtr_data_status_bits(&h));
	/* RFC 9300 section 5.3, RFC 9305 section 3: what a sender may set */
	require(!(w.flags & XTR_DATA_P) || !(w.flags & (XTR_DATA_N | XTR_DATA_E | XTR_DATA_V)));
	require(!(w.flags & XTR_DATA_N) || !(w.flags & XTR_DATA_V));
	require(!(w.flags & XTR_DATA_E) || w.flags & XTR_DATA_N);
	require(((w.flags ^ h.flags) & ~(XTR_DATA_N | XTR_DATA_E | XTR_DATA_V)) == 0);
	xtr_data_write(second, &w);
	require(memcmp(first, second, sizeof first) == 0);
}

/* Values that need not be in range. */
static void data_write_check(const uint8_t *p)
{
	uint8_t first[XTR_DATA_HDR_LEN + 1], second[XTR_DATA_HDR_LEN];
	struct xtr_data_hdr h = {.flags = p[0], .next = p[1]}, r, s;

	memcpy(&h.nonce, p + 2, 4);
	memcpy(&h.instance_id, p + 6, 4);
	memcpy(&h.lsb, p + 10, 4);
	first[XTR_DATA_HDR_LEN] = 0x5a;
	xtr_data_write(first, &h);
	require(first[XTR_DATA_HDR_LEN] == 0x5a);
	r = xtr_data_read(first);
	xtr_data_write(second, &r);
	s = xtr_data_read(second);
	require(memcmp(first, second, sizeof second) == 0 && data_same(&r, &s));
}

static void vxlan_check(const uint8_t *p)
{
	uint8_t first[XTR_VXLAN_HDR_LEN], second[XTR_VXLAN_HDR_LEN];
	struct xtr_vxlan_hdr h = xtr_vxlan_read(p), w;

	require(h.flags == p[0] && h.vni <= 0xffffff);
	require(h.flags & XTR_VXLAN_I || h.vni == 0);
	require(h.flags & XTR_VXLAN_P ? h.next == p[3] : h.next == 0);
	xtr_vxlan_write(first, &h);
	w = xtr_vxlan_read(first);
	require(w.flags == h.flags && w.vni == h.vni && w.next == h.next);
	require(first[1] == 0 && first[2] == 0 && first[7] == 0);
	xtr_vxlan_write(second, &w);
	require(memcmp(first, second, sizeof first) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size >= XTR_DATA_HDR_LEN) {
		data_check(data);
		vxlan_check(data);
	}
	if (size >= 14)
		data_write_check(data);
	return 0;
}
