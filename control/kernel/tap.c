/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Persistent TAP and TUN interfaces, and the settings of Linux that a mirror of ports needs.
 */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/if_tun.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include "control/kernel/tap.h"
#include "util/log.h"

#define SYSCTL_PATH_LEN 96

static_assert(XTR_NAME_LEN == IFNAMSIZ, "names of ports are names of interfaces");

/* ---- settings ---- */

/* 0 or negative errno. /proc/sys/net shows the network namespace of whoever opens. */
static int write_sysctl(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), err = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, value, strlen(value)) < 0)
		err = -errno;
	close(fd);
	return err;
}

/* A container may show /proc/sys read-only, a kernel may lack IPv6: whoever runs xtrd then has to
 * care for it. */
static void set_conf(const char *family, const char *name, const char *leaf, const char *value)
{
	static bool told;
	char path[SYSCTL_PATH_LEN];
	int err;

	snprintf(path, sizeof(path), "/proc/sys/net/%s/conf/%s/%s", family, name, leaf);
	err = write_sysctl(path, value);
	if (err == 0 || told)
		return;
	told = true;
	xtr_log(XTR_LOG_WARNING, "tap: cannot set %s to %s: %s; further ones are not reported",
	    path, value, strerror(-err));
}

/* Linux takes the maximum of "all" and the interface's own value. */
static void check_rp_filter(void)
{
	static bool told;
	char c = '0';
	int fd = open("/proc/sys/net/ipv4/conf/all/rp_filter", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (read(fd, &c, 1) == 1 && c != '0' && !told) {
		told = true;
		xtr_log(XTR_LOG_WARNING,
		    "tap: net.ipv4.conf.all.rp_filter is %c, which overrides the 0 of our "
		    "interfaces: "
		    "Linux drops, without a word, packets whose source it would answer by another "
		    "interface; set it to 0",
		    c);
	}
	close(fd);
}

static void set_all_conf(const struct xtr_tap *tap)
{
	set_conf("ipv4", tap->name, "rp_filter", "0");
	set_conf("ipv4", tap->name, "forwarding", "1");
	/* Detection of duplicates leaves addresses tentative, and silent, for a while. */
	set_conf("ipv6", tap->name, "accept_dad", "0");
	set_conf("ipv6", tap->name, "keep_addr_on_down", "1");
	set_conf("ipv6", tap->name, "accept_ra", "0");
	/* A TUN has no MAC to make a link-local address of, nor neighbours to use it, who would
	 * like to know that we are in the group of routers. */
	set_conf("ipv6", tap->name, "forwarding", tap->l3 ? "0" : "1");
	if (tap->l3)
		set_conf("ipv6", tap->name, "addr_gen_mode", "1");
	check_rp_filter();
}

/* ---- interface ---- */

/* Why TUNSETIFF refused an interface that exists. */
static void explain_refusal(const char *name, bool l3)
{
	struct ethtool_drvinfo info = {.cmd = ETHTOOL_GDRVINFO};
	struct ifreq ifr = {.ifr_data = (void *)&info};
	const char *what = "another kind of interface";
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (s < 0)
		return;
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	if (ioctl(s, SIOCETHTOOL, &ifr) == 0 && strcmp(info.driver, "tun") == 0) {
		if ((strcmp(info.bus_info, "tun") == 0) == l3)
			what = "one with other options (multi_queue?)";
		else
			what = l3 ? "a TAP" : "a TUN";
	}
	close(s);
	xtr_log(XTR_LOG_ERR,
	    "tap: %s is to be a %s, but Linux has %s of this name; remove it (ip link del %s)",
	    name, l3 ? "TUN" : "TAP", what, name);
}

static int attach(int fd, const char *name, bool l3)
{
	struct ifreq ifr = {0};
	int err;

	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", name);
	ifr.ifr_flags = (l3 ? IFF_TUN : IFF_TAP) | IFF_NO_PI;
	if (ioctl(fd, TUNSETIFF, &ifr) == 0)
		return 0;
	err = -errno;
	if (err == -EINVAL && if_nametoindex(name) != 0) {
		explain_refusal(name, l3);
		err = -EEXIST;
	}
	return err;
}

/* An adopted interface may have the MAC of an earlier configuration. A TAP takes a new one while it
 * is up. */
static int set_mac(int fd, const uint8_t *mac)
{
	struct ifreq ifr = {0};

	if (ioctl(fd, SIOCGIFHWADDR, &ifr) < 0)
		return -errno;
	if (memcmp(ifr.ifr_hwaddr.sa_data, mac, 6) == 0)
		return 0;
	memcpy(ifr.ifr_hwaddr.sa_data, mac, 6);
	return ioctl(fd, SIOCSIFHWADDR, &ifr) < 0 ? -errno : 0;
}

static bool name_ok(const char *name)
{
	size_t len = strlen(name);

	/* TUNSETIFF would take "%d" as a wish for a number. */
	return len > 0 && len < IFNAMSIZ && strpbrk(name, "/% \t\n") == NULL &&
	       strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

int xtr_tap_open(struct xtr_tap *tap, const char *name, bool l3, const uint8_t *mac)
{
	int fd, err;

	memset(tap, 0, sizeof(*tap));
	tap->fd = -1;
	if (!name_ok(name))
		return -EINVAL;
	fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	err = attach(fd, name, l3);
	if (err < 0)
		goto fail;
	/* Nothing but whole packets with complete checksums: what is read here is sent on a wire.
	 */
	if (ioctl(fd, TUNSETOFFLOAD, 0ul) < 0) {
		err = -errno;
		goto fail;
	}
	if (mac != NULL && !l3) {
		err = set_mac(fd, mac);
		if (err < 0)
			goto fail;
	}
	tap->ifindex = if_nametoindex(name);
	if (tap->ifindex == 0) {
		err = -errno;
		goto fail;
	}
	/* Last of what may fail: until then, closing takes a new interface away again. */
	if (ioctl(fd, TUNSETPERSIST, 1ul) < 0) {
		err = -errno;
		goto fail;
	}
	tap->fd = fd;
	tap->l3 = l3;
	snprintf(tap->name, sizeof(tap->name), "%s", name);
	set_all_conf(tap);
	return 0;

fail:
	close(fd);
	return err;
}

void xtr_tap_ipv6(const struct xtr_tap *tap, bool on)
{
	set_conf("ipv6", tap->name, "disable_ipv6", on ? "0" : "1");
}

int xtr_tap_carrier(struct xtr_tap *tap, bool on)
{
	int value = on;

	return ioctl(tap->fd, TUNSETCARRIER, &value) < 0 ? -errno : 0;
}

void xtr_tap_close(struct xtr_tap *tap, bool remove)
{
	if (tap->fd < 0)
		return;
	if (remove)
		ioctl(tap->fd, TUNSETPERSIST, 0ul);
	close(tap->fd);
	tap->fd = -1;
}

int xtr_tap_read(struct xtr_tap *tap, void *buf, uint32_t size)
{
	ssize_t n = read(tap->fd, buf, size);

	return n < 0 ? -errno : (int)n;
}

int xtr_tap_write(struct xtr_tap *tap, const void *buf, uint32_t len)
{
	ssize_t n = write(tap->fd, buf, len);

	return n < 0 ? -errno : (int)n;
}
