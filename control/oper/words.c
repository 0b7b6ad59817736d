/* SPDX-License-Identifier: BSD-3-Clause */
#include "control/oper/words.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int refuse(char *err, size_t size, const char *wanted, const char *found)
{
	snprintf(err, size, "%s is wanted: found %s", wanted, found);
	return -EINVAL;
}

int xtr_oper_options(const char *const *words, unsigned n_words, struct xtr_oper_option *options,
    unsigned n_options, const char *usage, char *err, size_t err_size)
{
	for (unsigned i = 0; i < n_options; i++)
		options[i].value = NULL;
	for (unsigned w = 0; w < n_words; w += 2) {
		unsigned i = 0;

		while (i < n_options && strcmp(options[i].name, words[w]) != 0)
			i++;
		if (i == n_options || options[i].value != NULL)
			return refuse(err, err_size, usage, words[w]);
		if (w + 1 == n_words) {
			snprintf(
			    err, err_size, "%s is wanted: nothing follows %s", usage, words[w]);
			return -EINVAL;
		}
		options[i].value = words[w + 1];
	}
	return 0;
}

int xtr_oper_instance(const char *text, uint32_t *iid, char *err, size_t err_size)
{
	unsigned long n;
	char *end;

	*iid = 0;
	if (text == NULL)
		return 0;
	errno = 0;
	n = strtoul(text, &end, 10);
	if (!isdigit((unsigned char)text[0]) || *end != '\0' || errno != 0 || n > XTR_IID_MAX)
		return refuse(err, err_size, "an instance-ID from 0 to 16777215", text);
	*iid = (uint32_t)n;
	return 0;
}

int xtr_oper_address(const char *text, struct xtr_ip *ip, char *err, size_t err_size)
{
	return xtr_ip_parse(text, ip) == 0 ? 0 : refuse(err, err_size, "an address", text);
}
