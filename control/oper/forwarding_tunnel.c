/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A made-up packet that comes out of a tunnel: what is said of where it may come from
 * (datapath/source.h).
 */
#include "control/oper/forwarding_impl.h"

#include <errno.h>
#include <stdio.h>
#include <rte_ether.h>
#include "datapath/source.h"
#include "wire/data.h"

static const char *const checks[] = {
    [XTR_CHECK_OFF] = "off", [XTR_CHECK_LOOSE] = "loose", [XTR_CHECK_STRICT] = "strict"};

int xtr_forwarding_pick_tunnel(const struct xtr_ctl *ctl, struct xtr_made_up *p, const char *port,
    uint32_t iid, char *err, size_t err_size)
{
	unsigned i = 0;

	if (!p->source.af) {
		snprintf(err, err_size, "from SOURCE is wanted beside rloc");
		return -EINVAL;
	}
	if (!ctl->dp->inst_of_iid[iid]) {
		snprintf(err, err_size, "nothing is known of instance %u here", iid);
		return -EINVAL;
	}
	p->inst = ctl->dp->inst_of_iid[iid] - 1;
	while (i < ctl->dp->n_ports &&
	       (ctl->dp->ports[i].site || (port && strcmp(ctl->cfg->ports[i].name, port))))
		i++;
	if (i == ctl->dp->n_ports) {
		snprintf(err, err_size, port ? "port %s is none of the core's" : "there is no %s",
		    port ? port : "core port");
		return -EINVAL;
	}
	p->port = i;
	p->why_port = port ? NULL : "the first core port";
	return 0;
}

void xtr_forwarding_open_tunnel(
    struct xtr_worker *w, const struct xtr_made_up *p, struct rte_mbuf *m)
{
	const uint32_t iid = w->dp->instances[p->inst].iid;
	struct xtr_data_hdr h = {.flags = iid ? XTR_DATA_I : 0, .instance_id = iid};
	struct xtr_list list = {.n = 1, .m = {m}};
	struct xtr_pkt *pkt = xtr_pkt(m);

	_Static_assert(RTE_ETHER_HDR_LEN >= XTR_DATA_HDR_LEN, "one takes the other's place");
	xtr_data_write((uint8_t *)rte_pktmbuf_adj(m, RTE_ETHER_HDR_LEN - XTR_DATA_HDR_LEN), &h);
	memset(pkt, 0, sizeof(*pkt));
	pkt->port = (uint8_t)p->port;
	pkt->outer_ttl = XTR_MADE_UP_TTL;
	pkt->outer_af = p->rloc.af;
	memcpy(pkt->outer_src, p->rloc.b, sizeof(pkt->outer_src));
	xtr_stage_decap_inner(w, &list);
}

void xtr_explain_decap(struct xtr_explain *x)
{
	const char *check = checks[x->inst->source_check];
	char rloc[XTR_IP_STRLEN];
	struct xtr_words w = {0};

	xtr_words_add(&w,
	    "it is taken out of a LISP packet from RLOC %s, for instance %u, where "
	    "source-rloc-check is %s",
	    xtr_ip_format(&x->p->rloc, rloc), x->inst->iid, check);
	xtr_explain_add(x, "decapsulation", &w,
	    json_pack("{s:s, s:s, s:I}", "rloc", rloc, "source_rloc_check", check, "instance",
		(json_int_t)x->inst->iid));
}

static const char *verdict_text(const struct xtr_explain *x, enum xtr_source_rloc verdict)
{
	switch (verdict) {
	case XTR_SOURCE_VALID:
		return "it may come from there";
	case XTR_SOURCE_MISMATCH:
		return "it has no such RLOC";
	case XTR_SOURCE_OWN:
		return "it is of our own site, whose database-mapping has no such RLOC";
	case XTR_SOURCE_STRANGER:
		return x->ctl->dp->proxy_itrs
			   ? "it is no EID: it comes by the proxy ITRs of proxy-itrs"
			   : "it is no EID: it comes by any proxy ITR";
	case XTR_SOURCE_UNKNOWN:
		break;
	}
	return x->inst->source_check == XTR_CHECK_STRICT ? "it is to be resolved first"
							 : "it passes until more is known";
}

void xtr_explain_source_rloc(struct xtr_explain *x, uint32_t entry, enum xtr_source_rloc verdict)
{
	static const char *const states[] = {[XTR_SOURCE_VALID] = "valid",
	    [XTR_SOURCE_MISMATCH] = "mismatch",
	    [XTR_SOURCE_OWN] = "own",
	    [XTR_SOURCE_STRANGER] = "no-eid",
	    [XTR_SOURCE_UNKNOWN] = "unknown"};
	struct xtr_eid destination = x->eid;
	char source[XTR_IP_STRLEN];
	struct xtr_words w = {0};
	json_t *o;

	xtr_words_add(&w, "source %s: ", xtr_ip_format(&x->p->source, source));
	x->eid = xtr_eid_host(x->inst->iid, &x->p->source); /* the words are for a destination */
	o = xtr_explain_entry(x, entry, &w);
	x->eid = destination;
	xtr_words_add(&w, "; %s", verdict_text(x, verdict));
	json_object_set_new(o, "state", json_string(states[verdict]));
	xtr_explain_add(x, "source-rloc", &w, o);
}
