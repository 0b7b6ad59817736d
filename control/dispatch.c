/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Control messages to the roles that they are for.
 */
#include "control/ctl.h"

#include <errno.h>
#include "util/log.h"
#include "wire/lcaf.h"

/* What cannot be read is counted, and logged once a second at most. */
static void unreadable(
    struct xtr_ctl *ctl, const struct xtr_peer *from, int rc, const struct xtr_wire_err *err)
{
	static uint64_t last_ms;
	static unsigned more;
	uint64_t now = xtr_wheel_now(&ctl->wheel);
	char text[256], ip[XTR_IP_STRLEN];

	ctl->lisp.counters[rc == -ENOTSUP ? XTR_C_CTL_RX_UNKNOWN_TYPE : XTR_C_CTL_RX_MALFORMED]++;
	if (last_ms && now - last_ms < XTR_MS_PER_SEC) {
		more++;
		return;
	}
	xtr_wire_err_format(err, text, sizeof(text));
	xtr_log(XTR_LOG_WARNING, "control: message from %s port %u dropped: %s; %u more not logged",
	    xtr_ip_format(&from->ip, ip), from->port, text, more);
	last_ms = now;
	more = 0;
}

/* An EID that no role of ours can look up: neither an IP address nor none at all. */
static bool is_foreign(const struct xtr_eid *eid, const struct xtr_addr *addr)
{
	struct xtr_lcaf_iid iid;

	if (eid->ip.af || addr->afi == XTR_AFI_NONE)
		return false;
	return addr->lcaf != XTR_LCAF_IID || xtr_lcaf_read_iid(addr, &iid, NULL) < 0 ||
	       iid.addr.afi != XTR_AFI_NONE;
}

/* The first EID that costs the whole message: in a Map-Request one that we can say nothing of; in
 * mapping records, which are judged one by one, one of an unknown LCAF type (RFC 9306 section 3).
 * False: there is none. */
static bool find_foreign(const struct xtr_msg *m, struct xtr_addr *addr)
{
	const uint8_t *cursor = NULL;
	struct xtr_request_rec req;
	struct xtr_record rec;

	if (m->plain)
		return false;
	while (m->type == XTR_MSG_MAP_REQUEST && xtr_request_rec_next(m, &cursor, &req)) {
		*addr = req.addr;
		if (is_foreign(&req.eid, addr))
			return true;
	}
	while (m->type != XTR_MSG_MAP_REQUEST && xtr_record_next(m, &cursor, &rec)) {
		*addr = rec.addr;
		if (addr->afi == XTR_AFI_LCAF && !xtr_lcaf_name(addr->lcaf))
			return true;
	}
	return false;
}

/* Reads a message, and refuses what all roles have to. whole: where the datagram starts. */
static int read_message(
    const uint8_t *whole, const uint8_t *p, size_t len, struct xtr_msg *m, struct xtr_wire_err *err)
{
	int rc = xtr_msg_read(p, len, m, err);
	struct xtr_addr addr;

	if (!rc && m->vendor) {
		*err = (struct xtr_wire_err){m->vendor_at, "LCAF",
		    "vendor-specific, of an OUI that is not known", "RFC 9306 4"};
		rc = -EBADMSG;
	} else if (!rc && find_foreign(m, &addr)) {
		/* MUST be dropped, and logged */
		*err = (struct xtr_wire_err){(uint32_t)(addr.p - 2 - p), "EID-Prefix-AFI",
		    "address type not supported for an EID", "RFC 9301 5.1, RFC 9306 3"};
		rc = -EBADMSG;
	}
	err->offset += (uint32_t)(p - whole);
	return rc;
}

static void not_ours(struct xtr_ctl *ctl)
{
	ctl->lisp.counters[XTR_C_CTL_RX_NOT_OURS]++;
}

static void map_request(struct xtr_ctl *ctl, const struct xtr_peer *from, const struct xtr_msg *ecm,
    const uint8_t *p, size_t len, const struct xtr_msg *req)
{
	/* An ETR's own EIDs first: on a machine that is both, the Map-Server would only send it
	 * here. */
	if (ctl->etr && xtr_etr_request(ctl->etr, from, ecm, req))
		return;
	/* RFC 9301 8.3, 8.4: the mapping system takes Encapsulated Map-Requests */
	if (ctl->ms && ecm)
		xtr_ms_request(ctl->ms, from, ecm, p, len, req);
	else if (ctl->etr) /* not its EIDs */
		ctl->lisp.counters[XTR_C_ETR_REQ_DROPPED]++;
	else
		not_ours(ctl);
}

static void inside_ecm(
    struct xtr_ctl *ctl, const struct xtr_peer *from, const uint8_t *p, const struct xtr_msg *ecm)
{
	struct xtr_wire_err err = {0};
	struct xtr_msg m;
	int rc = read_message(p, ecm->inner, ecm->inner_len, &m, &err);

	if (rc < 0)
		unreadable(ctl, from, rc, &err);
	else if (m.type == XTR_MSG_MAP_REQUEST)
		map_request(ctl, from, ecm, ecm->inner, ecm->inner_len, &m);
	else
		not_ours(ctl);
}

void xtr_ctl_message(void *arg, const struct xtr_peer *from, const uint8_t *p, size_t len)
{
	struct xtr_ctl *ctl = arg;
	struct xtr_wire_err err = {0};
	struct xtr_msg m;
	int rc;

	ctl->lisp.counters[XTR_C_CTL_RX]++;
	rc = read_message(p, p, len, &m, &err);
	if (rc < 0) {
		unreadable(ctl, from, rc, &err);
		return;
	}
	switch (m.type) {
	case XTR_MSG_MAP_REQUEST:
		map_request(ctl, from, NULL, p, len, &m);
		return;
	case XTR_MSG_MAP_REPLY:
		if (m.probe && ctl->probes) {
			xtr_probes_reply(ctl->probes, from, &m);
			return;
		}
		if (xtr_ligs_reply(ctl->ligs, from, &m))
			return;
		if (ctl->itr) {
			xtr_itr_reply(ctl->itr, from, &m);
			return;
		}
		break;
	case XTR_MSG_MAP_REGISTER:
		if (ctl->ms) {
			xtr_ms_register(ctl->ms, from, p, len, &m);
			return;
		}
		break;
	case XTR_MSG_MAP_NOTIFY:
		if (ctl->etr) {
			xtr_etr_notify(ctl->etr, from, p, len, &m);
			return;
		}
		break;
	case XTR_MSG_ECM:
		/* RFC 9303 is not implemented: it is answered all the same, but not protected */
		ctl->lisp.counters[XTR_C_CTL_RX_SEC] += m.security;
		inside_ecm(ctl, from, p, &m);
		return;
	case XTR_MSG_MAP_NOTIFY_ACK:
	case XTR_MSG_MAP_REFERRAL:
	case XTR_MSG_INFO:
	case XTR_MSG_EXTENSION:
		break;
	}
	not_ours(ctl);
}
