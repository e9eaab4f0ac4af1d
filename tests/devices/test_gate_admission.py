"""Gates at the broker's door: who signs in, with what, and what is shown of the others."""

from __future__ import annotations

from twisted.internet import defer

from iotd.devices.model import Approval
from iotd.errors import Invalid
from tests.parts import PartsTest

HERE = "10.0.0.7"


class DoorTest(PartsTest):
    """The door that the embedded broker asks."""

    enrolment = "approve"

    async def key(self, id: str = "north", kind: str | None = "gate") -> str:
        """A new key for it."""
        return await self.registry.make_key(id, kind)

    def sign_in(
        self, username: str | None, password: str | None, address: str = HERE
    ) -> bool:
        """Whether it is let in."""
        return self.registry.gate_door.sign_in(username, password, "chip", address)

    def refused(self) -> list[tuple[str | None, str, str]]:
        """Id, reason and next step of each refusal, newest first."""
        items = self.registry.admissions.refusals.items()
        return [(each["id"], each["reason"], each["next_step"]) for each in items]


class KeyTests(DoorTest):
    """Signing in with a key."""

    async def test_right(self) -> None:
        """The right key, in either case, lets it in; its address is kept, its kind known."""
        key = await self.key(kind=None)
        self.assertTrue(self.sign_in("north", key))
        self.assertTrue(self.sign_in("north", key.upper()))
        device = self.registry.device("north")
        self.assertEqual((device.address, device.kind, device.wire), (HERE, "gate", "mqtt"))

    async def test_wrong(self) -> None:
        """A wrong key, a part of it, an old one and none at all are refused, with why."""
        old = await self.key()
        key = await self.key()
        wrong = (old, key[:-1], key + "0", "x", "é" * 64, "\ud800", "0" * 10_000)
        for number, password in enumerate(wrong):
            self.assertFalse(self.sign_in("north", password, f"10.0.1.{number}"), number)
        self.assertFalse(self.sign_in("north", None))
        self.assertFalse(self.sign_in("north", ""))
        self.assertIn("no password", self.refused()[0][1])
        self.assertIn("not the key stored here", self.refused()[1][1])
        self.assertTrue(self.sign_in("north", key))

    async def test_throttled(self) -> None:
        """After five wrong keys in a minute that id waits a minute at that address."""
        key = await self.key()
        for _ in range(5):
            self.assertFalse(self.sign_in("north", "0" * 64))
        self.assertFalse(self.sign_in("north", key))
        self.assertTrue(self.sign_in("north", key, "10.0.0.8"))
        self.clock.advance(61)
        self.assertTrue(self.sign_in("north", key))

    def test_unknown(self) -> None:
        """An id that has no key here is refused when it gives one."""
        self.assertFalse(self.sign_in("north", "0" * 64))
        ((id, reason, step),) = self.refused()
        self.assertEqual((id, reason), ("north", "no key is known for this id"))
        self.assertIn("iotd device key", step)

    async def test_names_of_their_own(self) -> None:
        """A gate is called what its topics say, in capitals and with dots, too."""
        for id in ("G", "Main_Gate.2"):
            key = await self.key(id)
            self.assertTrue(self.sign_in(id, key))
        for id, kind in (("Hall", "camera"), ("main gate", "gate"), ("..", "gate")):
            with self.assertRaises(Invalid):
                await self.registry.make_key(id, kind)

    def test_strange_names(self) -> None:
        """Names that no gate can have are refused, and flood neither page nor log."""
        names = ["x" * 10_000, "x" * 33, "a b", "\x00" * 5, "..", "wäch"]
        for name in names:
            self.assertFalse(self.sign_in(name, "0" * 64))
        ids = {id for id, _, _ in self.refused()}
        self.assertEqual(ids, {None})
        self.assertTrue(all(len(reason) < 200 for _, reason, _ in self.refused()))

    def test_a_key_in_the_place_of_the_name(self) -> None:
        """Neither it nor a telephone's address is shown or logged."""
        for name in ("0f" * 32, "aa:bb:cc:dd:ee:ff"):
            self.assertFalse(self.sign_in(name, "x"))
            self.assertNotIn(name[:17], self.refused()[0][1])

    async def test_revoked(self) -> None:
        """A revoked gate is not let in, with its key or without."""
        key = await self.key()
        await self.registry.revoke("north")
        self.assertFalse(self.sign_in("north", key))
        self.assertFalse(self.sign_in("north", None))
        self.assertEqual(self.refused()[0][1], "it was revoked")

    async def test_other_kinds(self) -> None:
        """The key of a camera opens nothing here, and the camera stays one."""
        key = await self.key("hall", "camera")
        self.assertFalse(self.sign_in("hall", key))
        ((_, reason, step),) = self.refused()
        self.assertIn("kind camera", reason)
        self.assertIn("an id of its own", step)
        self.assertEqual(self.registry.device("hall").kind, "camera")

    async def test_keys(self) -> None:
        """Keys are listed for gates that may sign in, and for nobody else."""
        key = await self.key()
        await self.key("south")
        await self.key("hall", "camera")
        await self.registry.revoke("south")
        self.assertEqual(self.registry.gate_door.keys(), {"north": key})
        self.assertTrue(self.registry.gate_door.has_key("south"))
        self.assertFalse(self.registry.gate_door.has_key("west"))

    async def test_shut(self) -> None:
        """Whoever holds its connection hears of a new key, of revoking and of removing."""
        told: list[tuple[str, str]] = []
        self.registry.gate_door.on_shut = lambda id, reason: told.append((id, reason))
        await self.key()
        await self.registry.revoke("north")
        await self.registry.remove("north")
        self.assertEqual(told, [("north", "it was given a new key"), ("north", "it was revoked"),
                                ("north", "it was removed")])


class NoKeyTests(DoorTest):
    """Signing in without a password."""

    def test_approve(self) -> None:
        """Field gates, which have none, are let in: what they say waits for approval."""
        self.assertTrue(self.sign_in(None, None))
        self.assertTrue(self.sign_in("north", None))
        self.assertEqual(self.refused(), [])


class OpenDoorTests(DoorTest):
    """Under "open"."""

    enrolment = "open"

    async def test_unknown_key(self) -> None:
        """A password that nobody knows does no harm, but the one of a known gate must fit."""
        self.assertTrue(self.sign_in("north", "0" * 64))
        await self.key("north")
        self.assertFalse(self.sign_in("north", "0" * 64))
        self.assertFalse(self.sign_in("north", None))


class KeyedDoorTests(DoorTest):
    """Under "keyed"."""

    enrolment = "keyed"

    async def test_keys_only(self) -> None:
        """Nobody is let in without a key."""
        key = await self.key()
        self.assertFalse(self.sign_in(None, None))
        self.assertFalse(self.sign_in("south", None))
        self.assertTrue(self.sign_in("north", key))
        self.assertIn("Only boards with a key", self.refused()[0][2])


class LinkTests(DoorTest):
    """A gate as a device like the others."""

    enrolment = "open"

    def test_judged_and_connected(self) -> None:
        """A gate that is heard is an online device of its kind, without an address."""
        door = self.registry.gate_door
        self.assertIs(door.judge("north").approval, Approval.APPROVED)
        link = door.connect("north")
        shown = self.registry.get("north")
        self.assertEqual((shown["state"], shown["kind"], shown["address"]),
                         ("online", "gate", None))
        door.leave("north", link)
        self.assertEqual(self.registry.get("north")["state"], "offline")

    async def test_survives_a_restart(self) -> None:
        """It is a gate still when the store is read again."""
        self.registry.gate_door.judge("north")
        await self.settled()
        await self.tear_down()
        self.build()
        self.assertEqual(self.registry.get("north")["kind"], "gate")
        self.assertIs(self.registry.gate_door.judge("north").approval, Approval.APPROVED)

    def test_bad_snapshot(self) -> None:
        """A snapshot that is none is refused with a sentence."""
        for rows in ([{}], [{"approval": "x"}], [1], [{"id": "a", "approval": "approved"}]):
            with self.assertRaises(Invalid):
                self.registry.gate_door.adopt(rows)  # type: ignore[arg-type]

    def tear_down(self) -> defer.Deferred[None]:
        """Close everything."""
        return PartsTest.tear_down(self)
