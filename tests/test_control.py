"""The commands, and the private socket on which a daemon performs them."""

from __future__ import annotations

import json
import os
import socket
import stat
from pathlib import Path
from typing import Any, Callable

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import SynchronousTestCase, TestCase

from iotd.control import COMMANDS, perform, person
from iotd.control_socket import CALLERS, Caller, ControlFactory, ControlSocket
from iotd.data_dir import DataLock, socket_address
from iotd.errors import Invalid, NotFound, Unavailable
from tests.fake_parts import KEY, SECRET, FakeParts

ME = person(os.geteuid())
ADD = {"command": "user add", "args": {"name": "ada", "role": "admin", "password": "pass words"}}


class SocketTransport(StringTransport):
    """A StringTransport whose other end is a user whom the kernel knows."""

    def __init__(self) -> None:
        super().__init__()
        self._pair = socket.socketpair()

    def getHandle(self) -> socket.socket:
        """The socket to ask for credentials."""
        return self._pair[0]

    def shut(self) -> None:
        """Close the sockets."""
        for each in self._pair:
            each.close()


class Commands(SynchronousTestCase):
    """The table, without a socket."""

    def perform(self, command: str, **args: Any) -> Any:
        """What a command gives on new parts."""
        self.parts = FakeParts()
        work = perform(self.parts, command, args, "me")
        return self.successResultOf(Deferred.fromCoroutine(work))

    def refused(self, kind: type[Exception], command: str, **args: Any) -> str:
        """What a refused command says."""
        work = Deferred.fromCoroutine(perform(FakeParts(), command, args, "me"))
        return str(self.failureResultOf(work, kind).value)

    def test_accounts(self) -> None:
        """Commands on people and tokens reach accounts with who asked."""
        self.perform("user add", name="ada", role="admin")
        self.assertEqual(self.parts.accounts.calls, [("add_user", "ada", "admin", None, "me")])
        self.assertEqual(self.perform("user list"), [])
        self.assertEqual(self.perform("token add", name="t", role="viewer")["secret"], SECRET)

    def test_devices(self) -> None:
        """Commands on devices reach the registry with who asked."""
        self.assertEqual(self.perform("device list")[0]["id"], "cam-1")
        self.assertEqual(self.perform("device key", id="gate-1", kind="gate"), KEY)
        self.assertEqual(self.parts.registry.calls, [("make_key", "gate-1", "gate", "me")])
        self.perform("device approve", id="cab-2", same_as="cab")
        self.assertEqual(self.parts.registry.calls, [("approve", "cab-2", None, "cab", "me")])
        self.perform("device revoke", id="cab")
        self.assertEqual(self.parts.registry.calls, [("revoke", "cab", "me")])

    def test_what_is_no_command(self) -> None:
        """Unknown commands, missing, unknown and untextual arguments are told apart."""
        self.assertEqual(self.refused(NotFound, "fly"), "There is no command 'fly'.")
        told = self.refused(Invalid, "device revoke")
        self.assertEqual(told, "device revoke: missing a required argument: 'id'.")
        told = self.refused(Invalid, "user list", colour="red")
        self.assertEqual(told, "user list: got an unexpected keyword argument 'colour'.")
        told = self.refused(Invalid, "device revoke", id=["x"])
        self.assertEqual(told, "device revoke: id is no text.")
        self.assertIn("by", self.refused(Invalid, "user list", by="root"))

    def test_every_command_says_what_it_does(self) -> None:
        """Each function of the table has one sentence."""
        self.assertTrue(all(function.__doc__ for function in COMMANDS.values()))

    def test_a_user_without_a_name(self) -> None:
        """The audit names a user that this machine doesn't know by number."""
        self.assertEqual(person(3999999999), "cli:3999999999")


class Callers(SynchronousTestCase):
    """One connection, in memory."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.parts = FakeParts()
        self.factory = ControlFactory(self.clock, self.parts)
        self.addCleanup(lambda: self.assertEqual(self.clock.getDelayedCalls(), []))

    def caller(self) -> tuple[Caller, SocketTransport]:
        """A new connection."""
        caller = self.factory.buildProtocol(None)
        assert caller is not None
        transport = SocketTransport()
        self.addCleanup(transport.shut)
        self.addCleanup(caller.connectionLost)
        caller.makeConnection(transport)
        return caller, transport

    def said(self, transport: SocketTransport) -> list[Any]:
        """The answers so far."""
        return [json.loads(line) for line in transport.value().splitlines()]

    def test_a_line_is_answered_however_it_is_cut(self) -> None:
        """A command may come byte by byte and is answered once."""
        caller, transport = self.caller()
        for byte in json.dumps(ADD).encode() + b"\n":
            caller.dataReceived(bytes([byte]))
        self.assertEqual(self.said(transport), [{"ok": {"id": 1, "name": "ada", "role": "admin"}}])
        call = ("add_user", "ada", "admin", "pass words", ME)
        self.assertEqual(self.parts.accounts.calls, [call])

    def test_commands_are_performed_in_turn(self) -> None:
        """A second command waits for the first one's answer."""
        self.parts.accounts.gate = gate = Deferred()
        caller, transport = self.caller()
        caller.dataReceived(json.dumps(ADD).encode() + b'\n{"command": "user list"}\n')
        self.assertEqual(self.said(transport), [])
        gate.callback(None)
        self.assertEqual([len(answer["ok"]) for answer in self.said(transport)], [3, 1])

    def test_errors_carry_kind_and_field(self) -> None:
        """A refusal comes back as its kind, its sentence and the field."""
        caller, transport = self.caller()
        caller.dataReceived(b'{"command": "user reset", "args": {"name": "eve"}}\n')
        told = {"kind": "NotFound", "message": "There is no user eve.", "field": "name"}
        self.assertEqual(self.said(transport), [{"error": told}])

    def test_a_fault_of_ours_is_logged_and_not_told(self) -> None:
        """What goes wrong inside is in the log; the caller hears where to look."""
        caller, transport = self.caller()
        caller.dataReceived(b'{"command": "user reset", "args": {"name": "boom"}}\n')
        self.assertEqual(self.said(transport)[0]["error"]["kind"], "Internal")
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)

    def test_lines_that_are_no_command(self) -> None:
        """Rubbish is refused line by line and the connection stays."""
        caller, transport = self.caller()
        lines = [b"", b"x", b"[]", b"{}", b"3", b'"command"', b"\xff", b"[" * 9000]
        lines += [b'{"command": 3}', b'{"command": "user list", "args": []}']
        caller.dataReceived(b"\n".join(lines) + b"\n")
        kinds = {answer["error"]["kind"] for answer in self.said(transport)}
        self.assertEqual((kinds, len(self.said(transport))), ({"Invalid"}, len(lines)))
        self.assertFalse(transport.disconnecting)

    def test_a_line_without_end_is_cut_off(self) -> None:
        """More than 64 KiB without a line end closes the connection with one answer."""
        caller, transport = self.caller()
        caller.dataReceived(b"x" * 65536)
        self.assertEqual(self.said(transport), [])
        caller.dataReceived(b"x" * 65536)
        caller.dataReceived(b"x" * 65536 + b"\n" + json.dumps(ADD).encode() + b"\n")
        self.assertIn("longer than 65536 bytes", self.said(transport)[0]["error"]["message"])
        self.assertEqual((len(self.said(transport)), transport.disconnecting), (1, True))
        self.assertEqual(self.parts.accounts.calls, [])

    def test_silence_is_cut_off(self) -> None:
        """Ten seconds without a whole line close the connection; a command renews them."""
        caller, transport = self.caller()
        self.clock.advance(9)
        caller.dataReceived(b'{"command": "user list"}\n{"com')
        self.clock.advance(9.5)
        self.assertFalse(transport.disconnecting)
        self.clock.advance(0.5)
        self.assertTrue(transport.disconnecting)
        self.assertIn("No command came", self.said(transport)[1]["error"]["message"])

    def test_a_slow_command_has_no_deadline(self) -> None:
        """While a command is performed the caller may wait."""
        self.parts.accounts.gate = gate = Deferred()
        caller, transport = self.caller()
        caller.dataReceived(json.dumps(ADD).encode() + b"\n")
        self.clock.advance(60)
        gate.callback(None)
        self.assertEqual(self.said(transport)[0]["ok"]["name"], "ada")

    def test_another_user_is_refused(self) -> None:
        """Whoever is neither root nor the daemon's user is told so and not heard."""
        self.patch(os, "geteuid", lambda: 4711)
        self.patch(socket.socket, "getsockopt", lambda *_: b"\0" * 4 + b"\1\1\0\0" + b"\0" * 4)
        caller, transport = self.caller()
        caller.dataReceived(json.dumps(ADD).encode() + b"\n")
        self.assertEqual(self.said(transport)[0]["error"]["kind"], "Denied")
        self.assertEqual((transport.disconnecting, self.parts.accounts.calls), (True, []))

    def test_sixteen_callers_at_once(self) -> None:
        """A seventeenth caller is turned away, and let in when one left."""
        callers = [self.caller()[0] for _ in range(CALLERS)]
        self.assertIsNone(self.factory.buildProtocol(None))
        callers[0].connectionLost()
        self.assertIsNotNone(self.factory.buildProtocol(None))


class Sockets(TestCase):
    """A real socket in a real folder."""

    def setUp(self) -> None:
        self.data_dir = Path(self.mktemp()).absolute()
        self.data_dir.mkdir()
        self.parts = FakeParts()

    def served(self, data_dir: Path) -> ControlSocket:
        """A started socket, stopped after the test."""
        control = ControlSocket(reactor, data_dir, self.parts)
        control.start()
        self.addCleanup(lambda: Deferred.fromCoroutine(control.stop()))
        return control

    async def asked(self, data_dir: Path, line: bytes) -> Any:
        """The answer to one line over a plain socket."""
        return json.loads(await deferToThread(_ask, data_dir, line))

    async def test_only_the_owner_may_open_it(self) -> None:
        """The socket's file has mode 0600."""
        self.served(self.data_dir)
        mode = (self.data_dir / "control.sock").stat().st_mode
        self.assertEqual((stat.S_ISSOCK(mode), stat.S_IMODE(mode)), (True, 0o600))
        self.assertEqual(await self.asked(self.data_dir, b'{"command": "user list"}'), {"ok": []})

    async def test_folders_with_long_names(self) -> None:
        """A folder whose path is longer than a socket's name may be still works."""
        folder = self.data_dir / ("d" * 120)
        folder.mkdir()
        self.served(folder)
        self.assertEqual(await self.asked(folder, b'{"command": "user list"}'), {"ok": []})

    async def test_a_stale_socket_is_replaced(self) -> None:
        """What a daemon that died left behind is no hindrance."""
        with socket_address(self.data_dir) as address, socket.socket(socket.AF_UNIX) as dead:
            dead.bind(address)
        self.served(self.data_dir)
        self.assertEqual(await self.asked(self.data_dir, b'{"command": "user list"}'), {"ok": []})

    def test_another_file_is_left_alone(self) -> None:
        """A file of that name that is no socket is not removed."""
        (self.data_dir / "control.sock").write_text("mine")
        control = ControlSocket(reactor, self.data_dir, self.parts)
        self.assertRaises(Unavailable, control.start)
        self.assertEqual((self.data_dir / "control.sock").read_text(), "mine")

    async def test_stopping_waits_for_the_answer(self) -> None:
        """A command that runs when the daemon stops still gives its answer."""
        control = self.served(self.data_dir)
        self.parts.accounts.gate = gate = Deferred()
        answer = deferToThread(_ask, self.data_dir, json.dumps(ADD).encode())
        await _until(lambda: bool(self.parts.accounts.calls))
        stopped = Deferred.fromCoroutine(control.stop())
        self.assertNoResult(stopped)
        gate.callback(None)
        await stopped
        self.assertEqual(json.loads(await answer)["ok"]["name"], "ada")
        self.assertFalse((self.data_dir / "control.sock").exists())

    async def test_stopping_without_the_file(self) -> None:
        """The socket stops cleanly though somebody removed its file, and twice."""
        control = self.served(self.data_dir)
        (self.data_dir / "control.sock").unlink()
        await control.stop()
        await control.stop()


class Locks(SynchronousTestCase):
    """One process at a time."""

    def setUp(self) -> None:
        self.data_dir = Path(self.mktemp()) / "deep" / "var"

    def test_the_folder_is_made_private(self) -> None:
        """The first lock makes the folder, for its owner alone."""
        lock = DataLock(self.data_dir)
        lock.acquire()
        self.addCleanup(lock.release)
        self.assertEqual(stat.S_IMODE(self.data_dir.stat().st_mode), 0o700)
        self.assertEqual(stat.S_IMODE((self.data_dir / "daemon.lock").stat().st_mode), 0o600)

    def test_a_second_one_is_refused_by_name(self) -> None:
        """Whoever comes second is told which process has the folder."""
        first, second = DataLock(self.data_dir), DataLock(self.data_dir)
        first.acquire()
        told = str(self.assertRaises(Unavailable, second.acquire))
        self.assertEqual(told, f"{self.data_dir} is in use by another iotd, process {os.getpid()}.")
        first.release()
        second.acquire()
        second.release()
        second.release()

    def test_waiting_for_it(self) -> None:
        """A lock that is given back while one waits is taken."""
        first, second = DataLock(self.data_dir), DataLock(self.data_dir)
        first.acquire()
        naps: list[float] = []

        def sleep(seconds: float) -> None:
            naps.append(seconds)
            if len(naps) == 3:
                first.release()

        second.acquire(wait=5.0, sleep=sleep)
        self.addCleanup(second.release)
        self.assertEqual(naps, [0.1] * 3)

    def test_a_folder_that_cannot_be_made(self) -> None:
        """A path through a file is told as what it is."""
        told = str(self.assertRaises(Unavailable, DataLock(Path("/etc/passwd/var")).acquire))
        self.assertIn("/etc/passwd/var can't be used: ", told)


def _ask(data_dir: Path, line: bytes) -> bytes:
    with socket_address(data_dir) as address, socket.socket(socket.AF_UNIX) as caller:
        caller.settimeout(20)
        caller.connect(address)
        caller.sendall(line + b"\n")
        return caller.makefile("rb").readline()


async def _until(true: Callable[[], bool]) -> None:
    while not true():
        turn: Deferred[None] = Deferred()
        reactor.callLater(0, turn.callback, None)  # type: ignore[attr-defined]
        await turn
