/* SPDX-License-Identifier: BSD-3-Clause */
/* ITR: how many mappings may be learned, which go when there are too many, and whose. What packets
 * meet is played here; test_usage.c has the marks of real ones. */
#include "fail_alloc.h"
#include "itr_clear.h"
#include "itr_fixture.h"

#include "control/lisp/itr_internal.h"

#define EIDS 65536u

/* By the last 16 bits of a host's EID: marked as workers do. */
static bool met[EIDS];
static unsigned asked_for;

static unsigned number(const struct xtr_mapping *m)
{
	return (unsigned)m->eid.ip.b[2] << 8 | m->eid.ip.b[3];
}

static bool by_number(struct fixture *f, const struct xtr_mapping *m)
{
	bool was = met[number(m)];

	met[number(m)] = false;
	asked_for++;
	return was;
}

static void begin(struct fixture *f, unsigned total, unsigned instance)
{
	memset(met, 0, sizeof(met));
	asked_for = 0;
	f->used = by_number;
	f->w.cfg.lisp.map_cache_limit = total;
	f->w.cfg.lisp.instance_map_cache_limit = instance;
	start(f);
}

/* Host n of an instance: 10.2.x.y/32. */
static struct xtr_eid host(uint32_t iid, unsigned n)
{
	struct xtr_eid e = eid_in(iid, "10.2.0.0/32");

	e.ip.b[2] = (uint8_t)(n >> 8);
	e.ip.b[3] = (uint8_t)n;
	return e;
}

static struct xtr_mapping *learn(struct fixture *f, uint32_t iid, unsigned n)
{
	struct xtr_eid e = host(iid, n);
	struct xtr_mapping_locator l = {0};

	return itr_mapping_set(
	    f->itr, &e, XTR_FROM_MAP_REPLY, XTR_ACT_NO_ACTION, &l, 1, 1440, 86400000);
}

static bool is_there(struct fixture *f, uint32_t iid, unsigned n)
{
	struct xtr_eid e = host(iid, n);
	struct xtr_mapping *m = xtr_itr_lookup(f->itr, &e);

	return m && m->eid.plen == 32;
}

static unsigned learned(struct fixture *f, uint32_t iid)
{
	return itr_instance(f->itr, iid, false)->held[ITR_LEARNED];
}

static unsigned count_there(struct fixture *f, uint32_t iid, unsigned from, unsigned to)
{
	unsigned n = 0;

	for (; from < to; from++)
		n += is_there(f, iid, from);
	return n;
}

/* Up to the limit nothing goes, then one for each that comes. */
static void test_boundary(void **state)
{
	struct fixture *f = *state;

	begin(f, 100, 5);
	for (unsigned i = 0; i < 5; i++)
		assert_non_null(learn(f, 0, i));
	assert_int_equal(COUNTER(&f->w, ITR_EVICTED), 0);
	assert_int_equal(learned(f, 0), 5);
	assert_int_equal(asked_for, 0);
	/* what is there already is no more */
	assert_non_null(learn(f, 0, 4));
	assert_int_equal(COUNTER(&f->w, ITR_EVICTED), 0);
	for (unsigned i = 5; i < 20; i++) {
		unsigned removed = f->n_removed;

		assert_non_null(learn(f, 0, i));
		assert_int_equal(learned(f, 0), 5);
		assert_int_equal(f->n_removed, removed + 1);
		/* nothing was used: the oldest goes */
		assert_false(is_there(f, 0, i - 5));
		assert_int_equal(count_there(f, 0, i - 4, i + 1), 5);
	}
	assert_int_equal(COUNTER(&f->w, ITR_EVICTED), 15);
	assert_int_equal(itr_instance(f->itr, 0, false)->evicted, 15);
	/* the other instance has a limit of its own */
	for (unsigned i = 0; i < 5; i++)
		assert_non_null(learn(f, 100, i));
	assert_int_equal(COUNTER(&f->w, ITR_EVICTED), 15);
	/* room again */
	assert_int_equal(itr_clear(f->itr, NULL, 0), 5);
	assert_int_equal(learned(f, 0), 0);
	for (unsigned i = 0; i < 5; i++)
		assert_non_null(learn(f, 0, i));
	assert_int_equal(COUNTER(&f->w, ITR_EVICTED), 15);
}

/* Negative entries count too; expired ones do not any more. */
static void test_what_counts(void **state)
{
	struct fixture *f = *state;
	struct xtr_eid e = host(0, 1000);

	begin(f, 3, 0);
	assert_non_null(itr_mapping_set(
	    f->itr, &e, XTR_FROM_MAP_REPLY, XTR_ACT_NATIVELY_FORWARD, NULL, 0, 15, 900000));
	learn(f, 0, 1);
	learn(f, 0, 2);
	xtr_clock_advance(&f->w.wheel, 900000);
	assert_int_equal(COUNTER(&f->w, ITR_EXPIRED), 1);
	assert_int_equal(learned(f, 0), 2);
	learn(f, 0, 3);
	assert_int_equal(COUNTER(&f->w, ITR_EVICTED), 0);
	learn(f, 0, 4);
	assert_int_equal(COUNTER(&f->w, ITR_EVICTED), 1);
}

static void test_settings_of_an_instance(void **state)
{
	static struct xtr_cfg_instance in[] = {{.iid = 100, .map_cache_limit = 2},
	    {.iid = 101, .map_cache_limit = 50, .map_cache_counters = true},
	    {.iid = 102, .map_cache_limit = 0}};
	struct fixture *f = *state;

	f->w.cfg.instances = in;
	f->w.cfg.n_instances = 3;
	begin(f, 20, 10);
	for (unsigned i = 0; i < 12; i++) {
		learn(f, 100, i);
		assert_false(learn(f, 0, i)->count);
	}
	assert_int_equal(learned(f, 100), 2);
	assert_int_equal(learned(f, 0), 10);
	itr_clear(f->itr, NULL, -1);
	for (unsigned i = 0; i < 30; i++)
		assert_true(learn(f, 101, i)->count);
	assert_int_equal(learned(f, 101), 20);
	itr_clear(f->itr, NULL, -1);
	for (unsigned i = 0; i < 30; i++)
		learn(f, 102, i);
	assert_int_equal(learned(f, 102), 20);
}

/* What is marked stays, in whatever order it came; what is not goes, oldest first. */
static void test_least_recently_used(void **state)
{
	struct fixture *f = *state;

	begin(f, 100, 0);
	for (unsigned i = 0; i < 100; i++) {
		met[i] = true; /* by what waited for it */
		itr_limit_settled(learn(f, 0, i));
	}
	for (unsigned i = 0; i < 50; i++) {
		/* every third is in use */
		for (unsigned k = 0; k < 100; k += 3)
			met[k] |= i % 10 == 0;
		assert_non_null(learn(f, 0, 100 + i));
		met[100 + i] = true;
	}
	for (unsigned k = 0; k < 100; k += 3)
		assert_true(is_there(f, 0, k));
	assert_int_equal(count_there(f, 0, 0, 150), 100);
	/* the 50 oldest of the others */
	for (unsigned k = 0; k < 75; k++)
		if (k % 3)
			assert_false(is_there(f, 0, k));
	for (unsigned k = 76; k < 150; k++)
		assert_true(is_there(f, 0, k));
}

/* The packets that caused a resolution say nothing of use. */
static void test_resolution_is_no_use(void **state)
{
	struct fixture *f = *state;
	struct xtr_mapping *m;

	begin(f, 0, 0);
	want(f, "10.2.0.5");
	reply_with(f, nonce(f, 0), "10.2.0.5/32", 1440, 0, "172.16.1.3");
	m = find(f, "10.2.0.5/32");
	met[5] = true;
	xtr_clock_advance(&f->w.wheel, 90);
	assert_false(m->looked);
	xtr_clock_advance(&f->w.wheel, 20);
	assert_int_equal(f->forgotten, 0);
	assert_true(m->looked);
	assert_false(met[5]);
	assert_int_equal(m->list, ITR_FRESH);
	/* once: later marks are its own */
	met[5] = true;
	xtr_clock_advance(&f->w.wheel, 1000);
	assert_int_equal(f->forgotten, 1);
	want(f, "10.2.0.5");
	xtr_clock_advance(&f->w.wheel, 3000);
	assert_true(met[5]);
}

/* Resolves host n as a scan does: one packet, one answer, and nothing more. */
static void scan_one(struct fixture *f, uint32_t iid, unsigned n)
{
	struct xtr_eid e = host(iid, n), src = eid_in(iid, "10.1.1.4");
	struct xtr_pending *p = xtr_itr_resolve(f->itr, &e, &src);
	struct reply r;

	assert_non_null(p);
	reply_begin(&r, p->nonce, false);
	reply_record(&r, e, 1440, XTR_ACT_NATIVELY_FORWARD, NULL);
	reply_send(f, &r);
	met[n] = true;
}

/* A scan of ten times the limit: what is in use, at a modest rate, stays; the other instance does
 * not feel it, idle as it is. */
static void scan(struct fixture *f, unsigned each_ms)
{
	begin(f, 1500, 1000);
	f->w.send_rc = -ENETUNREACH; /* a scan's Map-Requests need not be kept */
	for (unsigned i = 0; i < 500; i++)
		learn(f, 100, i);
	for (unsigned i = 0; i < 200; i++)
		scan_one(f, 0, i);
	xtr_clock_advance(&f->w.wheel, 2000);
	for (unsigned i = 0; i < 10000; i++) {
		/* each of the 200 has a packet in so many of the scan's */
		met[i % 400 / 2] = true;
		scan_one(f, 0, 1000 + i);
		if (each_ms)
			xtr_clock_advance(&f->w.wheel, each_ms);
	}
	assert_int_equal(count_there(f, 0, 0, 200), 200);
	assert_int_equal(learned(f, 0), 1000);
	assert_int_equal(count_there(f, 100, 0, 500), 500);
	assert_int_equal(itr_instance(f->itr, 100, false)->evicted, 0);
	assert_int_equal(COUNTER(&f->w, ITR_EVICTED), 200 + 10000 - 1000);
}

static void test_slow_scan(void **state)
{
	scan(*state, 5);
	/* three looks at each that came and went: after its resolution, ahead, and at the end */
	assert_true(asked_for < 3 * 10200 + 1000);
}

/* So fast that none of its resolutions is over: all look used. */
static void test_fast_scan(void **state)
{
	scan(*state, 0);
}

/* What was kept and is not used any more makes room for what is. */
static void test_kept_gives_way(void **state)
{
	struct fixture *f = *state;
	struct instance *inst;

	begin(f, 1000, 0);
	for (unsigned i = 0; i < 950; i++)
		itr_limit_settled(learn(f, 0, i));
	for (unsigned i = 0; i < 1000; i++) {
		memset(met, true, 950);
		learn(f, 0, 5000 + i);
	}
	inst = itr_instance(f->itr, 0, false);
	/* in use they may have all but a tenth */
	assert_in_range(inst->n_list[ITR_KEPT], 880, 910);
	/* others are in use now */
	memset(met, false, sizeof(met));
	for (unsigned round = 0; round < 10; round++)
		for (unsigned i = 0; i < 900; i++) {
			met[10000 + i] = true;
			if (!is_there(f, 0, 10000 + i))
				learn(f, 0, 10000 + i);
		}
	assert_int_equal(count_there(f, 0, 10000, 10900), 900);
	assert_int_equal(learned(f, 0), 1000);
}

/* However many are in use, one goes, and the looks are few. */
static void test_all_in_use(void **state)
{
	struct fixture *f = *state;

	begin(f, 1000, 0);
	for (unsigned i = 0; i < 3000; i++) {
		unsigned before = asked_for;

		memset(met, true, sizeof(met));
		assert_non_null(learn(f, 0, i));
		assert_true(asked_for - before <= 64 + 4);
		assert_true(is_there(f, 0, i));
	}
	assert_int_equal(learned(f, 0), 1000);
}

/* Limits and scans are nothing to what is configured. */
static void test_configured_stays(void **state)
{
	struct fixture *f = *state;
	struct xtr_mapping *m;

	f->configured[0] = (struct xtr_cfg_mapping){
	    .eid = host(0, 7), .locators = &f->locator, .n_locators = 1, .ttl_min = 1440};
	f->configured[1] = (struct xtr_cfg_mapping){
	    .eid = host(0, 8), .action = XTR_ACT_SEND_MAP_REQUEST, .ttl_min = 77};
	f->configured[2] =
	    (struct xtr_cfg_mapping){.eid = host(0, 9), .action = XTR_ACT_DROP, .ttl_min = 1440};
	f->w.cfg.n_map_cache = 3;
	begin(f, 3, 0);
	assert_int_equal(learned(f, 0), 0);
	for (unsigned i = 100; i < 200; i++)
		learn(f, 0, i);
	assert_int_equal(count_there(f, 0, 7, 10), 3);
	assert_int_equal(f->itr->n_mappings, 3 + 3 + 4); /* learned, configured, two instances' */
	assert_non_null(find(f, "0.0.0.0/0"));
	/* in the place of a configured one: learned, and it comes back when its turn is over */
	m = learn(f, 0, 8);
	assert_true(m->over_configured);
	assert_int_equal(learned(f, 0), 3);
	assert_int_equal(f->itr->n_mappings, 9);
	learn(f, 0, 200);
	learn(f, 0, 201);
	assert_true(m->over_configured);
	learn(f, 0, 202);
	assert_ptr_equal(find(f, "10.2.0.8/32"), m);
	assert_int_equal(m->source, XTR_FROM_STATIC);
	assert_int_equal(m->action, XTR_ACT_SEND_MAP_REQUEST);
	assert_int_equal(m->ttl_min, 77);
	assert_int_equal(m->n_locators, 0);
	assert_int_equal(learned(f, 0), 3);
	assert_int_equal(count_there(f, 0, 200, 203), 3);
	assert_true(xtr_itr_serves(f->itr, &m->eid));
}

/* Who is below its share of the total takes from whoever has the most, and loses nothing. */
static void test_fairness(void **state)
{
	struct fixture *f = *state;

	begin(f, 120, 0);
	for (unsigned i = 0; i < 120; i++)
		learn(f, 0, i);
	for (unsigned i = 0; i < 60; i++) {
		learn(f, 100, i);
		assert_int_equal(learned(f, 0), 119 - i);
	}
	/* both have their share: each pays for itself */
	for (unsigned i = 60; i < 90; i++)
		learn(f, 100, i);
	for (unsigned i = 120; i < 150; i++)
		learn(f, 0, i);
	assert_int_equal(learned(f, 0), 60);
	assert_int_equal(learned(f, 100), 60);
	/* a third takes from both */
	for (unsigned i = 0; i < 100; i++)
		learn(f, 101, i);
	assert_int_equal(learned(f, 0), 40);
	assert_int_equal(learned(f, 100), 40);
	assert_int_equal(learned(f, 101), 40);
	assert_int_equal(f->itr->total[ITR_LEARNED], 120);
	/* a scan in one of them is that one's */
	for (unsigned i = 200; i < 2000; i++)
		learn(f, 101, i);
	assert_int_equal(learned(f, 0), 40);
	assert_int_equal(learned(f, 100), 40);
	/* more instances than entries: someone has to give all the same */
	for (unsigned i = 0; i < 300; i++)
		assert_non_null(learn(f, 1000 + i, 1));
	assert_int_equal(f->itr->total[ITR_LEARNED], 120);
}

/* The heap against a walk. */
static void test_share(void **state)
{
	struct fixture *f = *state;
	unsigned long long x = 88172645463325252ull;

	begin(f, 0, 0);
	for (unsigned i = 0; i < 60; i++)
		assert_non_null(itr_instance(f->itr, i, true));
	for (unsigned step = 0; step < 100000; step++) {
		struct instance *inst, *tmp;
		unsigned most = 0, total = 0, sharing = 0;

		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		inst = itr_instance(f->itr, (uint32_t)(x % 60), false);
		/* the lower half of instance-IDs grows, then shrinks */
		if (inst->held[0] && (x >> 40) % 100 < (step < 50000 ? 45 : 55))
			itr_share_change(f->itr, inst, 0, -1);
		else
			itr_share_change(f->itr, inst, 0, 1);
		if (step % 16)
			continue;
		HASH_ITER (hh, f->itr->instances, inst, tmp) {
			assert_ptr_equal(f->itr->most[0][inst->at[0]], inst);
			most = inst->held[0] > most ? inst->held[0] : most;
			total += inst->held[0];
			sharing += inst->held[0] > 0;
		}
		assert_int_equal(f->itr->total[0], total);
		assert_int_equal(f->itr->sharing[0], sharing);
		assert_int_equal(f->itr->most[0][0]->held[0], most);
		assert_int_equal(f->itr->total[1], 0);
	}
	for (unsigned i = 0; i < 60; i++)
		while (itr_instance(f->itr, i, false)->held[0])
			itr_share_change(f->itr, itr_instance(f->itr, i, false), 0, -1);
}

/* What else a Map-Reply says does not push out its answer, nor what is learned with it. */
static void test_answer_stays(void **state)
{
	struct fixture *f = *state;
	const char *rlocs[] = {"172.16.1.3", NULL};
	struct reply r;

	begin(f, 1, 0);
	want(f, "10.2.0.5");
	reply_begin(&r, nonce(f, 0), false);
	reply_record(&r, eid("10.2.0.0/24"), 1440, 0, rlocs);
	for (unsigned i = 6; i < 20; i++)
		reply_record(&r, host(0, i), 1440, 0, rlocs);
	reply_send(f, &r);
	assert_int_equal(f->waiting[0].released, 1);
	assert_int_equal(learned(f, 0), 1);
	assert_non_null(find(f, "10.2.0.0/24"));
	assert_int_equal(COUNTER(&f->w, ITR_EVICTED), 14);
	/* the next answer takes its place */
	xtr_clock_advance(&f->w.wheel, 1100);
	want(f, "10.3.0.6");
	reply_with(f, nonce(f, 1), "10.3.0.6/32", 1440, 0, "172.16.1.3");
	assert_int_equal(f->waiting[1].released, 1);
	assert_non_null(find(f, "10.3.0.6/32"));
	assert_null(find(f, "10.2.0.0/24"));
}

static void test_log(void **state)
{
	struct fixture *f = *state;

	begin(f, 100, 10);
	for (unsigned i = 0; i < 10; i++)
		learn(f, 0, i);
	assert_int_equal(logged(&f->w, "<5>", "map-cache: full", NULL), 0);
	for (unsigned i = 10; i < 500; i++)
		learn(f, i % 2 ? 0 : 100, i);
	assert_int_equal(
	    logged(&f->w, "<5>", "map-cache: full", "10 of 10 in instance 0", NULL), 1);
	assert_int_equal(logged(&f->w, "<5>", "map-cache: full", NULL), 1);
	xtr_clock_advance(&f->w.wheel, 60000);
	for (unsigned i = 500; i < 1000; i++)
		learn(f, 0, i);
	assert_int_equal(logged(&f->w, "<5>", "map-cache: full", NULL), 2);
}

/* Wherever memory ends, all is as it was. */
static void test_memory(void **state)
{
	struct fixture *f = *state;
	struct xtr_mapping *m = NULL;
	unsigned i;

	begin(f, 16, 0);
	for (i = 0; i < 16; i++)
		learn(f, 0, i);
	for (int n = 0; !m; n++) {
		unsigned removed = f->n_removed, instances = f->itr->n_instances;

		assert_in_range(n, 0, 20);
		allocs_failed = 0;
		allocs_left = n;
		/* a new instance, with room for more of them, too */
		m = learn(f, 1000 + instances, 500);
		allocs_left = -1;
		assert_int_equal(m != NULL, allocs_failed == 0);
		if (m)
			break;
		assert_int_equal(f->n_removed, removed);
		assert_int_equal(f->itr->total[ITR_LEARNED], 16);
		assert_int_equal(count_there(f, 0, 0, 16), 16);
		assert_int_equal(COUNTER(&f->w, ITR_EVICTED), 0);
	}
	assert_int_equal(f->itr->total[ITR_LEARNED], 16);
	assert_int_equal(COUNTER(&f->w, ITR_EVICTED), 1);
}

static struct xtr_pending *resolve(struct fixture *f, uint32_t iid, unsigned n)
{
	struct xtr_eid e = host(iid, n), src = eid_in(iid, "10.1.1.4");

	return xtr_itr_resolve(f->itr, &e, &src);
}

/* EIDs that are being resolved: a scan costs its instance only, and there is an end to all. */
static void test_pendings(void **state)
{
	struct fixture *f = *state;
	unsigned forgotten;

	begin(f, 0, 0);
	f->w.send_rc = -ENETUNREACH; /* they need not be kept */
	for (uint32_t iid = 0; iid < 4; iid++) {
		for (unsigned i = 0; i < 16384; i++)
			assert_non_null(resolve(f, iid, i));
		assert_null(resolve(f, iid, 16384));
	}
	assert_int_equal(COUNTER(&f->w, ITR_RESOLVE_LIMIT), 4);
	assert_int_equal(f->forgotten, 0);
	assert_int_equal(f->itr->total[ITR_RESOLVING], 65536);
	/* a fifth has its share: the oldest of the others go, and none of its own */
	for (unsigned i = 0; i < 13107; i++)
		assert_non_null(resolve(f, 4, i));
	assert_int_equal(f->itr->total[ITR_RESOLVING], 65536);
	assert_int_equal(f->forgotten, 13107);
	assert_int_equal(COUNTER(&f->w, ITR_RESOLVE_GIVEN_UP), 13107);
	assert_null(resolve(f, 4, 13107));
	assert_int_equal(itr_instance(f->itr, 4, false)->held[ITR_RESOLVING], 13107);
	for (uint32_t iid = 0; iid < 4; iid++)
		assert_in_range(
		    itr_instance(f->itr, iid, false)->held[ITR_RESOLVING], 13107, 13108);
	/* the oldest went: it would be asked for anew */
	forgotten = f->forgotten;
	xtr_clock_advance(&f->w.wheel, 60000);
	assert_int_equal(f->itr->total[ITR_RESOLVING], 0);
	assert_int_equal(f->forgotten, forgotten + 65536);
	assert_null(itr_instance(f->itr, 0, false)->askers);
}

/* Within an instance, the same by who asks: a port's scan fills all, and another's EID is asked
 * for. */
static void test_pendings_of_askers(void **state)
{
	struct fixture *f = *state;
	struct xtr_eid src = eid_in(0, "10.1.1.4"), e;
	struct xtr_pending *p;

	begin(f, 0, 0);
	f->w.send_rc = -ENETUNREACH;
	for (unsigned i = 0; i < 16384; i++) {
		e = host(0, i);
		p = xtr_itr_resolve_for(f->itr, &e, &src, 3);
		assert_non_null(p);
	}
	e = host(0, 16384);
	assert_null(xtr_itr_resolve_for(f->itr, &e, &src, 3));
	assert_int_equal(f->forgotten, 0);
	/* up to as many as the other has left; the oldest go */
	for (unsigned i = 0; i < 8192; i++) {
		e = host(0, 20000 + i);
		assert_non_null(xtr_itr_resolve_for(f->itr, &e, &src, 70000));
		assert_int_equal(f->forgotten, i + 1);
	}
	e = host(0, 30000);
	assert_null(xtr_itr_resolve_for(f->itr, &e, &src, 70000));
	assert_null(xtr_itr_resolve_for(f->itr, &e, &src, 3));
	assert_non_null(xtr_itr_resolve_for(f->itr, &e, &src, 4));
	assert_int_equal(itr_instance(f->itr, 0, false)->held[ITR_RESOLVING], 16384);
	/* whoever asks for what is being resolved joins it */
	p = xtr_itr_resolve_for(f->itr, &e, &src, 3);
	assert_non_null(p);
	assert_int_equal(p->asker->id, 4);
	/* what was given up would be asked for anew, the youngest are there */
	e = host(0, 16383);
	p = xtr_itr_resolve_for(f->itr, &e, &src, 4);
	assert_non_null(p);
	assert_int_equal(p->asker->id, 3);
	e = host(0, 0);
	p = xtr_itr_resolve_for(f->itr, &e, &src, 4);
	assert_non_null(p);
	assert_int_equal(p->asker->id, 4);
	/* nobody answers any of them: one log line a second tells */
	xtr_clock_advance(&f->w.wheel, 20000);
	assert_in_range(COUNTER(&f->w, ITR_RESOLVE_FAILED), 16384, 16386);
	assert_in_range(f->itr->unanswered_more, 16380, 16386);
	xtr_clock_advance(&f->w.wheel, 40000);
	assert_null(itr_instance(f->itr, 0, false)->askers);
}

/* Where memory ends, none is given up for what does not come. */
static void test_pendings_memory(void **state)
{
	struct fixture *f = *state;
	struct xtr_pending *p = NULL;

	begin(f, 0, 0);
	f->w.send_rc = -ENETUNREACH;
	for (uint32_t iid = 0; iid < 4; iid++)
		for (unsigned i = 0; i < 16384; i++)
			assert_non_null(resolve(f, iid, i));
	for (int n = 0; !p; n++) {
		assert_in_range(n, 0, 20);
		allocs_failed = 0;
		allocs_left = n;
		p = resolve(f, 1000, 1);
		allocs_left = -1;
		assert_int_equal(p != NULL, allocs_failed == 0);
		assert_int_equal(f->forgotten, p ? 1 : 0);
	}
}

static json_t *item(const json_t *list, json_int_t iid)
{
	json_t *o;
	size_t i;

	json_array_foreach (list, i, o)
		if (json_integer_value(json_object_get(o, "instance")) == iid)
			return o;
	fail_msg("instance %lld is not there", (long long)iid);
	return NULL;
}

static void says(const json_t *o, int entries, int dynamic, int limit, int evicted, int resolving)
{
	assert_int_equal(json_integer_value(json_object_get(o, "entries")), entries);
	assert_int_equal(json_integer_value(json_object_get(o, "static")), entries - dynamic);
	assert_int_equal(json_integer_value(json_object_get(o, "dynamic")), dynamic);
	assert_int_equal(json_integer_value(json_object_get(o, "limit")), limit);
	assert_int_equal(json_integer_value(json_object_get(o, "evicted")), evicted);
	assert_int_equal(json_integer_value(json_object_get(o, "resolving")), resolving);
}

static json_t *summary(struct xtr_itr *itr, json_t **rest)
{
	json_t *list = json_array(), *o;
	struct xtr_oper_stream s = {0};
	int rc;

	assert_int_equal(xtr_itr_show_summary(itr, &s), 0);
	assert_string_equal(s.key, "instances");
	while ((rc = s.next(s.state, &o)) > 0)
		json_array_append_new(list, o);
	assert_int_equal(rc, 0);
	*rest = s.rest(s.state);
	s.free(s.state);
	return list;
}

static void test_summary(void **state)
{
	struct fixture *f = *state;
	json_t *list, *rest;

	f->configured[0] = (struct xtr_cfg_mapping){
	    .eid = host(100, 7), .locators = &f->locator, .n_locators = 1, .ttl_min = 1440};
	f->w.cfg.n_map_cache = 1;
	begin(f, 12, 5);
	for (unsigned i = 20; i < 27; i++)
		learn(f, 0, i);
	for (unsigned i = 20; i < 23; i++)
		learn(f, 100, i);
	resolve(f, 100, 30);
	/* this one is resolved */
	want(f, "10.2.0.26");
	reply_with(f, nonce(f, 1), "10.2.0.26/32", 1440, 0, "172.16.1.3");
	list = summary(f->itr, &rest);
	assert_int_equal(json_array_size(list), 2);
	says(item(list, 0), 7, 5, 5, 2, 0);
	says(item(list, 100), 6, 3, 5, 0, 1);
	says(json_object_get(rest, "total"), 13, 8, 12, 2, 1);
	json_decref(list);
	json_decref(rest);
	list = summary(NULL, &rest);
	assert_int_equal(json_array_size(list), 0);
	says(json_object_get(rest, "total"), 0, 0, 0, 0, 0);
	json_decref(list);
	json_decref(rest);
}

/* An entry says what it counts, if it does. */
static void test_show_counters(void **state)
{
	struct fixture *f = *state;
	json_t *doc, *e;
	size_t i;

	f->configured[0] = (struct xtr_cfg_mapping){.eid = host(0, 7),
	    .locators = &f->locator,
	    .n_locators = 1,
	    .ttl_min = 1440,
	    .counters = true};
	f->configured[1] = (struct xtr_cfg_mapping){
	    .eid = host(0, 8), .action = XTR_ACT_SEND_MAP_REQUEST, .counters = true};
	f->w.cfg.n_map_cache = 2;
	begin(f, 0, 0);
	assert_true(find(f, "10.2.0.7/32")->count);
	learn(f, 0, 8);
	learn(f, 0, 9);
	resolve(f, 0, 10);
	doc = xtr_itr_show(f->itr, &(struct xtr_eid){.plen = 24, .ip = ip("10.2.0.0")}, 0);
	assert_int_equal(json_array_size(json_object_get(doc, "entries")), 4);
	json_array_foreach (json_object_get(doc, "entries"), i, e) {
		if (i < 2) {
			assert_int_equal(json_integer_value(json_object_get(e, "packets")), 3);
			assert_int_equal(json_integer_value(json_object_get(e, "bytes")), 300);
		} else {
			assert_true(json_is_null(json_object_get(e, "packets")));
			assert_true(json_is_null(json_object_get(e, "bytes")));
		}
	}
	json_decref(doc);
	/* learned over what counts, and back */
	assert_true(find(f, "10.2.0.8/32")->count);
	itr_clear(f->itr, NULL, -1);
	assert_true(find(f, "10.2.0.8/32")->count);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    T(test_boundary),
	    T(test_what_counts),
	    T(test_settings_of_an_instance),
	    T(test_least_recently_used),
	    T(test_resolution_is_no_use),
	    T(test_slow_scan),
	    T(test_fast_scan),
	    T(test_kept_gives_way),
	    T(test_all_in_use),
	    T(test_configured_stays),
	    T(test_fairness),
	    T(test_share),
	    T(test_answer_stays),
	    T(test_log),
	    T(test_memory),
	    T(test_pendings),
	    T(test_pendings_of_askers),
	    T(test_pendings_memory),
	    T(test_summary),
	    T(test_show_counters),
	};

	return cmocka_run_group_tests_name("itr_limit", tests, NULL, NULL);
}
