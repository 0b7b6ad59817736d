/* SPDX-License-Identifier: BSD-3-Clause */
#include "data_json.h"

#include "lcaf_json.h"

#include "wire/data.h"

json_t *xtrctl_data_json(const uint8_t *p)
{
	static const struct {
		uint8_t bit;
		const char *name;
	} names[] = {{XTR_DATA_N, "N"}, {XTR_DATA_L, "L"}, {XTR_DATA_E, "E"}, {XTR_DATA_V, "V"},
	    {XTR_DATA_I, "I"}, {XTR_DATA_P, "P"}};
	struct xtr_data_hdr h = xtr_data_read(p);
	bool versions = xtr_data_has_versions(&h);
	json_t *o = json_object(), *flags = json_array();

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		xtrctl_flag(flags, names[i].name, h.flags & names[i].bit);
	xtrctl_set(o, "flags", flags);
	xtrctl_set_int(o, "kk", h.flags & XTR_DATA_KK);
	xtrctl_set(o, "nonce", xtr_data_has_nonce(&h) ? json_integer(h.nonce) : json_null());
	xtrctl_set(o, "echo", json_boolean(xtr_data_wants_echo(&h)));
	xtrctl_set(o, "source-version",
	    versions ? json_integer(xtr_data_source_version(&h)) : json_null());
	xtrctl_set(
	    o, "dest-version", versions ? json_integer(xtr_data_dest_version(&h)) : json_null());
	xtrctl_set(
	    o, "instance-id", h.flags & XTR_DATA_I ? json_integer(h.instance_id) : json_null());
	xtrctl_set(
	    o, "lsb", h.flags & XTR_DATA_L ? json_integer(xtr_data_status_bits(&h)) : json_null());
	xtrctl_set(o, "next", h.flags & XTR_DATA_P ? json_integer(h.next) : json_null());
	return o;
}

json_t *xtrctl_vxlan_json(const uint8_t *p)
{
	struct xtr_vxlan_hdr h = xtr_vxlan_read(p);
	json_t *o = json_object(), *flags = json_array();

	xtrctl_flag(flags, "I", h.flags & XTR_VXLAN_I);
	xtrctl_flag(flags, "P", h.flags & XTR_VXLAN_P);
	xtrctl_flag(flags, "B", h.flags & XTR_VXLAN_B);
	xtrctl_flag(flags, "O", h.flags & XTR_VXLAN_O);
	xtrctl_set(o, "flags", flags);
	xtrctl_set_int(o, "version", (h.flags & XTR_VXLAN_VER) >> 4);
	xtrctl_set(o, "vni", h.flags & XTR_VXLAN_I ? json_integer(h.vni) : json_null());
	xtrctl_set(o, "next", h.flags & XTR_VXLAN_P ? json_integer(h.next) : json_null());
	return o;
}
