"""select.poll for the one socket that a board has."""

import _host
import timers

POLLIN = 1
POLLOUT = 4


class poll:
    def __init__(self):
        self._asked = {}

    def register(self, sock, events=POLLIN | POLLOUT):
        self._asked[id(sock)] = (sock, events)

    modify = register

    def unregister(self, sock):
        del self._asked[id(sock)]

    def poll(self, ms=-1):
        (sock, events), = self._asked.values()
        reading, writing = bool(events & POLLIN), bool(events & POLLOUT)
        timers.look()
        ready = _host.poll(sock.descriptor, reading, writing, ms)
        return [(sock, events)] if ready else []
