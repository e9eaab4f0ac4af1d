"""Hostile connections on the device wire, beside an honest watch that must not notice."""

from __future__ import annotations

import itertools
import socket
import time

from tests.field_devices import GREETING, FieldWatch
from tests.running_daemon import until
from tests.system import wire
from tests.system.house import SystemTest, tell

BAD_SIZES = (b"size--9", b"size-1_0", b"size-\xef\xbc\x91", b"size-" + b"9" * 5000, b"size-1048577",
             b"size-+9", b"size-x")
BAD_TEXTS = (b"nan,bpm", b"1e9,temp", b"72,foo", b"0x4,bpm")


class DeviceHostileTests(SystemTest):
    """An honest watch is asked every second all the while."""

    settings = {"devices": {"enrolment": "open", "poll_seconds": 1}}

    def setUp(self) -> None:
        super().setUp()
        rates = itertools.cycle(("64.00", "68.00"))
        heats = itertools.cycle(("36.40", "36.50", "36.60"))
        self.port = self.daemon.ports["devices"]
        self.watch = FieldWatch(
            "127.0.0.1", self.port, lambda: (next(rates), next(heats)), source="127.0.7.1",
            pace=200,
        )
        self.watch.power_on()
        self.addCleanup(self.watch.power_off)
        self.addCleanup(self.undisturbed)

    def undisturbed(self) -> None:
        """The honest watch is still asked, on its first connection."""
        self.assertTrue(self.watch.running, self.watch.failure)
        before = len(self.watch.sent)
        until(lambda: len(self.watch.sent) > before + 1, "the watch is asked again")

    def dial(self, source: str, data: bytes = b"") -> socket.socket:
        """A connection that says ``data`` after the greeting, when there is one."""
        sock = wire.dial(self.port, source)
        self.addCleanup(sock.close)
        if data:
            self.assertEqual(sock.recv(36, socket.MSG_WAITALL), GREETING)
            sock.sendall(data)
        return sock

    def refusals(self, source: str) -> list[str]:
        """The lines of the log about one address that was turned away."""
        said = [row["message"] for row in self.daemon.lines()]
        return [text for text in said if source in text and "refused" in text]

    def test_places_of_an_address(self) -> None:
        """Of 70 connections 6 are closed within a second; another address is let in."""
        crowd = [self.dial("127.0.7.2") for _ in range(70)]
        begun = time.monotonic()
        until(lambda: sum(map(wire.closed, crowd)) >= 6, "six are closed", 1.0)
        tell("connections 65 to 70 closed after", f"{time.monotonic() - begun:.3f} s")
        self.assertEqual(len(self.refusals("127.0.7.2")), 6)
        self.dial("127.0.7.3", b"new~abc")
        until(lambda: self.state("abc") == "online", "another address is let in")

    def test_bad_sizes(self) -> None:
        """Each impossible size ends its connection with one line that quotes it."""
        for number, text in enumerate(BAD_SIZES, 1):
            source = f"127.0.8.{number}"
            sock = self.dial(source, b"new~cab" + text)
            wire.rest(sock)
            self.assertEqual(len(self.refusals(source)), 1, text[:40])

    def test_bad_readings(self) -> None:
        """Texts that are no reading are counted; the good one behind them is taken."""
        sock = self.dial("127.0.8.100", b"new~abd")
        until(lambda: self.state("abd") == "online", "it is let in")
        sock.sendall(b"".join(BAD_TEXTS) + b"71.00,bpm")
        self.daemon.call("PATCH", "/api/v1/devices/abd", {"patient": self.patient()}, "admin")
        until(lambda: self.values() == [71.0], "the good reading is there")
        self.assertFalse(wire.closed(sock))

    def test_stops_in_the_middle(self) -> None:
        """Who declares a megabyte and sends ten bytes is cut after 15 s; nobody waits for it."""
        sock = self.dial("127.0.8.101", b"new~img")
        until(lambda: self.state("img") == "online", "it is let in")
        begun = time.monotonic()
        sock.sendall(b"size-1000000")
        until(lambda: b"send" in sock.recv(64, socket.MSG_PEEK), "it may send")
        sock.sendall(b"\xff\xd8\xff\xe0" + bytes(6))
        wire.rest(sock, 30.0)
        self.assertTrue(14 < time.monotonic() - begun < 18)
        self.assertEqual(len(self.refusals("127.0.8.101")), 1)

    def patient(self) -> str:
        """Somebody for this test."""
        made = self.daemon.call("POST", "/api/v1/patients", {"name": "Bo"}, "admin")
        self._patient = str(made["id"])
        return self._patient

    def values(self) -> list[float]:
        """Heart rates of that patient."""
        path = f"/api/v1/patients/{self._patient}/readings?kind=heart_rate"
        return [each["value"] for each in self.daemon.call("GET", path, role="admin")["items"]]
