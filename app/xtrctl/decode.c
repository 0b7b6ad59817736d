/* SPDX-License-Identifier: BSD-3-Clause */
#include "decode.h"

#include "decode_text.h"
#include "link.h"
#include "packet_json.h"

#include <errno.h>
#include <inttypes.h>
#include <pcap/pcap.h>
#include <stdlib.h>
#include <string.h>

struct decode {
	FILE *out;
	bool raw, live;
	uint64_t read, shown;
	struct xtrctl_flow flow;
};

/* "why" is libpcap's: one line is made of it. */
static int failed(int rc, char *err, size_t err_size, const char *path, const char *why)
{
	snprintf(err, err_size, "%s: %s", strcmp(path, "-") != 0 ? path : "standard input", why);
	err[strcspn(err, "\r\n")] = '\0';
	return rc;
}

/* NULL, and *rc and one line in err. */
static pcap_t *open_capture(const char *path, int *rc, char *err, size_t err_size)
{
	char why[PCAP_ERRBUF_SIZE] = "", text[128];
	pcap_t *pcap = NULL;
	const char *name;
	FILE *file;
	int type;

	/* libpcap closes all files but standard input */
	file = strcmp(path, "-") != 0 ? fopen(path, "rbe") : stdin;
	if (file == NULL) {
		*rc = failed(-errno, err, err_size, path, strerror(errno));
		return NULL;
	}
	pcap = pcap_fopen_offline_with_tstamp_precision(file, PCAP_TSTAMP_PRECISION_NANO, why);
	if (pcap == NULL) {
		*rc = failed(-EPROTO, err, err_size, path, why);
		if (file != stdin)
			fclose(file);
		return NULL;
	}
	type = pcap_datalink(pcap);
	if (!xtrctl_link_known(type)) {
		name = pcap_datalink_val_to_name(type);
		snprintf(text, sizeof(text),
		    "link type %s (%d) is not Ethernet, raw IP or Linux cooked",
		    name != NULL ? name : "unknown", type);
		*rc = failed(-ENOTSUP, err, err_size, path, text);
		pcap_close(pcap);
		return NULL;
	}
	return pcap;
}

static void show(struct decode *d, json_t *packet)
{
	if (d->raw) {
		fputs(d->shown > 0 ? ",\n" : "\n", d->out);
		json_dumpf(packet, d->out, JSON_COMPACT | JSON_PRESERVE_ORDER);
	} else {
		xtrctl_packet_text(d->out, packet);
	}
	d->shown++;
	/* a tcpdump at the other end may be at work still */
	if (d->live)
		fflush(d->out);
}

static void end(const struct decode *d)
{
	if (d->raw) {
		fprintf(d->out,
		    "%s],\"summary\":{\"read\":%" PRIu64 ",\"shown\":%" PRIu64
		    ",\"fragments-without-first\":%" PRIu64 "}}\n",
		    d->shown > 0 ? "\n" : "", d->read, d->shown, d->flow.orphans);
		return;
	}
	fprintf(d->out, "%" PRIu64 " of %" PRIu64 " packets shown\n", d->shown, d->read);
	if (d->flow.orphans > 0)
		fprintf(d->out,
		    "%" PRIu64
		    " fragments of UDP, whose first fragment is not in front of them, are "
		    "not shown\n",
		    d->flow.orphans);
}

int xtrctl_decode(FILE *out, bool raw, const char *path, char *err, size_t err_size)
{
	struct decode d = {.out = out, .raw = raw, .live = !strcmp(path, "-")};
	struct pcap_pkthdr *h;
	const u_char *p;
	json_t *packet;
	pcap_t *pcap;
	char why[PCAP_ERRBUF_SIZE + 64];
	int rc = 0, got = 0;

	pcap = open_capture(path, &rc, err, err_size);
	if (pcap == NULL)
		return rc;
	if (raw)
		fputs("{\"packets\":[", out);
	while (!ferror(out) && (got = pcap_next_ex(pcap, &h, &p)) == 1) {
		d.read++;
		packet = xtrctl_packet_json(
		    &d.flow, &(struct xtrctl_captured){.number = d.read,
				 .s = h->ts.tv_sec,
				 .ns = h->ts.tv_usec, /* as precision was asked for */
				 .link_type = pcap_datalink(pcap),
				 .p = p,
				 .len = h->caplen,
				 .wire_len = h->len > h->caplen ? h->len : h->caplen});
		if (packet != NULL)
			show(&d, packet);
		json_decref(packet);
	}
	end(&d);
	if (got == PCAP_ERROR) {
		snprintf(
		    why, sizeof(why), "after %" PRIu64 " packets: %s", d.read, pcap_geterr(pcap));
		rc = failed(-EPROTO, err, err_size, path, why);
	}
	pcap_close(pcap);
	return rc;
}
