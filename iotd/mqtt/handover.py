"""From the line's thread to the reactor and back: batches of messages, then acknowledgements.

A batch is what gathered while the reactor was busy: one call a batch, not a message.
It is acknowledged in the order in which it came, and only after the Deferred of the
inbox fired; on the connection that brought it and on no other, as a broker that lost
its session gives the same numbers to other messages.
"""

from __future__ import annotations

from collections import deque
from threading import Lock
from typing import Any, Callable

from twisted.internet.defer import Deferred, maybeDeferred, succeed
from twisted.logger import Logger

from iotd.mqtt.pipe import Pipe
from iotd.mqtt.stream import Heard, Message

Inbox = Callable[[list[Message]], "Deferred[Any]"]

BATCH = 5000  # messages handed over at once, at most
MESSAGES, BYTES = 100_000, 64 << 20  # handed over and not done with: more is dropped


class Batch:
    """Messages of one connection, waiting to be acknowledged."""

    __slots__ = ("pipe", "messages", "acknowledgement", "size", "done")

    def __init__(self, pipe: Pipe) -> None:
        self.pipe = pipe
        self.messages: list[Message] = []
        self.acknowledgement = b""
        self.size = 0
        self.done = False


class Handover:
    """``hear`` and ``acknowledgements`` on the line's thread, everything else on the reactor.

    ``inbox(messages)`` gives a Deferred: fired, they are safe; failed, the connection is to
    be made anew, whereupon the broker sends them again. ``wake()`` tells the line.
    """

    _log = Logger()

    def __init__(
        self, reactor: Any, inbox: Inbox, wake: Callable[[], None],
        most_messages: int = MESSAGES, most_bytes: int = BYTES,
    ) -> None:
        self._reactor, self._inbox, self._wake = reactor, inbox, wake
        self._most_messages, self._most_bytes = most_messages, most_bytes
        self._lock = Lock()
        self._gathered: list[Batch] = []
        self._order: deque[Batch] = deque()
        self._called = False
        self._messages = self._bytes = 0
        self._waiting: list[Deferred[None]] = []
        self.heard = self.acknowledged = self.refused = self.dropped = self.failed = 0

    # -- the line's thread ------------------------------------------------------------

    def hear(self, heard: Heard, pipe: Pipe) -> None:
        """Take what one read held; beyond the limits it is dropped and not acknowledged.

        Of a connection that is to be made anew nothing is taken: it comes again.
        """
        size = sum([len(message.payload) for message in heard.messages])
        with self._lock:
            self.refused += heard.refused
            full = self._messages >= self._most_messages or self._bytes >= self._most_bytes
            pipe.spoiled = pipe.spoiled or (full and bool(heard.acknowledgement))
            if full or pipe.spoiled:
                self.dropped += sum([message.qos == 0 for message in heard.messages])
                return
            self._gather(heard, pipe, size)
            call, self._called = not self._called, True
        if call:
            self._reactor.callFromThread(self._deliver)

    def _gather(self, heard: Heard, pipe: Pipe, size: int) -> None:
        batch = self._gathered[-1] if self._gathered else None
        if batch is None or batch.pipe is not pipe or len(batch.messages) >= BATCH:
            batch = Batch(pipe)
            self._gathered.append(batch)
            self._order.append(batch)
        batch.messages += heard.messages
        batch.acknowledgement += heard.acknowledgement
        batch.size += size
        self.heard += len(heard.messages)
        self._messages += len(heard.messages)
        self._bytes += size

    def acknowledgements(self, pipe: Pipe) -> bytes:
        """What is to be sent now on ``pipe``; of older connections nothing."""
        ready = []
        with self._lock:
            while self._order and self._order[0].done:
                batch = self._order.popleft()
                if batch.pipe is pipe and not pipe.spoiled:
                    ready.append(batch.acknowledgement)
        told = b"".join(ready)
        self.acknowledged += len(told) // 4
        return told

    @property
    def waiting(self) -> int:
        """Messages that were handed over and are not done with."""
        return self._messages

    # -- the reactor ------------------------------------------------------------------

    def idle(self) -> Deferred[None]:
        """Fires when everything that was handed over is done with."""
        with self._lock:
            if not self._messages and not self._gathered:
                return succeed(None)
            waiting: Deferred[None] = Deferred()
            self._waiting.append(waiting)
        return waiting

    def _deliver(self) -> None:
        with self._lock:
            batches, self._gathered = self._gathered, []
            self._called = False
        for batch in batches:
            done = maybeDeferred(self._inbox, batch.messages)
            done.addErrback(self._not_kept, batch)
            done.addCallback(self._finished, batch)
            done.addErrback(lambda failure: self._log.failure("acknowledging failed", failure))

    def _not_kept(self, failure: Any, batch: Batch) -> None:
        batch.pipe.spoiled = True
        self.failed += len(batch.messages)
        self._log.failure(
            "{count} messages were not kept: the broker will be asked for them again",
            failure, count=len(batch.messages),
        )

    def _finished(self, _: Any, batch: Batch) -> None:
        with self._lock:
            batch.done = True
            self._messages -= len(batch.messages)
            self._bytes -= batch.size
            tell = self._order[0].done
            waiting: list[Deferred[None]] = []
            if not self._messages:
                waiting, self._waiting = self._waiting, waiting
        if tell:
            self._wake()
        for each in waiting:
            each.callback(None)
