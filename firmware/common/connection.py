"""One TCP connection to the daemon: lines in, lines and frames out, and is it alive?"""

import errno
import select

from common.errors import Denied, LinkLost

CONNECT_SECONDS = 10
PING_AFTER_MS = 20000
GIVE_UP_AFTER_MS = 45000
#: A link that stood this long was a good one.
HEALTHY_AFTER_MS = 60000
#: lwIP's send buffer is 5,744 bytes: larger pieces only cost copies.
PIECE_BYTES = 4096


class Connection:
    """Speaks on a connected socket, which it makes non-blocking and owns from then on.

    ``lines`` is the LineReader for what comes in, ``watchdog`` is fed while waiting.
    Every method raises LinkLost or OSError when the link is gone; ``healthy``
    becomes true once the link has stood for a minute.
    """

    def __init__(self, sock, clock, watchdog, lines, poll=select.poll):
        sock.setblocking(False)
        self._sock = sock
        self._clock = clock
        self._watchdog = watchdog
        self._poll = poll()
        self._poll.register(sock, select.POLLIN)
        self._lines = lines
        self._heard = self._opened = clock.ticks_ms()
        self._pinged = False
        self._holding = self._owed = False
        self.healthy = False

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
            self._tend()
            left = wait_ms - self._since(began)
            if left <= 0:
                return None

    def skip(self, count: int, wait_ms: int) -> bool:
        """Drop exactly the next ``count`` bytes; whether they all came within ``wait_ms``."""
        began = self._clock.ticks_ms()
        count = self._lines.skip(count)
        while count and self._since(began) < wait_ms:
            self._watchdog.feed()
            if self._poll.poll(min(wait_ms, self._watchdog.slice_ms)):
                self._receive()
            count = self._lines.skip(count)
        return count == 0

    def send(self, data) -> None:
        """Send it all; gives up when not a byte went out for 45 s."""
        view = memoryview(data)
        moved = self._clock.ticks_ms()
        sent = 0
        while sent < len(view):
            self._watchdog.feed()
            count = self._push(view[sent:sent + PIECE_BYTES])
            if count:
                sent += count
                moved = self._clock.ticks_ms()
            elif self._since(moved) > GIVE_UP_AFTER_MS:
                raise LinkLost("nothing could be sent for {} s".format(GIVE_UP_AFTER_MS // 1000))

    def hold(self, holding: bool) -> None:
        """While true, line() sends nothing of its own: a pong would become part of a message."""
        self._holding = holding
        self._pay()

    def send_frame(self, payload) -> None:
        """A picture: its length in 4 bytes, big-endian, then the bytes."""
        self.send(len(payload).to_bytes(4, "big"))
        self.send(payload)

    def close(self) -> None:
        """Drop the link; may be called twice."""
        try:
            self._poll.unregister(self._sock)
        except (OSError, KeyError):
            pass  # closed before
        self._sock.close()

    def _next_line(self, wait_ms: int):
        line = self._lines.next_line()
        if line is None and self._poll.poll(wait_ms):
            self._receive()
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

    def _receive(self) -> None:
        try:
            data = self._sock.recv(1024)
        except OSError as problem:
            if problem.errno == errno.EAGAIN:
                return
            raise
        if not data:
            raise LinkLost("the daemon closed the connection")
        self._lines.feed(data)
        self._heard = self._clock.ticks_ms()
        self._pinged = False

    def _tend(self) -> None:
        silent = self._since(self._heard)
        if silent > GIVE_UP_AFTER_MS:
            raise LinkLost("not a byte for {} s".format(GIVE_UP_AFTER_MS // 1000))
        if silent > PING_AFTER_MS and not self._pinged and not self._holding:
            self._pinged = True
            self.send(b"ping\n")
        # Remembered rather than worked out at the end: ticks wrap after 12 days
        if not self.healthy and self._since(self._opened) > HEALTHY_AFTER_MS:
            self.healthy = True

    def _push(self, piece) -> int:
        try:
            return self._sock.send(piece)
        except OSError as problem:
            if problem.errno != errno.EAGAIN:
                raise
        self._poll.modify(self._sock, select.POLLOUT)
        self._poll.poll(self._watchdog.slice_ms)
        self._poll.modify(self._sock, select.POLLIN)
        return 0

    def _since(self, ticks: int) -> int:
        return self._clock.ticks_diff(self._clock.ticks_ms(), ticks)


def open_socket(host: str, port: int):
    """A connected TCP socket; OSError when that can't be had within 10 s."""
    import socket

    found = socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM)[0]
    sock = socket.socket(found[0], found[1], found[2])
    try:
        sock.settimeout(CONNECT_SECONDS)
        sock.connect(found[-1])
    except OSError:
        sock.close()
        raise
    return sock
