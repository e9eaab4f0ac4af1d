"""What a virtual board tells of itself, and what it makes of an update."""

from __future__ import annotations

import hashlib
import json
from random import Random
from typing import Any

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from iotd.simulate.firmware import REPORT_SECONDS, Firmware, Telling
from iotd.wire import board_lines
from iotd.wire.board_lines import Fetch, Report
from iotd.wire.hello import device_mac

KEY = b"k" * 32
FILES = {"main.mpy": bytes(range(256)) * 5, "common/link.mpy": b"link", "empty.mpy": b""}


class BoardTest(SynchronousTestCase):
    """One board, and a daemon that has build 8 for it."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.firmware = Firmware("hall", "camera", KEY, self.clock.seconds, Random(1).randbytes)
        self.said: list[str] = []
        self.restarts = 0
        self.telling = Telling(self.clock, self.firmware, self.said.append, self.restart)
        self.blobs = {hashlib.sha256(data).hexdigest(): data for data in FILES.values()}

    def restart(self) -> None:
        """The board starts anew: its link ends."""
        self.restarts += 1
        self.telling.stop()

    def manifest(self, nonce: str, **other: Any) -> bytes:
        """What the board is given for this nonce."""
        files = [[path, len(data), hashlib.sha256(data).hexdigest()]
                 for path, data in FILES.items()]
        body = json.dumps({"build": 8, "version": "1.1.0", "kind": "camera", "older": False,
                           "files": files, **other}).encode()
        digest = hashlib.sha256(body).hexdigest()
        return device_mac(KEY, "ota", "hall", f"{nonce}|{digest}").encode() + b"\n" + body

    def serve(self, change: Any = lambda data: data) -> None:
        """Answer every fetch until it asks no more; ``change`` meddles with the bytes."""
        while self.said and self.said[-1].startswith("fetch"):
            wish = board_lines.parse(self.said.pop())
            assert isinstance(wish, Fetch)
            whole = self.manifest(wish.nonce) if wish.nonce else self.blobs[wish.sha256]
            data = change(whole)[wish.offset:wish.offset + board_lines.PART_BYTES]
            self.telling.hear(board_lines.part(len(whole), wish.offset, data))

    def told(self) -> Report:
        """Its newest report."""
        report = board_lines.parse(self.firmware.report())
        assert isinstance(report, Report)
        return report


class TellingTests(BoardTest):
    """Reports in time."""

    def test_reports(self) -> None:
        """It tells at once and every 30 s, until its link ends."""
        self.telling.start()
        self.clock.pump([REPORT_SECONDS] * 3)
        self.assertEqual(len(self.said), 4)
        self.telling.stop()
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_not_within_a_message(self) -> None:
        """A board that sends a message tells nothing of itself meanwhile."""
        busy = Telling(self.clock, self.firmware, self.said.append, self.restart, lambda: True)
        busy.start()
        self.clock.advance(REPORT_SECONDS)
        self.assertEqual(self.said, [])
        busy.stop()


class UpdatingTests(BoardTest):
    """An update, piece by piece."""

    def test_update(self) -> None:
        """It fetches manifest and files, starts anew, and tells the new build."""
        self.telling.hear("update 8")
        self.serve()
        self.assertEqual((self.restarts, self.firmware.build), (1, 8))
        self.assertEqual((self.told().last, self.told().reset), ("ok-8", "update"))

    def test_falls_back(self) -> None:
        """One that is to fall back starts anew with the old build, and says so."""
        self.firmware.ending = "back"
        self.telling.hear("update 8")
        self.serve()
        self.assertEqual((self.firmware.build, self.told().last), (0, "back-8-crash"))

    def test_altered(self) -> None:
        """One bit of manifest or file changed: refused, nothing changes, it can try again."""
        for meddle in (lambda data: data[:70] + bytes([data[70] ^ 1]) + data[71:],
                       lambda data: data if data[64:65] == b"\n" else bytes(len(data))):
            self.telling.hear("update 8")
            self.serve(meddle)
            self.assertEqual((self.restarts, self.firmware.build), (0, 0))
            self.assertTrue(str(self.told().last).startswith("refused-"))

    def test_gone(self) -> None:
        """What is not to be had any more ends the update."""
        self.telling.hear("update 8")
        self.telling.hear("gone 0")
        self.telling.hear("update 8")
        self.assertEqual(len(self.said), 2)
