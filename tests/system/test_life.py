"""How the daemon starts, refuses to start, stops, and comes back."""

from __future__ import annotations

import contextlib
import http.client
import signal
import socket
import sqlite3
import threading
import time
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any, Mapping

from twisted.trial.unittest import SynchronousTestCase

from tests.running_daemon import RunningDaemon
from tests.system import wire
from tests.system.house import FRAMES, SystemTest, tell
from tests.system.viewers import Watching, stalled


class RefusedStartTests(SynchronousTestCase):
    """A start that can't be is one line, a code, and nothing else."""

    def build(self, settings: Mapping[str, Mapping[str, Any]] | None = None) -> RunningDaemon:
        """A daemon that has not been started."""
        daemon = RunningDaemon(Path(self.mktemp()), settings)
        self.addCleanup(daemon.stop)
        return daemon

    def refused(self, daemon: RunningDaemon, code: int, *words: str) -> None:
        """It ends with this code and one line that has these words."""
        daemon.launch()
        self.assertEqual(daemon.end(), code, daemon.log())
        lines = [line for line in daemon.log().splitlines() if "can't start" in line]
        self.assertEqual(len(lines), 1, daemon.log())
        self.assertNotIn("Traceback", daemon.log())
        for word in words:
            self.assertIn(word, lines[0])

    def test_busy_port(self) -> None:
        """A port that another program has ends the start with its endpoint in the line."""
        with socket.create_server(("127.0.0.1", 0)) as other:
            port = other.getsockname()[1]
            daemon = self.build({"web": {"listen": [f"tcp:{port}:interface=127.0.0.1"]}})
            self.refused(daemon, 1, "web.listen", str(port), "already in use")

    def test_second_on_the_same_folder(self) -> None:
        """A second daemon on the folder ends with 75 and the first one's process number."""
        first = self.build().start()
        second = RunningDaemon(first.folder)
        self.addCleanup(second.stop)
        second._log = first.folder / "second.log"
        self.refused(second, 75, "in use by another iotd", str(first.process.pid))
        self.assertEqual(first.ask("GET", "/readyz", role=None).status, 200)

    def test_newer_schema(self) -> None:
        """A database of a newer iotd is refused with 4, in words, and left as it is."""
        daemon = self.build().start()
        daemon.stop()
        with closing(sqlite3.connect(daemon.data / "iotd.sqlite3")) as database:
            database.execute("UPDATE alembic_version SET version_num = '9999'")
            database.commit()
        self.refused(daemon, 4, "newer")

    def test_damaged_file(self) -> None:
        """A damaged database is refused with 3, in words, and not a byte of it is changed."""
        daemon = self.build().start()
        daemon.stop()
        file = daemon.data / "iotd.sqlite3"
        data = bytearray(file.read_bytes())
        data[5000:9000] = bytes(4000)
        file.write_bytes(data)
        self.refused(daemon, 3, "iotd.sqlite3")
        self.assertEqual(sha256(file.read_bytes()).digest(), sha256(data).digest())

    def test_faulty_configuration(self) -> None:
        """A faulty configuration ends with 2 and names every fault, with the key meant."""
        daemon = self.build({"web": {"lisen": ["tcp:1"]}, "devices": {"enrolment": "maybe"},
                             "cameras": {"max_frame_bytes": -1}})
        daemon.launch()
        self.assertEqual(daemon.end(), 2)
        for word in ("web.lisen", "web.listen", "devices.enrolment", "cameras.max_frame_bytes"):
            self.assertIn(word, daemon.log())
        self.assertNotIn("Traceback", daemon.log())

    def test_key_that_others_may_read(self) -> None:
        """A sealing key that others can read is refused, and said how it must be."""
        daemon = self.build().start()
        daemon.stop()
        (daemon.data / "secret.key").chmod(0o644)
        self.refused(daemon, 3, "secret.key")


class StopTests(SystemTest):
    """SIGTERM and SIGKILL."""

    settings = {"devices": {"enrolment": "open"}}

    def test_sigterm(self) -> None:
        """With cameras, viewers, stalled ones and idle ones SIGTERM ends it within 5 s, cleanly."""
        self.streaming()
        Watching(self.daemon.open("GET", f"/cameras/{self.cam}/stream.mjpeg"))
        crowd = [stalled(self.daemon, self.cam) for _ in range(30)]
        crowd += [wire.dial(self.daemon.ports["cameras"], f"127.0.6.{n}") for n in range(1, 201)]
        crowd += [wire.dial(self.daemon.ports["web"]) for _ in range(50)]
        self.addCleanup(wire.hang_up, crowd)
        begun = time.monotonic()
        self.assertIn(self.daemon.stop(), (0, -signal.SIGTERM))  # twistd dies by its signal
        tell("SIGTERM with 280 connections", f"{time.monotonic() - begun:.2f} s")
        self.assertLess(time.monotonic() - begun, 5)
        self.assertIn('"stopped"', self.daemon.log())
        self.daemon.start()

    def test_kill(self) -> None:
        """After kill -9 amid writes it starts again, with everything that was acknowledged."""
        for _ in range(3):
            made: list[str] = []
            writing = threading.Thread(target=self.write, args=(made,), daemon=True)
            self.daemon.token("admin")
            writing.start()
            time.sleep(0.5)
            self.daemon.stop(signal.SIGKILL)
            writing.join(10)
            self.daemon.start()
            there = self.daemon.call("GET", "/api/v1/devices?limit=1000")["items"]
            self.assertLessEqual(set(made), {each["id"] for each in there})
            self.assertGreater(len(made), 10)
        tell("acknowledged writes lost in 3 kills", "0")

    def write(self, made: list[str]) -> None:
        """Make devices until the daemon is gone; those that were acknowledged."""
        port, number = self.daemon.ports["web"], 0
        over = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        with contextlib.suppress(OSError, http.client.HTTPException):
            while True:
                id = f"k{time.monotonic_ns()}-{number}"[-30:]
                path = f"/api/v1/devices/{id}/key"
                if self.daemon.ask("POST", path, {}, role="admin", over=over).status == 201:
                    made.append(id)
                number += 1

    def test_cameras_find_it_again(self) -> None:
        """A camera's link that outlived a kill is noticed by its board, and it comes back."""
        camera = self.streaming(frames=FRAMES[:2])
        self.daemon.stop(signal.SIGKILL)
        camera._thread.join(10)  # type: ignore[union-attr]
        self.assertFalse(camera.running)
        self.daemon.start()
        again = self.streaming(frames=FRAMES[:2])
        self.assertTrue(again.sent)


class FilesTests(SystemTest):
    """What lies in the data folder."""

    def test_private(self) -> None:
        """The folder and every file in it are their owner's alone."""
        modes = {path.name: path.stat().st_mode & 0o077
                 for path in (self.daemon.data, *self.daemon.data.rglob("*"))}
        self.assertEqual({name: mode for name, mode in modes.items() if mode}, {})
