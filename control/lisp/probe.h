/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * RLOC-probing (RFC 9301 section 7.1): is an RLOC alive, and how far away? A probe is a bare
 * Map-Request with the P bit, to the RLOC itself. Control lcore only.
 *
 * A probe that has no answer within a second (or the interval, where that is shorter) is repeated;
 * after XTR_PROBE_TRIES of them the RLOC counts as silent (it has never answered: there are peers
 * that answer no probes) or down (it has). It is asked at every interval all the same.
 */
#ifndef XTR_PROBE_H
#define XTR_PROBE_H

#include "control/lisp/lisp.h"

#define XTR_PROBE_TRIES 3u

enum xtr_probe_state {
	XTR_PROBE_UNKNOWN, /* no verdict yet */
	XTR_PROBE_UP,      /* the last probe was answered */
	XTR_PROBE_SILENT,  /* none was ever answered */
	XTR_PROBE_DOWN,    /* it answered, but does not any more */
};

struct xtr_probe; /* of one RLOC */
struct xtr_probes;

struct xtr_probe_ops {
	/* The state of a probed RLOC is another one now. `user` as given to xtr_probe_start().
	 * May stop any probe. */
	void (*changed)(void *arg, void *user, enum xtr_probe_state state);
	/* An EID prefix to ask the RLOC about: one whose mapping names it. False: none now, the
	 * probe waits for its next turn. Called from a timer. Not called for PETRs, which are asked
	 * for 0.0.0.0/0 or ::/0 of instance 0. Must not stop a probe. */
	bool (*eid)(void *arg, void *user, struct xtr_eid *eid);
	void *arg;
};

struct xtr_probe_status {
	enum xtr_probe_state state;
	/* NULL, or half a line on why it is not up: "no answer to 3 probes", "cannot be sent: no
	 * route", "answers, but not as a PETR" */
	const char *why;
	uint32_t rtt_us;         /* of the last answer; 0: none yet */
	uint64_t last_answer_ms; /* on the wheel's clock; 0: none yet */
	uint64_t sent, answered;
	uint64_t since_ms; /* of the state */
};

/*
 * NULL if memory is short. l->cfg->lisp.probe_interval_ms rules; with 0 nothing is ever sent and
 * all states stay unknown. All probes together are paced: 1,000 a second.
 */
struct xtr_probes *xtr_probes_create(struct xtr_lisp *l, const struct xtr_probe_ops *ops);
/* Stops those that are left. */
void xtr_probes_destroy(struct xtr_probes *probes);

/* Starts to probe an RLOC: the first probe goes out with the wheel's next tick (or as soon as the
 * pace allows), never from inside this call. petr: as a PETR; the same RLOC may be probed twice,
 * once as each. NULL if memory is short. */
struct xtr_probe *xtr_probe_start(
    struct xtr_probes *probes, const struct xtr_ip *rloc, bool petr, void *user);
void xtr_probe_stop(struct xtr_probe *probe); /* NULL is allowed */
/* The way to the RLOC has changed: it is probed now instead of at its next turn, but not within a
 * second (or the interval) of the last probe sent; the tries that decide begin anew, once a round.
 */
void xtr_probe_now(struct xtr_probe *probe);
struct xtr_probe_status xtr_probe_status(const struct xtr_probe *probe);
const char *xtr_probe_state_name(enum xtr_probe_state state); /* "unknown", "up", ... */

/* A Map-Reply with the P bit (m->probe). Unknown nonces are counted. */
void xtr_probes_reply(
    struct xtr_probes *probes, const struct xtr_peer *from, const struct xtr_msg *m);

#endif
