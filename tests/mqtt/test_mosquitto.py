"""Mosquitto as we ship it: accounts that iotd writes, and who may say what with them."""

from __future__ import annotations

import os
import stat
import subprocess
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.logger import globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase

from iotd.bus import Bus, DeviceChanged
from iotd.mqtt.mosquitto import KeyWriter, PasswordFile, fits, password_line
from tests.brokers import HERE, Mosquitto
from tests.mqtt.room import BridgeTest, Inbox

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
KEY, OTHER = "ab" * 32, "cd" * 32
OWN = ("iotd", "geheim")


def shipped(passwords: Path) -> list[str]:
    """The lines of deploy/mosquitto.conf, for another port and other paths."""
    lines = []
    for line in (DEPLOY / "mosquitto.conf").read_text().splitlines():
        line = line.replace("/etc/mosquitto/iotd.passwords", str(passwords))
        line = line.replace("/etc/mosquitto/iotd.acl", str(DEPLOY / "mosquitto.acl"))
        if line and not line.startswith(("#", "listener", "autosave")):
            lines.append(line)
    return lines


class PasswordFileTests(SynchronousTestCase):
    """What is in the file."""

    def setUp(self) -> None:
        self.file = PasswordFile(Path(self.mktemp()), OWN)

    def names(self) -> list[str]:
        """Whose lines there are."""
        return [line.partition(":")[0] for line in self.file.path.read_text().splitlines()]

    def test_lines(self) -> None:
        """A line is of one name and one password; the password is not in it."""
        line = password_line("north", KEY)
        self.assertTrue(fits(line, "north", KEY))
        for name, password in (("south", KEY), ("north", OTHER), ("north", "")):
            self.assertFalse(fits(line, name, password))
        for bad in ("", "north", "north:", "north:$7$x$y$z", "north:$6$abc$def", "north:$7$1$!$!"):
            self.assertFalse(fits(bad, "north", KEY))
        self.assertNotIn(KEY, line)

    def test_written_when_it_changed(self) -> None:
        """It holds iotd and the gates with keys, and is touched only when one changed."""
        self.assertTrue(self.file.write({"north": KEY, "east": OTHER}))
        self.assertEqual(self.names(), ["iotd", "east", "north"])
        self.assertFalse(self.file.write({"north": KEY, "east": OTHER}))
        before = self.file.path.read_text().splitlines()
        self.assertTrue(self.file.write({"north": OTHER, "east": OTHER}))
        after = self.file.path.read_text().splitlines()
        self.assertEqual((before[:2], before[2] == after[2]), (after[:2], False))
        self.assertTrue(self.file.write({}))
        self.assertEqual(self.names(), ["iotd"])

    def test_permissions(self) -> None:
        """Owner and group may read it, nobody else, and no other file is left behind."""
        self.file.write({"north": KEY})
        self.assertEqual(stat.S_IMODE(self.file.path.stat().st_mode), 0o640)
        self.assertEqual(os.listdir(self.file.path.parent), ["passwords"])

    def test_a_gate_named_like_iotd(self) -> None:
        """A gate can not have the account of iotd."""
        self.file.write({"iotd": KEY, "north": KEY})
        self.assertEqual(self.names(), ["iotd", "north"])

    def test_accounts_of_people(self) -> None:
        """What mosquitto_passwd made beside it is in it too, but for what is no account, and
        for names that iotd or a gate has."""
        self.file.path.parent.mkdir(parents=True)
        home = password_line("homeassistant", "x")
        self.file.others.write_text("\n".join((
            "# people", home, "plain:password", password_line("north", "x"),
            password_line("iotd", "x"), "",
        )))
        self.assertTrue(self.file.write({"north": KEY}))
        self.assertEqual(self.names(), ["iotd", "north", "homeassistant"])
        self.assertEqual(self.file.path.read_text().splitlines()[2], home)
        self.assertFalse(self.file.write({"north": KEY}))

    def test_accounts_that_nobody_may_read(self) -> None:
        """Gates get in all the same, and the log names the file, once."""
        said: list[Any] = []
        globalLogPublisher.addObserver(said.append)
        self.addCleanup(globalLogPublisher.removeObserver, said.append)
        self.file.others.mkdir(parents=True)  # no file: root can't read it either
        self.assertTrue(self.file.write({"north": KEY}))
        self.assertTrue(self.file.write({}))
        self.assertEqual(self.names(), ["iotd"])
        self.assertEqual([event.get("file") for event in said], [str(self.file.others)])

    def test_a_damaged_file(self) -> None:
        """Whatever was in it before, it is right afterwards."""
        self.file.write({})
        self.file.path.write_bytes(b"\xff\xfe\0rubbish\n:::\n")
        self.assertTrue(self.file.write({"north": KEY}))
        self.assertEqual(self.names(), ["iotd", "north"])


class KeyWriterTests(SynchronousTestCase):
    """When it is written."""

    def setUp(self) -> None:
        self.clock, self.bus = Clock(), Bus()
        self.file = PasswordFile(Path(self.mktemp()), None)
        self.keys = {"north": KEY}
        self.calls: list[tuple[Any, Deferred[Any]]] = []
        self.writer = KeyWriter(
            file=self.file, keys=lambda: self.keys, bus=self.bus, clock=self.clock,
            in_thread=self.in_thread,
        )
        self.writer.start_service()

    def in_thread(self, function: Any, *args: Any) -> Deferred[Any]:
        """Waits until it is fired."""
        self.calls.append(((function, args), Deferred()))
        return self.calls[-1][1]

    def test_changes(self) -> None:
        """At the start, and once for changes that come together, one writing at a time."""
        self.clock.advance(1)
        self.assertEqual(len(self.calls), 1)
        for _ in range(5):
            self.bus.publish(DeviceChanged("north", {"state": "online"}))
        self.clock.advance(1)
        self.assertEqual(len(self.calls), 1)
        self.calls[0][1].callback(True)
        self.clock.advance(1)
        self.assertEqual(len(self.calls), 2)
        self.calls[1][1].errback(OSError("disk full"))
        self.clock.advance(1)
        self.assertEqual(len(self.calls), 2)

    def test_stop(self) -> None:
        """A stop waits for what is being written and leaves no timer."""
        self.clock.advance(1)
        self.writer.changed()
        stopping = Deferred.fromCoroutine(self.writer.stop_service())
        self.assertNoResult(stopping)
        self.calls[0][1].callback(True)
        self.successResultOf(stopping)
        self.writer.changed()
        self.assertEqual(self.clock.getDelayedCalls(), [])


SAYS = ("seen", "badge", "status", "info", "fetch")


class ShippedTests(BridgeTest):
    """deploy/mosquitto.conf and deploy/mosquitto.acl in a real Mosquitto."""

    def setUp(self) -> None:
        super().setUp()
        self.file = PasswordFile(self.folder, OWN)
        self.file.write({"north": KEY, "east": OTHER})
        self.mosquitto: Mosquitto = self.broker(*shipped(self.file.path), allow=(), sizes=())
        self.inbox = Inbox()
        own = f"mqtt://{OWN[0]}:{OWN[1]}@{HERE}:{self.mosquitto.port}"
        topics = tuple(f"iotd/gate/+/{what}" for what in SAYS) + ("sample",)
        self.iotd = self.bridge(own, self.inbox, topics=topics)

    def say(self, topic: str, message: str, *options: str) -> int:
        """mosquitto_pub; its exit code."""
        done = subprocess.run(
            ["mosquitto_pub", "-p", str(self.mosquitto.port), "-t", topic, "-m", message, "-q", "1",
             *options], stderr=subprocess.DEVNULL,
        )
        return done.returncode

    async def test_who_may_say_what(self) -> None:
        """A gate below its own id, a client without a name on the field topic, nobody else."""
        await self.up(self.iotd)
        north = ("-u", "north", "-P", KEY)
        for what in SAYS:
            self.assertEqual(self.say(f"iotd/gate/north/{what}", what, *north), 0)
        self.say("sample", "0 WiFi")
        for topic in ("iotd/gate/east/seen", "iotd/gate/east/info", "iotd/gate/east/fetch",
                      "iotd/gate/north/replay", "iotd/gate/north/update", "sample"):
            self.say(topic, "forged", *north)
        for topic in ("iotd/gate/north/seen", "iotd/gate/new/seen", "iotd/gate/north/info",
                      "iotd/probe/x"):
            self.say(topic, "forged")
        self.say("iotd/gate/east/seen", "end", "-u", "east", "-P", OTHER)
        await self.inbox.has(*(what.encode() for what in SAYS), b"0 WiFi", b"end")
        self.assertNotIn(b"forged", self.inbox.payloads)
        field = next(each for each in self.inbox.messages if each.topic == "sample")
        self.assertEqual(field.qos, 1)

    async def test_what_is_asked_of_a_gate(self) -> None:
        """A gate hears what is asked of it, and not what is asked of others."""
        heard = Inbox()
        gate = self.bridge(f"mqtt://north:{KEY}@{HERE}:{self.mosquitto.port}", heard,
                           client_id="north", topics=("iotd/gate/+/replay", "#"))
        await self.up(self.iotd, gate)
        self.iotd.publish("iotd/gate/east/replay", b"east")
        self.iotd.publish("iotd/gate/east/update", b"east")
        self.iotd.publish("iotd/gate/north/replay", b"north")
        self.iotd.publish("iotd/gate/north/update", b"update 8")
        await heard.has(b"north", b"update 8")
        self.assertEqual({message.topic for message in heard.messages},
                         {"iotd/gate/north/replay", "iotd/gate/north/update"})

    async def test_a_new_key(self) -> None:
        """Written, and read again by Mosquitto, a new gate comes in and an old key does not."""
        await self.up(self.iotd)
        self.assertNotEqual(self.say("iotd/gate/new/seen", "x", "-u", "new", "-P", KEY), 0)
        self.file.write({"new": KEY, "north": OTHER})
        self.mosquitto.reload()
        await self.until(lambda: not self.say("iotd/gate/new/seen", "x", "-u", "new", "-P", KEY),
                         "the new gate signs in")
        await self.inbox.has(b"x")
        self.assertNotEqual(self.say("iotd/gate/north/seen", "x", "-u", "north", "-P", KEY), 0)

    async def test_the_field_is_kept(self) -> None:
        """What field gates say while iotd is away is there when it comes back."""
        await self.up(self.iotd)
        await self.iotd.stop_service()
        for number in range(3):
            self.say("sample", f"0 WiFi {number}")
        again = Inbox()
        await self.up(self.bridge(self.iotd.address, again, topics=("sample",)))
        await again.until(lambda: len(again.messages) == 3)
