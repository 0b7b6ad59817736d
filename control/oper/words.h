/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The words behind a command: "10.2.2.5 instance 100 to 172.16.1.1". Needs nothing of the rest.
 */
#ifndef XTR_OPER_WORDS_H
#define XTR_OPER_WORDS_H

#include <stddef.h>
#include <stdint.h>
#include "wire/addr.h"

/* A name and the word behind it. */
struct xtr_oper_option {
	const char *name;
	const char *value; /* out: NULL where the name is not there */
};

/* These return 0, or -EINVAL and one line in err. */

/* Reads names and values, each at most once, in any order. `usage` is what err says is wanted. */
int xtr_oper_options(const char *const *words, unsigned n_words, struct xtr_oper_option *options,
    unsigned n_options, const char *usage, char *err, size_t err_size);
/* An instance-ID; text NULL: 0. */
int xtr_oper_instance(const char *text, uint32_t *iid, char *err, size_t err_size);
/* An address, of anybody. */
int xtr_oper_address(const char *text, struct xtr_ip *ip, char *err, size_t err_size);

#endif
