/* SPDX-License-Identifier: BSD-3-Clause */
/* Addresses and prefixes: text, masks, order, containment. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <arpa/inet.h>

#include <cmocka.h>

#include "wire/addr.h"

static struct xtr_ip ip(const char *text)
{
	struct xtr_ip out;

	assert_int_equal(xtr_ip_parse(text, &out), 0);
	return out;
}

static struct xtr_eid eid(uint32_t iid, const char *text)
{
	struct xtr_eid out;

	assert_int_equal(xtr_eid_parse(text, &out), 0);
	out.iid = iid;
	return out;
}

static void test_parse(void **state)
{
	static const char *const bad[] = {"", " ", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4x",
	    "1.2.3.4 ", " 1.2.3.4", "::1::", "2001:db8::g", "fe80::1%eth0", "1.2.3.4/24", "none",
	    "11111111111111111111111111111111111111111111111111111111111111"};
	struct xtr_ip a = {.af = 4, .b = {9, 9, 9, 9}}, before = a;
	char buf[XTR_IP_STRLEN];

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_int_equal(xtr_ip_parse(bad[i], &a), -EINVAL);
		assert_memory_equal(&a, &before, sizeof a);
	}
	a = ip("192.0.2.1");
	assert_int_equal(a.af, 4);
	assert_memory_equal(a.b, "\xc0\x00\x02\x01\0\0\0\0\0\0\0\0\0\0\0\0", 16);
	assert_string_equal(xtr_ip_format(&a, buf), "192.0.2.1");
	a = ip("2001:db8::1");
	assert_int_equal(a.af, 6);
	assert_memory_equal(a.b, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01", 16);
	assert_string_equal(xtr_ip_format(&a, buf), "2001:db8::1");
	a = ip("ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255");
	assert_string_equal(xtr_ip_format(&a, buf), "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
	a = (struct xtr_ip){0};
	assert_string_equal(xtr_ip_format(&a, buf), "none");
	assert_int_equal(xtr_ip_bits(&a), 0);
}

static void test_eid_parse(void **state)
{
	static const char *const bad[] = {"", "/", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1",
	    "10.0.0.0/+8", "10.0.0.0/ 8", "10.0.0.0/8 ", "10.0.0.0/8/8", "10.0.0.0/08",
	    "10.0.0.0/1000", "10.0.0.0/4294967304", "::/129", "::/0x8", "10.0.0/8",
	    "[5] 10.0.0.0/8", "111111111111111111111111111111111111111111111111111111111111/8"};
	struct xtr_eid e = {.iid = 7, .plen = 3}, before = e;
	char buf[XTR_EID_STRLEN];

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_int_equal(xtr_eid_parse(bad[i], &e), -EINVAL);
		assert_memory_equal(&e, &before, sizeof e);
	}
	assert_int_equal(xtr_eid_parse("10.1.1.0/24", &e), 0);
	assert_int_equal(e.iid, 0);
	assert_int_equal(e.plen, 24);
	assert_string_equal(xtr_eid_format(&e, buf), "10.1.1.0/24");
	assert_int_equal(xtr_eid_parse("10.1.1.1", &e), 0);
	assert_int_equal(e.plen, 32);
	assert_int_equal(xtr_eid_parse("2001:db8::/32", &e), 0);
	assert_int_equal(e.plen, 32);
	assert_int_equal(xtr_eid_parse("::", &e), 0);
	assert_int_equal(e.plen, 128);
	assert_int_equal(xtr_eid_parse("0.0.0.0/0", &e), 0);
	assert_int_equal(e.plen, 0);
	/* Host bits: refused, and told what was meant. */
	assert_int_equal(xtr_eid_parse("10.1.1.129/25", &e), -EDOM);
	assert_string_equal(xtr_eid_format(&e, buf), "10.1.1.128/25");
	assert_int_equal(xtr_eid_parse("2001:db8::1/64", &e), -EDOM);
	assert_string_equal(xtr_eid_format(&e, buf), "2001:db8::/64");
}

static void test_eid_format(void **state)
{
	char buf[XTR_EID_STRLEN];
	struct xtr_eid e = eid(100, "10.2.2.0/24");

	assert_string_equal(xtr_eid_format(&e, buf), "[100] 10.2.2.0/24");
	assert_string_equal(xtr_prefix_format(&e, buf), "10.2.2.0/24");
	e = eid(XTR_IID_MAX, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
	assert_string_equal(
	    xtr_eid_format(&e, buf), "[16777215] ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128");
	e = (struct xtr_eid){0};
	assert_string_equal(xtr_eid_format(&e, buf), "none");
	assert_string_equal(xtr_prefix_format(&e, buf), "none");
	e.iid = 5;
	assert_string_equal(xtr_eid_format(&e, buf), "[5] none");
}

/* Every length of both families against a bit-by-bit mask. */
static void test_mask(void **state)
{
	for (unsigned af = 4; af <= 6; af += 2) {
		unsigned bits = af == 4 ? 32 : 128;

		for (unsigned plen = 0; plen <= bits; plen++) {
			struct xtr_ip a = {.af = (uint8_t)af}, want = {.af = (uint8_t)af};

			memset(a.b, 0xff, bits / 8);
			for (unsigned i = 0; i < plen; i++)
				want.b[i / 8] |= (uint8_t)(0x80 >> i % 8);
			assert_int_equal(xtr_ip_mask(&a, plen), plen < bits);
			assert_memory_equal(&a, &want, sizeof a);
			assert_false(xtr_ip_mask(&a, plen));
			for (unsigned i = 0; i < bits; i++)
				assert_int_equal(xtr_ip_bit(&a, i), i < plen);
		}
	}
}

static void test_order(void **state)
{
	/* RFC 9301 5.5: ascending, every IPv4 address before any IPv6 address. */
	static const char *const sorted[] = {"0.0.0.0", "9.255.255.255", "10.0.0.0", "10.0.0.1",
	    "200.0.0.0", "255.255.255.255", "::", "::1", "a::", "ff00::"};
	size_t n = sizeof sorted / sizeof sorted[0];
	struct xtr_ip none = {0};

	for (size_t i = 0; i < n; i++) {
		struct xtr_ip a = ip(sorted[i]);

		assert_true(xtr_ip_cmp(&none, &a) < 0);
		assert_true(xtr_ip_cmp(&a, &none) > 0);
		for (size_t j = 0; j < n; j++) {
			struct xtr_ip b = ip(sorted[j]);
			int c = xtr_ip_cmp(&a, &b);

			assert_int_equal((c > 0) - (c < 0), (i > j) - (i < j));
			assert_int_equal(xtr_ip_equal(&a, &b), i == j);
		}
	}
}

static void test_unicast(void **state)
{
	static const char *const no[] = {"224.0.0.1", "239.255.255.255", "255.255.255.255",
	    "0.0.0.0", "127.0.0.1", "127.255.255.255", "::", "::1", "ff02::1", "ff0e::5"};
	static const char *const yes[] = {"10.1.1.1", "172.16.1.2", "223.255.255.255", "240.0.0.1",
	    "255.255.255.254", "126.255.255.255", "128.0.0.0", "1.0.0.0", "2001:db8::1", "fe80::1",
	    "fd00::", "::2", "::1:0"};
	struct xtr_ip a = {0};

	assert_false(xtr_ip_is_unicast(&a));
	for (size_t i = 0; i < sizeof no / sizeof no[0]; i++) {
		a = ip(no[i]);
		assert_false(xtr_ip_is_unicast(&a));
	}
	for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++) {
		a = ip(yes[i]);
		assert_true(xtr_ip_is_unicast(&a));
	}
}

static void test_link_local(void **state)
{
	static const char *const no[] = {
	    "169.254.1.1", "254.128.0.1", "fec0::1", "fe7f::1", "2001:db8::1", "ff02::1"};
	static const char *const yes[] = {"fe80::1", "febf:ffff::1", "fe80:1::"};
	struct xtr_ip a;

	for (size_t i = 0; i < sizeof no / sizeof no[0]; i++) {
		a = ip(no[i]);
		assert_false(xtr_ip_is_link_local(&a));
	}
	for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++) {
		a = ip(yes[i]);
		assert_true(xtr_ip_is_link_local(&a));
	}
}

static void test_covers(void **state)
{
	static const struct {
		uint32_t outer_iid, inner_iid;
		const char *outer, *inner;
		bool covers;
	} cases[] = {
	    {0, 0, "10.0.0.0/8", "10.1.1.0/24", true},
	    {0, 0, "10.1.1.0/24", "10.0.0.0/8", false},
	    {0, 0, "10.1.1.0/24", "10.1.1.0/24", true},
	    {0, 0, "10.1.1.0/24", "10.1.2.0/24", false},
	    {0, 0, "10.1.1.128/25", "10.1.1.127/32", false},
	    {0, 0, "10.1.1.128/25", "10.1.1.128/32", true},
	    {0, 0, "0.0.0.0/0", "255.255.255.255/32", true},
	    {0, 0, "::/0", "10.0.0.0/8", false},
	    {0, 0, "0.0.0.0/0", "::/0", false},
	    {0, 0, "2001:db8::/33", "2001:db8:8000::/34", false},
	    {0, 0, "2001:db8::/33", "2001:db8:7fff::/48", true},
	    {1, 0, "10.0.0.0/8", "10.1.1.0/24", false},
	    {1, 1, "10.0.0.0/8", "10.1.1.0/24", true},
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct xtr_eid o = eid(cases[i].outer_iid, cases[i].outer);
		struct xtr_eid n = eid(cases[i].inner_iid, cases[i].inner);

		assert_int_equal(xtr_eid_covers(&o, &n), cases[i].covers);
		assert_int_equal(
		    xtr_eid_equal(&o, &n), cases[i].outer_iid == cases[i].inner_iid &&
					       strcmp(cases[i].outer, cases[i].inner) == 0);
	}
}

static void test_host(void **state)
{
	struct xtr_ip a = ip("10.1.1.4"), b = ip("fd00::4");
	struct xtr_eid e = xtr_eid_host(9, &a);
	char buf[XTR_EID_STRLEN];

	assert_string_equal(xtr_eid_format(&e, buf), "[9] 10.1.1.4/32");
	e = xtr_eid_host(0, &b);
	assert_string_equal(xtr_eid_format(&e, buf), "fd00::4/128");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_parse),
	    cmocka_unit_test(test_eid_parse),
	    cmocka_unit_test(test_eid_format),
	    cmocka_unit_test(test_mask),
	    cmocka_unit_test(test_order),
	    cmocka_unit_test(test_unicast),
	    cmocka_unit_test(test_link_local),
	    cmocka_unit_test(test_covers),
	    cmocka_unit_test(test_host),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
