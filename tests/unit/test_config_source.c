/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The settings that say from where packets may come: source-rloc-check and proxy-itrs. What is
 * wrong with them: configs/broken.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/config.h"

#define CONFIGS XTR_SOURCE_ROOT "/tests/unit/configs"
#define CORE    "ports = { name = \"core\"; device = \"net_tap0\"; side = \"core\"; };"
#define SITE    "ports = { name = \"site\"; device = \"net_tap0\"; side = \"site\"; };"
#define ASK     "map-resolver = \"172.16.1.1\";"
#define ENTRY                                                                                      \
	"map-cache = { eid-prefix = \"10.2.0.0/16\"; locators = { rloc = \"172.16.1.3\"; }; };"
#define CHECK(how)  "source-rloc-check = \"" how "\";"
#define PITR        "proxy-itrs = \"10.0.3.1\";"
#define SEVEN(more) "instances = { instance-id = 7;" more "};"

static struct xtr_config *load(const char *path)
{
	struct xtr_config *cfg;
	char *error;

	cfg = xtr_config_load(path, &error);
	if (!cfg)
		fail_msg("%s", error);
	return cfg;
}

static struct xtr_config *load_text(const char *text)
{
	char path[] = "/tmp/xtr-test-config-XXXXXX";
	int fd = mkstemp(path);
	struct xtr_config *cfg;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	cfg = load(path);
	unlink(path);
	return cfg;
}

static void everything(void **state)
{
	static const char *const pitrs[] = {"10.0.3.1/32", "10.0.4.0/24", "2001:db8:3::1/128"};
	struct xtr_config *cfg = load(CONFIGS "/good/everything.conf");
	char text[XTR_EID_STRLEN];

	assert_int_equal(cfg->lisp.source_check, XTR_CFG_CHECK_STRICT);
	assert_int_equal(cfg->n_instances, 2);
	assert_int_equal(cfg->instances[0].source_check, XTR_CFG_CHECK_OFF);
	assert_int_equal(cfg->instances[1].source_check, XTR_CFG_CHECK_STRICT);
	assert_int_equal(cfg->n_proxy_itrs, 3);
	for (unsigned i = 0; i < 3; i++)
		assert_string_equal(xtr_prefix_format(&cfg->proxy_itrs[i], text), pitrs[i]);
	xtr_config_free(cfg);
}

/* What is allowed, and what holds then: in general, and in instance 7 if it is there. */
static void allowed(void **state)
{
	static const struct {
		const char *text;
		uint8_t all, seven;
		unsigned n_pitrs;
	} cases[] = {
	    {ASK, XTR_CFG_CHECK_LOOSE},
	    {ASK SEVEN(""), XTR_CFG_CHECK_LOOSE, XTR_CFG_CHECK_LOOSE},
	    {ASK SEVEN(CHECK("off")), XTR_CFG_CHECK_LOOSE, XTR_CFG_CHECK_OFF},
	    {ASK SEVEN(CHECK("strict")), XTR_CFG_CHECK_LOOSE, XTR_CFG_CHECK_STRICT},
	    {ASK "lisp = {" CHECK("off") "};" SEVEN(""), XTR_CFG_CHECK_OFF, XTR_CFG_CHECK_OFF},
	    {ASK "lisp = {" CHECK("strict") "};", XTR_CFG_CHECK_STRICT},
	    /* strict by what is configured, nobody to ask */
	    {SITE ENTRY "lisp = {" CHECK("strict") "};", XTR_CFG_CHECK_STRICT},
	    /* sources are checked in one instance at least */
	    {CORE PITR, XTR_CFG_CHECK_LOOSE, 0, 1},
	    {CORE PITR "lisp = {" CHECK("off") "};" SEVEN(CHECK("loose")), XTR_CFG_CHECK_OFF,
		XTR_CFG_CHECK_LOOSE, 1},
	};

	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct xtr_config *cfg = load_text(cases[i].text);

		assert_int_equal(cfg->lisp.source_check, cases[i].all);
		if (cfg->n_instances)
			assert_int_equal(cfg->instances[0].source_check, cases[i].seven);
		assert_int_equal(cfg->n_proxy_itrs, cases[i].n_pitrs);
		xtr_config_free(cfg);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(everything), cmocka_unit_test(allowed)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
