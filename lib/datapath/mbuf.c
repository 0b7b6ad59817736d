/* SPDX-License-Identifier: BSD-3-Clause */
#include "datapath/mbuf.h"

#include <string.h>

bool xtr_mbuf_gather(struct rte_mbuf *m, uint32_t want)
{
	if (want > m->buf_len)
		return false;
	if (m->data_off + want > m->buf_len) {
		/* outer headers were taken off in front: the bytes go back to where room is */
		uint16_t off =
		    (uint16_t)RTE_MIN((uint32_t)RTE_PKTMBUF_HEADROOM, (uint32_t)m->buf_len - want);

		memmove((char *)m->buf_addr + off, rte_pktmbuf_mtod(m, char *), m->data_len);
		m->data_off = off;
	}
	while (m->data_len < want) {
		struct rte_mbuf *s = m->next;
		uint16_t part = (uint16_t)RTE_MIN(want - m->data_len, (uint32_t)s->data_len);

		memcpy(rte_pktmbuf_mtod_offset(m, char *, m->data_len), rte_pktmbuf_mtod(s, char *),
		    part);
		m->data_len += part;
		s->data_off += part;
		s->data_len -= part;
		if (!s->data_len) {
			m->next = s->next;
			m->nb_segs--;
			s->next = NULL;
			rte_pktmbuf_free_seg(s);
		}
	}
	return true;
}

void xtr_mbuf_cut_chain(struct rte_mbuf *m, uint32_t len)
{
	struct rte_mbuf *last = m;

	m->pkt_len = len;
	m->nb_segs = 1;
	while (len > last->data_len) {
		len -= last->data_len;
		last = last->next;
		m->nb_segs++;
	}
	last->data_len = (uint16_t)len;
	rte_pktmbuf_free(last->next);
	last->next = NULL;
}
