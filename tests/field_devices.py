"""Watch, cabinet and cabinet camera as they stand in the field, on plain sockets.

They know nothing of iotd: what they do, byte for byte, was read off boards that
exist and can't be changed. Each keeps its own record of what it sent and heard.
``pace`` divides the waits that nobody depends on: the 15 s that a measurement takes,
the 5 s until ``aft``.
"""

from __future__ import annotations

import base64
import socket
import time
from collections import deque
from typing import Callable, NamedTuple

from tests.field_board import FieldBoard

GREETING = b"6" + b" " * 29 + b"id pls"
FIRST_READ_BYTES = 35  # the greeting has 36: its last letter stays in the buffer
PIECE_BYTES = 512
MEASURE_SECONDS = 15.0
SETTLE_SECONDS = 5.0  # from the closed door to the weight after


class Weight(NamedTuple):
    """One weight as it left: "bfr" or "aft", and its text."""

    moment: str
    text: str


class DeviceBoard(FieldBoard):
    """What the three have in common: who they say they are, and how they send."""

    id = ""

    def __init__(self, host: str, port: int, *, source: str | None = None, pace: float = 1.0):
        super().__init__(host, port, source=source)
        self.pace = pace

    def _register(self, sock: socket.socket) -> None:
        """Wait for a chunk with ``id`` in it, say who we are, wait until we may start."""
        sock.settimeout(None)
        while b"id" not in self._read(sock, FIRST_READ_BYTES):
            pass
        sock.sendall(b"new~" + self.id.encode())
        while not self._read(sock).endswith(b"start"):
            pass

    def _word(self, sock: socket.socket, seconds: float) -> bytes:
        """The next word, or nothing when none came in time."""
        sock.settimeout(seconds)
        try:
            return self._read(sock)
        except TimeoutError:
            return b""

    def _message(self, sock: socket.socket, declared: int, data: bytes) -> None:
        """Convention 1: any word but ``send`` that comes now is swallowed."""
        sock.sendall(b"size-%d" % declared)
        sock.settimeout(None)
        while self._read(sock) != b"send":
            pass
        for start in range(0, len(data), PIECE_BYTES):
            sock.sendall(data[start:start + PIECE_BYTES])


class FieldWatch(DeviceBoard):
    """Registers unasked; ``bpm`` takes it 15 s and is answered with both values.

    ``measure()`` gives them as texts; ``sent`` holds the pairs that left. With
    ``joined`` both leave in one piece, else in two.
    """

    id = "wch"

    def __init__(
        self, host: str, port: int, measure: Callable[[], tuple[str, str]], *,
        joined: bool = True, source: str | None = None, pace: float = 1.0,
    ):
        super().__init__(host, port, source=source, pace=pace)
        self._measure, self._joined = measure, joined
        self.sent: list[tuple[str, str]] = []

    def _live(self, sock: socket.socket) -> None:
        sock.sendall(b"new~wch")
        sock.settimeout(None)
        while True:
            if self._read(sock) != b"bpm":
                continue
            time.sleep(MEASURE_SECONDS / self.pace)
            rate, heat = self._measure()
            pieces = [f"{rate},bpm", f"{heat},temp"]
            for piece in (["".join(pieces)] if self._joined else pieces):
                sock.sendall(piece.encode())
            self.sent.append((rate, heat))


class FieldCabinet(DeviceBoard):
    """A door with a button, a scale, and lights that only ``lof`` puts out.

    ``open(grams)`` and ``close(grams)`` press the button; ``sent`` holds the weights
    that left, in order. The length it declares is that of the weight's text alone.
    """

    id = "cab"

    def __init__(self, host: str, port: int, *, source: str | None = None, pace: float = 1.0):
        super().__init__(host, port, source=source, pace=pace)
        self.sent: list[Weight] = []
        self.lights = False
        self._pressed: deque[tuple[str, str]] = deque()

    def open(self, grams: str) -> None:
        """The button opens: the weight before."""
        self._pressed.append(("bfr", grams))

    def close(self, grams: str) -> None:
        """The button closes: lights on, and soon the weight after."""
        self._pressed.append(("aft", grams))

    @property
    def idle(self) -> bool:
        """Whether nothing waits to be sent."""
        return not self._pressed

    def _live(self, sock: socket.socket) -> None:
        self._register(sock)
        while True:
            if self._word(sock, 0.02) == b"lof":
                self.lights = False
            if self._pressed:
                self._weigh(sock, *self._pressed[0])
                self._pressed.popleft()

    def _weigh(self, sock: socket.socket, moment: str, text: str) -> None:
        if moment == "aft":
            self.lights = True
            time.sleep(SETTLE_SECONDS / self.pace)
        self._message(sock, len(text), f"{moment}-{text}".encode())
        self.sent.append(Weight(moment, text))


class FieldCabinetCamera(DeviceBoard):
    """On ``img`` it takes a picture; ``take()`` gives the JPEG, ``sent`` holds those that left.

    ``as_text``: an older one, which sends base64 of it.
    """

    id = "img"

    def __init__(
        self, host: str, port: int, take: Callable[[], bytes], *,
        as_text: bool = False, source: str | None = None, pace: float = 1.0,
    ):
        super().__init__(host, port, source=source, pace=pace)
        self._take, self._as_text = take, as_text
        self.sent: list[bytes] = []

    def _live(self, sock: socket.socket) -> None:
        self._register(sock)
        sock.settimeout(None)
        while True:
            if self._read(sock) != b"img":
                continue
            jpeg = self._take()
            data = base64.b64encode(jpeg) if self._as_text else jpeg
            self._message(sock, len(data), data)
            self.sent.append(jpeg)
