/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The operator's command "lig ADDRESS [instance N] [to MAP-RESOLVER]".
 */
#ifndef XTR_OPER_LIG_H
#define XTR_OPER_LIG_H

#include "control/lisp/lig.h"
#include "control/oper/oper.h"

#define XTR_OPER_LIG_ARGS "ADDRESS [instance N] [to MAP-RESOLVER]"

/* As `later` of struct xtr_oper_command, but for its first argument. */
int xtr_oper_lig(struct xtr_ligs *ligs, const char *const *words, unsigned n_words,
    struct xtr_oper_later *later, char *err, size_t err_size);

#endif
