/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Says in JSON what lib/wire reads in control messages. Standard input: a line a message, its bytes
 * in hexadecimal. Standard output: a line a message, an object of all fields; a malformed message
 * gives {"error": {...}}. Arguments: secrets; Map-Register, Map-Notify and Map-Notify-Ack then say
 * under "auth" which of them verifies, by its number from 0, or why none does.
 *
 * With --all as first argument every EID and locator is there as an address of any kind as well,
 * and "again" has what our writer makes of what was read. With --data or --vxlan a line is the
 * eight bytes of a data header.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/xtrctl/data_json.h"
#include "app/xtrctl/lcaf_json.h"
#include "app/xtrctl/msg_json.h"
#include "auth/auth.h"
#include "wire/data.h"
#include "wire_again.h"

#define MAX_KEYS  16
#define MAX_AGAIN 131072

static struct xtr_key *keys[MAX_KEYS];
static int n_keys;

static void auth_json(json_t *o, const uint8_t *p, size_t len, const struct xtr_msg *m)
{
	int ret = -EKEYREJECTED;

	for (int i = 0; i < n_keys; i++) {
		ret = xtr_auth_verify(keys[i], p, len, m);
		if (ret == 0) {
			xtrctl_set_int(o, "auth", i);
			return;
		}
	}
	xtrctl_set(o, "auth", json_string(ret == -ENOTSUP ? "unsupported" : "rejected"));
}

static void again_json(json_t *o, const uint8_t *p, size_t len, const struct xtr_msg *m)
{
	static uint8_t buf[MAX_AGAIN];
	struct xtr_writer w;

	xtr_writer_init(&w, buf, sizeof buf);
	wire_again(&w, p, m);
	xtrctl_set(
	    o, "again", xtr_writer_result(&w) == 0 ? xtrctl_hex_json(buf, w.len) : json_null());
}

static json_t *data_json(const uint8_t *p)
{
	struct xtr_data_hdr h = xtr_data_read(p);
	json_t *o = xtrctl_data_json(p);
	uint8_t again[XTR_DATA_HDR_LEN];

	xtr_data_write(again, &h);
	xtrctl_set(o, "again", xtrctl_hex_json(again, sizeof again));
	return o;
}

static json_t *vxlan_json(const uint8_t *p)
{
	struct xtr_vxlan_hdr h = xtr_vxlan_read(p);
	json_t *o = xtrctl_vxlan_json(p);
	uint8_t again[XTR_VXLAN_HDR_LEN];

	xtr_vxlan_write(again, &h);
	xtrctl_set(o, "again", xtrctl_hex_json(again, sizeof again));
	return o;
}

static int hex_digit(char c)
{
	const char *digits = "0123456789abcdef", *at = c ? strchr(digits, c | 0x20) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* Bytes of a line, in place of its digits; negative if it is no hexadecimal. */
static ssize_t hex_decode(char *line)
{
	size_t n = strcspn(line, "\r\n");

	if (n % 2)
		return -EINVAL;
	for (size_t i = 0; i < n / 2; i++) {
		int hi = hex_digit(line[2 * i]), lo = hex_digit(line[2 * i + 1]);

		if (hi < 0 || lo < 0)
			return -EINVAL;
		line[i] = (char)(hi << 4 | lo);
	}
	return (ssize_t)(n / 2);
}

int main(int argc, char **argv)
{
	const char *mode = argc > 1 && argv[1][0] == '-' ? argv[1] : "";
	bool data = strcmp(mode, "--data") == 0, vxlan = strcmp(mode, "--vxlan") == 0;
	struct xtrctl_msg_form form = {.all = strcmp(mode, "--all") == 0};
	char *line = NULL;
	size_t size = 0;
	int status = 0;

	form.begin = form.all ? again_json : NULL;
	for (int i = 1 + (form.all || data || vxlan); i < argc && n_keys < MAX_KEYS; i++) {
		keys[n_keys] = xtr_key_create(argv[i], strlen(argv[i]));
		if (!keys[n_keys]) {
			fprintf(stderr, "wire_dump: secret %d can't be used\n", i - 1);
			return 1;
		}
		n_keys++;
	}
	form.auth = n_keys > 0 ? auth_json : NULL;
	while (getline(&line, &size, stdin) >= 0) {
		ssize_t n = hex_decode(line);
		json_t *o;

		if (n < 0 || ((data || vxlan) && n < XTR_DATA_HDR_LEN)) {
			fprintf(
			    stderr, "wire_dump: a line that is not hexadecimal, or too short\n");
			status = 1;
			break;
		}
		o = data    ? data_json((const uint8_t *)line)
		    : vxlan ? vxlan_json((const uint8_t *)line)
			    : xtrctl_msg_json((const uint8_t *)line, (size_t)n, &form);
		json_dumpf(o, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER);
		putchar('\n');
		fflush(stdout);
		json_decref(o);
	}
	free(line);
	for (int i = 0; i < n_keys; i++)
		xtr_key_destroy(keys[i]);
	return status;
}
