/* SPDX-License-Identifier: BSD-3-Clause */
#include "decode_text.h"

#include "json_get.h"

#include <time.h>

#include "wire/msg.h"

#define DEEPER 2 /* blanks */

struct word {
	int type; /* of the message */
	const char *letter, *meaning;
};

static const char *flag_meaning(long long type, const char *letter)
{
	static const struct word words[] = {
	    {XTR_MSG_MAP_REQUEST, "A", "authoritative"},
	    {XTR_MSG_MAP_REQUEST, "M", "mapping of the asker"},
	    {XTR_MSG_MAP_REQUEST, "P", "probe"},
	    {XTR_MSG_MAP_REQUEST, "S", "SMR"},
	    {XTR_MSG_MAP_REQUEST, "p", "from a PITR"},
	    {XTR_MSG_MAP_REQUEST, "s", "SMR-invoked"},
	    {XTR_MSG_MAP_REQUEST, "I", "xTR-ID"},
	    {XTR_MSG_MAP_REQUEST, "L", "local xTR"},
	    {XTR_MSG_MAP_REQUEST, "D", "do not reply"},
	    {XTR_MSG_MAP_REPLY, "P", "probe"},
	    {XTR_MSG_MAP_REPLY, "E", "echo-nonce"},
	    {XTR_MSG_MAP_REPLY, "S", "LISP-SEC"},
	    {XTR_MSG_MAP_REGISTER, "P", "proxy-reply"},
	    {XTR_MSG_MAP_REGISTER, "S", "LISP-SEC"},
	    {XTR_MSG_MAP_REGISTER, "I", "xTR-ID"},
	    {XTR_MSG_MAP_REGISTER, "E", "EID-notify"},
	    {XTR_MSG_MAP_REGISTER, "T", "use TTL"},
	    {XTR_MSG_MAP_REGISTER, "a", "merge"},
	    {XTR_MSG_MAP_REGISTER, "M", "want Map-Notify"},
	    {XTR_MSG_INFO, "R", "reply"},
	    {XTR_MSG_ECM, "S", "LISP-SEC"},
	    {XTR_MSG_ECM, "D", "DDT"},
	};

	for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (words[i].type == type && !strcmp(words[i].letter, letter))
			return words[i].meaning;
	return NULL;
}

static void indented(FILE *out, int indent)
{
	fprintf(out, "%*s", indent, "");
}

/* "10.1.1.4:4342", "[2001:db8::4]:4342" */
static void endpoint(FILE *out, const char *address, long long port)
{
	fprintf(out, strchr(address, ':') ? "[%s]:%lld" : "%s:%lld", address, port);
}

void xtrctl_error_text(FILE *out, int indent, const json_t *object)
{
	if (!has(object, "error"))
		return;
	indented(out, indent);
	fprintf(out, "error: %s\n", get_text(json_object_get(object, "error"), "text"));
}

static void head(FILE *out, int indent, const json_t *m)
{
	const json_t *flags = json_object_get(m, "flags"), *f;
	long long type = get_int(m, "type");
	size_t i;

	indented(out, indent);
	if (type == XTR_MSG_INFO)
		fputs(has_flag(m, "R") ? "Info-Reply" : "Info-Request", out);
	else
		fputs(get_text(m, "name"), out);
	if (has(m, "nonce"))
		fprintf(out, ", nonce 0x%s", get_text(m, "nonce"));
	json_array_foreach (flags, i, f) {
		const char *letter = json_string_value(f), *meaning = flag_meaning(type, letter);

		fprintf(out, "%s%s", i > 0 ? ", " : ", flags ", letter);
		if (meaning != NULL)
			fprintf(out, " (%s)", meaning);
	}
	fprintf(out, ", %lld bytes\n", get_int(m, "length"));
	if (is_true(m, "vendor")) {
		indented(out, indent + DEEPER);
		fputs("a vendor's own address is in it: to be dropped by who does not know that "
		      "vendor (RFC 9306 4)\n",
		    out);
	}
}

static void ttl_text(FILE *out, long long minutes)
{
	if (minutes == XTR_TTL_FOREVER)
		fputs("TTL: the receiver decides", out);
	else
		fprintf(out, "TTL %lld min", minutes);
}

static void time_text(FILE *out, const char *name, long long s)
{
	time_t t = s;
	char text[32];
	struct tm tm;

	if (gmtime_r(&t, &tm) != NULL && strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm))
		fprintf(out, ", %s %s", name, text);
}

static void locator_text(FILE *out, int indent, const json_t *l)
{
	indented(out, indent);
	fputs("locator ", out);
	xtrctl_addr_text(out, json_object_get(l, "address"));
	fprintf(out, ", priority %lld, weight %lld, multicast %lld/%lld", get_int(l, "priority"),
	    get_int(l, "weight"), get_int(l, "m-priority"), get_int(l, "m-weight"));
	if (has_flag(l, "L"))
		fputs(", local", out);
	if (has_flag(l, "p"))
		fputs(", probed", out);
	fputs(has_flag(l, "R") ? ", reachable\n" : ", not reachable\n", out);
}

static void record_text(FILE *out, int indent, const char *what, const json_t *r)
{
	const json_t *l, *sig;
	size_t i;

	indented(out, indent);
	fprintf(out, "%s ", what);
	xtrctl_eid_text(out, r);
	fputs(", ", out);
	ttl_text(out, get_int(r, "ttl"));
	fprintf(out, ", %s", get_text(r, "action"));
	if (is_true(r, "authoritative"))
		fputs(", authoritative", out);
	if (is_true(r, "incomplete"))
		fputs(", incomplete", out);
	if (get_int(r, "map-version") != 0)
		fprintf(out, ", map-version %lld", get_int(r, "map-version"));
	fputs(get_int(r, "locator-count") ? "\n" : ", no locators\n", out);
	json_array_foreach (json_object_get(r, "locators"), i, l)
		locator_text(out, indent + DEEPER, l);
	json_array_foreach (json_object_get(r, "signatures"), i, sig) {
		indented(out, indent + DEEPER);
		fprintf(out, "signature: algorithm %lld, key tag %lld, original TTL %lld min",
		    get_int(sig, "algorithm"), get_int(sig, "key-tag"),
		    get_int(sig, "original-ttl"));
		time_text(out, "from", get_int(sig, "inception"));
		time_text(out, "to", get_int(sig, "expiration"));
		fprintf(out, ", %zu bytes %s\n", hex_bytes(sig, "signature"),
		    get_text(sig, "signature"));
	}
}

static void records_text(FILE *out, int indent, const json_t *m)
{
	const json_t *r;
	size_t i;

	json_array_foreach (json_object_get(m, "records"), i, r)
		record_text(out, indent, "EID", r);
}

static void ids_text(FILE *out, int indent, const json_t *m)
{
	if (!has(m, "xtr-id"))
		return;
	indented(out, indent);
	fprintf(out, "xTR-ID %s, site-ID %s\n", get_text(m, "xtr-id"), get_text(m, "site-id"));
}

static void request_text(FILE *out, int indent, const json_t *m)
{
	const json_t *r, *a;
	size_t i;

	json_array_foreach (json_object_get(m, "records"), i, r) {
		indented(out, indent);
		fputs("asks for ", out);
		xtrctl_eid_text(out, r);
		fputs(is_true(r, "notify") ? ", and to be told of changes (N)\n" : "\n", out);
	}
	indented(out, indent);
	fputs("source EID ", out);
	xtrctl_addr_text(out, json_object_get(m, "source-address"));
	fputs(", ITR-RLOCs ", out);
	json_array_foreach (json_object_get(m, "itr-addresses"), i, a) {
		if (i > 0)
			fputs(", ", out);
		xtrctl_addr_text(out, a);
	}
	fputc('\n', out);
	if (has(m, "map-data"))
		record_text(out, indent, "own mapping", json_object_get(m, "map-data"));
	ids_text(out, indent, m);
}

static void auth_text(FILE *out, int indent, const json_t *m)
{
	indented(out, indent);
	fprintf(out, "authentication: algorithm %lld", get_int(m, "algorithm"));
	if (has(m, "algorithm-name"))
		fprintf(out, " (%s)", get_text(m, "algorithm-name"));
	fprintf(out, ", key-id %lld, %zu bytes %s\n", get_int(m, "key-id"),
	    hex_bytes(m, "auth-data"), get_text(m, "auth-data"));
}

static void eid_ad_text(FILE *out, int indent, const json_t *ad)
{
	const json_t *r;
	size_t i;

	indented(out, indent);
	fprintf(out, "EID authentication data: KDF %lld", get_int(ad, "kdf-id"));
	if (has(ad, "hmac-id"))
		fprintf(out, ", HMAC %lld, %zu bytes %s%s", get_int(ad, "hmac-id"),
		    hex_bytes(ad, "hmac"), get_text(ad, "hmac"),
		    is_true(ad, "E") ? ", the ETR cannot sign (E)" : "");
	fputc('\n', out);
	json_array_foreach (json_object_get(ad, "records"), i, r) {
		indented(out, indent + DEEPER);
		fputs("EID ", out);
		xtrctl_addr_text(out, json_object_get(r, "address"));
		fprintf(out, "/%lld\n", get_int(r, "mask-len"));
	}
}

/* RFC 9303, of an ECM or a Map-Reply. */
static void sec_text(FILE *out, int indent, const json_t *m)
{
	const json_t *sec = json_object_get(m, "sec");

	if (!has_flag(m, "S"))
		return;
	indented(out, indent);
	if (sec == NULL) {
		fputs("authentication data of a type that is not LISP-SEC's\n", out);
		return;
	}
	if (has(sec, "otk"))
		fprintf(out,
		    "LISP-SEC: asks for HMAC %lld, one-time key wrapped by %lld with key-id %lld, "
		    "%zu bytes\n",
		    get_int(sec, "hmac-id"), get_int(sec, "wrap-id"), get_int(sec, "key-id"),
		    hex_bytes(sec, "otk"));
	else
		fprintf(out, "LISP-SEC: HMAC %lld of the packet, %zu bytes %s\n",
		    get_int(sec, "hmac-id"), hex_bytes(sec, "hmac"), get_text(sec, "hmac"));
	eid_ad_text(out, indent + DEEPER, json_object_get(sec, "eid-ad"));
}

static void info_text(FILE *out, int indent, const json_t *m)
{
	auth_text(out, indent, m);
	indented(out, indent);
	fputs("EID ", out);
	xtrctl_addr_text(out, json_object_get(m, "eid-address"));
	fprintf(out, "/%lld, ", get_int(m, "mask-len"));
	ttl_text(out, get_int(m, "ttl"));
	fputs(", ", out);
	xtrctl_addr_text(out, json_object_get(m, "info-address"));
	fputc('\n', out);
}

static void ecm_text(FILE *out, int indent, const json_t *m)
{
	sec_text(out, indent, m);
	indented(out, indent);
	fputs("inner ", out);
	endpoint(out, get_text(m, "inner-source"), get_int(m, "inner-source-port"));
	fputs(" > ", out);
	endpoint(out, get_text(m, "inner-destination"), get_int(m, "inner-destination-port"));
	fputc('\n', out);
	if (has(m, "inner"))
		xtrctl_msg_text(out, indent, json_object_get(m, "inner"));
}

void xtrctl_msg_text(FILE *out, int indent, const json_t *m)
{
	if (has(m, "error")) {
		indented(out, indent);
		fprintf(out, "LISP control message, %lld bytes\n", get_int(m, "length"));
		xtrctl_error_text(out, indent + DEEPER, m);
		return;
	}
	head(out, indent, m);
	indent += DEEPER;
	switch (get_int(m, "type")) {
	case XTR_MSG_MAP_REQUEST:
		request_text(out, indent, m);
		break;
	case XTR_MSG_MAP_REPLY:
	case XTR_MSG_MAP_REFERRAL:
		records_text(out, indent, m);
		sec_text(out, indent, m);
		break;
	case XTR_MSG_INFO:
		info_text(out, indent, m);
		break;
	case XTR_MSG_ECM:
		ecm_text(out, indent, m);
		break;
	case XTR_MSG_EXTENSION:
		indented(out, indent);
		fprintf(out, "sub-type %lld, data %s\n", get_int(m, "subtype"),
		    hex_bytes(m, "data") ? get_text(m, "data") : "none");
		break;
	default:
		auth_text(out, indent, m);
		ids_text(out, indent, m);
		records_text(out, indent, m);
		break;
	}
}
