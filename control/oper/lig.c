/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/oper/lig.h"

#include <errno.h>
#include <stdio.h>
#include "control/oper/words.h"

static void done(void *arg, json_t *answer, const char *err)
{
	xtr_oper_answer(arg, answer, err);
}

static void cancel(void *state)
{
	xtr_lig_cancel(state);
}

int xtr_oper_lig(struct xtr_ligs *ligs, const char *const *words, unsigned n_words,
    struct xtr_oper_later *later, char *err, size_t err_size)
{
	struct xtr_oper_option options[] = {{"instance", NULL}, {"to", NULL}};
	struct xtr_ip ip, resolver;
	struct xtr_eid eid;
	const char *why;
	uint32_t iid;
	int rc;

	if (n_words == 0) {
		snprintf(err, err_size, XTR_OPER_LIG_ARGS " is wanted");
		return -EINVAL;
	}
	rc = xtr_oper_address(words[0], &ip, err, err_size);
	if (rc == 0)
		rc = xtr_oper_options(
		    words + 1, n_words - 1, options, 2, XTR_OPER_LIG_ARGS, err, err_size);
	if (rc == 0)
		rc = xtr_oper_instance(options[0].value, &iid, err, err_size);
	if (rc == 0 && options[1].value != NULL)
		rc = xtr_oper_address(options[1].value, &resolver, err, err_size);
	if (rc != 0)
		return rc;
	eid = xtr_eid_host(iid, &ip);
	later->state =
	    xtr_lig_ask(ligs, &eid, options[1].value ? &resolver : NULL, done, later, &why);
	if (later->state == NULL) {
		snprintf(err, err_size, "%s", why);
		return -EINVAL;
	}
	later->cancel = cancel;
	return 0;
}
