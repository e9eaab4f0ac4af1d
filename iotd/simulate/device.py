"""Virtual watch, cabinet and cabinet camera: one connection of the device wire each.

Field boards are copied in what the daemon has to cope with: they hear nothing while
they measure, wait for `send` deaf to all else, and send pictures in 512-byte pieces.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable

from twisted.internet.defer import Deferred
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure

from iotd.simulate.cupboard import Cupboard
from iotd.simulate.firmware import Firmware, Telling
from iotd.simulate.person import Person
from iotd.simulate.virtual import Tell
from iotd.wire.device_client import DeviceClient
from iotd.wire.device_events import (
    NEED_DATA, ChunkIgnored, Denied, DeviceClientEvent, Greeted, NonceReceived, PingReceived,
    SendReceived, StartReceived, UpdateLine, WordReceived,
)
from iotd.wire.errors import RemoteProtocolError

PIECE_BYTES = 512
PIECE_SECONDS = 0.002
MEASURE_SECONDS = 15.0
SETTLE_SECONDS = 5.0  # from the closed door to the weight after
OPEN_SECONDS = 6.0  # that somebody looks into the cabinet


@dataclass(frozen=True)
class Habits:
    """How fast a virtual device lives; ``visit_seconds`` lie between two openings."""

    visit_seconds: float = 60.0
    measure_seconds: float = MEASURE_SECONDS


class DeviceBoard(Protocol):
    """``tell(state, detail)`` hears: connected, started, what it does, ignored, denied, lost."""

    transport: Any

    def __init__(
        self, clock: Any, client: DeviceClient, tell: Tell, key: bytes | None = None,
        firmware: Firmware | None = None,
    ) -> None:
        self._clock, self._client, self._tell, self._key = clock, client, tell, key
        self._timers: set[Any] = set()
        self._sends = False
        self.denied = self.rebooted = False
        self._telling = None if firmware is None else Telling(
            clock, firmware, self._say, self._reboot, self._busy)

    def connectionMade(self) -> None:
        """A watch in the field says at once who it is, all others when they are asked."""
        self.transport.setTcpNoDelay(True)
        self._tell("connected", "field wire" if self._client.field else "keyed wire")
        if self._client.greeted:
            self.transport.write(self._client.hello())

    def dataReceived(self, data: bytes) -> None:
        """Hear the daemon."""
        self._client.receive_data(data)
        try:
            while (event := self._client.next_event()) is not NEED_DATA:
                self._obey(event)  # type: ignore[arg-type]
        except RemoteProtocolError as problem:
            self._tell("confused", str(problem))
            self.hang_up()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Stop all timers."""
        for timer in tuple(self._timers):
            timer.cancel()
        self._timers.clear()
        if self._telling is not None:
            self._telling.stop()
        self._tell("lost", "denied by the daemon" if self.denied else reason.getErrorMessage())

    def hang_up(self) -> None:
        """Pull the plug."""
        self.transport.abortConnection()

    def started(self) -> None:
        """It may work from now on."""

    def word(self, text: str) -> None:
        """It is told to do something."""

    def _obey(self, event: DeviceClientEvent) -> None:
        if isinstance(event, Greeted):
            self.transport.write(self._client.hello())
        elif isinstance(event, NonceReceived) and self._key is not None:
            self.transport.write(self._client.prove(self._key, event.nonce))
        elif isinstance(event, StartReceived):
            self._start()
        elif isinstance(event, WordReceived):
            self.word(event.text)
        elif isinstance(event, SendReceived):
            self._send(event.message)
        elif isinstance(event, PingReceived):
            self.transport.write(self._client.pong())
        elif isinstance(event, UpdateLine):
            self._update(event.text)
        elif isinstance(event, ChunkIgnored) and event.text not in ("s", "start"):
            self._tell("ignored", repr(event.text[:64]))
        elif isinstance(event, Denied):
            self.denied = True
            self._tell("denied", "a wrong key, an id that has none, or too many tries")
            self.hang_up()

    def _send(self, message: bytes) -> None:
        self.transport.write(message[:PIECE_BYTES])
        self._sends = len(message) > PIECE_BYTES
        if self._sends:
            self._later(PIECE_SECONDS, self._send, message[PIECE_BYTES:])

    def _start(self) -> None:
        self._tell("started", "")
        if self._telling is not None:
            self._telling.start()
        self.started()

    def _update(self, text: str) -> None:
        if self._telling is not None:
            self._telling.hear(text)

    def _busy(self) -> bool:
        # a line would become part of the message
        return self._client.waits_for_send or self._sends

    def _say(self, text: str) -> None:
        self.transport.write(self._client.line(text))

    def _reboot(self) -> None:
        self.rebooted = True
        self._tell("updated", "starts anew")
        self.hang_up()

    def _later(self, seconds: float, work: Callable[..., None], *args: Any) -> None:
        def run() -> None:
            self._timers.discard(timer)
            work(*args)

        timer = self._clock.callLater(seconds, run)
        self._timers.add(timer)


class WatchBoard(DeviceBoard):
    """Measures when asked, deaf meanwhile; a keyed one has a blood oxygen sensor too."""

    def __init__(
        self, *args: Any, person: Person, now: Callable[[], float], habits: Habits, **more: Any
    ) -> None:
        super().__init__(*args, **more)
        self._person, self._now, self._habits = person, now, habits
        self._measuring = False

    def word(self, text: str) -> None:
        """``bpm``."""
        if not self._measuring:
            self._measuring = True
            self._later(self._habits.measure_seconds, self._answer)

    def _answer(self) -> None:
        self._measuring = False
        rate, heat = self._person.measure(self._now(), field=self._client.field)
        said = self._client.reading(rate, "bpm") + self._client.reading(heat, "temp")
        if not self._client.field:
            said += self._client.reading(float(self._person.saturation(self._now())), "spo2")
        self.transport.write(said)
        self._tell("measured", f"{rate}/min, {heat} Cel")


class CabinetBoard(DeviceBoard):
    """A door that somebody opens now and then, a scale, and lights that ``lof`` puts out."""

    def __init__(
        self, *args: Any, cupboard: Cupboard, habits: Habits, **more: Any
    ) -> None:
        super().__init__(*args, **more)
        self._cupboard, self._habits = cupboard, habits
        self.lights = False

    def started(self) -> None:
        """Somebody is hungry soon."""
        self._later(self._habits.visit_seconds / 4, self._open)

    def word(self, text: str) -> None:
        """``lof`` and ``lon``."""
        self.lights = text == "lon"
        self._tell("lights", "on" if self.lights else "off")

    def _open(self) -> None:
        self._later(self._habits.visit_seconds, self._open)
        if self._client.waits_for_send or self.lights:
            return  # the last visit is not over
        self._tell("opened", "")
        self.transport.write(self._client.weigh("bfr", self._cupboard.grams))
        self._later(min(OPEN_SECONDS, self._habits.visit_seconds / 8), self._close)

    def _close(self) -> None:
        self.lights = True
        self._tell("closed", self._cupboard.visit())
        self._later(min(SETTLE_SECONDS, self._habits.visit_seconds / 8), self._weigh)

    def _weigh(self) -> None:
        if not self._client.waits_for_send:
            self.transport.write(self._client.weigh("aft", self._cupboard.grams))


class CabinetCameraBoard(DeviceBoard):
    """Takes a picture of the cupboard when told ``img``; ``draw(counts)`` makes the JPEG."""

    def __init__(
        self, *args: Any, cupboard: Cupboard, draw: Callable[..., Deferred[bytes]], **more: Any
    ) -> None:
        super().__init__(*args, **more)
        self._cupboard, self._draw = cupboard, draw
        self._lost = False

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """A picture that is being drawn goes nowhere."""
        self._lost = True
        super().connectionLost(reason)

    def word(self, text: str) -> None:
        """``img``."""
        drawn = self._draw(dict(self._cupboard.counts))
        drawn.addCallback(self._drawn)
        drawn.addErrback(lambda failure: self._tell("no picture", failure.getErrorMessage()))

    def _drawn(self, jpeg: bytes) -> None:
        if not self._lost and not self._client.waits_for_send:
            self.transport.write(self._client.picture(jpeg))
            self._tell("picture", f"{len(jpeg)} bytes")
