/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Messages of each type, of random content: written, read, compared field by field with what was
 * put in, written again, the same bytes; and written to buffers that are too small. With an
 * argument as many rounds (wire_prop.h).
 */
#include <errno.h>

#include "tests/unit/msg_again.h"
#include "tests/unit/wire_gen_record.h"
#include "tests/unit/wire_prop.h"
#include "wire/data.h"

/* Bits of the first word that no RFC gives a meaning, from the figures of RFC 9301 section 5. */
#define FREE_REQUEST  0x002f8000u /* RFC 9437 took bit 11 */
#define FREE_REPLY    0x01ffff00u
#define FREE_REGISTER 0x01ffe200u
#define FREE_NOTIFY   0x0fffff00u

/* A Map-Request's opts, and what they point to. */
struct request {
	struct xtr_request_opts o;
	struct xtr_ip ips[XTR_MAX_ITR_RLOCS];
	struct xtr_addr addrs[XTR_MAX_ITR_RLOCS], source;
	unsigned n_records;
	bool map_data;
};

static void request_gen(struct gen *g, struct request *r)
{
	uint32_t flags = (uint32_t)gen_u64(g), how = gen_below(g, 4);
	struct xtr_request_opts *o = &r->o;

	*o = (struct xtr_request_opts){.nonce = gen_bits(g, 64),
	    .authoritative = flags & 1,
	    .probe = flags & 2,
	    .smr = flags & 4,
	    .pitr = flags & 8,
	    .smr_invoked = flags & 16,
	    .local_xtr = flags & 32,
	    .dont_reply = flags & 64,
	    .has_ids = flags & 128,
	    .extra = flags & 256 ? flags & FREE_REQUEST : 0};
	if (how & 1) {
		r->source = gen_addr(g, 0);
		o->source_addr = &r->source;
		o->source_eid = gen_meaning(&r->source);
		o->source_eid.plen = (uint8_t)xtr_ip_bits(&o->source_eid.ip);
	} else {
		o->source_eid = gen_host(g);
	}
	o->n_itr_rlocs = (uint8_t)(1 + gen_count(g, XTR_MAX_ITR_RLOCS - 1));
	for (unsigned i = 0; i < o->n_itr_rlocs; i++) {
		/* at least one must be an address */
		if (how & 2)
			r->addrs[i] = gen_addr(g, 0);
		else
			r->ips[i] = gen_ip(g, i > 0);
	}
	if (how & 2 && r->addrs[0].afi == 0)
		r->addrs[0] = xtr_addr_of_name("xtr");
	if (how & 2)
		o->itr_addrs = r->addrs;
	else
		o->itr_rlocs = r->ips;
	r->n_records = 1 + gen_count(g, 254);
	r->map_data = gen_bool(g);
}

static void request_write(struct gen *g, struct xtr_writer *w)
{
	struct request r;
	const uint8_t *ids;

	request_gen(g, &r);
	xtr_write_request(w, &r.o);
	for (unsigned i = 0; i < r.n_records; i++) {
		size_t mark = g->used;
		struct xtr_request_rec req;
		bool by_addr = request_rec_gen(g, &req);

		(by_addr ? xtr_write_request_rec_addr : xtr_write_request_rec)(w, &req);
		g->used = mark;
	}
	if (r.map_data)
		record_write(g, w, 1, MAP_DATA);
	ids = gen_bytes(g, XTR_XTR_ID_LEN + XTR_SITE_ID_LEN);
	if (r.o.has_ids)
		xtr_write_ids(w, ids, ids + XTR_XTR_ID_LEN);
}

static void ids_check(struct gen *g, const struct xtr_msg *m, bool has_ids)
{
	const uint8_t *ids = gen_bytes(g, XTR_XTR_ID_LEN + XTR_SITE_ID_LEN);

	REQUIRE(g, m->has_ids == has_ids);
	REQUIRE(g, has_ids == (m->xtr_id != NULL) && has_ids == (m->site_id != NULL));
	REQUIRE(g, !has_ids || memcmp(m->xtr_id, ids, XTR_XTR_ID_LEN) == 0);
	REQUIRE(g, !has_ids || memcmp(m->site_id, ids + XTR_XTR_ID_LEN, XTR_SITE_ID_LEN) == 0);
}

static void itr_rlocs_check(struct gen *g, const struct xtr_msg *m, const struct request *r)
{
	const uint8_t *c = NULL;
	struct xtr_addr a, want;
	unsigned ips = 0;

	REQUIRE(g, m->n_itr_addrs == r->o.n_itr_rlocs);
	for (unsigned i = 0; i < r->o.n_itr_rlocs; i++) {
		want = r->o.itr_addrs ? r->addrs[i] : xtr_addr_of_ip(&r->ips[i]);
		REQUIRE(g, xtr_itr_addr_next(m, &c, &a) && addr_same(&a, &want));
		if (want.afi == XTR_AFI_IPV4 || want.afi == XTR_AFI_IPV6) {
			struct xtr_ip ip = gen_meaning(&want).ip;

			REQUIRE(g, ips < m->n_itr_rlocs && ip_same(&m->itr_rlocs[ips], &ip));
			ips++;
		}
	}
	REQUIRE(g, !xtr_itr_addr_next(m, &c, &a) && ips == m->n_itr_rlocs);
}

static void request_check(struct gen *g, const struct xtr_msg *m, const uint8_t *p)
{
	struct request r;
	struct xtr_request_rec req;
	const uint8_t *c = NULL, *d = NULL;
	struct xtr_record rec;
	struct xtr_eid eid;

	request_gen(g, &r);
	REQUIRE(g, m->type == XTR_MSG_MAP_REQUEST && m->nonce == r.o.nonce);
	REQUIRE(g, m->authoritative == r.o.authoritative && m->probe == r.o.probe);
	REQUIRE(g, m->smr == r.o.smr && m->pitr == r.o.pitr);
	REQUIRE(g, m->smr_invoked == r.o.smr_invoked && m->local_xtr == r.o.local_xtr);
	REQUIRE(g, m->dont_reply == r.o.dont_reply && m->map_data == r.map_data);
	REQUIRE(g, (m->head & FREE_REQUEST) == r.o.extra);
	eid_check(g, &r.o.source_eid, &m->source_eid);
	if (r.o.source_addr)
		REQUIRE(g, addr_same(&m->source_addr, &r.source));
	else
		as_eid_check(g, &r.o.source_eid, &m->source_addr);
	itr_rlocs_check(g, m, &r);
	REQUIRE(g, m->n_records == r.n_records);
	for (unsigned i = 0; i < r.n_records; i++) {
		REQUIRE(g, xtr_request_rec_next(m, &c, &req) && xtr_request_eid_next(m, &d, &eid));
		REQUIRE(g, eid_same(&eid, &req.eid));
		request_rec_check(g, &req);
	}
	REQUIRE(g, !xtr_request_rec_next(m, &c, &req) && !xtr_request_eid_next(m, &d, &eid));
	REQUIRE(g, r.map_data == (m->reply_record != NULL));
	if (r.map_data) {
		xtr_record_at(m->reply_record, &rec);
		record_check(g, &rec, 1, MAP_DATA);
	}
	ids_check(g, m, r.o.has_ids);
}

static void reply_gen(struct gen *g, struct xtr_reply_opts *o, struct xtr_sec_reply *sec)
{
	uint32_t flags = (uint32_t)gen_u64(g);

	*o = (struct xtr_reply_opts){.nonce = gen_bits(g, 64),
	    .probe = flags & 1,
	    .echo_nonce = flags & 2,
	    .security = flags & 4,
	    .extra = flags & 8 ? flags & FREE_REPLY : 0};
	*sec = (struct xtr_sec_reply){.eid_ad = eid_ad_gen(g, true)};
	sec->hmac_id = (uint16_t)gen_bits(g, 16);
	sec->hmac_len = (uint16_t)gen_below(g, 40);
	sec->hmac = gen_bytes(g, sec->hmac_len);
}

static void reply_write(struct gen *g, struct xtr_writer *w)
{
	struct xtr_reply_opts o;
	struct xtr_sec_reply sec;

	reply_gen(g, &o, &sec);
	xtr_write_map_reply_opts(w, &o);
	records_write(g, w, RECORD);
	if (o.security)
		xtr_write_sec_reply(w, &sec);
}

static void reply_check(struct gen *g, const struct xtr_msg *m, const uint8_t *p)
{
	struct xtr_reply_opts o;
	struct xtr_sec_reply sec, want;

	reply_gen(g, &o, &want);
	REQUIRE(g, m->type == XTR_MSG_MAP_REPLY && m->nonce == o.nonce);
	REQUIRE(g, m->probe == o.probe && m->echo_nonce == o.echo_nonce);
	REQUIRE(g, m->security == o.security && (m->head & FREE_REPLY) == o.extra);
	records_check(g, m, RECORD);
	REQUIRE(g, xtr_sec_of_reply(m, &sec) == o.security);
	if (!o.security)
		return;
	eid_ad_check(g, &sec.eid_ad, &want.eid_ad);
	REQUIRE(g, sec.hmac_id == want.hmac_id);
	REQUIRE(g, bytes_same(sec.hmac, sec.hmac_len, want.hmac, want.hmac_len));
	REQUIRE(g, p + sec.hmac_offset == sec.hmac && sec.hmac + sec.hmac_len == m->end);
}

static struct xtr_register_opts register_gen(struct gen *g, uint32_t free)
{
	uint32_t flags = (uint32_t)gen_u64(g);
	struct xtr_register_opts o = {.nonce = gen_bits(g, 64),
	    .proxy_reply = flags & 1,
	    .security = flags & 2,
	    .has_ids = flags & 4,
	    .eid_notify = flags & 8,
	    .use_ttl = flags & 16,
	    .merge = flags & 32,
	    .want_notify = flags & 64,
	    .extra = flags & 128 ? (uint32_t)gen_u64(g) & free : 0};

	o.key_id = (uint8_t)gen_bits(g, 8);
	o.algorithm = (uint8_t)gen_bits(g, 8);
	o.auth_len = (uint16_t)gen_below(g, XTR_AUTH_MAX + 1);
	return o;
}

static void register_finish(struct gen *g, struct xtr_writer *w, bool has_ids)
{
	const uint8_t *ids;

	records_write(g, w, RECORD);
	ids = gen_bytes(g, XTR_XTR_ID_LEN + XTR_SITE_ID_LEN);
	if (has_ids)
		xtr_write_ids(w, ids, ids + XTR_XTR_ID_LEN);
}

static void auth_check(
    struct gen *g, const struct xtr_msg *m, const struct xtr_register_opts *o, const uint8_t *p)
{
	REQUIRE(g, m->nonce == o->nonce && m->key_id == o->key_id);
	REQUIRE(g, m->algorithm == o->algorithm && m->auth_len == o->auth_len);
	REQUIRE(g, m->auth_offset == 16);
	for (unsigned i = 0; i < m->auth_len; i++)
		REQUIRE(g, p[m->auth_offset + i] == 0);
}

static void register_write(struct gen *g, struct xtr_writer *w)
{
	struct xtr_register_opts o = register_gen(g, FREE_REGISTER);

	xtr_write_map_register(w, &o);
	register_finish(g, w, o.has_ids);
}

static void register_check(struct gen *g, const struct xtr_msg *m, const uint8_t *p)
{
	struct xtr_register_opts o = register_gen(g, FREE_REGISTER);

	REQUIRE(g, m->type == XTR_MSG_MAP_REGISTER);
	auth_check(g, m, &o, p);
	REQUIRE(g, m->proxy_reply == o.proxy_reply && m->security == o.security);
	REQUIRE(g, m->eid_notify == o.eid_notify && m->use_ttl == o.use_ttl);
	REQUIRE(g, m->merge == o.merge && m->want_notify == o.want_notify);
	REQUIRE(g, (m->head & FREE_REGISTER) == o.extra);
	records_check(g, m, RECORD);
	REQUIRE(g, p + m->records_end == m->records_after);
	REQUIRE(g, m->records_after + (o.has_ids ? 24 : 0) == m->end);
	ids_check(g, m, o.has_ids);
}

static struct xtr_register_opts notify_gen(struct gen *g)
{
	struct xtr_register_opts o = register_gen(g, FREE_NOTIFY);

	/* R without I, of a draft: no IDs follow */
	if ((o.extra & 0x0c000000) == 0x04000000)
		o.has_ids = false;
	return o;
}

static void notify_write(struct gen *g, struct xtr_writer *w)
{
	struct xtr_register_opts o = notify_gen(g);

	xtr_write_map_notify(w, &o, gen_bool(g));
	register_finish(g, w, o.has_ids);
}

static void notify_check(struct gen *g, const struct xtr_msg *m, const uint8_t *p)
{
	struct xtr_register_opts o = notify_gen(g);

	REQUIRE(g, m->type == (gen_bool(g) ? XTR_MSG_MAP_NOTIFY_ACK : XTR_MSG_MAP_NOTIFY));
	auth_check(g, m, &o, p);
	REQUIRE(g, (m->head & FREE_NOTIFY) == o.extra);
	records_check(g, m, RECORD);
	REQUIRE(g, p + m->records_end == m->records_after);
	ids_check(g, m, o.has_ids);
}

static void referral_write(struct gen *g, struct xtr_writer *w)
{
	xtr_write_map_referral(w, gen_bits(g, 64));
	records_write(g, w, REFERRAL);
}

static void referral_check(struct gen *g, const struct xtr_msg *m, const uint8_t *p)
{
	REQUIRE(g, (unsigned)m->type == XTR_MSG_MAP_REFERRAL && m->nonce == gen_bits(g, 64));
	records_check(g, m, REFERRAL);
}

static struct xtr_info_opts info_gen(struct gen *g)
{
	struct xtr_info_opts o = {.nonce = gen_bits(g, 64)};

	o.reply = gen_bool(g);
	o.key_id = (uint8_t)gen_bits(g, 8);
	o.algorithm = (uint8_t)gen_bits(g, 8);
	o.auth_len = (uint16_t)gen_below(g, XTR_AUTH_MAX + 1);
	o.ttl = (uint32_t)gen_bits(g, 32);
	o.eid = gen_addr(g, 0);
	o.mask_len = gen_mask_len(g, &o.eid);
	o.addr = gen_bool(g) ? gen_addr(g, 0) : gen_lcaf_addr(g, XTR_LCAF_NAT, 0);
	return o;
}

static void info_write(struct gen *g, struct xtr_writer *w)
{
	struct xtr_info_opts o = info_gen(g);

	xtr_write_info(w, &o);
}

static void info_check(struct gen *g, const struct xtr_msg *m, const uint8_t *p)
{
	struct xtr_info_opts o = info_gen(g);
	struct xtr_register_opts auth = {
	    .nonce = o.nonce, .key_id = o.key_id, .algorithm = o.algorithm, .auth_len = o.auth_len};
	struct xtr_eid eid = gen_meaning(&o.eid);

	REQUIRE(g, (unsigned)m->type == XTR_MSG_INFO && m->info_reply == o.reply);
	auth_check(g, m, &auth, p);
	REQUIRE(g, m->info_ttl == o.ttl && m->info_mask_len == o.mask_len);
	REQUIRE(g, addr_same(&m->source_addr, &o.eid) && addr_same(&m->info_addr, &o.addr));
	if (eid.ip.af) {
		eid.plen = o.mask_len;
		xtr_ip_mask(&eid.ip, eid.plen);
	}
	eid_check(g, &eid, &m->source_eid);
	REQUIRE(g, p + m->records_end == m->end && m->n_records == 0);
}

static void extension_write(struct gen *g, struct xtr_writer *w)
{
	uint16_t subtype = (uint16_t)gen_bits(g, 12);
	unsigned len = 2 + gen_below(g, 60);

	xtr_write_extension(w, subtype, gen_bytes(g, len), len);
}

static void extension_check(struct gen *g, const struct xtr_msg *m, const uint8_t *p)
{
	uint16_t subtype = (uint16_t)gen_bits(g, 12);
	unsigned len = 2 + gen_below(g, 60);

	REQUIRE(g, (unsigned)m->type == XTR_MSG_EXTENSION && m->subtype == subtype);
	REQUIRE(g, bytes_same(m->ext, m->ext_len, gen_bytes(g, len), len));
}

struct ecm {
	struct xtr_ecm_opts o;
	struct xtr_sec_ecm sec;
	struct xtr_inner_ip ip;
};

static uint16_t port_gen(struct gen *g)
{
	uint16_t port = (uint16_t)gen_bits(g, 16);

	return port == XTR_PORT_DATA ? XTR_PORT_CONTROL : port;
}

static void ecm_gen(struct gen *g, struct ecm *e)
{
	struct xtr_writer w;
	static uint8_t inner[16384];

	*e = (struct ecm){.o = {.src = gen_ip(g, false)}};
	do
		e->o.dst = gen_ip(g, false);
	while (e->o.dst.af != e->o.src.af);
	e->o.sport = port_gen(g);
	e->o.dport = port_gen(g);
	e->o.ddt = gen_bool(g);
	e->sec.hmac_id = (uint16_t)gen_bits(g, 16);
	e->sec.key_id = (uint8_t)gen_bits(g, 8);
	e->sec.wrap_id = (uint8_t)gen_bits(g, 8);
	e->sec.otk_len = (uint16_t)gen_below(g, 40);
	/* is not written with wrapping IDs 1 and 2 */
	if (e->sec.otk_len == 20)
		e->sec.otk_len = 24;
	e->sec.otk = gen_bytes(g, e->sec.otk_len);
	e->sec.eid_ad = eid_ad_gen(g, true);
	if (gen_bool(g))
		e->o.sec = &e->sec;
	e->ip.tos = (uint8_t)gen_bits(g, 8);
	e->ip.ttl = (uint8_t)gen_bits(g, 8);
	e->ip.id = (uint16_t)gen_bits(g, 16);
	e->ip.dont_fragment = gen_bool(g);
	e->ip.flow = (uint32_t)gen_bits(g, 20);
	e->ip.no_checksum = gen_bool(g);
	if (gen_bool(g))
		e->o.ip = &e->ip;
	/* A real message, or any bytes, which are the inner reader's matter. */
	e->o.inner_len = gen_below(g, 80);
	e->o.inner = gen_bytes(g, e->o.inner_len);
	xtr_writer_init(&w, inner, sizeof inner);
	if (gen_bool(g))
		request_write(g, &w);
	if (w.len > 0 && xtr_writer_result(&w) == 0) {
		e->o.inner = inner;
		e->o.inner_len = w.len;
	}
}

static void ecm_write(struct gen *g, struct xtr_writer *w)
{
	struct ecm e;

	ecm_gen(g, &e);
	xtr_write_ecm_opts(w, &e.o);
}

static void ecm_check(struct gen *g, const struct xtr_msg *m, const uint8_t *p)
{
	struct xtr_sec_ecm sec;
	struct ecm e;

	ecm_gen(g, &e);
	REQUIRE(g, m->type == XTR_MSG_ECM && m->ddt == e.o.ddt);
	REQUIRE(g, ip_same(&m->inner_src, &e.o.src) && ip_same(&m->inner_dst, &e.o.dst));
	REQUIRE(g, m->inner_sport == e.o.sport && m->inner_dport == e.o.dport);
	REQUIRE(g, bytes_same(m->inner, m->inner_len, e.o.inner, e.o.inner_len));
	if (e.o.ip) {
		REQUIRE(g, m->inner_ip.tos == e.ip.tos && m->inner_ip.ttl == e.ip.ttl);
		REQUIRE(g, m->inner_ip.no_checksum == e.ip.no_checksum);
		REQUIRE(g, e.o.src.af == 6 || m->inner_ip.id == e.ip.id);
		REQUIRE(g, e.o.src.af == 6 || m->inner_ip.dont_fragment == e.ip.dont_fragment);
		REQUIRE(g, e.o.src.af == 4 || m->inner_ip.flow == e.ip.flow);
	} else {
		REQUIRE(g, m->inner_ip.ttl == 64 && !m->inner_ip.no_checksum);
	}
	REQUIRE(g, m->security == (e.o.sec != NULL));
	REQUIRE(g, xtr_sec_of_ecm(m, &sec) == (e.o.sec != NULL));
	if (!e.o.sec)
		return;
	REQUIRE(g, sec.hmac_id == e.sec.hmac_id && sec.key_id == e.sec.key_id);
	REQUIRE(g, sec.wrap_id == e.sec.wrap_id);
	REQUIRE(g, bytes_same(sec.otk, sec.otk_len, e.sec.otk, e.sec.otk_len));
	eid_ad_check(g, &sec.eid_ad, &e.sec.eid_ad);
}

static void one_round(struct gen *g, uint64_t round, prop_write *write,
    void (*check)(struct gen *g, const struct xtr_msg *m, const uint8_t *p))
{
	struct xtr_writer w, again;
	struct xtr_wire_err err;
	struct xtr_msg m, m2;
	char kind[16];

	gen_start(g, prop_seed, round);
	xtr_writer_init(&w, prop_buf, sizeof prop_buf);
	write(g, &w);
	REQUIRE(g, xtr_writer_result(&w) == 0);

	memset(&m, 0xa5, sizeof m); /* the reader clears what it must */
	memset(&m2, 0x5a, sizeof m2);
	REQUIRE(g, xtr_msg_read(prop_buf, w.len, &m, &err) == 0);
	REQUIRE(g, m.end == prop_buf + w.len);
	snprintf(kind, sizeof kind, "type%u", (unsigned)m.type);
	prop_keep(kind, prop_buf, w.len);
	gen_start(g, prop_seed, round);
	check(g, &m, prop_buf);

	/* Again from what was read; bits that are free are not read. */
	xtr_writer_init(&again, prop_again, sizeof prop_again);
	msg_again(&again, &m, prop_buf);
	REQUIRE(g, xtr_writer_result(&again) == 0 && again.len == w.len);
	REQUIRE(g, xtr_msg_read(prop_again, again.len, &m2, &err) == 0);
	REQUIRE(g, msg_differs(&m, prop_buf, &m2, prop_again) == NULL);
	if (m.head == m2.head)
		REQUIRE(g, memcmp(prop_buf, prop_again, w.len) == 0);
	else
		REQUIRE(g, memcmp(prop_buf + 4, prop_again + 4, w.len - 4) == 0);
	prop_smaller(g, write, w.len);
}

static const struct {
	const char *name;
	prop_write *write;
	void (*check)(struct gen *g, const struct xtr_msg *m, const uint8_t *p);
} types[] = {
    {"Map-Request", request_write, request_check},
    {"Map-Reply", reply_write, reply_check},
    {"Map-Register", register_write, register_check},
    {"Map-Notify", notify_write, notify_check},
    {"Map-Referral", referral_write, referral_check},
    {"Info", info_write, info_check},
    {"Shared Extension", extension_write, extension_check},
    {"Encapsulated Control Message", ecm_write, ecm_check},
};

static void test_messages(void **state)
{
	for (size_t t = 0; t < sizeof types / sizeof types[0]; t++) {
		prop_gen.what = types[t].name;
		for (uint64_t i = 0; i < prop_rounds; i++)
			one_round(&prop_gen, prop_first + i, types[t].write, types[t].check);
	}
}

/* What a sender may say; the other combinations the writer makes into one of these. */
static struct xtr_data_hdr data_gen(struct gen *g)
{
	struct xtr_data_hdr h = {.flags = (uint8_t)gen_u64(g)};

	if (h.flags & XTR_DATA_P) {
		h.flags &= (uint8_t) ~(XTR_DATA_N | XTR_DATA_E | XTR_DATA_V);
		h.next = (uint8_t)gen_bits(g, 8);
		h.nonce = h.next; /* the first word's low 24 bits */
	} else if (h.flags & XTR_DATA_N) {
		h.flags &= (uint8_t)~XTR_DATA_V;
	} else {
		h.flags &= (uint8_t)~XTR_DATA_E;
	}
	if (h.flags & (XTR_DATA_N | XTR_DATA_V))
		h.nonce = (uint32_t)gen_bits(g, 24);
	if (h.flags & XTR_DATA_I)
		h.instance_id = (uint32_t)gen_bits(g, 24);
	if (h.flags & XTR_DATA_L)
		h.lsb = (uint32_t)gen_bits(g, h.flags & XTR_DATA_I ? 8 : 32);
	return h;
}

static void data_check(struct gen *g)
{
	uint8_t p[XTR_DATA_HDR_LEN + 1], again[XTR_DATA_HDR_LEN];
	struct xtr_data_hdr h = data_gen(g), r;

	p[XTR_DATA_HDR_LEN] = 0xa5;
	xtr_data_write(p, &h);
	REQUIRE(g, p[XTR_DATA_HDR_LEN] == 0xa5);
	prop_keep("data", p, XTR_DATA_HDR_LEN);
	r = xtr_data_read(p);
	REQUIRE(g, r.flags == h.flags && r.nonce == h.nonce && r.next == h.next);
	REQUIRE(g, r.instance_id == h.instance_id && r.lsb == h.lsb);
	REQUIRE(g, xtr_data_has_nonce(&r) == ((h.flags & XTR_DATA_N) != 0));
	REQUIRE(g, xtr_data_wants_echo(&r) == ((h.flags & XTR_DATA_E) != 0));
	REQUIRE(g, xtr_data_has_versions(&r) == ((h.flags & XTR_DATA_V) != 0));
	REQUIRE(g, xtr_data_status_bits(&r) == h.lsb);
	REQUIRE(g,
	    xtr_data_versions(xtr_data_source_version(&r), xtr_data_dest_version(&r)) == h.nonce);
	xtr_data_write(again, &r);
	REQUIRE(g, memcmp(p, again, sizeof again) == 0);
}

/* Whatever is asked for, what is written is what a sender may say: RFC 9300 section 5.3, RFC 9305
 * section 3. */
static void data_any_check(struct gen *g)
{
	uint8_t p[XTR_DATA_HDR_LEN];
	struct xtr_data_hdr h = {.flags = (uint8_t)gen_u64(g)}, r;
	bool next = h.flags & XTR_DATA_P, nonce = !next && h.flags & XTR_DATA_N;
	bool versions = !next && !nonce && h.flags & XTR_DATA_V;

	h.nonce = (uint32_t)gen_bits(g, 24);
	h.next = (uint8_t)gen_bits(g, 8);
	h.instance_id = (uint32_t)gen_bits(g, 24);
	h.lsb = (uint32_t)gen_bits(g, 32);
	xtr_data_write(p, &h);
	prop_keep("data", p, sizeof p);
	r = xtr_data_read(p);
	REQUIRE(g, !(r.flags & XTR_DATA_N) == !nonce && !(r.flags & XTR_DATA_V) == !versions);
	REQUIRE(g, !(r.flags & XTR_DATA_E) == !(nonce && h.flags & XTR_DATA_E));
	REQUIRE(g, ((r.flags ^ h.flags) & ~(XTR_DATA_N | XTR_DATA_E | XTR_DATA_V)) == 0);
	REQUIRE(g, r.nonce == (next ? h.next : nonce || versions ? h.nonce : 0));
	REQUIRE(g, r.next == (next ? h.next : 0));
	REQUIRE(g, r.instance_id == (h.flags & XTR_DATA_I ? h.instance_id : 0));
	REQUIRE(g, r.lsb == (!(h.flags & XTR_DATA_L)   ? 0
				: h.flags & XTR_DATA_I ? h.lsb & 0xff
						       : h.lsb));
}

static void vxlan_check(struct gen *g)
{
	uint8_t p[XTR_VXLAN_HDR_LEN + 1], again[XTR_VXLAN_HDR_LEN];
	struct xtr_vxlan_hdr h = {.flags = (uint8_t)gen_u64(g)}, r;

	if (h.flags & XTR_VXLAN_I)
		h.vni = (uint32_t)gen_bits(g, 24);
	if (h.flags & XTR_VXLAN_P)
		h.next = (uint8_t)gen_bits(g, 8);
	p[XTR_VXLAN_HDR_LEN] = 0xa5;
	xtr_vxlan_write(p, &h);
	REQUIRE(g, p[XTR_VXLAN_HDR_LEN] == 0xa5);
	prop_keep("vxlan", p, XTR_VXLAN_HDR_LEN);
	r = xtr_vxlan_read(p);
	REQUIRE(g, r.flags == h.flags && r.vni == h.vni && r.next == h.next);
	xtr_vxlan_write(again, &r);
	REQUIRE(g, memcmp(p, again, sizeof again) == 0);
}

static void test_data_headers(void **state)
{
	prop_gen.what = "data header";
	for (uint64_t i = 0; i < prop_rounds; i++) {
		gen_start(&prop_gen, prop_seed, prop_first + i);
		data_check(&prop_gen);
		data_any_check(&prop_gen);
	}
	prop_gen.what = "VXLAN header";
	for (uint64_t i = 0; i < prop_rounds; i++) {
		gen_start(&prop_gen, prop_seed, prop_first + i);
		vxlan_check(&prop_gen);
	}
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_messages),
	    cmocka_unit_test(test_data_headers),
	};

	prop_args(argc, argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
