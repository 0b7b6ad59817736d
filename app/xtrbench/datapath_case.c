/* SPDX-License-Identifier: BSD-3-Clause */
#include "app/xtrbench/datapath_case.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "datapath/dp.h"

/* A number from min to max, with k or m for thousands and millions. */
static bool read_number(const char *text, unsigned min, unsigned max, unsigned *value)
{
	unsigned long v, unit = 1;
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	v = strtoul(text, &end, 10);
	if (*end == 'k' || *end == 'm')
		unit = *end++ == 'k' ? 1000 : 1000000;
	if (*end || v > max || v * unit > max || v * unit < min)
		return false;
	*value = (unsigned)(v * unit);
	return true;
}

/* native4, encap4in6, decap6in4: what is inside comes first. */
static bool read_way(const char *word, struct bench_case *c)
{
	static const char *const ways[] = {"native", "encap", "decap"};
	unsigned in, out = 0;
	char end;

	for (unsigned i = 0; i < 3; i++) {
		size_t len = strlen(ways[i]);

		if (strncmp(word, ways[i], len))
			continue;
		c->way = (enum bench_way)i;
		if (i == BENCH_NATIVE ? sscanf(word + len, "%1u%c", &in, &end) != 1
				      : sscanf(word + len, "%1uin%1u%c", &in, &out, &end) != 2)
			return false;
		c->inner = (uint8_t)in;
		c->outer = (uint8_t)out;
		return (in == 4 || in == 6) && (i == BENCH_NATIVE || out == 4 || out == 6);
	}
	return false;
}

static const struct {
	const char *key, *bad;
	unsigned min, max;
	size_t at; /* in struct bench_case */
} numbers[] = {
#define NUMBER(key, min, max)                                                                      \
	{                                                                                          \
#key, #key " is out of range", min, max, offsetof(struct bench_case, key)          \
	}
    NUMBER(flows, 1, BENCH_CASE_FLOWS),
    NUMBER(sources, 1, BENCH_CASE_FLOWS),
    NUMBER(mappings, 1, BENCH_CASE_MANY),
    NUMBER(rlocs, 1, BENCH_CASE_RLOCS),
    NUMBER(burst, 1, BENCH_CASE_BURST),
    NUMBER(size, 64, BENCH_CASE_SIZE),
    NUMBER(seg, 128, BENCH_CASE_SIZE),
    NUMBER(workers, 1, BENCH_CASE_WORKERS),
    NUMBER(ports, 1, 2),
#undef NUMBER
};

static const char *read_check(const char *value, struct bench_case *c)
{
	static const char *const checks[] = {
	    [XTR_CHECK_OFF] = "off", [XTR_CHECK_LOOSE] = "loose", [XTR_CHECK_STRICT] = "strict"};

	for (unsigned i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
		if (!strcmp(value, checks[i])) {
			c->check = (uint8_t)i;
			return c->way == BENCH_DECAP ? NULL : "check is of decapsulation";
		}
	return "check is off, loose or strict";
}

static const char *read_part(char *part, struct bench_case *c)
{
	char *value = strchr(part, '=');
	unsigned v;

	if (!value)
		return "what follows the first slash is KEY=VALUE";
	*value++ = '\0';
	if (!strcmp(part, "size") && !strcmp(value, "imix")) {
		c->imix = true;
		return NULL;
	}
	if (!strcmp(part, "hits")) {
		if (!read_number(value, 0, 100, &v))
			return "hits are 0 to 100";
		c->hits = (int)v;
		return NULL;
	}
	if (!strcmp(part, "check"))
		return read_check(value, c);
	if (!strcmp(part, "peer")) {
		if (!*value || strlen(value) >= sizeof(c->peer))
			return "no such peer";
		strcpy(c->peer, value);
		return NULL;
	}
	for (unsigned i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (!strcmp(part, numbers[i].key))
			return read_number(value, numbers[i].min, numbers[i].max,
				   (unsigned *)((char *)c + numbers[i].at))
				   ? NULL
				   : numbers[i].bad;
	return "its keys are flows, sources, mappings, rlocs, burst, size, seg, workers, hits, "
	       "ports, "
	       "check, peer";
}

/* What the parts say together, and what they leave open. */
static const char *complete(struct bench_case *c)
{
	unsigned least = c->inner == 4 ? 64 : 66; /* with a UDP header */

	if (!c->flows && !c->mappings && !c->rlocs)
		return "flows, mappings or rlocs are missing";
	if (c->flows && (c->mappings || c->rlocs))
		return "flows are to one mapping: not with mappings or rlocs";
	if (!c->flows && c->way != BENCH_ENCAP)
		return "mappings and rlocs are of encapsulation";
	if (c->sources > 1 && c->way == BENCH_NATIVE)
		return "sources are of encapsulation and decapsulation";
	if (c->hits >= 0 && c->way != BENCH_ENCAP)
		return "hits are of encapsulation";
	if (c->ports > 1 && (c->hits < 1 || c->hits > 99))
		return "the second port has misses only: with hits from 1 to 99";
	if (c->size && c->imix)
		return "size is a number or imix";
	if (c->size && c->size < least)
		return "IPv6 and UDP headers need a size of 66";
	if (!c->flows) {
		c->mappings = c->mappings ? c->mappings : BENCH_CASE_MANY;
		c->rlocs = c->rlocs ? c->rlocs : 1024;
	}
	c->size = c->imix ? 1518 : c->size ? c->size : least;
	return NULL;
}

int bench_case_parse(const char *name, struct bench_case *c, const char **why)
{
	char text[128], *save = NULL, *part;
	const char *parts[16];
	unsigned n = 0;

	memset(c, 0, sizeof(*c));
	c->hits = -1;
	c->check = XTR_CHECK_LOOSE; /* as the daemon, if its configuration says nothing */
	*why = "a name is WAY/KEY=VALUE/...";
	if (strlen(name) >= sizeof(text) || strstr(name, "//") ||
	    name[strlen(name) - !!*name] == '/')
		return -EINVAL;
	strcpy(text, name);
	part = strtok_r(text, "/", &save);
	*why = "it begins with native4, native6, encapXinY or decapXinY";
	if (!part || !read_way(part, c))
		return -EINVAL;
	while ((part = strtok_r(NULL, "/", &save))) {
		*why = read_part(part, c);
		if (*why)
			return -EINVAL;
		parts[n] = part; /* the key, by now */
		for (unsigned i = 0; i < n; i++) {
			*why = "a key comes twice";
			if (!strcmp(parts[i], part))
				return -EINVAL;
		}
		*why = "too many keys";
		if (++n == sizeof(parts) / sizeof(parts[0]))
			return -EINVAL;
	}
	c->name = name;
	c->sources = c->sources ? c->sources : 1;
	c->burst = c->burst ? c->burst : 64;
	c->workers = c->workers ? c->workers : 1;
	c->ports = c->ports ? c->ports : 1;
	*why = complete(c);
	return *why ? -EINVAL : 0;
}
