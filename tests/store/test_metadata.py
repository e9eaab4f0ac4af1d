"""What the migrations make is what the records modules say, in both dialects."""

from __future__ import annotations

import importlib
import pkgutil

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import insert, select
from twisted.trial.unittest import SynchronousTestCase

import iotd
from iotd.store.metadata import metadata
from iotd.store.records import facts, get_fact, put_fact
from tests.databases import DatabaseTest, both


def import_records() -> None:
    """Import every ``iotd.<room>.records`` and ``iotd.<room>.<part>_records``."""
    for module in pkgutil.walk_packages(iotd.__path__, "iotd."):
        if module.name.endswith("records"):
            importlib.import_module(module.name)


@both
class SchemaTests(DatabaseTest, SynchronousTestCase):
    """Migrations against metadata."""

    maxDiff = None

    def test_migrations_make_what_records_say(self) -> None:
        """A migrated database differs in nothing from the tables of all records modules."""
        import_records()
        context = MigrationContext.configure(self.connect(), opts={"compare_type": True})
        self.assertEqual(compare_metadata(context, metadata), [])

    def test_every_table_has_a_primary_key(self) -> None:
        """Replication and clusters need one in each table."""
        import_records()
        without = [name for name, table in metadata.tables.items() if not table.primary_key]
        self.assertEqual(without, [])


@both
class AgreementTests(DatabaseTest, SynchronousTestCase):
    """Where the two dialects differ by nature, and must not for us."""

    def test_names_differ_by_case_and_accent(self) -> None:
        """"Anna", "anna" and "ännä" are three keys."""
        connection = self.connect()
        names = ["Anna", "anna", "ännä"]
        connection.execute(insert(facts), [{"name": name, "value": name} for name in names])
        found = connection.execute(select(facts.c.value).order_by(facts.c.name)).scalars().all()
        self.assertEqual(found, names)

    def test_any_character_comes_back(self) -> None:
        """Text outside the basic plane is kept."""
        connection = self.connect()
        put_fact(connection, "camera", "🎥 κάμερα 'quoted' \\ %s")
        self.assertEqual(get_fact(connection, "camera"), "🎥 κάμερα 'quoted' \\ %s")

    def test_a_fact_is_replaced(self) -> None:
        """The second value of a fact is the one that stays, also if it is the same."""
        connection = self.connect()
        for value in ("a", "b", "b"):
            put_fact(connection, "x", value)
        self.assertEqual((get_fact(connection, "x"), get_fact(connection, "y")), ("b", None))
