"""Field watch, cabinet and cabinet camera on a fake clock, written after the wire alone.

Each chunk that the daemon writes is one read of the board, as in the field, where
words are 250 ms apart. ``told`` keeps them with their times.
"""

from __future__ import annotations

from typing import Any, Callable

from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionDone
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

FLIGHT = 0.004  # seconds that bytes travel
MEASURE, SETTLE = 15.0, 5.0
PIECE = 512


class _Line(StringTransport):
    """What the daemon writes on; each write is told at once."""

    def __init__(self, heard: Callable[[bytes], None]) -> None:
        super().__init__()
        self._heard = heard

    def write(self, data: bytes) -> None:
        """One chunk."""
        self._heard(data)

    def setTcpNoDelay(self, enabled: bool) -> None:
        """As TCP's."""

    def abortConnection(self) -> None:
        """As closing."""
        self.loseConnection()


class DayBoard:
    """One board; ``busy`` is told when anything is said on its line."""

    id = ""

    def __init__(self, factory: Any, clock: Any, busy: Callable[[], None]) -> None:
        self._factory, self._clock, self._busy = factory, clock, busy
        self.told: list[tuple[float, bytes]] = []
        self._life = 0
        self._started = False
        self._protocol: Any = None

    def power_on(self) -> None:
        """Connect."""
        self._life += 1
        self._started = False
        self._protocol = self._factory.buildProtocol(IPv4Address("TCP", "192.168.1.20", 40000))
        self._protocol.makeConnection(_Line(self._arrives))
        self.connected()

    def power_off(self) -> None:
        """The plug is pulled; what was under way is lost."""
        self._life += 1
        self._protocol.connectionLost(Failure(ConnectionDone()))

    def connected(self) -> None:
        """Cabinet and camera wait for the greeting."""

    def word(self, text: bytes) -> None:
        """One chunk after the start."""
        raise NotImplementedError

    def say(self, data: bytes) -> None:
        """Send this."""
        self._later(FLIGHT, self._leaves, data)

    def _leaves(self, data: bytes) -> None:
        self._busy()
        self._protocol.dataReceived(data)

    def _arrives(self, chunk: bytes) -> None:
        self._busy()
        self.told.append((self._clock.seconds(), chunk))
        self._later(FLIGHT, self._chunk, chunk)

    def _chunk(self, chunk: bytes) -> None:
        if self._started:
            self.word(chunk)
        elif b"id" in chunk[:35]:
            self.say(b"new~" + self.id.encode())
        elif chunk.endswith(b"start"):
            self._started = True
            self.started()

    def started(self) -> None:
        """It may work."""

    def _later(self, seconds: float, work: Callable[..., None], *args: Any) -> None:
        life = self._life
        self._clock.callLater(seconds, lambda: work(*args) if life == self._life else None)


class DayWatch(DayBoard):
    """``bpm`` takes it 15 s; ``sent`` holds time, rate and temperature as texts."""

    id = "wch"

    def __init__(self, *args: Any, measure: Callable[[], tuple[str, str]]) -> None:
        super().__init__(*args)
        self._measure = measure
        self.sent: list[tuple[float, str, str]] = []

    def connected(self) -> None:
        """It registers unasked, and ignores greeting and start."""
        self.say(b"new~wch")
        self._started = True

    def word(self, text: bytes) -> None:
        """Only ``bpm`` means anything."""
        if text == b"bpm":
            self._later(MEASURE, self._answer)

    def _answer(self) -> None:
        rate, heat = self._measure()
        self.sent.append((self._clock.seconds(), rate, heat))
        self.say(f"{rate},bpm{heat},temp".encode())


class _Messenger(DayBoard):
    """Convention 1: declares a size, deaf to all but ``send``."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._message: bytes | None = None

    def power_on(self) -> None:
        """A message that was under way went with the power."""
        self._message = None
        super().power_on()

    def declare(self, size: int, message: bytes) -> None:
        """`size-N`, and the message once it may."""
        self._message = message
        self.say(b"size-%d" % size)

    def word(self, text: bytes) -> None:
        """``send`` when a message waits, else whatever it knows."""
        if self._message is None:
            self.obey(text)
        elif text == b"send":
            message, self._message = self._message, None
            for number, start in enumerate(range(0, len(message), PIECE)):
                self._later(number * 0.001, self.say, message[start:start + PIECE])
            self.sent_message(message)

    def sent_message(self, message: bytes) -> None:
        """It is on its way."""

    def obey(self, text: bytes) -> None:
        """A word."""


class DayCabinet(_Messenger):
    """``open`` and ``close`` press its button; ``sent`` holds the weights' messages that left."""

    id = "cab"

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.sent: list[str] = []
        self.lights: list[tuple[float, bool]] = []

    @property
    def lit(self) -> bool:
        """Whether the lights are on."""
        return bool(self.lights) and self.lights[-1][1]

    def open(self, grams: str) -> None:
        """The weight before."""
        self.declare(len(grams), f"bfr-{grams}".encode())

    def close(self, grams: str) -> None:
        """Lights on, 5 s later the weight after."""
        self._light(True)
        self._later(SETTLE, self.declare, len(grams), f"aft-{grams}".encode())

    def obey(self, text: bytes) -> None:
        """``lof``."""
        if text == b"lof":
            self._light(False)

    def sent_message(self, message: bytes) -> None:
        """Keep the record."""
        self.sent.append(message.decode())

    def _light(self, on: bool) -> None:
        self.lights.append((self._clock.seconds(), on))


class DayCamera(_Messenger):
    """Told ``img`` it sends what ``take()`` gives; ``sent`` holds those."""

    id = "img"

    def __init__(self, *args: Any, take: Callable[[], bytes]) -> None:
        super().__init__(*args)
        self._take = take
        self.sent: list[bytes] = []

    def obey(self, text: bytes) -> None:
        """``img``."""
        if text == b"img":
            jpeg = self._take()
            self.declare(len(jpeg), jpeg)

    def sent_message(self, message: bytes) -> None:
        """Keep the record."""
        self.sent.append(message)
