/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The settings that say from where packets may come: source-rloc-check and proxy-itrs. What is
 * wrong with them: configs/broken.
 */
#include "config_fixture.h"

#define CORE "ports = { name = \"core\"; device = \"net_tap0\"; side = \"core\"; };"
#define SITE "ports = { name = \"site\"; device = \"net_tap0\"; side = \"site\"; };"
#define ASK  "map-resolver = \"172.16.1.1\";"
#define ENTRY                                                                                      \
	"map-cache = { eid-prefix = \"10.2.0.0/16\"; locators = { rloc = \"172.16.1.3\"; }; };"
#define CHECK(how)  "source-rloc-check = \"" how "\";"
#define PITR        "proxy-itrs = \"10.0.3.1\";"
#define SEVEN(more) "instances = { instance-id = 7;" more "};"

static struct xtr_config *load_text(const char *text)
{
	return load(put_file("conf", text, strlen(text), 0644));
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

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
