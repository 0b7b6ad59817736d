/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Says in JSON what lib/wire reads in control messages. Standard input: a line a message, its bytes
 * in hexadecimal. Standard output: a line a message, an object of all fields; a malformed message
 * gives {"error": {...}}. Arguments: secrets; Map-Register, Map-Notify and Map-Notify-Ack then say
 * under "auth" which of them verifies, by its number from 0, or why none does.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "auth/auth.h"

#define MAX_KEYS  16
#define MAX_DEPTH 4 /* ECM in ECM: an answer for what nobody should send */

static struct xtr_key *keys[MAX_KEYS];
static int n_keys;

static json_t *ip_json(const struct xtr_ip *ip)
{
	char buf[XTR_IP_STRLEN];

	return ip->af ? json_string(xtr_ip_format(ip, buf)) : json_null();
}

/* {"iid": 0, "prefix": "10.1.1.0/24"}; "prefix" is null for AFI 0. */
static json_t *eid_json(const struct xtr_eid *eid)
{
	char buf[XTR_EID_STRLEN];

	return json_pack("{s:i, s:o}", "iid", (int)eid->iid, "prefix",
	    eid->ip.af ? json_string(xtr_prefix_format(eid, buf)) : json_null());
}

static json_t *hex_json(const uint8_t *p, size_t n)
{
	char buf[2 * XTR_AUTH_MAX + 1] = "";

	for (size_t i = 0; i < n && i < XTR_AUTH_MAX; i++)
		snprintf(buf + 2 * i, 3, "%02x", p[i]);
	return json_string(buf);
}

static void flag(json_t *flags, const char *name, bool on)
{
	if (on)
		json_array_append_new(flags, json_string(name));
}

static json_t *record_json(const struct xtr_record *rec)
{
	json_t *locators = json_array();
	const uint8_t *cursor = NULL;
	struct xtr_locator loc;

	while (xtr_locator_next(rec, &cursor, &loc)) {
		json_t *flags = json_array();

		flag(flags, "L", loc.local);
		flag(flags, "p", loc.probed);
		flag(flags, "R", loc.reachable);
		json_array_append_new(
		    locators, json_pack("{s:o, s:i, s:i, s:i, s:i, s:o}", "rloc", ip_json(&loc.ip),
				  "priority", loc.priority, "weight", loc.weight, "m-priority",
				  loc.m_priority, "m-weight", loc.m_weight, "flags", flags));
	}
	return json_pack("{s:o, s:I, s:i, s:s, s:b, s:i, s:i, s:o}", "eid", eid_json(&rec->eid),
	    "ttl", (json_int_t)rec->ttl, "act", rec->act, "action", xtr_act_name(rec->act),
	    "authoritative", rec->authoritative, "map-version", rec->map_version, "locator-count",
	    rec->n_locators, "locators", locators);
}

static void request_json(json_t *o, json_t *flags, const struct xtr_msg *m)
{
	json_t *rlocs = json_array(), *records = json_array();
	const uint8_t *cursor = NULL;
	struct xtr_record rec;
	struct xtr_eid eid;

	flag(flags, "A", m->authoritative);
	flag(flags, "M", m->map_data);
	flag(flags, "P", m->probe);
	flag(flags, "S", m->smr);
	flag(flags, "p", m->pitr);
	flag(flags, "s", m->smr_invoked);
	flag(flags, "L", m->local_xtr);
	flag(flags, "D", m->dont_reply);
	for (unsigned i = 0; i < m->n_itr_rlocs; i++)
		json_array_append_new(rlocs, ip_json(&m->itr_rlocs[i]));
	while (xtr_request_eid_next(m, &cursor, &eid))
		json_array_append_new(records, eid_json(&eid));
	json_object_set_new(o, "source-eid", eid_json(&m->source_eid));
	json_object_set_new(o, "itr-rlocs", rlocs);
	json_object_set_new(o, "eids", records);
	if (m->reply_record) {
		xtr_record_at(m->reply_record, &rec);
		json_object_set_new(o, "map-data", record_json(&rec));
	}
}

static void records_json(json_t *o, const struct xtr_msg *m)
{
	json_t *records = json_array();
	const uint8_t *cursor = NULL;
	struct xtr_record rec;

	while (xtr_record_next(m, &cursor, &rec))
		json_array_append_new(records, record_json(&rec));
	json_object_set_new(o, "records", records);
}

static json_t *auth_json(const uint8_t *p, size_t len, const struct xtr_msg *m)
{
	int ret = -EKEYREJECTED;

	for (int i = 0; i < n_keys; i++) {
		ret = xtr_auth_verify(keys[i], p, len, m);
		if (ret == 0)
			return json_integer(i);
	}
	return json_string(ret == -ENOTSUP ? "unsupported" : "rejected");
}

static void register_json(
    json_t *o, json_t *flags, const uint8_t *p, size_t len, const struct xtr_msg *m)
{
	flag(flags, "P", m->proxy_reply);
	flag(flags, "S", m->security);
	flag(flags, "I", m->type == XTR_MSG_MAP_REGISTER && m->has_ids);
	flag(flags, "E", m->eid_notify);
	flag(flags, "T", m->use_ttl);
	flag(flags, "a", m->merge);
	flag(flags, "M", m->want_notify);
	json_object_set_new(o, "key-id", json_integer(m->key_id));
	json_object_set_new(o, "algorithm", json_integer(m->algorithm));
	json_object_set_new(o, "algorithm-name", json_string(xtr_algorithm_name(m->algorithm)));
	json_object_set_new(o, "auth-data", hex_json(p + m->auth_offset, m->auth_len));
	json_object_set_new(o, "records-end", json_integer(m->records_end));
	if (m->has_ids) {
		json_object_set_new(o, "xtr-id", hex_json(m->xtr_id, XTR_XTR_ID_LEN));
		json_object_set_new(o, "site-id", hex_json(m->site_id, XTR_SITE_ID_LEN));
	}
	if (n_keys > 0)
		json_object_set_new(o, "auth", auth_json(p, len, m));
	records_json(o, m);
}

static json_t *msg_json(const uint8_t *p, size_t len, int depth)
{
	json_t *o = json_object(), *flags = json_array();
	struct xtr_wire_err err = {0};
	struct xtr_msg m;
	char nonce[17], text[200];
	int ret = xtr_msg_read(p, len, &m, &err);

	json_object_set_new(o, "length", json_integer((json_int_t)len));
	if (ret < 0) {
		xtr_wire_err_format(&err, text, sizeof text);
		json_object_set_new(o, "error",
		    json_pack("{s:s, s:i, s:s, s:s, s:s, s:s}", "errno",
			ret == -ENOTSUP ? "ENOTSUP" : "EBADMSG", "offset", (int)err.offset, "field",
			err.field, "reason", err.reason, "clause", err.clause, "text", text));
		json_decref(flags);
		return o;
	}
	json_object_set_new(o, "type", json_integer(m.type));
	json_object_set_new(o, "name", json_string(xtr_msg_type_name(m.type)));
	json_object_set_new(o, "flags", flags);
	if (m.type == XTR_MSG_ECM) {
		flag(flags, "D", m.ddt);
		json_object_set_new(o, "inner-source", ip_json(&m.inner_src));
		json_object_set_new(o, "inner-destination", ip_json(&m.inner_dst));
		json_object_set_new(o, "inner-source-port", json_integer(m.inner_sport));
		json_object_set_new(o, "inner-destination-port", json_integer(m.inner_dport));
		if (depth < MAX_DEPTH)
			json_object_set_new(o, "inner", msg_json(m.inner, m.inner_len, depth + 1));
		return o;
	}
	snprintf(nonce, sizeof nonce, "%016llx", (unsigned long long)m.nonce);
	json_object_set_new(o, "nonce", json_string(nonce));
	json_object_set_new(o, "record-count", json_integer(m.n_records));
	switch (m.type) {
	case XTR_MSG_MAP_REQUEST:
		request_json(o, flags, &m);
		break;
	case XTR_MSG_MAP_REPLY:
		flag(flags, "P", m.probe);
		flag(flags, "E", m.echo_nonce);
		flag(flags, "S", m.security);
		records_json(o, &m);
		break;
	default:
		register_json(o, flags, p, len, &m);
		break;
	}
	return o;
}

static int hex_digit(char c)
{
	const char *digits = "0123456789abcdef", *at = c ? strchr(digits, c | 0x20) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* Bytes of a line, in place of its digits; negative if it is no hexadecimal. */
static ssize_t hex_decode(char *line)
{
	size_t n = strcspn(line, "\r\n");

	if (n % 2)
		return -EINVAL;
	for (size_t i = 0; i < n / 2; i++) {
		int hi = hex_digit(line[2 * i]), lo = hex_digit(line[2 * i + 1]);

		if (hi < 0 || lo < 0)
			return -EINVAL;
		line[i] = (char)(hi << 4 | lo);
	}
	return (ssize_t)(n / 2);
}

int main(int argc, char **argv)
{
	char *line = NULL;
	size_t size = 0;
	int status = 0;

	for (int i = 1; i < argc && n_keys < MAX_KEYS; i++) {
		keys[n_keys] = xtr_key_create(argv[i], strlen(argv[i]));
		if (!keys[n_keys]) {
			fprintf(stderr, "wire_dump: secret %d can't be used\n", i - 1);
			return 1;
		}
		n_keys++;
	}
	while (getline(&line, &size, stdin) >= 0) {
		ssize_t n = hex_decode(line);
		json_t *o;

		if (n < 0) {
			fprintf(stderr, "wire_dump: a line that is not hexadecimal\n");
			status = 1;
			break;
		}
		o = msg_json((const uint8_t *)line, (size_t)n, 0);
		json_dumpf(o, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER);
		putchar('\n');
		fflush(stdout);
		json_decref(o);
	}
	free(line);
	for (int i = 0; i < n_keys; i++)
		xtr_key_destroy(keys[i]);
	return status;
}
