/* SPDX-License-Identifier: BSD-3-Clause */
/* Control messages put together by hand; hexadecimal digits, spaces don't count. */
#ifndef WIRE_VECTORS_H
#define WIRE_VECTORS_H

#include <stdint.h>
#include <stdio.h>

#include "wire/msg.h"

#define VECTOR_MAX 512

#define V_NONCE "0102030405060708 "

/* Type 1, no flag, one ITR-RLOC, one record: 10.1.1.4 asks from 172.16.1.2 for 10.2.2.5/32. */
#define V_REQUEST "10000001 " V_NONCE "0001 0a010104 0001 ac100102 00 20 0001 0a020205"
/* Instance-IDs 100 and 2^24-1 in LCAF type 2 (lengths 4 + 2 + 4 and 4 + 2 + 16), two ITR-RLOCs. */
#define V_REQUEST_IID                                                                              \
	"10000101 " V_NONCE "4003 0000 02 00 000a 00000064 0001 0a010104"                          \
	"0001 ac100102 0002 20010db8000000000000000000000002"                                      \
	"00 40 4003 0000 02 00 0016 00ffffff 0002 fd000002000200000000000000000000"
/*
 * M and S set; the source EID a distinguished name "ab"; five ITR-RLOCs: IPv4, a MAC address, none,
 * an LCAF of type 7 with 3 bytes, IPv6; two records: 10.2.2.5/16 and AFI 0 with mask-len 32; a
 * mapping record with one locator; two bytes more.
 */
#define V_REQUEST_MAP_DATA                                                                         \
	"15000402 " V_NONCE "0011 616200"                                                          \
	"0001 ac100102 4005 0a0b0c0d0e0f 0000 4003 0000 07 00 0003 aabbcc"                         \
	"0002 20010db8000000000000000000000002"                                                    \
	"00 10 0001 0a020205 00 20 0000"                                                           \
	"000005a0 01 18 1000 0000 0001 0a010100 01 32 ff 00 0005 0001 ac100102 9999"
/* P; two records: 10.2.2.0/24 with version 0xabc, 172.16.1.3 and 2001:db8::3; [100] fd00:2::/32
 * with a locator of AFI 0. */
#define V_REPLY                                                                                    \
	"28000002 " V_NONCE "000005a0 02 18 1000 0abc 0001 0a020200"                               \
	"01 32 ff 07 0005 0001 ac100103 02 64 00 00 0002 0002 20010db8000000000000000000000003"    \
	"ffffffff 01 20 0000 0000 4003 0000 02 00 0016 00000064 0002 "                             \
	"fd000002000000000000000000000000"                                                         \
	"ff 00 00 00 0000 0000"
#define V_REPLY_NEGATIVE "20000001 " V_NONCE "0000000f 00 01 2000 0000 0001 00000000"
/* Locators of priority 1 to 7: LCAF types 2, 10 and an empty 0, AFI 6, 17 and 16390, IPv4; then a
 * record without any. */
#define V_REPLY_LOCATOR_TYPES                                                                      \
	"20000002 " V_NONCE "000005a0 07 18 1000 0000 0001 0a020200"                               \
	"01 64 ff 00 0005 4003 0000 02 20 000a 00000005 0001 ac100109"                             \
	"02 64 ff 00 0005 4003 0000 0a 00 0009 0000000001ac100109"                                 \
	"03 64 ff 00 0005 4003 0000 00 00 0000"                                                    \
	"04 64 ff 00 0005 0006 0a0b0c0d0e0f"                                                       \
	"05 64 ff 00 0005 0011 526f7574657200"                                                     \
	"06 64 ff 00 0005 4006 0a0b0c0d0e0f1011"                                                   \
	"07 64 ff 00 0005 0001 ac100103"                                                           \
	"0000000f 00 10 0000 0000 0001 0a030000"
#define V_REGISTER_RECORD "000005a0 01 18 1000 0000 0001 0a010100 01 32 ff 00 0005 0001 ac100102 "
#define V_IDS             "000102030405060708090a0b0c0d0e0f a0a1a2a3a4a5a6a7"
/* P, I, T, M; key 1, algorithm 2, 16 bytes. */
#define V_REGISTER                                                                                 \
	"3a000901 " V_NONCE "01 02 0010 00000000000000000000000000000000" V_REGISTER_RECORD V_IDS
#define V_NOTIFY                                                                                   \
	"40000001 " V_NONCE "01 01 0014 "                                                          \
	"0000000000000000000000000000000000000000" V_REGISTER_RECORD
#define V_NOTIFY_ACK                                                                               \
	"50000001 " V_NONCE "01 03 0020 "                                                          \
	"0000000000000000000000000000000000000000000000000000000000000000" V_REGISTER_RECORD V_IDS
/* V_REQUEST from 10.1.1.4:61616 to 10.2.2.5:4342; checksums 23a6 and 0295 by a few lines of Python
 * after RFC 1071. */
#define V_ECM4 "80000000 4500003c 00004000 401123a6 0a010104 0a020205 f0b010f6 0028 0295" V_REQUEST
#define V_ECM6                                                                                     \
	"80000000 60000000 00281140 fd000001000100000000000000000004 "                             \
	"fd000002000200000000000000000005"                                                         \
	"f0b010f6 0028 1f90" V_REQUEST

/* RFC 9437 section 4: M and I; a record with N, one without; the asker's mapping; xTR-ID, Site-ID.
 */
#define V_REQUEST_PUBSUB                                                                           \
	"14100002 " V_NONCE                                                                        \
	"0000 0001 ac100102 80 18 0001 0a020200 00 30 0006 0a0b0c0d0e0f " V_REGISTER_RECORD V_IDS
/* RFC 9303 section 6.2: P, E, S; no record; HKDF-SHA256, one EID record, 2 and 4 bytes of HMAC. */
#define V_REPLY_SEC                                                                                \
	"2e000000 " V_NONCE "01000000 0012 0002 01 00 0002 00 18 0001 0a020200 aabb "              \
	"0008 0002 01020304"
/* RFC 8111 section 6.4: MS-REFERRAL, A, I, two signatures, a locator; then DELEGATION-HOLE. */
#define V_REFERRAL                                                                                 \
	"60000002 " V_NONCE "000005a0 01 10 3800 2007 0001 0a010000 "                              \
	"01 64 ff 00 0001 0001 ac100105 "                                                          \
	"000005a0 65000002 65000001 1234 0003 02 000000 aabbcc "                                   \
	"0000000f 00000004 00000003 4321 0000 01 000000 "                                          \
	"0000000f 00 20 8000 0000 4003 0000 02 00 000a 00000064 0001 0a030000"
/* draft-ermagan-lisp-nat-traversal: Key ID 0001 (SHA-1 then), four bytes of authentication data,
 * TTL 1440, 10.1.1.0/24; nothing, or ports 4342 and 61616 with 192.0.2.9, 172.16.1.1, 10.9.9.9 and
 * RTR 192.0.2.1. */
#define V_INFO(r, more)                                                                            \
	"7" r "000000 " V_NONCE "0001 0004 deadbeef 000005a0 00 18 0001 0a010100 " more
#define V_INFO_REQUEST V_INFO("0", "0000")
#define V_NAT_LCAF                                                                                 \
	"4003 0000 07 00 001c 10f6 f0b0 0001 c0000209 0001 ac100101 0001 0a090909 0001 c0000201"
#define V_INFO_REPLY V_INFO("8", V_NAT_LCAF)
/* V_ECM4 behind RFC 9303 section 6.1: HMAC 2, key 7, AES wrap, OTK of 3 and 5 bytes, KDF 1 only. */
#define V_ECM_SEC                                                                                  \
	"8c000000 01 00 0002 000c 07 02 a6a6a6 0102030405 0004 0001 "                              \
	"4500003c 00004000 401123a6 0a010104 0a020205 f0b010f6 0028 0295" V_REQUEST

/* Puts the bytes into p, which has VECTOR_MAX of them, and returns their number. */
static inline size_t vector_bytes(const char *hex, uint8_t *p)
{
	size_t digits = 0;

	for (; *hex; hex++) {
		unsigned v;

		if (*hex == ' ')
			continue;
		v = (unsigned)(*hex <= '9' ? *hex - '0' : *hex - 'a' + 10);
		p[digits / 2] = (uint8_t)(digits % 2 ? p[digits / 2] | v : v << 4);
		digits++;
	}
	return digits / 2;
}

#endif
