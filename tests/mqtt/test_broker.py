"""The embedded broker, over real sockets: who comes in, what gets through, what is left behind."""

from __future__ import annotations

from typing import Any

from prometheus_client import CollectorRegistry
from twisted.internet import reactor
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.task import deferLater

from iotd.mqtt.broker import EmbeddedBroker
from iotd.mqtt.client import Bridge
from iotd.mqtt.door import Door
from iotd.mqtt.stream import Message
from iotd.wire.mqtt import (
    REFUSED, ConnAck, Connect, Disconnect, PingReq, Publish, SubAck, Subscribe, Will,
    encode,
)
from tests.mqtt.gates import Gate, Keys, connect
from tests.mqtt.room import BridgeTest, Inbox

KEY = "ab" * 32
TOPICS = ("iotd/gate/+/seen", "iotd/gate/+/badge", "iotd/gate/+/status", "sample")
REFUSED_CODE, AWAY_CODE = 5, 3


class BrokerTest(BridgeTest):
    """An embedded broker with one keyed gate, ``north``, and the daemon's client at it."""

    limits: dict[str, int] = {}

    async def setUp(self) -> None:  # type: ignore[override]
        super().setUp()
        self.keys = Keys(north=KEY)
        self.refused: list[tuple[str, str | None, str, str]] = []
        self.gates: list[Gate] = []
        self.inbox, self.metrics = Inbox(), CollectorRegistry()
        self.door = Door(self.keys, "sample")
        self.embedded = EmbeddedBroker(
            reactor=reactor, door=self.door, metrics=self.metrics,
            refuse=lambda *args: self.refused.append(args), **self.limits,
        )
        await self.embedded.start()
        listen: Any = reactor.listenTCP  # type: ignore[attr-defined]
        self.port: Any = listen(0, self.embedded.factory, interface="127.0.0.1")
        self.addCleanup(self.stop_broker)

    async def stop_broker(self) -> None:
        """Gates first, then the daemon's client, then the broker."""
        for gate in self.gates:
            gate.close()
        await self.stop_bridges()
        await maybeDeferred(self.port.stopListening)
        await self.embedded.stop()
        self.assertFalse(self.embedded._routing._thread.is_alive())

    async def listen(self) -> Bridge:
        """The daemon's own client, subscribed."""
        bridge = self.bridge(self.embedded.address, self.inbox, topics=TOPICS)
        await self.up(bridge)
        return bridge

    async def gate(self, **options: Any) -> Gate:
        """A gate that was let in."""
        gate = await self.stranger()
        answer = await gate.sign_in(**options)
        self.assertEqual(answer.code, 0)
        return gate

    async def north(self, **options: Any) -> Gate:
        """The gate that has a key, with it."""
        return await self.gate(username="north", password=KEY.encode(), **options)

    async def stranger(self) -> Gate:
        """A connection that said nothing yet."""
        self.gates.append(await connect(self.port.getHost().port))
        return self.gates[-1]


class PassageTests(BrokerTest):
    """What gets through."""

    async def test_a_keyed_gate(self) -> None:
        """What it says arrives, and what is asked of it arrives there, and nowhere else."""
        bridge = await self.listen()
        north, other = await self.north(), await self.gate()
        self.assertEqual(await north.subscribe("iotd/gate/north/replay"), (1,))
        self.assertEqual(await other.subscribe("iotd/gate/south/replay"), (1,))
        await north.publish("iotd/gate/north/seen", b"one")
        await self.inbox.has(b"one")
        self.assertEqual(self.inbox.messages, [Message("iotd/gate/north/seen", b"one", False, 1)])
        bridge.publish("iotd/gate/north/replay", b"again")
        heard = await north.until(Publish)
        self.assertEqual((heard.topic, heard.payload), ("iotd/gate/north/replay", b"again"))
        self.assertEqual([each for each in other.packets if isinstance(each, Publish)], [])

    async def test_a_field_gate(self) -> None:
        """No password, QoS 0, keepalive 0, the field topic: as umqtt.simple does it."""
        await self.listen()
        gate = await self.gate(client_id="b0a1", keepalive=0)
        gate.say(Publish("sample", b"0 WiFi: BSSID: 00:11:22:33:44:55, Signal: -45 dBm"))
        await self.inbox.until(lambda: len(self.inbox.messages) == 1)
        self.assertEqual(self.inbox.messages[0].topic, "sample")

    async def test_an_unkeyed_gate_of_its_own_name(self) -> None:
        """Without a key it may speak for ids that have none."""
        await self.listen()
        gate = await self.gate()
        await gate.publish("iotd/gate/south/badge", b"badge")
        await self.inbox.has(b"badge")

    async def test_status_and_will(self) -> None:
        """online is kept for a daemon that comes later, the will is told when a gate is lost."""
        first = await self.listen()
        north = await self.north(will=Will("iotd/gate/north/status", b"offline"))
        await north.publish("iotd/gate/north/status", b"online", retain=True)
        await self.inbox.has(b"online")
        await first.stop_service()
        again = Inbox()
        await self.up(self.bridge(self.embedded.address, again, topics=TOPICS))
        await again.has(b"online")
        self.assertTrue(any(message.retained for message in again.messages))
        north.close()
        await again.has(b"offline")

    async def test_goodbye(self) -> None:
        """A gate that leaves in order leaves no will behind."""
        await self.listen()
        north = await self.north(will=Will("iotd/gate/north/status", b"offline"))
        north.say(Publish("iotd/gate/north/status", b"bye"), Disconnect())
        await north.gone()
        await (await self.north()).publish("iotd/gate/north/seen", b"after")
        await self.inbox.has(b"after")
        self.assertNotIn(b"offline", self.inbox.payloads)

    async def test_only_a_status_is_kept(self) -> None:
        """Nobody fills the memory with retained messages, or lets old sightings come again."""
        await self.listen()
        north = await self.north()
        await north.publish("iotd/gate/north/seen", b"one", retain=True)
        await self.inbox.has(b"one")
        self.assertEqual(list(self.embedded._routing._broker.retained_messages), [])

    async def test_many(self) -> None:
        """A thousand messages of ten gates arrive, once each."""
        await self.listen()
        gates = [await self.gate(client_id=f"chip{number}") for number in range(10)]
        expected = []
        for number, gate in enumerate(gates):
            payloads = [b"%d-%d" % (number, each) for each in range(100)]
            gate.say(*(Publish(f"iotd/gate/g-{number:02}/seen", payload, 1, packet_id=at)
                       for at, payload in enumerate(payloads, 1)))
            expected += payloads
        await self.inbox.until(lambda: len(self.inbox.messages) >= 1000)
        self.assertEqual(sorted(self.inbox.payloads), sorted(expected))
        await self.until(lambda: self.embedded.factory.on_the_way == 0, "all acknowledged")

    async def test_a_gate_that_leaves_at_once(self) -> None:
        """What it published arrives, though it was gone before anybody had looked."""
        await self.listen()
        for client_id, last in (("one", (Disconnect(),)), ("two", ())):
            gate = await self.gate(client_id=client_id)
            gate.say(*(Publish("sample", b"%s-%d" % (client_id.encode(), number))
                       for number in range(200)), *last)
            gate.transport.loseConnection()
        await self.inbox.until(lambda: len(set(self.inbox.payloads)) == 400)

    async def test_a_slow_daemon(self) -> None:
        """What is not acknowledged for longer than amqtt's five seconds is not lost."""
        bridge = await self.listen()
        held: Deferred[None] = Deferred()
        self.inbox.answer = lambda messages: held
        await (await self.gate()).publish("iotd/gate/south/seen", b"slow")
        await self.inbox.has(b"slow")
        self.let_a_minute_pass()
        await (await self.gate()).publish("iotd/gate/south/seen", b"a minute later")
        await self.inbox.has(b"a minute later")
        held.callback(None)
        await self.until(lambda: bridge.handover.acknowledged == 2, "acknowledged")
        await self.until(lambda: self.embedded.factory.on_the_way == 0, "and heard of")

    async def test_the_daemon_comes_again(self) -> None:
        """What it could not keep is sent again on its next connection, and new messages come in."""
        await self.listen()
        gate, faults = await self.gate(), [OSError("disk full")]

        def answer(messages: list[Message]) -> None:
            if faults:
                raise faults.pop()

        self.inbox.answer = answer
        await gate.publish("iotd/gate/south/seen", b"one")
        await self.inbox.until(lambda: self.inbox.payloads.count(b"one") == 2)
        self.assertEqual(len(self.flushLoggedErrors(OSError)), 1)
        await gate.publish("iotd/gate/south/seen", b"two")
        await self.inbox.has(b"two")

    def let_a_minute_pass(self) -> None:
        """For amqtt: whatever it waits for with a timeout is over."""
        loop = self.embedded._routing._loop
        now = loop.time
        loop.time = lambda: now() + 60  # type: ignore[method-assign]

    async def test_gates_wait_for_the_daemon(self) -> None:
        """When too much is on its way, gates are not read: memory has an end."""
        await self.listen()
        held: Deferred[None] = Deferred()
        self.inbox.answer = lambda messages: held
        self.patch(__import__("iotd.mqtt.guards", fromlist=["x"]), "ON_THE_WAY", 100)
        gate = await self.gate()
        for number in range(20):
            gate.say(*(Publish("iotd/gate/south/seen", bytes(20_000), 1, packet_id=each)
                       for each in range(1, 21)))
        guards = self.embedded.factory._guards
        await self.until(lambda: any(each._paused for each in guards), "paused")
        self.assertLess(self.embedded.factory.on_the_way, 250)
        held.callback(None)
        await self.inbox.until(lambda: len(self.inbox.messages) == 400)


class RefusalTests(BrokerTest):
    """What does not."""

    async def refused_by(self, gate: Gate, words: str) -> None:
        """It is closed, and the reason shown has these words."""
        await gate.gone()
        self.assertIn(words, " ".join(each[3] for each in self.refused))

    async def test_before_the_daemon_listens(self) -> None:
        """A gate is told to come again: what it said would be lost."""
        self.assertEqual((await (await self.stranger()).sign_in()).code, AWAY_CODE)

    async def test_wrong_passwords(self) -> None:
        """A wrong key, none where there is one, and keyed enrolment."""
        await self.listen()
        for options in ({"username": "north", "password": b"wrong"}, {"username": "north"},
                        {"username": "$iotd", "password": b"wrong"}, {"username": "$iotd"}):
            gate = await self.stranger()
            self.assertEqual((await gate.sign_in(**options)).code, REFUSED_CODE, options)
            await gate.gone()
        self.keys.keyed = True
        self.assertEqual((await (await self.stranger()).sign_in()).code, REFUSED_CODE)

    async def test_another_gate(self) -> None:
        """What a gate publishes as another is acknowledged and dropped; it may go on."""
        await self.listen()
        north = await self.north()
        for gate, topic in ((north, "iotd/gate/south/seen"),
                            (await self.gate(), "iotd/gate/north/seen")):
            await gate.publish(topic, b"forged")
            self.assertIn(topic, self.refused[-1][3])
        await north.publish("iotd/gate/north/seen", b"honest")
        await self.inbox.has(b"honest")
        self.assertNotIn(b"forged", self.inbox.payloads)
        self.assertEqual(self.embedded.factory.refused["publish"], 2)

    async def test_other_topics(self) -> None:
        """Only what iotd knows: not its own words to gates, not the broker's, not others."""
        await self.listen()
        gate = await self.gate()
        for topic in ("iotd/gate/south/replay", "$SYS/broker", "home/light", "iotd/gate/../seen",
                      "iotd/gate/south/seen/more", "iotd/gate//seen"):
            await gate.publish(topic, b"x")
            self.assertIn(topic, self.refused[-1][3])
        await gate.publish("home/aa:bb:cc:dd:ee:ff", b"x")
        self.assertIn("home/xx:xx:xx:xx:xx:xx", self.refused[-1][3])
        await gate.publish("iotd/gate/south/seen", b"mine")
        await self.inbox.has(b"mine")
        self.assertEqual(self.inbox.payloads, [b"mine"])

    async def test_a_will_for_another(self) -> None:
        """A will is judged like a publish, at the door."""
        await self.listen()
        gate = await self.stranger()
        answer = await gate.sign_in(will=Will("iotd/gate/north/status", b"offline"))
        self.assertEqual(answer.code, REFUSED_CODE)
        await self.refused_by(gate, "its will")

    async def test_listening_in(self) -> None:
        """Nobody hears what others say."""
        await self.listen()
        north, gate = await self.north(), await self.gate()
        for topics in (("#",), ("sample",), ("iotd/gate/+/seen",), ("iotd/gate/north/replay", "#"),
                       ("$SYS/#",), ("iotd/gate/south/replay",)):
            self.assertEqual(await north.subscribe(*topics), (REFUSED,) * len(topics), topics)
        self.assertEqual(await gate.subscribe("iotd/gate/north/replay"), (REFUSED,))
        many = [f"iotd/gate/g-{number}/replay" for number in range(20)]
        self.assertEqual(await gate.subscribe(*many), (REFUSED,) * 20)

    async def test_nothing_retained_is_given_away(self) -> None:
        """A gate that comes in is not told of the others."""
        await self.listen()
        await (await self.north()).publish("iotd/gate/north/status", b"online", retain=True)
        gate = await self.gate()
        await gate.publish("iotd/gate/south/seen", b"x")
        self.assertEqual([each for each in gate.packets if isinstance(each, Publish)], [])

    async def test_all_come_at_once(self) -> None:
        """Nobody is sent away because others subscribe while it comes in."""
        await self.listen()
        first = await self.gate()
        for number in range(100):
            await first.publish(f"iotd/gate/g-{number}/status", b"online", True)
        gates = [await self.stranger() for _ in range(20)]
        for number, gate in enumerate(gates):
            replay = Subscribe(1, ((f"iotd/gate/g-{number}/replay", 1),))
            gate.say(Connect(f"chip-{number}", keepalive=0), replay)
            await deferLater(reactor, 0.001)  # type: ignore[arg-type]
        for gate in gates:
            self.assertEqual((await gate.until(SubAck)).codes, (1,))
            await gate.publish("iotd/gate/g-1/seen", b"x")
            self.assertFalse(gate.closed.called)
            self.assertEqual([each for each in gate.packets if isinstance(each, Publish)], [])

    async def test_the_daemons_session(self) -> None:
        """A stranger with the client id of the daemon, or of a gate, takes nothing over."""
        await self.listen()
        north = await self.north()
        for client_id in ("iotd", "north.1", "north", "$iotd"):
            await (await self.gate(client_id=client_id)).publish("iotd/gate/south/seen", b"x")
        await north.publish("iotd/gate/north/seen", b"still here")
        await self.inbox.has(b"still here")

    async def test_the_own_port(self) -> None:
        """At the port of the daemon's own client nobody else is let in."""
        await self.listen()
        gate = await connect(self.embedded.address.port)
        self.gates.append(gate)
        answer = await gate.sign_in(username="north", password=KEY.encode())
        self.assertEqual(answer.code, REFUSED_CODE)

    async def test_too_large(self) -> None:
        """A packet beyond a megabyte is refused at its header, before its bytes come."""
        await self.listen()
        gate = await self.gate()
        gate.transport.write(b"\x30\xff\xff\xff\x7f\0\6sample")
        await self.refused_by(gate, "a packet of 268435455 bytes")
        large = await self.gate()
        await large.publish("iotd/gate/south/seen", bytes(1_000_000))
        await self.inbox.until(lambda: len(self.inbox.messages) == 1)

    async def test_rubbish(self) -> None:
        """What is no MQTT, or comes out of turn, closes that connection alone."""
        await self.listen()
        good = await self.gate(client_id="good")
        for data in (b"GET / HTTP/1.1\r\n\r\n", encode(PingReq()), b"\xf0\0", bytes(100),
                     b"\x10\x0c\0\4MQTT\5\2\0\0\0\0", b"\x10\x0e\0\6MQIsdp\3\2\0\0\0\0"):
            gate = await self.stranger()
            gate.transport.write(data)
            await gate.gone()
        for data in (encode(Connect("twice")), b"\x34\6\0\1a\0\1x", encode(ConnAck(False, 0))):
            gate = await self.gate()
            gate.transport.write(data)
            await gate.gone()
        await good.publish("iotd/gate/south/seen", b"unharmed")
        await self.inbox.has(b"unharmed")

    async def test_a_key_that_was_taken_away(self) -> None:
        """A gate that was revoked is cut off at once."""
        await self.listen()
        north, other = await self.north(), await self.gate()
        self.embedded.shut("north", "revoked")
        await north.gone()
        await other.publish("iotd/gate/south/seen", b"unharmed")

    async def test_the_same_gate_again(self) -> None:
        """A reconnecting gate replaces its half-open connection, whose will stays untold."""
        await self.listen()
        will = Will("iotd/gate/north/status", b"offline")
        first, second = await self.north(will=will), await self.north(will=will)
        await first.gone()
        await second.publish("iotd/gate/north/seen", b"second")
        await self.inbox.has(b"second")
        self.assertNotIn(b"offline", self.inbox.payloads)
