/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Makes messages and data headers with lib/wire's writers from their description in JSON, the
 * reverse of wire_dump. Standard input: a line a message, in the form that wire_dump --all says it
 * (what is left out is 0, empty, or AFI 0), or {"data": {...}}, {"vxlan": {...}} as wire_dump
 * --data and --vxlan say them, or {"address": {...}} for an address alone. Standard output: a line
 * a message, its bytes in hexadecimal, or "error: ..." where the writer refused.
 *
 * Every message is written twice: into nothing, to learn what it needs, then into a block of
 * exactly that size. With --eid, EIDs and locators are given to the writers as struct xtr_eid and
 * xtr_ip ("eid": {"iid", "prefix"}, "rloc", "itr-rlocs", "source-eid"), else as struct xtr_addr.
 * With --key SECRET, authentication data are signed after RFC 9301 section 5.6 (over the whole
 * message, or with --short through the last record) in place of "auth-data", whose length counts.
 */
#include "wire_unjson.h"

#include "auth/auth.h"
#include "wire/data.h"
#include "wire/sec.h"

static bool by_eid, short_coverage;
static struct xtr_key *key;

static struct xtr_request_rec request_rec_of(const json_t *v)
{
	struct xtr_request_rec rec = {.notify = num(v, "notify")};

	if (by_eid) {
		rec.eid = eid_of(v, "eid");
		return rec;
	}
	rec.mask_len = (uint8_t)num(v, "mask-len");
	rec.addr = addr_in(v, "address");
	return rec;
}

static struct xtr_record record_of(const json_t *v)
{
	struct xtr_record rec = {.ttl = (uint32_t)num(v, "ttl"),
	    .act = (uint8_t)num(v, "act"),
	    .authoritative = num(v, "authoritative"),
	    .incomplete = num(v, "incomplete"),
	    .map_version = (uint16_t)num(v, "map-version")};

	if (by_eid) {
		rec.eid = eid_of(v, "eid");
		return rec;
	}
	rec.mask_len = (uint8_t)num(v, "mask-len");
	rec.addr = addr_in(v, "address");
	return rec;
}

static void put_locators(struct xtr_writer *w, const json_t *rec)
{
	const json_t *v;
	size_t i;

	json_array_foreach (json_object_get(rec, "locators"), i, v) {
		struct xtr_locator loc = {.priority = (uint8_t)num(v, "priority"),
		    .weight = (uint8_t)num(v, "weight"),
		    .m_priority = (uint8_t)num(v, "m-priority"),
		    .m_weight = (uint8_t)num(v, "m-weight"),
		    .local = flag(v, "L"),
		    .probed = flag(v, "p"),
		    .reachable = flag(v, "R")};

		if (by_eid) {
			loc.ip = ip_of(text(v, "rloc"));
			xtr_write_locator(w, &loc);
		} else {
			loc.addr = addr_in(v, "address");
			xtr_write_locator_addr(w, &loc);
		}
	}
}

static void put_records(struct xtr_writer *w, const json_t *m)
{
	const json_t *v, *s;
	size_t i, j;

	json_array_foreach (json_object_get(m, "records"), i, v) {
		struct xtr_record rec = record_of(v);

		if (by_eid)
			xtr_write_record(w, &rec);
		else
			xtr_write_record_addr(w, &rec);
		put_locators(w, v);
		json_array_foreach (json_object_get(v, "signatures"), j, s) {
			struct xtr_signature sig = {
			    .original_ttl = (uint32_t)num(s, "original-ttl"),
			    .expiration = (uint32_t)num(s, "expiration"),
			    .inception = (uint32_t)num(s, "inception"),
			    .key_tag = (uint16_t)num(s, "key-tag"),
			    .algorithm = (uint8_t)num(s, "algorithm")};

			sig.len = hex16_of(s, "signature", &sig.sig);
			xtr_write_signature(w, &sig);
		}
	}
}

static void put_ids(struct xtr_writer *w, const json_t *m)
{
	size_t n_xtr, n_site;
	const uint8_t *xtr_id = hex_of(m, "xtr-id", &n_xtr);
	const uint8_t *site_id = hex_of(m, "site-id", &n_site);

	if (n_xtr == 0 && n_site == 0)
		return;
	if (n_xtr != XTR_XTR_ID_LEN || n_site != XTR_SITE_ID_LEN)
		die("an xTR-ID has 16 bytes, a site-ID 8");
	xtr_write_ids(w, xtr_id, site_id);
}

static struct xtr_sec_eid_ad eid_ad_of(const json_t *sec)
{
	const json_t *o = json_object_get(sec, "eid-ad"), *v;
	struct xtr_sec_eid_ad ad = {.kdf_id = (uint16_t)num(o, "kdf-id")};
	struct xtr_writer w = block_writer();
	size_t i;

	if (!json_is_array(json_object_get(o, "records")))
		return ad;
	json_array_foreach (json_object_get(o, "records"), i, v) {
		struct xtr_request_rec rec = request_rec_of(v);

		xtr_write_eid_rec(&w, &rec);
		ad.n_records++;
	}
	ad.records = w.p;
	ad.records_len = (uint32_t)w.len;
	ad.cant_sign = num(o, "E");
	ad.hmac_id = (uint16_t)num(o, "hmac-id");
	ad.hmac_len = hex16_of(o, "hmac", &ad.hmac);
	return ad;
}

static uint64_t nonce_of(const json_t *m)
{
	return strtoull(text(m, "nonce") ? text(m, "nonce") : "0", NULL, 16);
}

static void put_request(struct xtr_writer *w, const json_t *m)
{
	const char *list = by_eid ? "itr-rlocs" : "itr-addresses";
	const json_t *rlocs = json_object_get(m, list), *v;
	struct xtr_addr addrs[UINT8_MAX], source;
	struct xtr_ip ips[UINT8_MAX];
	struct xtr_request_opts o = {.nonce = nonce_of(m),
	    .authoritative = flag(m, "A"),
	    .probe = flag(m, "P"),
	    .smr = flag(m, "S"),
	    .pitr = flag(m, "p"),
	    .smr_invoked = flag(m, "s"),
	    .has_ids = flag(m, "I"),
	    .local_xtr = flag(m, "L"),
	    .dont_reply = flag(m, "D"),
	    .n_itr_rlocs = (uint8_t)json_array_size(rlocs)};
	size_t i;

	json_array_foreach (rlocs, i, v) {
		if (by_eid)
			ips[i] = ip_of(json_string_value(v));
		else
			addrs[i] = addr_of(v);
	}
	if (by_eid) {
		o.source_eid = eid_of(m, "source-eid");
		o.itr_rlocs = ips;
	} else {
		source = addr_in(m, "source-address");
		o.source_addr = &source;
		o.itr_addrs = addrs;
	}
	if (by_eid && json_array_size(json_object_get(m, "records")) == 1) {
		struct xtr_request_rec rec =
		    request_rec_of(json_array_get(json_object_get(m, "records"), 0));

		/* the one call that the control plane uses */
		o.notify = rec.notify;
		xtr_write_map_request(w, &o, &rec.eid);
	} else {
		xtr_write_request(w, &o);
		json_array_foreach (json_object_get(m, "records"), i, v) {
			struct xtr_request_rec rec = request_rec_of(v);

			if (by_eid)
				xtr_write_request_rec(w, &rec);
			else
				xtr_write_request_rec_addr(w, &rec);
		}
	}
	v = json_object_get(m, "map-data");
	if (v) {
		struct xtr_record rec = record_of(v);

		if (by_eid)
			xtr_write_map_data(w, &rec);
		else
			xtr_write_map_data_addr(w, &rec);
		put_locators(w, v);
	}
	put_ids(w, m);
}

static void put_reply(struct xtr_writer *w, const json_t *m)
{
	const json_t *s = json_object_get(m, "sec");
	struct xtr_reply_opts o = {.nonce = nonce_of(m),
	    .probe = flag(m, "P"),
	    .echo_nonce = flag(m, "E"),
	    .security = s != NULL};

	if (by_eid && !o.echo_nonce && !s)
		xtr_write_map_reply(w, o.nonce, o.probe);
	else
		xtr_write_map_reply_opts(w, &o);
	put_records(w, m);
	if (s) {
		struct xtr_sec_reply sec = {
		    .eid_ad = eid_ad_of(s), .hmac_id = (uint16_t)num(s, "hmac-id")};

		sec.hmac_len = hex16_of(s, "hmac", &sec.hmac);
		xtr_write_sec_reply(w, &sec);
	}
}

static void put_register(struct xtr_writer *w, const json_t *m)
{
	const uint8_t *data;
	size_t auth_at;
	struct xtr_register_opts o = {.nonce = nonce_of(m),
	    .key_id = (uint8_t)num(m, "key-id"),
	    .algorithm = (uint8_t)num(m, "algorithm"),
	    .auth_len = hex16_of(m, "auth-data", &data),
	    .proxy_reply = flag(m, "P"),
	    .security = flag(m, "S"),
	    .has_ids = flag(m, "I"),
	    .eid_notify = flag(m, "E"),
	    .use_ttl = flag(m, "T"),
	    .merge = flag(m, "a"),
	    .want_notify = flag(m, "M")};

	if (num(m, "type") == XTR_MSG_MAP_REGISTER)
		xtr_write_map_register(w, &o);
	else
		xtr_write_map_notify(w, &o, num(m, "type") == XTR_MSG_MAP_NOTIFY_ACK);
	auth_at = w->len - o.auth_len;
	put_records(w, m);
	if (key && w->len <= w->size) {
		size_t covered = w->len;

		put_ids(w, m);
		if (w->len <= w->size &&
		    xtr_auth_sign(key, w->p, w->len, short_coverage ? covered : w->len) < 0)
			die("cannot sign");
		return;
	}
	put_ids(w, m);
	if (w->len <= w->size)
		memcpy(w->p + auth_at, data, o.auth_len);
}

static void put_info(struct xtr_writer *w, const json_t *m)
{
	const uint8_t *data;
	struct xtr_info_opts o = {.nonce = nonce_of(m),
	    .reply = flag(m, "R"),
	    .key_id = (uint8_t)num(m, "key-id"),
	    .algorithm = (uint8_t)num(m, "algorithm"),
	    .auth_len = hex16_of(m, "auth-data", &data),
	    .ttl = (uint32_t)num(m, "ttl"),
	    .mask_len = (uint8_t)num(m, "mask-len"),
	    .eid = addr_in(m, "eid-address"),
	    .addr = addr_in(m, "info-address")};

	xtr_write_info(w, &o);
	/* behind the first word, nonce, key ID and length */
	if (w->len <= w->size)
		memcpy(w->p + 16, data, o.auth_len);
}

static uint8_t *make(const json_t *m, size_t *len);

static void put_ecm(struct xtr_writer *w, const json_t *m)
{
	const json_t *s = json_object_get(m, "sec");
	struct xtr_sec_ecm sec = {0};
	struct xtr_ecm_opts o = {.src = ip_of(text(m, "inner-source")),
	    .dst = ip_of(text(m, "inner-destination")),
	    .sport = (uint16_t)num(m, "inner-source-port"),
	    .dport = (uint16_t)num(m, "inner-destination-port"),
	    .ddt = flag(m, "D")};

	o.inner = make(json_object_get(m, "inner"), &o.inner_len);
	if (!o.inner)
		die("the inner message cannot be written");
	if (s) {
		sec.hmac_id = (uint16_t)num(s, "hmac-id");
		sec.key_id = (uint8_t)num(s, "key-id");
		sec.wrap_id = (uint8_t)num(s, "wrap-id");
		sec.otk_len = hex16_of(s, "otk", &sec.otk);
		sec.eid_ad = eid_ad_of(s);
		o.sec = &sec;
	}
	if (by_eid && !s && !o.ddt)
		xtr_write_ecm(w, &o.src, &o.dst, o.sport, o.dport, o.inner, o.inner_len);
	else
		xtr_write_ecm_opts(w, &o);
}

static void put_message(struct xtr_writer *w, const json_t *m)
{
	const uint8_t *data;
	struct xtr_addr a;
	size_t n;

	if (json_object_get(m, "address")) {
		a = addr_in(m, "address");
		xtr_write_addr(w, &a);
		return;
	}
	switch (num(m, "type")) {
	case XTR_MSG_MAP_REQUEST:
		put_request(w, m);
		break;
	case XTR_MSG_MAP_REPLY:
		put_reply(w, m);
		break;
	case XTR_MSG_MAP_REGISTER:
	case XTR_MSG_MAP_NOTIFY:
	case XTR_MSG_MAP_NOTIFY_ACK:
		put_register(w, m);
		break;
	case XTR_MSG_MAP_REFERRAL:
		xtr_write_map_referral(w, nonce_of(m));
		put_records(w, m);
		break;
	case XTR_MSG_INFO:
		put_info(w, m);
		break;
	case XTR_MSG_ECM:
		put_ecm(w, m);
		break;
	case XTR_MSG_EXTENSION:
		data = hex_of(m, "data", &n);
		xtr_write_extension(w, (uint16_t)num(m, "subtype"), data, n);
		break;
	default:
		die("type %u", (unsigned)num(m, "type"));
	}
}

/* The bytes of a message, or NULL where the writer says that it cannot be. */
static uint8_t *make(const json_t *m, size_t *len)
{
	struct xtr_writer need, w;

	xtr_writer_init(&need, NULL, 0);
	put_message(&need, m);
	if (xtr_writer_result(&need) == 0)
		die("%zu bytes fit in none", need.len);
	xtr_writer_init(&w, take(need.len), need.len);
	put_message(&w, m);
	*len = w.len;
	if (xtr_writer_result(&w) < 0)
		return NULL;
	if (w.len != need.len)
		die("said to need %zu bytes, wrote %zu", need.len, w.len);
	return w.p;
}

static uint8_t *make_header(const json_t *line, size_t *len)
{
	static const struct {
		const char *letter;
		uint8_t bit;
	} data_flags[] = {{"N", XTR_DATA_N}, {"L", XTR_DATA_L}, {"E", XTR_DATA_E},
	    {"V", XTR_DATA_V}, {"I", XTR_DATA_I}, {"P", XTR_DATA_P}},
	  vxlan_flags[] = {
	      {"I", XTR_VXLAN_I}, {"P", XTR_VXLAN_P}, {"B", XTR_VXLAN_B}, {"O", XTR_VXLAN_O}};
	const json_t *o = json_object_get(line, "data");

	if (json_is_object(o)) { /* a shared extension's "data" is text */
		struct xtr_data_hdr h = {.flags = num(o, "kk") & XTR_DATA_KK,
		    .nonce = (uint32_t)num(o, "nonce"),
		    .instance_id = (uint32_t)num(o, "instance-id"),
		    .lsb = (uint32_t)num(o, "lsb"),
		    .next = (uint8_t)num(o, "next")};

		for (size_t i = 0; i < sizeof data_flags / sizeof *data_flags; i++)
			h.flags |= flag(o, data_flags[i].letter) ? data_flags[i].bit : 0;
		if (flag(o, "V") && !flag(o, "N"))
			h.nonce = xtr_data_versions(
			    (uint16_t)num(o, "source-version"), (uint16_t)num(o, "dest-version"));
		*len = XTR_DATA_HDR_LEN;
		xtr_data_write(take(*len), &h);
		return blocks[n_blocks - 1];
	}
	o = json_object_get(line, "vxlan");
	if (o) {
		struct xtr_vxlan_hdr h = {
		    .flags = (uint8_t)(num(o, "version") << 4 & XTR_VXLAN_VER),
		    .vni = (uint32_t)num(o, "vni"),
		    .next = (uint8_t)num(o, "next")};

		for (size_t i = 0; i < sizeof vxlan_flags / sizeof *vxlan_flags; i++)
			h.flags |= flag(o, vxlan_flags[i].letter) ? vxlan_flags[i].bit : 0;
		*len = XTR_VXLAN_HDR_LEN;
		xtr_vxlan_write(take(*len), &h);
		return blocks[n_blocks - 1];
	}
	return NULL;
}

static void say(json_t *line)
{
	size_t len = 0;
	uint8_t *p = make_header(line, &len);

	if (!p && !spoilt(line))
		p = make(line, &len);
	if (!p) {
		puts("error: the writer refuses");
		return;
	}
	for (size_t i = 0; i < len; i++)
		printf("%02x", p[i]);
	putchar('\n');
}

int main(int argc, char **argv)
{
	char *line = NULL;
	size_t size = 0;

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--eid"))
			by_eid = true;
		else if (!strcmp(argv[i], "--short"))
			short_coverage = true;
		else if (!strcmp(argv[i], "--key") && i + 1 < argc)
			key = xtr_key_create(argv[i + 1], strlen(argv[i + 1])), i++;
		else
			die("usage: wire_make [--eid] [--short] [--key SECRET]");
	}
	while (getline(&line, &size, stdin) >= 0) {
		json_error_t err;
		json_t *o = json_loads(line, 0, &err);

		if (!o)
			die("%s", err.text);
		say(o);
		fflush(stdout);
		json_decref(o);
		free_blocks();
	}
	free(line);
	free(blocks);
	xtr_key_destroy(key);
	return 0;
}
