"""What the watch does with its words and hands, in virtual time."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.firmware import rig
from tests.firmware.bench import FakeConnection, FakeLed, Shown
from common.errors import LinkLost
from doctor import Doctor
from watch_app import WatchApp
import watch_pages as pages
from watch_screen import Screen


class FakeMeter:
    """A pulse meter that gives what it is told."""

    def __init__(self) -> None:
        self.value: float | None = 72.414
        self.percent: float | None = 97.2
        self.problem: Exception | None = None

    def poll(self) -> None:
        if self.problem:
            raise self.problem

    def rate(self) -> float | None:
        return self.value

    def oxygen(self) -> float | None:
        return self.percent if self.value is not None else None

    def quality(self) -> float:
        return 1.0

    def why(self) -> str:
        return "hold still"


class FakeThermometer:
    """As told."""

    celsius: float | None = 33.5
    fault = ""

    def poll(self) -> None:
        pass


SETTINGS = {"id": "watch-one", "server": {"host": "there", "port": 5001},
            "pulse": {"sensor": "max30102"}}


class WatchAppTests(SynchronousTestCase):
    """bpm, and what goes on beside it."""

    def setUp(self) -> None:
        self.clock = rig.FakeClock()
        self.meter, self.thermometer = FakeMeter(), FakeThermometer()
        self.part = Shown(self.meter)
        self.led = FakeLed()
        self.said: list[str] = []
        self.doctor = Doctor(self.clock)
        self.app = WatchApp(SETTINGS, self.part, self.thermometer, self.doctor, self.led,
                            self.clock, self.said.append)

    def serve(self, until: int, *script: tuple[int, str]) -> FakeConnection:
        connection = FakeConnection(self.clock, self.app.work, until, *script)
        self.assertRaises(LinkLost, self.app.serve, connection)
        return connection

    def test_both_values(self) -> None:
        """A rate that is known is told at once, temperature and oxygen after it."""
        connection = self.serve(5000, (1000, "bpm"))
        self.assertEqual(connection.texts(), [b"72.41,bpm\n", b"33.50,temp\n", b"97.20,spo2\n"])
        self.assertLessEqual(connection.sent[0][0], 1250)
        self.assertEqual(self.led.colours, ["red", "green", "red"])

    def test_waits(self) -> None:
        """Without one it waits for it, 15 s at most, and then says why there is none."""
        self.meter.value = None
        connection = self.serve(40_000, (1000, "bpm"))
        self.assertEqual(connection.texts(), [b"33.50,temp\n",
                                              b"error no heart rate: hold still\n"])
        self.assertTrue(16_000 <= connection.sent[0][0] <= 16_300, connection.sent)

    def test_broken_sensor(self) -> None:
        """A sensor that breaks is given back to be mended; the watch goes on without it."""
        self.meter.problem = OSError(19, "gone")
        connection = self.serve(40_000, (1000, "bpm"))
        self.assertEqual(connection.texts()[-1], b"error no heart rate: sensor fault\n")
        self.assertEqual(self.app.pulse(), (None, 0.0, "sensor fault"))

    def test_no_temperature(self) -> None:
        """Without a temperature the rate is told, and what is wrong."""
        self.thermometer.celsius, self.thermometer.fault = None, "no MLX90614"
        connection = self.serve(5000, (1000, "bpm"))
        self.assertEqual(connection.texts(), [b"72.41,bpm\n", b"97.20,spo2\n",
                                              b"error no temperature: no MLX90614\n"])

    def test_other_words(self) -> None:
        """What isn't understood is said on the console, and nothing else happens."""
        self.assertEqual(self.serve(5000, (1000, "img"), (2000, "")).texts(), [])
        self.assertEqual(self.said, ["watch: ignored 'img'"])

    def test_requests(self) -> None:
        """Texts that a page wants are asked for one after the other, also while bpm is due."""
        self.meter.value = None
        self.doctor.want((("rep", "hrx", "Report"), ("a", "crd", "Heart")))
        connection = self.serve(20_000, (500, "bpm"), (1000, "hrx1"), (2000, "crdWalk"))
        self.assertEqual(connection.texts()[:2], [b"0,rep\n", b"0,a\n"])
        self.assertEqual(self.doctor.advice(), ["Heart:", "Walk"])


class FakePanel:
    """A display that keeps what is drawn."""

    def __init__(self) -> None:
        self.drawn: list[Any] = []
        self.problem: Exception | None = None

    def draw(self, lines: list[str], big: str) -> None:
        if self.problem:
            raise self.problem
        self.drawn.append((lines[0], big))

    def poll(self) -> bool:
        return False


class ScreenTests(SynchronousTestCase):
    """Pages and hands."""

    def setUp(self) -> None:
        self.clock = rig.FakeClock()
        self.panel = FakePanel()
        self.part = Shown(self.panel)
        self.down, self.level, self.clicks = False, False, 0
        view = WatchApp(SETTINGS, Shown(FakeMeter()), FakeThermometer(), Doctor(self.clock),
                        FakeLed(), self.clock, lambda text: None)
        self.screen = Screen(self.part, self, self, Doctor(self.clock), view, self.clock)

    def poll(self) -> bool:
        """The button's."""
        changed, self.down = self.down != self.level, self.level
        return changed

    def turned(self) -> int:
        """The dial's."""
        clicks, self.clicks = self.clicks, 0
        return clicks

    def press(self, ms: int) -> None:
        for self.level, wait in ((True, ms), (False, 20)):
            for _ in range(0, wait, 10):
                self.screen.poll()
                self.clock.sleep_ms(10)

    def test_pages(self) -> None:
        """Every page can be reached by short presses, and shows itself."""
        for page in (*range(1, pages.COUNT), pages.PULSE):
            self.press(100)
            self.assertEqual(self.screen.page, page)
        titles = list(dict.fromkeys(title for title, _ in self.panel.drawn))
        self.assertEqual(titles, ["Pulse", "Temperature", "Oxygen", "Advice", "Report",
                                  "Connection"])

    def test_long_press(self) -> None:
        """A long press turns the text, not the page; another page begins at its top."""
        self.press(800)
        self.assertEqual((self.screen.page, self.screen.part), (pages.PULSE, 1))
        self.clicks = -1
        self.screen.poll()
        self.assertEqual((self.screen.page, self.screen.part), (pages.LINK, 0))

    def test_redraws(self) -> None:
        """Twice a second, not at every look."""
        for _ in range(300):
            self.screen.poll()
            self.clock.sleep_ms(10)
        self.assertTrue(5 <= len(self.panel.drawn) <= 7)

    def test_display_lost(self) -> None:
        """A display that fails is given back; hands go on turning pages."""
        self.panel.problem = OSError(19, "gone")
        self.screen.poll()
        self.assertIsNone(self.part.thing)
        self.press(100)
        self.assertEqual(self.screen.page, pages.TEMPERATURE)
