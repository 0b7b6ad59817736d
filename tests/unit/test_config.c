/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Configuration files, good and broken. A broken one says in its first line what its error must be:
 * "# expect LINE: SETTING: found X, allowed Y".
 */
#include "config_fixture.h"

static void broken(void **state)
{
	const char *path = *state;
	char first[2048], expected[4096], *error;
	struct xtr_config *cfg;
	FILE *f = fopen(path, "r");

	assert_non_null(f);
	assert_non_null(fgets(first, sizeof(first), f));
	fclose(f);
	first[strcspn(first, "\n")] = '\0';
	assert_memory_equal(first, "# expect ", 9);
	snprintf(expected, sizeof(expected), "%s:%s", path, first + 9);

	cfg = xtr_config_load(path, &error);
	assert_null(cfg);
	assert_string_equal(error, expected);
	assert_null(strchr(error, '\n'));
	assert_null(strstr(error, SECRET));
	free(error);
}

static void no_file(void **state)
{
	char *error;

	assert_null(xtr_config_load("/nonexistent/xtr.conf", &error));
	assert_string_equal(error, "/nonexistent/xtr.conf:1: file: found nothing to read (No such "
				   "file or directory), allowed a readable file");
	free(error);
	assert_null(xtr_config_load("/", &error));
	assert_string_equal(
	    error, "/:1: file: found nothing to read (Is a directory), allowed a readable file");
	free(error);
	xtr_config_free(NULL);
}

static void defaults(void **state)
{
	struct xtr_config *cfg = load(CONFIGS "/good/minimal.conf");

	assert_int_equal(cfg->n_map_resolvers, 1);
	assert_ip(&cfg->map_resolvers[0], "172.16.1.1");
	assert_int_equal(cfg->eal.control_cpu, -1);
	assert_int_equal(cfg->eal.n_workers, 1);
	assert_int_equal(cfg->eal.worker_cpus[0], -1);
	assert_int_equal(cfg->eal.memory_mb, 256);
	assert_false(cfg->eal.huge_pages);
	assert_int_equal(cfg->eal.n_args, 0);
	assert_true(cfg->eal.idle_backoff);
	assert_int_equal(cfg->eal.mbufs, 16384);
	assert_int_equal(cfg->n_ports, 0);
	assert_int_equal(cfg->n_sites, 0);
	assert_false(cfg->ms);
	assert_false(cfg->mr);
	assert_int_equal(cfg->n_control_addresses, 0);
	assert_lisp(
	    cfg, "1 1 1, 1024 4096 8192 5000, 20000 4096, 1000000 0 0, 10000", XTR_PETR_ALWAYS);
	assert_int_equal(cfg->n_use_petr, 0);
	assert_int_equal(cfg->n_proxy_etr, 0);
	assert_true(cfg->mirror);
	assert_string_equal(cfg->socket, "/run/xtrd.sock");
	assert_string_equal(cfg->state_dir, "/var/lib/xtrd");
	assert_false(cfg->test_clock);
	assert_null(cfg->debug);
	assert_false(cfg->has_xtr_id);
	xtr_config_free(cfg);
}

static void check_vlan(
    const struct xtr_cfg_port *p, const char *name, unsigned parent, unsigned id, unsigned mtu)
{
	assert_string_equal(p->name, name);
	assert_null(p->device);
	assert_int_equal(p->parent, parent);
	assert_int_equal(p->vlan_id, id);
	assert_int_equal(p->mtu, mtu);
}

static void check_everything_forwarding(const struct xtr_config *cfg)
{
	static const uint8_t mac[6] = {2, 0, 0x0a, 0xbc, 0, 0xfe};
	const struct xtr_cfg_port *p = cfg->ports;

	assert_int_equal(cfg->eal.control_cpu, 3);
	assert_int_equal(cfg->eal.n_workers, 4);
	assert_int_equal(cfg->eal.worker_cpus[0], 4);
	assert_int_equal(cfg->eal.worker_cpus[1], -1);
	assert_int_equal(cfg->eal.worker_cpus[2], 5);
	assert_int_equal(cfg->eal.worker_cpus[3], -1);
	assert_int_equal(cfg->eal.memory_mb, 512);
	assert_true(cfg->eal.huge_pages);
	assert_int_equal(cfg->eal.n_args, 2);
	assert_string_equal(cfg->eal.args[1], "--no-telemetry");
	assert_false(cfg->eal.idle_backoff);
	assert_int_equal(cfg->eal.mbufs, 65536);

	assert_int_equal(cfg->n_ports, 7);
	assert_string_equal(p[0].name, "core");
	assert_string_equal(p[0].device, "0000:0A:00.1,txd=1");
	assert_int_equal(p[0].side, XTR_SIDE_CORE);
	assert_int_equal(p[0].mtu, 9216);
	assert_int_equal(p[0].iid, 0);
	assert_false(p[0].proxy_itr);
	assert_int_equal(p[0].n_addresses, 3);
	assert_eid(&p[0].addresses[0], "172.16.1.2/24");
	assert_eid(&p[0].addresses[1], "2001:db8:100::2/64");
	assert_int_equal(p[1].side, XTR_SIDE_SITE);
	assert_int_equal(p[1].mtu, 576);
	assert_int_equal(p[1].iid, 7);
	assert_eid(&p[1].addresses[0], "[7] 172.16.1.2/24");
	assert_int_equal(p[2].mtu, 1500);
	assert_eid(&p[2].addresses[0], "10.9.9.0/31");
	assert_eid(&p[2].addresses[1], "10.9.9.7/32");
	assert_true(p[2].proxy_itr);
	assert_int_equal(p[3].side, XTR_SIDE_CORE);
	assert_true(p[3].proxy_itr);
	assert_int_equal(p[3].iid, 7);
	assert_eid(&p[3].addresses[0], "192.0.2.1/24");
	for (unsigned i = 0; i < 4; i++) {
		static const unsigned vlans[4] = {0, 1, 0, 2};

		assert_int_equal(p[i].vlan_id, 0);
		assert_int_equal(p[i].parent, i);
		assert_int_equal(p[i].offloads, i != 1);
		assert_int_equal(p[i].n_vlans, vlans[i]);
		assert_null(p[i].vlans);
	}
	check_vlan(&p[4], "v4094", 1, 4094, 576);
	check_vlan(&p[5], "w4094", 3, 4094, 1400);
	check_vlan(&p[6], "w1", 3, 1, 1500);
	assert_int_equal(p[4].side, XTR_SIDE_CORE);
	assert_int_equal(p[5].side, XTR_SIDE_SITE);
	assert_eid(&p[5].addresses[0], "[7] 10.70.0.1/24");
	assert_true(p[6].proxy_itr);
	assert_int_equal(p[6].iid, 7);

	assert_int_equal(cfg->n_routes, 6);
	assert_eid(&cfg->routes[5].prefix, "[7] 10.71.0.0/16");
	assert_string_equal(cfg->routes[5].port, "w4094");
	assert_eid(&cfg->routes[0].prefix, "0.0.0.0/0");
	assert_ip(&cfg->routes[0].via, "172.16.1.1");
	assert_string_equal(cfg->routes[0].port, "");
	assert_eid(&cfg->routes[1].prefix, "::/0");
	assert_string_equal(cfg->routes[1].port, "core");
	assert_eid(&cfg->routes[2].prefix, "[7] 10.0.0.0/8");
	assert_ip(&cfg->routes[2].via, "none");
	assert_true(cfg->routes[3].blackhole);
	assert_eid(&cfg->routes[4].prefix, "198.51.100.0/24");

	assert_int_equal(cfg->n_neighbours, 2);
	assert_ip(&cfg->neighbours[0].ip, "172.16.1.1");
	assert_memory_equal(cfg->neighbours[0].mac, mac, 6);
	assert_string_equal(cfg->neighbours[0].port, "core");
	assert_ip(&cfg->neighbours[1].ip, "2001:db8:100::1");
}

static void check_everything_lisp(const struct xtr_config *cfg)
{
	const struct xtr_cfg_ms *ms = cfg->map_servers;
	const struct xtr_cfg_mapping *m = cfg->database;

	assert_int_equal(cfg->n_map_resolvers, 3);
	assert_ip(&cfg->map_resolvers[1], "2001:db8:100::10");
	assert_int_equal(cfg->n_map_servers, 2);
	assert_ip(&ms[0].address, "172.16.1.1");
	assert_key(&ms[0].key, "Zaq12wsx!@ \"\\", 255);
	assert_int_equal(ms[0].algorithm, XTR_ALG_SHA1);
	assert_true(ms[0].rfc_auth);
	assert_true(ms[0].proxy_reply);
	assert_false(ms[0].want_notify);
	assert_key(&ms[1].key, "k", 0);
	assert_int_equal(ms[1].algorithm, XTR_ALG_SHA256_HKDF);
	assert_false(ms[1].rfc_auth);
	assert_false(ms[1].proxy_reply);
	assert_true(ms[1].want_notify);

	assert_int_equal(cfg->n_database, 3);
	assert_eid(&m[0].eid, "[7] 10.1.1.0/24");
	assert_int_equal(m[0].ttl_min, 0xfffffffe);
	assert_int_equal(m[0].n_locators, 2);
	assert_locator(&m[0].locators[0], "172.16.1.2", 0, 255, 4, 5);
	assert_locator(&m[0].locators[1], "2001:db8:100::2", 255, 0, 255, 0);
	assert_eid(&m[1].eid, "10.1.1.0/24");
	assert_int_equal(m[1].ttl_min, 1440);
	assert_int_equal(m[1].n_locators, 1);
	assert_locator(&m[1].locators[0], "172.16.1.2", 1, 100, 255, 0);
	assert_eid(&m[2].eid, "2001:db8:1::/64");
	assert_int_equal(m[2].ttl_min, 1);

	m = cfg->map_cache;
	assert_int_equal(cfg->n_map_cache, 5);
	assert_eid(&m[0].eid, "10.2.2.0/24");
	assert_int_equal(m[0].ttl_min, 5);
	assert_int_equal(m[0].n_locators, 1);
	assert_int_equal(m[1].n_locators, 0);
	assert_int_equal(m[1].action, XTR_ACT_NATIVELY_FORWARD);
	assert_int_equal(m[2].action, XTR_ACT_DROP);
	assert_int_equal(m[3].action, XTR_ACT_SEND_MAP_REQUEST);
	assert_eid(&m[4].eid, "[7] 64.0.0.0/2");
	assert_true(m[0].counters && !m[1].counters && !m[2].counters);
	assert_int_equal(cfg->n_instances, 2);
	assert_int_equal(cfg->instances[0].iid, 7);
	assert_int_equal(cfg->instances[0].map_cache_limit, 9);
	assert_false(cfg->instances[0].map_cache_counters);
	/* what holds for all, where it is silent */
	assert_int_equal(cfg->instances[1].iid, 0);
	assert_int_equal(cfg->instances[1].map_cache_limit, 8);
	assert_true(cfg->instances[1].map_cache_counters);
}

static void check_everything_proxy(const struct xtr_config *cfg)
{
	const struct xtr_cfg_proxy_etr *p = cfg->proxy_etr;

	assert_int_equal(cfg->n_use_petr, 3);
	assert_petr(&cfg->use_petr[0], "10.0.3.1", 0, 255, false);
	assert_petr(&cfg->use_petr[1], "2001:db8:3::1", 255, 0, true);
	assert_petr(&cfg->use_petr[2], "10.0.3.9", 1, 100, true);

	assert_int_equal(cfg->n_proxy_etr, 2);
	assert_int_equal(p[0].n_rlocs, 4);
	assert_eid(&p[0].rlocs[0], "10.0.1.2/32");
	assert_eid(&p[0].rlocs[1], "10.0.2.0/24");
	assert_eid(&p[0].rlocs[2], "2001:db8:2::/48");
	assert_eid(&p[0].rlocs[3], "2001:db8:3::2/128");
	assert_int_equal(p[0].n_eids, 2);
	assert_eid(&p[0].eids[0], "[7] 192.168.1.0/24");
	assert_eid(&p[0].eids[1], "[7] 2001:db8:1::/64");
	assert_int_equal(p[1].n_rlocs, 1);
	assert_eid(&p[1].rlocs[0], "0.0.0.0/0");
	assert_int_equal(p[1].n_eids, 1);
	assert_eid(&p[1].eids[0], "192.168.1.0/24");
}

static void check_everything_rest(const struct xtr_config *cfg)
{
	static const uint8_t xtr_id[16] = {0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88,
	    0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff};
	static const uint8_t site_id[8] = {1, 2, 3, 4, 5, 6, 7, 8};
	const struct xtr_cfg_site *s = cfg->sites;

	assert_int_equal(cfg->n_sites, 2);
	assert_string_equal(s[0].name, "Site_1");
	assert_key(&s[0].key, "Zaq12wsx!@", 1);
	assert_int_equal(s[0].algorithms, 1 << XTR_ALG_SHA1);
	assert_false(s[0].replay_strict);
	assert_true(s[0].proxy_reply);
	assert_int_equal(s[0].n_prefixes, 3);
	assert_eid(&s[0].prefixes[0].eid, "10.1.1.0/24");
	assert_false(s[0].prefixes[0].accept_more_specifics);
	assert_eid(&s[0].prefixes[1].eid, "[7] 10.1.1.0/24");
	assert_true(s[0].prefixes[1].accept_more_specifics);
	assert_eid(&s[0].prefixes[2].eid, "[16777215] 2001:db8::/32");
	assert_int_equal(s[0].n_locators, 2);
	assert_ip(&s[0].locators[1], "2001:db8:100::2");
	assert_string_equal(s[1].name, "東京");
	assert_int_equal(s[1].algorithms, 1 << XTR_ALG_SHA256 | 1 << XTR_ALG_SHA256_HKDF);
	assert_true(s[1].replay_strict);
	assert_false(s[1].proxy_reply);
	assert_int_equal(s[1].n_prefixes, 1);
	assert_int_equal(s[1].n_locators, 0);

	assert_false(cfg->ms);
	assert_true(cfg->mr);
	assert_int_equal(cfg->n_control_addresses, 1);
	assert_ip(&cfg->control_addresses[0], "172.16.1.2");
	assert_lisp(cfg, "0 8 16, 1 2 3 4, 5 6, 7 8 1, 0", XTR_PETR_NO_ROUTE);
	assert_true(cfg->lisp.locator_status_bits);
	assert_false(cfg->mirror);
	assert_string_equal(cfg->socket, "/run/x.sock");
	assert_string_equal(cfg->state_dir, "/run/x.state");
	assert_string_equal(cfg->debug, "map-cache,punt");
	assert_true(cfg->test_clock);
	assert_true(cfg->has_xtr_id);
	assert_memory_equal(cfg->xtr_id, xtr_id, 16);
	assert_memory_equal(cfg->site_id, site_id, 8);
}

static void everything(void **state)
{
	struct xtr_config *cfg = load(CONFIGS "/good/everything.conf");

	check_everything_forwarding(cfg);
	check_everything_lisp(cfg);
	check_everything_proxy(cfg);
	check_everything_rest(cfg);
	xtr_config_free(cfg);
}

/* What reference.conf shows as defaults must be the defaults. */
static void reference(void **state)
{
	struct xtr_config *cfg = load(SAMPLES "/reference.conf");
	struct xtr_config *none = load(CONFIGS "/good/minimal.conf");

	assert_memory_equal(&cfg->lisp, &none->lisp, sizeof(cfg->lisp));
	assert_int_equal(cfg->eal.control_cpu, none->eal.control_cpu);
	assert_int_equal(cfg->eal.n_workers, none->eal.n_workers);
	assert_int_equal(cfg->eal.worker_cpus[0], none->eal.worker_cpus[0]);
	assert_int_equal(cfg->eal.memory_mb, none->eal.memory_mb);
	assert_int_equal(cfg->eal.huge_pages, none->eal.huge_pages);
	assert_int_equal(cfg->eal.n_args, none->eal.n_args);
	assert_int_equal(cfg->eal.idle_backoff, none->eal.idle_backoff);
	assert_int_equal(cfg->eal.mbufs, none->eal.mbufs);
	assert_int_equal(cfg->mirror, none->mirror);
	assert_string_equal(cfg->socket, none->socket);
	assert_string_equal(cfg->state_dir, none->state_dir);
	assert_int_equal(cfg->test_clock, none->test_clock);
	assert_memory_equal(cfg->site_id, none->site_id, 8);
	assert_int_equal(cfg->ports[0].mtu, 1500);
	assert_int_equal(cfg->ports[0].offloads, cfg->ports[1].offloads);
	assert_int_equal(cfg->ports[0].offloads, true);
	assert_int_equal(cfg->ports[2].vlan_id, 100);
	assert_int_equal(cfg->ports[2].mtu, cfg->ports[1].mtu);
	assert_int_equal(cfg->instances[0].source_check, cfg->lisp.source_check);
	assert_int_equal(cfg->instances[0].map_cache_limit, cfg->lisp.instance_map_cache_limit);
	assert_int_equal(cfg->instances[0].map_cache_counters, cfg->lisp.map_cache_counters);
	/* with what is set against what is left out beside it */
	assert_int_equal(cfg->database[0].ttl_min, cfg->database[1].ttl_min);
	assert_memory_equal(cfg->database[0].locators, cfg->database[1].locators,
	    sizeof(*cfg->database[0].locators));
	assert_int_equal(cfg->map_cache[0].ttl_min, cfg->map_cache[1].ttl_min);
	assert_int_equal(cfg->ports[0].proxy_itr, cfg->ports[1].proxy_itr);
	assert_petr(&cfg->use_petr[1], "2001:db8:100::20", cfg->use_petr[0].priority,
	    cfg->use_petr[0].weight, cfg->use_petr[0].probe);
	assert_int_equal(cfg->proxy_etr[0].eids[0].iid, cfg->proxy_etr[1].eids[0].iid);
	xtr_config_free(none);
	xtr_config_free(cfg);
}

static void key_files(void **state)
{
	static const char conf[] =
	    "map-server = { address = \"172.16.1.1\"; key-file = \"k\"; };\n";
	static char big[1026];
	static const struct {
		const char *text;
		size_t len;
		mode_t mode;
		const char *error; /* NULL: accepted */
	} cases[] = {
	    {"Zaq12", 5, 0600, NULL},
	    {"Zaq12", 5, 0400, NULL},
	    {"Zaq12", 5, 0640,
		"found a file of mode 0640, allowed 0600 or 0400 (for its owner only)"},
	    {"Zaq12", 5, 0604,
		"found a file of mode 0604, allowed 0600 or 0400 (for its owner only)"},
	    {"Zaq12", 5, 0700,
		"found a file of mode 0700, allowed 0600 or 0400 (for its owner only)"},
	    {"Zaq12", 5, 04600,
		"found a file of mode 4600, allowed 0600 or 0400 (for its owner only)"},
	    {"", 0, 0600, "found an empty file, allowed one of 1 to 1024 bytes"},
	    {"\n", 1, 0600, "found an empty file, allowed one of 1 to 1024 bytes"},
	    {big, 1024, 0600, NULL},
	    {big, 1025, 0600, "found a longer file, allowed one of 1 to 1024 bytes"},
	};
	char path[128], expected[512], *error;
	struct xtr_config *cfg;

	memset(big, 'k', sizeof(big));
	snprintf(path, sizeof(path), "%s", put_file("x.conf", conf, strlen(conf), 0644));
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		put_file("k", cases[i].text, cases[i].len, cases[i].mode);
		cfg = xtr_config_load(path, &error);
		if (!cases[i].error) {
			assert_non_null(cfg);
			assert_int_equal(cfg->map_servers[0].key.len, cases[i].len);
			xtr_config_free(cfg);
			continue;
		}
		assert_null(cfg);
		snprintf(expected, sizeof(expected), "%s:1: map-server.key-file: %s", path,
		    cases[i].error);
		assert_string_equal(error, expected);
		free(error);
	}
}

/* A key-file that is fine, and a key after it. */
static void key_file_and_key(void **state)
{
	static const char conf[] = "map-server = { address = \"172.16.1.1\";\n"
				   "key-file = \"k\"; key = \"Zaq12wsx!@\"; };\n";
	char path[128], expected[512], *error;

	put_file("k", "Zaq12wsx!@", 10, 0600);
	snprintf(path, sizeof(path), "%s", put_file("x.conf", conf, strlen(conf), 0644));
	assert_null(xtr_config_load(path, &error));
	snprintf(expected, sizeof(expected),
	    "%s:2: map-server.key: found key and key-file, allowed one of key = \"text\" and "
	    "key-file = \"path\"",
	    path);
	assert_string_equal(error, expected);
	free(error);
}

/* The derived defaults. */
static void roles(void **state)
{
	static const struct {
		const char *text;
		bool ms, mr;
		unsigned memory;
	} cases[] = {
	    {"site = { name = \"A\"; key = \"k\"; eid-prefix = \"10.0.0.0/8\"; };", true, true,
		256},
	    {"site = { name = \"A\"; key = \"k\"; eid-prefix = \"10.0.0.0/8\"; };"
	     "map-resolver-role = false;",
		true, false, 256},
	    {"map-server-role = true; eal = { huge-pages = true; };", true, true, 0},
	    {"map-resolver-role = true; eal = { memory = 0; };", false, true, 0},
	};

	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct xtr_config *cfg =
		    load(put_file("roles.conf", cases[i].text, strlen(cases[i].text), 0644));

		assert_int_equal(cfg->ms, cases[i].ms);
		assert_int_equal(cfg->mr, cases[i].mr);
		assert_int_equal(cfg->eal.memory_mb, cases[i].memory);
		xtr_config_free(cfg);
	}
}

/* What is enough for each part of a proxy, in texts that differ little from broken ones. */
static void proxies(void **state)
{
#define PORT(MORE)                                                                                 \
	"ports = { name = \"p\"; device = \"net_null0\"; addresses = \"10.0.3.1/24\"; " MORE " };"
#define CORE  "side = \"core\";"
#define ASK   "map-resolver = \"10.0.3.2\";"
#define ENTRY "map-cache = { eid-prefix = \"10.1.0.0/16\"; "
#define TO    "locators = { rloc = \"10.0.1.2\"; };"
#define OWN   "database-mapping = { eid-prefix = \"10.1.1.0/24\"; " TO "};"
	static const char *const good[] = {
	    /* proxy-itr: either kind of entry, beside one of another kind */
	    PORT(CORE "proxy-itr = true;") ASK ENTRY "action = \"send-map-request\"; };",
	    PORT(CORE "proxy-itr = true;") ASK ENTRY TO "};",
	    PORT("side = \"site\"; proxy-itr = true;") ASK ENTRY TO "};",
	    PORT(CORE "proxy-itr = true; instance-id = 7;") ASK ENTRY "instance-id = 7;" TO "};",
	    PORT(CORE "proxy-itr = false;"),
	    /* entries without a proxy-itr, and without need of a map-resolver */
	    PORT("side = \"site\";") ENTRY "action = \"drop\"; };",
	    PORT("side = \"site\";") ENTRY TO "};",
	    /* use-petr: what leads to a PETR may be asked for, or configured */
	    PORT("side = \"site\";") OWN ASK "use-petr = { rloc = \"10.0.3.3\"; };",
	    PORT("side = \"site\";") OWN ENTRY "action = \"natively-forward\"; };"
					       "use-petr = { rloc = \"10.0.3.3\"; };",
	    /* the own prefix lies inside what is served for others */
	    PORT(CORE "proxy-itr = true;") OWN ASK ENTRY "action = \"send-map-request\"; };",
	    /* proxy-etr, and nothing else */
	    PORT(CORE) "proxy-etr = { rloc = \"10.0.1.2\"; eid-prefix = \"192.168.1.0/24\"; };",
	    PORT(CORE) "proxy-etr = { rloc = \"10.0.1.2\"; eid-prefix = \"0.0.0.0/0\"; };",
	    PORT(CORE) "use-petr = ( ); proxy-etr = ( );",
	    ASK "lisp = { probe-interval-ms = 100; };",
	    ASK "lisp = { probe-interval-ms = 3600000; petr-use = \"always\"; };",
	};

	for (unsigned i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		xtr_config_free(load(put_file("proxy.conf", good[i], strlen(good[i]), 0644)));
}

static int by_name(const struct dirent *e)
{
	size_t n = strlen(e->d_name);

	return n > 5 && !strcmp(e->d_name + n - 5, ".conf");
}

int main(void)
{
	const struct CMUnitTest good[] = {
	    cmocka_unit_test(no_file),
	    cmocka_unit_test(defaults),
	    cmocka_unit_test(everything),
	    cmocka_unit_test(reference),
	    cmocka_unit_test(key_files),
	    cmocka_unit_test(key_file_and_key),
	    cmocka_unit_test(roles),
	    cmocka_unit_test(proxies),
	};
	struct CMUnitTest *tests;
	struct dirent **files;
	int n = scandir(CONFIGS "/broken", &files, by_name, alphasort), failed;

	if (n < 20) {
		fprintf(stderr, "%d broken configurations in %s\n", n, CONFIGS "/broken");
		return 1;
	}
	tests = calloc((size_t)n, sizeof(*tests));
	for (int i = 0; i < n; i++) {
		char *path;

		if (!tests || asprintf(&path, "%s/broken/%s", CONFIGS, files[i]->d_name) < 0)
			return 1;
		tests[i] = (struct CMUnitTest){
		    .name = files[i]->d_name, .test_func = broken, .initial_state = path};
	}
	failed = _cmocka_run_group_tests("broken configurations", tests, (size_t)n, NULL, NULL);
	failed += cmocka_run_group_tests_name("configurations", good, make_dir, remove_dir);
	for (int i = 0; i < n; i++) {
		free(tests[i].initial_state);
		free(files[i]);
	}
	free(tests);
	free(files);
	return failed ? 1 : 0;
}
