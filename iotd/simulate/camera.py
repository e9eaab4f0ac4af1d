"""One connection of a virtual camera, on the field wire or the keyed one.

A field board is copied in what the daemon has to cope with: frames leave in
512-byte pieces with pauses, and commands are read only between frames, all that
came meanwhile in one go, so that two together are ignored.
"""

from __future__ import annotations

from typing import Any, Callable

from twisted.internet.interfaces import IPushProducer
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from iotd.simulate.firmware import Firmware, Telling
from iotd.simulate.pictures import Film
from iotd.wire.camera import CameraClient
from iotd.wire.camera_client import (
    NEED_DATA,
    ClientEvent,
    CommandIgnored,
    CommandReceived,
    Denied,
    NonceReceived,
    PingReceived,
    UpdateLine,
)
from iotd.wire.commands import FRAME_SIZES, START, STOP
from iotd.wire.errors import RemoteProtocolError

PIECE_BYTES = 512
# 20 pieces of a 10 KB picture leave in 40 ms, a fifth of a frame's time at 5 fps
PIECE_SECONDS = 0.002
# the FIFO's length is a multiple of this; what follows the picture is zero
FIFO_STEP = 8

Tell = Callable[[str, str], None]


@implementer(IPushProducer)
class CameraBoard(Protocol):
    """``tell(state, detail)`` hears: connected, streaming, stopped, ignored, denied, lost."""

    transport: Any

    def __init__(
        self, clock: Any, client: CameraClient, film: Film, fps: float, tell: Tell,
        key: bytes | None = None, firmware: Firmware | None = None,
    ) -> None:
        self._clock = clock
        self._client = client
        self._film = film
        self._seconds = 1 / fps
        self._tell = tell
        self._key = key
        self._streaming = False
        self._choked = False
        self._sending = b""
        self._heard = b""
        self._timer: Any = None
        self.denied = self.rebooted = False
        self._telling = Telling(clock, firmware, self._say, self._reboot) if firmware else None

    def connectionMade(self) -> None:
        """Say who we are, or nothing at all."""
        self.transport.setTcpNoDelay(True)
        self.transport.registerProducer(self, True)
        self._tell("connected", "field wire" if self._client.field else "keyed wire")
        self.transport.write(self._client.hello())

    def dataReceived(self, data: bytes) -> None:
        """Hear the daemon; a field board does so between frames."""
        if self._client.field and self._sending:
            self._heard += data
        else:
            self._hear(data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Stop all timers."""
        self._stop_timer()
        if self._telling is not None:
            self._telling.stop()
        self._sending = b""
        self._streaming = False
        self._tell("lost", "denied by the daemon" if self.denied else reason.getErrorMessage())

    def hang_up(self) -> None:
        """Pull the plug."""
        self.transport.abortConnection()

    def _say(self, text: str) -> None:
        self.transport.write(self._client.line(text))

    def _reboot(self) -> None:
        self.rebooted = True
        self._tell("updated", "starts anew")
        self.hang_up()

    def pauseProducing(self) -> None:
        """The network is full: a board skips frames, it has no memory to keep them."""
        self._choked = True

    def resumeProducing(self) -> None:
        """There is room again."""
        self._choked = False

    def stopProducing(self) -> None:
        """The connection ends; connectionLost does the rest."""

    def _hear(self, data: bytes) -> None:
        self._client.receive_data(data)
        try:
            while (event := self._client.next_event()) is not NEED_DATA:
                self._obey(event)  # type: ignore[arg-type]
        except RemoteProtocolError as problem:
            self._tell("confused", str(problem))
            self.hang_up()

    def _obey(self, event: ClientEvent) -> None:
        if isinstance(event, CommandReceived):
            self._command(event.text)
        elif isinstance(event, CommandIgnored):
            self._tell("ignored", repr(event.text))
        elif isinstance(event, NonceReceived) and self._key is not None:
            self.transport.write(self._client.prove(self._key, event.nonce))
            if self._telling is not None:
                self._telling.start()
        elif isinstance(event, UpdateLine) and self._telling is not None:
            self._telling.hear(event.text)
        elif isinstance(event, PingReceived):
            self.transport.write(self._client.pong())
        elif isinstance(event, Denied):
            self.denied = True
            self._tell("denied", "a wrong key, an id that has none, or too many tries")
            self.hang_up()

    def _command(self, text: str) -> None:
        if text == START and not self._streaming:
            self._streaming = True
            self._film.rewind()
            self._tell("streaming", self._shape())
            self._next_frame()
        elif text == STOP and self._streaming:
            self._streaming = False
            self._tell("stopped", "")
            self._stop_timer()
        elif text.startswith("SET "):
            self._set(dict(each.split("=") for each in text.split(" ")[1:]))

    def _set(self, given: dict[str, str]) -> None:
        view = self._film.view
        if "framesize" in given:
            view = view.changed(size=FRAME_SIZES[given["framesize"]])
        if "quality" in given:
            view = view.changed(quality=int(given["quality"]))
        if "flash" in given:
            view = view.changed(flash=given["flash"] == "1")
        if "fps" in given:
            self._seconds = 1 / int(given["fps"])
        self._film.change(view)
        self._tell("set", self._shape())

    def _shape(self) -> str:
        width, height = self._film.view.size
        return f"{width}x{height} at {1 / self._seconds:g} fps"

    def _next_frame(self) -> None:
        jpeg = self._film.next()
        if jpeg is None or self._choked:
            # the first picture is being drawn, or the network is full
            self._later(min(self._seconds, 0.05), self._next_frame)
        elif self._client.field:
            self._due = self._clock.seconds() + self._seconds
            fifo = jpeg + b"\0" * (-len(jpeg) % FIFO_STEP)
            self._sending = self._client.frame(fifo)
            self._send_piece()
        else:
            self.transport.write(self._client.frame(jpeg))
            self._later(self._seconds, self._next_frame)

    def _send_piece(self) -> None:
        self.transport.write(self._sending[:PIECE_BYTES])
        self._sending = self._sending[PIECE_BYTES:]
        if self._sending:
            self._later(PIECE_SECONDS, self._send_piece)
        else:
            self._between_frames()

    def _between_frames(self) -> None:
        self._later(max(0.0, self._due - self._clock.seconds()), self._next_frame)
        heard, self._heard = self._heard, b""
        if heard:
            self._hear(heard)

    def _later(self, seconds: float, work: Callable[[], None]) -> None:
        self._timer = self._clock.callLater(seconds, self._run, work)

    def _run(self, work: Callable[[], None]) -> None:
        self._timer = None
        work()

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
