/* SPDX-License-Identifier: BSD-3-Clause */
#include "decode_text.h"

#include "json_get.h"

#include <netinet/in.h>

#include "wire/data.h"

#define DEEPER 2  /* blanks */
#define DAY    10 /* characters of a date */
#define MICRO  26 /* of date and time, to the microsecond */

static void endpoint(FILE *out, const json_t *o, const char *address, const char *port)
{
	const char *text = get_text(o, address);

	if (!has(o, port))
		fputs(text, out);
	else
		fprintf(out, strchr(text, ':') ? "[%s]:%lld" : "%s:%lld", text, get_int(o, port));
}

static void vlans_text(FILE *out, const json_t *o)
{
	const json_t *v;
	size_t i;

	json_array_foreach (json_object_get(o, "vlans"), i, v)
		fprintf(out, ", VLAN %lld", (long long)json_integer_value(v));
}

/* What is not there of a packet, and why. */
static void incomplete_text(FILE *out, int indent, const json_t *o)
{
	const json_t *f = json_object_get(o, "fragment");

	if (has(o, "captured"))
		fprintf(out, "%*scut: %lld of %lld bytes were captured\n", indent, "",
		    get_int(o, "captured"), get_int(o, "length"));
	if (f == NULL)
		return;
	fprintf(out, "%*sfragment of datagram 0x%llx: bytes %lld to %lld, ", indent, "",
	    get_int(f, "id"), get_int(f, "offset"), get_int(f, "offset") + get_int(f, "length"));
	fputs(is_true(f, "more") ? "more follow" : "the last", out);
	if (has(o, "first-fragment"))
		fprintf(out, "; the first is packet %lld", get_int(o, "first-fragment"));
	fputc('\n', out);
}

static const char *protocol_name(long long protocol)
{
	switch (protocol) {
	case IPPROTO_ICMP:
		return "ICMP";
	case IPPROTO_ICMPV6:
		return "ICMPv6";
	case IPPROTO_TCP:
		return "TCP";
	case IPPROTO_UDP:
		return "UDP";
	case IPPROTO_SCTP:
		return "SCTP";
	case IPPROTO_ESP:
		return "ESP";
	case IPPROTO_GRE:
		return "GRE";
	default:
		return NULL;
	}
}

static void lisp_text(FILE *out, int indent, const json_t *o);

static void inner_text(FILE *out, int indent, const json_t *in)
{
	const char *name = protocol_name(get_int(in, "protocol"));

	if (has(in, "source-mac")) {
		fprintf(out, "%*sEthernet %s > %s", indent, "", get_text(in, "source-mac"),
		    get_text(in, "destination-mac"));
		vlans_text(out, in);
		if (has(in, "ethertype"))
			fprintf(out, ", type 0x%04llx", get_int(in, "ethertype"));
		fputc('\n', out);
	}
	if (has(in, "source")) {
		fprintf(out, "%*spacket ", indent, "");
		endpoint(out, in, "source", "source-port");
		fputs(" > ", out);
		endpoint(out, in, "destination", "destination-port");
		if (name != NULL)
			fprintf(out, ", %s", name);
		else
			fprintf(out, ", protocol %lld", get_int(in, "protocol"));
		if (has(in, "icmp-type"))
			fprintf(out, " type %lld code %lld", get_int(in, "icmp-type"),
			    get_int(in, "icmp-code"));
		fprintf(out, ", TTL %lld, TOS 0x%02llx, %lld bytes", get_int(in, "ttl"),
		    get_int(in, "tos"), get_int(in, "ip-length"));
		if (has(in, "missing"))
			fprintf(
			    out, ", the last %lld of them are not there", get_int(in, "missing"));
		fputc('\n', out);
		incomplete_text(out, indent + DEEPER, in);
	}
	if (has(in, "length"))
		fprintf(out, "%*s%lld bytes inside, not looked into\n", indent, "",
		    get_int(in, "length"));
	lisp_text(out, indent + DEEPER, in);
	xtrctl_error_text(out, indent + DEEPER, in);
}

static void next_text(FILE *out, const json_t *header)
{
	long long next = get_int(header, "next");

	if (!has(header, "next"))
		return;
	fputs(", next ", out);
	if (next == XTR_GPE_IPV4)
		fputs("IPv4", out);
	else if (next == XTR_GPE_IPV6)
		fputs("IPv6", out);
	else if (next == XTR_GPE_ETHERNET)
		fputs("Ethernet", out);
	else if (next == XTR_GPE_NSH)
		fputs("NSH", out);
	else
		fprintf(out, "%lld", next);
}

static void flags_text(FILE *out, const json_t *header)
{
	const json_t *f;
	size_t i;

	fputs(", flags", out);
	json_array_foreach (json_object_get(header, "flags"), i, f)
		fprintf(out, " %s", json_string_value(f));
	if (i == 0)
		fputs(" none", out);
}

static void data_text(FILE *out, int indent, const json_t *h)
{
	fprintf(out, "%*sLISP data", indent, "");
	flags_text(out, h);
	if (has(h, "nonce"))
		fprintf(out, ", nonce 0x%06llx%s", get_int(h, "nonce"),
		    is_true(h, "echo") ? " (to be echoed)" : "");
	if (has(h, "source-version"))
		fprintf(out, ", map-versions %lld > %lld", get_int(h, "source-version"),
		    get_int(h, "dest-version"));
	if (has(h, "instance-id"))
		fprintf(out, ", instance-ID %lld", get_int(h, "instance-id"));
	if (has(h, "lsb"))
		fprintf(out, ", locator-status bits 0x%llx", get_int(h, "lsb"));
	next_text(out, h);
	if (get_int(h, "kk") != 0)
		fprintf(out, ", encrypted with key %lld", get_int(h, "kk"));
	fputc('\n', out);
}

static void vxlan_text(FILE *out, int indent, const char *name, const json_t *h)
{
	fprintf(out, "%*s%s", indent, "", name);
	flags_text(out, h);
	if (has(h, "vni"))
		fprintf(out, ", VNI %lld", get_int(h, "vni"));
	if (get_int(h, "version") != 0)
		fprintf(out, ", version %lld", get_int(h, "version"));
	next_text(out, h);
	fputc('\n', out);
}

/* What "kind" says is in it. */
static void lisp_text(FILE *out, int indent, const json_t *o)
{
	const char *kind = get_text(o, "kind");
	const json_t *header = json_object_get(o, "header");

	if (has(o, "message"))
		xtrctl_msg_text(out, indent, json_object_get(o, "message"));
	if (header != NULL && !strcmp(kind, "data"))
		data_text(out, indent, header);
	else if (header != NULL)
		vxlan_text(out, indent, !strcmp(kind, "vxlan") ? "VXLAN" : "VXLAN-GPE", header);
	if (has(o, "inner"))
		inner_text(out, indent + DEEPER, json_object_get(o, "inner"));
}

void xtrctl_packet_text(FILE *out, const json_t *p)
{
	const char *time = get_text(p, "time");

	fprintf(out, "#%lld", get_int(p, "number"));
	if (strlen(time) > MICRO)
		fprintf(out, " %.*s %.*sZ", DAY, time, MICRO - DAY - 1, time + DAY + 1);
	if (has(p, "source")) {
		fputc(' ', out);
		endpoint(out, p, "source", "source-port");
		fputs(" > ", out);
		endpoint(out, p, "destination", "destination-port");
		fprintf(out, ", TTL %lld, TOS 0x%02llx", get_int(p, "ttl"), get_int(p, "tos"));
	}
	fprintf(out, ", %lld bytes", get_int(p, "length"));
	vlans_text(out, p);
	fputc('\n', out);
	incomplete_text(out, DEEPER, p);
	lisp_text(out, DEEPER, p);
	xtrctl_error_text(out, DEEPER, p);
	fputc('\n', out);
}
