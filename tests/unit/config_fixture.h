/* SPDX-License-Identifier: BSD-3-Clause */
/* What tests of configurations share. */
#ifndef XTR_TEST_CONFIG_FIXTURE_H
#define XTR_TEST_CONFIG_FIXTURE_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "auth/auth.h"
#include "config/config.h"
#include "wire/msg.h"

#define CONFIGS XTR_SOURCE_ROOT "/tests/unit/configs"
#define SAMPLES XTR_SOURCE_ROOT "/config/samples"
#define SECRET  "Zaq12" /* every key of the broken ones starts so, and no message may have it */

static char dir[] = "/tmp/xtr-test-config-XXXXXX";

static inline int make_dir(void **state)
{
	return mkdtemp(dir) ? 0 : -1;
}

static inline int remove_dir(void **state)
{
	struct dirent *e;
	DIR *d = opendir(dir);

	if (!d)
		return -1;
	while ((e = readdir(d)))
		if (e->d_name[0] != '.')
			unlinkat(dirfd(d), e->d_name, 0);
	closedir(d);
	return rmdir(dir);
}

/* Writes DIR/NAME with a mode, and returns its path, which the next call overwrites. */
static inline const char *put_file(const char *name, const char *text, size_t len, mode_t mode)
{
	static char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, len), len);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
	return path;
}

static inline struct xtr_config *load(const char *path)
{
	char *error;
	struct xtr_config *cfg = xtr_config_load(path, &error);

	if (!cfg)
		fail_msg("%s", error);
	assert_null(error);
	assert_string_equal(cfg->path, path);
	return cfg;
}

static inline void assert_ip(const struct xtr_ip *ip, const char *text)
{
	char buf[XTR_IP_STRLEN];

	assert_string_equal(xtr_ip_format(ip, buf), text);
}

static inline void assert_eid(const struct xtr_eid *eid, const char *text)
{
	char buf[XTR_EID_STRLEN];

	assert_string_equal(xtr_eid_format(eid, buf), text);
}

static inline void assert_key(const struct xtr_cfg_key *key, const char *secret, unsigned id)
{
	assert_int_equal(key->len, strlen(secret));
	assert_memory_equal(key->secret, secret, key->len);
	assert_int_equal(key->id, id);
}

static inline void assert_locator(const struct xtr_cfg_locator *l, const char *rloc,
    unsigned priority, unsigned weight, unsigned m_priority, unsigned m_weight)
{
	assert_ip(&l->rloc, rloc);
	assert_int_equal(l->priority, priority);
	assert_int_equal(l->weight, weight);
	assert_int_equal(l->m_priority, m_priority);
	assert_int_equal(l->m_weight, m_weight);
}

/* decap-dscp and min-reply-plen, hold-, punt-, map-cache- and probe-settings; petr-use. */
static inline void assert_lisp(
    const struct xtr_config *cfg, const char *numbers, enum xtr_petr_use use)
{
	char text[128];

	snprintf(text, sizeof(text), "%d %u %u, %u %u %u %u, %u %u, %u %u %d, %u",
	    cfg->lisp.decap_copy_dscp, cfg->lisp.min_reply_plen4, cfg->lisp.min_reply_plen6,
	    cfg->lisp.hold_per_eid, cfg->lisp.hold_per_instance, cfg->lisp.hold_total,
	    cfg->lisp.hold_ms, cfg->lisp.punt_rate, cfg->lisp.punt_burst, cfg->lisp.map_cache_limit,
	    cfg->lisp.instance_map_cache_limit, cfg->lisp.map_cache_counters,
	    cfg->lisp.probe_interval_ms);
	assert_string_equal(text, numbers);
	assert_int_equal(cfg->lisp.petr_use, use);
}

static inline void assert_petr(
    const struct xtr_cfg_petr *p, const char *rloc, unsigned priority, unsigned weight, bool probe)
{
	assert_ip(&p->rloc, rloc);
	assert_int_equal(p->priority, priority);
	assert_int_equal(p->weight, weight);
	assert_int_equal(p->probe, probe);
}

#endif
