"""The client of the broker against a real Mosquitto."""

from __future__ import annotations

import os
import resource
import subprocess
import time
from typing import Any

from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.reasoncodes import ReasonCode
from prometheus_client import CollectorRegistry, generate_latest
from twisted.internet.defer import Deferred

from iotd.errors import Unavailable
from iotd.mqtt.address import Address, parse
from iotd.mqtt.client import PahoSession
from iotd.mqtt.stream import Message
from tests.brokers import HERE, free_port
from tests.mqtt.loader import Loader, chunks, publish_packet
from tests.mqtt.room import SEEN, BridgeTest, Inbox

SUBACK = PacketTypes.SUBACK  # type: ignore[attr-defined]


def say(port: int, *payloads: bytes, qos: int = 1, topic: str = SEEN, retain: bool = False) -> None:
    """Publish, and wait until the broker has acknowledged."""
    loader = Loader(port)
    for number, payload in enumerate(payloads, 1):
        loader.socket.sendall(publish_packet(topic, payload, number if qos else 0, retain))
    if qos:
        loader.drain(len(payloads))
    else:
        loader.socket.sendall(b"\xc0\0")  # PINGREQ: its answer comes after all was taken
        assert loader.socket.recv(2) == b"\xd0\0"
    loader.close()


class MessageTests(BridgeTest):
    """What comes in."""

    async def test_what_they_hold(self) -> None:
        """Topic, payload, QoS and whether it was kept by the broker."""
        broker, inbox = self.broker(), Inbox()
        say(broker.port, b"online", topic="iotd/gate/g1/status", retain=True)
        topics = ("iotd/gate/+/seen", "iotd/gate/+/status", "sample")
        await self.up(self.bridge(broker.address, inbox, topics=topics))
        await inbox.has(b"online")
        say(broker.port, b"one")
        say(broker.port, b"0 WiFi", qos=0, topic="sample")
        await inbox.has(b"one", b"0 WiFi")
        self.assertEqual(set(inbox.messages), {
            Message("iotd/gate/g1/status", b"online", True, 1), Message(SEEN, b"one", False, 1),
            Message("sample", b"0 WiFi", False, 0),
        })

    async def test_qos_2_comes_as_1(self) -> None:
        """What is published with QoS 2 is heard once."""
        broker, inbox = self.broker(), Inbox()
        await self.up(self.bridge(broker.address, inbox))
        subprocess.run(["mosquitto_pub", "-p", str(broker.port), "-t", SEEN, "-q", "2", "-m", "x"],
                       check=True)
        await inbox.has(b"x")
        self.assertEqual(inbox.messages, [Message(SEEN, b"x", False, 1)])

    async def test_a_flood(self) -> None:
        """20,000 messages arrive once each, in order, in batches, and are all acknowledged."""
        broker, inbox = self.broker(autosave=1_000_000), Inbox()
        bridge = self.bridge(broker.address, inbox)
        await self.up(bridge)
        loader = Loader(broker.port)
        loader.run(chunks([SEEN], 20_000))
        await inbox.until(lambda: len(inbox.messages) >= 20_000)
        loader.close()
        await bridge.stop_service()
        self.assertEqual([int(payload.split(b'"seq":')[1].split(b",")[0])
                          for payload in inbox.payloads], list(range(1, 20_001)))
        self.assertEqual((bridge.handover.acknowledged, bridge.handover.waiting), (20_000, 0))
        self.assertLess(inbox.batches, 10_000)

    async def test_a_large_one(self) -> None:
        """A megabyte arrives whole, and what comes after it too."""
        broker, inbox = self.broker(), Inbox()
        await self.up(self.bridge(broker.address, inbox))
        large = os.urandom(1_000_000)
        say(broker.port, large, b"after")
        await inbox.has(large, b"after")

    async def test_file_numbers_above_1023(self) -> None:
        """It works in a daemon with thousands of connections."""
        limit = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, limit[1]), limit[1]))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, limit)
        low = [os.open(os.devnull, os.O_RDONLY)]
        self.addCleanup(lambda: list(map(os.close, low)))
        while low[-1] < 1100:
            low.append(os.dup(low[0]))
        broker, inbox = self.broker(), Inbox()
        await self.up(self.bridge(broker.address, inbox))
        say(broker.port, b"high")
        await inbox.has(b"high")


class AcknowledgeTests(BridgeTest):
    """What is acknowledged, and what comes again."""

    async def test_not_before_it_is_safe(self) -> None:
        """What the inbox did not finish is not acknowledged: another client gets it again."""
        broker, first, second = self.broker(), Inbox(), Inbox()
        bridge = self.bridge(broker.address, first)
        await self.up(bridge)
        say(broker.port, b"kept")
        await first.has(b"kept")
        await self.until(lambda: bridge.handover.acknowledged == 1, "acknowledged")
        never: Deferred[None] = Deferred()
        first.answer = lambda messages: never
        say(broker.port, b"one", b"two")
        await first.has(b"one", b"two")
        bridge._line.leave()  # as if the process had ended here
        await self.until(lambda: bridge._ended.called, "its thread ended")
        await self.up(self.bridge(broker.address, second))
        await second.has(b"one", b"two")
        self.assertEqual(second.payloads, [b"one", b"two"])
        never.callback(None)

    async def test_what_was_not_kept_comes_again(self) -> None:
        """A batch whose Deferred fails is asked for again until it is kept."""
        broker, inbox = self.broker(), Inbox()
        bridge = self.bridge(broker.address, inbox)
        await self.up(bridge)
        failures = [OSError("disk full")]

        def answer(messages: list[Message]) -> None:
            if failures:
                raise failures.pop()

        inbox.answer = answer
        say(broker.port, b"one")
        await inbox.until(lambda: inbox.payloads == [b"one", b"one"])
        await self.until(lambda: bridge.handover.acknowledged == 1, "acknowledged")
        await self.until(lambda: bridge.connections == 2, "connected anew")
        self.assertEqual(len(self.flushLoggedErrors(OSError)), 1)
        self.assertEqual(bridge.sessions_lost, 0)

    async def test_a_stop_finishes(self) -> None:
        """A stop waits for what was handed over, and acknowledges it; what comes then is kept."""
        broker, inbox, second = self.broker(), Inbox(), Inbox()
        bridge = self.bridge(broker.address, inbox)
        await self.up(bridge)
        finish: Deferred[None] = Deferred()
        inbox.answer = lambda messages: finish
        say(broker.port, b"one")
        await inbox.has(b"one")
        stopping = Deferred.fromCoroutine(bridge.stop_service())
        say(broker.port, b"two")
        self.assertNoResult(stopping)
        finish.callback(None)
        await stopping
        self.assertEqual(bridge.handover.acknowledged, 1)
        await self.up(self.bridge(broker.address, second))
        await second.has(b"two")
        self.assertEqual(second.payloads, [b"two"])

    async def test_while_it_is_away(self) -> None:
        """The broker keeps what is published while the daemon is stopped."""
        broker, inbox = self.broker(), Inbox()
        first = self.bridge(broker.address)
        await self.up(first)
        await first.stop_service()
        say(broker.port, *(b"%d" % number for number in range(100)))
        await self.up(self.bridge(broker.address, inbox))
        await inbox.until(lambda: len(inbox.messages) == 100)


class PublishTests(BridgeTest):
    """What goes out."""

    async def test_published(self) -> None:
        """Messages arrive, those too that were published before there was a connection."""
        broker, inbox = self.broker(), Inbox()
        listener = self.bridge(broker.address, inbox, client_id="gate", topics=("+/replay",))
        await self.up(listener)
        broker.stop()
        bridge = self.bridge(broker.address)
        await self.until(lambda: "refused" in bridge.why, "it failed once")
        bridge.publish("g1/replay", b"early")
        broker.start()
        await self.up(bridge)
        bridge.publish("g1/replay", b"late", qos=0)
        await inbox.has(b"early", b"late")

    async def test_too_many(self) -> None:
        """Without a connection a thousand wait; what is beyond is refused and counted."""
        bridge = self.bridge(f"mqtt://{HERE}:{free_port()}")
        taken = [bridge.publish("t", b"") for _ in range(1001)]
        self.assertEqual((taken.count(True), bridge.unpublished), (1000, 1))


class ConnectionTests(BridgeTest):
    """Brokers that are away, refuse or hang."""

    async def why(self, bridge: Any, *words: str) -> None:
        """It says so, and /readyz would."""
        await self.until(lambda: all(word in bridge.why for word in words), f"why: {bridge.why}")
        fault = await self.assertFailure(Deferred.fromCoroutine(bridge.check()), Unavailable)
        self.assertIn(f"no connection to the broker at {bridge.address}: ", str(fault))
        for word in words:
            self.assertIn(word, str(fault))
        self.assertNotIn("geheim", str(fault))

    async def test_nobody_listens(self) -> None:
        """The reason is told; it goes on trying, and is there when the broker is."""
        broker = self.broker()
        broker.stop()
        bridge = self.bridge(f"mqtt://user:geheim@{HERE}:{broker.port}")
        await self.why(bridge, "Connection refused")
        broker.start()
        await self.up(bridge)
        await bridge.check()
        self.assertLess(abs((bridge.connected_since or 0) - time.time()), 10)

    async def test_a_name_without_address(self) -> None:
        """So is that of a name that does not exist."""
        await self.why(self.bridge("mqtt://broker.invalid"), "its name has no address")

    async def test_not_let_in(self) -> None:
        """A broker that does not accept the password is named as what it is."""
        broker = self.broker(allow=("allow_anonymous false",))
        await self.why(self.bridge(f"mqtt://user:geheim@{HERE}:{broker.port}"), "refused", "author")

    def test_what_it_can_do_without(self) -> None:
        """A topic that a broker refuses ends the connection, unless it goes without it too."""
        for codes, is_up in (((0, 0x80), True), ((0x80, 0), False)):
            came: list[bool] = []
            session = PahoSession(
                Address(HERE, 1), "iotd", ["seen"], None, 30, came.append, extra=["status"],
            )
            answer: Any = session._paho.on_subscribe
            answer(None, None, 1, [ReasonCode(SUBACK, identifier=each) for each in codes], None)
            self.assertEqual((session.up, bool(came)), (is_up, is_up))
            self.assertEqual("the subscription to seen" in session.why, not is_up)

    async def test_it_hangs(self) -> None:
        """A broker that says nothing any more is left, and found again when it goes on."""
        broker, inbox = self.broker(), Inbox()
        bridge = self.bridge(broker.address, inbox, keepalive=1)
        await self.up(bridge)
        broker.pause()
        await self.why(bridge, "did not answer")
        broker.resume()
        await self.up(bridge)
        say(broker.port, b"again")
        await inbox.has(b"again")

    async def test_two_of_one_name(self) -> None:
        """Two daemons with one client id push each other out, but ever more slowly."""
        broker = self.broker()
        one, two = self.bridge(broker.address), self.bridge(broker.address)
        await self.until(lambda: one.connections + two.connections >= 4, "some turns")
        begin = time.monotonic()
        await self.until(lambda: one.connections + two.connections >= 6, "two more turns")
        self.assertGreater(time.monotonic() - begin, 0.3)

    async def test_a_stop_at_any_time(self) -> None:
        """A bridge that never connected stops at once, one that was never started too."""
        bridge = self.bridge(f"mqtt://{HERE}:{free_port()}")
        await self.until(lambda: "refused" in bridge.why, "it failed once")
        begin = time.monotonic()
        await bridge.stop_service()
        await bridge.stop_service()
        self.assertLess(time.monotonic() - begin, 2)
        self.assertTrue(bridge._ended.called)

    async def test_figures(self) -> None:
        """What happened is in the metrics."""
        broker, inbox, metrics = self.broker(), Inbox(), CollectorRegistry()
        bridge = self.bridge(parse(broker.address), inbox)
        from iotd.mqtt.figures import BridgeCollector
        metrics.register(BridgeCollector(bridge))
        await self.up(bridge)
        say(broker.port, b"one", b"two")
        await self.until(lambda: bridge.handover.acknowledged == 2, "acknowledged")
        text = generate_latest(metrics).decode()
        for line in ("iotd_mqtt_connected 1.0", "iotd_mqtt_messages_total 2.0",
                     "iotd_mqtt_acknowledged_total 2.0", "iotd_mqtt_connections_total 1.0",
                     'iotd_mqtt_dropped_total{why="overload"} 0.0'):
            self.assertIn(line, text)
