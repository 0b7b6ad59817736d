/* SPDX-License-Identifier: BSD-3-Clause */
/* Other programs' packet paths, measured in turn with ours on the same CPU. */
#ifndef XTR_BENCH_DATAPATH_PEER_H
#define XTR_BENCH_DATAPATH_PEER_H

struct datapath_peer {
	const char *name; /* in /peer=NAME */
	const char *type; /* what it was measured with */
	/* 0; -ENOENT: it is not here, *why says what is missing; or another negative errno with
	 * *why. close() after all of these. */
	int (*open)(const struct datapath_peer *peer, int cpu, const char **why);
	/* Cycles a packet over a window of about a million; 0: it failed. */
	double (*window)(void);
	void (*close)(void);
};

/* peer_testpmd.c, peer_kernel.c, peer_ovs.c */
int bench_testpmd_open(const struct datapath_peer *peer, int cpu, const char **why);
double bench_testpmd_window(void);
void bench_testpmd_close(void);
int bench_kernel_open(const struct datapath_peer *peer, int cpu, const char **why);
double bench_kernel_window(void);
void bench_kernel_close(void);
int bench_ovs_open(const struct datapath_peer *peer, int cpu, const char **why);
double bench_ovs_window(void);
void bench_ovs_close(void);

#endif
