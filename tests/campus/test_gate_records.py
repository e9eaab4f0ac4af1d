"""Gates in the store: their numbers, their floors, what was heard of their boots."""

from __future__ import annotations

from sqlalchemy import insert
from twisted.trial.unittest import SynchronousTestCase

from iotd.campus import gate_records as records
from tests.databases import DatabaseTest, both


@both
class GateRecordTests(DatabaseTest, SynchronousTestCase):
    """Numbers, floors and boots."""

    def test_numbers(self) -> None:
        """A gate has one number, whoever asks first, and another gate another one."""
        connection = self.connect()
        first = records.number_of(connection, "north")
        records.set_floor(connection, "south", -80)
        self.assertEqual(records.number_of(connection, "north"), first)
        self.assertNotEqual(records.number_of(connection, "south"), first)

    def test_floors(self) -> None:
        """Only gates with a floor of their own are listed; None takes it away again."""
        connection = self.connect()
        records.set_floor(connection, "north", -80)
        records.set_floor(connection, "south", -70)
        records.set_floor(connection, "south", None)
        self.assertEqual(records.all_floors(connection), {"north": -80})

    def test_boots(self) -> None:
        """Boots heard since a moment come with their gate's id, the newest first."""
        connection = self.connect()
        number = records.number_of(connection, "north")
        for boot, at in (("old", 10.0), ("b", 20.0), ("c", 30.0)):
            connection.execute(insert(records.boots).values(
                gate=number, boot=boot, first_heard=at, last_heard=at, heard="[[1,3]]"
            ))
        found = [(row.device_id, row.boot) for row in records.boots_since(connection, 20.0)]
        self.assertEqual(found, [("north", "c"), ("north", "b")])
