/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Inside the ETR: what its files share.
 */
#ifndef XTR_ETR_INTERNAL_H
#define XTR_ETR_INTERNAL_H

#include "auth/auth.h"
#include "control/etr.h"
#include "util/trie.h"

/* One Map-Register of those that carry the database, to one Map-Server. */
struct chunk {
	unsigned first, n; /* records: indexes into cfg->database */
	uint64_t nonce;    /* of the last one sent */
	bool acknowledged; /* since the last one sent */
	unsigned tries;    /* sent without an answer */
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
	unsigned refused; /* records that the last notifies left out */
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
/* Is the locator an address of this machine? */
bool etr_is_local(const struct xtr_etr *etr, const struct xtr_ip *rloc);
/* Appends a mapping's record and locators, sorted (RFC 9301 section 5.5). probed: the locator whose
 * p bit is set, or NULL. */
void etr_write_mapping(struct xtr_etr *etr, struct xtr_writer *w, const struct xtr_cfg_mapping *m,
    bool authoritative, const struct xtr_ip *probed);

/* etr_register.c */
int etr_register_init(struct xtr_etr *etr);
void etr_register_fini(struct xtr_etr *etr);
json_t *etr_register_show(const struct xtr_etr *etr);

#endif
