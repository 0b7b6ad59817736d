/* SPDX-License-Identifier: BSD-3-Clause */
#include "config/config.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/load.h"
#include "config/syntax.h"

#define FILE_MAX (64u << 20) /* bytes, some 700,000 mappings */

struct text {
	char *p;
	size_t len;
};

static void text_free(struct text *t)
{
	if (t->p)
		explicit_bzero(t->p, t->len);
	free(t->p);
}

/* Reads the whole file, which may be a pipe. Returns 0 or negative errno. */
static int read_file(const char *path, struct text *t)
{
	size_t size = 0;
	FILE *f = fopen(path, "re");
	int r = 0;

	*t = (struct text){0};
	if (!f)
		return -errno;
	/* keys would stay in the buffer of the stream when that is freed */
	setvbuf(f, NULL, _IONBF, 0);
	for (;;) {
		size_t n;

		if (t->len == size) {
			struct text wider = {malloc(size ? 2 * size : 65536), t->len};

			if (!wider.p) {
				r = -ENOMEM;
				break;
			}
			if (t->len)
				memcpy(wider.p, t->p, t->len);
			text_free(t);
			t->p = wider.p;
			size = size ? 2 * size : 65536;
		}
		errno = 0;
		n = fread(t->p + t->len, 1, size - t->len, f);
		t->len += n;
		if (t->len > FILE_MAX)
			r = -EFBIG;
		else if (!n && ferror(f))
			r = errno ? -errno : -EIO;
		if (r || !n)
			break;
	}
	fclose(f);
	return r;
}

__attribute__((format(printf, 3, 4))) static int file_error(
    struct xtr_cfg_loader *l, unsigned line, const char *fmt, ...)
{
	char *what;
	va_list ap;
	int r;

	va_start(ap, fmt);
	r = vasprintf(&what, fmt, ap);
	va_end(ap);
	if (r < 0)
		return -ENOMEM;
	r = asprintf(&l->error, "%s:%u: %s", l->cfg->path, line, what);
	free(what);
	if (r < 0)
		l->error = NULL;
	return r < 0 ? -ENOMEM : -EINVAL;
}

/* Hangs the lines on the settings, which come in the order of the file. Returns how many were
 * there. */
static size_t set_lines(config_setting_t *s, const unsigned *lines, size_t n_lines, size_t n)
{
	if (!config_setting_is_root(s)) {
		if (n < n_lines)
			config_setting_set_hook(s, (void *)(uintptr_t)lines[n]);
		n++;
	}
	for (int i = 0; config_setting_is_aggregate(s) && i < config_setting_length(s); i++)
		n = set_lines(config_setting_get_elem(s, (unsigned)i), lines, n_lines, n);
	return n;
}

/* libconfig frees its texts as they are. */
static void wipe_texts(config_setting_t *s)
{
	if (config_setting_type(s) == CONFIG_TYPE_STRING && s->value.sval)
		explicit_bzero(s->value.sval, strlen(s->value.sval));
	for (int i = 0; config_setting_is_aggregate(s) && i < config_setting_length(s); i++)
		wipe_texts(config_setting_get_elem(s, (unsigned)i));
}

/* The file into l->lc. */
static int parse(struct xtr_cfg_loader *l, const char *path)
{
	struct xtr_cfg_syntax syntax = {0};
	struct text text;
	size_t n;
	int r = read_file(path, &text);

	if (r == -EFBIG)
		r = file_error(
		    l, 1, "file: found more than %u bytes, allowed a smaller file", FILE_MAX);
	else if (r && r != -ENOMEM)
		r = file_error(l, 1, "file: found nothing to read (%s), allowed a readable file",
		    strerror(-r));
	if (r)
		goto out;
	r = xtr_cfg_syntax_check(text.p, text.len, &syntax);
	if (r == -EINVAL)
		r = file_error(l, syntax.error_line, "%s", syntax.error);
	if (r)
		goto out;
	/* The check lets nothing through that the library refuses; should it, its own words must
	 * do. */
	if (!config_read_string(&l->lc, syntax.text)) {
		r = file_error(l, (unsigned)config_error_line(&l->lc),
		    "syntax: found what libconfig refuses (%s), allowed its syntax",
		    config_error_text(&l->lc));
		goto out;
	}
	n = set_lines(config_root_setting(&l->lc), syntax.lines, syntax.n_lines, 0);
	if (n != syntax.n_lines)
		r = file_error(l, 1,
		    "syntax: found %zu settings where libconfig has %zu, allowed as many",
		    syntax.n_lines, n);
out:
	xtr_cfg_syntax_free(&syntax);
	text_free(&text);
	return r;
}

static void clear_seen(struct xtr_cfg_loader *l)
{
	xtr_cfg_seen_clear(&l->port_names);
	xtr_cfg_seen_clear(&l->devices);
	xtr_cfg_seen_clear(&l->addresses);
	xtr_cfg_seen_clear(&l->routes);
	xtr_cfg_seen_clear(&l->neighbours);
	xtr_cfg_seen_clear(&l->database);
	xtr_cfg_seen_clear(&l->map_cache);
	xtr_cfg_seen_clear(&l->site_names);
	xtr_cfg_seen_clear(&l->site_prefixes);
}

struct xtr_config *xtr_config_load(const char *path, char **error)
{
	struct xtr_cfg_loader l = {0};
	int r = -ENOMEM;

	*error = NULL;
	config_init(&l.lc);
	l.cfg = calloc(1, sizeof(*l.cfg));
	if (!l.cfg)
		goto out;
	l.cfg->path = strdup(path);
	if (!l.cfg->path)
		goto out;
	r = xtr_cfg_defaults(l.cfg);
	if (!r)
		r = parse(&l, path);
	if (!r)
		r = xtr_cfg_read_fields(&l, config_root_setting(&l.lc), xtr_cfg_root_fields, l.cfg);
	if (!r) {
		xtr_cfg_derive(&l);
		r = xtr_cfg_check(&l);
	}
out:
	clear_seen(&l);
	wipe_texts(config_root_setting(&l.lc));
	config_destroy(&l.lc);
	if (!r)
		return l.cfg;
	xtr_config_free(l.cfg);
	if (!l.error &&
	    asprintf(
		&l.error, "%s:1: file: found too little memory to read it, allowed more", path) < 0)
		l.error = NULL;
	*error = l.error;
	return NULL;
}

static void key_free(struct xtr_cfg_key *key)
{
	if (key->secret)
		explicit_bzero(key->secret, key->len);
	free(key->secret);
}

static void mappings_free(struct xtr_cfg_mapping *m, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		free(m[i].locators);
	free(m);
}

static void ports_free(struct xtr_cfg_port *ports, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		/* where the loader stopped half way, VLANs are still with their port */
		for (unsigned v = 0; ports[i].vlans && v < ports[i].n_vlans; v++)
			free(ports[i].vlans[v].addresses);
		free(ports[i].vlans);
		free(ports[i].device);
		free(ports[i].addresses);
	}
	free(ports);
}

void xtr_config_free(struct xtr_config *cfg)
{
	if (!cfg)
		return;
	for (unsigned i = 0; i < cfg->eal.n_args; i++)
		free(cfg->eal.args[i]);
	free(cfg->eal.args);
	ports_free(cfg->ports, cfg->n_ports);
	free(cfg->routes);
	free(cfg->neighbours);
	free(cfg->instances);
	free(cfg->map_resolvers);
	for (unsigned i = 0; i < cfg->n_map_servers; i++)
		key_free(&cfg->map_servers[i].key);
	free(cfg->map_servers);
	mappings_free(cfg->database, cfg->n_database);
	mappings_free(cfg->map_cache, cfg->n_map_cache);
	free(cfg->use_petr);
	for (unsigned i = 0; i < cfg->n_proxy_etr; i++) {
		free(cfg->proxy_etr[i].rlocs);
		free(cfg->proxy_etr[i].eids);
	}
	free(cfg->proxy_etr);
	free(cfg->proxy_itrs);
	for (unsigned i = 0; i < cfg->n_sites; i++) {
		free(cfg->sites[i].name);
		key_free(&cfg->sites[i].key);
		free(cfg->sites[i].prefixes);
		free(cfg->sites[i].locators);
	}
	free(cfg->sites);
	free(cfg->control_addresses);
	free(cfg->socket);
	free(cfg->state_dir);
	free(cfg->debug);
	free(cfg->path);
	free(cfg);
}
