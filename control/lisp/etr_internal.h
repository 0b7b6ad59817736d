/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Inside the ETR: what its files share.
 */
#ifndef XTR_ETR_INTERNAL_H
#define XTR_ETR_INTERNAL_H

#include "auth/auth.h"
#include "control/lisp/etr.h"
#include "util/trie.h"

/* Bytes of a message that is to stay whole on any underlay that carries LISP data; and of one with
 * a single record, which may have 255 locators and then goes in fragments. */
#define ETR_MESSAGE 1400u
#define ETR_BUFFER  8192u

/* One Map-Register of those that carry the database, to one Map-Server. */
struct chunk {
	unsigned first, n; /* records: indexes into cfg->database */
	uint64_t nonce;    /* of the last one sent */
	bool acknowledged; /* since the last one sent */
	unsigned tries;    /* sent without an answer */
	unsigned unsent;   /* could not even be sent, since one that could */
	int error;         /* of the last that could not, negative errno */
	bool warned;       /* the operator was told */
	unsigned refused;  /* records that the last Map-Notify left out */
	struct xtr_timer timer;
	struct registrar *registrar;
};

/* A Map-Server and how registration with it stands. */
struct registrar {
	const struct xtr_cfg_ms *cfg;
	struct xtr_etr *etr;
	struct xtr_key *key;
	struct chunk *chunks;
	unsigned n_chunks;
	uint64_t sent, notifies;
	uint64_t sent_ms, notified_ms; /* 0: never */
	uint64_t warned_ms;
};

struct xtr_etr {
	struct xtr_lisp *l;
	uint8_t xtr_id[XTR_XTR_ID_LEN];
	uint64_t nonce; /* of the last register sent, to whatever server */
	uint64_t started_ms;
	struct instance_db {
		uint32_t iid;
		struct xtr_trie trie[2]; /* prefix -> struct xtr_cfg_mapping */
	} * dbs;
	unsigned n_dbs;
	struct registrar *registrars; /* one for each cfg->map_servers */
};

/* The trie that holds EIDs of this instance and family, or NULL. */
struct xtr_trie *etr_trie(const struct xtr_etr *etr, const struct xtr_eid *eid);
/* Appends a mapping's locators, sorted (RFC 9301 section 5.5), in a record of the EID prefix and
 * TTL given. probed: the locator whose p bit is set, or NULL. */
void etr_write_mapping(const struct xtr_etr *etr, struct xtr_writer *w,
    const struct xtr_cfg_mapping *m, const struct xtr_eid *eid, uint32_t ttl_min,
    const struct xtr_ip *probed);

/* etr_register.c */
int etr_register_init(struct xtr_etr *etr);
void etr_register_fini(struct xtr_etr *etr);
json_t *etr_register_show(const struct xtr_etr *etr);

#endif
