/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * DIR/state.json: {"version": 1, "xtr_id": "32 hex digits", "nonces": {"KEY": "0x16 hex digits"}}.
 * Written to a temporary file that then takes the place of the old one, so that whoever is killed
 * on the way leaves the old one whole. The directory is locked as long as it is open: two processes
 * would forget each other's nonces.
 */
#include "control/lisp/state.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "control/lisp/hash.h"
#include "util/log.h"

#define FILE_NAME "state.json"
#define TEMP_NAME "state.json.tmp"
#define BAD_NAME  "state.json.bad"
#define VERSION   1
#define ID_LEN    16

struct nonce {
	struct xtr_hnode node;
	uint64_t value;
	char key[];
};

struct xtr_state {
	char *dir;  /* NULL: memory only */
	int dir_fd; /* locked; -1: memory only */
	bool changed, has_id;
	uint8_t id[ID_LEN];
	struct xtr_hash nonces;
};

static struct nonce *find(const struct xtr_state *s, const char *key, uint32_t hash)
{
	for (struct xtr_hnode *n = xtr_hash_chain(&s->nonces, hash); n; n = n->next)
		if (n->hash == hash && !strcmp(((struct nonce *)n)->key, key))
			return (struct nonce *)n;
	return NULL;
}

static uint32_t hash_key(const char *key)
{
	return xtr_hash_bytes(0, key, strlen(key));
}

uint64_t xtr_state_nonce(const struct xtr_state *s, const char *key)
{
	const struct nonce *n = find(s, key, hash_key(key));

	return n ? n->value : 0;
}

void xtr_state_set_nonce(struct xtr_state *s, const char *key, uint64_t nonce)
{
	uint32_t hash = hash_key(key);
	struct nonce *n = find(s, key, hash);

	if (!n) {
		n = calloc(1, sizeof(*n) + strlen(key) + 1);
		if (!n) {
			xtr_log(XTR_LOG_ERR, "nonce of %s not kept: out of memory", key);
			return;
		}
		strcpy(n->key, key);
		xtr_hash_add(&s->nonces, &n->node, hash);
	} else if (n->value == nonce) {
		return;
	}
	n->value = nonce;
	s->changed = true;
}

bool xtr_state_xtr_id(const struct xtr_state *s, uint8_t id[16])
{
	if (s->has_id)
		memcpy(id, s->id, ID_LEN);
	return s->has_id;
}

void xtr_state_set_xtr_id(struct xtr_state *s, const uint8_t id[16])
{
	if (s->has_id && !memcmp(s->id, id, ID_LEN))
		return;
	memcpy(s->id, id, ID_LEN);
	s->has_id = true;
	s->changed = true;
}

/* Exactly 2 * n hex digits. */
static int read_hex(const char *text, uint8_t *out, size_t n)
{
	if (strlen(text) != 2 * n || strspn(text, "0123456789abcdef") != 2 * n)
		return -EINVAL;
	for (size_t i = 0; i < n; i++) {
		unsigned byte;

		sscanf(text + 2 * i, "%2x", &byte);
		out[i] = (uint8_t)byte;
	}
	return 0;
}

/* "0x" and 16 hex digits. */
static int read_nonce(const char *text, uint64_t *out)
{
	uint8_t b[8];

	if (strncmp(text, "0x", 2) || read_hex(text + 2, b, sizeof(b)))
		return -EINVAL;
	*out = 0;
	for (unsigned i = 0; i < sizeof(b); i++)
		*out = *out << 8 | b[i];
	return 0;
}

/* Takes over what a document says, or says why it can't. */
static const char *take(struct xtr_state *s, const json_t *doc)
{
	const json_t *id = json_object_get(doc, "xtr_id"), *nonces = json_object_get(doc, "nonces");
	const char *key;
	json_t *value;
	uint64_t nonce;

	if (!json_is_object(doc) || json_integer_value(json_object_get(doc, "version")) != VERSION)
		return "not version 1";
	if (id && (!json_is_string(id) || read_hex(json_string_value(id), s->id, ID_LEN)))
		return "xtr_id is not 32 hex digits";
	s->has_id = id != NULL;
	if (!json_is_object(nonces))
		return "nonces missing";
	json_object_foreach ((json_t *)(uintptr_t)nonces, key, value) {
		if (!json_is_string(value) || read_nonce(json_string_value(value), &nonce))
			return "a nonce is not 16 hex digits";
		xtr_state_set_nonce(s, key, nonce);
	}
	return NULL;
}

static void free_nonce(struct xtr_hnode *n, void *arg)
{
	(void)arg;
	free((struct nonce *)n);
}

static int forget(struct xtr_state *s)
{
	xtr_hash_each(&s->nonces, free_nonce, NULL);
	xtr_hash_free(&s->nonces);
	s->has_id = false;
	return xtr_hash_init(&s->nonces);
}

/* Reads the file. Absent is empty; what cannot be used is set aside. 0 or negative errno. */
static int load(struct xtr_state *s)
{
	int fd = openat(s->dir_fd, FILE_NAME, O_RDONLY | O_CLOEXEC);
	char why[JSON_ERROR_TEXT_LENGTH + 64] = "";
	const char *wrong;
	json_error_t err;
	json_t *doc;

	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0) {
		snprintf(why, sizeof(why), "%s", strerror(errno));
	} else {
		doc = json_loadfd(fd, JSON_REJECT_DUPLICATES, &err);
		close(fd);
		wrong = doc ? take(s, doc) : err.text;
		if (wrong)
			snprintf(why, sizeof(why), "%s", wrong);
		json_decref(doc);
	}
	if (*why) {
		xtr_log(XTR_LOG_WARNING,
		    "%s/" FILE_NAME ": %s; set aside as " BAD_NAME ", starting without", s->dir,
		    why);
		if (renameat(s->dir_fd, FILE_NAME, s->dir_fd, BAD_NAME))
			return -errno;
		if (forget(s))
			return -ENOMEM;
	}
	s->changed = false;
	return 0;
}

struct xtr_state *xtr_state_open(const char *dir)
{
	struct xtr_state *s = calloc(1, sizeof(*s));
	int rc = -ENOMEM;

	if (!s)
		goto fail;
	s->dir_fd = -1;
	if (forget(s))
		goto fail;
	if (!dir)
		return s;
	s->dir = strdup(dir);
	if (!s->dir)
		goto fail;
	rc = 0;
	if (mkdir(dir, 0700) && errno != EEXIST)
		rc = -errno;
	if (!rc) {
		s->dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (s->dir_fd < 0)
			rc = -errno;
		else if (flock(s->dir_fd, LOCK_EX | LOCK_NB))
			rc = errno == EWOULDBLOCK ? -EBUSY : -errno;
	}
	if (!rc)
		rc = load(s);
	if (!rc)
		return s;
fail:
	if (s) {
		if (s->dir_fd >= 0)
			close(s->dir_fd);
		xtr_hash_each(&s->nonces, free_nonce, NULL);
		xtr_hash_free(&s->nonces);
		free(s->dir);
	}
	free(s);
	errno = -rc;
	return NULL;
}

struct writer {
	FILE *f;
	const char *separator;
};

static void write_nonce(struct xtr_hnode *node, void *arg)
{
	const struct nonce *n = (struct nonce *)node;
	struct writer *w = arg;
	json_t *key = json_string(n->key);

	/* JSON has no way to say what is not UTF-8; the Map-Server makes keys of ASCII only */
	if (!key)
		return;
	fprintf(w->f, "%s\n    ", w->separator);
	/* jansson knows what JSON wants escaped */
	json_dumpf(key, w->f, JSON_ENCODE_ANY);
	fprintf(w->f, ": \"0x%016" PRIx64 "\"", n->value);
	w->separator = ",";
	json_decref(key);
}

/* The whole document, one nonce after the other: memory does not grow with their number. */
static int write_all(const struct xtr_state *s, FILE *f)
{
	struct writer w = {f, ""};

	fprintf(f, "{\n  \"version\": %d,\n", VERSION);
	if (s->has_id) {
		fprintf(f, "  \"xtr_id\": \"");
		for (unsigned i = 0; i < ID_LEN; i++)
			fprintf(f, "%02x", s->id[i]);
		fprintf(f, "\",\n");
	}
	fprintf(f, "  \"nonces\": {");
	xtr_hash_each(&s->nonces, write_nonce, &w);
	fprintf(f, "\n  }\n}\n");
	errno = 0;
	if (fflush(f) || ferror(f) || fsync(fileno(f)))
		return errno ? -errno : -EIO;
	return 0;
}

int xtr_state_flush(struct xtr_state *s)
{
	int fd, rc;
	FILE *f;

	if (s->dir_fd < 0 || !s->changed)
		return 0;
	fd = openat(s->dir_fd, TEMP_NAME, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	f = fdopen(fd, "w");
	if (!f) {
		rc = -errno;
		close(fd);
		return rc;
	}
	rc = write_all(s, f);
	if (fclose(f) && !rc)
		rc = -errno;
	if (!rc && renameat(s->dir_fd, TEMP_NAME, s->dir_fd, FILE_NAME))
		rc = -errno;
	if (rc) {
		unlinkat(s->dir_fd, TEMP_NAME, 0);
		return rc;
	}
	/* the new name, too, has to reach the disk */
	if (fsync(s->dir_fd))
		return -errno;
	s->changed = false;
	return 0;
}

void xtr_state_close(struct xtr_state *s)
{
	int rc;

	if (!s)
		return;
	rc = xtr_state_flush(s);
	if (rc)
		xtr_log(XTR_LOG_ERR, "%s/" FILE_NAME " not written: %s", s->dir, strerror(-rc));
	xtr_hash_each(&s->nonces, free_nonce, NULL);
	xtr_hash_free(&s->nonces);
	if (s->dir_fd >= 0)
		close(s->dir_fd);
	free(s->dir);
	free(s);
}
