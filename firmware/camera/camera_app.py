"""What a camera does while the link stands: START, STOP, SET, and frames between."""

from camera_commands import parse_set
from common.errors import SensorError
from common.reporting import NoReporter

#: While idle there is nothing to do but to listen.
IDLE_MS = 1000
#: The daemon looks at our proof before it hears anything else.
LET_IN_MS = 1000
#: After a failed picture: 1 s, then twice that, ... so that a dead sensor costs nothing.
RETRY_MS = 1000
MAX_RETRY_MS = 30000
#: The header's first byte must be 0, or the daemon would take it for a line.
MAX_FRAME_BYTES = 0xFFFFFF


class CameraApp:
    """Serves one connection at a time; what was SET stays over connections.

    ``open_sensor()`` gives the configured sensor or raises SensorError; ``led``
    has show(colour), ``lamp`` has value(0 or 1).
    """

    def __init__(self, open_sensor, led, lamp, clock, fps: int, say=print):
        self._open_sensor = open_sensor
        self._led = led
        self._lamp = lamp
        self._clock = clock
        self._say = say
        self._sensor = None
        self._settings = {"fps": fps, "flash": 0}
        self._streaming = False
        self._due = 0
        self._retry = RETRY_MS
        self.reporter = NoReporter()
        self._idle()

    def serve(self, connection) -> None:
        """Obey until the link is lost, which is how this ends."""
        # Whoever is let in on this wire hears nothing of it
        self.reporter.started(LET_IN_MS)
        try:
            while True:
                self._step(connection)
        finally:
            self.reporter.lost()
            self._idle()
            self._lamp.value(0)

    def _step(self, connection) -> None:
        self.reporter.poll(connection)
        line = connection.line(self._patience())
        if line is not None and self.reporter.hear(line):
            return
        if line is not None:
            self._obey(line, connection)
        elif self._streaming and self._patience() == 0:
            self._picture(connection)

    def _patience(self) -> int:
        if not self._streaming:
            return IDLE_MS
        return max(0, self._clock.ticks_diff(self._due, self._clock.ticks_ms()))

    def _obey(self, line: str, connection) -> None:
        if line == "START":
            self._streaming = True
            self._due = self._clock.ticks_ms()
            self._led.show("green")
            self._lamp.value(self._settings["flash"])
        elif line == "STOP":
            self._idle()
            self._lamp.value(0)
        elif line == "SET" or line.startswith("SET "):
            self._set(line, connection)
        elif line:
            self._say("camera: ignored {}".format(repr(line)))

    def _set(self, line: str, connection) -> None:
        try:
            given = parse_set(line)
            self._configure(given)
            self._settings.update(given)
        except ValueError as problem:
            self._tell(connection, "error {}".format(problem))
        if self._streaming:
            self._lamp.value(self._settings["flash"])

    def _configure(self, given: dict) -> None:
        """Hand on what is the sensor's; a sensor that breaks over it is opened anew."""
        if self._sensor is None or not ("framesize" in given or "quality" in given):
            return
        try:
            self._sensor.configure(given.get("framesize"), given.get("quality"))
        except (OSError, SensorError) as problem:
            self._say("camera: {}".format(repr(problem)))
            self._close_sensor()

    def _picture(self, connection) -> None:
        self._due = self._clock.ticks_add(self._clock.ticks_ms(), 1000 // self._settings["fps"])
        try:
            payload = self._capture()
        except Exception as problem:
            self._failed(problem, connection)
            return
        if self._retry != RETRY_MS:
            self._retry = RETRY_MS
            self._led.show("green")
        connection.send_frame(payload)

    def _capture(self):
        if self._sensor is None:
            self._sensor = self._open_sensor()
            self._restore()
        payload = self._sensor.capture()
        if not 0 < len(payload) <= MAX_FRAME_BYTES:
            raise SensorError("a picture of {} bytes".format(len(payload)))
        return payload

    def _restore(self) -> None:
        """What was SET before the sensor was open; what it can't do is forgotten."""
        try:
            self._sensor.configure(self._settings.get("framesize"), self._settings.get("quality"))
        except ValueError:
            self._settings.pop("framesize", None)
            raise

    def _failed(self, problem, connection) -> None:
        """No picture: red, say it once, and try a fresh sensor with growing waits."""
        self._close_sensor()
        self._led.show("red")
        if self._retry == RETRY_MS:
            self._tell(connection, "error {}".format(problem))
        self._due = self._clock.ticks_add(self._clock.ticks_ms(), self._retry)
        self._retry = min(self._retry * 2, MAX_RETRY_MS)

    def _close_sensor(self) -> None:
        sensor, self._sensor = self._sensor, None
        try:
            if sensor is not None:
                sensor.close()
        except Exception as problem:
            self._say("camera: {}".format(repr(problem)))

    def _idle(self) -> None:
        self._streaming = False
        self._retry = RETRY_MS
        self._led.show("red")

    def _tell(self, connection, text: str) -> None:
        """To the daemon, as a line that no command starts with, and to the console."""
        self._say("camera: {}".format(text))
        plain = "".join(letter if " " <= letter <= "~" else "?" for letter in text)
        connection.send(plain[:200].encode() + b"\n")
