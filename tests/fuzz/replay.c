/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Runs a fuzz target on files, with whatever compiler: `replay_NAME DIRECTORY...` takes each file
 * there once. So that no old finding comes back where there is no libFuzzer, and for the coverage
 * that the corpus reaches.
 */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define INPUT_MAX 65536 /* bytes a file */

/* From a buffer of exactly its size, so that reading too far shows under ASan. */
static int replay_file(const char *path)
{
	static uint8_t buf[INPUT_MAX];
	FILE *f = fopen(path, "r");
	uint8_t *p;
	size_t len;

	if (!f)
		return -errno;
	len = fread(buf, 1, sizeof buf, f);
	fclose(f);
	p = malloc(len ? len : 1);
	if (!p)
		return -ENOMEM;
	memcpy(p, buf, len);
	LLVMFuzzerTestOneInput(p, len);
	free(p);
	return 0;
}

static int replay(const char *directory, unsigned *n)
{
	DIR *d = opendir(directory);
	struct dirent *e;
	char path[4096];
	int ret = 0;

	if (!d)
		return -errno;
	while (ret == 0 && (e = readdir(d))) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof path, "%s/%s", directory, e->d_name);
		ret = replay_file(path);
		(*n)++;
	}
	closedir(d);
	return ret;
}

int main(int argc, char **argv)
{
	unsigned n = 0;

	for (int i = 1; i < argc; i++) {
		int ret = replay(argv[i], &n);

		if (ret < 0) {
			fprintf(stderr, "%s: %s\n", argv[i], strerror(-ret));
			return 1;
		}
	}
	printf("%u inputs\n", n);
	return n > 0 ? 0 : 1;
}
