"""TCP over a descriptor that the board's process inherited."""

import errno

import _host

AF_INET = 2
SOCK_STREAM = 1

_outbox = open("/outbox", "wb", 0)


def getaddrinfo(host, port, family=0, kind=0, protocol=0, flags=0):
    return [(AF_INET, SOCK_STREAM, 0, "", (host, port))]


def _checked(answer):
    """An errno's name from the host becomes an OSError, as on a board."""
    if isinstance(answer, str):
        raise OSError(getattr(errno, answer, 5), answer)
    return answer


class socket:
    def __init__(self, family=AF_INET, kind=SOCK_STREAM, protocol=0):
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
