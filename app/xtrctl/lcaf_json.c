/* SPDX-License-Identifier: BSD-3-Clause */
#include "lcaf_json.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

json_t *xtrctl_ip_json(const struct xtr_ip *ip)
{
	char buf[XTR_IP_STRLEN];

	return ip->af ? json_string(xtr_ip_format(ip, buf)) : json_null();
}

json_t *xtrctl_hex_json(const uint8_t *p, size_t n)
{
	char *buf = calloc(2 * n + 1, 1);
	json_t *o;

	for (size_t i = 0; i < n; i++)
		snprintf(buf + 2 * i, 3, "%02x", p[i]);
	o = json_string(buf);
	free(buf);
	return o;
}

void xtrctl_flag(json_t *flags, const char *name, bool on)
{
	if (on)
		json_array_append_new(flags, json_string(name));
}

json_t *xtrctl_error_json(int ret, const struct xtr_wire_err *err)
{
	char text[200];

	xtr_wire_err_format(err, text, sizeof text);
	return json_pack("{s:s, s:i, s:s, s:s, s:s, s:s}", "errno",
	    ret == -ENOTSUP ? "ENOTSUP" : "EBADMSG", "offset", (int)err->offset, "field",
	    err->field, "reason", err->reason, "clause", err->clause, "text", text);
}

void xtrctl_set(json_t *o, const char *key, json_t *value)
{
	json_object_set_new(o, key, value);
}

void xtrctl_set_int(json_t *o, const char *key, json_int_t value)
{
	xtrctl_set(o, key, json_integer(value));
}

static json_t *addrs_json(const struct xtr_lcaf_list *l)
{
	json_t *out = json_array();
	const uint8_t *cursor = NULL;
	struct xtr_addr a;

	while (xtr_lcaf_list_addr_next(l, &cursor, &a))
		json_array_append_new(out, xtrctl_addr_json(&a));
	return out;
}

static int lists_json(json_t *o, const struct xtr_addr *a, struct xtr_wire_err *err)
{
	json_t *out = json_array();
	const uint8_t *cursor = NULL;
	const char *name = "addresses";
	int ret;

	if (a->lcaf == XTR_LCAF_AFI_LIST) {
		struct xtr_lcaf_afi_list l;

		json_decref(out);
		ret = xtr_lcaf_read_afi_list(a, &l, err);
		out = ret < 0 ? json_null() : addrs_json(&l.addrs);
	} else if (a->lcaf == XTR_LCAF_ELP) {
		struct xtr_lcaf_elp l;
		struct xtr_elp_hop hop;

		name = "hops";
		ret = xtr_lcaf_read_elp(a, &l, err);
		while (ret == 0 && xtr_lcaf_list_hop_next(&l.hops, &cursor, &hop)) {
			json_t *flags = json_array();

			xtrctl_flag(flags, "L", hop.lookup);
			xtrctl_flag(flags, "P", hop.probe);
			xtrctl_flag(flags, "S", hop.strict);
			json_array_append_new(out, json_pack("{s:o, s:o}", "flags", flags,
						       "address", xtrctl_addr_json(&hop.addr)));
		}
	} else {
		struct xtr_lcaf_rle l;
		struct xtr_rle_entry e;

		name = "entries";
		ret = xtr_lcaf_read_rle(a, &l, err);
		while (ret == 0 && xtr_lcaf_list_rle_next(&l.entries, &cursor, &e))
			json_array_append_new(out, json_pack("{s:i, s:o}", "level", e.level,
						       "address", xtrctl_addr_json(&e.addr)));
	}
	xtrctl_set(o, name, out);
	return ret;
}

static int key_json(json_t *o, const struct xtr_addr *a, struct xtr_wire_err *err)
{
	struct xtr_lcaf_key l;
	struct xtr_key_material key;
	const uint8_t *cursor = NULL;
	json_t *keys = json_array();
	int ret = xtr_lcaf_read_key(a, &l, err);

	while (ret == 0 && xtr_lcaf_list_key_next(&l.keys, &cursor, &key))
		json_array_append_new(keys, xtrctl_hex_json(key.p, key.len));
	xtrctl_set(o, "keys", keys);
	if (ret < 0)
		return ret;
	xtrctl_set_int(o, "algorithm", l.algorithm);
	xtrctl_set(o, "revoke", json_boolean(l.revoke));
	xtrctl_set(o, "address", xtrctl_addr_json(&l.addr));
	return 0;
}

static int geo_json(json_t *o, const struct xtr_addr *a, struct xtr_wire_err *err)
{
	struct xtr_lcaf_geo l;
	int ret = xtr_lcaf_read_geo(a, &l, err);

	if (ret < 0)
		return ret;
	xtrctl_set(o, "latitude",
	    json_pack("{s:b, s:i, s:i, s:i}", "north", l.north, "degrees", l.lat_deg, "minutes",
		l.lat_min, "seconds", l.lat_sec));
	xtrctl_set(o, "longitude",
	    json_pack("{s:b, s:i, s:i, s:i}", "east", l.east, "degrees", l.lon_deg, "minutes",
		l.lon_min, "seconds", l.lon_sec));
	xtrctl_set_int(o, "altitude", l.altitude);
	xtrctl_set(o, "address", xtrctl_addr_json(&l.addr));
	return 0;
}

static int nat_json(json_t *o, const struct xtr_addr *a, struct xtr_wire_err *err)
{
	struct xtr_lcaf_nat l;
	int ret = xtr_lcaf_read_nat(a, &l, err);

	if (ret < 0)
		return ret;
	xtrctl_set_int(o, "ms-port", l.ms_port);
	xtrctl_set_int(o, "etr-port", l.etr_port);
	xtrctl_set(o, "global-etr", xtrctl_addr_json(&l.global_etr));
	xtrctl_set(o, "ms", xtrctl_addr_json(&l.ms));
	xtrctl_set(o, "private-etr", xtrctl_addr_json(&l.private_etr));
	xtrctl_set(o, "rtrs", addrs_json(&l.rtrs));
	return 0;
}

/* Types that are some numbers and one address. */
static int one_json(json_t *o, const struct xtr_addr *a, struct xtr_wire_err *err)
{
	union {
		struct xtr_lcaf_iid iid;
		struct xtr_lcaf_asn asn;
		struct xtr_lcaf_app app;
		struct xtr_lcaf_nonce nonce;
		struct xtr_lcaf_json json;
		struct xtr_lcaf_encap encap;
	} l;
	const struct xtr_addr *in = NULL;
	int ret = -EBADMSG;

	if (a->lcaf == XTR_LCAF_IID && (ret = xtr_lcaf_read_iid(a, &l.iid, err)) == 0) {
		xtrctl_set_int(o, "iid", l.iid.iid);
		xtrctl_set_int(o, "mask-len", l.iid.mask_len);
		in = &l.iid.addr;
	} else if (a->lcaf == XTR_LCAF_ASN && (ret = xtr_lcaf_read_asn(a, &l.asn, err)) == 0) {
		xtrctl_set_int(o, "asn", l.asn.asn);
		in = &l.asn.addr;
	} else if (a->lcaf == XTR_LCAF_APP && (ret = xtr_lcaf_read_app(a, &l.app, err)) == 0) {
		xtrctl_set_int(o, "tos", l.app.tos);
		xtrctl_set_int(o, "protocol", l.app.protocol);
		xtrctl_set(o, "local", json_pack("[i, i]", l.app.local_low, l.app.local_high));
		xtrctl_set(o, "remote", json_pack("[i, i]", l.app.remote_low, l.app.remote_high));
		in = &l.app.addr;
	} else if (a->lcaf == XTR_LCAF_NONCE &&
		   (ret = xtr_lcaf_read_nonce(a, &l.nonce, err)) == 0) {
		xtrctl_set_int(o, "nonce", l.nonce.nonce);
		in = &l.nonce.addr;
	} else if (a->lcaf == XTR_LCAF_JSON && (ret = xtr_lcaf_read_json(a, &l.json, err)) == 0) {
		xtrctl_set(o, "binary", json_boolean(l.json.binary));
		xtrctl_set(o, "json", xtrctl_hex_json(l.json.text, l.json.len));
		in = &l.json.addr;
	} else if (a->lcaf == XTR_LCAF_ENCAP &&
		   (ret = xtr_lcaf_read_encap(a, &l.encap, err)) == 0) {
		xtrctl_set_int(o, "formats", l.encap.formats);
		in = &l.encap.addr;
	}
	if (in)
		xtrctl_set(o, "address", xtrctl_addr_json(in));
	return ret;
}

/* Types that are some numbers and two addresses. */
static int two_json(json_t *o, const struct xtr_addr *a, struct xtr_wire_err *err)
{
	struct xtr_lcaf_mcast mc;
	struct xtr_lcaf_src_dst sd;
	struct xtr_lcaf_key_value kv;
	int ret;

	if (a->lcaf == XTR_LCAF_MCAST) {
		ret = xtr_lcaf_read_mcast(a, &mc, err);
		if (ret < 0)
			return ret;
		xtrctl_set_int(o, "iid", mc.iid);
		xtrctl_set_int(o, "source-mask-len", mc.source_plen);
		xtrctl_set_int(o, "group-mask-len", mc.group_plen);
		xtrctl_set(o, "source", xtrctl_addr_json(&mc.source));
		xtrctl_set(o, "group", xtrctl_addr_json(&mc.group));
	} else if (a->lcaf == XTR_LCAF_SRC_DST) {
		ret = xtr_lcaf_read_src_dst(a, &sd, err);
		if (ret < 0)
			return ret;
		xtrctl_set_int(o, "source-mask-len", sd.source_plen);
		xtrctl_set_int(o, "dest-mask-len", sd.dest_plen);
		xtrctl_set(o, "source", xtrctl_addr_json(&sd.source));
		xtrctl_set(o, "dest", xtrctl_addr_json(&sd.dest));
	} else {
		ret = xtr_lcaf_read_key_value(a, &kv, err);
		if (ret < 0)
			return ret;
		xtrctl_set(o, "key", xtrctl_addr_json(&kv.key));
		xtrctl_set(o, "value", xtrctl_addr_json(&kv.value));
	}
	return 0;
}

/* Types without an address inside, and those that nobody knows. */
static int none_json(json_t *o, const struct xtr_addr *a, struct xtr_wire_err *err)
{
	struct xtr_lcaf_opaque op;
	struct xtr_lcaf_vendor v;
	struct xtr_lcaf_hdr h;
	int ret;

	if (a->lcaf == XTR_LCAF_NULL)
		return xtr_lcaf_read_null(a, err);
	if (a->lcaf == XTR_LCAF_OPAQUE) {
		ret = xtr_lcaf_read_opaque(a, &op, err);
		if (ret < 0)
			return ret;
		xtrctl_set_int(o, "field-num", op.field_num);
		xtrctl_set_int(o, "wildcards", op.wildcards);
		xtrctl_set(o, "key", xtrctl_hex_json(op.key, op.key_len));
	} else if (a->lcaf == XTR_LCAF_VENDOR) {
		ret = xtr_lcaf_read_vendor(a, &v, err);
		if (ret < 0)
			return ret;
		xtrctl_set_int(o, "oui", v.oui);
		xtrctl_set(o, "data", xtrctl_hex_json(v.data, v.len));
	} else {
		ret = xtr_lcaf_read_hdr(a, &h, err);
		if (ret == 0)
			xtrctl_set(o, "payload", xtrctl_hex_json(h.payload, h.len));
	}
	return ret;
}

static int by_lcaf_json(json_t *o, const struct xtr_addr *a, struct xtr_wire_err *err)
{
	switch (a->lcaf) {
	case XTR_LCAF_AFI_LIST:
	case XTR_LCAF_ELP:
	case XTR_LCAF_RLE:
		return lists_json(o, a, err);
	case XTR_LCAF_GEO:
		return geo_json(o, a, err);
	case XTR_LCAF_NAT:
		return nat_json(o, a, err);
	case XTR_LCAF_KEY:
		return key_json(o, a, err);
	case XTR_LCAF_IID:
	case XTR_LCAF_ASN:
	case XTR_LCAF_APP:
	case XTR_LCAF_NONCE:
	case XTR_LCAF_JSON:
	case XTR_LCAF_ENCAP:
		return one_json(o, a, err);
	case XTR_LCAF_MCAST:
	case XTR_LCAF_SRC_DST:
	case XTR_LCAF_KEY_VALUE:
		return two_json(o, a, err);
	default:
		return none_json(o, a, err);
	}
}

json_t *xtrctl_addr_json(const struct xtr_addr *a)
{
	json_t *o = json_pack("{s:i}", "afi", a->afi);
	struct xtr_wire_err err = {0};
	char text[8 * XTR_MAC_LEN];
	struct xtr_lcaf_hdr h;
	struct xtr_ip ip;
	uint32_t iid;
	int ret;

	if (a->afi == XTR_AFI_LCAF) {
		xtrctl_set_int(o, "lcaf", a->lcaf);
		xtrctl_set(o, "type",
		    xtr_lcaf_name(a->lcaf) ? json_string(xtr_lcaf_name(a->lcaf)) : json_null());
		ret = xtr_lcaf_read_hdr(a, &h, &err);
		if (ret == 0) {
			xtrctl_set_int(o, "flags", h.flags);
			xtrctl_set_int(o, "rsvd2", h.rsvd2);
			xtrctl_set_int(o, "length", h.len);
			ret = by_lcaf_json(o, a, &err);
		}
		if (ret < 0)
			xtrctl_set(o, "error", xtrctl_error_json(ret, &err));
	} else if (xtr_addr_ip(a, &ip, &iid)) {
		xtrctl_set(o, "ip", xtrctl_ip_json(&ip));
	} else if (xtr_addr_mac(a)) {
		xtr_addr_format(a, text, sizeof text);
		xtrctl_set(o, "mac", json_string(text));
	} else if (xtr_addr_name(a)) {
		/* NULL, and so left out, where it is no UTF-8 */
		xtrctl_set(o, "name", json_string(xtr_addr_name(a)));
		xtrctl_set(o, "bytes", xtrctl_hex_json(a->p, a->len));
	}
	return o;
}
