/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where packets may come from: own EIDs, and what source-rloc-check and proxy-itrs say of those
 * that come out of tunnels (datapath/source.h).
 */
#include "control/ctl.h"

#include <errno.h>
#include <stdlib.h>
#include "control/forwarding/packet.h"
#include "util/log.h"
#include "wire/data.h"

/* EIDs asked for again a second, in all: an attacker who makes up sources must not make us ask for
 * all that we know. */
#define DOUBTS_A_SECOND 10u

/* Own mappings whose locators' status is asked for at a time: each locator takes system calls. */
#define STATUS_A_TURN 16u

/* Before any mapping comes: what an entry has beside it depends on it. */
static int install_checks(struct xtr_ctl *ctl)
{
	const struct xtr_config *cfg = ctl->cfg;
	struct xtr_dp *dp = ctl->dp;

	dp->source_check = cfg->lisp.source_check;
	for (unsigned i = 0; i < dp->n_instances; i++)
		dp->instances[i].source_check = dp->source_check;
	for (unsigned i = 0; i < cfg->n_instances; i++) {
		int inst = xtr_fib_instance(ctl->fib, cfg->instances[i].iid);

		if (inst < 0)
			return inst;
		dp->instances[inst].source_check = cfg->instances[i].source_check;
	}
	return 0;
}

static int install_proxy_itrs(struct xtr_ctl *ctl)
{
	const struct xtr_config *cfg = ctl->cfg;
	struct xtr_rule_rloc *list;

	if (!cfg->n_proxy_itrs)
		return 0;
	list = calloc(cfg->n_proxy_itrs, sizeof(*list));
	if (!list)
		return -ENOMEM;
	for (unsigned i = 0; i < cfg->n_proxy_itrs; i++)
		list[i] = xtr_rule_rloc(&cfg->proxy_itrs[i].ip, cfg->proxy_itrs[i].plen);
	ctl->dp->proxy_itrs = xtr_rules_get(xtr_fib_rules(ctl->fib), list, cfg->n_proxy_itrs);
	free(list);
	return ctl->dp->proxy_itrs ? 0 : -ENOMEM;
}

static int install_own(struct xtr_ctl *ctl, const struct xtr_cfg_mapping *m, uint8_t status)
{
	/* the LISP header's second word for this source */
	struct xtr_fwd fwd = {.action = XTR_FWD_ROUTES,
	    .word1 = xtr_data_word1(XTR_DATA_I | XTR_DATA_L, m->eid.iid, status)};
	uint32_t entry = xtr_fib_entry(ctl->fib, &fwd);
	struct xtr_rule_rloc list[UINT8_MAX];

	if (!entry)
		return -ENOMEM;
	for (unsigned i = 0; i < m->n_locators; i++)
		list[i] = xtr_rule_rloc(&m->locators[i].rloc, xtr_ip_bits(&m->locators[i].rloc));
	if (m->n_locators && xtr_fib_allow(ctl->fib, entry, list, m->n_locators) < 0) {
		xtr_fib_put_entry(ctl->fib, entry);
		return -ENOMEM;
	}
	return xtr_fib_set_database(ctl->fib, &m->eid, entry);
}

int xtr_ctl_install_sources(struct xtr_ctl *ctl)
{
	int rc = install_checks(ctl);

	if (!rc)
		rc = install_proxy_itrs(ctl);
	for (unsigned i = 0; i < ctl->cfg->n_database && !rc; i++)
		rc = install_own(ctl, &ctl->cfg->database[i], 0);
	if (!rc && ctl->cfg->lisp.locator_status_bits && ctl->cfg->n_database) {
		ctl->own_status = calloc(ctl->cfg->n_database, sizeof(*ctl->own_status));
		rc = ctl->own_status ? 0 : -ENOMEM;
	}
	return rc;
}

void xtr_ctl_refresh_status(struct xtr_ctl *ctl)
{
	unsigned n = ctl->own_status && ctl->etr ? RTE_MIN(ctl->cfg->n_database, STATUS_A_TURN) : 0;

	for (; n; n--) {
		unsigned i = ctl->status_next;
		const struct xtr_cfg_mapping *m = &ctl->cfg->database[i];
		uint8_t status = xtr_etr_status_bits(ctl->etr, m);

		if (status != ctl->own_status[i] && install_own(ctl, m, status) == 0)
			ctl->own_status[i] = status;
		ctl->status_next = i + 1 < ctl->cfg->n_database ? i + 1 : 0;
	}
}

void xtr_ctl_source_doubted(struct xtr_ctl *ctl, struct rte_mbuf *m, enum xtr_drop reason)
{
	uint32_t iid = ctl->dp->instances[xtr_pkt(m)->inst].iid;
	struct xtr_ip src = xtr_packet_source(m), dst = xtr_packet_destination(m);
	struct xtr_eid eid = xtr_eid_host(iid, &src), asking = xtr_eid_host(iid, &dst);
	const struct xtr_mapping *mapping = ctl->itr ? xtr_itr_lookup(ctl->itr, &eid) : NULL;
	uint64_t now = xtr_wheel_now(&ctl->wheel), asked = ctl->lisp.counters[XTR_C_ITR_REQ_TX];
	char text[XTR_EID_STRLEN], rloc[XTR_IP_STRLEN];
	struct xtr_ip from = {.af = xtr_pkt(m)->outer_af};

	memcpy(from.b, xtr_pkt(m)->outer_src, from.af == 4 ? 4 : 16);
	ctl->dp->control_drops[reason]++;
	rte_pktmbuf_free(m);
	if (now - ctl->doubts_ms >= XTR_MS_PER_SEC) {
		ctl->doubts_ms = now;
		ctl->doubts = 0;
	}
	/* what is configured does not change by asking */
	if (!mapping || mapping->source != XTR_FROM_MAP_REPLY || ctl->doubts >= DOUBTS_A_SECOND)
		return;
	xtr_dbg(XTR_DBG_MAP_CACHE, "map-cache: a packet of %s came from %s: asking again",
	    xtr_eid_format(&eid, text), xtr_ip_format(&from, rloc));
	xtr_itr_resolve(ctl->itr, &eid, &asking);
	ctl->doubts += ctl->lisp.counters[XTR_C_ITR_REQ_TX] != asked; /* not if it was of late */
}
