"""The cabinet's camera: ``img`` is answered with one picture, or with what went wrong."""

from common.device_wire import DeviceWire
from common.errors import SensorError
from common.part import FAULTS
from common.reporting import NoReporter
from jpeg import trimmed

IDLE_MS = 1000
#: What the daemon takes at most unless it is told otherwise.
MAX_BYTES = 1048576
TRIES = 2


class CabinetCameraApp:
    """``open_sensor()`` gives a sensor or raises; ``lamp`` has value(0 or 1).

    ``skip`` pictures are thrown away before each that is sent: the first ones after
    a pause were exposed for the dark, and the FIFO may hold an old one.
    """

    def __init__(self, open_sensor, led, lamp, clock, skip: int, warm_ms: int, say=print):
        self._open_sensor = open_sensor
        self._led = led
        self._lamp = lamp
        self._clock = clock
        self._skip = skip
        self._warm_ms = warm_ms
        self._say = say
        self._sensor = None
        self.reporter = NoReporter()
        led.show("red")

    def serve(self, connection) -> None:
        """Take pictures until the link is lost, which is how this ends."""
        wire = DeviceWire(connection)
        try:
            wire.wait_for_start()
            self._led.show("green")
            self.reporter.started()
            while True:
                self._step(wire)
        finally:
            self.reporter.lost()
            self._led.show("red")

    def _step(self, wire) -> None:
        self.reporter.poll(wire)
        word = wire.word(IDLE_MS)
        if word and self.reporter.hear(word):
            return
        if word == "img":
            self._answer(wire)
        elif word:
            self._say("camera: ignored {}".format(repr(word[:32])))

    def _answer(self, wire) -> None:
        picture, fault = self._picture()
        if picture is None:
            self._led.show("red")
            self._say("camera: {}".format(fault))
            wire.complain(fault)
            return
        self._led.show("green")
        wire.message(picture)

    def _picture(self) -> tuple:
        """A whole JPEG and nothing else, or None and why; a sensor that failed is opened anew."""
        fault = ""
        for _ in range(TRIES):
            try:
                picture = self._lit()
                if picture is None:
                    raise SensorError("the sensor gave no whole JPEG")
                if len(picture) > MAX_BYTES:
                    raise SensorError("a picture of {} bytes, allowed are {}".format(
                        len(picture), MAX_BYTES))
                return picture, ""
            except FAULTS + (MemoryError, ValueError) as problem:
                fault = str(problem) or type(problem).__name__
                self._close_sensor()
        return None, fault

    def _lit(self):
        if self._sensor is None:
            self._sensor = self._open_sensor()
        self._lamp.value(1)
        try:
            self._clock.sleep_ms(self._warm_ms)
            for _ in range(self._skip):
                self._sensor.capture()
            return trimmed(self._sensor.capture())
        finally:
            self._lamp.value(0)

    def _close_sensor(self) -> None:
        sensor, self._sensor = self._sensor, None
        try:
            if sensor is not None:
                sensor.close()
        except Exception as problem:
            self._say("camera: {}".format(repr(problem)))
