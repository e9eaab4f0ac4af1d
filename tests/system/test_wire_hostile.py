"""Hostile connections on the camera wire, beside an honest camera that must not notice."""

from __future__ import annotations

import socket
import struct
import time

from tests.field_camera import FieldCamera, scene
from tests.running_daemon import picture_in, until
from tests.system import wire
from tests.system.fuzz import fuzz
from tests.system.house import SystemTest, tell

CAP = 4194304
PICTURE = scene(1)
IMPOSSIBLE = (CAP + 1, 2**31, 2**32 - 1)


class HostileTest(SystemTest):
    """An honest camera streams all the while."""

    honest: FieldCamera

    def setUp(self) -> None:
        super().setUp()
        self.honest = self.streaming(fps=10.0)
        self.sent = len(self.honest.sent)
        self.port = self.daemon.ports["cameras"]
        self.addCleanup(self.undisturbed)

    def undisturbed(self) -> None:
        """The honest camera streams still, on its first connection, without a bad frame."""
        self.assertTrue(self.honest.streaming, self.honest.failure)
        self.assertEqual(self.honest.heard, [b"START"])
        self.assertEqual(self.shown("bad_frames"), 0)
        until(lambda: self.shown("frames") > self.sent, "more frames of the honest camera")

    def dial(self, source: str, data: bytes = b"") -> socket.socket:
        """A connection that says ``data``."""
        sock = wire.dial(self.port, source)
        self.addCleanup(sock.close)
        wire.send(sock, data)
        return sock


class PlacesTests(HostileTest):
    """One peer cannot take all places."""

    shared = True

    def test_places_of_an_address(self) -> None:
        """Of 70 connections 6 are closed within a second; another address is let in."""
        crowd = [self.dial("127.0.0.2") for _ in range(70)]
        begun = time.monotonic()
        until(lambda: sum(map(wire.closed, crowd)) >= 6, "six are closed", 1.0)
        tell("connections 65 to 70 closed after", f"{time.monotonic() - begun:.3f} s")
        self.assertEqual([wire.closed(sock) for sock in crowd], [False] * 64 + [True] * 6)
        lines = [row["message"] for row in self.daemon.lines() if "64 unkeyed" in row["message"]]
        self.assertEqual(len(lines), 6)
        self.dial("127.0.0.3")
        until(lambda: self.state("cam-127-0-0-3") == "pending", "another address")

    def test_held_devices(self) -> None:
        """Of an address 8 unapproved cameras are held, the others told why and closed."""
        crowd = [self.dial("127.0.0.4") for _ in range(12)]
        until(lambda: sum(map(wire.closed, crowd)) == 4, "four are closed")
        [refused] = self.daemon.call("GET", "/api/v1/devices/refusals")["items"][:1]
        self.assertEqual(refused["reason"], "8 unapproved devices of this address are held")
        self.assertIn("Approve or remove", refused["next_step"])
        held = [each for each in self.daemon.call("GET", "/api/v1/devices?limit=999")["items"]
                if each["state"] == "pending" and each["address"] == "127.0.0.4"]
        self.assertEqual(len(held), 8)

    def test_held_in_all(self) -> None:
        """From many addresses 64 unapproved cameras are held in all; none of them is heard."""
        crowd = [self.dial(f"127.0.4.{number}", wire.frame(PICTURE)) for number in range(1, 101)]
        until(lambda: sum(map(wire.closed, crowd)) == 36, "36 are closed")
        for sock in crowd:
            wire.send(sock, wire.frame(PICTURE))
        items = self.daemon.call("GET", "/api/v1/cameras?limit=999")["items"]
        self.assertFalse([each for each in items if each["id"].startswith("cam-127-0-4-")])


class RefusalTests(HostileTest):
    """What is said about those who are turned away."""

    def test_refusal_names_value_and_limit(self) -> None:
        """An impossible header is one log line that names camera, value and limit."""
        sock = self.dial("127.0.0.5", b"\xff\xff\xff\xff")
        until(lambda: wire.closed(sock), "closed")
        said = [row["message"] for row in self.daemon.lines()]
        [line] = [line for line in said if "impossible" in line and "127-0-0-5" in line]
        for word in ("cam-127-0-0-5", "4294967295", "4194304"):
            self.assertIn(word, line)


class DribbleTests(HostileTest):
    """Nobody waits for slow ones; their deadlines are in tests/soak/test_deadlines.py."""

    shared = True
    settings = {"cameras": {"max_connections_per_address": 2000}}

    def test_thousand_dribblers(self) -> None:
        """Beside 1,000 dribbled hellos a keyed camera is told START within 100 ms (p99)."""
        key = self.daemon.call("POST", "/api/v1/devices/hall/key", {"kind": "camera"})["key"]
        self.daemon.call("POST", "/api/v1/cameras/hall/start")
        crowd = [self.dial("127.0.0.2", b"k") for _ in range(1000)]
        times = []
        for number in range(60):
            for sock in crowd[number % 10::10]:
                wire.send(sock, b"ey~" + b"a" * 30 if number < 1 else b"")
            times.append(self.started_within(key))
        times.sort()
        tell("START beside 1,000 dribblers", f"median {times[30] * 1000:.1f} ms, "
             f"worst of 60 {times[-1] * 1000:.1f} ms")
        self.assertLess(times[-2], 0.5)

    def started_within(self, key: str) -> float:
        """Seconds from connecting to START."""
        begun = time.monotonic()
        with wire.keyed(self.port, "hall", key) as sock:
            self.assertEqual(wire.line(sock), b"START\n")
            return time.monotonic() - begun


class LengthTests(HostileTest):
    """Declared lengths are compared, never allocated."""

    shared = True
    settings = {"devices": {"enrolment": "open"}, "cameras": {"max_connections_per_address": 900}}

    def test_declared_lengths(self) -> None:
        """600 declared lengths of 0 to 2^32 - 1 cost at most 5 MB; impossible ones are closed."""
        lengths = [length for length in (0, 1, CAP, *IMPOSSIBLE) for _ in range(100)]
        good = wire.frame(PICTURE)
        opened = [self.dial(f"127.0.3.{n % 250 + 1}", good) for n in range(len(lengths))]
        until(lambda: self.frames("cam-127-0-3-") == 600, "a frame of each")
        before = self.daemon.rss()
        for sock, length in zip(opened, lengths):
            wire.send(sock, struct.pack(">I", length))
        mad = [sock for sock, length in zip(opened, lengths) if length in IMPOSSIBLE]
        begun = time.monotonic()
        until(lambda: all(map(wire.closed, mad)), "the impossible ones are closed")
        tell("600 declared lengths", f"{self.daemon.rss() - before:.1f} MB more, 300 impossible "
             f"ones closed in {time.monotonic() - begun:.2f} s")
        self.assertLess(self.daemon.rss() - before, 5)
        self.assertFalse(any(map(wire.closed, opened[:300])))

    def frames(self, names: str) -> int:
        """Frames of all cameras whose names begin so."""
        items = self.daemon.call("GET", "/api/v1/cameras?limit=1000")["items"]
        return sum(each["frames"] for each in items if each["id"].startswith(names))

    def test_three_bad_payloads(self) -> None:
        """Three payloads without a picture close the link; two and a good one do not."""
        bad, good = wire.frame(b"no picture"), wire.frame(PICTURE)
        kept = self.dial("127.0.0.6", (bad * 2 + good) * 3)
        until(lambda: self.camera_json("cam-127-0-0-6").get("frames") == 3, "three frames")
        self.assertEqual(self.camera_json("cam-127-0-0-6")["bad_frames"], 6)
        self.assertFalse(wire.closed(kept))
        lost = self.dial("127.0.0.7", bad * 3)
        until(lambda: wire.closed(lost), "closed")

    def camera_json(self, id: str) -> dict[str, object]:
        """A camera as the API shows it."""
        answer = self.daemon.ask("GET", f"/api/v1/cameras/{id}")
        return dict(answer.json) if answer.status == 200 else {}

    def test_any_cut(self) -> None:
        """The same frames byte by byte, in odd pieces and glued give the same pictures."""
        pictures = [scene(number, (32, 24), 20) for number in range(3)]
        data = b"".join(wire.frame(b"\0" + each + b"\0\xff\xd9") for each in pictures)
        for number, size in enumerate((1, 3, 7, 512, len(data))):
            sock = self.dial(f"127.0.2.{number + 1}")
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            until(lambda: self.state(f"cam-127-0-2-{number + 1}") == "online", "online")
            path = f"/cameras/cam-127-0-2-{number + 1}/stream.mjpeg"
            with self.daemon.open("GET", path) as stream:
                for start in range(0, len(data), size):
                    sock.sendall(data[start:start + size])
                newest = picture_in(stream)[1]
                while newest != pictures[-1]:
                    self.assertIn(newest, pictures)
                    newest = picture_in(stream)[1]


class RandomTests(HostileTest):
    """Madness over real sockets."""

    settings = {"cameras": {"max_connections_per_address": 2000}}

    def test_random_sessions(self) -> None:
        """4,000 seeded random sessions leave no traceback, no file and no memory behind."""
        files = self.daemon.process.num_fds()
        self.settle(files)
        before, begun = self.daemon.rss(), time.monotonic()
        self.sessions(4000, 2, files)
        took = time.monotonic() - begun
        tell("4,000 random sessions", f"{took:.1f} s, {self.daemon.rss() - before:+.1f} MB")
        self.assertLess(self.daemon.rss() - before, 8)
        rows = len(self.daemon.call("GET", "/api/v1/devices?limit=1000")["items"])
        self.assertLessEqual(rows, 258)

    def settle(self, files: int) -> None:
        """First use of everything: until 1,000 sessions take less than 1 MB, at most 12,000.

        The heap takes its size from the worst moment, when timers, store and sockets all lag.
        Left alone that is in the first 1,000 (+2 MB, then +0.3), on a machine busy with else
        anywhere in the first 5,000 (+10 MB, then +0.5); what leaks never comes to rest.
        """
        for seed in range(100, 112):
            before = self.daemon.rss()
            self.sessions(1000, seed, files)
            if self.daemon.rss() - before < 1:
                return

    def sessions(self, number: int, seed: int, files: int) -> None:
        """So many, the next 100 when the daemon is done with those before and ``files`` are back.

        When it lags, 650 would stand open at once, at 10 KB each, which is nothing left behind.
        """
        for part in range(0, number, 100):
            fuzz(self.port, 100, seed * 10000 + part)
            until(lambda: self.daemon.process.num_fds() <= files + 2, "files are back", 90.0)


class FilesTests(SystemTest):
    """Out of file handles."""

    files = 256
    settings = {"cameras": {"max_connections_per_address": 2000}}

    def test_400_connections(self) -> None:
        """With 256 files 400 connections do no harm, and 5 s after they leave all is well."""
        honest = self.streaming(fps=5.0)
        used = sum(self.daemon.process.cpu_times()[:2])
        crowd = [wire.dial(self.daemon.ports["cameras"], f"127.0.5.{n % 50 + 1}")
                 for n in range(400)]
        self.addCleanup(wire.hang_up, crowd)
        begun, sent = time.monotonic(), len(honest.sent)
        until(lambda: len(honest.sent) >= sent + 15, "the honest camera goes on")
        used = sum(self.daemon.process.cpu_times()[:2]) - used
        part = used / (time.monotonic() - begun)
        wire.hang_up(crowd)
        left = time.monotonic()
        until(lambda: self.daemon.ask("GET", "/readyz", role=None).status == 200, "ready", 5.0)
        self.daemon.call("POST", f"/api/v1/cameras/{self.cam}/stop")
        tell("400 connections with 256 files", f"{part:.0%} CPU, well again after "
             f"{time.monotonic() - left:.2f} s, {len(self.daemon.lines())} log lines")
        until(lambda: honest.led == "red", "red")
        self.assertLess(part, 0.6)
        self.assertLess(len(self.daemon.lines()), 220)
