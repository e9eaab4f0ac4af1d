"""A broken database file is refused in words, and left exactly as it is."""

from __future__ import annotations

import random
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import insert
from twisted.trial.unittest import SynchronousTestCase

from iotd.accounts.records import audit
from iotd.store.engine import Store
from iotd.store.errors import StoreDamaged
from tests.databases import DatabaseTest

PAGE = 4096


def flip_bits(data: bytearray, dice: random.Random) -> None:
    for _ in range(dice.choice((1, 1, 1, 8, 64))):
        data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)


def flip_in_header(data: bytearray, dice: random.Random) -> None:
    data[dice.randrange(100)] ^= 1 << dice.randrange(8)


def flip_in_schema(data: bytearray, dice: random.Random) -> None:
    data[dice.randrange(100, 2 * PAGE)] ^= 1 << dice.randrange(8)


def truncate(data: bytearray, dice: random.Random) -> None:
    del data[dice.choice((0, 1, 99, 100, PAGE, dice.randrange(len(data)))):]


def zero_page(data: bytearray, dice: random.Random) -> None:
    start = PAGE * dice.randrange(len(data) // PAGE)
    data[start : start + PAGE] = bytes(PAGE)


def other_text(data: bytearray, dice: random.Random) -> None:
    data[:] = b"name,value\n" * dice.randrange(1, 2000)


DAMAGES = (flip_bits, flip_in_header, flip_in_schema, truncate, zero_page, other_text)


class DamagedFileTests(DatabaseTest, SynchronousTestCase):
    """Each kind of damage, by seed."""

    def setUp(self) -> None:
        store = self.new_store()
        row = {
            "at": 1.5, "who": "admin", "action": "x", "subject": "y", "detail": "z" * 500,
            "address": "", "result": "ok",
        }  # fmt: skip
        store.call(lambda connection: connection.execute(insert(audit), [row] * 300))
        self.successResultOf(store.close())
        self.sound = (self.data_dir() / "iotd.sqlite3").read_bytes()

    def damaged(self, number: int) -> tuple[Path, bytes]:
        """A data folder with damaged copy ``number``, and what is in it."""
        dice, data = random.Random(number), bytearray(self.sound)
        DAMAGES[number % len(DAMAGES)](data, dice)
        folder = self.data_dir() / str(number)
        folder.mkdir()
        (folder / "iotd.sqlite3").write_bytes(data)
        return folder, bytes(data)

    def test_damage_is_found_or_harmless(self) -> None:
        """Of 102 damaged copies each opens, or is refused by name and keeps every byte."""
        refused = 0
        for number in range(102):
            folder, data = self.damaged(number)
            store = Store(self.url(), folder)
            try:
                store.open()
            except StoreDamaged as error:
                refused += 1
                self.assertIn(str(folder / "iotd.sqlite3"), str(error))
                self.assertIn(str(folder / "backups"), str(error))
                self.assertEqual((folder / "iotd.sqlite3").read_bytes(), data, number)
            self.successResultOf(store.close())
            shutil.rmtree(folder)
        self.assertGreater(refused, 60)

    def test_database_of_another_program(self) -> None:
        """A sound SQLite file that is not iotd's is refused."""
        folder = self.data_dir() / "other"
        folder.mkdir()
        with closing(sqlite3.connect(folder / "iotd.sqlite3")) as other:
            other.execute("CREATE TABLE t (x)")
        refused = self.assertRaises(StoreDamaged, Store(self.url(), folder).open)
        self.assertIn("not iotd's", str(refused))

    def test_log_without_its_file(self) -> None:
        """A left-over log is never replayed over a new, empty database."""
        folder = self.data_dir() / "orphan"
        folder.mkdir()
        (folder / "iotd.sqlite3-wal").write_bytes(b"x" * 5000)
        refused = self.assertRaises(StoreDamaged, Store(self.url(), folder).open)
        self.assertIn("iotd.sqlite3-wal", str(refused))

    def test_log_of_a_crash_is_kept(self) -> None:
        """After a crash, what was committed to the log alone is there."""
        folder = self.data_dir() / "crash"
        folder.mkdir()
        with closing(sqlite3.connect(self.data_dir() / "iotd.sqlite3")) as busy:
            busy.execute("INSERT INTO facts VALUES ('f', 'v')")
            busy.commit()
            for name in ("iotd.sqlite3", "iotd.sqlite3-wal"):
                shutil.copy(self.data_dir() / name, folder)
        store = Store(self.url(), folder)
        store.open()
        self.assertEqual(store.call(first_fact), "v")
        self.successResultOf(store.close())


def first_fact(connection: object) -> object:
    return connection.exec_driver_sql("SELECT value FROM facts").scalar()  # type: ignore
