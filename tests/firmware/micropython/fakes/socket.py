"""TCP over a descriptor that the board's process inherited; UDP to a time server of our own."""

import errno

import _host
import world
from ntp_model import answer

AF_INET = 2
SOCK_STREAM = 1
SOCK_DGRAM = 2

_outbox = open("/outbox", "wb", 0)


def getaddrinfo(host, port, family=0, kind=0, protocol=0, flags=0):
    return [(AF_INET, kind, 0, "", (host, port))]


def _checked(answer):
    """An errno's name from the host becomes an OSError, as on a board."""
    if isinstance(answer, str):
        raise OSError(getattr(errno, answer, 5), answer)
    return answer


class _Datagrams:
    """The test's ``ntp`` is the time at power-on; without it nobody answers."""

    def __init__(self):
        self._answers = []

    def connect(self, address):
        self._port = address[1]

    def setblocking(self, blocking):
        assert not blocking

    def send(self, data):
        unix = world.told("ntp", None)
        if unix is not None and self._port == 123:
            self._answers.append((world.now_ms() + 30, answer(data, unix * 1000 + world.now_ms())))

    def recv(self, size):
        if not self._answers or world.now_ms() < self._answers[0][0]:
            raise OSError(errno.EAGAIN)
        return self._answers.pop(0)[1]

    def close(self):
        pass


def socket(family=AF_INET, kind=SOCK_STREAM, protocol=0):
    return _Datagrams() if kind == SOCK_DGRAM else _Stream()


class _Stream:
    def __init__(self):
        self.descriptor = None
        self._timeout = 30

    def settimeout(self, seconds):
        self._timeout = seconds

    def setblocking(self, blocking):
        self._timeout = None if blocking else 0

    def connect(self, address):
        self.descriptor = _checked(_host.connect(address[0], address[1], self._timeout))

    def recv(self, size):
        return bytes(_checked(_host.receive(self.descriptor, size)))

    def send(self, data):
        _outbox.write(data)
        return _checked(_host.send(self.descriptor))

    def close(self):
        if self.descriptor is not None:
            _host.close(self.descriptor)
            self.descriptor = None
