/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files of the Map-Server share (ms_*.c). Control lcore only.
 *
 *   table     an instance and address family; fixed, made from the configuration
 *   prefix    a configured EID prefix of a site
 *   mapping   an EID prefix that is registered, with its registrations, the latest first
 *   reg       a registration: what one xTR said of one EID prefix
 *   etr       an xTR as one site knows it, by a key: its nonces (RFC 9301 section 5.6)
 */
#ifndef XTR_MS_INTERNAL_H
#define XTR_MS_INTERNAL_H

#include "auth/auth.h"
#include "control/lisp/hash.h"
#include "control/lisp/ms.h"
#include "util/trie.h"

#define MS_REG_TIMEOUT_S        180u /* RFC 9301 8.2: three minutes without a valid Map-Register */
#define MS_REG_MAX_TTL_MIN      (365u * 24 * 60) /* longest registration that the T bit can ask for */
#define MS_TTL_HOLE_MIN         15u              /* RFC 9301 8.1, 8.3 */
#define MS_TTL_UNREGISTERED_MIN 1u               /* RFC 9301 8.1, 8.3 */
#define MS_MAX_REGS             64u    /* registrations of one EID prefix; the oldest makes room */
#define MS_BUF_SIZE             65507u /* bytes of the largest UDP payload over IPv4 */
#define MS_ERR_TEXT             224u
#define MS_LOG_EVERY            1000u  /* ms between two log lines of one reason and site */
#define MS_FLUSH_AFTER          200u   /* ms from the first nonce not yet saved until it is */
#define MS_FLUSH_RETRY          30000u /* ms until saving is tried again after it failed */

/* Why a record was refused, counted a site. */
enum ms_error {
	MS_ERR_AUTH,
	MS_ERR_LOCATOR,
	MS_ERR_PREFIX,
	MS_ERR_REPLAY,
	MS_ERR_ALGORITHM,
	MS_ERR_N
};

/* At most one line in MS_LOG_EVERY ms. */
struct ms_limit {
	uint64_t next;       /* ms; 0: nothing logged yet */
	uint32_t suppressed; /* lines since */
};

/* A secret; sites with the same secret share it, so that it is tried once a message. */
struct ms_key {
	struct xtr_key *key;
	uint64_t round;      /* message that `rc` and `whole` belong to */
	int rc;              /* of xtr_auth_verify */
	bool whole;          /* the sender's MAC covers the whole message, not only the records */
	struct ms_key *same; /* the ms_key to use: this one or that earlier one */
};

struct ms_table {
	uint32_t iid;
	uint8_t af;
	struct xtr_trie configured; /* of struct ms_prefix */
	struct xtr_trie registered; /* of struct ms_mapping */
};

struct ms_prefix {
	struct xtr_eid eid;
	bool accept_more_specifics;
	struct ms_site *site;
	struct ms_table *table;
};

struct ms_site {
	struct xtr_ms *ms;
	const struct xtr_cfg_site *cfg;
	struct ms_key *key;
	struct ms_prefix *prefixes; /* cfg->n_prefixes of them; table NULL: left out, a duplicate */
	uint64_t errors[MS_ERR_N];
	struct ms_limit limit[MS_ERR_N];
	struct ms_limit limit_events;
	char last_error[MS_ERR_TEXT];
	/* of the message at hand, valid where round is that of the message */
	uint64_t round;
	bool verified;      /* authentication and nonce are good */
	bool repeated;      /* the last accepted message once more */
	struct ms_etr *etr; /* where verified; holds a reference */
	struct ms_site *next_verified;
};

struct ms_etr {
	struct xtr_hnode node;
	struct ms_site *site;
	uint32_t refs;    /* registrations, and the message at hand */
	struct xtr_ip ip; /* where its last register came from */
	uint8_t key_id;
	bool has_ids, has_nonce;
	uint8_t xtr_id[XTR_XTR_ID_LEN], site_id[XTR_SITE_ID_LEN];
	uint64_t nonce; /* of the last register accepted */
	/* That register's length, MAC and when it came: a message that verifies with the same is
	 * the same. */
	uint32_t msg_len;
	uint16_t mac_len;
	uint8_t mac[XTR_AUTH_MAX];
	uint64_t accepted_at; /* ms */
};

struct ms_reg {
	struct xtr_timer timer; /* expiry; first, so that a timer is its registration */
	struct ms_reg *next;    /* of the same mapping, older */
	struct ms_mapping *mapping;
	struct ms_etr *etr;
	uint64_t nonce;
	uint32_t first_s, last_s; /* seconds of the wheel's clock */
	uint32_t ttl;             /* minutes */
	uint16_t map_version;
	uint16_t port; /* UDP port that it was registered from */
	uint8_t algorithm;
	bool proxy : 1, merge : 1, notify : 1;
	uint8_t n_locators;
	struct xtr_locator locators[]; /* ascending, none twice, each with an address */
};

struct ms_mapping {
	struct xtr_eid eid;
	struct ms_prefix *prefix; /* the configured one that it is in */
	struct ms_reg *regs;      /* the latest first */
};

struct xtr_ms {
	struct xtr_lisp *l;
	struct ms_table *tables; /* ordered by instance, family */
	unsigned n_tables;
	struct ms_site *sites;
	struct ms_prefix *prefixes; /* of all sites */
	struct ms_key *keys;        /* one a site */
	unsigned n_sites;
	struct xtr_hash etrs;
	uint64_t round;         /* messages so far */
	uint64_t flush_after;   /* ms; longer where saving takes long */
	struct xtr_timer flush; /* of l->state */
	/* registers of no site */
	uint64_t no_site, malformed;
	struct ms_limit limit_no_site, limit_malformed;
	char last_error[MS_ERR_TEXT];
	uint8_t buf[MS_BUF_SIZE], ecm[MS_BUF_SIZE]; /* of the message being made */
};

/* ms_site.c */

/* The table of an instance and family, or NULL if no site has prefixes there. */
struct ms_table *ms_table_find(const struct xtr_ms *ms, uint32_t iid, uint8_t af);
/* Is a line due? If so, *suppressed gets the number of lines kept back since the last one. */
bool ms_limit_pass(struct ms_limit *lim, uint64_t now, uint32_t *suppressed);
static inline uint64_t ms_now(const struct xtr_ms *ms)
{
	return xtr_wheel_now(ms->l->wheel);
}

/* ms_etr.c */

/* The xTR that sent m, as the site knows it; made where there is none. NULL: no memory. */
struct ms_etr *ms_etr_get(
    struct ms_site *site, const struct xtr_peer *from, const struct xtr_msg *m);
/* Are these the same xTR, whatever their keys? */
bool ms_etr_same(const struct ms_etr *a, const struct ms_etr *b);
/* Keeps the nonce of a register accepted, in memory and in the state. */
void ms_etr_accept(struct ms_etr *etr, const struct xtr_peer *from, const uint8_t *p, size_t len,
    const struct xtr_msg *m);
/* Is m, whose MAC verified, the last register accepted, and recent? */
bool ms_etr_repeats(
    const struct ms_etr *etr, const uint8_t *p, size_t len, const struct xtr_msg *m);
/* One reference less; frees what nobody needs. */
void ms_etr_release(struct ms_etr *etr);
void ms_etr_free(struct xtr_hnode *node, void *arg);

/* ms_reg.c */

/* Registers, or refreshes, rec for etr. 0 or -ENOMEM. */
int ms_reg_put(struct ms_prefix *prefix, struct ms_etr *etr, uint16_t port,
    const struct xtr_record *rec, const struct xtr_msg *m);
/* Removes what etr registered for this prefix (RFC 9301: a TTL of 0). False if there was nothing.
 */
bool ms_reg_withdraw(struct ms_prefix *prefix, const struct ms_etr *etr, const struct xtr_eid *eid);
/* Frees all registrations of a table, at the end. */
void ms_reg_clear(struct ms_table *t);
/* Seconds until it expires. */
uint32_t ms_reg_expires_s(const struct xtr_ms *ms, const struct ms_reg *reg);
/* The locators that stand for a mapping: those of the latest registration, or of all that ask for
 * merging. Ascending, at most 255. Returns how many. */
unsigned ms_mapping_locators(const struct ms_mapping *map, struct xtr_locator out[255]);
/* Does the Map-Server answer for it? */
bool ms_mapping_proxy(const struct ms_mapping *map);

/* ms_hole.c */

/*
 * The shortest prefix of at least `base` bits that covers the host address of eid and has no EID
 * prefix inside it, configured or registered. base_known: an EID prefix of exactly `base` bits is
 * disregarded. False if there is none.
 */
bool ms_free_prefix(const struct ms_table *t, const struct xtr_eid *eid, unsigned base,
    bool base_known, struct xtr_eid *out);
/* Does any EID prefix lie inside this one, itself not counted? */
bool ms_has_more_specific(const struct xtr_trie *t, const struct xtr_eid *eid);

#endif
