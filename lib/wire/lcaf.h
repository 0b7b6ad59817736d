/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Addresses that are more than an IP address: MAC addresses, names, and the LISP Canonical Address
 * Format, RFC 8060 types 0 to 16 and RFC 9306 type 255.
 *
 * Reading: messages give addresses as struct xtr_addr (addr.h), of which only the extent was
 * checked, so that an LCAF that we cannot use never costs the rest of the message (RFC 9306 section
 * 3). xtr_lcaf_read_TYPE() checks one LCAF, all its fields and the extents of the addresses in it,
 * and fills a struct of views; the lists in it are then iterated in place, which cannot fail any
 * more. Addresses inside are views again, to be looked into the same way. Nothing recurses:
 * a view knows how deep it lies, and beyond XTR_LCAF_DEPTH reading fails. A view of an LCAF has
 * its AFI in front of its bytes, as all have that were read.
 *
 * Readers return 0, -EBADMSG (malformed, *err says where, counted from the address's AFI) or
 * -EINVAL (the address is no LCAF of that type, *err says so). err may be NULL. What follows an
 * LCAF's last field is malformed. Reserved fields and flags are ignored.
 *
 * Writing: xtr_write_lcaf_TYPE() appends AFI, header and fields to a struct xtr_writer (msg.h).
 * Values out of range, and an LCAF above 65535 bytes, spoil the writer. Views in the struct are
 * copied as they stand; make them with xtr_addr_of_ip() and its kin, with xtr_addr_at() from what
 * another writer wrote to a buffer of the caller's, and lists with xtr_lcaf_list_of().
 *
 * Needs libc only, allocates nothing, keeps no state: any lcore. Scalars are in host byte order.
 */
#ifndef XTR_WIRE_LCAF_H
#define XTR_WIRE_LCAF_H

#include "wire/msg.h"

enum xtr_lcaf_type {
	XTR_LCAF_NULL = 0,
	XTR_LCAF_AFI_LIST = 1,
	XTR_LCAF_IID = 2,
	XTR_LCAF_ASN = 3,
	XTR_LCAF_APP = 4,
	XTR_LCAF_GEO = 5,
	XTR_LCAF_OPAQUE = 6,
	XTR_LCAF_NAT = 7,
	XTR_LCAF_NONCE = 8,
	XTR_LCAF_MCAST = 9,
	XTR_LCAF_ELP = 10,
	XTR_LCAF_KEY = 11,
	XTR_LCAF_SRC_DST = 12,
	XTR_LCAF_RLE = 13,
	XTR_LCAF_JSON = 14,
	XTR_LCAF_KEY_VALUE = 15,
	XTR_LCAF_ENCAP = 16,
	XTR_LCAF_VENDOR = 255,
};

#define XTR_LCAF_HDR_LEN 6 /* after the AFI: reserved, flags, type, reserved, length (2) */
#define XTR_LCAF_DEPTH   8 /* LCAFs in one another that are looked into */

/* "null-body", "afi-list", "instance-id", "as-number", "application-data", "geo-coordinates",
 * "opaque-key", "nat-traversal", "nonce-locator", "multicast-info", "explicit-locator-path",
 * "security-key", "source-dest-key", "replication-list-entry", "json-data-model",
 * "key-value-address-pair", "encapsulation-format", "vendor-specific"; NULL for any other, which is
 * an unrecognized type in the sense of RFC 9306 section 3. */
const char *xtr_lcaf_name(unsigned type);

/*
 * Addresses that are no LCAF.
 */

/* An address's IP address and instance-ID: AFI 1 or 2, alone (*iid is 0 then) or inside an
 * instance-ID LCAF. False for all others, among them instance-IDs above XTR_IID_MAX. */
bool xtr_addr_ip(const struct xtr_addr *a, struct xtr_ip *ip, uint32_t *iid);
/* The 6 (AFI 6, 16389) or 8 (16390) bytes of a MAC address, or NULL. */
const uint8_t *xtr_addr_mac(const struct xtr_addr *a);
/* The text of a distinguished name, with a zero byte behind (a->len is strlen() + 1), or NULL. */
const char *xtr_addr_name(const struct xtr_addr *a);

/* Views of the caller's bytes, which must outlive them. af 0 gives AFI 0. */
struct xtr_addr xtr_addr_of_ip(const struct xtr_ip *ip);
/* afi: XTR_AFI_802, XTR_AFI_MAC48 or XTR_AFI_MAC64. */
struct xtr_addr xtr_addr_of_mac(uint16_t afi, const uint8_t *mac);
struct xtr_addr xtr_addr_of_name(const char *name);
/* Reads the AFI and address at p, `len` bytes at most, of any kind. 0 or -EBADMSG. What it takes is
 * a->len + 2 bytes. */
int xtr_addr_at(const uint8_t *p, size_t len, struct xtr_addr *a, struct xtr_wire_err *err);
/* AFI, type and all bytes are the same; how deep they lie does not matter. */
bool xtr_addr_equal(const struct xtr_addr *a, const struct xtr_addr *b);

/*
 * Formats an address of any kind: "10.1.1.4", "[100] 10.1.1.4", "00:00:5e:00:53:01", "\"router\"",
 * "none", "explicit-locator-path (26 bytes)", "lcaf 200 (4 bytes)". Characters of a name other than
 * printable ASCII are written as "\xNN". Returns what snprintf() does.
 */
int xtr_addr_format(const struct xtr_addr *a, char *buf, size_t size);

/* Appends AFI and address. */
void xtr_write_addr(struct xtr_writer *w, const struct xtr_addr *a);

/*
 * Any LCAF, also of a type that is unknown.
 */
struct xtr_lcaf_hdr {
	uint8_t flags, type;
	uint8_t rsvd2; /* of type 2 the IID mask-len, of type 14 the B bit */
	uint16_t len;  /* bytes of the payload */
	const uint8_t *payload;
};
int xtr_lcaf_read_hdr(const struct xtr_addr *a, struct xtr_lcaf_hdr *h, struct xtr_wire_err *err);
/* Writes the header as told, and payload. */
void xtr_write_lcaf(struct xtr_writer *w, const struct xtr_lcaf_hdr *h);
/* Starts an LCAF of any type; its payload is then appended, and xtr_write_lcaf_end() with what this
 * returned sets the length. They nest. */
size_t xtr_write_lcaf_begin(struct xtr_writer *w, uint8_t type, uint8_t rsvd2);
void xtr_write_lcaf_end(struct xtr_writer *w, size_t begin);

/* The elements of a list, one after the other, as they stand in an LCAF. */
struct xtr_lcaf_list {
	const uint8_t *p;
	uint32_t len; /* bytes at p */
	uint8_t depth;
};
/* Elements written one by one, with the writers below, into a buffer of the caller's. Of a writer
 * that failed, a list that spoils the writer it is written with. */
struct xtr_lcaf_list xtr_lcaf_list_of(const struct xtr_writer *w);

/*
 * The types. Sections are those of RFC 8060.
 */

/* Type 0, section 3: nothing inside. */
int xtr_lcaf_read_null(const struct xtr_addr *a, struct xtr_wire_err *err);
void xtr_write_lcaf_null(struct xtr_writer *w);

/* Type 1, sections 4.10.1 to 4.10.5: a list of addresses. */
struct xtr_lcaf_afi_list {
	struct xtr_lcaf_list addrs; /* xtr_lcaf_list_addr_next() */
};
int xtr_lcaf_read_afi_list(
    const struct xtr_addr *a, struct xtr_lcaf_afi_list *l, struct xtr_wire_err *err);
void xtr_write_lcaf_afi_list(struct xtr_writer *w, const struct xtr_lcaf_afi_list *l);
/* Iterates a list of addresses, written with xtr_write_addr(); *cursor starts at NULL. */
bool xtr_lcaf_list_addr_next(
    const struct xtr_lcaf_list *l, const uint8_t **cursor, struct xtr_addr *a);

/* Type 2, section 4.1. */
struct xtr_lcaf_iid {
	uint32_t iid;     /* 32 bits, of which a data header carries the low 24 */
	uint8_t mask_len; /* high-order bits of iid that count, where addr is AFI 0 */
	struct xtr_addr addr;
};
int xtr_lcaf_read_iid(const struct xtr_addr *a, struct xtr_lcaf_iid *l, struct xtr_wire_err *err);
void xtr_write_lcaf_iid(struct xtr_writer *w, const struct xtr_lcaf_iid *l);

/* Type 3, section 4.2. */
struct xtr_lcaf_asn {
	uint32_t asn;
	struct xtr_addr addr;
};
int xtr_lcaf_read_asn(const struct xtr_addr *a, struct xtr_lcaf_asn *l, struct xtr_wire_err *err);
void xtr_write_lcaf_asn(struct xtr_writer *w, const struct xtr_lcaf_asn *l);

/* Type 4, section 5.1. */
struct xtr_lcaf_app {
	uint32_t tos; /* 24 bits: IP TOS, IPv6 traffic class, or flow label */
	uint8_t protocol;
	uint16_t local_low, local_high, remote_low, remote_high; /* ranges of ports */
	struct xtr_addr addr;
};
int xtr_lcaf_read_app(const struct xtr_addr *a, struct xtr_lcaf_app *l, struct xtr_wire_err *err);
void xtr_write_lcaf_app(struct xtr_writer *w, const struct xtr_lcaf_app *l);

/* Type 5, section 4.3. */
#define XTR_GEO_NO_ALTITUDE 0x7fffffff
struct xtr_lcaf_geo {
	bool north, east;
	uint8_t lat_deg, lat_min, lat_sec; /* 0 to 90, 0 to 59, 0 to 59 */
	uint8_t lon_deg, lon_min, lon_sec; /* 0 to 180, 0 to 59, 0 to 59 */
	int32_t altitude;                  /* metres, or XTR_GEO_NO_ALTITUDE */
	struct xtr_addr addr;
};
int xtr_lcaf_read_geo(const struct xtr_addr *a, struct xtr_lcaf_geo *l, struct xtr_wire_err *err);
void xtr_write_lcaf_geo(struct xtr_writer *w, const struct xtr_lcaf_geo *l);

/* Type 6, section 5.2. */
struct xtr_lcaf_opaque {
	uint8_t field_num;  /* sub-fields of the key, less one: 0 to 15 */
	uint16_t wildcards; /* bit 0: the first, low-order field is not looked at; ... */
	uint16_t key_len;   /* bytes at key */
	const uint8_t *key;
};
int xtr_lcaf_read_opaque(
    const struct xtr_addr *a, struct xtr_lcaf_opaque *l, struct xtr_wire_err *err);
void xtr_write_lcaf_opaque(struct xtr_writer *w, const struct xtr_lcaf_opaque *l);

/* Type 7, section 4.4. Where an RTR's address is not there at all, or AFI 0, there is none. */
struct xtr_lcaf_nat {
	uint16_t ms_port, etr_port;
	struct xtr_addr global_etr, ms, private_etr;
	struct xtr_lcaf_list rtrs; /* xtr_lcaf_list_addr_next() */
};
int xtr_lcaf_read_nat(const struct xtr_addr *a, struct xtr_lcaf_nat *l, struct xtr_wire_err *err);
void xtr_write_lcaf_nat(struct xtr_writer *w, const struct xtr_lcaf_nat *l);

/* Type 8, section 5.3. */
struct xtr_lcaf_nonce {
	uint32_t nonce; /* 24 bits */
	struct xtr_addr addr;
};
int xtr_lcaf_read_nonce(
    const struct xtr_addr *a, struct xtr_lcaf_nonce *l, struct xtr_wire_err *err);
void xtr_write_lcaf_nonce(struct xtr_writer *w, const struct xtr_lcaf_nonce *l);

/* Type 9, section 4.5. A mask length longer than its IP address is malformed. */
struct xtr_lcaf_mcast {
	uint32_t iid;
	uint8_t source_plen, group_plen;
	struct xtr_addr source, group;
};
int xtr_lcaf_read_mcast(
    const struct xtr_addr *a, struct xtr_lcaf_mcast *l, struct xtr_wire_err *err);
void xtr_write_lcaf_mcast(struct xtr_writer *w, const struct xtr_lcaf_mcast *l);

/* Type 10, section 4.6. */
struct xtr_elp_hop {
	bool lookup, probe, strict; /* L, P, S */
	struct xtr_addr addr;
};
struct xtr_lcaf_elp {
	struct xtr_lcaf_list hops; /* xtr_lcaf_list_hop_next() */
};
int xtr_lcaf_read_elp(const struct xtr_addr *a, struct xtr_lcaf_elp *l, struct xtr_wire_err *err);
void xtr_write_lcaf_elp(struct xtr_writer *w, const struct xtr_lcaf_elp *l);
bool xtr_lcaf_list_hop_next(
    const struct xtr_lcaf_list *l, const uint8_t **cursor, struct xtr_elp_hop *hop);
void xtr_write_elp_hop(struct xtr_writer *w, const struct xtr_elp_hop *hop);

/* Type 11, section 4.7; algorithms: RFC 8061, RFC 8111. */
struct xtr_key_material {
	const uint8_t *p;
	uint16_t len;
};
struct xtr_lcaf_key {
	uint8_t algorithm;
	bool revoke;
	struct xtr_lcaf_list keys; /* 0 to 255, xtr_lcaf_list_key_next() */
	struct xtr_addr addr;      /* the locator that owns them */
};
int xtr_lcaf_read_key(const struct xtr_addr *a, struct xtr_lcaf_key *l, struct xtr_wire_err *err);
void xtr_write_lcaf_key(struct xtr_writer *w, const struct xtr_lcaf_key *l);
bool xtr_lcaf_list_key_next(
    const struct xtr_lcaf_list *l, const uint8_t **cursor, struct xtr_key_material *key);
void xtr_write_key_material(struct xtr_writer *w, const struct xtr_key_material *key);

/* Type 12, section 4.8. A mask length longer than its IP address is malformed. */
struct xtr_lcaf_src_dst {
	uint8_t source_plen, dest_plen;
	struct xtr_addr source, dest;
};
int xtr_lcaf_read_src_dst(
    const struct xtr_addr *a, struct xtr_lcaf_src_dst *l, struct xtr_wire_err *err);
void xtr_write_lcaf_src_dst(struct xtr_writer *w, const struct xtr_lcaf_src_dst *l);

/* Type 13, section 4.9. */
struct xtr_rle_entry {
	uint8_t level; /* 0 is next to the ITR */
	struct xtr_addr addr;
};
struct xtr_lcaf_rle {
	struct xtr_lcaf_list entries; /* xtr_lcaf_list_rle_next() */
};
int xtr_lcaf_read_rle(const struct xtr_addr *a, struct xtr_lcaf_rle *l, struct xtr_wire_err *err);
void xtr_write_lcaf_rle(struct xtr_writer *w, const struct xtr_lcaf_rle *l);
bool xtr_lcaf_list_rle_next(
    const struct xtr_lcaf_list *l, const uint8_t **cursor, struct xtr_rle_entry *e);
void xtr_write_rle_entry(struct xtr_writer *w, const struct xtr_rle_entry *e);

/* Type 14, section 5.4. The address is optional: one that is not there at all reads as AFI 0. */
struct xtr_lcaf_json {
	bool binary;  /* B: binary JSON, else text */
	uint16_t len; /* bytes at text, which is not terminated */
	const uint8_t *text;
	struct xtr_addr addr;
};
int xtr_lcaf_read_json(const struct xtr_addr *a, struct xtr_lcaf_json *l, struct xtr_wire_err *err);
void xtr_write_lcaf_json(struct xtr_writer *w, const struct xtr_lcaf_json *l);

/* Type 15, section 5.5. */
struct xtr_lcaf_key_value {
	struct xtr_addr key, value;
};
int xtr_lcaf_read_key_value(
    const struct xtr_addr *a, struct xtr_lcaf_key_value *l, struct xtr_wire_err *err);
void xtr_write_lcaf_key_value(struct xtr_writer *w, const struct xtr_lcaf_key_value *l);

/* Type 16, section 5.6: the encapsulations that the locator takes. */
#define XTR_ENCAP_LISP      0x01 /* L: UDP port 4341 */
#define XTR_ENCAP_L2_LISP   0x02 /* l: UDP port 8472 */
#define XTR_ENCAP_VXLAN     0x04 /* V: UDP port 4789 */
#define XTR_ENCAP_VXLAN_GPE 0x08 /* v: UDP port 4790 */
#define XTR_ENCAP_NVGRE     0x10 /* N: IP protocol 47 */
#define XTR_ENCAP_GENEVE    0x20 /* G: UDP port 6081 */
#define XTR_ENCAP_GUE       0x40 /* U: UDP port 6080 */
#define XTR_ENCAP_ALL       0x7f
struct xtr_lcaf_encap {
	uint8_t formats; /* XTR_ENCAP_...; reserved bits are not among them */
	struct xtr_addr addr;
};
int xtr_lcaf_read_encap(
    const struct xtr_addr *a, struct xtr_lcaf_encap *l, struct xtr_wire_err *err);
void xtr_write_lcaf_encap(struct xtr_writer *w, const struct xtr_lcaf_encap *l);

/* Type 255, RFC 9306 section 4. */
struct xtr_lcaf_vendor {
	uint32_t oui; /* 24 bits */
	uint16_t len; /* bytes at data, the vendor's own */
	const uint8_t *data;
};
int xtr_lcaf_read_vendor(
    const struct xtr_addr *a, struct xtr_lcaf_vendor *l, struct xtr_wire_err *err);
void xtr_write_lcaf_vendor(struct xtr_writer *w, const struct xtr_lcaf_vendor *l);

#endif
