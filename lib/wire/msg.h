/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * LISP control messages, bytes to structs and back: RFC 9301 section 5, with RFC 8111
 * (Map-Referral), RFC 9303 (LISP-SEC, see sec.h), RFC 9304 (shared extension), RFC 9437
 * (publish/subscribe) and draft-ermagan-lisp-nat-traversal (Info-Request, Info-Reply).
 *
 * Reading: xtr_msg_read() checks a whole message once, every length, record and locator in it, and
 * fills struct xtr_msg, which points into the caller's bytes. Records and locators are then
 * iterated in place with xtr_record_next() and xtr_locator_next(), which cannot fail any more.
 * Every EID and locator is there twice: as struct xtr_eid or xtr_ip where it is an IP address
 * (EIDs: also one in an instance-ID LCAF), whose ip.af is 0 for all else, and as struct xtr_addr,
 * an address of any kind as it stands in the message, for lcaf.h to look into.
 * Writing: struct xtr_writer appends to the caller's buffer and never exceeds it; w.len keeps
 * counting past the end, so that a writer with a too small buffer says how much it needed. Names
 * that end in _addr write the struct xtr_addr and mask length of what was read, byte for byte;
 * those without write the struct xtr_eid or xtr_ip.
 *
 * Needs libc only, allocates nothing, keeps no state: any lcore. Scalars are in host byte order
 * unless said otherwise.
 */
#ifndef XTR_WIRE_MSG_H
#define XTR_WIRE_MSG_H

#include "wire/addr.h"
#include "wire/err.h"

enum xtr_msg_type { /* RFC 9301 section 5.1 */
	XTR_MSG_MAP_REQUEST = 1,
	XTR_MSG_MAP_REPLY = 2,
	XTR_MSG_MAP_REGISTER = 3,
	XTR_MSG_MAP_NOTIFY = 4,
	XTR_MSG_MAP_NOTIFY_ACK = 5,
	XTR_MSG_MAP_REFERRAL = 6, /* RFC 8111 section 6.4 */
	XTR_MSG_INFO = 7,         /* Info-Request and Info-Reply */
	XTR_MSG_ECM = 8,
	XTR_MSG_EXTENSION = 15, /* RFC 9304 section 3 */
};

enum xtr_act { /* RFC 9301 section 12.3 */
	XTR_ACT_NO_ACTION = 0,
	XTR_ACT_NATIVELY_FORWARD = 1,
	XTR_ACT_SEND_MAP_REQUEST = 2,
	XTR_ACT_DROP = 3,
	XTR_ACT_DROP_POLICY_DENIED = 4,
	XTR_ACT_DROP_AUTH_FAILURE = 5,
};

enum xtr_referral_act { /* RFC 8111 section 6.4: what xtr_record.act says in a Map-Referral */
	XTR_REF_NODE_REFERRAL = 0,
	XTR_REF_MS_REFERRAL = 1,
	XTR_REF_MS_ACK = 2,
	XTR_REF_MS_NOT_REGISTERED = 3,
	XTR_REF_DELEGATION_HOLE = 4,
	XTR_REF_NOT_AUTHORITATIVE = 5,
};

#define XTR_MAX_ITR_RLOCS 32
#define XTR_XTR_ID_LEN    16
#define XTR_SITE_ID_LEN   8
#define XTR_AUTH_MAX      64 /* longest authentication data accepted, bytes */
#define XTR_TTL_FOREVER   0xffffffffu

/* One mapping record as it stands in the message. */
struct xtr_record {
	uint32_t ttl; /* minutes; XTR_TTL_FOREVER: receiver decides; 0: remove, withdraw */
	struct xtr_eid eid;
	bool eid_none; /* EID-Prefix-AFI 0 (seen in probes of lispers.net) */
	uint8_t act;   /* enum xtr_act; Map-Referral: enum xtr_referral_act */
	bool authoritative;
	uint16_t map_version;
	uint8_t n_locators;
	uint8_t mask_len;        /* as it stands there; eid.plen is 0 if it is no IP EID's. A name's
				    is its length in bits with its zero byte (RFC 9735), which is not
				    checked: peers send 0 too */
	bool incomplete;         /* I of a Map-Referral */
	uint8_t n_signatures;    /* SigCnt of a Map-Referral, 0 to 15 */
	uint32_t size;           /* bytes at start */
	struct xtr_addr addr;    /* the EID as it stands there; eid_none says whether it is AFI 0 */
	const uint8_t *locators; /* first locator, in the message */
	const uint8_t *signatures; /* what is behind the last locator: signatures, if any */
	const uint8_t *start;      /* the record's own bytes, to copy it whole */
	bool plain;                /* all its locators are IPv4 addresses */
};

struct xtr_locator {
	struct xtr_ip
	    ip; /* af 0 if the address is none or no plain IPv4 or IPv6 address: skip it */
	uint8_t priority, weight, m_priority, m_weight; /* as they follow one another there */
	bool local, probed, reachable;                  /* L, p, R */
	struct xtr_addr addr;                           /* the locator as it stands there */
};

/* One EID record of a Map-Request. */
struct xtr_request_rec {
	struct xtr_eid eid; /* ip.af 0: AFI 0, or no IP EID, which addr tells apart */
	bool notify;        /* N, RFC 9437 section 4: asks to be told of changes */
	uint8_t mask_len;   /* EID mask-len as it stands there, see struct xtr_record */
	struct xtr_addr addr;
};

/* A signature section of a Map-Referral record, RFC 8111 section 6.4.1. */
struct xtr_signature {
	uint32_t original_ttl;          /* minutes */
	uint32_t expiration, inception; /* seconds since 1970 */
	uint16_t key_tag;
	uint8_t algorithm; /* 1 RSA-SHA1, 2 RSA-SHA256 */
	uint16_t len;      /* bytes at sig */
	const uint8_t *sig;
};

/* What the inner headers of an ECM say besides addresses, ports and lengths. */
struct xtr_inner_ip {
	uint8_t tos, ttl;
	uint16_t id;        /* IPv4 */
	bool dont_fragment; /* IPv4 */
	uint32_t flow;      /* IPv6: flow label */
	bool no_checksum;   /* of UDP */
};

/*
 * A message as a whole. Pointers go into the bytes read. Fields that its type lacks are zero, but
 * for those of the last group.
 */
struct xtr_msg {
	enum xtr_msg_type type;
	uint32_t head; /* the first four bytes as a number: type, all flags, count */
	uint64_t nonce;
	const uint8_t *records;       /* Map-Request: EID records; else mapping records */
	const uint8_t *records_after; /* one past the last of them */
	const uint8_t *end;           /* one past the last byte of the message */
	uint8_t n_records;
	bool plain;  /* mapping records, all of whose EIDs and locators are IPv4, not in LCAFs */
	bool vendor; /* an EID or locator is a vendor-specific LCAF: RFC 9306 section 4 says that
			the message MUST be dropped by who does not know its OUI. Also an EID of the
			LISP-SEC data; not what lies in other LCAFs, nor in an ECM's message */
	/* Map-Request; has_ids, xtr_id and site_id below where its I bit is set (RFC 9437) */
	bool authoritative, map_data, probe, smr, pitr, smr_invoked, local_xtr, dont_reply;
	uint8_t n_itr_rlocs; /* in itr_rlocs */
	uint8_t n_itr_addrs; /* of any kind, xtr_itr_addr_next() */
	/* Map-Reply: probe above, and */
	bool echo_nonce;
	bool security; /* S: Map-Reply, Map-Register, ECM */
	/* Map-Register; security above */
	bool proxy_reply, has_ids, eid_notify, use_ttl, merge, want_notify;
	/* Map-Register, Map-Notify, Map-Notify-Ack, Info-Request, Info-Reply */
	uint8_t key_id, algorithm; /* Info: the two bytes of its Key ID */
	uint16_t auth_len;
	uint16_t subtype;       /* of a shared extension, 12 bits */
	uint32_t auth_offset;   /* from the start of the message to the authentication data */
	uint32_t records_end;   /* bytes through the end of the last RLOC-record (RFC 9301 5.6, step
				   5);  Info: through the last field */
	uint32_t ext_len;       /* of a shared extension, bytes at ext */
	uint32_t vendor_at;     /* where vendor, bytes from the start of the message to the first
				   vendor-specific LCAF's AFI */
	const uint8_t *xtr_id;  /* 16 bytes where has_ids, else NULL. In a Map-Notify or -Ack: where
				   24 bytes follow the records, unless the draft of NAT traversal's R
				   bit is set without its I bit. What is behind them is not read */
	const uint8_t *site_id; /* 8 bytes where has_ids, else NULL */
	const uint8_t *itr_addrs;    /* Map-Request: the first ITR-RLOC's AFI */
	const uint8_t *reply_record; /* Map-Request, M: the mapping record at the end, else NULL */
	/* ECM: the enclosed control message and its length in bytes */
	const uint8_t *inner;
	uint32_t inner_len;
	uint16_t inner_sport, inner_dport;
	bool ddt;
	bool info_reply;       /* R of an Info-Reply */
	uint8_t info_mask_len; /* of the EID-prefix of an Info-Request or Info-Reply */
	uint32_t info_ttl;     /* minutes, likewise */
	/* ECM and Map-Reply with the S bit: the authentication data, see sec.h. A Map-Reply's of a
	 * type other than XTR_SEC_AD_TYPE is all that follows the records. */
	const uint8_t *sec;  /* starts with the AD type */
	uint32_t sec_offset; /* from the start of the message */
	uint32_t sec_len;
	const uint8_t *ext; /* shared extension: the ext_len bytes that follow the sub-type */

	/* Nothing is written to those that the type lacks. */
	struct xtr_eid source_eid;   /* Map-Request; ip.af 0: none, or no IP EID */
	struct xtr_addr source_addr; /* the source EID as it stands there. Info-Request and
					Info-Reply have their EID-prefix in both */
	struct xtr_addr info_addr; /* Info: AFI 0; a name (lispers.net's requests); a NAT-traversal
				      LCAF (replies) */
	struct xtr_ip inner_src, inner_dst; /* ECM */
	struct xtr_inner_ip inner_ip;
	/* Map-Request: those that are plain IP addresses; of any kind at least one was there. */
	struct xtr_ip itr_rlocs[XTR_MAX_ITR_RLOCS];
};

/*
 * Reads and checks a whole control message of `len` bytes at `p`. Unknown flags and reserved fields
 * are ignored, bytes after the last field are allowed. ECM: the inner IP and UDP headers are
 * checked, also their checksums (a UDP checksum of 0 is allowed, over IPv6 too); the inner message
 * is not read: call again on m->inner. Of LCAFs only instance-ID EIDs are looked into, all others
 * are as long as they say. Returns 0; -EBADMSG: malformed, *err says where; -ENOTSUP: a type that
 * we do not know (0, 9 to 14), *err says so. err may be NULL.
 */
int xtr_msg_read(const uint8_t *p, size_t len, struct xtr_msg *m, struct xtr_wire_err *err);

/* "Map-Request", ... or "type N". */
const char *xtr_msg_type_name(unsigned type);
/* "no-action", "natively-forward", "send-map-request", "drop", "drop-policy-denied",
 * "drop-auth-failure". */
const char *xtr_act_name(unsigned act);
/* "node-referral", "ms-referral", "ms-ack", "ms-not-registered", "delegation-hole",
 * "not-authoritative". */
const char *xtr_referral_act_name(unsigned act);

/* xtr_record_next(&m, &cursor, &rec) and xtr_locator_next(&rec, &cursor, &loc), which iterate
 * mapping records and their locators, are inline, in iter.h. */

/* Reads the record that starts at p (in a message read, so that it cannot fail); not a
 * Map-Referral's. */
void xtr_record_at(const uint8_t *p, struct xtr_record *rec);
/* Iterates the EID records of a Map-Request; *cursor starts at NULL. eid->ip.af is 0 for AFI 0. */
bool xtr_request_eid_next(const struct xtr_msg *m, const uint8_t **cursor, struct xtr_eid *eid);
/* The same, with all that an EID record says. */
bool xtr_request_rec_next(
    const struct xtr_msg *m, const uint8_t **cursor, struct xtr_request_rec *rec);
/* Iterates all ITR-RLOCs of a Map-Request, of any kind; *cursor starts at NULL. */
bool xtr_itr_addr_next(const struct xtr_msg *m, const uint8_t **cursor, struct xtr_addr *addr);
/* Iterates the signatures of a Map-Referral's record; *cursor starts at NULL. */
bool xtr_signature_next(
    const struct xtr_record *rec, const uint8_t **cursor, struct xtr_signature *sig);

struct xtr_writer {
	uint8_t *p;
	size_t size; /* bytes at p */
	size_t len;  /* bytes written, or that would have been: full if len > size */
	/* offsets of the fields filled in later */
	size_t count_at, record_at, auth_at;
};
/* To append to a message that is there already, or to write several in one buffer, call
 * xtr_writer_init() on the rest of the buffer. */

void xtr_writer_init(struct xtr_writer *w, uint8_t *buf, size_t size);
/* 0, or -ENOBUFS if the message did not fit (w->len says what it needed), or could not be said at
 * all: more than 255 records, or 255 locators in one, no ITR-RLOC that is an address, a mask longer
 * than its address, an instance-ID above XTR_IID_MAX in a struct xtr_eid, auth_len above
 * XTR_AUTH_MAX, or an ECM from one address family to another (w->size is 0 then).
 * Three things nobody but the caller can know, and the reader refuses: a Map-Request without any
 * record, has_ids without xtr_write_ids() at the end, and an EID-AD (sec.h) whose n_records is not
 * the number of records given. */
int xtr_writer_result(const struct xtr_writer *w);
/* Records counted so far in the message. */
unsigned xtr_writer_records(const struct xtr_writer *w);
/* A place between two records of a message, to go back to: everything after it is forgotten, as if
 * it had not been written, and so is that it did not fit. */
struct xtr_writer_mark {
	struct xtr_writer w;
	uint8_t n_records;
};
struct xtr_writer_mark xtr_writer_mark(const struct xtr_writer *w);
void xtr_writer_rewind(struct xtr_writer *w, const struct xtr_writer_mark *mark);

/* What a Map-Request says besides its records. RFC 9301 section 5.2. */
struct xtr_request_opts {
	uint64_t nonce;
	struct xtr_eid source_eid; /* ip.af 0: AFI 0, as in refreshes and probes */
	const struct xtr_ip *itr_rlocs;
	uint8_t n_itr_rlocs; /* 1 to 32 */
	bool authoritative, probe, smr, pitr, smr_invoked, local_xtr, dont_reply;
	bool notify;  /* N of the record that xtr_write_map_request() writes, RFC 9437 */
	bool has_ids; /* I: xtr_write_ids() comes last, RFC 9437 */
	const struct xtr_addr *source_addr; /* where not NULL, instead of source_eid */
	const struct xtr_addr *itr_addrs;   /* where not NULL, n_itr_rlocs of them instead */
	uint32_t extra; /* more bits of the first word, that only drafts define */
};
/* Writes a whole Map-Request for one EID prefix (a sender MUST only send one record). The
 * instance-ID, where not 0, rides in LCAF type 2 for both EIDs. */
void xtr_write_map_request(
    struct xtr_writer *w, const struct xtr_request_opts *o, const struct xtr_eid *eid);
/* Starts a Map-Request of any number of records; follow with xtr_write_request_rec(), then
 * xtr_write_map_data(), then xtr_write_ids(). */
void xtr_write_request(struct xtr_writer *w, const struct xtr_request_opts *o);
/* Appends an EID record and counts it. The first uses eid and notify, the second addr, mask_len and
 * notify. */
void xtr_write_request_rec(struct xtr_writer *w, const struct xtr_request_rec *rec);
void xtr_write_request_rec_addr(struct xtr_writer *w, const struct xtr_request_rec *rec);
/* The same record, of addr, mask_len and notify, counted nowhere: for RFC 9303's EID-AD. */
void xtr_write_eid_rec(struct xtr_writer *w, const struct xtr_request_rec *rec);
/* Appends the asker's own mapping to a Map-Request, sets its M bit, and expects its locators. */
void xtr_write_map_data(struct xtr_writer *w, const struct xtr_record *rec);
void xtr_write_map_data_addr(struct xtr_writer *w, const struct xtr_record *rec);

/* Starts a Map-Reply; follow with xtr_write_record() and xtr_write_locator(). RFC 9301 section 5.4.
 */
void xtr_write_map_reply(struct xtr_writer *w, uint64_t nonce, bool probe);
struct xtr_reply_opts {
	uint64_t nonce;
	bool probe, echo_nonce;
	bool security; /* S: xtr_write_sec_reply() comes last */
	uint32_t extra;
};
void xtr_write_map_reply_opts(struct xtr_writer *w, const struct xtr_reply_opts *o);

/* What Map-Register, Map-Notify and Map-Notify-Ack say besides their records. RFC 9301
 * sections 5.6, 5.7. */
struct xtr_register_opts {
	uint64_t nonce;
	uint8_t key_id, algorithm;
	uint16_t auth_len; /* bytes to reserve; zeroed, filled by xtr_auth_sign() at the end */
	bool proxy_reply, security, has_ids, eid_notify, use_ttl, merge,
	    want_notify; /* flags: Map-Register only */
	uint32_t extra;  /* more bits of the first word, that only drafts define */
};
void xtr_write_map_register(struct xtr_writer *w, const struct xtr_register_opts *o);
void xtr_write_map_notify(struct xtr_writer *w, const struct xtr_register_opts *o, bool ack);
/* Ends a request, register or notify: xtr_id 16 bytes, site_id 8 bytes. Call after the last record.
 */
void xtr_write_ids(struct xtr_writer *w, const uint8_t *xtr_id, const uint8_t *site_id);

/* Appends a record (its locator count is kept as locators follow) and counts it in the message. Of
 * rec, the fields ttl, eid, act, authoritative, incomplete and map_version are used; the second
 * uses addr and mask_len instead of eid. */
void xtr_write_record(struct xtr_writer *w, const struct xtr_record *rec);
void xtr_write_record_addr(struct xtr_writer *w, const struct xtr_record *rec);
/* Appends a locator to the record written last; the second uses addr instead of ip. */
void xtr_write_locator(struct xtr_writer *w, const struct xtr_locator *loc);
void xtr_write_locator_addr(struct xtr_writer *w, const struct xtr_locator *loc);
/* Appends a whole record as it stood in another message, and counts it. */
void xtr_write_record_copy(struct xtr_writer *w, const struct xtr_record *rec);

/* Starts a Map-Referral (RFC 8111 section 6.4); records follow as in a Map-Reply, and to each,
 * behind its locators, its signatures, 15 at most. */
void xtr_write_map_referral(struct xtr_writer *w, uint64_t nonce);
void xtr_write_signature(struct xtr_writer *w, const struct xtr_signature *sig);

/* A whole Info-Request or Info-Reply, draft-ermagan-lisp-nat-traversal. */
struct xtr_info_opts {
	uint64_t nonce;
	bool reply;                /* R */
	uint8_t key_id, algorithm; /* the two bytes of its Key ID */
	uint16_t auth_len;         /* bytes to reserve, zeroed */
	uint32_t ttl;              /* minutes */
	uint8_t mask_len;
	struct xtr_addr eid;  /* EID-prefix */
	struct xtr_addr addr; /* Info-Request: AFI 0; Info-Reply: a NAT-traversal LCAF */
};
void xtr_write_info(struct xtr_writer *w, const struct xtr_info_opts *o);

/* A whole shared extension message (RFC 9304 section 3): a sub-type of 12 bits and what follows it,
 * of which the first two bytes share a word with the type. */
void xtr_write_extension(
    struct xtr_writer *w, uint16_t subtype, const uint8_t *ext, size_t ext_len);

/*
 * Writes an Encapsulated Control Message around `inner` (RFC 9301 section 5.8): the ECM header, an
 * inner IPv4 or IPv6 header from src to dst (same family), TTL 64, an inner UDP header with both
 * checksums, and the message.
 */
void xtr_write_ecm(struct xtr_writer *w, const struct xtr_ip *src, const struct xtr_ip *dst,
    uint16_t sport, uint16_t dport, const uint8_t *inner, size_t inner_len);
/* The same, with the D bit, with the S bit where sec is not NULL (sec.h), and with other inner
 * headers where ip is not NULL. */
struct xtr_sec_ecm;
struct xtr_ecm_opts {
	struct xtr_ip src, dst;
	uint16_t sport, dport;
	bool ddt;
	const struct xtr_sec_ecm *sec;
	const struct xtr_inner_ip *ip;
	uint32_t extra; /* more bits of the first word, that only drafts define */
	const uint8_t *inner;
	size_t inner_len;
};
void xtr_write_ecm_opts(struct xtr_writer *w, const struct xtr_ecm_opts *o);

#include "wire/iter.h"

#endif
