"""Who a connection of the device wire is, and who is let in."""

from __future__ import annotations

from typing import Any

from iotd.bus import AlertWanted, DeviceLinked, ReadingHeard
from iotd.errors import Conflict, Invalid
from tests.devices.room import GREETING, HERE, Board, DevicePartsTest

THERE = "10.0.0.9"


class PairTests(DevicePartsTest):
    """A field device is its id and its address; open enrolment."""

    def test_reconnecting(self) -> None:
        """The same pair takes the place of the older connection, which may be half-open."""
        old = self.started("wch")
        new = self.started("wch")
        self.assertEqual((old.cut, new.cut), (True, False))
        self.assertEqual(self.states(), [("wch", "online")])
        self.assertEqual(
            [event.linked for event in self.of(DeviceLinked)], [True, False, True]
        )
        old.leave()
        self.assertEqual(self.devices.linked("watch"), ["wch"])

    def test_since_when(self) -> None:
        """Each connection has its own beginning, by which a new one is known from a dead one."""
        def since() -> str | None:
            told: str | None = self.registry.get("wch")["connected_since"]
            return told

        board = self.started("wch")
        first = since()
        self.advance(5.0)
        self.assertEqual(since(), first)
        board = self.started("wch")
        self.assertNotIn(since(), (None, first))
        board.leave()
        self.assertIsNone(since())

    def test_another_address(self) -> None:
        """The same id from elsewhere is a device of its own, and never takes the other's place."""
        boards = [self.started("cab", f"10.0.0.{n}") for n in range(3)]
        self.assertEqual(
            self.states(), [(f"cab{n}", "online") for n in ("", "-2", "-3")]
        )
        self.assertFalse(any(board.cut for board in boards))
        boards[1].leave()
        self.started("cab", "10.0.0.1")
        self.assertEqual(len(self.states()), 3)

    def test_words_end(self) -> None:
        """Words that were queued for the older connection end when it is replaced."""
        self.started("wch")
        outcome: list[Any] = []
        self.devices.say("wch", "bpm").addBoth(outcome.append)
        self.started("wch")
        self.assertEqual(outcome, [False])

    async def test_names_with_a_key(self) -> None:
        """A name that has a key is never given to a board without one."""
        await self.registry.make_key("cab", "cabinet", by="test")
        self.started("cab")
        self.assertEqual(self.states(), [("cab", "offline"), ("cab-2", "online")])

    async def test_key_for_a_live_one(self) -> None:
        """A new key ends the live connection; the board without it is another device then."""
        board = self.started("cab")
        await self.registry.make_key("cab", by="test")
        self.assertTrue(board.cut)
        self.started("cab")
        self.assertEqual([id for id, _ in self.states()], ["cab", "cab-2"])

    async def test_revoked(self) -> None:
        """A revoked pair is closed and refused; the same id from elsewhere is not it."""
        board = self.started("wch")
        await self.registry.revoke("wch", by="test")
        self.assertTrue(board.cut)
        self.assertTrue(self.board("wch").cut)
        self.started("wch", THERE)
        self.assertEqual(self.states(), [("wch", "revoked"), ("wch-2", "online")])

    async def test_forgotten(self) -> None:
        """The name of a removed device is the lowest free one again."""
        for n in range(4):
            self.started("wch", f"10.0.0.{n}")
        await self.registry.remove("wch-2", by="test")
        self.started("wch", "10.0.0.99")
        self.assertEqual(self.registry.get("wch-2")["address"], "10.0.0.99")

    async def test_restart(self) -> None:
        """After a restart the same pairs have the same names."""
        self.started("cab"), self.started("cab", THERE)
        await self.settled()
        await self.tear_down()
        self.build()
        self.started("cab", THERE)
        self.assertEqual(self.states(), [("cab", "offline"), ("cab-2", "online")])

    async def test_another_kind(self) -> None:
        """A kind that is changed while it is connected ends the link, so that it starts anew."""
        board = self.started("abc")
        await self.registry.change("abc", {"kind": "cabinet"}, "test")
        self.assertTrue(board.cut)
        self.started("abc")
        self.assertEqual(self.devices.linked("cabinet"), ["abc"])
        with self.assertRaisesRegex(Invalid, "cabinet_camera, watch"):
            await self.registry.change("abc", {"kind": "camera"}, "test")

    async def test_name_alone(self) -> None:
        """A new name, or the same kind again, disturbs nothing."""
        board = self.started("cab")
        await self.registry.change("cab", {"kind": "cabinet", "name": "Kitchen"}, "test")
        self.assertFalse(board.cut)


class TwoBoardsTests(DevicePartsTest):
    """Two boards behind one address that say the same id, under open enrolment."""

    def take_turns(self) -> list[Board]:
        """Five connections of one pair, each while the one before still stands."""
        return [self.started("cab") for _ in range(4)] + [self.board("cab")]

    def test_told_apart(self) -> None:
        """The fourth replacement within ten minutes makes both wait, with one alert."""
        boards = self.take_turns()
        self.assertEqual(self.states(), [("cab", "pending"), ("cab-2", "pending")])
        self.assertEqual([board.cut for board in boards], [True] * 3 + [False] * 2)
        self.assertEqual(boards[4].heard(), GREETING)
        [alert] = self.of(AlertWanted)
        self.assertEqual(
            (alert.key, alert.device, alert.active), (f"two_boards:cab@{HERE}", "cab", True)
        )
        self.assertIn("Several boards", self.registry.get("cab")["waits_because"])

    def test_many_more(self) -> None:
        """While both wait, further ones take their places: no third device, no second alert."""
        boards = self.take_turns() + [self.board("cab") for _ in range(40)]
        self.assertEqual(self.states(), [("cab", "pending"), ("cab-2", "pending")])
        self.assertEqual([board.cut for board in boards].count(False), 2)
        self.assertEqual(len(self.of(AlertWanted)), 1)

    def test_what_they_say_meanwhile(self) -> None:
        """The live one stays connected, but nothing it says counts and it is told nothing."""
        boards = self.take_turns()
        boards[3].say(b"72.00,bpm0,rep")
        self.advance(1)
        self.assertEqual((self.of(ReadingHeard), boards[3].heard()), ([], b""))
        self.assertRaises(Conflict, self.devices.say, "cab", "lof")
        self.assertEqual(self.of(DeviceLinked)[-1], DeviceLinked("cab", "cabinet", False))

    async def test_approved(self) -> None:
        """Approved, the live one goes on without a second `start`; the alert ends with both."""
        boards = self.take_turns()
        self.advance(1)
        await self.registry.approve("cab", by="test")
        self.assertEqual((len(self.of(AlertWanted)), boards[3].heard()), (1, b""))
        await self.registry.approve("cab-2", by="test")
        self.assertEqual([alert.active for alert in self.of(AlertWanted)], [True, False])
        self.assertEqual(boards[4].heard(), GREETING + b"start")
        boards[3].say(b"20,temp")
        self.assertEqual(self.of(ReadingHeard)[0].device, "cab")
        self.assertEqual(sorted(self.devices.linked("cabinet")), ["cab", "cab-2"])

    async def test_reconnecting_afterwards(self) -> None:
        """Then a reconnect takes the row that is away, else that of the one silent longest."""
        boards = self.take_turns()
        for id in ("cab", "cab-2"):
            await self.registry.approve(id, by="test")
        self.advance(1)
        boards[4].leave()
        second = self.started("cab")
        self.assertFalse(boards[3].cut)
        boards[3].say(b"20,temp")
        self.started("cab")
        self.assertEqual((boards[3].cut, second.cut), (False, True))

    async def test_one_revoked(self) -> None:
        """Of two rows that are away the one that was not revoked is taken."""
        boards = self.take_turns()
        await self.registry.revoke("cab", by="test")
        await self.registry.approve("cab-2", by="test")
        boards[4].leave()
        self.assertFalse(self.started("cab").cut)
        self.assertTrue(self.board("cab").cut)
        self.assertEqual(self.states(), [("cab", "revoked"), ("cab-2", "online")])

    def test_still_waiting(self) -> None:
        """Those that wait are not let in by connecting again, though enrolment is open."""
        boards = self.take_turns()
        boards[3].leave(), boards[4].leave()
        self.assertEqual(self.board("cab").heard(), GREETING)
        self.assertEqual([state for _, state in self.states()], ["pending", "pending"])

    async def test_somebodys_device(self) -> None:
        """A device that is somebody's is not forgotten for strangers that knock."""
        boards = self.take_turns()
        await self.registry.change("cab", {"patient": "p1"}, "test")
        boards[3].leave()
        self.advance(1)
        self.registry.admissions.enrolment = "approve"
        for n in range(260):
            self.board("wch", f"10.1.{n % 250}.{n // 250}").leave()
        self.assertEqual(self.registry.get("cab")["patient"], "p1")
        self.assertLessEqual(len(self.registry.list()), 258)

    async def test_one_board_after_all(self) -> None:
        """Approved as the same device, one row remains, and the alert ends."""
        boards = self.take_turns()
        await self.registry.approve("cab-2", same_as="cab", by="test")
        self.assertEqual(self.states(), [("cab", "online")])
        self.assertTrue(boards[3].cut)
        self.assertEqual(boards[4].heard(), GREETING + b"start")
        self.assertFalse(self.of(AlertWanted)[-1].active)

    def test_now_and_then(self) -> None:
        """Four replacements over more than ten minutes are a bad link, not two boards."""
        for _ in range(8):
            self.started("cab")
            self.clock.pump([10] * 21)
        self.assertEqual(self.states(), [("cab", "online")])

    def test_a_restless_board(self) -> None:
        """Connections that end before the next one comes count nothing."""
        for _ in range(20):
            self.started("cab").leave()
        self.assertEqual((self.states(), self.of(AlertWanted)), ([("cab", "offline")], []))


class PendingTests(DevicePartsTest):
    """Enrolment by approval."""

    enrolment = "approve"

    async def test_held(self) -> None:
        """Nobody starts it, for as long as it takes; approved it is started as its kind."""
        board = self.board("abc")
        self.clock.pump([60] * 600)
        self.assertEqual((board.heard(), board.cut), (GREETING, False))
        self.assertFalse(board.protocol.needs_check)
        self.assertRaises(Conflict, self.devices.say, "abc", "bpm")
        await self.registry.approve("abc", kind="watch", by="test")
        self.assertEqual(board.heard(), b"start")
        self.assertEqual(self.devices.linked("watch"), ["abc"])

    async def test_wrong_kind(self) -> None:
        """No camera and no gate connects here: approving as one names what is possible."""
        self.board("abc")
        with self.assertRaisesRegex(Invalid, "watch"):
            await self.registry.approve("abc", kind="camera", by="test")

    async def test_said_too_early(self) -> None:
        """What follows `new~` in one piece is kept for the start; readings count then."""
        board = self.board("wch72.00,bpm")
        self.assertEqual(self.of(ReadingHeard), [])
        await self.registry.approve("wch", by="test")
        self.assertEqual([event.raw for event in self.of(ReadingHeard)], ["72.00,bpm"])
        self.assertFalse(board.cut)

    def test_too_much_said_too_early(self) -> None:
        """More than 1024 bytes end the connection, and nobody is asked to approve it."""
        board = self.board("wch")
        board.say(b"x" * 2000)
        self.assertTrue(board.cut)
        self.assertEqual(self.states(), [])

    def test_eight_of_an_address(self) -> None:
        """The ninth that waits at an address is closed, cameras included; others wait."""
        for n in range(6):
            self.board(f"ab{n}")
        self.connect(), self.connect()
        self.advance(1)
        last, other = self.board("abx"), self.board("abx", THERE)
        self.assertEqual((last.cut, other.cut), (True, False))

    def test_sixty_four_in_all(self) -> None:
        """The sixty-fifth that waits is closed with the number in the reason."""
        boards = [self.board("wch", f"10.0.{n}.1") for n in range(65)]
        self.assertEqual([board.cut for board in boards], [False] * 64 + [True])
        self.assertIn("64", self.registry.admissions.refusals.items()[0]["reason"])

    def test_waiting_twice(self) -> None:
        """A waiting board that connects again takes its own place, also when all are taken."""
        boards = [self.board(f"ab{n}") for n in range(8)]
        again = self.board("ab3")
        self.assertEqual((boards[3].cut, again.cut), (True, False))

    async def test_the_same_device_moved(self) -> None:
        """Approved as the same device it is started under that name, at its new address."""
        old = self.board("cab")
        await self.registry.approve("cab", by="test")
        moved = self.board("cab", THERE)
        self.assertEqual(self.registry.get("cab-2")["state"], "pending")
        await self.registry.approve("cab-2", same_as="cab", by="test")
        self.assertEqual(self.states(), [("cab", "online")])
        self.assertEqual(self.registry.get("cab")["address"], THERE)
        self.assertEqual(moved.heard(), GREETING + b"start")
        self.assertTrue(old.cut)
        self.assertEqual(self.devices.linked("cabinet"), ["cab"])
        moved.leave()
        self.board("cab", THERE)
        self.assertEqual(self.states(), [("cab", "online")])

    async def test_not_the_same_at_all(self) -> None:
        """A cabinet can't be approved as the watch that it never says to be."""
        self.board("cab"), self.board("wch")
        with self.assertRaisesRegex(Conflict, "cab, not wch"):
            await self.registry.approve("cab", same_as="wch", by="test")

    async def test_another_one(self) -> None:
        """Approved without that it is one more device."""
        self.board("cab"), self.board("cab", THERE)
        for id in ("cab", "cab-2"):
            await self.registry.approve(id, by="test")
        self.assertEqual(sorted(self.devices.linked("cabinet")), ["cab", "cab-2"])


class AssignmentTests(DevicePartsTest):
    """Whose a device is."""

    async def test_patient(self) -> None:
        """A patient is looked up by whoever knows patients; null takes the device away again."""
        self.started("wch")

        def check(patient: str) -> None:
            if patient != "p1":
                raise Invalid("There is no such patient.", "patient")

        self.registry.check_patient = check
        with self.assertRaises(Invalid):
            await self.registry.change("wch", {"patient": "p2"}, "test")
        answer = await self.registry.change("wch", {"patient": "p1"}, "test")
        self.assertEqual(answer["patient"], "p1")
        answer = await self.registry.change("wch", {"patient": None}, "test")
        self.assertIsNone(answer["patient"])

    async def test_camera(self) -> None:
        """The camera of a cabinet is a cabinet camera, and nothing else."""
        self.started("cab"), self.started("img"), self.started("wch")
        answer = await self.registry.change("cab", {"camera": "img"}, "test")
        self.assertEqual(answer["camera"], "img")
        for wrong in ("wch", "nobody"):
            with self.assertRaises(Invalid):
                await self.registry.change("cab", {"camera": wrong}, "test")
