/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reads the message of a case of suite wire so many times and ends. xtrbench runs it under
 * callgrind with two numbers: what the runs differ by is the cost of reading, whatever starting
 * costs.
 */
#include <stdlib.h>

#include "app/xtrbench/wire_cases.h"

int main(int argc, char **argv)
{
	uint8_t buf[WIRE_CASE_MAX];
	struct xtr_writer w;
	unsigned sum = 0;

	if (argc != 3)
		return 2;
	xtr_writer_init(&w, buf, sizeof(buf));
	for (size_t i = 0; i < N_WIRE_CASES; i++) {
		if (strcmp(argv[1], wire_cases[i].name) != 0)
			continue;
		wire_cases[i].write(&w);
		sum = wire_cases[i].read(w.p, w.len, atol(argv[2]));
	}
	return sum == 0 || xtr_writer_result(&w) < 0;
}
