/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From the configuration to a running EAL with its ports open.
 */
#ifndef XTR_APP_EAL_H
#define XTR_APP_EAL_H

#include "config/config.h"
#include "datapath/dp.h"

/* rte_eal_init() with what cfg says of lcores, memory and devices. 0 or negative errno; the log
 * says why. */
int xtr_eal_start(const struct xtr_config *cfg);
/* Tables and ports of cfg; ports are started, workers not. NULL on failure; the log says why. */
struct xtr_dp *xtr_eal_dataplane(const struct xtr_config *cfg);
/* Starts the workers on their lcores. 0 or negative errno. */
int xtr_eal_launch(struct xtr_dp *dp);
/* Ends the workers, closes the ports, frees. dp may be NULL. */
void xtr_eal_stop_workers(struct xtr_dp *dp);
void xtr_eal_close(struct xtr_dp *dp);

#endif
