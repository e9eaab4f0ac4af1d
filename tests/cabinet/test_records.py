"""Cabinets, visits, pictures, items and the journal, on both databases."""

from __future__ import annotations

from dataclasses import replace
from unittest import mock

from twisted.trial.unittest import SynchronousTestCase

from iotd.cabinet import records, stock_records
from iotd.cabinet.known import Known, appear, look_up
from iotd.cabinet.model import Closed, Opened, Phase, Said, Want
from iotd.cabinet.records import Picture
from iotd.devices.model import Approval, Device
from iotd.devices.records import remove_device, save_device
from iotd.store.metadata import metadata
from tests.databases import DatabaseTest, both

CAB = Device("cab", "Kitchen", "cabinet", Approval.APPROVED, "dev", 1.0, "10.0.0.7")
SEEN = Picture(0, "img", 30.0, 320, 240)


class Room(DatabaseTest):
    """A cabinet ``cab`` at its first appearance."""

    def setUp(self) -> None:
        """Connection in a transaction."""
        self.connection = self.connect()
        save_device(self.connection, CAB)
        appear(self.connection, "cab")

    def add_picture(self, at: float = 30.0, jpeg: bytes = b"jpeg") -> int:
        """One more picture; its number."""
        seen = replace(SEEN, at=at)
        return records.add_picture(self.connection, "cab", seen, jpeg, False)[0]

    def known(self) -> Known:
        """The cabinet as it is."""
        return look_up(self.connection, "cab")


@both
class CycleTests(Room, SynchronousTestCase):
    """State and visits."""

    def test_first_appearance(self) -> None:
        """It has its items once, and is at rest."""
        appear(self.connection, "cab")
        self.assertEqual([item.name for item in self.known().items],
                         ["Nutella", "Pepsi", "Pringles"])
        self.assertEqual(self.known().state.phase, Phase.REST)
        self.assertEqual(records.known_cabinets(self.connection), ["cab"])

    def test_cycle(self) -> None:
        """Each step is read back as it was written, weights to the last digit."""
        records.apply(self.connection, "cab", Opened(1023.4567), 10.0)
        wants = records.apply(self.connection, "cab", Closed(1000.0001, True), 20.5)
        self.assertEqual(wants, {Want.PICTURE})
        number = self.add_picture()
        records.apply(self.connection, "cab", Said(False), 31.0)
        state = self.known().state
        assert state.visit is not None
        self.assertEqual((state.phase, state.lights, state.owes, state.door),
                         (Phase.REST, "off", False, "closed"))
        self.assertEqual((state.visit.taken_g, state.visit.picture), (23.4566, number))
        row, = records.list_visits(self.connection, "cab", 10, None)
        self.assertEqual((row["before_g"], row["taken_g"], row["picture_at"]),
                         (1023.4567, 23.4566, 30.0))
        self.assertEqual(self.known().closed_at, 20.5)

    def test_history_in_pages(self) -> None:
        """The newest first, and on from any of them."""
        for at in range(5):
            records.apply(self.connection, "cab", Closed(float(at), False), float(at))
        rows = records.list_visits(self.connection, "cab", 3, None)
        self.assertEqual([row["after_g"] for row in rows], [4.0, 3.0, 2.0])
        rest = records.list_visits(self.connection, "cab", 3, rows[-1]["id"])
        self.assertEqual([row["after_g"] for row in rest], [1.0, 0.0])

    def test_gone(self) -> None:
        """With its device goes all that hangs on it."""
        records.apply(self.connection, "cab", Closed(1.0, True), 1.0)
        self.add_picture()
        item = self.known().items[0]
        stock_records.add_photo(self.connection, item.id, 1.0, 64, 64, b"photo")
        stock_records.write_change(self.connection, "cab", item, 1.0, "corrected", "ada", 3)
        remove_device(self.connection, "cab")
        for name, table in metadata.tables.items():
            if name.startswith("cabinet"):
                self.assertEqual(self.connection.execute(table.select()).all(), [], name)


@both
class PictureTests(Room, SynchronousTestCase):
    """Pictures."""

    def test_bytes(self) -> None:
        """A megabyte comes back as it was; by number, by time, and the newest."""
        large = bytes(range(256)) * 4096
        first, second = self.add_picture(10.0, large), self.add_picture(20.0)
        find = records.find_picture
        self.assertEqual(find(self.connection, "cab"), (20.0, b"jpeg"))
        self.assertEqual(find(self.connection, "cab", first), (10.0, large))
        self.assertEqual(find(self.connection, "cab", at=19.9), (10.0, large))
        self.assertIsNone(find(self.connection, "cab", at=9.9))
        self.assertIsNone(find(self.connection, "cab-2", second))

    def test_oldest_are_forgotten(self) -> None:
        """The newest N are kept, and a visit says that its picture is gone."""
        records.apply(self.connection, "cab", Closed(1.0, True), 1.0)
        with mock.patch.object(records, "KEPT_PICTURES", 3):
            numbers = [self.add_picture(float(at)) for at in range(5)]
        kept = [n for n in numbers if records.find_picture(self.connection, "cab", n)]
        self.assertEqual(kept, numbers[2:])
        row, = records.list_visits(self.connection, "cab", 1, None)
        self.assertEqual((row["picture_id"], row["picture_at"]), (numbers[0], None))

    def test_notes(self) -> None:
        """What was found is kept with the picture, and what changed with its visit."""
        records.apply(self.connection, "cab", Closed(1.0, True), 1.0)
        number = self.add_picture()
        records.note_picture(self.connection, number, {"counted": "counted", "boxes": "[]",
                                                       "seconds": 0.5})
        for changes in ({"Pepsi": [2, 1]}, {"Nutella": [None, 1]}, {}):
            records.note_changes(self.connection, "cab", number, changes)  # type: ignore
        picture = self.known().picture
        assert picture is not None
        self.assertEqual((picture.counted, picture.boxes, picture.seconds), ("counted", "[]", 0.5))
        row, = records.list_visits(self.connection, "cab", 1, None)
        self.assertEqual(row["changes"], '{"Pepsi": [2, 1], "Nutella": [null, 1]}')


@both
class StockTests(Room, SynchronousTestCase):
    """Items, photos and the journal."""

    def test_count(self) -> None:
        """A count is read back as it was saved; the crossing is told once."""
        item = replace(self.known().items[1], low_at=2, count=2, count_from="hand", count_at=5.0,
                       checked_at=5.0, ignored=1, provisional=4, provisional_picture=9)
        stock_records.change_item(self.connection, item.id, {"low_at": 2})
        told = stock_records.save_crossing(self.connection, item)
        self.assertEqual(told, [replace(item, low=True)])
        self.assertEqual(self.known().items[1], told[0])
        self.assertEqual(stock_records.save_crossing(self.connection, told[0]), [])

    def test_photos(self) -> None:
        """Photos belong to their item, with their bytes; a removed item takes them along."""
        item = self.known().items[0]
        first = stock_records.add_photo(self.connection, item.id, 1.0, 64, 80, b"one")
        second = stock_records.add_photo(self.connection, item.id, 2.0, 64, 80, b"two")
        self.assertEqual([photo.id for photo in self.known().items[0].photos], [first, second])
        self.assertEqual(stock_records.photos_of(self.connection, "cab"),
                         [("Nutella", first, b"one"), ("Nutella", second, b"two")])
        stock_records.remove_photo(self.connection, item.id, first)
        self.assertIsNone(stock_records.photo_bytes(self.connection, item.id, first))
        self.assertEqual(stock_records.photo_bytes(self.connection, item.id, second), b"two")
        stock_records.remove_item(self.connection, item.id)
        self.assertEqual(stock_records.photos_of(self.connection, "cab"), [])

    def test_journal(self) -> None:
        """The newest change that was not taken back is the one that undo takes; lines stay."""
        item = self.known().items[0]
        for before, after in ((None, 2), (2, 3)):
            known = replace(item, count=before)
            stock_records.write_change(
                self.connection, "cab", known, 1.0, "corrected", "ada", after
            )
        afters = []
        while (last := stock_records.last_change(self.connection, item.id)) is not None:
            afters.append(last["after"])
            stock_records.write_change(self.connection, "cab", replace(item, count=last["after"]),
                                       2.0, "undone", "ada", last["before"], undoes=last["id"])
        self.assertEqual(afters, [3, 2])
        stock_records.remove_item(self.connection, item.id)
        lines = stock_records.list_changes(self.connection, "cab", 10, None)
        self.assertEqual([(line["cause"], line["before"], line["after"]) for line in lines],
                         [("undone", 2, None), ("undone", 3, 2), ("corrected", 2, 3),
                          ("corrected", None, 2)])
        page = stock_records.list_changes(self.connection, "cab", 10, lines[1]["id"], item.id)
        self.assertEqual(page, lines[2:])
