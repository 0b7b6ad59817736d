/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * site: whom the Map-Server takes registrations from, and for which prefixes.
 */
#include "config/load.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "auth/auth.h"

#define SITE_NAME_MAX 63 /* bytes */

static int read_site_name(
    struct xtr_cfg_loader *l, const config_setting_t *s, const struct xtr_cfg_field *f, void *obj)
{
	struct xtr_cfg_site *site = obj;
	const char *text = config_setting_get_string(s);
	bool ok = text && *text && strlen(text) <= SITE_NAME_MAX;

	/* Operators type it after `show sites`, where a "/" means a prefix. */
	for (const char *p = text; ok && *p; p++)
		ok = (unsigned char)*p > ' ' && *p != 0x7f && *p != '/' && *p != '"';
	if (!ok)
		return xtr_cfg_bad(
		    l, s, "1 to %d bytes without blanks, quotes and \"/\"", SITE_NAME_MAX);
	site->name = strdup(text);
	return site->name ? 0 : -ENOMEM;
}

static int read_algorithms(
    struct xtr_cfg_loader *l, const config_setting_t *s, const struct xtr_cfg_field *f, void *obj)
{
	struct xtr_cfg_site *site = obj;
	unsigned n = xtr_cfg_length(s);

	if (!n)
		return xtr_cfg_bad(l, s, "one or more of \"sha1\", \"sha256\", \"sha256-hkdf\"");
	site->algorithms = 0;
	for (unsigned i = 0; i < n; i++) {
		int v = xtr_cfg_word(l, xtr_cfg_elem(s, i), xtr_cfg_algorithms);

		if (v < 0)
			return v;
		site->algorithms |= (uint8_t)(1u << v);
	}
	return 0;
}

static const struct xtr_cfg_word replay_words[] = {{"off", false}, {"strict", true}, {0}};

static const struct xtr_cfg_field prefix_fields[] = {
    XTR_CFG_FIELD("prefix", xtr_cfg_read_prefix, struct xtr_cfg_site_prefix, eid,
	.required = "a prefix such as \"10.1.1.0/24\""),
    XTR_CFG_INT("instance-id", struct xtr_cfg_site_prefix, eid.iid, 0, XTR_IID_MAX),
    XTR_CFG_BOOL("accept-more-specifics", struct xtr_cfg_site_prefix, accept_more_specifics),
    {0},
};

/* A text is a prefix of instance 0; a group says more. */
static int elem_site_prefix(struct xtr_cfg_loader *l, const config_setting_t *s, void *elem)
{
	struct xtr_cfg_site_prefix *p = elem;
	char buf[XTR_EID_STRLEN];
	int r;

	if (config_setting_is_group(s)) {
		r = xtr_cfg_read_fields(l, s, prefix_fields, p);
		s = config_setting_get_member(s, "prefix");
	} else {
		r = xtr_cfg_prefix(l, s, &p->eid);
	}
	if (!r)
		r = xtr_cfg_check_unicast(l, s, &p->eid);
	if (r)
		return r;
	return xtr_cfg_seen_add(l, &l->site_prefixes, s, xtr_eid_format(&p->eid, buf));
}

static const struct xtr_cfg_list prefixes = {
    .size = sizeof(struct xtr_cfg_site_prefix),
    .count = offsetof(struct xtr_cfg_site, n_prefixes),
    .allowed = "prefixes, or { prefix, instance-id, accept-more-specifics }",
    .read = elem_site_prefix,
};

static const struct xtr_cfg_list allowed_locators = {
    .size = sizeof(struct xtr_ip),
    .count = offsetof(struct xtr_cfg_site, n_locators),
    .allowed = "addresses of ETRs",
    .read = xtr_cfg_elem_locator,
    .once = xtr_cfg_once_ip,
};

static const struct xtr_cfg_field site_fields[] = {
    {.name = "name", .read = read_site_name, .required = "a name for the site"},
    XTR_CFG_FIELD("key", xtr_cfg_read_key, struct xtr_cfg_site, key),
    XTR_CFG_FIELD("key-file", xtr_cfg_read_key_file, struct xtr_cfg_site, key),
    XTR_CFG_INT("key-id", struct xtr_cfg_site, key.id, 0, 255),
    {.name = "algorithms", .read = read_algorithms},
    XTR_CFG_WORD("replay-protection", struct xtr_cfg_site, replay_strict, replay_words),
    XTR_CFG_BOOL("proxy-reply", struct xtr_cfg_site, proxy_reply),
    XTR_CFG_LIST("eid-prefix", xtr_cfg_read_list, struct xtr_cfg_site, prefixes, 1, 0, &prefixes,
	.required = "prefixes such as ( \"10.1.1.0/24\" )"),
    /* An empty list would read as "none" and mean "any". */
    XTR_CFG_LIST("allowed-locators", xtr_cfg_read_list, struct xtr_cfg_site, locators, 1, 0,
	&allowed_locators),
    {0},
};

static int elem_site(struct xtr_cfg_loader *l, const config_setting_t *s, void *elem)
{
	const struct xtr_cfg_field group = {.arg = site_fields};
	struct xtr_cfg_site *site = elem;
	int r;

	site->algorithms = 1u << XTR_ALG_SHA256 | 1u << XTR_ALG_SHA256_HKDF;
	site->replay_strict = true;
	r = xtr_cfg_read_group(l, s, &group, site);
	if (!r)
		r = xtr_cfg_check_key(l, s, &site->key);
	if (r)
		return r;
	return xtr_cfg_seen_add(
	    l, &l->site_names, config_setting_get_member(s, "name"), site->name);
}

const struct xtr_cfg_list xtr_cfg_sites = {
    .size = sizeof(struct xtr_cfg_site),
    .count = offsetof(struct xtr_config, n_sites),
    .allowed = "sites { name, key, eid-prefix, ... }",
    .read = elem_site,
};
