"""What a board tells of itself and when, over virtual time, and when its firmware is good."""

from __future__ import annotations

import gc
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from twisted.trial.unittest import SynchronousTestCase

from iotd.wire import board_lines
from tests.firmware import rig
from tests.firmware.flash import put, state, version_file
from common import reporting
from common.reporting import Reporter, chip, reset_word
from common.slots import Slots
from common.wifi import Wifi

CAUSES = {"PWRON_RESET": 1, "HARD_RESET": 2, "WDT_RESET": 3, "DEEPSLEEP_RESET": 4,
          "SOFT_RESET": 5}


class FakeLink:
    """Keeps what is told; ``heard`` is the test's."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.heard = self.nudges = 0

    def tell(self, text: str) -> None:
        self.told.append(text)

    def nudge(self) -> None:
        self.nudges += 1


class ReportingTestCase(SynchronousTestCase):
    """A board with a slot b, build 8."""

    def setUp(self) -> None:
        self.machine = SimpleNamespace(reset_cause=lambda: 2, reset=self.reset, **CAUSES)
        sys.modules["machine"] = cast(Any, self.machine)
        self.addCleanup(sys.modules.pop, "machine")
        vars(gc)["mem_free"] = lambda: 90112
        self.addCleanup(delattr, gc, "mem_free")
        self.root = Path(self.mktemp())
        put(self.root, {"slot": b"b", "b/version.json": version_file("watch", 8)})
        self.clock = rig.FakeClock()
        self.resets = 0
        self.link = FakeLink()
        self.closed = 0

    def reset(self) -> None:
        self.resets += 1

    def close(self) -> None:
        self.closed += 1

    def reporter(self, path: str = "/b", **server: Any) -> Reporter:
        settings = {"id": "dev-one", "key": bytes(32), "server": server}
        wifi: Any = SimpleNamespace(rssi=lambda: -51)
        return Reporter(settings, wifi, rig.FakeWatchdog(self.clock), self.clock,
                        lambda text: None, None, self.close, "9f2c11aa",
                        Slots(str(self.root), [path]))

    def told(self, text: str) -> board_lines.Report:
        """As the daemon understands it."""
        report = board_lines.parse(text)
        assert isinstance(report, board_lines.Report)
        return report


class ReportTests(ReportingTestCase):
    """The lines."""

    def test_all_of_it(self) -> None:
        """The daemon reads every key of it; the line fits into the shortest that it takes."""
        put(self.root, {"last": b"refused-7-version"})
        reporter = self.reporter(tls=True)
        self.clock.sleep_ms(12_000)
        reporter.started()
        reporter.poll(self.link)
        report = self.told(self.link.told[0])
        self.assertEqual(report, board_lines.Report(
            fw="1.1.0", build=8, kind="watch", chip=chip(), boot="9f2c11aa", reset="hard", up=12,
            free=90112, rssi=-51, slot="b", mpy=0, last="refused-7-version", tls=1))
        self.assertLess(len(self.link.told[0]), 230)

    def test_on_the_root(self) -> None:
        """Files on the root: no slot, no version, the rest as ever."""
        reporter = self.reporter("")
        reporter.started()
        reporter.poll(self.link)
        report = self.told(self.link.told[0])
        self.assertEqual((report.slot, report.fw, report.build, report.kind, report.rssi),
                         (None, None, None, None, -51))

    def test_when(self) -> None:
        """At once, or after so long, then every half minute; nothing while it is not let in."""
        reporter = self.reporter()
        reporter.poll(self.link)
        reporter.started(1000)
        for _ in range(100):
            reporter.poll(self.link)
            self.clock.sleep_ms(1000)
        self.assertEqual([self.told(text).up for text in self.link.told], [1, 31, 61, 91])
        reporter.lost()
        self.clock.sleep_ms(60_000)
        reporter.poll(self.link)
        self.assertEqual(len(self.link.told), 4)

    def test_news(self) -> None:
        """That an update was refused is told at once."""
        reporter = self.reporter()
        reporter.started()
        reporter.poll(self.link)
        reporter.hear("update 9")
        reporter.poll(self.link)
        self.assertTrue(self.link.told[-1].startswith("fetch manifest:"))
        reporter.hear("gone 0")
        reporter.poll(self.link)
        self.assertEqual(self.told(self.link.told[-1]).last, "refused-9-gone")

    def test_reset_words(self) -> None:
        """Why it started: what the chip says, and what was noted when the board did it itself."""
        cases = {(1, ""): "power", (2, ""): "hard", (3, ""): "watchdog", (4, ""): "sleep",
                 (5, ""): "soft", (2, "crash"): "crash", (2, "ended"): "crash", (99, ""): "power",
                 (2, "nolink"): "watchdog", (5, "update"): "update", (2, "x"): "hard",
                 (1, "crash"): "power", (3, "update"): "watchdog"}
        for (cause, why), word in cases.items():
            self.machine.reset_cause = lambda cause=cause: cause
            self.assertEqual(reset_word(why), word, (cause, why))

    def test_chip(self) -> None:
        """The last word of what MicroPython calls the machine."""
        for machine, name in (("Generic ESP32S3 module with ESP32S3", "esp32s3"),
                              ("ESP32-CAM with ESP32", "esp32"), ("X with ESP32-C3", "esp32c3")):
            self.patch(reporting, "sys", SimpleNamespace(
                implementation=SimpleNamespace(_machine=machine)))
            self.assertEqual(chip(), name)

    def test_signal(self) -> None:
        """The signal as the radio tells it, within bounds; None where it can't."""
        def failing(what: str) -> int:
            raise OSError("no such thing")

        for status, dbm in ((lambda what: -60, -60), (lambda what: 31, 0), (failing, None),
                            (lambda what: -300, -127), (lambda what: None, None)):
            wifi = Wifi(SimpleNamespace(status=status), "", "", None, None)
            self.assertEqual(wifi.rssi(), dbm)


class MarkTests(ReportingTestCase):
    """When firmware on trial is good."""

    def setUp(self) -> None:
        super().setUp()
        put(self.root, {"slot": b"a", "trial": b"b 1"})

    def test_heard(self) -> None:
        """Once something is heard after the first report, which asks for it; told at once."""
        reporter = self.reporter()
        self.link.heard = 5
        reporter.started()
        for _ in range(3):
            reporter.poll(self.link)
        self.assertEqual((len(self.link.told), self.link.nudges), (1, 1))
        self.assertEqual(state(self.root)["slot"], "a")
        self.link.heard = 6
        reporter.poll(self.link)
        self.assertEqual(state(self.root), {"slot": "b", "last": "ok-8"})
        self.assertEqual([self.told(text).last for text in self.link.told], [None, "ok-8"])
        self.assertEqual(self.link.nudges, 1)

    def test_lost(self) -> None:
        """A link that is lost before, and what is heard before the report, mark nothing."""
        reporter = self.reporter()
        for _ in range(3):
            reporter.started(1000)
            self.link.heard += 1
            reporter.poll(self.link)
            self.clock.sleep_ms(1000)
            reporter.poll(self.link)
            reporter.lost()
            self.link.heard += 1
        self.assertEqual(state(self.root), {"slot": "a", "trial": "b 1"})
