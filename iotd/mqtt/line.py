"""The thread that keeps the connection to a broker: connects, listens, acknowledges, again."""

from __future__ import annotations

import os
import socket
import ssl
import time
from collections import deque
from threading import Thread
from typing import Any, Callable, NamedTuple, Protocol

from twisted.logger import Logger

from iotd.mqtt.handover import Handover
from iotd.mqtt.pipe import Pipe
from iotd.mqtt.retry import Retry
from iotd.mqtt.waker import Waker

TURN_SECONDS = 1.0
TO_PUBLISH = 1000  # messages that wait for a connection, at most


class ToPublish(NamedTuple):
    """A message of ours."""

    topic: str
    payload: bytes
    qos: int
    retain: bool


class Session(Protocol):
    """What a library does for a connection; every call is made on the line's thread."""

    up: bool  # signed in, and everything is subscribed
    why: str  # it is not, as far as is known

    def open(self) -> Pipe:
        """Connect anew; OSError or ValueError when that fails. May take some seconds."""

    @property
    def is_open(self) -> bool:
        """Whether the connection stands."""

    def write(self) -> None:
        """Pass what is to be sent to the pipe."""

    def read(self) -> None:
        """Take what came, and look at the time."""

    def publish(self, message: ToPublish) -> None:
        """Send a message."""

    def goodbye(self) -> None:
        """Leave in order."""


class Line:
    """``start``, then ``wake``, ``quiet``, ``publish`` and ``leave`` from any thread.

    ``lost(why)`` is called on the thread after each connection that ended or failed, and
    ``ended()`` at its end. ``handover`` is set before the start.
    """

    _log = Logger()
    handover: Handover

    def __init__(
        self, session: Session, lost: Callable[[str], None], ended: Callable[[], None],
    ) -> None:
        self._session, self._lost, self._ended = session, lost, ended
        self._waker, self._retry = Waker(), Retry()
        self._to_publish: deque[ToPublish] = deque()
        self._listening, self._leaving = True, False
        self._thread = Thread(target=self._run, name="mqtt", daemon=True)
        self.wake = self._waker.wake

    # -- from any thread --------------------------------------------------------------

    def start(self) -> None:
        """Connect, and go on until told to leave."""
        self._thread.start()

    def quiet(self) -> None:
        """Read no more; what was heard may still be acknowledged."""
        self._listening = False
        self.wake()

    def leave(self) -> None:
        """Send the acknowledgements that are ready, say goodbye and end."""
        self._leaving = True
        self.wake()

    def join(self) -> None:
        """After its end was told: the thread has nothing left to do."""
        self._thread.join(0.1)

    def publish(self, message: ToPublish) -> bool:
        """Queue a message for the broker; False when too many wait already."""
        if len(self._to_publish) >= TO_PUBLISH:
            return False
        self._to_publish.append(message)
        self.wake()
        return True

    # -- on the thread ----------------------------------------------------------------

    def _run(self) -> None:
        try:
            while not self._leaving:
                lived = self._serve()
                if not self._leaving:
                    self._lost(self._session.why or "the connection was lost")
                    self._pause(self._retry.delay(lived))
        finally:
            self._waker.close()
            self._ended()

    def _serve(self) -> float:
        """One connection from beginning to end; how long it was up. Never raises."""
        begun, session = time.monotonic(), self._session
        session.up, session.why = False, ""
        try:
            pipe = session.open()
            while session.is_open:
                self._turn(pipe)
            session.why = session.why or pipe.ended or ""
        except (OSError, ValueError) as fault:
            session.why = reason(fault)
        except Exception as fault:
            self._log.failure("the connection to the broker failed")
            session.why = type(fault).__name__
        lived, session.up = time.monotonic() - begun if session.up else 0.0, False
        return lived

    def _turn(self, pipe: Pipe) -> None:
        """Write what there is, wait, read what came."""
        session = self._session
        while session.up and self._to_publish:
            session.publish(self._to_publish.popleft())
        session.write()
        pipe.send(self.handover.acknowledgements(pipe))
        pipe.flush()
        if self._leaving or (pipe.spoiled and not self.handover.waiting):
            session.why = "what it sent could not be kept"
            session.goodbye()
            return
        if self._waker.wait(pipe, self._listening, TURN_SECONDS):
            heard = pipe.fill()
            if heard is not None and (heard.messages or heard.acknowledgement):
                self.handover.hear(heard, pipe)
        session.read()

    def _pause(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while not self._leaving and (left := end - time.monotonic()) > 0:
            self._waker.pause(left)


def reason(fault: Any) -> str:
    """Why a connection failed, for people."""
    if isinstance(fault, ssl.SSLCertVerificationError):
        return f"its certificate: {fault.verify_message}"
    if isinstance(fault, ssl.SSLError):
        return f"TLS: {fault.reason or fault}"
    if isinstance(fault, socket.gaierror):
        return f"its name has no address ({fault.strerror})"
    if isinstance(fault, TimeoutError):
        return "it did not answer in time"
    if isinstance(fault, OSError) and fault.errno:
        return os.strerror(fault.errno)
    return str(fault) or type(fault).__name__
