/* SPDX-License-Identifier: BSD-3-Clause */
/* Sites as configured: their keys, their EID prefixes, the tables to look them up. */
#include "control/lisp/ms_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "util/log.h"

static int table_cmp(uint32_t iid, uint8_t af, const struct ms_table *t)
{
	if (iid != t->iid)
		return iid < t->iid ? -1 : 1;
	return (int)af - (int)t->af;
}

static int table_order(const void *a, const void *b)
{
	const struct ms_table *t = a;

	return table_cmp(t->iid, t->af, b);
}

struct ms_table *ms_table_find(const struct xtr_ms *ms, uint32_t iid, uint8_t af)
{
	unsigned lo = 0, hi = ms->n_tables;

	while (lo < hi) {
		unsigned mid = lo + (hi - lo) / 2;
		int c = table_cmp(iid, af, &ms->tables[mid]);

		if (!c)
			return &ms->tables[mid];
		if (c < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return NULL;
}

bool ms_limit_pass(struct ms_limit *lim, uint64_t now, uint32_t *suppressed)
{
	if (now < lim->next) {
		lim->suppressed++;
		return false;
	}
	*suppressed = lim->suppressed;
	lim->suppressed = 0;
	lim->next = now + MS_LOG_EVERY;
	return true;
}

/* One table for each instance and family that a site has a prefix in. */
static int make_tables(struct xtr_ms *ms, unsigned n_prefixes)
{
	const struct xtr_config *cfg = ms->l->cfg;
	struct ms_table *all = calloc(n_prefixes + 1, sizeof(*all)), *fit;
	unsigned n = 0, kept = 0;

	if (!all)
		return -ENOMEM;
	for (unsigned i = 0; i < cfg->n_sites; i++) {
		for (unsigned j = 0; j < cfg->sites[i].n_prefixes; j++, n++) {
			all[n].iid = cfg->sites[i].prefixes[j].eid.iid;
			all[n].af = cfg->sites[i].prefixes[j].eid.ip.af;
		}
	}
	qsort(all, n, sizeof(*all), table_order);
	for (unsigned i = 0; i < n; i++)
		if (!kept || table_order(&all[kept - 1], &all[i]))
			all[kept++] = all[i];
	fit = realloc(all, (kept + 1) * sizeof(*all));
	ms->tables = fit ? fit : all;
	ms->n_tables = kept;
	return 0;
}

struct keyed {
	const struct xtr_cfg_key *secret;
	struct ms_key *key;
};

static int keyed_order(const void *a, const void *b)
{
	const struct keyed *x = a, *y = b;

	if (x->secret->len != y->secret->len)
		return x->secret->len < y->secret->len ? -1 : 1;
	return x->secret->len ? memcmp(x->secret->secret, y->secret->secret, x->secret->len) : 0;
}

static int make_keys(struct xtr_ms *ms)
{
	const struct xtr_config *cfg = ms->l->cfg;
	struct keyed *order = calloc(ms->n_sites + 1, sizeof(*order));
	int rc = 0;

	if (!order)
		return -ENOMEM;
	for (unsigned i = 0; i < ms->n_sites; i++)
		order[i] = (struct keyed){&cfg->sites[i].key, &ms->keys[i]};
	qsort(order, ms->n_sites, sizeof(*order), keyed_order);
	for (unsigned i = 0; i < ms->n_sites && !rc; i++) {
		if (i && !keyed_order(&order[i - 1], &order[i])) {
			order[i].key->same = order[i - 1].key->same;
			continue;
		}
		order[i].key->same = order[i].key;
		order[i].key->key = xtr_key_create(order[i].secret->secret, order[i].secret->len);
		if (!order[i].key->key)
			rc = -ENOMEM;
	}
	free(order);
	return rc;
}

static int make_prefixes(struct ms_site *site)
{
	for (unsigned j = 0; j < site->cfg->n_prefixes; j++) {
		struct ms_prefix *p = &site->prefixes[j], *other;
		struct ms_table *t;
		char text[XTR_EID_STRLEN];
		int rc;

		p->eid = site->cfg->prefixes[j].eid;
		p->accept_more_specifics = site->cfg->prefixes[j].accept_more_specifics;
		p->site = site;
		t = ms_table_find(site->ms, p->eid.iid, p->eid.ip.af);
		other = xtr_trie_get(&t->configured, &p->eid.ip, p->eid.plen);
		if (other) {
			/* an EID prefix has one owner: otherwise either key would do for it */
			xtr_log(XTR_LOG_ERR, "site %s: eid-prefix %s belongs to site %s already",
			    site->cfg->name, xtr_eid_format(&p->eid, text), other->site->cfg->name);
			continue;
		}
		rc = xtr_trie_set(&t->configured, &p->eid.ip, p->eid.plen, p, NULL);
		if (rc)
			return rc;
		p->table = t;
	}
	return 0;
}

struct xtr_ms *xtr_ms_create(struct xtr_lisp *l)
{
	const struct xtr_config *cfg = l->cfg;
	struct xtr_ms *ms = calloc(1, sizeof(*ms));
	unsigned n_prefixes = 0;

	if (!ms)
		return NULL;
	ms->l = l;
	ms->flush_after = MS_FLUSH_AFTER;
	for (unsigned i = 0; i < cfg->n_sites; i++)
		n_prefixes += cfg->sites[i].n_prefixes;
	ms->sites = calloc(cfg->n_sites + 1, sizeof(*ms->sites));
	ms->keys = calloc(cfg->n_sites + 1, sizeof(*ms->keys));
	ms->prefixes = calloc(n_prefixes + 1, sizeof(*ms->prefixes));
	if (!ms->sites || !ms->keys || !ms->prefixes || xtr_hash_init(&ms->etrs) ||
	    make_tables(ms, n_prefixes))
		goto fail;
	ms->n_sites = cfg->n_sites;
	if (make_keys(ms))
		goto fail;
	n_prefixes = 0;
	for (unsigned i = 0; i < ms->n_sites; i++) {
		struct ms_site *site = &ms->sites[i];

		site->ms = ms;
		site->cfg = &cfg->sites[i];
		site->key = ms->keys[i].same;
		site->prefixes = &ms->prefixes[n_prefixes];
		n_prefixes += site->cfg->n_prefixes;
		if (make_prefixes(site))
			goto fail;
	}
	return ms;
fail:
	xtr_ms_destroy(ms);
	return NULL;
}

void xtr_ms_destroy(struct xtr_ms *ms)
{
	if (!ms)
		return;
	xtr_timer_cancel(ms->l->wheel, &ms->flush);
	for (unsigned i = 0; i < ms->n_tables; i++) {
		ms_reg_clear(&ms->tables[i]);
		xtr_trie_clear(&ms->tables[i].registered);
		xtr_trie_clear(&ms->tables[i].configured);
	}
	xtr_hash_each(&ms->etrs, ms_etr_free, NULL);
	xtr_hash_free(&ms->etrs);
	for (unsigned i = 0; i < ms->n_sites; i++)
		xtr_key_destroy(ms->keys[i].key);
	free(ms->tables);
	free(ms->prefixes);
	free(ms->keys);
	free(ms->sites);
	free(ms);
}
