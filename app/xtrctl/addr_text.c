/* SPDX-License-Identifier: BSD-3-Clause */
#include "decode_text.h"

#include "json_get.h"

#include <ctype.h>

#include "wire/lcaf.h"

static unsigned digit(char c)
{
	return c <= '9' ? (unsigned)(c - '0') : (unsigned)(c - 'a' + 10);
}

/* The text that the first n bytes of a hexadecimal string stand for. quoted: it stands in quotation
 * marks, so that there must be none in it. */
static void hex_as_text(FILE *out, const char *hex, size_t n, bool quoted)
{
	for (size_t i = 0; i < n; i++) {
		unsigned c = digit(hex[2 * i]) << 4 | digit(hex[2 * i + 1]);

		if (c < ' ' || c > '~' || (quoted && c == '"') || c == '\\')
			fprintf(out, "\\x%02x", c);
		else
			fputc((int)c, out);
	}
}

static void name_text(FILE *out, const json_t *a)
{
	size_t n = hex_bytes(a, "bytes");

	fputc('"', out);
	hex_as_text(out, get_text(a, "bytes"), n > 0 ? n - 1 : 0, true); /* without its zero byte */
	fputc('"', out);
}

static void member(FILE *out, const char *before, const json_t *a, const char *key)
{
	fputs(before, out);
	xtrctl_addr_text(out, json_object_get(a, key));
}

static void list_text(FILE *out, const json_t *list)
{
	const json_t *a;
	size_t i;

	json_array_foreach (list, i, a) {
		if (i > 0)
			fputs(", ", out);
		xtrctl_addr_text(out, a);
	}
	if (json_array_size(list) == 0)
		fputs("none", out);
}

static void hops_text(FILE *out, const json_t *a)
{
	const json_t *hop;
	size_t i;

	fputs("path", out);
	json_array_foreach (json_object_get(a, "hops"), i, hop) {
		member(out, i > 0 ? " > " : " ", hop, "address");
		if (has_flag(hop, "L"))
			fputs(" lookup", out);
		if (has_flag(hop, "P"))
			fputs(" probe", out);
		if (has_flag(hop, "S"))
			fputs(" strict", out);
	}
	if (i == 0)
		fputs(" of no hops", out);
}

static void replication_text(FILE *out, const json_t *a)
{
	const json_t *e;
	size_t i;

	fputs("replicate to", out);
	json_array_foreach (json_object_get(a, "entries"), i, e) {
		member(out, i > 0 ? ", " : " ", e, "address");
		fprintf(out, " level %lld", get_int(e, "level"));
	}
	if (i == 0)
		fputs(" nobody", out);
}

static void angle(FILE *out, const json_t *v, const char *positive, const char *letters)
{
	fprintf(out, "%lld deg %lld min %lld s %c", get_int(v, "degrees"), get_int(v, "minutes"),
	    get_int(v, "seconds"), letters[!is_true(v, positive)]);
}

static void geo_text(FILE *out, const json_t *a)
{
	fputs("at ", out);
	angle(out, json_object_get(a, "latitude"), "north", "NS");
	fputs(", ", out);
	angle(out, json_object_get(a, "longitude"), "east", "EW");
	if (get_int(a, "altitude") != XTR_GEO_NO_ALTITUDE)
		fprintf(out, ", altitude %lld m", get_int(a, "altitude"));
	member(out, ", address ", a, "address");
}

static void ports(FILE *out, const json_t *a, const char *key)
{
	const json_t *v = json_object_get(a, key);

	fprintf(out, ", %s ports %lld to %lld", key,
	    (long long)json_integer_value(json_array_get(v, 0)),
	    (long long)json_integer_value(json_array_get(v, 1)));
}

static void key_text(FILE *out, const json_t *a)
{
	const json_t *keys = json_object_get(a, "keys"), *key;
	size_t i;

	/* the keys themselves are in the JSON document */
	fprintf(out, "%ssecurity keys: algorithm %lld, %zu of ",
	    is_true(a, "revoke") ? "revoked " : "", get_int(a, "algorithm"), json_array_size(keys));
	json_array_foreach (keys, i, key)
		fprintf(out, "%s%zu", i > 0 ? ", " : "", strlen(json_string_value(key)) / 2);
	member(out, " bytes, locator ", a, "address");
}

static void encap_text(FILE *out, const json_t *a)
{
	static const char *const names[] = {
	    "LISP", "L2-LISP", "VXLAN", "VXLAN-GPE", "NVGRE", "GENEVE", "GUE"};
	long long formats = get_int(a, "formats");

	fputs("encapsulations", out);
	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (formats & 1 << i)
			fprintf(out, " %s", names[i]);
	member(out, formats ? ", address " : " none, address ", a, "address");
}

static void nat_text(FILE *out, const json_t *a)
{
	fprintf(out, "NAT: Map-Server port %lld, ETR port %lld", get_int(a, "ms-port"),
	    get_int(a, "etr-port"));
	member(out, ", global ETR ", a, "global-etr");
	member(out, ", Map-Server ", a, "ms");
	member(out, ", private ETR ", a, "private-etr");
	fputs(", RTRs ", out);
	list_text(out, json_object_get(a, "rtrs"));
}

static void pair_text(FILE *out, const json_t *a, const char *first, const char *first_len,
    const char *between, const char *second, const char *second_len)
{
	xtrctl_addr_text(out, json_object_get(a, first));
	fprintf(out, "/%lld", get_int(a, first_len));
	member(out, between, a, second);
	fprintf(out, "/%lld", get_int(a, second_len));
}

static void json_text(FILE *out, const json_t *a)
{
	if (is_true(a, "binary")) {
		fprintf(out, "binary JSON %s", get_text(a, "json"));
	} else {
		fputs("JSON ", out);
		hex_as_text(out, get_text(a, "json"), hex_bytes(a, "json"), false);
	}
	if (get_int(json_object_get(a, "address"), "afi") != XTR_AFI_NONE)
		member(out, ", address ", a, "address");
}

static void lcaf_text(FILE *out, const json_t *a)
{
	switch (get_int(a, "lcaf")) {
	case XTR_LCAF_NULL:
		fputs("null body", out);
		break;
	case XTR_LCAF_AFI_LIST:
		fputs("list ", out);
		list_text(out, json_object_get(a, "addresses"));
		break;
	case XTR_LCAF_IID:
		fprintf(out, "[%lld", get_int(a, "iid"));
		/* a range of instance-IDs, RFC 8060 section 4.1 */
		if (get_int(a, "mask-len") != 0 && get_int(a, "mask-len") != 32)
			fprintf(out, "/%lld", get_int(a, "mask-len"));
		member(out, "] ", a, "address");
		break;
	case XTR_LCAF_ASN:
		fprintf(out, "AS %lld", get_int(a, "asn"));
		member(out, ", address ", a, "address");
		break;
	case XTR_LCAF_APP:
		fprintf(out, "application: TOS 0x%06llx, protocol %lld", get_int(a, "tos"),
		    get_int(a, "protocol"));
		ports(out, a, "local");
		ports(out, a, "remote");
		member(out, ", address ", a, "address");
		break;
	case XTR_LCAF_GEO:
		geo_text(out, a);
		break;
	case XTR_LCAF_OPAQUE:
		fprintf(out, "opaque key %s, fields %lld, wildcards 0x%04llx", get_text(a, "key"),
		    get_int(a, "field-num") + 1, get_int(a, "wildcards"));
		break;
	case XTR_LCAF_NAT:
		nat_text(out, a);
		break;
	case XTR_LCAF_NONCE:
		fprintf(out, "nonce 0x%06llx", get_int(a, "nonce"));
		member(out, ", address ", a, "address");
		break;
	case XTR_LCAF_MCAST:
		fprintf(out, "multicast [%lld] (", get_int(a, "iid"));
		pair_text(out, a, "source", "source-mask-len", ", ", "group", "group-mask-len");
		fputc(')', out);
		break;
	case XTR_LCAF_ELP:
		hops_text(out, a);
		break;
	case XTR_LCAF_KEY:
		key_text(out, a);
		break;
	case XTR_LCAF_SRC_DST:
		fputs("from ", out);
		pair_text(out, a, "source", "source-mask-len", " to ", "dest", "dest-mask-len");
		break;
	case XTR_LCAF_RLE:
		replication_text(out, a);
		break;
	case XTR_LCAF_JSON:
		json_text(out, a);
		break;
	case XTR_LCAF_KEY_VALUE:
		member(out, "key ", a, "key");
		member(out, ", value ", a, "value");
		break;
	case XTR_LCAF_ENCAP:
		encap_text(out, a);
		break;
	case XTR_LCAF_VENDOR:
		fprintf(out, "vendor %06llx, data %s", get_int(a, "oui"),
		    hex_bytes(a, "data") ? get_text(a, "data") : "none");
		break;
	default:
		fprintf(out, "LCAF type %lld, %lld bytes %s", get_int(a, "lcaf"),
		    get_int(a, "length"), get_text(a, "payload"));
		break;
	}
}

void xtrctl_addr_text(FILE *out, const json_t *a)
{
	if (has(a, "error"))
		fprintf(out, "malformed %s: %s", has(a, "type") ? get_text(a, "type") : "address",
		    get_text(json_object_get(a, "error"), "text"));
	else if (has(a, "lcaf")) {
		/* braces, so that what belongs to which is seen where they nest */
		if (get_int(a, "lcaf") == XTR_LCAF_IID) {
			lcaf_text(out, a);
			return;
		}
		fputc('{', out);
		lcaf_text(out, a);
		fputc('}', out);
	} else if (has(a, "ip"))
		fputs(get_text(a, "ip"), out);
	else if (has(a, "mac"))
		fputs(get_text(a, "mac"), out);
	else if (get_int(a, "afi") == XTR_AFI_NAME)
		name_text(out, a);
	else if (get_int(a, "afi") == XTR_AFI_NONE)
		fputs("none", out);
	else
		fprintf(out, "AFI %lld", get_int(a, "afi"));
}

void xtrctl_eid_text(FILE *out, const json_t *record)
{
	const json_t *eid = json_object_get(record, "eid");

	if (has(eid, "prefix")) {
		if (get_int(eid, "iid") != 0)
			fprintf(out, "[%lld] ", get_int(eid, "iid"));
		fputs(get_text(eid, "prefix"), out);
		return;
	}
	xtrctl_addr_text(out, json_object_get(record, "address"));
	if (get_int(record, "mask-len") != 0)
		fprintf(out, "/%lld", get_int(record, "mask-len"));
}
