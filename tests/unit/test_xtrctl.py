#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""xtrctl against a small server of this test's own: what it sends, what it prints, how it fails.

usage: test_xtrctl.py XTRCTL [--write]     --write: take what is printed now as the listings of xtrctl/*.txt
"""
import json
import os
import pathlib
import pty
import select
import socket
import subprocess
import sys
import tempfile
import threading
import unittest

XTRCTL = None
WRITE = False
HERE = pathlib.Path(__file__).resolve().parent / "xtrctl"
LIMIT = 60  # seconds; nothing here takes so long

# listing: document, words
LISTINGS = {
    "map-cache": ("map-cache", "show map-cache"),
    "map-cache-summary": ("map-cache-summary", "show map-cache summary"),
    "database": ("database", "show database"),
    "sites": ("sites", "show sites"),
    "sites-detail": ("sites", "show sites detail"),
    "rlocs": ("rlocs", "show rlocs"),
    "petrs": ("petrs", "show petrs"),
    "petrs-no-route": ("petrs-no-route", "show petrs"),
    "ports": ("ports", "show ports"),
    "workers": ("workers", "show workers"),
    "counters": ("counters", "show counters"),
    "counters-all": ("counters", "show counters all"),
    "drops-zero": ("zero", "show drops"),
    "version": ("version", "version"),
    "help": ("help", "help"),
    "forwarding": ("forwarding", "show forwarding 10.2.2.5 from 10.1.1.4 instance 100 port site0"),
    "forwarding-drop": ("forwarding-drop", "show forwarding 2001:db8:9::1"),
    "lig": ("lig", "lig 10.2.2.5 instance 100 to 172.16.1.1"),
    "lig-negative": ("lig-negative", "lig 10.9.9.9"),
    "lig-other": ("lig-other", "lig 10.9.9.9"),
    "unknown": ("unknown", "show something new"),  # indented JSON
}


class Server:
    """Answers each connection with the next of `answers`: an iterable of bytes, sent piece by piece."""

    def __init__(self, *answers):
        self.dir = tempfile.TemporaryDirectory(prefix="xtrctl-")
        self.path = self.dir.name + "/s"
        self.requests = []
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen()
        self.thread = threading.Thread(target=self.serve, args=(answers,), daemon=True)
        self.thread.start()

    def serve(self, answers):
        for answer in answers:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            with client:
                try:
                    request = b""
                    while not request.endswith(b"\n"):
                        piece = client.recv(65536)
                        if not piece:
                            break
                        request += piece
                    self.requests.append(request)
                    for piece in answer:
                        client.sendall(piece)
                except OSError:
                    pass  # xtrctl has left, as some tests mean it to

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(LIMIT)
        self.dir.cleanup()


def run(server, *args, env=None, **more):
    base = {k: v for k, v in os.environ.items() if k != "XTRD_SOCKET"}
    base.update(env or {})
    where = ["-s", server.path] if server else []
    return subprocess.run([XTRCTL, *where, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          timeout=LIMIT, env=base, **more)


def ok(document):
    return [b"ok\n" + document + b"\n"]


def document(name):
    # as xtrd sends it: no line end inside
    return (HERE / (name + ".json")).read_bytes().replace(b"\n", b"")


class Listings(unittest.TestCase):
    maxDiff = None

    def test_listings(self):
        for listing, (name, words) in LISTINGS.items():
            with self.subTest(listing), Server(ok(document(name))) as s:
                done = run(s, *words.split())
                self.assertEqual((done.returncode, done.stderr), (0, b""))
                file = HERE / (listing + ".txt")
                if WRITE:
                    file.write_bytes(done.stdout)
                self.assertEqual(done.stdout.decode(), file.read_text())

    def test_any_fragments(self):
        """A document means the same however it is cut into pieces, and with blanks between its tokens."""
        whole = b"ok\n" + document("sites") + b"\n"
        loose = json.dumps(json.loads(document("sites")), indent=1).replace("\n", " ").encode()
        answers = [[whole[i:i + n] for i in range(0, len(whole), n)] for n in (1, 7)]
        for answer in answers + [ok(loose)]:
            with Server(answer) as s:
                self.assertEqual(run(s, "show", "sites").stdout.decode(), (HERE / "sites.txt").read_text())

    def test_json_as_it_is(self):
        for name in ("map-cache", "unknown", "lig"):
            words = LISTINGS[name][1]
            with Server(ok(document(name))) as s:
                done = run(s, "--json", *words.split())
                self.assertEqual((done.returncode, done.stderr), (0, b""))
                self.assertEqual(done.stdout, document(name) + b"\n")

    def test_indented_json_is_the_same_json(self):
        with Server(ok(document("unknown"))) as s:
            done = run(s, "show", "something", "new")
            self.assertEqual(json.loads(done.stdout), json.loads(document("unknown")))

    def test_empty_lists(self):
        for words, key in (("show map-cache", "entries"), ("show sites", "sites"), ("show rlocs", "rlocs"),
                           ("show petrs", "petrs"), ("show ports", "ports"), ("show workers", "workers"), ("show database", "entries")):
            with self.subTest(words), Server(ok(b'{"%s":[]}' % key.encode())) as s:
                done = run(s, *words.split())
                self.assertEqual((done.returncode, done.stderr), (0, b""))
                self.assertRegex(done.stdout.decode(), r"(?i)\b(no|0)\b")


class Requests(unittest.TestCase):
    def ask(self, *args, **more):
        with Server(ok(b"{}")) as s:
            done = run(s, *args, **more)
            self.assertEqual((done.returncode, done.stderr), (0, b""))
            self.assertEqual(len(s.requests), 1)
            self.assertEqual(s.requests[0].count(b"\n"), 1)
            return json.loads(s.requests[0])

    def test_words(self):
        self.assertEqual(self.ask("show", "map-cache", "instance", "0"), ["show", "map-cache", "instance", "0"])
        self.assertEqual(self.ask("show", "sites", 'a "b\\\n'), ["show", "sites", 'a "b\\\n'])
        self.assertEqual(self.ask("show", "sites", "größer"), ["show", "sites", "größer"])

    def test_options_anywhere(self):
        self.assertEqual(self.ask("show", "ports", "--json"), ["show", "ports"])

    def test_words_about_the_text(self):
        self.assertEqual(self.ask("show", "counters", "all"), ["show", "counters"])
        self.assertEqual(self.ask("show", "drops", "all"), ["show", "drops"])
        self.assertEqual(self.ask("show", "sites", "Site_1", "detail"), ["show", "sites", "Site_1"])
        self.assertEqual(self.ask("debug", "all"), ["debug", "all"])
        self.assertEqual(self.ask("show", "counters", "some"), ["show", "counters", "some"])

    def test_where(self):
        with Server(ok(b"{}")) as s:
            self.assertEqual(run(None, "reload", env={"XTRD_SOCKET": s.path}).returncode, 0)
            self.assertEqual(len(s.requests), 1)
        with Server(ok(b"{}")) as s:
            self.assertEqual(run(s, "reload", env={"XTRD_SOCKET": "/nowhere"}).returncode, 0)


class Failures(unittest.TestCase):
    def fails(self, done, text, code=1):
        self.assertEqual(done.returncode, code)
        self.assertEqual(done.stderr.count(b"\n"), 1, done.stderr)
        self.assertTrue(done.stderr.startswith(b"xtrctl: "), done.stderr)
        self.assertTrue(done.stderr.endswith(b"\n"))
        self.assertIn(text, done.stderr.decode())

    def test_errors_of_the_server(self):
        for mode in ([], ["--json"]):
            with Server([b"error no such ", b"instance\n"]) as s:
                done = run(s, *mode, "show", "map-cache")
                self.fails(done, "no such instance")
                self.assertEqual(done.stdout, b"")

    def test_answers_that_are_none(self):
        for answer, text in (([], "without an answer"), ([b"o"], "without an answer"),
                             ([b"220 mail\n"], "protocol"), ([b"x" * 100000], "without an answer"),
                             ([b"ok\n"], "broke off"), ([b"ok\n[1]\n"], "not the JSON"), ([b"ok\n7\n"], "not the JSON"),
                             ([b"ok\n{\"entries\":[}]}\n"], "not the JSON"), ([b"ok\n{\"a\" 1}\n"], "not the JSON"),
                             ([b"ok\n{}{}\n"], "not the JSON"), ([b"ok\n{\n"], "not the JSON"),
                             ([b"ok\n{a:1}\n"], "not the JSON"), ([b"ok\n\n"], "not the JSON")):
            with self.subTest(answer[:1]), Server(answer) as s:
                self.fails(run(s, "show", "map-cache"), text)

    def test_answer_that_breaks_off(self):
        part = document("map-cache").split(b'"eid":"10.3')[0]
        for mode, shown in ((["--json"], part), ([], b"10.2.2.0/24, uptime")):
            with Server([b"ok\n" + part]) as s:
                done = run(s, *mode, "show", "map-cache")
                self.fails(done, "broke off")
                self.assertIn(shown, done.stdout)

    def test_nobody_there(self):
        with tempfile.TemporaryDirectory() as d:
            self.fails(run(None, "-s", d + "/s", "version"), "cannot reach xtrd at " + d + "/s: No such file")
            self.fails(run(None, "-s", d + "/" + "x" * 200, "version"), "longer than")
            with socket.socket(socket.AF_UNIX) as dead:
                dead.bind(d + "/s")
            self.fails(run(None, "-s", d + "/s", "version"), "Connection refused")

    def test_usage(self):
        self.fails(run(None, "--jason", "version"), "--jason", 2)
        self.fails(run(None, "-s"), "-s", 2)
        done = run(None, "-h")
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        self.assertIn(b"usage: xtrctl", done.stdout)

    def test_output_full(self):
        for mode in ([], ["--json"]):
            with Server(ok(document("map-cache"))) as s, open("/dev/full", "wb") as full:
                done = subprocess.run([XTRCTL, "-s", s.path, *mode, "show", "map-cache"], stdout=full,
                                      stderr=subprocess.PIPE, timeout=LIMIT)
                self.fails(done, "cannot write: No space left")

    def test_not_utf8(self):
        self.fails(run(None, b"show", b"\xff"), "word 2 is not UTF-8")


class Streams(unittest.TestCase):
    MAX_RSS_KB = 100 * 1024  # an entry takes more than 1 kB as JSON values

    def entries(self, n):
        yield b'ok\n{"entries":['
        entry = (b'{"instance":0,"eid":"10.0.0.0/24","state":"complete","action":"encapsulate","source":"map-reply",'
                 b'"uptime_s":1,"expires_s":2,"ttl_min":1440,"locators":[{"rloc":"172.16.1.3","state":"up",'
                 b'"priority":1,"weight":50,"uptime_s":1,"packets":null,"bytes":null}]}')
        piece = b",".join([entry] * 1000)
        for i in range(n // 1000):
            yield (b"," if i else b"") + piece
        yield b"]}\n"

    def stream(self, n, *mode):
        env = dict(os.environ, ASAN_OPTIONS="quarantine_size_mb=4:" + os.environ.get("ASAN_OPTIONS", ""))
        lines, tail, size = 0, b"", 0
        with Server(self.entries(n)) as s:
            child = subprocess.Popen([XTRCTL, "-s", s.path, *mode, "show", "map-cache"], stdout=subprocess.PIPE,
                                     env=env)
            head = child.stdout.read(200)
            piece = head
            while piece:
                lines += piece.count(b"\n")
                size += len(piece)
                tail = (tail + piece)[-200:]
                piece = child.stdout.read(1 << 20)
            child.stdout.close()
            _, status, usage = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
        self.assertEqual(child.returncode, 0)
        self.assertLess(usage.ru_maxrss, self.MAX_RSS_KB)
        return head, lines, tail, size

    def test_million_as_json(self):
        _, lines, tail, size = self.stream(1000000, "--json")
        self.assertEqual(lines, 1)
        self.assertTrue(tail.endswith(b"]}\n"))
        self.assertEqual(size, sum(map(len, self.entries(1000000))) - len(b"ok\n"))

    def test_many_as_text(self):
        head, lines, tail, _ = self.stream(300000)
        self.assertTrue(head.startswith(b"LISP IPv4 Mapping Cache for EID-table default (IID 0)\n\n10.0.0.0/24, "))
        self.assertTrue(tail.endswith(b"\n\n300000 entries\n"))
        self.assertEqual(lines, 2 + 3 * 300000 + 2)

    def test_long_table(self):
        """Rows beyond those that column widths are taken from still come, under one title of two lines."""
        rows = [{"rloc": f"10.0.{i >> 8}.{i & 255}", "state": "up", "users": i} for i in range(2500)]
        with Server(ok(json.dumps({"rlocs": rows}).encode())) as s:
            lines = run(s, "show", "rlocs").stdout.decode().splitlines()
        self.assertEqual(len(lines), 2502)
        self.assertEqual([line.split()[0] for line in lines[2:]], [r["rloc"] for r in rows])
        self.assertEqual([line.split()[7] for line in lines[2:]], [str(r["users"]) for r in rows])

    def test_monitor(self):
        """Events are seen when they come, not when the connection ends."""
        more = threading.Event()

        def events():
            yield b"ok\n"
            yield b'{"event":1}\n'
            more.wait(LIMIT)
            yield b'{"event":2}\n'

        with Server(events()) as s:
            child = subprocess.Popen([XTRCTL, "-s", s.path, "--json", "monitor"], stdout=subprocess.PIPE)
            ready, _, _ = select.select([child.stdout], [], [], LIMIT)
            self.assertTrue(ready)
            self.assertEqual(os.read(child.stdout.fileno(), 100), b'{"event":1}\n')
            more.set()
            self.assertEqual(child.stdout.read(), b'{"event":2}\n')
            child.stdout.close()
            self.assertEqual(child.wait(LIMIT), 0)


class Prompt(unittest.TestCase):
    def test_commands_from_a_pipe(self):
        with Server(ok(document("version")), ok(b"{}"), [b"error no\n"], ok(document("version"))) as s:
            done = run(s, input=b'version\n\n  show   sites "two words" \nbad\nversion\n')
            self.assertEqual(done.returncode, 1)
            self.assertEqual(done.stderr, b"xtrctl: no\n")
            self.assertEqual(done.stdout.decode().count("xtrd 0.1.0, DPDK 22.11.7\n"), 2)
            self.assertEqual([json.loads(r) for r in s.requests],
                             [["version"], ["show", "sites", "two words"], ["bad"], ["version"]])
        with Server(ok(document("version"))) as s:
            done = run(s, input=b"version\nquit\nversion\n")
            self.assertEqual((done.returncode, done.stderr), (0, b""))
            self.assertEqual(len(s.requests), 1)
        done = run(None, input=b'say "what\n')
        self.assertEqual((done.returncode, done.stderr), (1, b"xtrctl: a quotation mark is not closed\n"))

    def until(self, fd, text):
        """Reads until text was seen; what comes behind it is for the next time."""
        while text not in self.seen:
            ready, _, _ = select.select([fd], [], [], LIMIT)
            self.assertTrue(ready, self.seen)
            self.seen += os.read(fd, 4096)
        self.seen = self.seen.partition(text)[2]

    def test_completion_and_history(self):
        with Server(ok(document("help")), ok(document("map-cache")), ok(document("map-cache")),
                    ok(document("lig")), ok(document("help"))) as s:
            self.seen = b""
            pid, fd = pty.fork()
            if pid == 0:
                os.environ["TERM"] = "vt100"
                os.execv(XTRCTL, [XTRCTL, "-s", s.path])
            try:
                self.until(fd, b"xtrd> ")
                # words of the server's commands, then a word of the command's arguments
                os.write(fd, b"sh\tm\tinst\t7\r")
                self.until(fd, b"10.2.2.0/24")
                self.until(fd, b"xtrd> ")
                os.write(fd, b"\x10\r")  # control-P: the line before
                self.until(fd, b"10.2.2.0/24")
                self.until(fd, b"xtrd> ")
                os.write(fd, b"l\t10.2.2.5 t\t172.16.1.1\r")
                self.until(fd, b"Map-Reply from 172.16.1.3")
                self.until(fd, b"xtrd> ")
                os.write(fd, b"?\r")
                self.until(fd, b"forgets mappings")
                self.until(fd, b"xtrd> ")
                os.write(fd, b"quit\r")
                while True:  # until it has closed its side
                    try:
                        if not os.read(fd, 4096):
                            break
                    except OSError:
                        break
            finally:
                os.close(fd)  # hangs up, if it did not quit
                _, status = os.waitpid(pid, 0)
            self.assertEqual(os.waitstatus_to_exitcode(status), 0)
            self.assertEqual([json.loads(r) for r in s.requests],
                             [["help"], ["show", "map-cache", "instance", "7"],
                              ["show", "map-cache", "instance", "7"], ["lig", "10.2.2.5", "to", "172.16.1.1"],
                              ["help"]])


if __name__ == "__main__":
    XTRCTL = os.path.abspath(sys.argv.pop(1))
    WRITE = "--write" in sys.argv
    if WRITE:
        sys.argv.remove("--write")
    unittest.main()
