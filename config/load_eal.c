/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * eal = { ... }: processors and memory.
 */
#include "config/load.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CPU_MAX 1023 /* glibc's cpu_set_t */

static int read_workers(
    struct xtr_cfg_loader *l, const config_setting_t *s, const struct xtr_cfg_field *f, void *obj)
{
	struct xtr_config *cfg = obj;
	unsigned n = xtr_cfg_length(s);

	if (n < 1 || n > XTR_MAX_WORKERS)
		return xtr_cfg_bad(l, s, "1 to %d CPUs", XTR_MAX_WORKERS);
	for (unsigned i = 0; i < n; i++) {
		const config_setting_t *e = xtr_cfg_elem(s, i);
		const struct xtr_cfg_field cpu = {
		    .offset = offsetof(struct xtr_config, eal.worker_cpus) +
			      i * sizeof(cfg->eal.worker_cpus[0]),
		    .min = -1,
		    .max = CPU_MAX,
		    .size = sizeof(int),
		};
		int r = xtr_cfg_read_int(l, e, &cpu, cfg);

		if (r)
			return r;
		/* two polling loops on one CPU would take turns of milliseconds */
		for (unsigned j = 0; j < i; j++)
			if (cfg->eal.worker_cpus[j] == cfg->eal.worker_cpus[i] &&
			    cfg->eal.worker_cpus[i] >= 0)
				return xtr_cfg_bad(l, e, "a CPU for one worker only, or -1");
	}
	cfg->eal.n_workers = n;
	return 0;
}

static int elem_arg(struct xtr_cfg_loader *l, const config_setting_t *s, void *elem)
{
	const char *text = xtr_cfg_text(l, s, 1023, "a text of 1 to 1023 bytes, one EAL argument");
	char **arg = elem;

	if (!text)
		return -EINVAL;
	*arg = strdup(text);
	return *arg ? 0 : -ENOMEM;
}

static const struct xtr_cfg_list args = {
    .size = sizeof(char *),
    .count = offsetof(struct xtr_config, eal.n_args),
    .allowed = "EAL arguments in quotes",
    .read = elem_arg,
};

const struct xtr_cfg_field xtr_cfg_eal_fields[] = {
    XTR_CFG_INT("control-lcore", struct xtr_config, eal.control_cpu, -1, CPU_MAX),
    {.name = "workers", .read = read_workers},
    XTR_CFG_INT("memory", struct xtr_config, eal.memory_mb, 0, 1 << 20),
    XTR_CFG_BOOL("huge-pages", struct xtr_config, eal.huge_pages),
    XTR_CFG_LIST("args", xtr_cfg_read_list, struct xtr_config, eal.args, 0, 256, &args),
    XTR_CFG_BOOL("idle-backoff", struct xtr_config, eal.idle_backoff),
    XTR_CFG_INT("mbufs", struct xtr_config, eal.mbufs, 1024, 1 << 24),
    {0},
};
