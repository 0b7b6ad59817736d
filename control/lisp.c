/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/lisp.h"

static const char *const names[XTR_C_N] = {
#define XTR_X(id, name) [XTR_C_##id] = name,
    XTR_LISP_COUNTERS(XTR_X)
#undef XTR_X
};

const char *xtr_lisp_counter_name(enum xtr_lisp_counter c)
{
	return (unsigned)c < XTR_C_N ? names[c] : "?";
}
