/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The configuration as the program sees it. The loader reads a libconfig file, checks it whole
 * against the schema and fills this; nobody changes it afterwards. Control lcore and start-up only.
 *
 * Each field is commented with its setting, in the file's spelling, and its default.
 * config/samples/reference.conf has them all with their ranges.
 */
#ifndef XTR_CONFIG_H
#define XTR_CONFIG_H

#include "wire/addr.h"

#define XTR_NAME_LEN       16 /* port and interface names, Linux's limit, with the zero byte */
#define XTR_MAX_PORTS      64
#define XTR_MAX_INTERFACES 256 /* ports and their VLANs */
#define XTR_MAX_VLANS      (XTR_MAX_INTERFACES - 1)
#define XTR_MAX_PETRS      64
#define XTR_MAX_WORKERS    64
#define XTR_MAP_CACHE_LIMIT_MAX                                                                    \
	4000000 /* learned entries; workers' table of entries has room for routes beside them */

/* Are sources that come out of tunnels held against their mappings? */
enum xtr_cfg_check {
	XTR_CFG_CHECK_OFF,
	XTR_CFG_CHECK_LOOSE,  /* those without a mapping pass */
	XTR_CFG_CHECK_STRICT, /* those are resolved first */
};

enum xtr_side { XTR_SIDE_CORE, XTR_SIDE_SITE };

/* ports = ( { ... vlans = ( { ... } ); } ): an interface, which is a port or a VLAN of one. All
 * ports come first, in the file's order, then the VLANs of the first port, and so on. */
struct xtr_cfg_port {
	char name[XTR_NAME_LEN]; /* name: the port's and its TAP's name; unique */
	char
	    *device; /* device: PCI address, or a vdev as in "net_tap0,iface=dtap0"; NULL: a VLAN */
	uint16_t vlan_id;   /* vlan-id: 1 to 4094, of a port each once; 0: a port */
	unsigned parent;    /* index of the VLAN's port; of a port, its own */
	bool offloads;      /* offloads: of a port: what its device can do is used, true */
	enum xtr_side side; /* side: "core" or "site" */
	/* instance-id: of a site port or a proxy-itr's, 0; another core port's is always 0 */
	uint32_t iid;
	/* proxy-itr: false; true: packets of any source that come in here may be encapsulated, to
	 * what the map-cache is configured to serve: entries with locators or "send-map-request"
	 * (RFC 6832 section 5) */
	bool proxy_itr;
	uint16_t mtu; /* mtu: 576 to 9216, 1500; of a VLAN at most, and by default, the port's */
	/* addresses: host address with prefix length, so ip has its host bits here; iid is that of
	 * a site port, 0 on a core port */
	struct xtr_eid *addresses;
	unsigned n_addresses;
	struct xtr_cfg_port *vlans; /* the loader's own: NULL once they stand behind the ports */
	unsigned n_vlans;           /* of a port */
};

/* routes = ( { prefix = "0.0.0.0/0"; via = "172.16.1.1"; } ) */
struct xtr_cfg_route {
	/* prefix; iid is that of the port's addresses, 0 where no port is named */
	struct xtr_eid prefix;
	struct xtr_ip via; /* via: next hop; via, port, or both */
	char port[XTR_NAME_LEN];
	bool blackhole; /* blackhole = true: neither via nor port */
};

/* neighbours = ( { address = ; mac = ; port = ; } ): used without netlink, and set in Linux */
struct xtr_cfg_neighbour {
	struct xtr_ip ip;
	uint8_t mac[6];
	char port[XTR_NAME_LEN];
};

/* inside a mapping: { rloc = "172.16.1.2"; priority = 1; weight = 50; } */
struct xtr_cfg_locator {
	struct xtr_ip rloc;
	uint8_t priority, weight;     /* priority, weight: 1, 100 */
	uint8_t m_priority, m_weight; /* m-priority, m-weight: 255, 0 */
};

/* database-mapping = ( { eid-prefix, instance-id, locators = ( ... ), ttl } ); also map-cache */
struct xtr_cfg_mapping {
	struct xtr_eid eid;
	struct xtr_cfg_locator *locators;
	unsigned n_locators;
	uint32_t ttl_min; /* ttl: minutes, 1440 */
	/* action: enum xtr_act of a map-cache entry without locators ("natively-forward", "drop",
	 * "send-map-request") */
	uint8_t action;
	bool counters; /* counters: of a map-cache entry: it counts its own packets, false */
};

/* instances = ( { instance-id, ... } ): what is different in an instance */
struct xtr_cfg_instance {
	uint32_t iid;             /* instance-id; each once */
	unsigned map_cache_limit; /* map-cache-limit: as lisp.instance-map-cache-limit says */
	bool map_cache_counters;  /* map-cache-counters: as lisp.map-cache-counters says */
	uint8_t source_check;     /* source-rloc-check: as lisp.source-rloc-check says, enum
				     xtr_cfg_check */
};

/* A pre-shared secret: key = "text", or key-file = "path" (mode 0600, a trailing newline removed;
 * a relative path starts at the directory of the configuration file). */
struct xtr_cfg_key {
	uint8_t *secret;
	size_t len;
	uint8_t id; /* key-id: 0 */
};

/* map-server = ( { address, key | key-file, key-id, ... } ): where an ETR registers */
struct xtr_cfg_ms {
	struct xtr_ip address;
	struct xtr_cfg_key key;
	uint8_t algorithm; /* algorithm: "sha1", "sha256" (default), "sha256-hkdf" */
	bool rfc_auth;     /* rfc-authentication: length and coverage of RFC 9301, false */
	bool proxy_reply;  /* proxy-reply: set the P bit, false */
	bool want_notify;  /* want-map-notify: true */
};

/* site = ( { name, key | key-file, eid-prefix = ( ... ), ... } ): Map-Server */
struct xtr_cfg_site {
	char *name;
	struct xtr_cfg_key key;
	/* algorithms: bit n: algorithm n is allowed; [ "sha256", "sha256-hkdf" ] */
	uint8_t algorithms;
	bool replay_strict; /* replay-protection: "strict" (default) or "off" */
	bool proxy_reply;   /* proxy-reply: answer for the site whatever its P bit says, false */
	/* eid-prefix = ( "10.1.1.0/24", { prefix; instance-id; accept-more-specifics; } ) */
	struct xtr_cfg_site_prefix {
		struct xtr_eid eid;
		bool accept_more_specifics; /* accept-more-specifics: false */
	} * prefixes;
	unsigned n_prefixes;
	struct xtr_ip *locators; /* allowed-locators = [ "172.16.1.2" ]; none: any */
	unsigned n_locators;
};

/* use-petr = ( { rloc, priority, weight, probe } ): whom an ITR sends what no LISP site has */
struct xtr_cfg_petr {
	struct xtr_ip rloc;
	uint8_t priority, weight; /* priority, weight: 1, 100; priority 255: never */
	bool probe;               /* probe: true; false: taken for alive without asking it */
};
enum xtr_petr_use { XTR_PETR_ALWAYS, XTR_PETR_NO_ROUTE };

/* proxy-etr = ( { rloc, eid-prefix, instance-id } ): for whom we are a PETR. What comes from one of
 * the rlocs, from a source inside one of the eids, is forwarded whatever its destination. RLOC
 * probes of a PETR are answered as such to ITRs at one of the rlocs. */
struct xtr_cfg_proxy_etr {
	struct xtr_eid *rlocs; /* rloc = [ "10.0.1.2", "10.0.2.0/24" ]: prefixes, iid 0 */
	unsigned n_rlocs;
	struct xtr_eid *eids; /* eid-prefix = [ "192.168.1.0/24" ], each with iid */
	unsigned n_eids;
	uint32_t iid; /* instance-id: 0 */
};

struct xtr_config {
	char *path; /* of the file it came from */

	/* eal = { ... } */
	struct {
		int control_cpu; /* control-lcore: CPU; -1 (default): floats over all */
		/* workers = [ 1, 2 ]: CPUs; -1: floats. Default: one worker, floating */
		int worker_cpus[XTR_MAX_WORKERS];
		unsigned n_workers;
		unsigned memory_mb; /* memory: MB; 0: EAL's own choice. 256 without huge pages */
		bool huge_pages;    /* huge-pages: false, that is --no-huge --no-shconf */
		char **args;        /* args = [ "--log-level=..." ]: further EAL arguments */
		unsigned n_args;
		bool idle_backoff; /* idle-backoff: true */
		unsigned mbufs;    /* mbufs: in the rx pool, 16384 */
	} eal;

	struct xtr_cfg_port *ports;
	unsigned n_ports; /* VLANs and all */
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
	/* map-cache: configured entries of the ITR; none lies inside a prefix of database */
	struct xtr_cfg_mapping *map_cache;
	unsigned n_map_cache;
	struct xtr_cfg_instance *instances;
	unsigned n_instances;

	struct xtr_cfg_petr *use_petr; /* use-petr; each rloc once; only beside database */
	unsigned n_use_petr;
	struct xtr_cfg_proxy_etr *proxy_etr; /* proxy-etr; none: a PETR for nobody */
	unsigned n_proxy_etr;
	/* proxy-itrs = [ "10.0.3.1", "192.0.2.0/28" ]: from whom packets of strangers may come,
	 * where sources are checked; none: from anybody. Prefixes, iid 0 */
	struct xtr_eid *proxy_itrs;
	unsigned n_proxy_itrs;

	struct xtr_cfg_site *sites; /* site: Map-Server */
	unsigned n_sites;
	bool ms; /* map-server-role: true where there are sites */
	bool mr; /* map-resolver-role: as ms */
	/* control-address = [ ... ]: where LISP control listens and sends from; none: any address
	 */
	struct xtr_ip *control_addresses;
	unsigned n_control_addresses;

	/* settings of the ITR and ETR, lisp = { ... } */
	struct {
		bool decap_copy_dscp; /* decap-dscp: "copy" (default, RFC 9300 5.3), "keep" */
		uint8_t source_check; /* source-rloc-check: "loose", "off", "strict"; enum
					 xtr_cfg_check */
		/* min-reply-plen4, min-reply-plen6: shortest prefix of a positive Map-Reply, 1 */
		unsigned min_reply_plen4;
		unsigned min_reply_plen6;
		/* hold-per-eid: packets of an unresolved EID, 1024; not those that wait for a PETR
		 */
		unsigned hold_per_eid;
		unsigned hold_per_instance; /* hold-per-instance: 4096 */
		unsigned hold_total;        /* hold-total: 8192 */
		unsigned hold_ms;           /* hold-ms: how long a packet is held, 5000 */
		unsigned punt_rate;         /* punt-rate: a second, reason and port, 20000 */
		unsigned punt_burst;        /* punt-burst: 4096 */
		/* map-cache-limit: learned entries in all, 1000000, 1 to 4000000 */
		unsigned map_cache_limit;
		/* instance-map-cache-limit: of an instance, 0 to 4000000; 0 (default): only the
		 * total */
		unsigned instance_map_cache_limit;
		bool map_cache_counters; /* map-cache-counters: of learned entries, false */
		/* locator-status-bits: L and what goes with it in LISP headers, false */
		bool locator_status_bits;
		/* petr-use: what no LISP site has goes to a PETR "always" (default, RFC 6832
		 * section 6.1) or where there is "no-route" */
		enum xtr_petr_use petr_use;
		/* probe-interval-ms: between two probes of an RLOC that answers, 10000, 100 to
		 * 3600000; 0: RLOCs are not probed */
		unsigned probe_interval_ms;
	} lisp;

	/* linux-mirror: true: TAPs and netlink; false: tables from the configuration alone */
	bool mirror;
	char *socket;    /* operator-socket: /run/xtrd.sock */
	char *state_dir; /* state-directory: /var/lib/xtrd */
	bool test_clock; /* test-clock: false; `xtrctl clock advance SECONDS` drives time */
	char *debug;     /* debug: categories on from the start, comma separated; NULL: none */
	/* xtr-id: 32 hex digits; absent: made at random once, kept in the state directory */
	uint8_t xtr_id[16];
	bool has_xtr_id;
	uint8_t site_id[8]; /* site-id: 16 hex digits, 0 */
};

/*
 * Reads and checks a file. On error returns NULL and writes ONE line to *error (malloc'd, the
 * caller frees; NULL if there was no memory even for that):
 *   FILE:LINE: SETTING: found FOUND, allowed ALLOWED
 * e.g. "xtr.conf:12: ports[1].mtu: found 100, allowed 576 to 9216"; elements count from 0. Secrets
 * never appear in it.
 */
struct xtr_config *xtr_config_load(const char *path, char **error);
/* Wipes the secrets and frees; NULL is allowed. */
void xtr_config_free(struct xtr_config *cfg);

#endif
