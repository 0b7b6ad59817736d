#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""
An RFC 2544 search for the no-drop rate of an xtrd, or of a testpmd for comparison, on this machine: called by
`scripts/bench rfc2544`.

    scripts/bench rfc2544 [--device xtrd|testpmd] [--over memif|virtio-user] [options of xtrbench rfc2544]
    scripts/bench rfc2544 [options of xtrbench rfc2544] -- EAL ARGUMENTS

The first form starts the device; the second drives one that is there, by the two ports that EAL's arguments name: the
first leads to its core side. `xtrbench rfc2544 --config` writes the configuration that this one needs.
"""

import argparse
import contextlib
import os
import pathlib
import subprocess
import sys
import tempfile
import time

READY_S = 30
COMMON = ["--no-huge", "--no-shconf", "--no-pci", "--no-telemetry", "-m512"]
MACS = {"memif": ("02:70:63:61:70:00", "02:70:63:61:70:01"),
    "virtio-user": ("56:48:4f:53:54:00", "56:48:4f:53:54:01")}  # the latter are the driver's own


def devices(over, directory):
    """Of the device under test and of the generator, core first."""
    if over == "memif":
        options = "id=%%d,socket=%s/memif,socket-abstract=no,bsize=9344" % directory
        return (["net_memif%d,role=server,mac=%s,%s" % (i, MACS[over][i], options % i) for i in (0, 1)],
            ["net_memif%d,role=client,%s" % (i, options % i) for i in (0, 1)])
    return (["net_vhost%d,iface=%s/vhost%d" % (i, directory, i) for i in (0, 1)],
        ["virtio_user%d,path=%s/vhost%d,mrg_rxbuf=1" % (i, directory, i) for i in (0, 1)])


def cpus():
    """The device's worker's and the generator's; any other's are for the rest."""
    mine = sorted(os.sched_getaffinity(0))
    if len(mine) < 2:
        print("rfc2544: one CPU for device and generator: they take turns", file=sys.stderr)
    return mine[-2:][0], mine[-1]


def start_xtrd(build, bench, directory, ports, cpu, case):
    text = subprocess.run([bench, "rfc2544", "--config", *ports, directory, *case], capture_output=True, text=True,
        check=True).stdout
    conf = pathlib.Path(directory) / "conf"
    conf.write_text(text.replace("eal = {", "eal = { workers = [ %d ];" % cpu, 1))
    return ["unshare", "-n", build / "app/xtrd/xtrd", "-c", conf]


def start_testpmd(ports, cpu):
    """From either port to the other, as they are."""
    return ["stdbuf", "-oL", "dpdk-testpmd", *COMMON, "--lcores=0@(%s),1@%d" % (",".join(map(str, os.sched_getaffinity(0))), cpu),
        *("--vdev=" + p for p in ports), "--", "--auto-start", "--forward-mode=io", "--port-topology=paired",
        "--mbuf-size=9728", "--total-num-mbufs=8192", "--disable-link-check"]


def wait_for(ready, process, log):
    end = time.monotonic() + READY_S
    while not ready():
        if process.poll() is not None or time.monotonic() > end:
            sys.exit("rfc2544: the device does not start:\n" + log.read_text()[-2000:])
        time.sleep(0.05)


def stop(process):
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(5)


def main():
    parser = argparse.ArgumentParser(usage=__doc__, add_help=False)
    parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path("build"))
    parser.add_argument("--device", choices=("xtrd", "testpmd"), default="xtrd")
    parser.add_argument("--over", choices=("memif", "virtio-user"), default="memif")
    parser.add_argument("--case")
    known, rest = parser.parse_known_args()
    bench = known.build / "app/xtrbench/xtrbench"
    case = ["--case", known.case] if known.case else []
    if {"--", "-h", "--help"} & set(rest):
        os.execv(bench, [str(bench), "rfc2544", *case, *rest])
    with contextlib.ExitStack() as stack:
        directory = stack.enter_context(tempfile.TemporaryDirectory(prefix="rfc2544-"))
        theirs, ours = devices(known.over, directory)
        worker, generator = cpus()
        words = start_xtrd(known.build, bench, directory, theirs, worker, case) if known.device == "xtrd" \
            else start_testpmd(theirs, worker)
        log = pathlib.Path(directory) / "log"
        env = dict(os.environ, XDG_RUNTIME_DIR=directory)
        with open(log, "wb") as out:
            device = subprocess.Popen([str(w) for w in words], stdin=subprocess.PIPE, stdout=out, stderr=out, env=env)
        stack.callback(stop, device)
        # the last that each says of its start
        wait_for(lambda: ("ready: " if known.device == "xtrd" else "Press enter") in log.read_text(), device, log)
        core, site = MACS[known.over]
        done = subprocess.run([bench, "rfc2544", *case, "--core-mac", core, "--site-mac", site, *rest, "--", *COMMON,
            "--lcores=0@%d" % generator, "--log-level=lib.eal:warning", *("--vdev=" + p for p in ours)], env=env,
            check=False)
        if done.returncode:
            sys.stderr.write(log.read_text()[-2000:])
        return done.returncode


if __name__ == "__main__":
    sys.exit(main())
