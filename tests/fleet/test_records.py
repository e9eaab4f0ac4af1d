"""What the fleet keeps, on both databases."""

from __future__ import annotations

from dataclasses import replace

from twisted.trial.unittest import SynchronousTestCase

from iotd.accounts.records import write_audit
from iotd.devices.model import Approval, Device
from iotd.devices.records import all_devices, remove_device, save_device
from iotd.errors import Invalid
from iotd.fleet import records
from iotd.fleet.history import history
from iotd.fleet.model import Board, Event
from tests.databases import DatabaseTest, both

BOARD = Board(
    "wch-9", 1000.25, "1.1.0", 8, "watch", "esp32", "a", 6, "aa", 900.5, "power", 2, 4_000_000_000,
    "ok-8", 1,
)


@both
class FleetTests(DatabaseTest, SynchronousTestCase):
    """Boards and events in and out."""

    def setUp(self) -> None:
        self.connection = self.connect()
        for id in ("wch-9", "cab-9"):
            save_device(self.connection, Device(id, id, "watch", Approval.APPROVED, "dev", 10.0))

    def write(self, *boards: Board, events: tuple[Event, ...] = ()) -> None:
        """One write of news."""
        records.write_news(self.connection, boards, events, {})

    def told(self) -> list[tuple[str, str]]:
        """Devices and texts of all events."""
        rows = self.connection.execute(records.board_events.select()).all()
        return [(row.device, row.text) for row in rows]

    def test_round_trip(self) -> None:
        """Boards are read back equal, also when some of them were there before."""
        self.write(BOARD)
        newer = replace(BOARD, build=9, slot="b", tls=None)
        other = Board("cab-9", 1000.0)
        self.write(newer, other, Board("nobody", 1.0))
        found = {board.device: board for board in records.all_boards(self.connection)}
        self.assertEqual(found, {"wch-9": newer, "cab-9": other})

    def test_devices(self) -> None:
        """Firmware and signal go to the device, and nothing else of it changes."""
        records.write_news(self.connection, (), (), {"wch-9": ("1.1.0+8", -61), "no": (None, 1)})
        devices = {device.id: device for device in all_devices(self.connection)}
        self.assertEqual((devices["wch-9"].firmware, devices["wch-9"].rssi), ("1.1.0+8", -61))
        self.assertEqual(devices["cab-9"].firmware, None)

    def test_removed(self) -> None:
        """What is told of a device that is gone is not kept, and its past goes with it."""
        self.write(BOARD, events=(Event("wch-9", 1.0, "lost"), Event("no", 1.0, "lost")))
        self.assertEqual(len(self.told()), 1)
        remove_device(self.connection, "wch-9")
        self.assertEqual((records.all_boards(self.connection), self.told()), ([], []))

    def test_trim(self) -> None:
        """The newest of one board stay; others' are not touched."""
        for id in ("wch-9", "cab-9"):
            self.write(events=tuple(Event(id, 1.0, "lost", str(n)) for n in range(7)))
        for keep in (7, 3):
            records.trim(self.connection, "wch-9", keep)
        left = [text for device, text in self.told() if device == "wch-9"]
        self.assertEqual((left, len(self.told())), (["4", "5", "6"], 10))

    def test_old(self) -> None:
        """Those from before go, some at a time, until there are none."""
        self.write(events=tuple(Event("wch-9", float(n), "lost", str(n)) for n in range(700)))
        counts = [records.drop_old(self.connection, 650.0) for _ in range(3)]
        self.assertEqual(counts, [500, 150, 0])
        self.assertEqual(len(self.told()), 50)


@both
class HistoryTests(DatabaseTest, SynchronousTestCase):
    """Events and people's acts as one list."""

    def setUp(self) -> None:
        self.connection = self.connect()
        save_device(self.connection, Device("wch-9", "w", "watch", Approval.APPROVED, "dev", 100.0))
        events = [Event("wch-9", at, "connected", str(at)) for at in (110.0, 120.0, 130.0, 130.0)]
        records.write_news(self.connection, (), events, {})
        for at, action, detail in (
            (50.0, "approve device", "of another"), (120.0, "command device", "bpm"),
            (130.0, "revoke device", ""), (140.0, "sign in", "no act on a board"),
        ):
            write_audit(self.connection, at, "ada", action, "wch-9", detail)
        write_audit(self.connection, 140.0, "ada", "revoke device", "cab-9")

    def pages(self, limit: int) -> list[tuple[float, str, str]]:
        """All of it, page by page."""
        found, after = [], None
        while page := history(self.connection, "wch-9", 100.0, limit, after):
            found += page
            after = page[-1]["id"]
        return [(one["at"], one["what"], one["by"]) for one in found]

    def test_pages(self) -> None:
        """However large a page is, each entry comes once, the newest first."""
        whole = [
            (130.0, "revoked", "ada"), (130.0, "connected", ""), (130.0, "connected", ""),
            (120.0, "command", "ada"), (120.0, "connected", ""), (110.0, "connected", ""),
        ]
        for limit in (1, 2, 3, 100):
            self.assertEqual(self.pages(limit), whole)

    def test_marks(self) -> None:
        """After an entry that went there is nothing; what can't be one is refused."""
        self.assertEqual(history(self.connection, "wch-9", 100.0, 9, "e999"), [])
        for mark in ("", "x1", "e", "e-1", "a1.5", "e²"):
            self.assertRaises(Invalid, history, self.connection, "wch-9", 100.0, 9, mark)
