"""What waits for the store, on this machine's disk."""

from __future__ import annotations

import sqlite3
import stat
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

from twisted.logger import capturedLogs
from twisted.trial.unittest import SynchronousTestCase

from iotd.campus.batches import Batch
from iotd.campus.model import Heard
from iotd.campus.spool import CHUNK, FREE_PAGES, NAME, Spool
from iotd.errors import Unavailable
from iotd.store.errors import SchemaNewer
from tests.databases import in_new_process


def batch(*seqs: int, students: tuple[int, ...] = (7,)) -> Batch:
    """Messages with these numbers."""
    heard = [Heard("gate-1", "b1", seq, 10, 20, 0, 4, students, 0) for seq in seqs]
    return Batch(heard, {("2026-11-26", 8, "gate-1"): 2})


class SpoolTest(SynchronousTestCase):
    """A spool in a folder of its own."""

    def setUp(self) -> None:
        self.folder = Path(self.mktemp())
        self.path = self.folder / NAME
        self.spool = self.opened()

    def opened(self) -> Spool:
        """One more on the same file; closed at the end."""
        spool = Spool(self.path)
        spool.open()
        self.addCleanup(spool.close)
        return spool

    def seqs(self, spool: Spool, after: int = 0) -> list[int | None]:
        """The numbers of all messages that wait."""
        return [one.seq for _, each in spool.read(after, 10**6, 10**9) for one in each.heard]


class SpoolTests(SpoolTest):
    """In order, once, and private."""

    def test_comes_back(self) -> None:
        """What was appended is there after a restart, with the same ids, in order."""
        ids = [self.spool.append(batch(n), at=n) for n in range(1, 4)]
        self.assertEqual(ids, sorted(ids))
        uuid, stats = self.spool.uuid, self.spool.stats()
        self.spool.close()
        again = self.opened()
        self.assertEqual(again.read(0, 10), [(id, batch(n)) for n, id in enumerate(ids, 1)])
        self.assertEqual((again.uuid, again.stats()[1:]), (uuid, stats[1:]))
        self.assertEqual(stats[1:], (3, 3, 1))

    def test_after_a_kill(self) -> None:
        """A process that dies right after append() leaves the batch on the disk."""
        script = (
            "import os, sys; from pathlib import Path\n"
            "from iotd.campus.spool import Spool\n"
            "from tests.campus.test_spool import batch\n"
            "spool = Spool(Path(sys.argv[1])); spool.open()\n"
            "for n in range(50): spool.append(batch(n), n)\n"
            "os.kill(os.getpid(), 9)\n"
        )
        self.assertEqual(in_new_process(script, self.folder / "other").returncode, -9)
        other = Spool(self.folder / "other")
        other.open()
        self.assertEqual(self.seqs(other), [*range(50)])
        other.close()

    def test_reading_goes_on_from_a_place(self) -> None:
        """So many batches, or about so many messages, behind an id."""
        ids = [self.spool.append(batch(*range(10)), 1) for _ in range(6)]
        self.assertEqual([id for id, _ in self.spool.read(ids[1], 2)], ids[2:4])
        self.assertEqual([id for id, _ in self.spool.read(0, 99, messages=25)], ids[:3])
        self.assertEqual(self.spool.read(ids[-1], 9), [])

    def test_done(self) -> None:
        """What is done goes with the next append or tidy(); ids are never used again."""
        ids = [self.spool.append(batch(n), n) for n in (1, 2, 3)]
        self.spool.done(ids[1])
        self.spool.done(ids[0])
        self.assertTrue(self.spool.untidy)
        new = self.spool.append(batch(4), 4)
        self.assertEqual(self.seqs(self.spool), [3, 4])
        self.assertEqual(self.spool.stats()[1:], (2, 2, 3))
        self.spool.done(new)
        self.spool.tidy()
        self.assertEqual(self.spool.stats()[1:], (0, 0, None))
        self.spool.close()
        self.assertGreater(self.opened().append(batch(5), 5), new)

    def test_done_at_close(self) -> None:
        """A stop leaves nothing behind that is done."""
        self.spool.done(self.spool.append(batch(1), 1))
        self.spool.close()
        self.assertEqual(self.opened().stats()[1:], (0, 0, None))

    def test_room_is_given_back(self) -> None:
        """After a long absence of the store the file shrinks again, a piece at a time."""
        last = 0
        several = batch(*range(5000))
        for _ in range(CHUNK + 9):
            last = self.spool.append(several, 1)
        large = self.spool.stats().bytes
        self.spool.done(last)
        for _ in range(20):
            self.spool.tidy()
        self.spool.close()
        self.assertGreater(large, 16 << 20)
        self.assertLess(self.path.stat().st_size, (FREE_PAGES + 100) * 4096)

    def test_private(self) -> None:
        """Nobody else can read the file, its log or the reserve."""
        self.spool.append(batch(1), 1)
        found = {path.name: stat.S_IMODE(path.stat().st_mode) for path in self.folder.iterdir()}
        self.assertIn(NAME + "-wal", found)
        self.assertEqual(set(found.values()), {0o600})

    def test_deleted_is_gone(self) -> None:
        """What is done stands in no free page of the file, and after a stop in no log."""
        several = batch(*range(100), students=(987654321,))
        for _ in range(30):
            last = self.spool.append(several, 1)
        self.assertIn(b"987654321", self.bytes())
        self.spool.done(last)
        self.spool.close()
        self.assertNotIn(b"987654321", self.bytes())

    def test_forgotten(self) -> None:
        """Who is erased stands nowhere in the files at once; all messages stay."""
        self.spool.replace_known({"aa" * 32: (987654321, None), "bb" * 32: (5, None)})
        for n in range(CHUNK + 20):
            self.spool.append(batch(n, students=(5, 987654321)[n % 2:]), 1)
        self.spool.forget([987654321])
        self.assertNotIn(b"987654321", self.bytes())
        self.assertNotIn(b"aa" * 32, self.bytes())
        self.assertEqual(self.spool.known(), {"bb" * 32: (5, None)})
        self.assertEqual(self.seqs(self.spool), [*range(CHUNK + 20)])
        left = {one.students for _, each in self.spool.read(0, 999) for one in each.heard}
        self.assertEqual(left, {(), (5,)})

    def test_two_threads(self) -> None:
        """One appends, one reads: nobody waits for ever, nothing is missed or doubled."""
        def append() -> None:
            for n in range(100):
                self.spool.append(batch(n), n)

        writing = threading.Thread(target=append)
        writing.start()
        found: list[int | None] = []
        place = 0
        alive = True
        while alive:
            alive = writing.is_alive()
            for place, each in self.spool.read(place, 7):
                found += [one.seq for one in each.heard]
                self.spool.done(place)
        self.assertEqual(found, [*range(100)])

    def test_identifiers_and_gates(self) -> None:
        """Both are there after a restart; a register that was never told is None."""
        self.assertEqual((self.spool.known(), self.spool.gates()), (None, None))
        self.spool.replace_known({"aa": (1, None), "bb": (2, 9)})
        self.spool.change_known({"cc": (3, 4), "bb": (2, None)}, ["aa", "bb"])
        self.spool.save_gates("[1]")
        self.spool.save_gates("[2]")
        self.spool.close()
        again = self.opened()
        self.assertEqual(again.known(), {"bb": (2, None), "cc": (3, 4)})
        self.assertEqual(again.gates(), "[2]")
        again.replace_known({})
        self.assertEqual(again.known(), {})

    def test_not_open(self) -> None:
        """Before open() and after close() everything says so."""
        spool = Spool(self.folder / "other")
        for call in (lambda: spool.append(batch(1), 1), lambda: spool.read(0, 1), spool.known):
            self.assertRaises(Unavailable, call)
        spool.close()

    def bytes(self) -> bytes:
        """All that the spool's files hold."""
        return b"".join(path.read_bytes() for path in self.folder.iterdir())


class DamageTests(SpoolTest):
    """Files that are not as they should be."""

    def damaged(self, damage: Any) -> Spool:
        """A new spool on what ``damage(path)`` left of one with a batch; the log names it."""
        self.spool.append(batch(1), 1)
        self.spool.close()
        damage(self.path)
        with capturedLogs() as logs:
            spool = self.opened()
        lines = [event for event in logs if event["log_level"].name == "error"]
        self.assertEqual(len(lines), 1)
        self.assertIn(str(self.path), lines[0]["path"])
        self.assertTrue(Path(lines[0]["aside"]).exists())
        return spool

    def test_moved_aside(self) -> None:
        """Rubbish, a cut, an overwritten file, one of others: aside, and begun anew."""
        def overwritten(path: Path) -> None:
            path.write_bytes(path.read_bytes()[:4096] + b"\xa5" * 8192)

        def others(path: Path) -> None:
            path.unlink()
            with closing(sqlite3.connect(path)) as connection:
                connection.executescript("CREATE TABLE t (a); PRAGMA user_version = 1")

        def lacking(path: Path) -> None:
            with closing(sqlite3.connect(path)) as connection:
                connection.executescript("DROP TABLE batches")

        def nameless(path: Path) -> None:
            with closing(sqlite3.connect(path)) as connection:
                connection.executescript("DELETE FROM facts")

        for number, damage in enumerate((
            lambda path: path.write_bytes(b"rubbish" * 1000), overwritten, others, lacking,
            nameless, lambda path: path.write_bytes(path.read_bytes()[:5000]),
        ), 1):
            uuid = self.spool.uuid
            self.spool = self.damaged(damage)
            self.assertEqual(self.spool.read(0, 9), [])
            self.assertNotEqual(self.spool.uuid, uuid)
            self.spool.append(batch(2), 1)
            self.assertEqual(self.seqs(self.spool), [2])
            aside = [path for path in self.folder.glob(NAME + ".damaged-*")
                     if not path.name.endswith(("-wal", "-shm"))]
            self.assertEqual(len(aside), number)

    def test_log_without_its_file(self) -> None:
        """A log whose database is gone is not replayed over a new one."""
        self.spool.append(batch(1), 1)
        log = self.folder / f"{NAME}-wal"
        kept = log.read_bytes()
        self.assertTrue(kept)
        self.spool.close()
        self.path.unlink()
        log.write_bytes(kept)
        with capturedLogs() as logs:
            spool = self.opened()
        self.assertEqual(spool.read(0, 9), [])
        self.assertEqual([event["log_level"].name for event in logs], ["error"])

    def test_while_it_runs(self) -> None:
        """A file that breaks under way is begun anew by the next append; ids go on, also
        when nothing was appended since the start."""
        ids = [self.spool.append(batch(*range(n, n + 500)), 1) for n in range(9)]
        self.spool.close()
        self.spool = self.opened()
        size = self.path.stat().st_size
        with open(self.path, "r+b") as file:
            file.write(b"\xa5" * size)
        with self.spool._access.writing() as connection:
            connection.execute("PRAGMA shrink_memory")  # or it would not look
        uuid = self.spool.uuid
        with capturedLogs() as logs:
            new = self.spool.append(batch(1), 1)
        self.assertEqual(len([e for e in logs if e["log_level"].name == "error"]), 1)
        self.assertGreater(new, ids[-1])
        self.assertNotEqual(self.spool.uuid, uuid)
        self.spool.done(ids[-1])
        self.spool.append(batch(2), 1)
        self.assertEqual(self.seqs(self.spool), [1, 2])

    def test_one_bad_batch(self) -> None:
        """A batch that can't be read is empty, with a line in the log; the next is there."""
        ids = [self.spool.append(batch(n), 1) for n in (1, 2)]
        with self.spool._access.transaction() as connection:
            connection.execute("UPDATE batches SET body = '[[1' WHERE id = ?", (ids[0],))
        with capturedLogs() as logs:
            self.assertEqual(self.spool.read(0, 9), [(ids[0], Batch()), (ids[1], batch(2))])
            self.spool.forget([7])
        self.assertEqual({event["log_level"].name for event in logs}, {"error"})

    def test_newer(self) -> None:
        """A newer iotd's file is refused, and left as it is."""
        self.spool.close()
        with closing(sqlite3.connect(self.path)) as connection:
            connection.execute("PRAGMA user_version = 2")
        self.assertRaises(SchemaNewer, Spool(self.path).open)

    def test_folder_of_others(self) -> None:
        """A place that can't be used is told in words."""
        file = self.folder / "file"
        file.write_bytes(b"")
        refused = self.assertRaises(Unavailable, Spool(file / NAME).open)
        self.assertIn(str(file), str(refused))
