/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A Map-Server with a wire and a clock of its own: what it sends is kept here, what it logs goes to
 * a memory file.
 */
#ifndef MS_FIXTURE_H
#define MS_FIXTURE_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

#include "auth/auth.h"
#include "control/lisp/ms.h"
#include "control/lisp/state.h"
#include "util/log.h"

#define KEY1      "Zaq12wsx!@"
#define KEY2      "another secret"
#define MAX_SENT  32
#define MAX_SITES 9

struct sent {
	struct xtr_ip src, dst;
	uint16_t port;
	size_t len;
	uint8_t p[2048];
	struct xtr_msg m;
};

struct fixture {
	struct xtr_lisp l; /* first: callbacks get it */
	struct xtr_config cfg;
	struct xtr_cfg_site sites[MAX_SITES];
	struct xtr_cfg_site_prefix prefixes[MAX_SITES][4];
	struct xtr_wheel wheel;
	struct xtr_ms *ms;
	struct sent sent[MAX_SENT];
	unsigned n_sent;
	struct xtr_ip unreachable; /* no route there */
	struct xtr_ip self;        /* our own address */
	uint64_t random;
	int send_rc;
	/* the log */
	int saved_stderr, log_fd;
};

static inline struct xtr_ip ip(const char *text)
{
	struct xtr_ip out;

	assert_int_equal(xtr_ip_parse(text, &out), 0);
	return out;
}

static inline struct xtr_eid eid(const char *text)
{
	struct xtr_eid out;

	assert_int_equal(xtr_eid_parse(text, &out), 0);
	return out;
}

static inline struct xtr_eid eid_in(uint32_t iid, const char *text)
{
	struct xtr_eid out = eid(text);

	out.iid = iid;
	return out;
}

static inline int fake_send(struct xtr_lisp *l, const struct xtr_ip *src, const struct xtr_ip *dst,
    uint16_t port, const uint8_t *p, size_t len)
{
	struct fixture *f = (struct fixture *)l;
	struct sent *s = &f->sent[f->n_sent];

	if (f->send_rc)
		return f->send_rc;
	assert_true(f->n_sent < MAX_SENT && len <= sizeof(s->p));
	f->n_sent++;
	*s = (struct sent){.src = *src, .dst = *dst, .port = port, .len = len};
	memcpy(s->p, p, len);
	assert_int_equal(xtr_msg_read(s->p, len, &s->m, NULL), 0);
	return 0;
}

static inline int fake_source_for(struct xtr_lisp *l, const struct xtr_ip *dst, struct xtr_ip *src)
{
	struct fixture *f = (struct fixture *)l;

	if (xtr_ip_equal(dst, &f->unreachable))
		return -ENETUNREACH;
	*src = dst->af == 4 ? f->self : ip("2001:db8::1");
	return 0;
}

static inline uint64_t fake_random(struct xtr_lisp *l)
{
	return ((struct fixture *)l)->random++;
}

static inline uint64_t fake_wall_clock(struct xtr_lisp *l)
{
	return 1700000000 + xtr_wheel_now(l->wheel) / 1000;
}

/* Adds a site with one prefix; more by add_prefix(). */
static inline struct xtr_cfg_site *add_site(struct fixture *f, const char *name, const char *key)
{
	struct xtr_cfg_site *s = &f->sites[f->cfg.n_sites];

	assert_true(f->cfg.n_sites < MAX_SITES);
	*s = (struct xtr_cfg_site){
	    .name = strdup(name),
	    .key = {.secret = (uint8_t *)strdup(key), .len = strlen(key)},
	    .algorithms = 1u << XTR_ALG_SHA256 | 1u << XTR_ALG_SHA256_HKDF,
	    .replay_strict = true,
	    .prefixes = f->prefixes[f->cfg.n_sites],
	};
	f->cfg.n_sites++;
	return s;
}

static inline void add_prefix(struct xtr_cfg_site *s, struct xtr_eid e, bool more)
{
	assert_true(s->n_prefixes < 4);
	s->prefixes[s->n_prefixes++] =
	    (struct xtr_cfg_site_prefix){.eid = e, .accept_more_specifics = more};
}

/* Lab 1: site_1 has both prefixes. */
static inline struct fixture *lab1(void **state)
{
	struct fixture *f = *state;
	struct xtr_cfg_site *s = add_site(f, "Site_1", KEY1);

	add_prefix(s, eid("10.1.1.0/24"), false);
	add_prefix(s, eid("10.2.2.0/24"), false);
	return f;
}

static inline void start(struct fixture *f)
{
	f->ms = xtr_ms_create(&f->l);
	assert_non_null(f->ms);
}

static inline int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->cfg.ms = f->cfg.mr = true;
	f->cfg.sites = f->sites;
	f->l.cfg = &f->cfg;
	f->l.wheel = &f->wheel;
	f->l.send = fake_send;
	f->l.source_for = fake_source_for;
	f->l.random64 = fake_random;
	f->l.wall_clock = fake_wall_clock;
	f->self = ip("172.16.1.1");
	xtr_wheel_init(&f->wheel, true);
	f->saved_stderr = dup(2);
	f->log_fd = memfd_create("log", MFD_CLOEXEC);
	dup2(f->log_fd, 2);
	*state = f;
	return 0;
}

static inline int teardown(void **state)
{
	struct fixture *f = *state;
	char buf[4096];
	ssize_t n;

	xtr_ms_destroy(f->ms);
	xtr_state_close(f->l.state);
	assert_int_equal(f->wheel.n_armed, 0);
	for (unsigned i = 0; i < f->cfg.n_sites; i++) {
		free(f->sites[i].name);
		free(f->sites[i].key.secret);
		free(f->sites[i].locators);
	}
	/* what was said, a failed assertion too, goes where it should */
	dup2(f->saved_stderr, 2);
	lseek(f->log_fd, 0, SEEK_SET);
	while ((n = read(f->log_fd, buf, sizeof(buf))) > 0)
		if (write(2, buf, (size_t)n) != n)
			break;
	close(f->log_fd);
	close(f->saved_stderr);
	memset(xtr_debug_on, 0, sizeof(xtr_debug_on));
	free(f);
	return 0;
}

/* How many log lines have all of these words (NULL at the end). */
static inline unsigned logged(struct fixture *f, ...)
{
	off_t size = lseek(f->log_fd, 0, SEEK_END);
	char *text = calloc(1, (size_t)size + 1), *line, *rest = text;
	unsigned n = 0;

	assert_int_equal(pread(f->log_fd, text, (size_t)size, 0), size);
	while ((line = strsep(&rest, "\n"))) {
		const char *word;
		bool all = *line != 0;
		va_list ap;

		va_start(ap, f);
		while (all && (word = va_arg(ap, const char *)))
			all = strstr(line, word) != NULL;
		va_end(ap);
		n += all;
	}
	free(text);
	return n;
}

/* A Map-Register in the making. */
struct reg {
	struct xtr_register_opts o;
	const char *key;
	bool rfc_coverage;
	uint8_t xtr_id[16], site_id[8];
	struct xtr_peer from;
	struct xtr_writer w;
	uint8_t p[8192];
	size_t len;
};

static inline void reg_begin(struct reg *r, const char *from, uint64_t nonce)
{
	*r = (struct reg){
	    .o = {.nonce = nonce,
		.algorithm = XTR_ALG_SHA256,
		.auth_len = 32,
		.has_ids = true,
		.want_notify = true},
	    .key = KEY1,
	    .xtr_id = {0xf1, 0x80, 0xe0, 5},
	    .from = {.ip = ip(from), .port = 4342, .local = ip("172.16.1.1")},
	};
}

/* A record with up to two locators ("" or NULL: none), priority 1 and 2, weight 50. */
static inline void reg_record(
    struct reg *r, struct xtr_eid e, uint32_t ttl, const char *rloc1, const char *rloc2)
{
	struct xtr_record rec = {.eid = e, .ttl = ttl, .authoritative = true};

	if (!r->w.p) {
		xtr_writer_init(&r->w, r->p, sizeof(r->p));
		xtr_write_map_register(&r->w, &r->o);
	}
	xtr_write_record(&r->w, &rec);
	if (rloc1)
		xtr_write_locator(&r->w, &(struct xtr_locator){.ip = ip(rloc1),
					     .priority = 1,
					     .weight = 50,
					     .m_priority = 255,
					     .local = true,
					     .reachable = true});
	if (rloc2)
		xtr_write_locator(&r->w, &(struct xtr_locator){.ip = ip(rloc2),
					     .priority = 2,
					     .weight = 50,
					     .m_priority = 255,
					     .reachable = true});
}

static inline void sign(const char *secret, uint8_t *p, size_t len, size_t covered)
{
	struct xtr_key *key = xtr_key_create(secret, strlen(secret));

	assert_non_null(key);
	assert_int_equal(xtr_auth_sign(key, p, len, covered), 0);
	xtr_key_destroy(key);
}

static inline void reg_end(struct reg *r)
{
	size_t covered = r->w.len;

	if (r->o.has_ids)
		xtr_write_ids(&r->w, r->xtr_id, r->site_id);
	assert_int_equal(xtr_writer_result(&r->w), 0);
	r->len = r->w.len;
	sign(r->key, r->p, r->len, r->rfc_coverage ? covered : r->len);
}

static inline void deliver(
    struct fixture *f, const struct xtr_peer *from, const uint8_t *p, size_t len)
{
	struct xtr_msg m;
	uint8_t *copy = malloc(len); /* so that a read beyond the end is seen */

	assert_non_null(copy);
	memcpy(copy, p, len);
	f->n_sent = 0;
	assert_int_equal(xtr_msg_read(copy, len, &m, NULL), 0);
	xtr_ms_register(f->ms, from, copy, len, &m);
	free(copy);
}

static inline void reg_send(struct fixture *f, struct reg *r)
{
	deliver(f, &r->from, r->p, r->len);
}

/* One record, one locator, all default. */
static inline void register_one(struct fixture *f, uint64_t nonce, const char *e, const char *rloc)
{
	struct reg r;

	reg_begin(&r, rloc, nonce);
	reg_record(&r, eid(e), 1440, rloc, NULL);
	reg_end(&r);
	reg_send(f, &r);
}

/* Asks with a Map-Request for one EID; the ITR is 172.16.1.2, inner port 4342. */
struct ask {
	struct xtr_request_opts o;
	struct xtr_ip rlocs[4];
	struct xtr_peer from;
	struct xtr_ip inner_src, inner_dst;
	uint16_t sport;
	uint8_t p[512];
	size_t len;
};

static inline void ask_begin(struct ask *a)
{
	*a = (struct ask){
	    .o = {.nonce = 0x7047e71f65c02aac, .n_itr_rlocs = 1},
	    .rlocs = {ip("172.16.1.2")},
	    .from = {.ip = ip("172.16.1.2"), .port = 4342, .local = ip("172.16.1.1")},
	    .inner_src = ip("10.1.1.4"),
	    .inner_dst = ip("10.2.2.5"),
	    .sport = 40000,
	};
	a->o.source_eid = eid("10.1.1.4");
}

/* The request as it is now, inside an ECM, to the Map-Server. */
static inline void ask_deliver(struct fixture *f, const struct ask *a)
{
	uint8_t outer[1024];
	struct xtr_writer w;
	struct xtr_msg ecm, req;

	f->n_sent = 0;
	xtr_writer_init(&w, outer, sizeof(outer));
	xtr_write_ecm(&w, &a->inner_src, &a->inner_dst, a->sport, 4342, a->p, a->len);
	assert_int_equal(xtr_writer_result(&w), 0);
	assert_int_equal(xtr_msg_read(outer, w.len, &ecm, NULL), 0);
	assert_int_equal(xtr_msg_read(ecm.inner, ecm.inner_len, &req, NULL), 0);
	xtr_ms_request(f->ms, &a->from, &ecm, ecm.inner, ecm.inner_len, &req);
}

static inline void ask_for(struct fixture *f, struct ask *a, struct xtr_eid e)
{
	struct xtr_writer w;

	a->o.itr_rlocs = a->rlocs;
	xtr_writer_init(&w, a->p, sizeof(a->p));
	xtr_write_map_request(&w, &a->o, &e);
	assert_int_equal(xtr_writer_result(&w), 0);
	a->len = w.len;
	ask_deliver(f, a);
}

static inline void ask(struct fixture *f, const char *e)
{
	struct ask a;

	ask_begin(&a);
	ask_for(f, &a, eid(e));
}

/* Record `n` of a message sent. */
static inline struct xtr_record record_of(const struct sent *s, unsigned n)
{
	const uint8_t *cursor = NULL;
	struct xtr_record rec;

	do
		assert_true(xtr_record_next(&s->m, &cursor, &rec));
	while (n--);
	return rec;
}

static inline void assert_eid(const struct xtr_eid *e, const char *text)
{
	char buf[XTR_EID_STRLEN];

	assert_string_equal(xtr_eid_format(e, buf), text);
}

static inline void assert_ip(const struct xtr_ip *a, const char *text)
{
	char buf[XTR_IP_STRLEN];

	assert_string_equal(xtr_ip_format(a, buf), text);
}

#define COUNTER(f, c) ((f)->l.counters[XTR_C_##c])

/* A value by a path such as "sites.0.errors.replay"; borrowed. */
static inline json_t *at(json_t *doc, const char *path)
{
	char part[64];

	while (doc && *path) {
		size_t n = strcspn(path, ".");

		snprintf(part, sizeof(part), "%.*s", (int)n, path);
		doc = json_is_array(doc) ? json_array_get(doc, (size_t)atoi(part))
					 : json_object_get(doc, part);
		path += n + (path[n] == '.');
	}
	return doc;
}

/* The number at a path of `show sites`; -1 where there is none. */
static inline long long shown(struct fixture *f, const char *path)
{
	json_t *doc = xtr_ms_show_sites(f->ms, NULL), *v = at(doc, path);
	long long n = json_is_integer(v) ? json_integer_value(v) : -1;

	json_decref(doc);
	return n;
}

/* How many registrations site 0 shows. */
static inline size_t n_registered(struct fixture *f)
{
	json_t *doc = xtr_ms_show_sites(f->ms, NULL);
	size_t n = json_array_size(at(doc, "sites.0.registrations"));

	json_decref(doc);
	return n;
}

#endif
