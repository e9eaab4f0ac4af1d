"""The watch: measures all the time, shows it, and answers ``bpm``."""

from common.device_wire import DeviceWire
from common.part import FAULTS
from common.reporting import NoReporter

#: How long a question waits for a rate that can be trusted; the daemon waits 25 s.
MEASURE_MS = 15000
IDLE_MS = 200


class WatchApp:
    """work() goes on always; serve() one connection at a time.

    ``meter`` is a Part with a PulseMeter, ``thermometer`` has celsius and fault.
    """

    def __init__(self, settings: dict, meter, thermometer, doctor, led, clock, say=print):
        self._settings = settings
        self._meter = meter
        self._thermometer = thermometer
        self._doctor = doctor
        self._led = led
        self._clock = clock
        self._print = say
        self._said = ""
        self._state = "offline"
        self._asked = None
        self.screen = None
        self.reporter = NoReporter()
        led.show("red")

    def say(self, text: str) -> None:
        """To the console, and to the page about the connection."""
        self._said = text
        self._print(text)

    def work(self) -> None:
        """What never waits: samples, temperature, hands, display."""
        meter = self._meter.get()
        if meter is not None:
            try:
                meter.poll()
            except FAULTS as problem:
                self._meter.failed(problem)
        self._thermometer.poll()
        if self.screen is not None:
            self.screen.poll()

    def serve(self, connection) -> None:
        """Answer until the link is lost, which is how this ends."""
        wire = DeviceWire(connection)
        try:
            self._state = "waiting"
            wire.wait_for_start()
            self._state = "connected"
            self._led.show("green")
            self.reporter.started()
            while True:
                self._step(wire)
        finally:
            self.reporter.lost()
            self._state = "offline"
            self._asked = None
            self._doctor.link_lost()
            self._led.show("red")

    def _step(self, wire) -> None:
        self.reporter.poll(wire)
        word = wire.word(IDLE_MS)
        if word and self.reporter.hear(word):
            return
        if word == "bpm":
            self._asked = self._clock.ticks_ms()
        elif word and not self._doctor.hear(word):
            self.say("watch: ignored {}".format(repr(word[:32])))
        self._doctor.poll(wire)
        if self._asked is not None:
            self._answer(wire)

    def _answer(self, wire) -> None:
        """Both values, once there is a rate; without one, what there is and why."""
        rate = self._rate()
        waited = self._clock.ticks_diff(self._clock.ticks_ms(), self._asked)
        if rate is None and waited < MEASURE_MS:
            return
        self._asked = None
        if rate is not None:
            wire.reading(rate, "bpm")
        celsius = self._thermometer.celsius
        if celsius is not None:
            wire.reading(celsius, "temp")
        percent = self._oxygen()
        if percent is not None:
            wire.reading(percent, "spo2")
        if rate is None:
            wire.complain("no heart rate: {}".format(self._why()))
        if celsius is None:
            wire.complain("no temperature: {}".format(self._thermometer.fault))

    # ---- for the pages

    def pulse(self) -> tuple:
        """Rate or None, quality, and why there is no rate."""
        meter = self._meter.get()
        return self._rate(), 0.0 if meter is None else meter.quality(), self._why()

    def temperature(self) -> tuple:
        """Celsius or None, and what is wrong."""
        return self._thermometer.celsius, self._thermometer.fault

    def oxygen(self) -> tuple:
        """Per cent or None, and why there is none."""
        if self._settings["pulse"]["sensor"] != "max30102":
            return None, "no such sensor"
        return self._oxygen(), self._why()

    def link(self) -> tuple:
        """State, own id, server, and what the link said last."""
        return self._state, self._settings["id"], self._settings["server"], self._said

    def _rate(self):
        meter = self._meter.get()
        return None if meter is None else meter.rate()

    def _oxygen(self):
        meter = self._meter.get()
        return None if meter is None else meter.oxygen()

    def _why(self) -> str:
        meter = self._meter.get()
        return "sensor fault" if meter is None else meter.why()
