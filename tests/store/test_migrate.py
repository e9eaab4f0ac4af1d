"""From each schema to the next: made private, backed up first, whole or not at all."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from sqlalchemy import text
from twisted.logger import globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase

from iotd.store import migrate
from iotd.store.engine import Store
from iotd.store.errors import SchemaNewer, StoreDamaged, StoreUnavailable
from iotd.store.records import get_fact, put_fact
from tests.databases import CHECKOUT, DatabaseTest, MariaDB, in_new_process

STEP = '''
import os, signal
from alembic import op
import sqlalchemy as sa

revision, down_revision = "9999", "NEWEST"


def upgrade():
    for point in range(4):
        if os.environ.get("DIE_AT") == str(point):
            os.kill(os.getpid(), signal.SIGKILL)
        op.create_table(f"later{point}", sa.Column("id", sa.Integer, primary_key=True))
    op.execute("UPDATE facts SET value = 'upgraded'")
    if os.environ.get("DIE_AT") == "4":
        os.kill(os.getpid(), signal.SIGKILL)
'''

# what this program's own steps lead to
NEWEST = max(path.name[:4] for path in (migrate.FOLDER / "versions").glob("[0-9]*.py"))
STEP = STEP.replace("NEWEST", NEWEST)

OPEN = """
import sys
from pathlib import Path
from iotd.store.engine import Store
Store("sqlite:///iotd.sqlite3", Path(sys.argv[1]), None, Path(sys.argv[2])).open()
"""


def next_steps(folder: Path) -> Path:
    """This program's migrations and one more, in ``folder``."""
    steps = folder / "steps"
    shutil.copytree(migrate.FOLDER, steps, ignore=shutil.ignore_patterns("__pycache__"))
    (steps / "versions" / "9999_later.py").write_text(STEP)
    return steps


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


class NewFileTests(DatabaseTest, SynchronousTestCase):
    """A database that was not there before."""

    def test_everything_is_private(self) -> None:
        """The folder is 0700, and every file in it 0600, whatever the umask."""
        folder = self.data_dir() / "a" / "b"
        script = f"import os; os.umask(0)\n{OPEN}\nimport time"
        self.assertEqual(in_new_process(script, folder, migrate.FOLDER).returncode, 0)
        self.assertEqual(mode(folder), 0o700)
        self.assertEqual({mode(path) for path in folder.iterdir()}, {0o600})

    def test_three_processes_open_at_once(self) -> None:
        """Daemon and command line may start together on an empty folder."""
        command = [sys.executable, "-c", OPEN, str(self.data_dir()), str(migrate.FOLDER)]
        three = [subprocess.Popen(command, cwd=CHECKOUT) for _ in range(3)]
        self.assertEqual([process.wait(60) for process in three], [0, 0, 0])
        self.new_store().call(put_fact, "f", "v")

    def test_kept_while_another_upgrades(self) -> None:
        """A start that can't get its turn says who holds it up."""
        self.patch(migrate, "LOCK_SECONDS", 0)
        with migrate.only_one(self.data_dir() / "store.lock"):
            refused = self.assertRaises(StoreUnavailable, self.new_store)
        self.assertIn("another iotd", str(refused))

    def test_folder_that_cannot_be_made(self) -> None:
        """The path and the system's reason are named."""
        (self.data_dir() / "file").write_text("")
        store = Store("sqlite:///iotd.sqlite3", self.data_dir() / "file" / "var")
        refused = self.assertRaises(StoreUnavailable, store.open)
        self.assertIn("Not a directory", str(refused))

    def test_full_disk(self) -> None:
        """A database that does not fit is refused in words, and nothing stays of it."""
        limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))"
        done = in_new_process(f"{limit}\n{OPEN}", self.data_dir(), migrate.FOLDER)
        self.assertIn(b"StoreUnavailable", done.stderr.splitlines()[-1])
        self.assertFalse((self.data_dir() / "iotd.sqlite3").exists())
        self.new_store()

    def test_root_leaves_files_to_the_folders_owner(self) -> None:
        """What root makes in another user's folder belongs to that user."""
        folder = self.data_dir() / "theirs"
        folder.mkdir()
        owner = 4321 if os.geteuid() == 0 else os.geteuid()
        os.chown(folder, owner, -1)
        self.assertEqual(in_new_process(OPEN, folder, migrate.FOLDER).returncode, 0)
        self.assertEqual({path.stat().st_uid for path in folder.iterdir()}, {owner})


class UpgradeTests(DatabaseTest, SynchronousTestCase):
    """A file of an older schema."""

    def setUp(self) -> None:
        self.file = self.data_dir() / "iotd.sqlite3"
        store = self.new_store()
        store.call(put_fact, "f", "old")
        self.steps = next_steps(self.data_dir())

    def upgraded(self) -> Store:
        store = Store(self.url(), self.data_dir(), None, self.steps)
        self.addCleanup(store.close)
        store.open()
        return store

    def test_backed_up_before(self) -> None:
        """The copy holds the old schema and rows, the file the new ones."""
        self.assertEqual(self.upgraded().call(get_fact, "f"), "upgraded")
        (copy,) = (self.data_dir() / "backups").iterdir()
        self.assertRegex(copy.name, rf"^iotd-{NEWEST}-\d{{8}}T\d{{6}}Z\.sqlite3$")
        self.assertEqual((mode(copy.parent), mode(copy)), (0o700, 0o600))
        with closing(sqlite3.connect(copy)) as old:
            self.assertEqual(old.execute("SELECT value FROM facts").fetchall(), [("old",)])
            self.assertEqual(old.execute("SELECT * FROM alembic_version").fetchall(), [(NEWEST,)])

    def test_nothing_to_do_makes_no_backup(self) -> None:
        """A start on the present schema leaves no backup."""
        self.new_store()
        self.assertFalse((self.data_dir() / "backups").exists())

    def test_newest_five_backups_stay(self) -> None:
        """Older backups of this database go; files of others stay."""
        backups = self.data_dir() / "backups"
        backups.mkdir()
        for day in range(1, 8):
            (backups / f"iotd-{NEWEST}-2026010{day}T000000Z.sqlite3").write_text("")
        (backups / "mine.sqlite3").write_text("")
        self.upgraded()
        names = sorted(path.name for path in backups.iterdir())
        self.assertEqual(len(names), 6)
        self.assertEqual(names[0], f"iotd-{NEWEST}-20260104T000000Z.sqlite3")
        self.assertEqual(names[-1], "mine.sqlite3")

    def test_killed_at_any_point(self) -> None:
        """After kill -9 within an upgrade the file is still the old one, and upgrades then."""
        for point in range(5):
            script = f"import os; os.environ['DIE_AT'] = '{point}'\n{OPEN}"
            died = in_new_process(script, self.data_dir(), self.steps)
            self.assertEqual(died.returncode, -9)
            store = self.new_store()
            self.assertEqual(store.call(get_fact, "f"), "old")
            self.assertNotIn("later0", store.call(table_names))
        self.assertEqual(self.upgraded().call(get_fact, "f"), "upgraded")

    def test_no_room_for_the_backup(self) -> None:
        """Without a backup there is no upgrade, and the file stays usable as it is."""
        limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))"
        done = in_new_process(f"{limit}\n{OPEN}", self.data_dir(), self.steps)
        self.assertIn(b"can't be backed up", done.stderr.splitlines()[-1])
        self.assertEqual(list((self.data_dir() / "backups").iterdir()), [])
        self.assertEqual(self.new_store().call(get_fact, "f"), "old")

    def test_newer_schema_is_refused(self) -> None:
        """What a newer iotd wrote is left alone, and what to do is said."""
        self.upgraded()
        before = self.file.read_bytes()
        refused = self.assertRaises(SchemaNewer, self.new_store)
        for words in (str(self.file), "written by a newer iotd", "9999", "install that version"):
            self.assertIn(words, str(refused))
        self.assertIn(str(self.data_dir() / "backups"), str(refused))
        self.assertEqual(self.file.read_bytes(), before)

    def test_step_that_fails_changes_nothing(self) -> None:
        """A step that raises leaves the old file, and its backup."""
        broken = STEP + "    raise OSError(28, 'disk full')\n"
        (self.steps / "versions" / "9999_later.py").write_text(broken)
        self.assertRaises(StoreUnavailable, self.upgraded)
        self.assertEqual(self.new_store().call(get_fact, "f"), "old")

    def test_parent_table_can_be_rebuilt(self) -> None:
        """A step that rebuilds a table does not empty those that refer to it."""
        rows = (
            "INSERT INTO users (id, name, role, created_at) VALUES (1, 'a', 'admin', 0)",
            "INSERT INTO recovery_codes (user_id, code_hash) VALUES (1, 'x')",
        )
        for row in rows:
            self.new_store().call(execute, row)
        rebuild = (
            '    with op.batch_alter_table("users", recreate="always") as users:\n'
            '        users.add_column(sa.Column("extra", sa.Text))\n'
        )
        (self.steps / "versions" / "9999_later.py").write_text(STEP + rebuild)
        self.assertEqual(self.upgraded().call(execute, "SELECT count(*) FROM recovery_codes"), 1)


def table_names(connection: object) -> list[str]:
    rows = connection.execute(text("SELECT name FROM sqlite_master"))  # type: ignore[attr-defined]
    return list(rows.scalars())


def execute(connection: object, statement: str) -> object:
    result = connection.execute(text(statement))  # type: ignore[attr-defined]
    return result.scalar() if result.returns_rows else None


class ServerUpgradeTests(DatabaseTest, SynchronousTestCase):
    """A MariaDB database of another schema."""

    dialect = "mariadb"

    def open(self, steps: Path = migrate.FOLDER) -> Store:
        store = Store(self.url(), self.data_dir(), None, steps)
        self.addCleanup(store.close)
        store.open()
        return store

    def url(self) -> str:
        if not hasattr(self, "_fresh"):
            self._fresh = MariaDB.running().new_database()
        return self._fresh

    def test_upgrade_says_whose_the_backup_is(self) -> None:
        """One line names mariadb-dump; the schema is the new one afterwards."""
        self.open().call(put_fact, "f", "old")
        events: list[object] = []
        globalLogPublisher.addObserver(events.append)
        self.addCleanup(globalLogPublisher.removeObserver, events.append)
        store = self.open(next_steps(self.data_dir()))
        lines = [e for e in events if "mariadb-dump" in str(e.get("log_format"))]  # type: ignore
        self.assertEqual(len(lines), 1)
        self.assertEqual(store.call(get_fact, "f"), "upgraded")
        self.assertRaises(SchemaNewer, self.open)

    def test_half_a_first_step_is_finished(self) -> None:
        """MySQL can't undo CREATE TABLE: a first start that was cut off goes on at the next."""
        store = self.open()
        for statement in ("DELETE FROM alembic_version", "DROP TABLE facts", "DROP TABLE audit"):
            store.call(execute, statement)
        self.open().call(put_fact, "f", "v")

    def test_database_of_another_program(self) -> None:
        """Tables that are not ours are never mixed with ours."""
        store = Store(self.url(), self.data_dir())
        self.addCleanup(store.close)
        store.call(execute, "CREATE TABLE users (id INTEGER PRIMARY KEY)")
        refused = self.assertRaises(StoreDamaged, self.open)
        self.assertIn("'users'", str(refused))
        self.assertIn("database of its own", str(refused))
        self.assertEqual(store.call(execute, "SHOW TABLES"), "users")
