/* SPDX-License-Identifier: BSD-3-Clause */
/* Addresses of any kind, written by lib/wire from their description in JSON: the reverse of
 * lcaf_json.c. For wire_make.c; what a line takes is freed together at its end. */
#ifndef WIRE_UNJSON_H
#define WIRE_UNJSON_H

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "wire/lcaf.h"

#define ADDR_MAX 70000 /* an LCAF has up to 65535 bytes behind its header */

static void **blocks;
static size_t n_blocks;

_Noreturn __attribute__((format(printf, 1, 2))) static void die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("wire_make: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
	exit(1);
}

static void *take(size_t n)
{
	void *p = malloc(n ? n : 1);

	blocks = realloc(blocks, (n_blocks + 1) * sizeof *blocks);
	if (!p || !blocks)
		die("out of memory");
	blocks[n_blocks++] = p;
	return p;
}

static void free_blocks(void)
{
	while (n_blocks > 0)
		free(blocks[--n_blocks]);
}

/* A number or truth value; 0 where there is none. */
static uint64_t num(const json_t *o, const char *name)
{
	const json_t *v = json_object_get(o, name);

	if (!v || json_is_null(v))
		return 0;
	if (json_is_boolean(v))
		return json_is_true(v);
	if (!json_is_integer(v))
		die("\"%s\" is no number", name);
	return (uint64_t)json_integer_value(v);
}

static const char *text(const json_t *o, const char *name)
{
	const json_t *v = json_object_get(o, name);

	return v && json_is_string(v) ? json_string_value(v) : NULL;
}

/* Is `letter` among the flags of o? */
static bool flag(const json_t *o, const char *letter)
{
	const json_t *v;
	size_t i;

	json_array_foreach (json_object_get(o, "flags"), i, v)
		if (!strcmp(json_string_value(v), letter))
			return true;
	return false;
}

static int hex_digit(char c)
{
	const char *digits = "0123456789abcdef", *at = c ? strchr(digits, c) : NULL;

	if (!at)
		die("'%c' is no hexadecimal digit", c);
	return (int)(at - digits);
}

/* Bytes from hexadecimal digits, which colons may part. */
static const uint8_t *hex_bytes(const char *hex, size_t *n)
{
	uint8_t *p = take(hex ? strlen(hex) / 2 : 0);

	*n = 0;
	while (hex && *hex) {
		if (*hex == ':') {
			hex++;
			continue;
		}
		p[(*n)++] = (uint8_t)(hex_digit(hex[0]) << 4 | hex_digit(hex[1]));
		hex += 2;
	}
	return p;
}

static const uint8_t *hex_of(const json_t *o, const char *name, size_t *n)
{
	return hex_bytes(text(o, name), n);
}

/* As long as the struct field that takes it can say. */
static uint16_t hex16_of(const json_t *o, const char *name, const uint8_t **p)
{
	size_t n;

	*p = hex_of(o, name, &n);
	if (n > UINT16_MAX)
		die("\"%s\" is too long", name);
	return (uint16_t)n;
}

static struct xtr_ip ip_of(const char *name)
{
	struct xtr_ip ip = {0};

	if (name && xtr_ip_parse(name, &ip) < 0)
		die("%s is no IP address", name);
	return ip;
}

static struct xtr_eid eid_of(const json_t *o, const char *name)
{
	const json_t *v = json_object_get(o, name);
	struct xtr_eid eid = {0};

	if (text(v, "prefix") && xtr_eid_parse(text(v, "prefix"), &eid) < 0)
		die("%s is no EID prefix", text(v, "prefix"));
	eid.iid = (uint32_t)num(v, "iid");
	return eid;
}

static struct xtr_addr addr_of(const json_t *a);

static struct xtr_addr addr_in(const json_t *o, const char *name)
{
	return addr_of(json_object_get(o, name));
}

/* A writer on a block of its own. */
static struct xtr_writer block_writer(void)
{
	struct xtr_writer w;

	xtr_writer_init(&w, take(ADDR_MAX), ADDR_MAX);
	return w;
}

/* Elements of the list `name`, each written by `put`. */
static struct xtr_lcaf_list list_of(
    const json_t *o, const char *name, void (*put)(struct xtr_writer *, const json_t *))
{
	struct xtr_writer w = block_writer();
	const json_t *v;
	size_t i;

	json_array_foreach (json_object_get(o, name), i, v)
		put(&w, v);
	return xtr_lcaf_list_of(&w);
}

static void put_addr(struct xtr_writer *w, const json_t *v)
{
	struct xtr_addr a = addr_of(v);

	xtr_write_addr(w, &a);
}

static void put_hop(struct xtr_writer *w, const json_t *v)
{
	struct xtr_elp_hop hop = {.lookup = flag(v, "L"),
	    .probe = flag(v, "P"),
	    .strict = flag(v, "S"),
	    .addr = addr_in(v, "address")};

	xtr_write_elp_hop(w, &hop);
}

static void put_key(struct xtr_writer *w, const json_t *v)
{
	size_t n;
	const uint8_t *p = hex_bytes(json_string_value(v), &n);

	xtr_write_key_material(w, &(struct xtr_key_material){.p = p, .len = (uint16_t)n});
}

static void put_rle(struct xtr_writer *w, const json_t *v)
{
	struct xtr_rle_entry e = {.level = (uint8_t)num(v, "level"), .addr = addr_in(v, "address")};

	xtr_write_rle_entry(w, &e);
}

static void put_app(struct xtr_writer *w, const json_t *a)
{
	const json_t *local = json_object_get(a, "local"), *remote = json_object_get(a, "remote");
	struct xtr_lcaf_app l = {.tos = (uint32_t)num(a, "tos"),
	    .protocol = (uint8_t)num(a, "protocol"),
	    .local_low = (uint16_t)json_integer_value(json_array_get(local, 0)),
	    .local_high = (uint16_t)json_integer_value(json_array_get(local, 1)),
	    .remote_low = (uint16_t)json_integer_value(json_array_get(remote, 0)),
	    .remote_high = (uint16_t)json_integer_value(json_array_get(remote, 1)),
	    .addr = addr_in(a, "address")};

	xtr_write_lcaf_app(w, &l);
}

static void put_geo(struct xtr_writer *w, const json_t *a)
{
	const json_t *lat = json_object_get(a, "latitude"), *lon = json_object_get(a, "longitude");
	struct xtr_lcaf_geo l = {.north = num(lat, "north"),
	    .lat_deg = (uint8_t)num(lat, "degrees"),
	    .lat_min = (uint8_t)num(lat, "minutes"),
	    .lat_sec = (uint8_t)num(lat, "seconds"),
	    .east = num(lon, "east"),
	    .lon_deg = (uint8_t)num(lon, "degrees"),
	    .lon_min = (uint8_t)num(lon, "minutes"),
	    .lon_sec = (uint8_t)num(lon, "seconds"),
	    .altitude = (int32_t)num(a, "altitude"),
	    .addr = addr_in(a, "address")};

	xtr_write_lcaf_geo(w, &l);
}

static void put_lcaf(struct xtr_writer *w, const json_t *a)
{
	struct xtr_addr inner = addr_in(a, "address");
	const uint8_t *p;
	uint16_t n;

	switch (num(a, "lcaf")) {
	case XTR_LCAF_NULL:
		xtr_write_lcaf_null(w);
		break;
	case XTR_LCAF_AFI_LIST:
		xtr_write_lcaf_afi_list(
		    w, &(struct xtr_lcaf_afi_list){list_of(a, "addresses", put_addr)});
		break;
	case XTR_LCAF_IID:
		xtr_write_lcaf_iid(w, &(struct xtr_lcaf_iid){.iid = (uint32_t)num(a, "iid"),
					  .mask_len = (uint8_t)num(a, "mask-len"),
					  .addr = inner});
		break;
	case XTR_LCAF_ASN:
		xtr_write_lcaf_asn(
		    w, &(struct xtr_lcaf_asn){.asn = (uint32_t)num(a, "asn"), .addr = inner});
		break;
	case XTR_LCAF_APP:
		put_app(w, a);
		break;
	case XTR_LCAF_GEO:
		put_geo(w, a);
		break;
	case XTR_LCAF_OPAQUE:
		n = hex16_of(a, "key", &p);
		xtr_write_lcaf_opaque(
		    w, &(struct xtr_lcaf_opaque){.field_num = (uint8_t)num(a, "field-num"),
			   .wildcards = (uint16_t)num(a, "wildcards"),
			   .key_len = n,
			   .key = p});
		break;
	case XTR_LCAF_NAT:
		xtr_write_lcaf_nat(w, &(struct xtr_lcaf_nat){.ms_port = (uint16_t)num(a, "ms-port"),
					  .etr_port = (uint16_t)num(a, "etr-port"),
					  .global_etr = addr_in(a, "global-etr"),
					  .ms = addr_in(a, "ms"),
					  .private_etr = addr_in(a, "private-etr"),
					  .rtrs = list_of(a, "rtrs", put_addr)});
		break;
	case XTR_LCAF_NONCE:
		xtr_write_lcaf_nonce(
		    w, &(struct xtr_lcaf_nonce){.nonce = (uint32_t)num(a, "nonce"), .addr = inner});
		break;
	case XTR_LCAF_MCAST:
		xtr_write_lcaf_mcast(w, &(struct xtr_lcaf_mcast){.iid = (uint32_t)num(a, "iid"),
					    .source_plen = (uint8_t)num(a, "source-mask-len"),
					    .group_plen = (uint8_t)num(a, "group-mask-len"),
					    .source = addr_in(a, "source"),
					    .group = addr_in(a, "group")});
		break;
	case XTR_LCAF_ELP:
		xtr_write_lcaf_elp(w, &(struct xtr_lcaf_elp){list_of(a, "hops", put_hop)});
		break;
	case XTR_LCAF_KEY:
		xtr_write_lcaf_key(
		    w, &(struct xtr_lcaf_key){.algorithm = (uint8_t)num(a, "algorithm"),
			   .revoke = num(a, "revoke"),
			   .keys = list_of(a, "keys", put_key),
			   .addr = inner});
		break;
	case XTR_LCAF_SRC_DST:
		xtr_write_lcaf_src_dst(
		    w, &(struct xtr_lcaf_src_dst){.source_plen = (uint8_t)num(a, "source-mask-len"),
			   .dest_plen = (uint8_t)num(a, "dest-mask-len"),
			   .source = addr_in(a, "source"),
			   .dest = addr_in(a, "dest")});
		break;
	case XTR_LCAF_RLE:
		xtr_write_lcaf_rle(w, &(struct xtr_lcaf_rle){list_of(a, "entries", put_rle)});
		break;
	case XTR_LCAF_JSON:
		n = hex16_of(a, "json", &p);
		xtr_write_lcaf_json(
		    w, &(struct xtr_lcaf_json){
			   .binary = num(a, "binary"), .len = n, .text = p, .addr = inner});
		break;
	case XTR_LCAF_KEY_VALUE:
		xtr_write_lcaf_key_value(w, &(struct xtr_lcaf_key_value){.key = addr_in(a, "key"),
						.value = addr_in(a, "value")});
		break;
	case XTR_LCAF_ENCAP:
		xtr_write_lcaf_encap(w,
		    &(struct xtr_lcaf_encap){.formats = (uint8_t)num(a, "formats"), .addr = inner});
		break;
	case XTR_LCAF_VENDOR:
		n = hex16_of(a, "data", &p);
		xtr_write_lcaf_vendor(w,
		    &(struct xtr_lcaf_vendor){.oui = (uint32_t)num(a, "oui"), .len = n, .data = p});
		break;
	default:
		n = hex16_of(a, "payload", &p);
		xtr_write_lcaf(w, &(struct xtr_lcaf_hdr){.type = (uint8_t)num(a, "lcaf"),
				      .flags = (uint8_t)num(a, "flags"),
				      .rsvd2 = (uint8_t)num(a, "rsvd2"),
				      .len = n,
				      .payload = p});
	}
}

static struct xtr_addr addr_of(const json_t *a)
{
	struct xtr_writer w;
	struct xtr_addr out = {0};
	struct xtr_wire_err err;
	struct xtr_ip *ip;
	uint8_t *exact;
	size_t n;

	switch (num(a, "afi")) {
	case XTR_AFI_NONE:
		return out;
	case XTR_AFI_IPV4:
	case XTR_AFI_IPV6:
		ip = take(sizeof *ip);
		*ip = ip_of(text(a, "ip"));
		return xtr_addr_of_ip(ip);
	case XTR_AFI_802:
	case XTR_AFI_MAC48:
	case XTR_AFI_MAC64:
		return xtr_addr_of_mac((uint16_t)num(a, "afi"), hex_of(a, "mac", &n));
	case XTR_AFI_NAME:
		return xtr_addr_of_name(text(a, "name"));
	case XTR_AFI_LCAF:
		break;
	default:
		die("AFI %u", (unsigned)num(a, "afi"));
	}
	w = block_writer();
	put_lcaf(&w, a);
	if (xtr_writer_result(&w) < 0)
		return (struct xtr_addr){.afi = XTR_AFI_LCAF}; /* of no length: see spoilt() */
	exact = take(w.len);
	memcpy(exact, w.p, w.len);
	if (xtr_addr_at(exact, w.len, &out, &err) < 0 || out.len + 2 != w.len)
		die("an address that was written cannot be read");
	return out;
}

/* The writers copy views as they stand, so that one of no length would be written short. */
static bool spoilt(json_t *v)
{
	json_t *inner;
	const char *name;
	size_t i;

	if (json_is_object(v)) {
		if (num(v, "afi") == XTR_AFI_LCAF && addr_of(v).len == 0)
			return true;
		json_object_foreach (v, name, inner)
			if (spoilt(inner))
				return true;
	}
	json_array_foreach (v, i, inner)
		if (spoilt(inner))
			return true;
	return false;
}

#endif
