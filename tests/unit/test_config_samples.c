/* SPDX-License-Identifier: BSD-3-Clause */
/* The sample configurations say what they are meant to. */
#include "config_fixture.h"

static void lab1(void **state)
{
	struct xtr_config *cfg = load(SAMPLES "/lab1-r1.conf");

	assert_int_equal(cfg->n_ports, 0);
	assert_true(cfg->ms);
	assert_true(cfg->mr);
	assert_int_equal(cfg->n_sites, 1);
	assert_string_equal(cfg->sites[0].name, "Site_1");
	assert_key(&cfg->sites[0].key, "Zaq12wsx!@", 0);
	assert_int_equal(cfg->sites[0].n_prefixes, 2);
	xtr_config_free(cfg);

	for (unsigned n = 2; n <= 3; n++) {
		char path[256], text[128];

		snprintf(path, sizeof(path), "%s/lab1-r%u.conf", SAMPLES, n);
		cfg = load(path);
		assert_int_equal(cfg->n_ports, 2);
		snprintf(text, sizeof(text),
		    "net_af_packet0,iface=r%u-core,blocksz=65536,framesz=2048,framecnt=4096", n);
		assert_string_equal(cfg->ports[0].device, text);
		snprintf(text, sizeof(text), "172.16.1.%u/24", n);
		assert_eid(&cfg->ports[0].addresses[0], text);
		snprintf(text, sizeof(text), "10.%u.%u.%u/24", n - 1, n - 1, n);
		assert_eid(&cfg->ports[1].addresses[0], text);
		snprintf(text, sizeof(text), "10.%u.%u.0/24", n - 1, n - 1);
		assert_eid(&cfg->database[0].eid, text);
		snprintf(text, sizeof(text), "172.16.1.%u", n);
		assert_locator(&cfg->database[0].locators[0], text, 1, 50, 255, 0);
		assert_int_equal(cfg->database[0].ttl_min, 1440);
		assert_ip(&cfg->map_resolvers[0], "172.16.1.1");
		assert_ip(&cfg->map_servers[0].address, "172.16.1.1");
		assert_key(&cfg->map_servers[0].key, "Zaq12wsx!@", 0);
		snprintf(text, sizeof(text), "/run/xtrd-lab1/r%u.sock", n);
		assert_string_equal(cfg->socket, text);
		snprintf(text, sizeof(text), "/run/xtrd-lab1/r%u.state", n);
		assert_string_equal(cfg->state_dir, text);
		xtr_config_free(cfg);
	}
}

static void assert_lab2_port(
    const struct xtr_cfg_port *p, unsigned number, const char *iface, const char *address)
{
	char text[512];

	snprintf(text, sizeof(text),
	    "net_af_packet%u,iface=%s,blocksz=65536,framesz=2048,framecnt=4096", number, iface);
	assert_string_equal(p->device, text);
	assert_int_equal(p->n_addresses, 1);
	assert_eid(&p->addresses[0], address);
}

static void lab2_proxy(void **state)
{
	struct xtr_config *cfg = load(SAMPLES "/lab2-r1.conf");

	assert_int_equal(cfg->n_ports, 3);
	assert_lab2_port(&cfg->ports[0], 0, "r1-lisp1", "10.0.1.1/24");
	assert_lab2_port(&cfg->ports[1], 1, "r1-lisp2", "10.0.2.1/24");
	assert_lab2_port(&cfg->ports[2], 2, "r1-world", "10.0.3.1/24");
	assert_string_equal(cfg->ports[2].name, "world");
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(cfg->ports[i].side, XTR_SIDE_CORE);
		assert_true(cfg->ports[i].proxy_itr);
	}
	assert_true(cfg->ms);
	assert_true(cfg->mr);
	assert_int_equal(cfg->n_database, 0);
	assert_int_equal(cfg->n_use_petr, 0);
	assert_int_equal(cfg->n_sites, 2);
	assert_int_equal(cfg->n_map_cache, 2);
	assert_int_equal(cfg->n_proxy_etr, 2);
	for (unsigned i = 0; i < 2; i++) {
		char rloc[32], eid[32];

		snprintf(rloc, sizeof(rloc), "10.0.%u.2/32", i + 1);
		snprintf(eid, sizeof(eid), "192.168.%u.0/24", i + 1);
		assert_key(&cfg->sites[i].key, "Zaq12wsx!@", 0);
		assert_eid(&cfg->sites[i].prefixes[0].eid, eid);
		assert_eid(&cfg->map_cache[i].eid, eid);
		assert_int_equal(cfg->map_cache[i].action, XTR_ACT_SEND_MAP_REQUEST);
		assert_int_equal(cfg->proxy_etr[i].n_rlocs, 1);
		assert_eid(&cfg->proxy_etr[i].rlocs[0], rloc);
		assert_int_equal(cfg->proxy_etr[i].n_eids, 1);
		assert_eid(&cfg->proxy_etr[i].eids[0], eid);
	}
	assert_int_equal(cfg->n_routes, 2);
	assert_eid(&cfg->routes[0].prefix, "4.2.2.0/24");
	assert_ip(&cfg->routes[0].via, "10.0.3.2");
	assert_eid(&cfg->routes[1].prefix, "192.168.0.0/16");
	assert_true(cfg->routes[1].blackhole);
	assert_string_equal(cfg->socket, "/run/xtrd-lab2/r1.sock");
	assert_string_equal(cfg->state_dir, "/run/xtrd-lab2/r1.state");
	xtr_config_free(cfg);
}

static void lab2_sites(void **state)
{
	for (unsigned n = 1; n <= 2; n++) {
		char path[256], text[128], r1[32];
		struct xtr_config *cfg;

		snprintf(path, sizeof(path), "%s/lab2-lisp%u.conf", SAMPLES, n);
		snprintf(r1, sizeof(r1), "10.0.%u.1", n);
		cfg = load(path);
		assert_int_equal(cfg->n_ports, 2);
		snprintf(path, sizeof(path), "lisp%u-core", n);
		snprintf(text, sizeof(text), "10.0.%u.2/24", n);
		assert_lab2_port(&cfg->ports[0], 0, path, text);
		snprintf(path, sizeof(path), "lisp%u-site", n);
		snprintf(text, sizeof(text), "192.168.%u.1/24", n);
		assert_lab2_port(&cfg->ports[1], 1, path, text);
		assert_false(cfg->ports[0].proxy_itr || cfg->ports[1].proxy_itr);

		/* R1, the other site's core network, and nothing else */
		assert_int_equal(cfg->n_routes, 2);
		assert_eid(&cfg->routes[0].prefix, "10.0.3.1/32");
		assert_ip(&cfg->routes[0].via, r1);
		snprintf(text, sizeof(text), "10.0.%u.0/24", 3 - n);
		assert_eid(&cfg->routes[1].prefix, text);
		assert_ip(&cfg->routes[1].via, r1);

		assert_int_equal(cfg->n_database, 1);
		snprintf(text, sizeof(text), "192.168.%u.0/24", n);
		assert_eid(&cfg->database[0].eid, text);
		snprintf(text, sizeof(text), "10.0.%u.2", n);
		assert_locator(&cfg->database[0].locators[0], text, 1, 50, 255, 0);
		assert_ip(&cfg->map_resolvers[0], r1);
		assert_ip(&cfg->map_servers[0].address, r1);
		assert_key(&cfg->map_servers[0].key, "Zaq12wsx!@", 0);
		assert_int_equal(cfg->n_use_petr, 1);
		assert_petr(&cfg->use_petr[0], "10.0.3.1", 1, 100, true);
		assert_int_equal(cfg->n_proxy_etr, 0);
		snprintf(text, sizeof(text), "/run/xtrd-lab2/lisp%u.sock", n);
		assert_string_equal(cfg->socket, text);
		snprintf(text, sizeof(text), "/run/xtrd-lab2/lisp%u.state", n);
		assert_string_equal(cfg->state_dir, text);
		xtr_config_free(cfg);
	}
}

/* A sample as it is, but with its keys in the test's directory: relative paths start there. */
static struct xtr_config *load_sample_with_keys(const char *name)
{
	char path[256], text[16384], *p;
	FILE *f;
	size_t n;

	snprintf(path, sizeof(path), "%s/%s", SAMPLES, name);
	f = fopen(path, "r");
	assert_non_null(f);
	n = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	assert_in_range(n, 1, sizeof(text) - 2);
	text[n] = '\0';
	while ((p = strstr(text, "/etc/xtrd/")))
		memmove(p, p + 10, strlen(p + 10) + 1);
	return load(put_file(name, text, strlen(text), 0644));
}

static void samples_with_keys(void **state)
{
	struct xtr_config *cfg;

	put_file("map-server.key", "Zaq12wsx!@\n", 11, 0600);
	put_file("tokyo.key", "Zaq12wsx!@\r\n", 12, 0400);
	put_file("osaka.key", "Zaq12\0\n\n", 8, 0600);
	put_file("branch.key", "x", 1, 0600);
	cfg = load_sample_with_keys("xtr.conf");
	assert_int_equal(cfg->n_ports, 2);
	assert_string_equal(cfg->ports[0].device, "0000:01:00.0");
	assert_true(cfg->eal.huge_pages);
	assert_int_equal(cfg->eal.n_workers, 2);
	assert_int_equal(cfg->eal.worker_cpus[0], 2);
	assert_int_equal(cfg->eal.worker_cpus[1], 3);
	assert_int_equal(cfg->n_map_servers, 2);
	assert_key(&cfg->map_servers[1].key, "Zaq12wsx!@", 0);
	xtr_config_free(cfg);

	cfg = load_sample_with_keys("map-server.conf");
	assert_int_equal(cfg->n_ports, 0);
	assert_true(cfg->ms && cfg->mr);
	assert_int_equal(cfg->n_sites, 3);
	assert_key(&cfg->sites[0].key, "Zaq12wsx!@", 0);
	/* any bytes, of which one newline at the end is none */
	assert_int_equal(cfg->sites[1].key.len, 7);
	assert_memory_equal(cfg->sites[1].key.secret, "Zaq12\0\n", 7);
	assert_key(&cfg->sites[2].key, "x", 0);
	xtr_config_free(cfg);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(lab1),
	    cmocka_unit_test(lab2_proxy),
	    cmocka_unit_test(lab2_sites),
	    cmocka_unit_test(samples_with_keys),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
