/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What an ITR and an ETR need: map-server, database-mapping, map-cache, instances.
 */
#include "config/load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "auth/auth.h"
#include "wire/msg.h"

const struct xtr_cfg_word xtr_cfg_algorithms[] = {
    {"sha1", XTR_ALG_SHA1},
    {"sha256", XTR_ALG_SHA256},
    {"sha256-hkdf", XTR_ALG_SHA256_HKDF},
    {0},
};

static const struct xtr_cfg_field ms_fields[] = {
    XTR_CFG_FIELD("address", xtr_cfg_read_peer, struct xtr_cfg_ms, address,
	.required = "the Map-Server's address"),
    XTR_CFG_FIELD("key", xtr_cfg_read_key, struct xtr_cfg_ms, key),
    XTR_CFG_FIELD("key-file", xtr_cfg_read_key_file, struct xtr_cfg_ms, key),
    XTR_CFG_INT("key-id", struct xtr_cfg_ms, key.id, 0, 255),
    XTR_CFG_WORD("algorithm", struct xtr_cfg_ms, algorithm, xtr_cfg_algorithms),
    XTR_CFG_BOOL("rfc-authentication", struct xtr_cfg_ms, rfc_auth),
    XTR_CFG_BOOL("proxy-reply", struct xtr_cfg_ms, proxy_reply),
    XTR_CFG_BOOL("want-map-notify", struct xtr_cfg_ms, want_notify),
    {0},
};

static int elem_map_server(struct xtr_cfg_loader *l, const config_setting_t *s, void *elem)
{
	const struct xtr_cfg_field group = {.arg = ms_fields};
	struct xtr_cfg_ms *ms = elem;
	int r;

	ms->algorithm = XTR_ALG_SHA256;
	ms->want_notify = true;
	r = xtr_cfg_read_group(l, s, &group, ms);
	if (!r)
		r = xtr_cfg_check_key(l, s, &ms->key);
	return r;
}

const struct xtr_cfg_list xtr_cfg_map_servers = {
    .size = sizeof(struct xtr_cfg_ms),
    .count = offsetof(struct xtr_config, n_map_servers),
    .allowed = "Map-Servers { address, key, ... }",
    .read = elem_map_server,
    .once = xtr_cfg_once_ip,
    .once_member = "address",
};

static const struct xtr_cfg_field locator_fields[] = {
    XTR_CFG_FIELD("rloc", xtr_cfg_read_locator, struct xtr_cfg_locator, rloc,
	.required = "an IPv4 or IPv6 address"),
    XTR_CFG_INT("priority", struct xtr_cfg_locator, priority, 0, 255),
    XTR_CFG_INT("weight", struct xtr_cfg_locator, weight, 0, 255),
    XTR_CFG_INT("m-priority", struct xtr_cfg_locator, m_priority, 0, 255),
    XTR_CFG_INT("m-weight", struct xtr_cfg_locator, m_weight, 0, 255),
    {0},
};

static int elem_locator(struct xtr_cfg_loader *l, const config_setting_t *s, void *elem)
{
	const struct xtr_cfg_field group = {.arg = locator_fields};
	struct xtr_cfg_locator *loc = elem;

	loc->priority = 1;
	loc->weight = 100;
	loc->m_priority = 255;
	return xtr_cfg_read_group(l, s, &group, loc);
}

/* RFC 9301 section 5.4: the locator count of a record has eight bits. */
static const struct xtr_cfg_list locators = {
    .size = sizeof(struct xtr_cfg_locator),
    .count = offsetof(struct xtr_cfg_mapping, n_locators),
    .allowed = "locators { rloc, priority, weight, ... }",
    .read = elem_locator,
    .once = xtr_cfg_once_ip,
    .once_member = "rloc",
};

static const struct xtr_cfg_word actions[] = {
    {"natively-forward", XTR_ACT_NATIVELY_FORWARD},
    {"send-map-request", XTR_ACT_SEND_MAP_REQUEST},
    {"drop", XTR_ACT_DROP},
    {0},
};

/* What a mapping has in the database and in the map-cache. A TTL of 0 is a withdrawal, one of
 * 0xffffffff leaves it to the receiver: neither is for people. */
#define MAPPING_FIELDS                                                                             \
	XTR_CFG_FIELD("eid-prefix", xtr_cfg_read_prefix, struct xtr_cfg_mapping, eid,              \
	    .required = "a prefix such as \"10.1.1.0/24\""),                                       \
	    XTR_CFG_INT("instance-id", struct xtr_cfg_mapping, eid.iid, 0, XTR_IID_MAX),           \
	    XTR_CFG_INT("ttl", struct xtr_cfg_mapping, ttl_min, 1, 0xfffffffe)

static const struct xtr_cfg_field database_fields[] = {
    MAPPING_FIELDS,
    XTR_CFG_LIST("locators", xtr_cfg_read_list, struct xtr_cfg_mapping, locators, 1, 255, &locators,
	.required = "1 to 255 locators { rloc, priority, weight, ... }"),
    {0},
};

static const struct xtr_cfg_field map_cache_fields[] = {
    MAPPING_FIELDS,
    XTR_CFG_LIST(
	"locators", xtr_cfg_read_list, struct xtr_cfg_mapping, locators, 1, 255, &locators),
    XTR_CFG_WORD("action", struct xtr_cfg_mapping, action, actions),
    XTR_CFG_BOOL("counters", struct xtr_cfg_mapping, counters),
    {0},
};

/* What both kinds of mapping have in common. */
static int read_mapping(struct xtr_cfg_loader *l, const config_setting_t *s,
    const struct xtr_cfg_field *fields, struct xtr_cfg_seen *seen, struct xtr_cfg_mapping *m)
{
	const struct xtr_cfg_field group = {.arg = fields};
	const config_setting_t *prefix;
	char buf[XTR_EID_STRLEN];
	int r;

	m->ttl_min = 1440;
	r = xtr_cfg_read_group(l, s, &group, m);
	if (r)
		return r;
	prefix = config_setting_get_member(s, "eid-prefix");
	r = xtr_cfg_check_unicast(l, prefix, &m->eid);
	if (r)
		return r;
	return xtr_cfg_seen_add(l, seen, prefix, xtr_eid_format(&m->eid, buf));
}

static int elem_database(struct xtr_cfg_loader *l, const config_setting_t *s, void *elem)
{
	return read_mapping(l, s, database_fields, &l->database, elem);
}

static int elem_map_cache(struct xtr_cfg_loader *l, const config_setting_t *s, void *elem)
{
	struct xtr_cfg_mapping *m = elem;
	int r = read_mapping(l, s, map_cache_fields, &l->map_cache, m);

	if (r)
		return r;
	if (m->n_locators && config_setting_get_member(s, "action"))
		return xtr_cfg_fail(l, config_setting_get_member(s, "action"), NULL,
		    "found an action beside locators, allowed one of them");
	if (!m->n_locators && !config_setting_get_member(s, "action"))
		return xtr_cfg_fail(l, s, "locators",
		    "found nothing, allowed locators = ( ... ), or action = \"natively-forward\", "
		    "\"send-map-request\" or \"drop\"");
	return 0;
}

const struct xtr_cfg_list xtr_cfg_database = {
    .size = sizeof(struct xtr_cfg_mapping),
    .count = offsetof(struct xtr_config, n_database),
    .allowed = "mappings { eid-prefix, locators, ... }",
    .read = elem_database,
};

const struct xtr_cfg_list xtr_cfg_map_cache = {
    .size = sizeof(struct xtr_cfg_mapping),
    .count = offsetof(struct xtr_config, n_map_cache),
    .allowed = "entries { eid-prefix, locators or action, ... }",
    .read = elem_map_cache,
};

static const struct xtr_cfg_field instance_fields[] = {
    XTR_CFG_INT("instance-id", struct xtr_cfg_instance, iid, 0, XTR_IID_MAX,
	.required = "an instance-ID, 0 to 16777215"),
    XTR_CFG_INT("map-cache-limit", struct xtr_cfg_instance, map_cache_limit, 1,
	XTR_MAP_CACHE_LIMIT_MAX, .or_zero = true),
    XTR_CFG_BOOL("map-cache-counters", struct xtr_cfg_instance, map_cache_counters),
    XTR_CFG_WORD("source-rloc-check", struct xtr_cfg_instance, source_check, xtr_cfg_checks),
    {0},
};

static int elem_instance(struct xtr_cfg_loader *l, const config_setting_t *s, void *elem)
{
	const struct xtr_cfg_field group = {.arg = instance_fields};

	return xtr_cfg_read_group(l, s, &group, elem);
}

static char *once_instance(const void *elem, char *buf)
{
	snprintf(buf, XTR_EID_STRLEN, "%u", ((const struct xtr_cfg_instance *)elem)->iid);
	return buf;
}

const struct xtr_cfg_list xtr_cfg_instances = {
    .size = sizeof(struct xtr_cfg_instance),
    .count = offsetof(struct xtr_config, n_instances),
    .allowed = "groups { instance-id, map-cache-limit, map-cache-counters, source-rloc-check }",
    .read = elem_instance,
    .once = once_instance,
    .once_member = "instance-id",
};
