"""Waiting in a thread for a connection, and being woken by others."""

from __future__ import annotations

import select
import socket
import time

from iotd.mqtt.pipe import Pipe


class Waker:
    """``wake`` from any thread; ``wait`` and ``pause`` on the one that sleeps.

    By ``poll``: ``select`` fails for file numbers above 1023, and the daemon has
    thousands of connections.
    """

    def __init__(self) -> None:
        self._woken, self._waker = socket.socketpair()
        for each in (self._woken, self._waker):
            each.setblocking(False)

    def wake(self) -> None:
        """End the sleep, or the next one."""
        try:
            self._waker.send(b"\0")
        except OSError:
            pass  # full: it wakes anyway; closed: nobody sleeps any more

    def wait(self, pipe: Pipe, read: bool, seconds: float) -> bool:
        """Until woken, or ``pipe`` can be read (if asked for) or takes what is to be written.

        True when it should be read.
        """
        poll = self._poll()
        wanted = (select.POLLIN if read else 0) | (select.POLLOUT if pipe.has_out else 0)
        number = pipe.fileno()
        poll.register(number, wanted)
        ready = dict(poll.poll(seconds * 1000))
        self._forget(ready)
        return read and bool(ready.get(number, 0) & ~select.POLLOUT)

    def pause(self, seconds: float) -> None:
        """Until woken, or for so long."""
        end = time.monotonic() + seconds
        ready = dict(self._poll().poll(max(0.0, end - time.monotonic()) * 1000))
        self._forget(ready)

    def close(self) -> None:
        """Nobody sleeps any more."""
        self._waker.close()
        self._woken.close()

    def _poll(self) -> select.poll:
        poll = select.poll()
        poll.register(self._woken, select.POLLIN)
        return poll

    def _forget(self, ready: dict[int, int]) -> None:
        if self._woken.fileno() in ready:
            try:
                self._woken.recv(4096)
            except BlockingIOError:
                pass
