/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who has how many packets waiting: parties (datapath/dp.h) share what an instance may hold, and
 * all together. One alone may take all of it; where that is full, whoever has the most gives. So a
 * scan costs itself, and a new flow of somebody else finds room.
 */
#include "control/forwarding/hold.h"

#include <errno.h>
#include <stdlib.h>

struct xtr_hold_party {
	TAILQ_HEAD(, xtr_hold) queues; /* initialised when first used */
	unsigned n;                    /* packets in them */
};

int xtr_hold_share_init(struct xtr_holder *h)
{
	h->parties = calloc(XTR_PARTIES, sizeof(*h->parties));
	h->most = h->parties;
	return h->parties ? 0 : -ENOMEM;
}

void xtr_hold_share_fini(struct xtr_holder *h)
{
	free(h->parties);
	h->parties = h->most = NULL;
}

void xtr_hold_share_add(struct xtr_holder *h, struct xtr_hold *q, const struct xtr_pkt *pkt)
{
	struct xtr_hold_party *p;

	if (!q->n) {
		q->party = xtr_party(pkt);
		p = &h->parties[q->party];
		if (!p->queues.tqh_last)
			TAILQ_INIT(&p->queues);
		TAILQ_INSERT_TAIL(&p->queues, q, queues);
	}
	p = &h->parties[q->party];
	p->n++;
	if (p->n > h->most->n)
		h->most = p;
}

void xtr_hold_share_sub(struct xtr_holder *h, struct xtr_hold *q, unsigned n)
{
	struct xtr_hold_party *p = &h->parties[q->party];

	if (!n)
		return;
	p->n -= n;
	if (!q->n)
		TAILQ_REMOVE(&p->queues, q, queues);
}

/* Of the instance's ports, and of what came out of its tunnels. */
static const struct xtr_hold_party *most_of(const struct xtr_holder *h, uint32_t inst)
{
	const struct xtr_hold_party *most = &h->parties[XTR_DP_PORTS + inst];

	for (unsigned port = 0; port < h->dp->n_ports; port++)
		if (h->dp->ports[port].inst == inst && h->parties[port].n > most->n)
			most = &h->parties[port];
	return most;
}

struct xtr_hold *xtr_hold_share_victim(
    const struct xtr_holder *h, const struct xtr_pkt *pkt, bool in_instance)
{
	const struct xtr_hold_party *own = &h->parties[xtr_party(pkt)],
				    *most = in_instance ? most_of(h, pkt->inst) : h->most;

	return most->n > own->n ? TAILQ_FIRST(&most->queues) : NULL;
}
