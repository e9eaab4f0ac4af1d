"""What a camera does with its commands, frame by frame in virtual time."""

from __future__ import annotations

from typing import Any, Callable

from twisted.trial.unittest import SynchronousTestCase

from tests.firmware import rig
from camera_app import CameraApp
from common.errors import LinkLost, SensorError

JPEG = b"\xff\xd8 picture \xff\xd9"


class FakeSensor:
    """Counts; each picture takes 30 ms; raises what it is told to."""

    def __init__(self, clock: rig.FakeClock) -> None:
        self.clock = clock
        self.configured: list[tuple[Any, Any]] = []
        self.problems: list[Exception] = []
        self.opened = self.closed = 0

    def open(self) -> "FakeSensor":
        self.opened += 1
        return self

    def capture(self) -> bytes:
        self.clock.sleep_ms(30)
        if self.problems:
            raise self.problems.pop(0)
        return JPEG

    def configure(self, framesize: Any = None, quality: Any = None) -> None:
        if framesize == "QSXGA":
            raise ValueError("QSXGA is more than this sensor's 1600x1200")
        self.configured.append((framesize, quality))

    def close(self) -> None:
        self.closed += 1


class FakeConnection:
    """Plays a script of (at ms, line); then the link is lost. Keeps what it is sent, with times."""

    def __init__(self, clock: rig.FakeClock, script: list[tuple[int, str]], until: int) -> None:
        self.clock, self.script, self.until = clock, script, until
        self.began = clock.now
        self.sent: list[tuple[int, Any]] = []

    def at(self) -> int:
        return self.clock.now - self.began

    def line(self, wait_ms: int) -> str | None:
        due = self.script[0][0] if self.script else self.until
        if due > self.at() + wait_ms:
            self.clock.sleep_ms(wait_ms)
            return None
        self.clock.sleep_ms(max(0, due - self.at()))
        if not self.script:
            raise LinkLost("the end")
        return self.script.pop(0)[1]

    def send(self, data: bytes) -> None:
        self.sent.append((self.at(), data))

    def send_frame(self, payload: bytes) -> None:
        self.sent.append((self.at(), payload))


class Light:
    """An LED and a lamp that remember."""

    def __init__(self) -> None:
        self.shown: list[Any] = []

    def show(self, colour: Any) -> None:
        if self.shown[-1:] != [colour]:
            self.shown.append(colour)

    value = show


class CameraAppTests(SynchronousTestCase):
    """CameraApp.serve()."""

    def setUp(self) -> None:
        self.clock = rig.FakeClock()
        self.sensor = FakeSensor(self.clock)
        self.led, self.lamp = Light(), Light()
        self.said: list[str] = []
        self.app = CameraApp(self.sensor.open, self.led, self.lamp, self.clock, 10,
                             self.said.append)

    def serve(self, script: list[tuple[int, str]], until: int = 5000,
              keep: Callable[[Any], bool] = lambda data: True) -> list[tuple[int, Any]]:
        connection = FakeConnection(self.clock, script, until)
        self.assertRaises(LinkLost, self.app.serve, connection)
        return [(at, data) for at, data in connection.sent if keep(data)]

    def test_start_stop(self) -> None:
        """Frames come between START and STOP only, at the rate set; the light shows it."""
        sent = self.serve([(1000, "START"), (2000, "STOP")])
        self.assertEqual([at for at, _ in sent], list(range(1030, 2000, 100)))
        self.assertEqual(self.led.shown, ["red", "green", "red"])

    def test_stop_at_once(self) -> None:
        """A STOP that came while a frame was made is obeyed before the next one."""
        sent = self.serve([(0, "START"), (110, "STOP")])
        self.assertEqual(len(sent), 2)

    def test_start_again(self) -> None:
        """Commands may be repeated: START while streaming and STOP while idle do no harm."""
        script = [(0, "STOP"), (0, "START"), (500, "START"), (1000, "STOP"), (1100, "STOP")]
        self.assertEqual(len(self.serve(script)), 10)
        self.assertEqual(self.led.shown, ["red", "green", "red"])

    def test_link_lost_while_streaming(self) -> None:
        """A lost link ends the streaming; the next one begins idle and red."""
        self.assertTrue(self.serve([(0, "START")], until=500))
        self.assertEqual(self.led.shown[-1], "red")
        self.assertEqual(self.serve([], until=3000), [])

    def test_set(self) -> None:
        """SET reaches sensor, rate and lamp, and stays over connections."""
        script = [(0, "START"), (500, "SET framesize=VGA quality=30 fps=20 flash=1")]
        self.serve(script, until=1000)
        self.assertEqual(self.sensor.configured[-1], ("VGA", 30))
        self.assertEqual(self.lamp.shown, [0, 1, 0])
        self.assertEqual(len(self.serve([(0, "START")], until=1000)), 20)

    def test_set_before_start(self) -> None:
        """What is set while the sensor is still closed is used when it opens."""
        self.serve([(0, "SET quality=9"), (10, "START")], until=100)
        self.assertEqual(self.sensor.configured, [(None, 9)])

    def test_bad_set(self) -> None:
        """A bad SET changes nothing and is answered with what was wrong."""
        for line, problem in (
            ("SET", b"error SET without key=value\n"), ("SET fps", b"error fps  is not from"),
            ("SET fps=0 flash=1", b"error fps 0 is not from 1 to 60\n"),
            ("SET fps=5 size=1", b"error no setting size\n"),
            ("SET framesize=HUGE", b"error no framesize HUGE\n"),
        ):
            [(_, answer)] = self.serve([(0, line)], until=100)
            self.assertTrue(answer.startswith(problem), answer)
        self.assertEqual(self.lamp.shown, [0])

    def test_size_beyond_the_sensor(self) -> None:
        """A size that this sensor lacks is told, and the stream goes on as it was."""
        for script in ([(0, "START"), (50, "SET framesize=QSXGA")],
                       [(0, "SET framesize=QSXGA"), (10, "START")]):
            sent = self.serve(script, until=3000)
            errors = [data for _, data in sent if data.startswith(b"error")]
            self.assertEqual(errors, [b"error QSXGA is more than this sensor's 1600x1200\n"])
            self.assertEqual(sent[-1][1], JPEG)

    def test_broken_sensor(self) -> None:
        """A sensor that fails is opened anew, told once, red meanwhile; the link stays."""
        self.sensor.problems = [SensorError("no frame"), OSError(5), MemoryError()]
        sent = self.serve([(0, "START")], until=9000)
        self.assertEqual(sent[0][1], b"error no frame\n")
        self.assertEqual({data for _, data in sent[1:]}, {JPEG})
        self.assertTrue(7000 <= sent[1][0] <= 7500, sent[1])  # waited 1, 2 and 4 s
        self.assertEqual(self.led.shown, ["red", "green", "red", "green", "red"])
        self.assertEqual((self.sensor.opened, self.sensor.closed), (4, 3))

    def test_unknown_lines(self) -> None:
        """Lines it doesn't know are ignored."""
        self.assertEqual(self.serve([(0, "start"), (0, "DANCE"), (0, "")], until=100), [])
        self.assertEqual(len(self.said), 2)
