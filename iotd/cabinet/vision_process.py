"""The daemon's side of one vision worker: a process from its start to its end."""

from __future__ import annotations

from typing import Any, Callable

from twisted.internet.defer import Deferred
from twisted.internet.error import ProcessExitedAlready
from twisted.internet.protocol import ProcessProtocol
from twisted.logger import Logger

from iotd import child
from iotd.cabinet.vision_messages import BadMessage, MessageReader, encode

COMMAND = child.command("iotd.cabinet.vision_worker")
END_PATIENCE = 2.0  # seconds from closing its stdin to SIGKILL

_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class VisionProcess(ProcessProtocol):
    """One worker; ``heard(self, head)`` for each answer, ``gone(self, how)`` once at its end."""

    _log = Logger()
    transport: Any

    def __init__(
        self, heard: Callable[[VisionProcess, dict[str, Any]], None],
        gone: Callable[[VisionProcess, str], None],
    ) -> None:
        self._heard, self._gone = heard, gone
        self._reader = MessageReader()
        self._late: Any = None
        self._waits: list[Deferred[None]] = []
        self._said = b""

    @property
    def pid(self) -> int | None:
        """Its process id while it runs."""
        return getattr(self.transport, "pid", None)

    def send(self, head: dict[str, Any], data: bytes = b"") -> None:
        """One message; BadMessage when it is too long."""
        self.transport.write(encode(head, data))

    def kill(self) -> None:
        """End it at once, whatever it does; also a stopped one."""
        try:
            self.transport.signalProcess("KILL")
        except ProcessExitedAlready:
            pass

    def close(self, clock: Any) -> None:
        """Let it end by itself, and make it end after some seconds."""
        self.transport.closeStdin()
        self._late = clock.callLater(END_PATIENCE, self.kill)

    def ended(self) -> Deferred[None]:
        """Fires when it is gone."""
        waits: Deferred[None] = Deferred()
        self._waits.append(waits)
        return waits

    def outReceived(self, data: bytes) -> None:
        """Bytes of its stdout: answers."""
        try:
            for head, _ in self._reader.receive(data):
                self._heard(self, head)
        except BadMessage as error:
            self._log.error("the vision worker is not understood: {error}", error=str(error))
            self.kill()

    def errReceived(self, data: bytes) -> None:
        """What libraries print; its end is told when the process dies."""
        self._said = (self._said + data)[-500:]

    def processEnded(self, reason: Any) -> None:
        """It is gone, and all its pipes are closed."""
        how = child.how_it_ended(reason.value)
        said = self._said.decode(errors="replace").strip()
        self._log.debug("the vision worker ended: {how} {said}", how=how, said=said)
        self._gone(self, f"{how}: {said}" if said else how)
        if self._late is not None and self._late.active():
            self._late.cancel()
        for waits in self._waits:
            waits.callback(None)


def spawn(reactor: Any, process: VisionProcess, command: tuple[str, ...] = COMMAND) -> None:
    """Start a worker that answers to ``process``."""
    child.spawn(reactor, process, command, {name: "1" for name in _ONE_THREAD})
