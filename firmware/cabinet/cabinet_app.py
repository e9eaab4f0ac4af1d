"""The cabinet: its door's cycle, whether or not the daemon is there to hear of it.

    opened    weigh: bfr-<grams>
    closed    lights on; 5 s later weigh: aft-<grams>; lights off at lof, or by themselves
"""

from common.device_wire import DeviceWire
from common.errors import SensorError
from common.reporting import NoReporter

#: What lies on the shelf stops swinging within this.
SETTLE_MS = 5000
#: Without the daemon's lof the lights go off so long after weighing.
LIGHTS_MS = 30000
IDLE_MS = 100
#: Messages that wait for the daemon: eight openings and closings.
MAX_WAITING = 16


class CabinetApp:
    """work() goes on always; serve() one connection at a time."""

    def __init__(self, scale, door, button, lights, led, clock, lon_ms: int, say=print):
        self._scale = scale
        self._door = door
        self._button = button
        self._lights = lights
        self._led = led
        self._clock = clock
        self._lon_ms = lon_ms
        self._say = say
        self._closed = None  # ticks at which it was closed, while the weighing after it is due
        self._cycle = False
        self._waiting = []
        self._ready = False
        self.lost = 0
        self.reporter = NoReporter()
        led.show("red")

    def work(self) -> None:
        """What never waits: scale, door, lights, and the cycle."""
        self._scale.poll()
        if not self._ready:
            self._begin()
        if self._button.poll():
            if self._button.down:
                self._close()
            else:
                self._open()
        self._door.poll(self._button.down)
        self._lights.poll()
        if self._closed is not None and self._since(self._closed) >= SETTLE_MS:
            self._closed = None
            self._cycle = False
            self._weigh("aft")
            self._lights.on(LIGHTS_MS)

    def serve(self, connection) -> None:
        """Tell weights and obey until the link is lost, which is how this ends."""
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

    def busy(self) -> bool:
        """Whether somebody is at the shelf, or a weight is still to be told."""
        return self._cycle or bool(self._waiting)

    def _step(self, wire) -> None:
        while self._waiting:
            item = self._waiting[0]
            self._tell(wire, item)
            # Only now: what was lost with its link is told again on the next one
            if self._waiting[0] is item:
                self._waiting.pop(0)
        self.reporter.poll(wire)
        word = wire.word(IDLE_MS)
        if word and self.reporter.hear(word):
            return
        if word == "lof":
            self._lights.off()
        elif word == "lon":
            self._lights.on(self._lon_ms)
        elif word:
            self._say("cabinet: ignored {}".format(repr(word[:32])))

    def _tell(self, wire, item: tuple) -> None:
        kind, text = item
        if kind == "weight":
            wire.message(text.encode())
        else:
            wire.complain(text)

    def _begin(self) -> None:
        """Tell the console the first weight: whoever sets the cabinet up sees that it is right."""
        try:
            self._say("cabinet: {:.2f} g to begin with".format(self._scale.grams()))
            self._ready = True
        except SensorError:
            pass  # what is wrong is told when a weight is due

    def _open(self) -> None:
        # Opened again before it was weighed: still the same visit, weighed when it began
        self._closed = None
        if not self._cycle:
            self._cycle = True
            self._weigh("bfr")

    def _close(self) -> None:
        self._closed = self._clock.ticks_ms()
        self._cycle = True
        self._lights.on(SETTLE_MS + LIGHTS_MS)

    def _weigh(self, moment: str) -> None:
        """A weight to tell, or why there is none: never a made-up one."""
        try:
            item = ("weight", "{}-{:.2f}".format(moment, self._scale.grams()))
        except SensorError as problem:
            item = ("fault", "no weight {}: {}".format(moment, problem))
        self._say("cabinet: {}".format(item[1]))
        self._waiting.append(item)
        if len(self._waiting) > MAX_WAITING:
            self._waiting.pop(0)
            self.lost += 1
            self._say("cabinet: too long offline, the oldest of {} is lost".format(MAX_WAITING))

    def _since(self, ticks: int) -> int:
        return self._clock.ticks_diff(self._clock.ticks_ms(), ticks)
