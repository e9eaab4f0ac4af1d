"""One camera connection on a fake clock: who it is, what it is told, when it must go."""

from __future__ import annotations

import struct

from twisted.internet.defer import Deferred, gatherResults

from iotd.errors import Invalid
from iotd.wire.hello import device_mac
from tests.parts import PartsTest, picture


def framed(jpeg: bytes, order: str = ">") -> bytes:
    """A frame as cameras send it."""
    return struct.pack(order + "I", len(jpeg)) + jpeg


class FieldCameraTests(PartsTest):
    """Cameras that say nothing about themselves, under open enrolment."""

    def test_silence_makes_a_field_camera(self) -> None:
        """After a second of silence the camera is named after its address."""
        self.connect("10.0.0.7")
        self.assertEqual(self.registry.list(), [])
        self.advance(1)
        self.assertEqual([d["id"] for d in self.registry.list()], ["cam-10-0-0-7"])
        self.assertEqual(self.registry.list()[0]["state"], "online")

    def test_lowest_free_name(self) -> None:
        """Further cameras of an address get -2, -3; a name that became free is given again."""
        first, _ = self.connect()
        self.connect(), self.connect()
        self.advance(1)
        self.disconnect(first)
        self.connect()
        self.advance(1)
        self.assertEqual(
            [(d["id"], d["state"]) for d in self.registry.list()],
            [(f"cam-10-0-0-7{n}", "online") for n in ("", "-2", "-3")],
        )

    async def test_start_and_stop(self) -> None:
        """Start sends START bare, frames are shown byte for byte, Stop sends STOP."""
        protocol, transport = self.connect()
        self.advance(1)
        await self.cameras.set_started("cam-10-0-0-7", True, "test")
        self.assertEqual(transport.value(), b"START")
        jpeg = picture(1)
        protocol.dataReceived(framed(jpeg + b"\0" * 20))
        self.assertEqual(self.cameras.camera("cam-10-0-0-7").feed.latest.jpeg, jpeg)
        self.assertEqual(self.cameras.get("cam-10-0-0-7")["state"], "streaming")
        await self.cameras.set_started("cam-10-0-0-7", False, "test")
        self.advance(0.3)
        self.assertEqual(transport.value(), b"STARTSTOP")

    async def test_started_is_remembered(self) -> None:
        """A started camera that connects again, also after a restart, is told START."""
        protocol, _ = self.connect()
        self.advance(1)
        await self.cameras.set_started("cam-10-0-0-7", True, "test")
        self.disconnect(protocol)
        await self.tear_down()
        self.build()
        _, transport = self.connect()
        self.advance(1)
        self.assertEqual(transport.value(), b"START")

    def test_impossible_header(self) -> None:
        """A length over the limit closes the connection and the refusal names the camera."""
        protocol, transport = self.connect()
        protocol.dataReceived(b"\xff\xff\xff\xff")
        self.assertTrue(transport.disconnecting)
        [refusal] = self.registry.admissions.refusals.items()
        self.assertEqual(refusal["id"], "cam-10-0-0-7")
        self.assertIn("100000", refusal["reason"])
        self.assertEqual(self.cameras.get("cam-10-0-0-7")["bad_frames"], 1)

    def test_figures(self) -> None:
        """Rates follow the frames, fall to nothing with them, and then nothing ticks."""
        protocol, _ = self.connect()
        jpeg = picture(1)
        for _ in range(50):
            protocol.dataReceived(framed(jpeg))
            self.advance(0.2)
        camera = self.cameras.get("cam-10-0-0-7")
        self.assertEqual((camera["fps"], camera["frames"], camera["width"]), (5.0, 50, 32))
        self.assertEqual(camera["bytes_per_second"], 5 * len(jpeg))
        self.advance(6)
        self.assertEqual(self.cameras.get("cam-10-0-0-7")["fps"], 0)
        self.assertEqual(self.cameras.live, set())

    def test_one_bad_camera_disturbs_nobody(self) -> None:
        """While one camera is closed for rubbish the others keep streaming."""
        good, transport = self.connect("10.0.0.8")
        good.dataReceived(framed(picture(1)))
        bad, _ = self.connect("10.0.0.9")
        bad.dataReceived(framed(b"x" * 100) * 3)
        good.dataReceived(framed(picture(2)))
        self.assertEqual(self.cameras.get("cam-10-0-0-8")["frames"], 2)
        self.assertFalse(transport.disconnecting)
        self.assertEqual(self.cameras.get("cam-10-0-0-9")["bad_frames"], 3)

    async def test_decisions_that_overlap(self) -> None:
        """A revocation and a new name at the same moment are both in effect, on disk too."""
        self.connect()
        self.advance(1)
        id = "cam-10-0-0-7"
        both = [self.registry.revoke(id, "a"), self.registry.change(id, {"name": "Door"}, "b")]
        await gatherResults([Deferred.fromCoroutine(each) for each in both])
        before = self.registry.get(id)
        await self.tear_down()
        self.build()
        for device in (before, self.registry.get(id)):
            self.assertEqual((device["state"], device["name"]), ("revoked", "Door"))

    def test_rubbish_leaves_no_row(self) -> None:
        """A stranger that never sent a picture leaves a refusal, and nothing to approve."""
        self.registry.admissions.enrolment = "approve"
        protocol, _ = self.connect("10.0.0.9")
        protocol.dataReceived(b"GET / HTTP/1.1\r\n")
        self.assertEqual(self.registry.list(), [])
        self.assertEqual(len(self.registry.admissions.refusals.items()), 1)

    async def test_commands_are_presses(self) -> None:
        """START and STOP as commands do what the buttons do, once."""
        _, transport = self.connect()
        self.advance(1)
        await self.registry.command("cam-10-0-0-7", "START", "test")
        self.advance(3)
        self.assertEqual(transport.value(), b"START")
        self.assertTrue(self.cameras.get("cam-10-0-0-7")["started"])
        await self.registry.command("cam-10-0-0-7", "STOP", "test")
        self.advance(3)
        self.assertEqual(transport.value(), b"STARTSTOP")

    async def test_commands_it_can_not_take(self) -> None:
        """A field camera takes no SET: the error names what it takes."""
        self.connect()
        self.advance(1)
        with self.assertRaisesRegex(Invalid, "START and STOP"):
            await self.registry.command("cam-10-0-0-7", "SET fps=5", "test")

    def test_begun_frame_has_a_deadline(self) -> None:
        """A frame that is not whole after twenty seconds ends the connection."""
        protocol, transport = self.connect()
        protocol.dataReceived(struct.pack(">I", 90_000))
        for second in range(22):
            self.assertFalse(transport.disconnecting and second < 20)
            protocol.dataReceived(b"x" * 3000)
            self.advance(1)
        self.assertTrue(transport.disconnecting)

    def test_silence_is_lawful(self) -> None:
        """A silent field camera stays for an hour, and so does one that pauses between frames."""
        protocol, transport = self.connect()
        protocol.dataReceived(framed(picture()))
        self.clock.pump([1] * 3600)
        self.assertFalse(transport.disconnecting)


class PendingTests(PartsTest):
    """Cameras under enrolment by approval."""

    enrolment = "approve"

    async def test_held_until_approved(self) -> None:
        """A pending camera is told nothing and not shown; approved it is a camera."""
        protocol, transport = self.connect()
        protocol.dataReceived(framed(picture(1)))
        self.assertEqual(self.registry.get("cam-10-0-0-7")["state"], "pending")
        self.assertEqual((transport.value(), self.cameras.list()), (b"", []))
        await self.registry.approve("cam-10-0-0-7", by="test")
        self.assertEqual(transport.value(), b"STOP")  # it streams though nobody started it
        self.assertEqual(self.cameras.get("cam-10-0-0-7")["state"], "idle")

    def test_held_at_most_eight_an_address(self) -> None:
        """The ninth unapproved camera of an address is closed, one of another is held."""
        for _ in range(9):
            _, last = self.connect()
        _, other = self.connect("10.0.0.8")
        self.advance(1)
        self.assertEqual((last.disconnecting, other.disconnecting), (True, False))

    async def test_revoked(self) -> None:
        """Revoking closes the connection; connecting again is refused with the reason."""
        _, transport = self.connect()
        self.advance(1)
        await self.registry.approve("cam-10-0-0-7", by="test")
        await self.registry.revoke("cam-10-0-0-7", by="test")
        self.assertTrue(transport.disconnecting)
        _, again = self.connect()
        self.advance(1)
        self.assertTrue(again.disconnecting)
        self.assertIn("revoked", self.registry.admissions.refusals.items()[0]["reason"])

    async def test_the_same_device_moved(self) -> None:
        """Approved as the same device, a duplicate takes its name and keeps it at its address."""
        self.connect("10.0.0.7")
        self.advance(1)
        await self.registry.approve("cam-10-0-0-7", by="test")
        moved, _ = self.connect("10.0.0.8")
        self.advance(1)
        await self.registry.approve("cam-10-0-0-8", same_as="cam-10-0-0-7", by="test")
        self.assertEqual([d["id"] for d in self.registry.list()], ["cam-10-0-0-7"])
        self.disconnect(moved)
        self.connect("10.0.0.8")
        self.advance(1)
        [device] = self.registry.list()
        self.assertEqual((device["state"], device["address"]), ("online", "10.0.0.8"))


class KeyedCameraTests(PartsTest):
    """Cameras with a key."""

    enrolment = "keyed"

    async def hello(self, id: str, key: str, address: str = "10.0.0.7") -> tuple:
        """A connection that said hello and proved, rightly or not."""
        protocol, transport = self.connect(address)
        protocol.dataReceived(f"key~{id}\n".encode())
        said = transport.value()
        if said.startswith(b"nonce~"):
            nonce = said[6:-1].decode()
            mac = device_mac(bytes.fromhex(key), "cam", id, nonce)
            protocol.dataReceived(f"mac~{mac}\n".encode())
        return protocol, transport

    async def test_right_key(self) -> None:
        """With its key a camera is online and its commands are lines."""
        key = await self.registry.make_key("front-door", by="test")
        _, transport = await self.hello("front-door", key)
        await self.cameras.set_started("front-door", True, "test")
        self.assertTrue(transport.value().endswith(b"\nSTART\n"))
        self.assertEqual(self.cameras.get("front-door")["id"], "front-door")

    async def test_wrong_key(self) -> None:
        """A wrong key and an unknown id get a nonce, then denied; the true one stays connected."""
        key = await self.registry.make_key("front-door", by="test")
        _, true = await self.hello("front-door", key)
        for id in ("front-door", "stranger"):
            _, transport = await self.hello(id, "00" * 32)
            self.assertTrue(transport.value().endswith(b"\ndenied\n"))
            self.assertTrue(transport.disconnecting)
        self.assertFalse(true.disconnecting)

    async def test_must_wait_after_five(self) -> None:
        """After five wrong proofs in a minute hello is answered denied at once, for a minute."""
        key = await self.registry.make_key("front-door", by="test")
        for _ in range(5):
            await self.hello("front-door", "00" * 32)
        _, transport = await self.hello("front-door", key)
        self.assertEqual(transport.value(), b"denied\n")
        _, elsewhere = await self.hello("front-door", key, "10.0.0.9")
        self.assertIn(b"nonce~", elsewhere.value())
        self.advance(61)
        _, transport = await self.hello("front-door", key)
        self.assertTrue(transport.value().startswith(b"nonce~"))
        self.assertFalse(transport.disconnecting)

    async def test_takes_the_place_of_the_old_one(self) -> None:
        """Only with the right mac does a new connection replace the live one."""
        key = await self.registry.make_key("front-door", by="test")
        _, old = await self.hello("front-door", key)
        _, new = await self.hello("front-door", key)
        self.assertEqual((old.disconnecting, new.disconnecting), (True, False))
        self.assertEqual(self.registry.get("front-door")["state"], "online")

    async def test_nonce_grows_old(self) -> None:
        """A proof more than ten seconds after its nonce is refused."""
        key = await self.registry.make_key("front-door", by="test")
        protocol, transport = self.connect()
        protocol.dataReceived(b"key~front-door\n")
        nonce = transport.value()[6:-1].decode()
        self.advance(10.2)
        mac = device_mac(bytes.fromhex(key), "cam", "front-door", nonce)
        protocol.dataReceived(f"mac~{mac}\n".encode())
        self.assertTrue(transport.disconnecting)
        self.assertEqual(self.registry.get("front-door")["state"], "offline")

    def test_unkeyed_is_refused(self) -> None:
        """A silent camera is closed after thirty seconds, one that sends frames at once."""
        _, silent = self.connect("10.0.0.8")
        loud, transport = self.connect("10.0.0.9")
        loud.dataReceived(framed(picture()))
        self.assertTrue(transport.disconnecting)
        self.advance(29)
        self.assertFalse(silent.disconnecting)
        self.advance(3)
        self.assertTrue(silent.disconnecting)

    async def test_late_hello(self) -> None:
        """A keyed camera that was slow to speak is still heard, and leaves no other row."""
        key = await self.registry.make_key("front-door", by="test")
        protocol, transport = self.connect()
        self.advance(5)
        protocol.dataReceived(b"key~front-door\n")
        mac = device_mac(bytes.fromhex(key), "cam", "front-door", transport.value()[6:-1].decode())
        protocol.dataReceived(f"mac~{mac}\n".encode())
        self.assertEqual(
            [(d["id"], d["state"]) for d in self.registry.list()], [("front-door", "online")]
        )

    async def test_silent_keyed_camera(self) -> None:
        """After 20 s without a byte it is asked by ping; 45 s without one end the connection."""
        key = await self.registry.make_key("front-door", by="test")
        protocol, transport = await self.hello("front-door", key)
        self.advance(22)
        self.assertEqual(transport.value().count(b"ping\n"), 1)
        protocol.dataReceived(b"pong\n")
        self.advance(44)
        self.assertFalse(transport.disconnecting)
        self.advance(3)
        self.assertTrue(transport.disconnecting)

    async def test_flood_of_lines(self) -> None:
        """A thousand lines a second are heard; one more ends the connection, and is logged."""
        key = await self.registry.make_key("front-door", by="test")
        protocol, transport = await self.hello("front-door", key)
        for _ in range(2):
            protocol.dataReceived(b"ping\n" * 500 + b"info build=1\n" * 500)
            self.advance(1)
        self.assertFalse(transport.disconnecting)
        protocol.dataReceived(b"info build=1\n" * 1001)
        self.assertTrue(transport.disconnecting)
        self.assertEqual([each["state"] for each in self.registry.list()], ["offline"])


class LimitTests(PartsTest):
    """How many may connect."""

    limits = {"max_per_address": 5, "max_connections": 8}

    def test_per_address(self) -> None:
        """One address can't take all places, and its further connections are closed at once."""
        made = [self.connect()[0] for _ in range(7)]
        self.assertEqual([p is None for p in made], [False] * 5 + [True] * 2)
        self.assertIsNotNone(self.connect("10.0.0.8")[0])
        self.disconnect(made[0])
        self.assertIsNotNone(self.connect()[0])

    def test_in_all(self) -> None:
        """Over the limit of all connections nobody gets in until one leaves."""
        made = [self.connect(f"10.0.0.{n}")[0] for n in range(9)]
        self.assertIsNone(made[8])
        self.disconnect(made[0])
        self.assertIsNotNone(self.connect("10.0.0.99")[0])
