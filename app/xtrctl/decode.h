/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * xtrctl decode FILE: the LISP messages of a capture. Needs no xtrd.
 */
#ifndef XTRCTL_DECODE_H
#define XTRCTL_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/*
 * Prints the LISP packets of a file that libpcap reads ("-": standard input): a block a packet, or
 * where `raw`, {"packets":[...],"summary":{...}}. Returns 0, or negative errno and one line in err;
 * what came before an error is printed, and is a whole document.
 */
int xtrctl_decode(FILE *out, bool raw, const char *path, char *err, size_t err_size);

#endif
