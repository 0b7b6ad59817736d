/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * libFuzzer target: Encapsulated Control Messages in one another. The checksums of inner headers,
 * which a fuzzer will hardly guess, are put right where the reader says that they are wrong; so
 * headers of all kinds and LISP-SEC data get as far as they should. Then the innermost message is
 * put into as many ECMs again as there were, from both families in turn.
 */
#include "tests/fuzz/fuzz_check.h"
#include "wire/data.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX_DEPTH 8

/* The checksum of the IPv4 header whose checksum is at p + at. The reader found the header whole.
 */
static void ip_checksum_set(uint8_t *p, size_t at)
{
	uint8_t *ip = p + at - 10;
	size_t len = (ip[0] & 0xfu) * 4;
	uint32_t sum = 0;

	ip[10] = ip[11] = 0;
	for (size_t i = 0; i < len; i += 2)
		sum += (uint32_t)ip[i] << 8 | ip[i + 1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	ip[10] = (uint8_t)(~sum >> 8);
	ip[11] = (uint8_t)~sum;
}

/* As check_msg(), with the checksums at fault set right. */
static int read_repaired(uint8_t *p, size_t len, struct xtr_msg *m)
{
	struct xtr_wire_err err;
	int ret = check_msg(p, len, m, &err);

	if (ret < 0 && len > 0 && p[0] >> 4 == XTR_MSG_ECM &&
	    strcmp(err.field, "inner IPv4 checksum") == 0) {
		ip_checksum_set(p, err.offset);
		ret = check_msg(p, len, m, &err);
		require(ret == 0 || strcmp(err.field, "inner IPv4 checksum") != 0);
	}
	if (ret < 0 && len > 0 && p[0] >> 4 == XTR_MSG_ECM &&
	    strcmp(err.field, "inner UDP checksum") == 0) {
		p[err.offset] = p[err.offset + 1] = 0; /* none */
		ret = check_msg(p, len, m, &err);
		require(ret == 0);
	}
	return ret;
}

/* `depth` ECMs around the message at p; what was read of the outermost is used for all. */
static void wrap(const uint8_t *p, size_t len, const struct xtr_msg *outer, unsigned depth)
{
	static uint8_t buf[2][FUZZ_MAX];
	struct xtr_sec_ecm sec;
	struct xtr_ecm_opts o = {.ddt = outer->ddt,
	    .sport = outer->inner_sport,
	    .dport = XTR_PORT_CONTROL,
	    .sec = xtr_sec_of_ecm(outer, &sec) ? &sec : NULL};
	const uint8_t *inner = p;
	size_t inner_len = len;
	struct xtr_wire_err err;
	struct xtr_writer w;
	struct xtr_msg m;

	for (unsigned i = 0; i < depth; i++) {
		uint8_t ip[16];

		memset(ip, (int)(0x20 + i), sizeof ip);
		o.src = i % 2 ? xtr_ip6(ip) : xtr_ip4(ip);
		o.dst = o.src;
		o.inner = inner;
		o.inner_len = inner_len;
		xtr_writer_init(&w, buf[i % 2], sizeof buf[0]);
		xtr_write_ecm_opts(&w, &o);
		if (inner_len > 65507) { /* what a datagram over IPv4 takes, RFC 768 */
			require(xtr_writer_result(&w) < 0);
			return;
		}
		require(xtr_writer_result(&w) == 0);
		inner = w.p;
		inner_len = w.len;
	}
	/* and out of them again */
	for (unsigned i = 0; i < depth; i++) {
		require(check_msg(inner, inner_len, &m, &err) == 0 && m.type == XTR_MSG_ECM);
		require(m.ddt == outer->ddt && m.security == outer->security);
		inner = m.inner;
		inner_len = m.inner_len;
	}
	require(bytes_same(inner, inner_len, p, len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1), *p = copy;
	struct xtr_msg m, outer;
	unsigned depth = 0;

	require(copy);
	if (size)
		memcpy(copy, data, size);
	while (depth < MAX_DEPTH && read_repaired(p, size, &m) == 0 && m.type == XTR_MSG_ECM) {
		if (depth++ == 0)
			outer = m;
		p += m.inner - p;
		size = m.inner_len;
	}
	if (depth > 0)
		wrap(p, size, &outer, depth);
	free(copy);
	return 0;
}
