"""What the broker is told for Home Assistant, when, and what is taken back; without a broker."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from iotd.mqtt.discovery import AT_ONCE, MOST_THINGS, TICK, Discovery
from iotd.mqtt.discovery_memory import Announced, AnnouncedFile, Memory
from iotd.mqtt.discovery_messages import config_topic, thing_of
from tests.mqtt.home_assistant import HomeAssistant
from tests.mqtt.test_discovery_things import device, facts

CONFIG = config_topic("homeassistant", "iotd-cam")


class Broker:
    """Keeps what is retained, as one of the brokers does; ``home`` hears it."""

    def __init__(self) -> None:
        self.retained: dict[str, bytes] = {}
        self.said: list[tuple[str, bytes]] = []
        self.full = False
        self.home = HomeAssistant()

    def say(self, topic: str, payload: bytes, qos: int, retain: bool) -> bool:
        """As the client of a broker does it."""
        if not self.full:
            assert retain
            self.said.append((topic, payload))
            self.home.hear(topic, payload)
            self.retained[topic] = payload
            if not payload:
                del self.retained[topic]
        return not self.full


class DiscoveryTest(SynchronousTestCase):
    """A discovery whose file can be broken, and whose broker is there unless it is away."""

    def setUp(self) -> None:
        self.clock, self.broker, self.folder = Clock(), Broker(), Path(self.mktemp())
        self.folder.mkdir()
        self.file = AnnouncedFile(self.folder)
        self.disk_works = True
        self.discovery = self.make()

    def make(self, prefix: str = "homeassistant") -> Discovery:
        """A daemon's, at its start."""
        return Discovery(
            prefix=prefix, page="", publish=self.broker.say, clock=self.clock,
            memory=Memory(self.file, self.clock.seconds, self.in_thread),
            metrics=CollectorRegistry(),
        )

    def in_thread(self, function: Any, *args: Any) -> Deferred[Any]:
        """At once, and as the disk is."""
        if not self.disk_works:
            function, args = self.no_space, ()
        return maybeDeferred(function, *args)

    def no_space(self) -> None:
        """A disk that is full."""
        raise OSError(28, "No space left on device")

    def show(self, id: str = "iotd-cam", kind: str = "camera", **more: Any) -> None:
        """A thing as it is now."""
        self.discovery.show(thing_of(id, facts(kind, **more)))

    def start(self, prefix: str = "homeassistant") -> None:
        """Begin with what the file has, at a broker that is there."""
        self.discovery.start_service(self.file.read())
        self.addCleanup(lambda: self.successResultOf(
            Deferred.fromCoroutine(self.discovery.stop_service())))
        self.discovery.connected(True)
        self.ticks()

    def restart(self, prefix: str = "homeassistant") -> None:
        """Another start of the daemon, with nothing shown yet."""
        self.successResultOf(Deferred.fromCoroutine(self.discovery.stop_service()))
        self.discovery = self.make(prefix)

    def ticks(self, count: int = 3) -> None:
        """So many seconds pass."""
        self.clock.pump([TICK] * count)


class AnnounceTests(DiscoveryTest):
    """What is said, and how often."""

    def test_announced(self) -> None:
        """A thing is there with all its values, and the daemon is online."""
        self.show()
        self.start()
        self.assertEqual(self.broker.home.faults, [])
        self.assertEqual(self.broker.home.values()["iotd-cam_fps"], 4.0)
        self.assertEqual(self.broker.retained["iotd/ha/status"], b"online")

    def test_on_disk_first(self) -> None:
        """Nothing is announced that the file does not hold; when it can be written, it is."""
        self.disk_works = False
        self.show()
        self.start()
        self.assertEqual(set(self.broker.retained), {"iotd/ha/status"})
        self.assertEqual(self.file.read(), {})
        self.disk_works = True
        self.ticks()
        self.assertIn(CONFIG, self.broker.retained)
        self.assertEqual(list(self.file.read()), [CONFIG])

    def test_only_what_changed(self) -> None:
        """The same again is not said again, and what changed often is said once a second."""
        self.show()
        self.start()
        before = len(self.broker.said)
        self.show()
        self.ticks()
        self.assertEqual(self.broker.said[before:], [])
        for state in ("offline", "online", "offline"):
            self.show(state=state)
        self.ticks(1)
        self.assertEqual(len(self.broker.said[before:]), 2)
        self.assertIs(self.broker.home.value("iotd-cam_connected"), False)
        self.assertEqual(self.broker.home.value("iotd-cam_fps"), "unavailable")

    def test_a_new_name(self) -> None:
        """A device that is called otherwise now is announced as that."""
        self.show()
        self.start()
        self.show(name="At the door")
        self.ticks(1)
        self.assertEqual(self.broker.home.devices["iotd-cam"]["device"]["name"], "At the door")

    def test_home_assistant_came_back(self) -> None:
        """When it says that it is there all is said again, and not more often than it must."""
        self.show()
        self.start()
        for count, payload in ((0, b"offline"), (4, b"online"), (0, b"online")):
            self.broker.said.clear()
            self.discovery.birth(payload)
            self.ticks()
            self.assertEqual(len(self.broker.said), count)
        self.broker.said.clear()
        self.clock.pump([TICK] * 10)
        self.discovery.birth(b"online")
        self.ticks()
        self.assertEqual(len(self.broker.said), 4)

    def test_another_broker(self) -> None:
        """A broker that was away and forgot everything is told everything."""
        self.show()
        self.start()
        self.broker.retained.clear()
        self.discovery.connected(False)
        self.show(name="Meanwhile")
        self.ticks()
        self.assertEqual(self.broker.retained, {})
        self.discovery.connected(True)
        self.ticks()
        self.assertEqual(len(self.broker.retained), 4)

    def test_many(self) -> None:
        """Of a thousand things not more than a hundred messages a second are said, each once;
        a broker that takes nothing more is not pressed."""
        for number in range(1000):
            self.show(f"iotd-{number}", "gate")
        self.start()
        self.broker.said.clear()
        self.broker.full = True
        self.ticks()
        self.broker.full = False
        self.ticks(1)
        self.assertEqual(len(self.broker.said), AT_ONCE)
        self.ticks(40)
        self.assertEqual(len(self.broker.retained), 3001)
        self.assertEqual(len({topic for topic, _ in self.broker.said}), len(self.broker.said))

    def test_a_limit(self) -> None:
        """Beyond it nothing more is announced; what is, stays up to date."""
        self.discovery._things = {str(number): thing_of("x", facts("gate"))  # filled quickly
                                  for number in range(MOST_THINGS)}
        self.show("one-more")
        self.assertNotIn("one-more", self.discovery._things)

    def test_a_stop(self) -> None:
        """A daemon that ends in order says so, and leaves its things announced."""
        self.show()
        self.start()
        self.successResultOf(Deferred.fromCoroutine(self.discovery.stop_service()))
        self.assertEqual(self.broker.retained["iotd/ha/status"], b"offline")
        self.assertEqual(self.broker.home.value("iotd-cam_connected"), "unavailable")
        self.assertEqual(self.clock.getDelayedCalls(), [])


class TakeBackTests(DiscoveryTest):
    """What is gone, here and there."""

    def assertNothing(self) -> None:
        """Neither broker nor file has anything of a thing."""
        self.assertEqual(self.broker.home.devices, {})
        self.assertLessEqual(set(self.broker.retained), {"iotd/ha/status"})
        self.assertEqual(self.file.read(), {})

    def test_forgotten(self) -> None:
        """A thing that is gone leaves nothing behind, with the broker or on disk."""
        self.show()
        self.start()
        self.discovery.forget("iotd-cam")
        self.ticks(6)
        self.assertNothing()

    def test_again(self) -> None:
        """One that comes back at once is announced as it is now."""
        self.show()
        self.start()
        for wait in (0, 1, 2, 6):
            self.discovery.forget("iotd-cam")
            self.ticks(wait)
            self.show(name=f"After {wait}")
            self.ticks(4)
            device = self.broker.home.devices["iotd-cam"]["device"]
            self.assertEqual((device["name"], list(self.file.read())), (f"After {wait}", [CONFIG]))

    def test_while_the_broker_is_away(self) -> None:
        """What went meanwhile is taken back when the broker is there, by a later start too."""
        self.show()
        self.start()
        self.discovery.connected(False)
        self.discovery.forget("iotd-cam")
        self.ticks(6)
        self.assertEqual(list(self.file.read()), [CONFIG])
        self.restart()
        self.start()
        self.ticks(6)
        self.assertNothing()

    def test_switched_off(self) -> None:
        """Without a prefix a start takes everything back, its own status too, and no file stays."""
        self.show()
        self.show("iotd-gate", "gate")
        self.start()
        self.restart("")
        self.start()
        self.ticks(6)
        self.assertEqual((self.broker.retained, self.broker.home.devices), ({}, {}))
        self.assertFalse(self.file.path.exists())

    def test_another_prefix(self) -> None:
        """Under a new prefix things are announced anew, and the old ones are gone."""
        self.show()
        self.start()
        self.restart("ha")
        self.show()
        self.start()
        self.ticks(6)
        self.assertEqual(set(self.broker.retained), {
            "ha/device/iotd-cam/config", "iotd/ha/iotd-cam/state",
            "iotd/ha/iotd-cam/availability", "iotd/ha/status",
        })

    def test_an_item_less(self) -> None:
        """What a thing has no more is taken from Home Assistant once, by the next start too."""
        many: Announced = {CONFIG: {"item_old": "sensor", "fps": "sensor"}}
        self.file.write(many)
        self.show()
        self.start()
        components = self.broker.home.devices["iotd-cam"]["components"]
        self.assertEqual(components["item_old"], {"platform": "sensor"})
        self.assertNotIn("item_old", self.file.read()[CONFIG])

    def test_a_file_of_others(self) -> None:
        """A damaged file is as none: it stops nothing, and is replaced."""
        for text in ("", "[]", '{"x": 1}', '{"x": {"a": 1}}', "\0"):
            self.file.path.write_text(text)
            self.assertEqual(self.file.read(), {})
        self.show()
        self.start()
        self.assertEqual(list(self.file.read()), [CONFIG])
        self.assertEqual(self.file.path.stat().st_mode & 0o777, 0o600)

    def test_a_device_of_the_field(self) -> None:
        """One that tells nothing of itself is announced too."""
        self.discovery.show(thing_of("iotd-cab", {"device": device("cabinet_camera")}))
        self.start()
        self.assertEqual(self.broker.home.values(), {"iotd-cab_connected": True})
