"""The private socket on which a daemon performs commands for the command line.

One JSON object a line: ``{"command": "user add", "args": {"name": "ada", ...}}``
is answered ``{"ok": result}`` or ``{"error": {"kind", "message", "field"}}``.
"""

from __future__ import annotations

import json
import os
import socket
import stat
import struct
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred, DeferredList, DeferredLock
from twisted.internet.interfaces import IAddress, IListeningPort
from twisted.internet.protocol import ServerFactory
from twisted.logger import Logger
from twisted.protocols.basic import LineOnlyReceiver
from twisted.python.failure import Failure

from iotd.control import Parts, perform, person
from iotd.data_dir import SOCKET, socket_address
from iotd.errors import Invalid, IotdError, Unavailable

LINE_BYTES = 64 * 1024
LINE_SECONDS = 10.0  # for a line to be complete, from connecting or from the last answer
CALLERS = 16


class ControlSocket:
    """Listens in the daemon's folder; hold the folder's DataLock before starting it."""

    def __init__(self, reactor: Any, data_dir: Path, parts: Parts) -> None:
        self._reactor = reactor
        self._path = data_dir / SOCKET
        self._factory = ControlFactory(reactor, parts)
        self._port: IListeningPort | None = None
        self._address = ExitStack()

    def start(self) -> None:
        """Begin to listen; a socket that a dead daemon left is removed."""
        if _is_socket(self._path):
            self._path.unlink()
        address = self._address.enter_context(socket_address(self._path.parent))
        # nobody else may connect even between bind and chmod
        before = os.umask(0o177)
        try:
            self._port = self._reactor.listenUNIX(
                address, self._factory, backlog=CALLERS, mode=0o600
            )
        except Exception as problem:
            self._address.close()
            raise Unavailable(f"{self._path} can't be listened on: {problem}.") from None
        finally:
            os.umask(before)

    async def stop(self) -> None:
        """Stop listening, and let commands that run give their answers."""
        if self._port is None:
            return
        port, self._port = self._port, None
        if not _is_socket(self._path):
            # Twisted's port removes its file and would stop half-way without it
            self._path.touch()
        await port.stopListening()  # type: ignore[misc]
        self._address.close()
        await DeferredList([caller.finish() for caller in tuple(self._factory.callers)])


class ControlFactory(ServerFactory):
    """The callers, sixteen at most."""

    noisy = False

    def __init__(self, clock: Any, parts: Parts) -> None:
        self.clock = clock
        self.parts = parts
        self.callers: set[Caller] = set()

    def buildProtocol(self, addr: IAddress | None) -> "Caller | None":
        """A conversation, unless too many run."""
        return Caller(self) if len(self.callers) < CALLERS else None


class Caller(LineOnlyReceiver):
    """One caller; its commands are performed one after the other."""

    delimiter = b"\n"
    MAX_LENGTH = LINE_BYTES
    transport: Any
    _log = Logger()

    def __init__(self, factory: ControlFactory) -> None:
        self._factory = factory
        self._turns = DeferredLock()
        self._deadline: Any = None
        self._by = ""  # nobody: what is said is not heard

    def connectionMade(self) -> None:
        """Hear only the daemon's own user and root."""
        self._factory.callers.add(self)
        uid = _uid_of(self.transport)
        if uid in (os.geteuid(), 0):
            self._by = person(uid)
            self._await_line()
            return
        self._log.warn("user {uid} may not use the control socket", uid=uid)
        self._refuse("Denied", "Only the daemon's own user and root may do this.")

    def lineReceived(self, line: bytes) -> None:
        """Perform it when those before it are done."""
        if self._by:
            self._no_deadline()
            turn = self._turns.run(lambda: Deferred.fromCoroutine(self._answer(line)))
            turn.addErrback(self._failed)

    def lineLengthExceeded(self, line: bytes) -> None:
        """Refuse what no command is as long as."""
        if self._by:
            self._refuse("Invalid", f"A line is longer than {LINE_BYTES} bytes.")

    def connectionLost(self, reason: Failure | None = None) -> None:
        """Forget the caller; what it asked for is done all the same."""
        self._no_deadline()
        self._by = ""
        self._factory.callers.discard(self)

    def finish(self) -> Deferred[None]:
        """Close after the answers that are due."""
        self._no_deadline()
        return self._turns.run(self.transport.loseConnection)

    async def _answer(self, line: bytes) -> None:
        try:
            command, args = _read(line)
            self._send({"ok": await perform(self._factory.parts, command, args, self._by)})
        except IotdError as problem:
            self._send(_error(type(problem).__name__, str(problem), problem.field))
        except Exception:
            self._log.failure("a command of {by} failed", by=self._by)
            self._send(_error("Internal", "The daemon failed at this; its log says why."))
        if self._by:
            self._await_line()

    def _send(self, answer: object) -> None:
        self.transport.write(json.dumps(answer).encode() + b"\n")

    def _refuse(self, kind: str, message: str) -> None:
        self._by = ""
        self._no_deadline()
        self._send(_error(kind, message))
        self.transport.loseConnection()

    def _await_line(self) -> None:
        self._no_deadline()
        self._deadline = self._factory.clock.callLater(LINE_SECONDS, self._too_late)

    def _too_late(self) -> None:
        self._deadline = None
        self._refuse("Invalid", f"No command came in {LINE_SECONDS:g} seconds.")

    def _no_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _failed(self, failure: Failure) -> None:
        self._log.failure("an answer could not be sent", failure=failure)
        self.transport.abortConnection()


def _read(line: bytes) -> tuple[str, dict[str, Any]]:
    try:
        data = json.loads(line)
        command, args = data["command"], data.get("args", {})
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise Invalid('A line is no {"command": ..., "args": {...}}.') from None
    if not isinstance(command, str) or not isinstance(args, dict):
        raise Invalid('A line is no {"command": ..., "args": {...}}.')
    return command, args


def _error(kind: str, message: str, field: str | None = None) -> dict[str, Any]:
    return {"error": {"kind": kind, "message": message, "field": field}}


def _uid_of(transport: Any) -> int:
    """The user at the other end; where the kernel doesn't tell, the file's mode guards."""
    if not hasattr(socket, "SO_PEERCRED"):
        return os.geteuid()
    size = struct.calcsize("3i")
    credentials = transport.getHandle().getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size)
    uid: int = struct.unpack("3i", credentials)[1]
    return uid


def _is_socket(path: Path) -> bool:
    try:
        return stat.S_ISSOCK(path.lstat().st_mode)
    except FileNotFoundError:
        return False
