/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the parts of the loader share: tables of settings, the walk over them, readers of values,
 * and errors. Internal to config/.
 *
 * Readers return 0, -EINVAL with l->error set, or -ENOMEM.
 */
#ifndef XTR_CONFIG_LOAD_H
#define XTR_CONFIG_LOAD_H

#include <libconfig.h>

#include "config/config.h"

/* Texts seen so far, to find what is there twice. */
struct xtr_cfg_seen {
	void *root; /* of tsearch() */
};

struct xtr_cfg_loader {
	struct xtr_config *cfg;
	config_t lc;
	char *error;
	/* over the whole file */
	struct xtr_cfg_seen port_names, devices, addresses, routes, neighbours;
	struct xtr_cfg_seen database, map_cache, site_names, site_prefixes;
};

struct xtr_cfg_field;
/* Reads setting s into the object that the group describes. */
typedef int xtr_cfg_reader(
    struct xtr_cfg_loader *l, const config_setting_t *s, const struct xtr_cfg_field *f, void *obj);

/* One setting that a group allows. A table of them ends with a name of NULL. */
struct xtr_cfg_field {
	const char *name;
	xtr_cfg_reader *read;
	size_t offset;        /* of the value in the object */
	const char *required; /* what is allowed, said where it is missing; NULL: it may be */
	long long min, max;   /* numbers: range; lists: how many; texts: length */
	bool or_zero;         /* numbers: 0 is allowed too */
	unsigned size;        /* numbers: bytes of the value, 1, 2 or 4 */
	const void *arg;      /* the reader's own: a table of words or settings, a list */
};

/* Rows of a table: a member of an object of a type; further fields may follow as .field = value. */
#define XTR_CFG_FIELD(NAME, READER, TYPE, MEMBER, ...)                                             \
	{                                                                                          \
		.name = NAME, .read = READER, .offset = offsetof(TYPE, MEMBER), __VA_ARGS__        \
	}
#define XTR_CFG_INT(NAME, TYPE, MEMBER, MIN, MAX, ...)                                             \
	XTR_CFG_FIELD(NAME, xtr_cfg_read_int, TYPE, MEMBER, .min = MIN, .max = MAX,                \
	    .size = sizeof(((TYPE *)0)->MEMBER), __VA_ARGS__)
#define XTR_CFG_BOOL(NAME, TYPE, MEMBER) XTR_CFG_FIELD(NAME, xtr_cfg_read_bool, TYPE, MEMBER, )
#define XTR_CFG_WORD(NAME, TYPE, MEMBER, WORDS, ...)                                               \
	XTR_CFG_FIELD(NAME, xtr_cfg_read_word, TYPE, MEMBER, .arg = WORDS,                         \
	    .size = sizeof(((TYPE *)0)->MEMBER), __VA_ARGS__)
#define XTR_CFG_LIST(NAME, READER, TYPE, MEMBER, MIN, MAX, LIST, ...)                              \
	XTR_CFG_FIELD(NAME, READER, TYPE, MEMBER, .min = MIN, .max = MAX, .arg = LIST, __VA_ARGS__)

struct xtr_cfg_word { /* one value of a setting that takes words; a table ends with NULL */
	const char *word;
	int value;
};

struct xtr_cfg_list {        /* a list that becomes an array at field.offset */
	size_t size;         /* bytes of an element */
	size_t count;        /* offset of the number of elements, an unsigned */
	const char *allowed; /* elements in words */
	int (*read)(struct xtr_cfg_loader *l, const config_setting_t *s, void *elem);
	/* Writes what only one element may have into buf (XTR_EID_STRLEN bytes) and returns it;
	 * NULL: all may be the same. It stands in the element, or in this setting of its group. */
	char *(*once)(const void *elem, char *buf);
	const char *once_member;
};

/* schema.c */
int xtr_cfg_read_fields(struct xtr_cfg_loader *l, const config_setting_t *s,
    const struct xtr_cfg_field *fields, void *obj);
/* Readers: a group whose settings (arg) fill the same object; a list (arg), of which one element
 * may stand alone. */
int xtr_cfg_read_group(
    struct xtr_cfg_loader *l, const config_setting_t *s, const struct xtr_cfg_field *f, void *obj);
int xtr_cfg_read_list(
    struct xtr_cfg_loader *l, const config_setting_t *s, const struct xtr_cfg_field *f, void *obj);
/* A setting of the file's outermost group, or NULL. */
const config_setting_t *xtr_cfg_root_member(const struct xtr_cfg_loader *l, const char *name);
/* Elements of a list; a value or group that stands alone is one element, itself. */
unsigned xtr_cfg_length(const config_setting_t *s);
const config_setting_t *xtr_cfg_elem(const config_setting_t *s, unsigned i);
/* The member of element i of a list in the file's outermost group, for checks across settings. */
const config_setting_t *xtr_cfg_at(
    const struct xtr_cfg_loader *l, const char *list, unsigned i, const char *member);

/* values.c: readers */
xtr_cfg_reader xtr_cfg_read_int, xtr_cfg_read_bool, xtr_cfg_read_word, xtr_cfg_read_text,
    xtr_cfg_read_hex;
/* The text of a setting that must have one of at most `max` bytes. NULL and an error otherwise. */
const char *xtr_cfg_text(
    struct xtr_cfg_loader *l, const config_setting_t *s, size_t max, const char *allowed);
/* A word's value, or -EINVAL with an error. */
int xtr_cfg_word(
    struct xtr_cfg_loader *l, const config_setting_t *s, const struct xtr_cfg_word *words);

/* address.c */
enum xtr_cfg_ip_use {
	XTR_CFG_PEER,    /* unicast, loopback too, not link-local */
	XTR_CFG_LOCATOR, /* unicast, neither loopback nor link-local */
	XTR_CFG_HOP,     /* unicast, no loopback, link-local too: a neighbour on a port */
};
int xtr_cfg_ip(struct xtr_cfg_loader *l, const config_setting_t *s, enum xtr_cfg_ip_use use,
    struct xtr_ip *ip);
/* Readers: an address that other machines send to; one that xtrd may reach on this machine too. */
xtr_cfg_reader xtr_cfg_read_locator, xtr_cfg_read_peer;
/* Reader: a next hop or neighbour. */
xtr_cfg_reader xtr_cfg_read_hop;
/* Elements of a list: a locator, a peer. */
int xtr_cfg_elem_locator(struct xtr_cfg_loader *l, const config_setting_t *s, void *elem);
int xtr_cfg_elem_peer(struct xtr_cfg_loader *l, const config_setting_t *s, void *elem);
/* Element of a list: an address of this machine, with its prefix length. */
int xtr_cfg_elem_host(struct xtr_cfg_loader *l, const config_setting_t *s, void *elem);
/* A prefix without host bits; eid->iid is left as it is. The other one takes an address too, for
 * its host prefix. */
int xtr_cfg_prefix(struct xtr_cfg_loader *l, const config_setting_t *s, struct xtr_eid *eid);
int xtr_cfg_prefix_or_ip(struct xtr_cfg_loader *l, const config_setting_t *s, struct xtr_eid *eid);
xtr_cfg_reader xtr_cfg_read_prefix;
/* An error if the prefix in s is one of multicast, broadcast, loopback or the unspecified address.
 */
int xtr_cfg_check_unicast(
    struct xtr_cfg_loader *l, const config_setting_t *s, const struct xtr_eid *prefix);
/* xtr_cfg_list.once of elements that start with a struct xtr_ip */
char *xtr_cfg_once_ip(const void *elem, char *buf);

/* key.c: key, key-file and key-id of a group */
xtr_cfg_reader xtr_cfg_read_key, xtr_cfg_read_key_file;
/* One of key and key-file must be there. */
int xtr_cfg_check_key(
    struct xtr_cfg_loader *l, const config_setting_t *group, const struct xtr_cfg_key *key);

/* seen.c: adds text; s is where it stands. An error if it is there already. */
int xtr_cfg_seen_add(struct xtr_cfg_loader *l, struct xtr_cfg_seen *seen, const config_setting_t *s,
    const char *text);
/* Where text stands, or NULL. */
const config_setting_t *xtr_cfg_seen_find(const struct xtr_cfg_seen *seen, const char *text);
void xtr_cfg_seen_clear(struct xtr_cfg_seen *seen);

/* report.c */
#define XTR_CFG_FOUND_LEN 128
unsigned xtr_cfg_line(const config_setting_t *s);
/* The value of s for an error message; never that of a key. */
const char *xtr_cfg_found(const config_setting_t *s, char buf[XTR_CFG_FOUND_LEN]);
/* Writes FILE:LINE: PATH: and the text. member: a setting that s lacks, or NULL. Returns -EINVAL.
 */
int xtr_cfg_fail(struct xtr_cfg_loader *l, const config_setting_t *s, const char *member,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* The same with "found" and the value of s; the text says what is allowed. */
int xtr_cfg_bad(struct xtr_cfg_loader *l, const config_setting_t *s, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* The settings of the file, by subject. */
extern const struct xtr_cfg_list xtr_cfg_ports, xtr_cfg_routes,
    xtr_cfg_neighbours; /* load_ports.c */
/* The instance of a port's own addresses and routes. Those of a core port are the underlay's,
 * whatever instance the packets are from that it takes as a proxy-ITR. */
uint32_t xtr_cfg_network(const struct xtr_cfg_port *p);
extern const struct xtr_cfg_list xtr_cfg_map_servers, xtr_cfg_database, xtr_cfg_map_cache,
    xtr_cfg_instances;                                                /* load_lisp.c */
extern const struct xtr_cfg_list xtr_cfg_use_petr, xtr_cfg_proxy_etr; /* load_proxy.c */
extern const struct xtr_cfg_list xtr_cfg_sites;                       /* load_site.c */
extern const struct xtr_cfg_field xtr_cfg_eal_fields[];               /* load_eal.c */
extern const struct xtr_cfg_field xtr_cfg_root_fields[];              /* load_root.c */
extern const struct xtr_cfg_word xtr_cfg_algorithms[];                /* load_lisp.c */
/* load_root.c: what holds where the file is silent, before and after it is read */
int xtr_cfg_defaults(struct xtr_config *cfg);
void xtr_cfg_derive(struct xtr_cfg_loader *l);
/* check.c, and of proxies check_proxy.c: what no setting shows alone */
int xtr_cfg_check(struct xtr_cfg_loader *l);
int xtr_cfg_check_proxies(struct xtr_cfg_loader *l);

#endif
