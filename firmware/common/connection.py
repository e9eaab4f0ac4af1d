"""The keyed connection to the daemon: lines in, lines and frames out, ping and pong."""

import select

from common.errors import Denied
from common.stream import Stream


class Connection(Stream):
    """Speaks on a connected socket; ``lines`` is the LineReader for what comes in."""

    def __init__(self, sock, clock, watchdog, lines, poll=select.poll):
        super().__init__(sock, clock, watchdog, poll)
        self._lines = lines
        self._holding = self._owed = False

    def line(self, wait_ms: int):
        """The daemon's next line, or None after ``wait_ms``; looks at least once.

        Answers ping and asks it, so call it at least every few seconds, and
        only between frames. A ``denied`` raises Denied.
        """
        began = self._clock.ticks_ms()
        left = wait_ms
        while True:
            self._watchdog.feed()
            line = self._next_line(max(0, min(left, self._watchdog.slice_ms)))
            if line is not None:
                return line
            if self._tend() and not self._holding:
                self._pinged = True
                self.send(b"ping\n")
            left = wait_ms - self._since(began)
            if left <= 0:
                return None

    def skip(self, count: int, wait_ms: int) -> bool:
        """Drop exactly the next ``count`` bytes; whether they all came within ``wait_ms``."""
        began = self._clock.ticks_ms()
        count = self._lines.skip(count)
        while count and self._since(began) < wait_ms:
            self._watchdog.feed()
            self._lines.feed(self._receive(min(wait_ms, self._watchdog.slice_ms)))
            count = self._lines.skip(count)
        return count == 0

    def hold(self, holding: bool) -> None:
        """While true, line() sends nothing of its own: a pong would become part of a message."""
        self._holding = holding
        self._pay()

    def tell(self, text: str) -> None:
        """A line."""
        self.send(text.encode() + b"\n")

    def nudge(self) -> None:
        """Make the daemon say something, if it is there."""
        self.send(b"ping\n")

    def send_frame(self, payload) -> None:
        """A picture: its length in 4 bytes, big-endian, then the bytes."""
        self.send(len(payload).to_bytes(4, "big"))
        self.send(payload)

    def _next_line(self, wait_ms: int):
        line = self._lines.next_line()
        if line is None:
            self._lines.feed(self._receive(wait_ms))
            line = self._lines.next_line()
        while line in ("ping", "pong"):
            if line == "ping":
                self._owed = True
                self._pay()
            line = self._lines.next_line()
        if line == "denied":
            raise Denied("the daemon refuses our key")
        return line

    def _pay(self) -> None:
        if self._owed and not self._holding:
            self._owed = False
            self.send(b"pong\n")
