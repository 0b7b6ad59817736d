# SPDX-License-Identifier: BSD-3-Clause
"""xtrd's configuration written from Python: dict -> group, tuple -> ( list ), list -> [ array ]."""

KEY = "Zaq12wsx!@"


def render(value, depth=-1):
    """depth: of the group that the value stands in; -1 for the file as a whole."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return '"%s"' % value.replace("\\", "\\\\").replace('"', '\\"')
    if isinstance(value, dict):
        body = "".join("%s%s = %s;\n" % ("\t" * (depth + 1), k, render(v, depth + 1)) for k, v in value.items())
        return body if depth < 0 else "{\n%s%s}" % (body, "\t" * depth)
    inner = ", ".join(render(v, depth) for v in value)
    return "( %s )" % inner if isinstance(value, tuple) else "[ %s ]" % inner


def port(name, iface, number, side, address, iid=0):
    p = {
        "name": name,
        "device": "net_af_packet%d,iface=%s,blocksz=65536,framesz=2048,framecnt=4096" % (number, iface),
        "side": side,
        "addresses": [address],
    }
    if iid:
        p["instance-id"] = iid
    return p


def mapping(prefix, rloc, iid=0, ttl=1440, priority=1, weight=50):
    m = {"eid-prefix": prefix, "locators": ({"rloc": rloc, "priority": priority, "weight": weight},), "ttl": ttl}
    if iid:
        m["instance-id"] = iid
    return m


def xtr(name, rloc, inside, prefix, algorithm="sha256", iid=0, key=KEY):
    """An xTR of lab 1: ports `core` and `site`, registers one prefix at 172.16.1.1."""
    return {
        "ports": (
            port("core", name + "-core", 0, "core", rloc + "/24"),
            port("site", name + "-site", 1, "site", inside, iid),
        ),
        "map-resolver": ["172.16.1.1"],
        "map-server": ({"address": "172.16.1.1", "key": key, "algorithm": algorithm},),
        "database-mapping": (mapping(prefix, rloc, iid),),
    }


def site(name, prefix, rloc, algorithms=None, iid=0, key=KEY):
    return {
        "name": name,
        "key": key,
        "algorithms": algorithms or ["sha256", "sha256-hkdf"],
        "eid-prefix": ({"prefix": prefix, "instance-id": iid},) if iid else (prefix,),
        "allowed-locators": [rloc],
    }


def lab1(algorithm="sha256", iid=0):
    """The three configurations of lab 1 as dicts; the caller may change them."""
    return {
        "r1": {
            "site": (
                site("site1", "10.1.1.0/24", "172.16.1.2", [algorithm], iid),
                site("site2", "10.2.2.0/24", "172.16.1.3", [algorithm], iid),
            ),
        },
        "r2": xtr("r2", "172.16.1.2", "10.1.1.2/24", "10.1.1.0/24", algorithm, iid),
        "r3": xtr("r3", "172.16.1.3", "10.2.2.3/24", "10.2.2.0/24", algorithm, iid),
    }
