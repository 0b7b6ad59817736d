/* SPDX-License-Identifier: BSD-3-Clause */
/* Registrations: kept, refreshed, expired, withdrawn; and what they say together of an EID prefix.
 */
#include "control/lisp/ms_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "util/log.h"

static uint32_t now_s(const struct xtr_ms *ms)
{
	return (uint32_t)(ms_now(ms) / XTR_MS_PER_SEC);
}

static void unlink_reg(struct ms_reg *reg)
{
	struct ms_reg **p = &reg->mapping->regs;

	while (*p != reg)
		p = &(*p)->next;
	*p = reg->next;
}

static void remove_reg(struct ms_reg *reg)
{
	struct ms_mapping *map = reg->mapping;
	struct ms_table *t = map->prefix->table;

	unlink_reg(reg);
	xtr_timer_cancel(reg->etr->site->ms->l->wheel, &reg->timer);
	ms_etr_release(reg->etr);
	free(reg);
	if (map->regs)
		return;
	xtr_trie_del(&t->registered, &map->eid.ip, map->eid.plen);
	free(map);
}

static void expire(struct xtr_timer *timer)
{
	struct ms_reg *reg = (struct ms_reg *)timer;
	struct ms_site *site = reg->etr->site;
	char eid[XTR_EID_STRLEN], ip[XTR_IP_STRLEN];
	uint32_t held;

	site->ms->l->counters[XTR_C_REG_EXPIRED]++;
	if (ms_limit_pass(&site->limit_events, ms_now(site->ms), &held))
		xtr_log(XTR_LOG_NOTICE,
		    "site %s: registration of %s by ETR %s expired, last registered %u s ago"
		    " (%u more lines kept back)",
		    site->cfg->name, xtr_eid_format(&reg->mapping->eid, eid),
		    xtr_ip_format(&reg->etr->ip, ip), now_s(site->ms) - reg->last_s, held);
	remove_reg(reg);
}

/* RFC 9301 8.2: three minutes. 5.6, T bit: what the record's TTL says. In ms. */
static uint64_t timeout_of(const struct xtr_record *rec, const struct xtr_msg *m)
{
	if (!m->use_ttl || rec->ttl == XTR_TTL_FOREVER)
		return (uint64_t)MS_REG_TIMEOUT_S * XTR_MS_PER_SEC;
	return (uint64_t)(rec->ttl < MS_REG_MAX_TTL_MIN ? rec->ttl : MS_REG_MAX_TTL_MIN) * 60 *
	       XTR_MS_PER_SEC;
}

/* Puts loc where it belongs by address; of two with one address the first stays. Returns the new
 * count. */
static unsigned add_locator(struct xtr_locator *locs, unsigned n, const struct xtr_locator *loc)
{
	unsigned i = n;

	/* RFC 9301 5.5: sorted in order of ascending IP address, IPv4 before IPv6 */
	while (i && xtr_ip_cmp(&locs[i - 1].ip, &loc->ip) >= 0)
		i--;
	if (i < n && xtr_ip_equal(&locs[i].ip, &loc->ip))
		return n;
	memmove(&locs[i + 1], &locs[i], (n - i) * sizeof(*locs));
	locs[i] = *loc;
	return n + 1;
}

static struct ms_mapping *mapping_get(struct ms_prefix *prefix, const struct xtr_eid *eid)
{
	struct xtr_trie *t = &prefix->table->registered;
	struct ms_mapping *map = xtr_trie_get(t, &eid->ip, eid->plen);

	if (map)
		return map;
	map = calloc(1, sizeof(*map));
	if (!map)
		return NULL;
	map->eid = *eid;
	map->prefix = prefix;
	if (xtr_trie_set(t, &eid->ip, eid->plen, map, NULL)) {
		free(map);
		return NULL;
	}
	return map;
}

/* What this xTR registered for the mapping; *n counts all registrations, *oldest is the last of
 * them. */
static struct ms_reg *reg_of(
    const struct ms_mapping *map, const struct ms_etr *etr, unsigned *n, struct ms_reg **oldest)
{
	struct ms_reg *found = NULL, *r;

	*n = 0;
	*oldest = NULL;
	for (r = map->regs; r; r = r->next, (*n)++) {
		*oldest = r;
		if (!found && ms_etr_same(r->etr, etr))
			found = r;
	}
	return found;
}

int ms_reg_put(struct ms_prefix *prefix, struct ms_etr *etr, uint16_t port,
    const struct xtr_record *rec, const struct xtr_msg *m)
{
	struct xtr_ms *ms = etr->site->ms;
	struct ms_mapping *map = mapping_get(prefix, &rec->eid);
	struct xtr_locator locs[256], loc;
	const uint8_t *cursor = NULL;
	struct ms_reg *reg, *oldest;
	unsigned n = 0, n_regs;

	if (!map)
		return -ENOMEM;
	while (xtr_locator_next(rec, &cursor, &loc))
		if (loc.ip.af)
			n = add_locator(locs, n, &loc);
	reg = reg_of(map, etr, &n_regs, &oldest);
	if (!reg || reg->n_locators != n) {
		struct ms_reg *fresh = calloc(1, sizeof(*fresh) + n * sizeof(locs[0]));

		if (!fresh) {
			if (!map->regs) {
				xtr_trie_del(
				    &prefix->table->registered, &map->eid.ip, map->eid.plen);
				free(map);
			}
			return -ENOMEM;
		}
		fresh->first_s = reg ? reg->first_s : now_s(ms);
		fresh->mapping = map;
		fresh->etr = etr;
		etr->refs++;
		fresh->next = map->regs;
		map->regs = fresh;
		if (reg)
			remove_reg(reg);
		else if (n_regs >= MS_MAX_REGS)
			remove_reg(oldest);
		reg = fresh;
	} else {
		unlink_reg(reg);
		reg->next = map->regs;
		map->regs = reg;
		etr->refs++;
		ms_etr_release(reg->etr);
		reg->etr = etr;
	}
	memcpy(reg->locators, locs, n * sizeof(locs[0]));
	reg->n_locators = (uint8_t)n;
	reg->nonce = m->nonce;
	reg->last_s = now_s(ms);
	reg->ttl = rec->ttl;
	reg->map_version = rec->map_version;
	reg->port = port;
	reg->algorithm = m->algorithm;
	reg->proxy = m->proxy_reply;
	reg->merge = m->merge;
	reg->notify = m->want_notify;
	xtr_timer_arm(ms->l->wheel, &reg->timer, timeout_of(rec, m), expire);
	return 0;
}

bool ms_reg_withdraw(struct ms_prefix *prefix, const struct ms_etr *etr, const struct xtr_eid *eid)
{
	struct ms_mapping *map = xtr_trie_get(&prefix->table->registered, &eid->ip, eid->plen);
	struct ms_reg *reg, *oldest;
	unsigned n;

	if (!map)
		return false;
	reg = reg_of(map, etr, &n, &oldest);
	if (!reg)
		return false;
	remove_reg(reg);
	return true;
}

static int clear_one(void *value, void *arg)
{
	struct ms_mapping *map = value;
	struct ms_reg *reg;

	(void)arg;
	while ((reg = map->regs)) {
		map->regs = reg->next;
		xtr_timer_cancel(reg->etr->site->ms->l->wheel, &reg->timer);
		free(reg);
	}
	free(map);
	return 0;
}

void ms_reg_clear(struct ms_table *t)
{
	static const struct xtr_ip any;

	xtr_trie_walk(&t->registered, &any, 0, clear_one, NULL);
}

uint32_t ms_reg_expires_s(const struct xtr_ms *ms, const struct ms_reg *reg)
{
	uint64_t now = ms_now(ms);

	return reg->timer.due > now ? (uint32_t)((reg->timer.due - now) / XTR_MS_PER_SEC) : 0;
}

unsigned ms_mapping_locators(const struct ms_mapping *map, struct xtr_locator out[255])
{
	unsigned n = 0;

	for (const struct ms_reg *r = map->regs; r; r = r->next) {
		/* without the a bit, the latest registration replaces the others (RFC 9301 5.6) */
		if (r != map->regs && !(map->regs->merge && r->merge))
			continue;
		for (unsigned i = 0; i < r->n_locators && n < 255; i++)
			n = add_locator(out, n, &r->locators[i]);
	}
	return n;
}

bool ms_mapping_proxy(const struct ms_mapping *map)
{
	const struct ms_reg *latest = map->regs;

	if (map->prefix->site->cfg->proxy_reply)
		return true;
	/* RFC 9301 8.3: if any of the registered ETRs have requested it */
	for (const struct ms_reg *r = latest; r; r = r->next)
		if (r->proxy && (r == latest || (latest->merge && r->merge)))
			return true;
	return false;
}
