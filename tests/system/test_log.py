"""The log can't be forged or flooded, whatever strangers call themselves."""

from __future__ import annotations

import json
import os
import pty
import time

from tests.running_daemon import until
from tests.system import wire
from tests.system.house import PASSWORD, SystemTest, tell

NASTY = ("a\nb", "a\r\n{\"level\": \"critical\"}", "\x1b[2J\x1b]0;owned\x07", "\u202egpj.exe",
         "\u2028\u2029\x85", "x" * 1_000_000, "\0\x7f\x9b", "{log_format} {0} %s", "\ud83d\ude00")


class ForgingTests(SystemTest):
    """Newlines, escapes, right-to-left and a megabyte, in everything that is logged."""

    def attack(self, name: str) -> None:
        """Say this wherever something can be said."""
        raw = name.encode("utf-8", "surrogatepass")
        for opening in (b"key~%b\n", b"%b\n", b"\x00\x00\x00\x05%b"):
            sock = wire.dial(self.daemon.ports["cameras"], self.source)
            self.addCleanup(sock.close)
            wire.send(sock, opening % raw)
        sock = wire.dial(self.daemon.ports["web"])
        self.addCleanup(sock.close)
        head = b"GET /%b HTTP/1.1\r\nHost: %b.example\r\nUser-Agent: %b\r\n\r\n"
        wire.send(sock, head % (raw[:9000], raw[:200], raw[:9000]))
        for body in ({"username": name, "password": name},
                     {"username": name[:200], "password": "x", "otp": name[:60]}):
            self.daemon.ask("POST", "/api/v1/session", body, role=None,
                            headers={"X-Forwarded-For": "192.0.2.9"})
        self.daemon.ask("POST", f"/api/v1/devices/{self.cam}/commands", {"command": name[:200]})
        self.daemon.ask("PATCH", f"/api/v1/devices/{self.cam}", {"name": name[:90]})

    def board_that_complains(self, name: str) -> None:
        """A keyed board's own complaint is logged too."""
        made = self.daemon.call("POST", "/api/v1/devices/hall/key", {"kind": "camera"})
        sock = wire.keyed(self.daemon.ports["cameras"], "hall", made["key"], self.source)
        self.addCleanup(sock.close)
        wire.send(sock, b"error %b\n" % name.encode("utf-8", "replace")[:200])

    def test_one_event_is_one_line(self) -> None:
        """Each line of the log is one JSON object of at most 8 KiB without a control byte."""
        self.camera()
        for name in NASTY:
            self.attack(name)
            self.board_that_complains(name)
        until(lambda: "refused" in self.daemon.log(), "refusals")
        raw = self.daemon._log.read_bytes()
        self.assertTrue(raw.endswith(b"\n"))
        for line in raw.split(b"\n")[:-1]:
            self.assertLessEqual(len(line), 8192)
            self.assertRegex(line, rb"\A[\x20-\x7e]*\Z")
            row = json.loads(line)
            self.assertLessEqual({"time", "level", "room", "message"}, set(row))
            self.assertTrue(row["message"].isprintable(), row)
            self.assertNotEqual(row["level"], "critical")

    def test_flood(self) -> None:
        """10,000 bad lines of a stranger are at most 100 lines of the log, and counted."""
        before, begun = len(self.daemon.lines()), time.monotonic()
        for _ in range(200):
            crowd = [wire.dial(self.daemon.ports["cameras"], self.source) for _ in range(50)]
            for sock in crowd:
                wire.send(sock, b"key~NOT AN ID\n")
            wire.hang_up(crowd)
        until(lambda: self.refused() >= 9000, "they are counted")
        lines = len(self.daemon.lines()) - before
        tell("10,000 bad lines", f"{lines} log lines, {time.monotonic() - begun:.1f} s")
        self.assertLessEqual(lines, 100)

    def refused(self) -> float:
        """The counter of refused connections."""
        figures = self.daemon.ask("GET", "/metrics").body.decode().splitlines()
        rows = [row for row in figures if row.startswith("iotd_refused_total")]
        return sum(float(row.rsplit(" ", 1)[1]) for row in rows)

    def test_passwords_are_not_logged(self) -> None:
        """Neither passwords nor tokens nor cookies are in the log."""
        person = self.person("vera", "viewer")
        self.daemon.ask("POST", "/api/v1/session", {"username": "vera", "password": "s3cr3t" * 4},
                        role=None)
        log = self.daemon.log()
        for secret in (PASSWORD, "s3cr3t", person.cookie, person.csrf, self.daemon.token()):
            self.assertNotIn(secret, log)


class TerminalTests(SystemTest):
    """The log as a person reads it on a terminal."""

    def setUp(self) -> None:
        super().setUp()
        self.daemon.stop()
        self.addCleanup(self.daemon.start)
        self.ours, theirs = pty.openpty()
        self.addCleanup(os.close, self.ours)
        self.process = self.daemon.launch(theirs)
        os.close(theirs)

    def read(self) -> bytes:
        """What the daemon wrote; b"" when it has gone."""
        try:
            return os.read(self.ours, 65536)
        except OSError:
            return b""

    def test_no_control_bytes(self) -> None:
        """On a terminal too one event is one line, and no escape of a stranger gets through."""
        shown = b""
        while b"no account yet" not in shown:
            shown += self.read()
        for name in NASTY[:5]:
            with wire.dial(self.daemon.ports["cameras"], self.source) as sock:
                wire.send(sock, b"key~%b\n" % name.encode())
                wire.rest(sock)
        self.daemon.stop()
        while more := self.read():
            shown += more
        lines = shown.decode().split("\r\n")
        self.assertEqual(sum("refused" in line for line in lines), 5)
        self.assertEqual([line for line in lines if not line.isprintable()], [])
