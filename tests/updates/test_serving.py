"""What boards fetch at the same time is read and looked at once for all of them."""

from __future__ import annotations

import json
from typing import Any

from prometheus_client import CollectorRegistry
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from iotd.errors import Unavailable
from iotd.updates.figures import Figures
from iotd.updates.release_file import NoFirmware
from iotd.updates.serving import PLAN_SECONDS, Serving, Wanted
from iotd.updates.signing import Unreadable
from iotd.wire.board_lines import Fetch, parse_part

SHA256, DATA = "ab" * 32, b"print(1)\n"
MANIFEST = json.dumps({"build": 2, "files": [["main.py", len(DATA), SHA256]]}).encode()
WANTED = Wanted(2, "watch", 6, False)


class _Releases:
    """Says for each method what was asked of it."""

    manifest, blob = "manifest", "blob"


class ServingTests(SynchronousTestCase):
    """One reading for all who wait for the same."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.asked: list[tuple[str, Deferred[Any]]] = []
        self.broken: list[str] = []
        self.unfit: list[tuple[str, int, str]] = []
        self.told: dict[str, list[str]] = {}
        releases: Any = _Releases()
        self.serving = Serving(
            releases=releases, clock=self.clock, in_thread=self.in_thread,
            key_of=lambda id: bytes(32), figures=Figures(CollectorRegistry(), dict),
            progress=lambda id, done, total: None,
            broken=lambda build, why: self.broken.append(why),
            unfit=lambda id, build, why: self.unfit.append((id, build, why)),
        )

    def in_thread(self, what: str, *_: Any) -> Deferred[Any]:
        """A reading that ends when the test says so."""
        self.asked.append((what, Deferred()))
        return self.asked[-1][1]

    def fetch(self, id: str, fetch: Fetch) -> None:
        """A board asks."""
        self.serving.fetch(id, WANTED, fetch, self.told.setdefault(id, []).append)

    def ended(self, result: Any) -> None:
        """All readings that go on end like this."""
        asked, self.asked = self.asked, []
        for _, reading in asked:
            (fail(result) if isinstance(result, Exception) else succeed(result)).chainDeferred(
                reading)

    def test_once(self) -> None:
        """Fifty boards ask at once: the manifest is made once, and each file is read once."""
        for number in range(50):
            self.fetch(f"w-{number}", Fetch("0" * 32, "", 0))
        self.assertEqual([what for what, _ in self.asked], ["manifest"])
        self.ended(MANIFEST)
        self.clock.advance(1.0)
        for number in range(50):
            self.fetch(f"w-{number}", Fetch("", SHA256, 0))
        self.assertEqual([what for what, _ in self.asked], ["blob"])
        self.ended(DATA)
        self.assertEqual({len(lines) for lines in self.told.values()}, {2})
        for lines in self.told.values():
            self.assertEqual(parse_part(lines[1]), (len(DATA), 0, DATA))
        self.clock.advance(PLAN_SECONDS)
        self.fetch("w-0", Fetch("", SHA256, 0))
        self.assertEqual([what for what, _ in self.asked], ["manifest"])

    def test_fault(self) -> None:
        """What can't be read is gone for all who wait, and is looked at anew by who comes next."""
        for id in ("w-1", "w-2"):
            self.fetch(id, Fetch("0" * 32, "", 0))
        self.ended(Unavailable("the disk is away"))
        self.assertEqual((self.told, self.broken),
                         ({"w-1": ["gone 0"], "w-2": ["gone 0"]}, ["the disk is away"] * 2))
        self.clock.advance(1.0)
        self.fetch("w-1", Fetch("0" * 32, "", 0))
        self.assertEqual(len(self.asked), 1)

    def test_disk_error(self) -> None:
        """A disk that gives nothing for a moment is nobody's end: the board is not answered and
        asks again; one that lasts is told, and a new one later begins anew."""
        asked = Fetch("0" * 32, "", 0)
        for seconds, trouble in ((0.0, True), (10.0, True), (10.0, False), (100.0, True)):
            self.clock.advance(seconds)
            self.fetch("w-1", asked)
            self.ended(Unreadable("release.json can't be read: I/O error") if trouble
                       else MANIFEST)
            self.clock.advance(PLAN_SECONDS if not trouble else 0.0)
        self.assertEqual((len(self.told["w-1"]), self.broken), (1, []))
        self.clock.advance(10.0)
        self.fetch("w-1", asked)
        self.ended(Unreadable("release.json can't be read: I/O error"))
        self.clock.advance(10.0)
        self.fetch("w-1", asked)
        self.ended(Unreadable("release.json can't be read: I/O error"))
        self.assertEqual(self.told["w-1"][1:], ["gone 0"])
        self.assertEqual(self.broken, ["release.json can't be read: I/O error"])

    def test_nothing_for_a_kind(self) -> None:
        """A board for whose kind there is nothing is told so by itself."""
        self.fetch("w-1", Fetch("0" * 32, "", 0))
        self.ended(NoFirmware("build 2 has no firmware for a spoon"))
        self.assertEqual((self.told["w-1"], self.broken), (["gone 0"], []))
        self.assertEqual(self.unfit, [("w-1", 2, "build 2 has no firmware for a spoon")])
