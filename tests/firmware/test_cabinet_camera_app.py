"""What the cabinet's camera does with img, in virtual time."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.firmware import rig
from tests.firmware.bench import FakeConnection, FakeLed
from cabinet_camera_app import CabinetCameraApp
from common.errors import LinkLost, SensorError

PICTURE = b"\xff\xd8\xff\xdb\x00\x04\x00\x00\xff\xda\x00\x03\x00data\xff\xd9"


class FakeSensor:
    """Gives what it is told, in turn; counts."""

    def __init__(self) -> None:
        self.gives: list[Any] = []
        self.opened = self.closed = 0

    def open(self) -> "FakeSensor":
        self.opened += 1
        return self

    def capture(self) -> Any:
        given = self.gives.pop(0)
        if isinstance(given, Exception):
            raise given
        return given

    def close(self) -> None:
        self.closed += 1
        raise OSError(5, "already gone")


class FakeLamp:
    """Keeps its levels."""

    def __init__(self) -> None:
        self.levels: list[int] = []

    def value(self, level: int) -> None:
        self.levels.append(level)


class CabinetCameraAppTests(SynchronousTestCase):
    """img."""

    def serve(self, *gives: Any, skip: int = 0) -> FakeConnection:
        clock = rig.FakeClock()
        self.sensor, self.lamp, self.led = FakeSensor(), FakeLamp(), FakeLed()
        self.sensor.gives = list(gives)
        app = CabinetCameraApp(self.sensor.open, self.led, self.lamp, clock, skip, 300,
                               lambda text: None)
        connection = FakeConnection(clock, lambda: None, 5000, (1000, "img"))
        self.assertRaises(LinkLost, app.serve, connection)
        return connection

    def test_picture(self) -> None:
        """Size and picture, without what surrounds it, the flash lit before and dark after."""
        connection = self.serve(b"\0" + PICTURE + b"\0\0")
        self.assertEqual(connection.texts(), [b"size-%d\n" % len(PICTURE), PICTURE])
        self.assertGreaterEqual(connection.sent[0][0], 1300)
        self.assertEqual(self.lamp.levels, [1, 0])
        self.assertEqual(self.led.colours, ["red", "green", "green", "red"])

    def test_skips(self) -> None:
        """Pictures that were exposed for the dark are thrown away."""
        connection = self.serve(b"dark", b"dim", PICTURE, skip=2)
        self.assertEqual(connection.texts()[1], PICTURE)

    def test_second_try(self) -> None:
        """A sensor that fails once is opened anew, and the picture still comes."""
        for failure in (SensorError("no frame within 3 s"), OSError(5), MemoryError(), b"rubbish"):
            connection = self.serve(failure, PICTURE)
            self.assertEqual(connection.texts()[1], PICTURE)
            self.assertEqual((self.sensor.opened, self.sensor.closed), (2, 1))

    def test_no_picture(self) -> None:
        """Failing twice it says why, shows red and waits for the next img."""
        connection = self.serve(b"rubbish", SensorError("no frame within 3 s"))
        self.assertEqual(connection.texts(), [b"error no frame within 3 s\n"])
        self.assertEqual(self.led.colours, ["red", "green", "red", "red"])
        self.assertEqual(self.lamp.levels[-1], 0)

    def test_too_large(self) -> None:
        """More than the daemon takes is not sent but told."""
        huge = PICTURE[:-2] + bytes(1048576) + PICTURE[-2:]
        connection = self.serve(huge, huge)
        self.assertIn(b"error a picture of 1048", connection.texts()[0])
