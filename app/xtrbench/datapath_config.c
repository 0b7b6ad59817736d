/* SPDX-License-Identifier: BSD-3-Clause */
/* The daemon with the tables of datapath_lab.c. */
#include "app/xtrbench/datapath_lab.h"

static const char common[] =
    "linux-mirror = false;\n"
    "eal = { mbufs = 8192; memory = 512; };\n" /* buffers for the largest frames */
    "operator-socket = \"%1$s/sock\"; state-directory = \"%1$s/state\";\n"
    "ports = (\n"
    "  { name = \"core\"; device = \"%2$s\"; side = \"core\"; mtu = %4$u;\n"
    "    addresses = [ \"172.16.1.2/24\", \"2001:db8:f1::2/64\" ]; },\n"
    "  { name = \"site\"; device = \"%3$s\"; side = \"site\"; mtu = %4$u;\n"
    "    addresses = [ \"192.168.1.2/24\", \"2001:db8:e1::2/64\" ]; } );\n"
    "routes = (\n"
    "  { prefix = \"10.1.0.0/16\"; via = \"192.168.1.4\"; },\n"
    "  { prefix = \"2001:db8:1::/48\"; via = \"2001:db8:e1::4\"; },\n"
    "  { prefix = \"172.18.0.0/16\"; via = \"172.16.1.3\"; },\n"
    "  { prefix = \"172.32.0.0/11\"; via = \"172.16.1.3\"; },\n"
    "  { prefix = \"2001:db8:f2::/48\"; via = \"2001:db8:f1::3\"; },\n"
    "  { prefix = \"2001:db8:f3::/48\"; via = \"2001:db8:f1::3\"; } );\n"
    "lisp = { probe-interval-ms = 0; };\n";

static const char neighbour[] = "  { address = \"%s\"; port = \"%s\"; "
				"mac = \"%02x:%02x:%02x:%02x:%02x:%02x\"; }%s\n";

static const char mappings[] =
    "database-mapping = (\n"
    "  { eid-prefix = \"10.1.0.0/16\"; locators = ( { rloc = \"%1$s\"; } ); },\n"
    "  { eid-prefix = \"2001:db8:1::/48\"; locators = ( { rloc = \"%1$s\"; } ); } );\n"
    "map-cache = (\n"
    "  { eid-prefix = \"10.2.0.0/16\"; locators = ( { rloc = \"%2$s\"; } ); },\n"
    "  { eid-prefix = \"2001:db8:2::/48\"; locators = ( { rloc = \"%2$s\"; } ); } );\n";

static void put_neighbour(FILE *to, const char *address, unsigned port, const char *end)
{
	const uint8_t *m = bench_neighbour_mac[port];

	fprintf(to, neighbour, address, port == BENCH_CORE ? "core" : "site", m[0], m[1], m[2],
	    m[3], m[4], m[5], end);
}

void bench_dp_config(FILE *to, unsigned outer, const char *core, const char *site, const char *dir)
{
	fprintf(to, common, dir, core, site, BENCH_MTU);
	fputs("neighbours = (\n", to);
	put_neighbour(to, "172.16.1.3", BENCH_CORE, ",");
	put_neighbour(to, "2001:db8:f1::3", BENCH_CORE, ",");
	put_neighbour(to, "192.168.1.4", BENCH_SITE, ",");
	put_neighbour(to, "2001:db8:e1::4", BENCH_SITE, " );");
	fprintf(to, mappings, outer == 6 ? "2001:db8:f1::2" : "172.16.1.2",
	    outer == 6 ? "2001:db8:f3::1" : "172.32.0.1");
}
