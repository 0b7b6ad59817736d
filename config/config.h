/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The configuration as the program sees it. The loader reads a libconfig file, checks it whole against the schema
 * and fills this; nobody changes it afterwards. Control lcore and start-up only.
 */
#ifndef XTR_CONFIG_H
#define XTR_CONFIG_H

#include "wire/addr.h"

#define XTR_NAME_LEN 16 /* port and interface names, Linux's limit, with the zero byte */
#define XTR_MAX_PORTS 64
#define XTR_MAX_WORKERS 64

enum xtr_side { XTR_SIDE_CORE, XTR_SIDE_SITE };

struct xtr_cfg_port { /* ports = ( { ... } ) */
	char name[XTR_NAME_LEN]; /* name: the port's and its TAP's name; unique */
	char *device;            /* device: PCI address, or a vdev as in "net_tap0,iface=dtap0" */
	enum xtr_side side;      /* side: "core" or "site" */
	uint32_t iid;            /* instance-id of a site port, 0 by default; a core port's underlay is always 0 */
	uint16_t mtu;            /* mtu: 576 to 9216, default 1500 */
	struct xtr_eid *addresses; /* addresses: host address with prefix length: ip has its host bits here */
	unsigned n_addresses;
};

struct xtr_cfg_route { /* routes = ( { prefix = "0.0.0.0/0"; via = "172.16.1.1"; } ) */
	struct xtr_eid prefix;
	struct xtr_ip via; /* one of via and port, or both */
	char port[XTR_NAME_LEN];
	bool blackhole; /* blackhole = true: neither via nor port */
};

struct xtr_cfg_neighbour { /* neighbours = ( { address = ; mac = ; port = ; } ): used without netlink, and set in Linux */
	struct xtr_ip ip;
	uint8_t mac[6];
	char port[XTR_NAME_LEN];
};

struct xtr_cfg_locator { /* inside database-mapping: { rloc = "172.16.1.2"; priority = 1; weight = 50; } */
	struct xtr_ip rloc;
	uint8_t priority, weight;     /* default 1, 100 */
	uint8_t m_priority, m_weight; /* default 255, 0 */
};

struct xtr_cfg_mapping { /* database-mapping = ( { eid-prefix, instance-id, locators = ( ... ), ttl } ); also map-cache-static */
	struct xtr_eid eid;
	struct xtr_cfg_locator *locators;
	unsigned n_locators;
	uint32_t ttl_min; /* ttl: minutes, default 1440 */
	uint8_t action;   /* map-cache entries without locators: enum xtr_act ("natively-forward", "drop", "send-map-request") */
};

struct xtr_cfg_key { /* a pre-shared secret: key = "text" or key-file = "path" (mode 0600, a trailing newline removed); key-id */
	uint8_t *secret;
	size_t len;
	uint8_t id; /* key-id, default 0 */
};

struct xtr_cfg_ms { /* map-server = ( { address, key | key-file, key-id, algorithm, ... } ): where an ETR registers */
	struct xtr_ip address;
	struct xtr_cfg_key key;
	uint8_t algorithm;    /* "sha256" by default, "sha1", "sha256-hkdf" */
	bool rfc_auth;        /* rfc-authentication: truncated length and coverage of RFC 9301, false by default */
	bool proxy_reply;     /* proxy-reply: set the P bit, false */
	bool want_notify;     /* want-map-notify, true */
};

struct xtr_cfg_site { /* site = ( { name, key | key-file, eid-prefix = ( ... ), ... } ): Map-Server */
	char *name;
	struct xtr_cfg_key key;
	uint8_t algorithms;  /* bit n: algorithm n is allowed; algorithms = [ "sha256", ... ], default sha256 and sha256-hkdf */
	bool replay_strict;  /* replay-protection: "strict" (default) or "off" */
	bool proxy_reply;    /* proxy-reply: answer for the site whatever its P bit says, false */
	struct xtr_cfg_site_prefix {
		struct xtr_eid eid;
		bool accept_more_specifics; /* accept-more-specifics, false */
	} *prefixes; /* eid-prefix = ( "10.1.1.0/24", { prefix = ; instance-id = ; accept-more-specifics = true; } ) */
	unsigned n_prefixes;
	struct xtr_ip *locators; /* allowed-locators = [ "172.16.1.2" ]; none: any */
	unsigned n_locators;
};

struct xtr_config {
	char *path; /* of the file it came from */

	/* eal = { lcores..., memory, huge-pages, args } */
	struct {
		int control_cpu;                /* control-lcore: CPU, -1 (default): float over all */
		int worker_cpus[XTR_MAX_WORKERS]; /* workers = [ 1, 2 ]: CPUs; -1: floats */
		unsigned n_workers;             /* default: one worker, floating */
		unsigned memory_mb;             /* memory, MB; 0: EAL's own choice. Default 256 without huge pages */
		bool huge_pages;                /* huge-pages, default false: --no-huge --no-shconf */
		char **args;                    /* args = [ "--log-level=..." ]: any further EAL arguments */
		unsigned n_args;
		bool idle_backoff;              /* idle-backoff, default true */
		unsigned mbufs;                 /* mbufs in the rx pool, default 16384 */
	} eal;

	struct xtr_cfg_port *ports;
	unsigned n_ports;
	struct xtr_cfg_route *routes;
	unsigned n_routes;
	struct xtr_cfg_neighbour *neighbours;
	unsigned n_neighbours;

	/* roles follow from what is there: map-resolver list = ITR, database-mapping = ETR */
	struct xtr_ip *map_resolvers; /* map-resolver = [ "172.16.1.1" ]: whom an ITR asks */
	unsigned n_map_resolvers;
	struct xtr_cfg_ms *map_servers;
	unsigned n_map_servers;
	struct xtr_cfg_mapping *database; /* database-mapping */
	unsigned n_database;
	struct xtr_cfg_mapping *map_cache; /* map-cache: configured entries of the ITR */
	unsigned n_map_cache;

	struct xtr_cfg_site *sites; /* site: Map-Server */
	unsigned n_sites;
	bool ms;                         /* map-server-role, default: true where there are sites */
	bool mr;                         /* map-resolver-role, default: as ms */
	struct xtr_ip *control_addresses; /* control-address = [ ... ]: where LISP control listens and sends from; none: any address */
	unsigned n_control_addresses;

	/* settings of the ITR and ETR, group lisp = { ... } */
	struct {
		bool decap_copy_dscp;      /* decap-dscp: "copy" (default, RFC 9300 5.3) or "keep" */
		unsigned min_reply_plen4;  /* shortest IPv4 prefix of a positive Map-Reply, default 1 */
		unsigned min_reply_plen6;  /* default 1 */
		unsigned hold_per_eid;     /* packets held for an unresolved EID, default 1024 */
		unsigned hold_per_instance;/* default 4096 */
		unsigned hold_total;       /* default 8192 */
		unsigned hold_ms;          /* how long a packet is held, default 5000 ms */
		unsigned punt_rate;        /* punts a second, reason and port, default 20000 */
		unsigned punt_burst;       /* default 4096 */
	} lisp;

	bool mirror;      /* linux-mirror, default true: TAPs and netlink; false: tables from the configuration alone */
	char *socket;     /* operator-socket, default /run/xtrd.sock */
	char *state_dir;  /* state-directory, default /var/lib/xtrd */
	bool test_clock;  /* test-clock, default false: lets `xtrctl clock advance SECONDS` drive time */
	char *debug;      /* debug: categories on from the start, comma separated; NULL: none */
	uint8_t xtr_id[16]; /* xtr-id: 32 hex digits; absent: made at random once, kept in the state directory */
	bool has_xtr_id;
	uint8_t site_id[8]; /* site-id: 16 hex digits, default 0 */
};

/*
 * Reads and checks a file. On error returns NULL and writes ONE line to *error (malloc'd, the caller frees):
 *   FILE:LINE: SETTING: found FOUND, allowed ALLOWED
 * e.g. "xtr.conf:12: ports[1].mtu: found 100, allowed 576 to 9216". Secrets never appear in it.
 */
struct xtr_config *xtr_config_load(const char *path, char **error);
/* Wipes the secrets and frees; NULL is allowed. */
void xtr_config_free(struct xtr_config *cfg);

#endif
