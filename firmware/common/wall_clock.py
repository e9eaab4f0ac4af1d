"""What time it is, by SNTP (RFC 4330): nobody knows until a server was asked, then to some ms.

Whole numbers throughout: the floats of an ESP32 have 24 bits.
"""

import os

NTP_PORT = 123
PACKET_BYTES = 48
#: From 1900 to 1970, in seconds.
EPOCH = 2208988800
ANSWER_MS = 2000
#: An answer that took longer says too little.
MAX_ROUND_MS = 1000
#: A board's crystal is off by 2 s a day at most.
AGAIN_MS = 6 * 3600 * 1000
RETRY_MS, MAX_RETRY_MS = 5000, 300000


def question(cookie: bytes) -> bytes:
    """A client's packet; ``cookie`` of 8 bytes comes back in the answer."""
    return b"\x23" + bytes(39) + cookie


def answer_ms(data: bytes, cookie: bytes):
    """(received, sent) by the server in ms since 1970, or None when it is no answer to that."""
    if len(data) < PACKET_BYTES or data[24:32] != cookie:
        return None
    leap, mode, stratum = data[0] >> 6, data[0] & 7, data[1]
    if leap == 3 or mode != 4 or not 1 <= stratum <= 15:
        return None
    received, sent = _unix_ms(data[32:40]), _unix_ms(data[40:48])
    return None if sent is None or received is None else (received, sent)


def _unix_ms(stamp: bytes):
    seconds, part = int.from_bytes(stamp[:4], "big"), int.from_bytes(stamp[4:], "big")
    if seconds == 0:
        return None
    if seconds < 0x80000000:
        seconds += 1 << 32  # the count begins anew in 2036
    return (seconds - EPOCH) * 1000 + (part * 1000 >> 32)


class WallClock:
    """poll() it often; ``open_udp(host, port)`` gives a socket that never blocks.

    ``ms()`` is the time since 1970, or None while it isn't known; ``uptime_ms()`` the
    time since power-on, which does not wrap; ``unix_of()`` makes the one of the other.
    """

    def __init__(self, host: str, ticks, open_udp=None, random=os.urandom, say=print):
        self._host = host
        self._ticks = ticks
        self._open = open_udp or open_udp_socket
        self._random = random
        self._say = say
        self._seen = ticks.ticks_ms()
        self._up = 0
        self._zero = None  # ms since 1970 at power-on
        self._due = 0
        self._retry = RETRY_MS
        self._sock = None
        self._cookie = b""
        self._asked = 0

    def uptime_ms(self) -> int:
        """Since power-on."""
        now = self._ticks.ticks_ms()
        self._up += self._ticks.ticks_diff(now, self._seen)
        self._seen = now
        return self._up

    def ms(self):
        """Since 1970, or None."""
        return self.unix_of(self.uptime_ms())

    def unix_of(self, uptime_ms: int):
        """That moment of this boot since 1970, or None."""
        return None if self._zero is None else self._zero + uptime_ms

    def poll(self, connected: bool) -> None:
        """Ask when it is time to, and hear the answer; never waits but for the name's look-up."""
        now = self.uptime_ms()
        try:
            if self._sock is not None:
                self._hear(now)
            elif connected and now >= self._due:
                self._ask()
        except OSError:
            self._later()

    def _ask(self) -> None:
        self._cookie = self._random(8)
        self._sock = self._open(self._host, NTP_PORT)
        self._asked = self.uptime_ms()  # looking up the name may have taken a while
        self._sock.send(question(self._cookie))

    def _hear(self, now: int) -> None:
        try:
            data = self._sock.recv(PACKET_BYTES)
        except OSError:
            data = b""  # nothing yet
        found = answer_ms(data, self._cookie)
        took = now - self._asked
        if found is not None and took <= MAX_ROUND_MS:
            self._set(found, took)
        elif took > ANSWER_MS:
            self._later()

    def _set(self, found: tuple, took: int) -> None:
        received, sent = found
        first = self._zero is None
        self._zero = sent + (took - (sent - received)) // 2 - self.uptime_ms()
        self._close()
        self._retry, self._due = RETRY_MS, self._up + AGAIN_MS
        if first:
            self._say("clock: set by {}".format(self._host))

    def _later(self) -> None:
        self._close()
        self._due = self.uptime_ms() + self._retry
        self._retry = min(2 * self._retry, MAX_RETRY_MS)

    def _close(self) -> None:
        if self._sock is not None:
            self._sock.close()
            self._sock = None


def open_udp_socket(host: str, port: int):
    """A UDP socket to there that never blocks."""
    import socket

    found = socket.getaddrinfo(host, port, 0, socket.SOCK_DGRAM)[0]
    sock = socket.socket(found[0], found[1], found[2])
    try:
        sock.connect(found[-1])
        sock.setblocking(False)
    except OSError:
        sock.close()
        raise
    return sock
