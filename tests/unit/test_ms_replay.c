/* SPDX-License-Identifier: BSD-3-Clause */
/* Map-Server: replayed and repeated Map-Registers (RFC 9301 5.6). */
#include "ms_fixture.h"

static void test_replay(void **state)
{
	struct fixture *f = lab1(state);
	struct reg r[3];

	start(f);
	for (unsigned i = 0; i < 3; i++) {
		reg_begin(&r[i], "172.16.1.2", 10 + i);
		reg_record(
		    &r[i], eid(i == 1 ? "10.2.2.0/24" : "10.1.1.0/24"), 1440, "172.16.1.2", NULL);
		reg_end(&r[i]);
	}
	reg_send(f, &r[0]);
	reg_send(f, &r[1]);
	assert_int_equal(f->n_sent, 1);
	/* an older one: refused, whatever address it comes from */
	r[0].from.ip = ip("172.16.1.66");
	reg_send(f, &r[0]);
	assert_int_equal(f->n_sent, 0);
	assert_int_equal(COUNTER(f, REG_REPLAY), 1);
	assert_int_equal(shown(f, "sites.0.errors.replay"), 1);
	assert_int_equal(logged(f, "Site_1", "10.1.1.0/24", "172.16.1.66", "replay", NULL), 1);
	/* the last one, byte for byte: answered again, nothing else happens */
	xtr_clock_advance(&f->wheel, 60000);
	reg_send(f, &r[1]);
	assert_int_equal(f->n_sent, 1);
	assert_int_equal(f->sent[0].m.type, XTR_MSG_MAP_NOTIFY);
	assert_int_equal(COUNTER(f, REG_REPEATED), 1);
	assert_int_equal(COUNTER(f, REG_OK), 2);
	assert_int_equal(COUNTER(f, REG_REPLAY), 1);
	assert_int_equal(shown(f, "sites.0.registrations.1.last_registered_s"), 60);
	/* the same nonce, but not the same message */
	reg_begin(&r[2], "172.16.1.2", 11);
	reg_record(&r[2], eid("10.1.1.0/24"), 1440, "172.16.1.2", NULL);
	reg_end(&r[2]);
	reg_send(f, &r[2]);
	assert_int_equal(f->n_sent, 0);
	assert_int_equal(COUNTER(f, REG_REPLAY), 2);
	/* whoever repeats it for ever does not keep the registration alive */
	for (unsigned i = 0; i < 12; i++) {
		xtr_clock_advance(&f->wheel, 10000);
		reg_send(f, &r[1]);
	}
	assert_int_equal(f->n_sent, 0);
	assert_int_equal(n_registered(f), 0);
	assert_int_equal(COUNTER(f, REG_REPLAY), 3);
}

/* Nonces are each xTR's own, by its xTR-ID and Site-ID, or its address, and by key-id. */
static void test_replay_by_xtr(void **state)
{
	struct fixture *f = lab1(state);
	struct reg r;

	start(f);
	for (unsigned i = 0; i < 5; i++) {
		reg_begin(&r, i == 4 ? "172.16.1.3" : "172.16.1.2", 100 - i);
		r.xtr_id[15] = i == 1;
		r.site_id[0] = i == 2;
		r.o.key_id = i == 3;
		r.o.has_ids = i < 4;
		reg_record(&r, eid("10.1.1.0/24"), 1440, "172.16.1.2", NULL);
		reg_end(&r);
		reg_send(f, &r);
		assert_int_equal(f->n_sent, 1);
	}
	assert_int_equal(COUNTER(f, REG_REPLAY), 0);
	/* key-ids 0 and 1 of the first xTR are one registration */
	assert_int_equal(n_registered(f), 4);
	r.o.nonce = 96;
	r.from.ip = ip("172.16.1.3");
	r.p[11] = 95;
	sign(KEY1, r.p, r.len, r.len);
	reg_send(f, &r);
	assert_int_equal(f->n_sent, 0);
	assert_int_equal(COUNTER(f, REG_REPLAY), 1);
}

static void test_replay_off(void **state)
{
	static const uint64_t nonces[] = {UINT64_MAX, 5, 0, 5, 5};
	struct fixture *f = lab1(state);

	f->sites[0].replay_strict = false;
	f->l.state = xtr_state_open(NULL);
	start(f);
	for (unsigned i = 0; i < 5; i++) {
		register_one(f, nonces[i], "10.1.1.0/24", "172.16.1.2");
		assert_int_equal(f->n_sent, 1);
		xtr_clock_advance(&f->wheel, 1000);
	}
	assert_int_equal(COUNTER(f, REG_OK), 5);
	assert_int_equal(shown(f, "sites.0.registrations.0.last_registered_s"), 1);
}

/* RFC 9301 5.6: the last nonce outlives the Map-Server. */
static void test_replay_after_restart(void **state)
{
	struct fixture *f = lab1(state);
	char dir[] = "/tmp/xtr-ms-XXXXXX", path[64];
	struct reg old, last, next;

	assert_non_null(mkdtemp(dir));
	f->l.state = xtr_state_open(dir);
	assert_non_null(f->l.state);
	start(f);
	reg_begin(&old, "172.16.1.2", UINT64_MAX - 5);
	reg_record(&old, eid("10.1.1.0/24"), 1440, "172.16.1.2", NULL);
	reg_end(&old);
	reg_send(f, &old);
	reg_begin(&last, "172.16.1.2", UINT64_MAX - 4);
	reg_record(&last, eid("10.1.1.0/24"), 1440, "172.16.1.2", NULL);
	reg_end(&last);
	reg_send(f, &last);
	assert_int_equal(f->n_sent, 1);
	/* by itself it is saved soon */
	snprintf(path, sizeof(path), "%s/state.json", dir);
	assert_int_equal(access(path, F_OK), -1);
	xtr_clock_advance(&f->wheel, 200);
	assert_int_equal(access(path, F_OK), 0);
	xtr_ms_destroy(f->ms);
	xtr_state_close(f->l.state);

	f->l.state = xtr_state_open(dir);
	assert_non_null(f->l.state);
	start(f);
	reg_send(f, &old);
	assert_int_equal(f->n_sent, 0);
	/* what the last message was is not kept, only its nonce */
	reg_send(f, &last);
	assert_int_equal(f->n_sent, 0);
	assert_int_equal(COUNTER(f, REG_REPLAY), 2);
	reg_begin(&next, "172.16.1.2", UINT64_MAX - 3);
	reg_record(&next, eid("10.1.1.0/24"), 1440, "172.16.1.2", NULL);
	reg_end(&next);
	reg_send(f, &next);
	assert_int_equal(f->n_sent, 1);
	unlink(path);
	xtr_clock_advance(&f->wheel, 60000);
	assert_int_equal(access(path, F_OK), 0);
	unlink(path);
	rmdir(dir);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)
	const struct CMUnitTest tests[] = {
	    T(replay),
	    T(replay_by_xtr),
	    T(replay_off),
	    T(replay_after_restart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
