"""One TCP connection from a board: bytes out however slowly, bytes in, and is it alive?"""

import errno
import select

from common.errors import LinkLost

CONNECT_SECONDS = 10
PING_AFTER_MS = 20000
GIVE_UP_AFTER_MS = 45000
#: A link that stood this long was a good one.
HEALTHY_AFTER_MS = 60000
#: lwIP's send buffer is 5,744 bytes: larger pieces only cost copies.
PIECE_BYTES = 4096


class Stream:
    """Owns a connected socket, which it makes non-blocking; feeds ``watchdog`` while it waits.

    Every method raises LinkLost or OSError when the link is gone; ``healthy``
    becomes true once the link has stood for a minute.
    """

    def __init__(self, sock, clock, watchdog, poll=select.poll):
        sock.setblocking(False)
        self._sock = sock
        #: TLS is no socket, and has one inside that can be polled.
        self._polled = getattr(sock, "polled", sock)
        self._clock = clock
        self._watchdog = watchdog
        self._poll = poll()
        self._poll.register(self._polled, select.POLLIN)
        self._heard = self._opened = clock.ticks_ms()
        self._pinged = False
        self.healthy = False
        #: Counts what came, so that it shows whether something did.
        self.heard = 0

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

    def close(self) -> None:
        """Drop the link; may be called twice."""
        try:
            self._poll.unregister(self._polled)
        except (OSError, KeyError):
            pass  # closed before
        self._sock.close()

    def _receive(self, wait_ms: int) -> bytes:
        """What came within that time; empty when nothing did."""
        if not getattr(self._sock, "more", False) and not self._poll.poll(wait_ms):
            return b""
        try:
            data = self._sock.recv(1024)
        except OSError as problem:
            if problem.errno == errno.EAGAIN:
                return b""
            raise
        if not data:
            raise LinkLost("the daemon closed the connection")
        self._heard = self._clock.ticks_ms()
        self._pinged = False
        self.heard += 1
        return data

    def _tend(self) -> bool:
        """Whether it is time to ask if anybody is there; LinkLost when nobody is."""
        # Remembered rather than worked out at the end: ticks wrap after 12 days
        if not self.healthy and self._since(self._opened) > HEALTHY_AFTER_MS:
            self.healthy = True
        silent = self._since(self._heard)
        if silent > GIVE_UP_AFTER_MS:
            raise LinkLost("not a byte for {} s".format(GIVE_UP_AFTER_MS // 1000))
        return silent > PING_AFTER_MS and not self._pinged

    def _push(self, piece) -> int:
        try:
            return self._sock.send(piece)
        except OSError as problem:
            if problem.errno != errno.EAGAIN:
                raise
        self._poll.modify(self._polled, select.POLLOUT)
        self._poll.poll(self._watchdog.slice_ms)
        self._poll.modify(self._polled, select.POLLIN)
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
