/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Data headers against bytes put together by hand from the figures of RFC 9300 section 5.3, RFC
 * 9305 section 3, RFC 7348 section 5 and draft-ietf-nvo3-vxlan-gpe section 3.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "wire/data.h"

static void test_lisp(void **state)
{
	static const struct {
		const char *bytes;
		struct xtr_data_hdr h;
		bool nonce, echo, versions;
		uint32_t status;
	} cases[] = {
	    {"\0\0\0\0\0\0\0\0", {0}, false, false, false, 0},
	    {"\x80\xab\xcd\xef\0\0\0\0", {.flags = XTR_DATA_N, .nonce = 0xabcdef}, true, false,
		false, 0},
	    {"\xa0\0\0\1\0\0\0\0", {.flags = XTR_DATA_N | XTR_DATA_E, .nonce = 1}, true, true,
		false, 0},
	    {"\x10\x12\x3a\xbc\0\0\0\0", {.flags = XTR_DATA_V, .nonce = 0x123abc}, false, false,
		true, 0},
	    {"\x40\0\0\0\x80\0\0\1", {.flags = XTR_DATA_L, .lsb = 0x80000001}, false, false, false,
		0x80000001},
	    {"\x08\0\0\0\xff\xff\xff\0", {.flags = XTR_DATA_I, .instance_id = 0xffffff}, false,
		false, false, 0},
	    {"\x48\0\0\0\0\0\x64\x81",
		{.flags = XTR_DATA_L | XTR_DATA_I, .instance_id = 100, .lsb = 0x81}, false, false,
		false, 0x81},
	    {"\x0c\0\0\2\0\0\x64\0",
		{.flags = XTR_DATA_I | XTR_DATA_P, .nonce = 2, .instance_id = 100, .next = 2},
		false, false, false, 0},
	    {"\x03\0\0\0\0\0\0\0", {.flags = XTR_DATA_KK}, false, false, false, 0},
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const uint8_t *p = (const uint8_t *)cases[i].bytes;
		struct xtr_data_hdr h = xtr_data_read(p);
		uint8_t out[8];

		assert_int_equal(h.flags, cases[i].h.flags);
		assert_int_equal(h.nonce, cases[i].h.nonce);
		assert_int_equal(h.instance_id, cases[i].h.instance_id);
		assert_int_equal(h.lsb, cases[i].h.lsb);
		assert_int_equal(h.next, cases[i].h.next);
		assert_int_equal(xtr_data_has_nonce(&h), cases[i].nonce);
		assert_int_equal(xtr_data_wants_echo(&h), cases[i].echo);
		assert_int_equal(xtr_data_has_versions(&h), cases[i].versions);
		assert_int_equal(xtr_data_status_bits(&h), cases[i].status);
		xtr_data_write(out, &cases[i].h);
		assert_memory_equal(out, p, 8);
	}
}

static void test_map_versions(void **state)
{
	struct xtr_data_hdr h = {.flags = XTR_DATA_V, .nonce = xtr_data_versions(0x123, 0xfabc)};

	assert_int_equal(h.nonce, 0x123abc);
	assert_int_equal(xtr_data_source_version(&h), 0x123);
	assert_int_equal(xtr_data_dest_version(&h), 0xabc);
}

/* What a sender MUST NOT say is not written, what a receiver MUST ignore is not reported. */
static void test_rules(void **state)
{
	static const struct {
		struct xtr_data_hdr h;
		const char *bytes;
	} cases[] = {
	    /* N and V: V goes */
	    {{.flags = XTR_DATA_N | XTR_DATA_V, .nonce = 5}, "\x80\0\0\5\0\0\0\0"},
	    /* E without N; a nonce without N and V */
	    {{.flags = XTR_DATA_E, .nonce = 5}, "\0\0\0\0\0\0\0\0"},
	    /* locator-status-bits without L; an instance-ID without I; 9 bits with I */
	    {{.lsb = 5}, "\0\0\0\0\0\0\0\0"},
	    {{.instance_id = 5}, "\0\0\0\0\0\0\0\0"},
	    {{.flags = XTR_DATA_I, .instance_id = 5, .lsb = 5}, "\x08\0\0\0\0\0\5\0"},
	    {{.flags = XTR_DATA_I | XTR_DATA_L, .lsb = 0x1ff}, "\x48\0\0\0\0\0\0\xff"},
	    /* P: N, E, V and bits 8 to 23 are zero */
	    {{.flags = XTR_DATA_P | XTR_DATA_N | XTR_DATA_E, .nonce = 0xabcdef, .next = 3},
		"\x04\0\0\3\0\0\0\0"},
	    {{.flags = XTR_DATA_P | XTR_DATA_V, .nonce = 0xabcdef, .next = 0x80},
		"\x04\0\0\x80\0\0\0\0"},
	};
	struct xtr_data_hdr h = xtr_data_read((const uint8_t *)"\xb4\0\0\1\0\0\0\x0f");

	assert_false(
	    xtr_data_has_nonce(&h) || xtr_data_has_versions(&h) || xtr_data_wants_echo(&h));
	assert_int_equal(xtr_data_status_bits(&h), 0);
	h = xtr_data_read((const uint8_t *)"\x90\0\0\1\0\0\0\0");
	assert_true(xtr_data_has_nonce(&h) && !xtr_data_has_versions(&h));
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		uint8_t out[8];

		xtr_data_write(out, &cases[i].h);
		assert_memory_equal(out, cases[i].bytes, 8);
	}
}

static void test_vxlan(void **state)
{
	struct xtr_vxlan_hdr h = {.flags = XTR_VXLAN_I, .vni = 0xabcdef, .next = 7};
	uint8_t out[8];

	xtr_vxlan_write(out, &h);
	assert_memory_equal(out, "\x08\0\0\0\xab\xcd\xef\0", 8);
	h = xtr_vxlan_read(out);
	assert_int_equal(h.flags, XTR_VXLAN_I);
	assert_int_equal(h.vni, 0xabcdef);
	assert_int_equal(h.next, 0);
	h = (struct xtr_vxlan_hdr){
	    .flags = XTR_VXLAN_I | XTR_VXLAN_P | XTR_VXLAN_B, .vni = 100, .next = XTR_GPE_ETHERNET};
	xtr_vxlan_write(out, &h);
	assert_memory_equal(out, "\x0e\0\0\3\0\0\x64\0", 8);
	h = xtr_vxlan_read(out);
	assert_int_equal(h.next, XTR_GPE_ETHERNET);
	assert_int_equal(h.vni, 100);
	/* reserved bytes are ignored, and a VNI that I does not call valid */
	h = xtr_vxlan_read((const uint8_t *)"\x01\xff\xff\xff\0\0\1\xff");
	assert_int_equal(h.flags, XTR_VXLAN_O);
	assert_int_equal(h.vni, 0);
	assert_int_equal(h.next, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_lisp),
	    cmocka_unit_test(test_map_versions),
	    cmocka_unit_test(test_rules),
	    cmocka_unit_test(test_vxlan),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
