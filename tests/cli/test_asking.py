"""Who performs a command: the running daemon, or the command itself."""

from __future__ import annotations

import os
import socket
import threading
from pathlib import Path

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThread

from iotd.cli import asking
from iotd.config import Config
from iotd.control_socket import ControlSocket
from iotd.data_dir import DataLock, socket_address
from iotd.store.errors import SchemaNewer
from tests.cli.command import CommandCase, Said
from tests.fake_parts import FakeParts


class WithDaemon(CommandCase):
    """A socket in the folder, as a daemon opens one."""

    def setUp(self) -> None:
        super().setUp()
        self.running = FakeParts()
        self.lock = DataLock(self.data_dir)
        self.lock.acquire()
        self.addCleanup(self.lock.release)
        self.control = ControlSocket(reactor, self.data_dir, self.running)
        self.control.start()
        self.addCleanup(lambda: Deferred.fromCoroutine(self.control.stop()))

    async def beside(self, *args: str) -> Said:
        """A command's words, while the daemon's reactor runs."""
        return await deferToThread(self.iotd, *args)

    async def test_the_daemon_does_it(self) -> None:
        """A running daemon performs the command; nothing is opened beside it."""
        said = await self.beside("user", "add", "bob", "--role", "viewer")
        self.assertEqual((said.code, said.out), (0, "made-up-words\n"))
        self.assertEqual(list(self.running.accounts.people), ["bob"])
        self.assertEqual((self.parts.accounts.calls, self.parts.closed), ([], False))

    async def test_its_refusals_are_ours(self) -> None:
        """What the daemon refuses is told in its words."""
        said = await self.beside("user", "reset", "eve")
        self.assertEqual((said.code, said.err), (1, "There is no user eve.\n"))

    async def test_its_faults_are_in_its_log(self) -> None:
        """A fault inside the daemon ends the command with 1 and says where to look."""
        said = await self.beside("user", "reset", "boom")
        self.assertEqual(said.code, 1)
        self.assertEqual(said.err, "The daemon failed at this; its log says why.\n")
        self.flushLoggedErrors(ZeroDivisionError)


class WithoutDaemon(CommandCase):
    """Nobody answers in the folder."""

    def test_a_socket_that_nobody_answers(self) -> None:
        """A socket left by a daemon that died is as good as none."""
        self.data_dir.mkdir()
        with socket_address(self.data_dir) as address, socket.socket(socket.AF_UNIX) as dead:
            dead.bind(address)
        self.assertEqual(self.iotd("user", "list").code, 0)
        self.assertTrue(self.parts.closed)

    def test_a_folder_in_use_without_an_answer(self) -> None:
        """A folder that is locked by one who doesn't answer is left alone, with 75."""
        lock = DataLock(self.data_dir)
        lock.acquire()
        self.addCleanup(lock.release)
        said = self.iotd("user", "list")
        self.assertEqual(said.code, 75)
        self.assertEqual(
            said.err,
            f"{self.data_dir} is in use by another iotd, process {os.getpid()}."
            " It doesn't answer; try again.\n",
        )
        self.assertFalse(self.parts.closed)

    def test_the_folder_is_free_afterwards(self) -> None:
        """The lock ends with the command, also with one that was refused."""
        self.iotd("user", "reset", "eve")
        lock = DataLock(self.data_dir)
        lock.acquire()
        lock.release()

    def test_a_folder_that_cannot_be_used(self) -> None:
        """A path through a file is told at once, without waiting for anybody."""
        self.data_dir = Path("/etc/passwd/var")
        self.surroundings.turn_seconds = 60.0
        said = self.iotd("user", "list")
        self.assertEqual(said.code, 75)
        self.assertIn("/etc/passwd/var can't be used", said.err)

    def test_a_store_that_is_newer(self) -> None:
        """What keeps the store shut is told as one sentence with its own code."""
        def refuse(config: Config, reactor: object) -> FakeParts:
            raise SchemaNewer("A newer iotd wrote this.")

        self.surroundings.open_parts = refuse
        said = self.iotd("user", "list")
        self.assertEqual((said.code, said.err), (4, "A newer iotd wrote this.\n"))

    def test_an_interrupt(self) -> None:
        """An interrupt while the command works ends it with 130."""
        def interrupted(work: object) -> None:
            raise SystemExit(0)  # as task.react does when the reactor was stopped

        self.surroundings.react = interrupted
        ended = self.assertRaises(SystemExit, self.iotd, "user", "list")
        self.assertEqual(ended.code, 130)


class BadDaemons(CommandCase):
    """Somebody listens and does not answer as a daemon does."""

    def serve(self, answer: bytes) -> None:
        """Accept one caller, hear a line, say ``answer`` and close."""
        self.data_dir.mkdir()
        server = socket.socket(socket.AF_UNIX)
        self.addCleanup(server.close)
        with socket_address(self.data_dir) as address:
            server.bind(address)
        server.listen()

        def once() -> None:
            caller, _ = server.accept()
            with caller, caller.makefile("rb") as heard:
                heard.readline()
                caller.sendall(answer)

        thread = threading.Thread(target=once)
        thread.start()
        self.addCleanup(thread.join)

    def test_it_dies_before_it_answers(self) -> None:
        """A daemon that goes away half-way leaves the outcome open, and says so."""
        self.serve(b'{"ok": ')
        said = self.iotd("user", "list")
        self.assertEqual(said.code, 75)
        self.assertIn("The daemon stopped before it answered", said.err)

    def test_it_takes_too_long(self) -> None:
        """A daemon that does not answer in time may still do it, and that is said."""
        self.patch(asking, "ANSWER_SECONDS", 0.05)
        self.data_dir.mkdir()
        server = socket.socket(socket.AF_UNIX)
        self.addCleanup(server.close)
        with socket_address(self.data_dir) as address:
            server.bind(address)
        server.listen()
        said = self.iotd("user", "list")
        self.assertEqual(said.code, 75)
        self.assertIn("did not answer in 0.05 seconds; it may still do this", said.err)


class Owners(CommandCase):
    """Root at work in the folder of the daemon's user."""

    def setUp(self) -> None:
        super().setUp()
        self.became: list[tuple[str, object]] = []
        for name in ("setgroups", "setgid", "setuid"):
            self.patch(os, name, lambda who, name=name: self.became.append((name, who)))
        self.data_dir.mkdir()
        if os.geteuid() == 0:
            os.chown(self.data_dir, 4711, 4712)
        self.patch(os, "geteuid", lambda: 0)

    def test_root_works_as_the_owner(self) -> None:
        """Root gives up its rights, in the right order, before it makes any file."""
        owner = self.data_dir.stat()
        self.iotd("user", "list")
        self.assertEqual(
            self.became[:3],
            [("setgroups", []), ("setgid", owner.st_gid), ("setuid", owner.st_uid)],
        )

    def test_nobody_else_becomes_anybody(self) -> None:
        """Any other user stays who they are."""
        self.patch(os, "geteuid", lambda: 1000)
        self.iotd("user", "list")
        self.assertEqual(self.became, [])
