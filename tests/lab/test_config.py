# SPDX-License-Identifier: BSD-3-Clause
"""Broken configurations: one line with file, line, setting, found and allowed; status 1; nothing started."""

import re
import subprocess

import pytest

import conf
import lab as labs

GOOD = """# SPDX-License-Identifier: BSD-3-Clause
ports = (
	{ name = "core"; device = "net_ring0"; side = "core"; mtu = 1500; addresses = [ "172.16.1.2/24" ]; },
	{ name = "site"; device = "net_ring1"; side = "site"; addresses = [ "10.1.1.2/24" ]; }
);
map-resolver = [ "172.16.1.1" ];
map-server = ( { address = "172.16.1.1"; key = "SECRETKEY"; algorithm = "sha256"; } );
database-mapping = (
	{ eid-prefix = "10.1.1.0/24";
	  locators = ( { rloc = "172.16.1.2"; priority = 1; weight = 50; } ); ttl = 1440; }
);
site = ( { name = "site1"; key = "SECRETKEY"; eid-prefix = ( "10.1.1.0/24" ); } );
operator-socket = "%(dir)s/x.sock";
state-directory = "%(dir)s/state";
"""

# name: (what is replaced, by what, line, setting, found)
BROKEN = {
    "syntax": ('side = "core"; mtu', 'side = "core" "mtu', 3, None, None),
    "unknown setting": ("operator-socket", "operater-socket", 13, "operater-socket", None),
    "unknown setting in a port": ("mtu = 1500", "mut = 1500", 3, "mut", None),
    "bad address": ('map-resolver = [ "172.16.1.1" ]', 'map-resolver = [ "172.16.1.300" ]', 6, "map-resolver", "172.16.1.300"),
    "prefix with host bits": ('eid-prefix = "10.1.1.0/24"', 'eid-prefix = "10.1.1.7/24"', 9, "eid-prefix", "10.1.1.7/24"),
    "prefix too long": ('eid-prefix = "10.1.1.0/24"', 'eid-prefix = "10.1.1.0/33"', 9, "eid-prefix", "10.1.1.0/33"),
    "port twice": ('name = "site"; device', 'name = "core"; device', 4, "name", "core"),
    "key missing": (' key = "SECRETKEY"; algorithm', " algorithm", 7, "key", None),
    "unknown algorithm": ('"sha256"', '"md5"', 7, "algorithm", "md5"),
    "mtu out of range": ("mtu = 1500", "mtu = 100", 3, "mtu", "100"),
    "wrong type": ("mtu = 1500", 'mtu = "big"', 3, "mtu", "big"),
    "unknown side": ('side = "site"', 'side = "left"', 4, "side", "left"),
    "priority out of range": ("priority = 1;", "priority = 256;", 10, "priority", "256"),
    "no locator": ('locators = ( { rloc = "172.16.1.2"; priority = 1; weight = 50; } );', "locators = ( );", 10, "locators", None),
    "rloc that is multicast": ('rloc = "172.16.1.2"', 'rloc = "224.0.0.1"', 10, "rloc", "224.0.0.1"),
    "device missing": ('device = "net_ring1"; ', "", 4, "device", None),
    "key file that is not there": ('key = "SECRETKEY"; algorithm', 'key-file = "/nonexistent/key"; algorithm', 7, "key-file", None),
    "prefix in two mappings": ("ttl = 1440; }", 'ttl = 1440; }, { eid-prefix = "10.1.1.0/24"; locators = ( { rloc = "172.16.1.2"; } ); }',
        None, "eid-prefix", "10.1.1.0/24"),
    "proxy-itr that serves nothing": ("mtu = 1500", "mtu = 1500; proxy-itr = true", 3, "proxy-itr", "true"),
    "send-map-request and nobody to ask": ('map-resolver = [ "172.16.1.1" ];',
        'map-cache = ( { eid-prefix = "10.2.2.0/24"; action = "send-map-request"; } );', 6, "action", "send-map-request"),
    "PETR that we are": ("operator-socket", 'use-petr = ( { rloc = "172.16.1.2"; } ); operator-socket', 13, "rloc", "172.16.1.2"),
    "PETR for no EIDs": ("""database-mapping = (
	{ eid-prefix = "10.1.1.0/24";
	  locators = ( { rloc = "172.16.1.2"; priority = 1; weight = 50; } ); ttl = 1440; }
);""", 'use-petr = ( { rloc = "172.16.1.1"; } );', 8, "use-petr", "a list of 1"),
    "map-cache inside the own database": ("operator-socket",
        'map-cache = ( { eid-prefix = "10.1.1.128/25"; action = "drop"; } ); operator-socket', 13, "eid-prefix", "10.1.1.128/25"),
    "PETR for anybody": ("operator-socket", "proxy-etr = ( { rloc = [ ]; eid-prefix = [ ]; } ); operator-socket", 13, "rloc",
        "an empty list"),
    "probe interval too short": ("operator-socket", "lisp = { probe-interval-ms = 1; }; operator-socket", 13,
        "probe-interval-ms", "1"),
}


@pytest.fixture(scope="module", autouse=True)
def built():
    labs.need_binaries()


def write(tmp_path, text):
    path = tmp_path / "xtr.conf"
    path.write_text(text % {"dir": tmp_path} if "%(dir)s" in text else text)
    path.chmod(0o600)
    return path


def run(path, *words):
    return subprocess.run([labs.XTRD, "-c", path, *words], capture_output=True, text=True, timeout=20)


def test_good_one(tmp_path):
    r = run(write(tmp_path, GOOD), "--check")
    assert (r.returncode, r.stdout, r.stderr) == (0, r.stdout, ""), r.stderr


@pytest.mark.parametrize("words", [(), ("--check",)], ids=["start", "check"])
@pytest.mark.parametrize("name", BROKEN)
def test_broken(tmp_path, name, words):
    old, new, line, setting, found = BROKEN[name]
    assert GOOD.count(old) >= 1
    path = write(tmp_path, GOOD.replace(old, new, 1))
    r = run(path, *words)
    assert r.returncode == 1, r.stderr
    (said,) = r.stderr.splitlines()
    m = re.fullmatch(r"(?:<\d>)?(?:xtrd: )?(\S+?):(\d+): (.*)", said)
    assert m and m[1] == str(path), said
    if line:
        assert int(m[2]) == line, said
    if setting:
        assert setting in m[3] and "found" in m[3] and "allowed" in m[3], said
    if found:
        assert found in m[3], said
    assert "SECRETKEY" not in said
    assert not (tmp_path / "x.sock").exists() and not (tmp_path / "state").exists(), "something was started"


def test_key_file_mode(tmp_path):
    """A key file that others can read is refused."""
    key = tmp_path / "key"
    key.write_text("SECRETKEY\n")
    key.chmod(0o644)
    text = GOOD.replace('key = "SECRETKEY"; algorithm', 'key-file = "%s"; algorithm' % key, 1)
    r = run(write(tmp_path, text), "--check")
    assert r.returncode == 1 and "key-file" in r.stderr
    key.chmod(0o600)
    r = run(write(tmp_path, text), "--check")
    assert r.returncode == 0, r.stderr


def test_file_that_is_not_there(tmp_path):
    r = run(tmp_path / "none.conf")
    assert r.returncode == 1 and str(tmp_path / "none.conf") in r.stderr and len(r.stderr.splitlines()) == 1


def test_samples(tmp_path):
    """All samples pass the check, with a key of the test's where they name a file."""
    key = tmp_path / "key"
    key.write_text("SECRETKEY\n")
    key.chmod(0o600)
    samples = sorted((labs.TOP / "config/samples").glob("*.conf"))
    labs_of = {"lab1": ("r1", "r2", "r3"), "lab2": ("r1", "lisp1", "lisp2")}
    assert {"%s-%s.conf" % (lab, r) for lab in labs_of for r in labs_of[lab]} <= {s.name for s in samples}
    for s in samples:
        copy = tmp_path / s.name
        copy.write_text(re.sub(r'(key-file = )"[^"]*"', r'\1"%s"' % key, s.read_text()))
        r = run(copy, "--check")
        assert r.returncode == 0, r.stderr


def test_words():
    r = subprocess.run([labs.XTRD, "-V"], capture_output=True, text=True, timeout=20)
    assert r.returncode == 0 and re.search(r"\d+\.\d+\.\d+", r.stdout)
    r = subprocess.run([labs.XTRD, "-h"], capture_output=True, text=True, timeout=20)
    assert r.returncode == 0 and "--check" in r.stdout
    r = subprocess.run([labs.XTRD, "--nonsense"], capture_output=True, text=True, timeout=20)
    assert r.returncode != 0 and r.stderr


def test_renderer():
    """What the labs write is libconfig."""
    text = conf.render({"a": ({"b": [1, 2], "c": 'x"y'},), "d": True})
    assert text == 'a = ( {\n\tb = [ 1, 2 ];\n\tc = "x\\"y";\n} );\nd = true;\n'
