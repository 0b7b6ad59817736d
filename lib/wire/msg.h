/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * LISP control messages: bytes to structs and back (RFC 9301 section 5, LCAF type 2 of RFC 8060).
 *
 * Reading: xtr_msg_read() checks a whole message once, every length, record and locator in it, and
 * fills struct xtr_msg, which points into the caller's bytes. Records and locators are then
 * iterated in place with xtr_record_next() and xtr_locator_next(), which cannot fail any more.
 * Writing: struct xtr_writer appends to the caller's buffer and never exceeds it; w.len keeps
 * counting past the end, so that a writer with a too small buffer says how much it needed.
 *
 * Needs libc only, allocates nothing, keeps no state: any lcore. Scalars are in host byte order
 * unless said otherwise.
 */
#ifndef XTR_WIRE_MSG_H
#define XTR_WIRE_MSG_H

#include "wire/addr.h"

enum xtr_msg_type { /* RFC 9301 section 5.1 */
	XTR_MSG_MAP_REQUEST = 1,
	XTR_MSG_MAP_REPLY = 2,
	XTR_MSG_MAP_REGISTER = 3,
	XTR_MSG_MAP_NOTIFY = 4,
	XTR_MSG_MAP_NOTIFY_ACK = 5,
	XTR_MSG_ECM = 8,
};

enum xtr_act { /* RFC 9301 section 12.3 */
	XTR_ACT_NO_ACTION = 0,
	XTR_ACT_NATIVELY_FORWARD = 1,
	XTR_ACT_SEND_MAP_REQUEST = 2,
	XTR_ACT_DROP = 3,
	XTR_ACT_DROP_POLICY_DENIED = 4,
	XTR_ACT_DROP_AUTH_FAILURE = 5,
};

#define XTR_MAX_ITR_RLOCS 32
#define XTR_XTR_ID_LEN    16
#define XTR_SITE_ID_LEN   8
#define XTR_AUTH_MAX      64 /* longest authentication data accepted, bytes */
#define XTR_TTL_FOREVER   0xffffffffu

/* What is wrong with a message, in the words of one log line. */
struct xtr_wire_err {
	uint32_t offset;    /* bytes from the start of the message */
	const char *field;  /* static text, e.g. "locator count" */
	const char *reason; /* static text, e.g. "message ends inside the record" */
	const char *clause; /* static text, e.g. "RFC 9301 5.4" */
};

/* One mapping record as it stands in the message. */
struct xtr_record {
	uint32_t ttl; /* minutes; XTR_TTL_FOREVER: receiver decides; 0: remove, withdraw */
	struct xtr_eid eid;
	bool eid_none; /* EID-Prefix-AFI 0 (seen in probes of lispers.net) */
	uint8_t act;   /* enum xtr_act */
	bool authoritative;
	uint16_t map_version;
	uint8_t n_locators;
	const uint8_t *locators; /* first locator, in the message */
	const uint8_t *start;    /* the record's own bytes and their number, to copy it whole */
	uint32_t size;
};

struct xtr_locator {
	struct xtr_ip ip; /* af 0 if the address is none or of a type not understood: skip it */
	uint8_t priority, weight, m_priority, m_weight;
	bool local, probed, reachable; /* L, p, R */
};

/* A message as a whole. Fields that its type lacks are zero. Pointers go into the bytes read. */
struct xtr_msg {
	enum xtr_msg_type type;
	uint64_t nonce;
	uint8_t n_records;
	const uint8_t *records;       /* Map-Request: EID records; else mapping records */
	const uint8_t *records_after; /* one past the last of them */
	const uint8_t *end;           /* one past the last byte of the message */
	/* Map-Request */
	bool authoritative, map_data, probe, smr, pitr, smr_invoked, local_xtr, dont_reply;
	struct xtr_eid source_eid; /* ip.af 0: none */
	struct xtr_ip
	    itr_rlocs[XTR_MAX_ITR_RLOCS]; /* those understood, at least one of any kind was there */
	uint8_t n_itr_rlocs;
	const uint8_t *reply_record; /* M: the mapping record at the end, else NULL */
	/* Map-Reply: probe above, and */
	bool echo_nonce, security;
	/* Map-Register; security above */
	bool proxy_reply, has_ids, eid_notify, use_ttl, merge, want_notify;
	/* Map-Register, Map-Notify, Map-Notify-Ack */
	uint8_t key_id, algorithm;
	uint16_t auth_len;
	uint32_t auth_offset; /* from the start of the message to the authentication data */
	uint32_t
	    records_end; /* bytes through the end of the last RLOC-record (RFC 9301 5.6, step 5) */
	const uint8_t *xtr_id; /* 16 bytes where has_ids, else NULL. In a Map-Notify: where 24 bytes
				  follow the records */
	const uint8_t *site_id; /* 8 bytes where has_ids, else NULL */
	/* ECM: what is inside */
	bool ddt;
	struct xtr_ip inner_src, inner_dst;
	uint16_t inner_sport, inner_dport;
	const uint8_t *inner; /* the enclosed control message and its length in bytes */
	uint32_t inner_len;
};

/*
 * Reads and checks a whole control message of `len` bytes at `p`. Unknown flags and reserved fields
 * are ignored, bytes after the last field are allowed. ECM: the inner IP and UDP headers are
 * checked, also their checksums (a UDP checksum of 0 is allowed, over IPv6 too); the inner message
 * is not read: call again on m->inner. Returns 0; -EBADMSG: malformed, *err says where; -ENOTSUP: a
 * type that we do not know, *err says so.
 */
int xtr_msg_read(const uint8_t *p, size_t len, struct xtr_msg *m, struct xtr_wire_err *err);

/* Formats err as one line, e.g. "offset 12, locator count: message ends inside the record (RFC
 * 9301 5.4)". */
int xtr_wire_err_format(const struct xtr_wire_err *err, char *buf, size_t size);

/* "Map-Request", ... or "type N". */
const char *xtr_msg_type_name(unsigned type);
/* "no-action", "natively-forward", "send-map-request", "drop", "drop-policy-denied",
 * "drop-auth-failure". */
const char *xtr_act_name(unsigned act);

/*
 * Iterates mapping records of a message read (not a Map-Request; with its M bit use xtr_record_at
 * on reply_record). *cursor starts at NULL. Returns false after the last one.
 */
bool xtr_record_next(const struct xtr_msg *m, const uint8_t **cursor, struct xtr_record *rec);
/* Reads the record that starts at p (in a message read, so that it cannot fail). */
void xtr_record_at(const uint8_t *p, struct xtr_record *rec);
/* Iterates a record's locators in place; *cursor starts at NULL. */
bool xtr_locator_next(
    const struct xtr_record *rec, const uint8_t **cursor, struct xtr_locator *loc);
/* Iterates the EID records of a Map-Request; *cursor starts at NULL. eid->ip.af is 0 for AFI 0. */
bool xtr_request_eid_next(const struct xtr_msg *m, const uint8_t **cursor, struct xtr_eid *eid);

struct xtr_writer {
	uint8_t *p;
	size_t size; /* bytes at p */
	size_t len;  /* bytes written, or that would have been: full if len > size */
	/* offsets of the fields filled in later */
	size_t count_at, record_at, auth_at;
};

void xtr_writer_init(struct xtr_writer *w, uint8_t *buf, size_t size);
/* 0, or -ENOBUFS if the message did not fit (w->len says what it needed), or could not be said at
 * all: more than 255 records, or 255 locators in one, no ITR-RLOC, or an ECM from one address
 * family to another (w->size is 0 then). */
int xtr_writer_result(const struct xtr_writer *w);

/* What a Map-Request says besides its records. RFC 9301 section 5.2. */
struct xtr_request_opts {
	uint64_t nonce;
	struct xtr_eid source_eid; /* ip.af 0: AFI 0, as in refreshes and probes */
	const struct xtr_ip *itr_rlocs;
	uint8_t n_itr_rlocs; /* 1 to 32 */
	bool authoritative, probe, smr, pitr, smr_invoked, local_xtr, dont_reply;
};
/* Writes a whole Map-Request for one EID prefix (a sender MUST only send one record). The
 * instance-ID, where not 0, rides in LCAF type 2 for both EIDs. */
void xtr_write_map_request(
    struct xtr_writer *w, const struct xtr_request_opts *o, const struct xtr_eid *eid);

/* Starts a Map-Reply; follow with xtr_write_record() and xtr_write_locator(). RFC 9301 section 5.4.
 */
void xtr_write_map_reply(struct xtr_writer *w, uint64_t nonce, bool probe);

/* What Map-Register, Map-Notify and Map-Notify-Ack say besides their records. RFC 9301
 * sections 5.6, 5.7. */
struct xtr_register_opts {
	uint64_t nonce;
	uint8_t key_id, algorithm;
	uint16_t auth_len; /* bytes to reserve; zeroed, filled by xtr_auth_sign() at the end */
	bool proxy_reply, security, has_ids, eid_notify, use_ttl, merge,
	    want_notify; /* flags: Map-Register only */
};
void xtr_write_map_register(struct xtr_writer *w, const struct xtr_register_opts *o);
void xtr_write_map_notify(struct xtr_writer *w, const struct xtr_register_opts *o, bool ack);
/* Ends a register or notify: xtr_id 16 bytes, site_id 8 bytes. Call after the last record. */
void xtr_write_ids(struct xtr_writer *w, const uint8_t *xtr_id, const uint8_t *site_id);

/* Appends a record (its locator count is kept as locators follow) and counts it in the message. Of
 * rec, the fields ttl, eid, act, authoritative and map_version are used. */
void xtr_write_record(struct xtr_writer *w, const struct xtr_record *rec);
/* Appends a locator to the record written last. */
void xtr_write_locator(struct xtr_writer *w, const struct xtr_locator *loc);
/* Appends a whole record as it stood in another message, and counts it. */
void xtr_write_record_copy(struct xtr_writer *w, const struct xtr_record *rec);

/*
 * Writes an Encapsulated Control Message around `inner` (RFC 9301 section 5.8): the ECM header, an
 * inner IPv4 or IPv6 header from src to dst (same family), TTL 64, an inner UDP header with both
 * checksums, and the message.
 */
void xtr_write_ecm(struct xtr_writer *w, const struct xtr_ip *src, const struct xtr_ip *dst,
    uint16_t sport, uint16_t dport, const uint8_t *inner, size_t inner_len);

#endif
