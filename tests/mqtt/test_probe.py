"""What is found out about brokers: real Mosquittos with good and bad settings."""

from __future__ import annotations

from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import SynchronousTestCase

from iotd.mqtt.address import Address, parse
from iotd.mqtt.broker_check import ASK_EVERY, BrokerCheck
from iotd.mqtt.mosquitto import PasswordFile
from iotd.mqtt.probe import MESSAGES, Findings, Probe
from tests.brokers import HERE, Mosquitto, free_port
from tests.mqtt.room import BridgeTest, Inbox
from tests.mqtt.test_mosquitto import OWN, shipped


class ProbeTests(BridgeTest):
    """Asked in a thread, as the daemon does it, of brokers that write down what they keep late."""

    def broker(self, *lines: str, **options: Any) -> Mosquitto:
        """One that does not write its whole queue with each message."""
        return super().broker(*lines, autosave=1_000_000, **options)

    async def ask(self, broker: Mosquitto, account: str = "") -> Findings:
        """What is found out."""
        address = parse(broker.address.replace("://", f"://{account}"))
        return await deferToThread(Probe(address).run)

    async def test_as_shipped(self) -> None:
        """Our own settings lose nothing: not a word, and nobody publishes as a gate."""
        file = PasswordFile(self.folder, OWN)
        file.write({})
        broker = self.broker(*shipped(file.path), allow=(), sizes=())
        found = await self.ask(broker, "iotd:geheim@")
        self.assertEqual(found.sentences(), [])
        self.assertEqual((found.kept, found.session_kept, found.open_to_all),
                         (MESSAGES, True, False))
        self.assertIn("mosquitto version 2", found.version or "")

    async def test_mosquitto_by_itself(self) -> None:
        """Its defaults drop messages and hand out few; without passwords anybody is a gate."""
        broker = self.broker(sizes=())
        found = await self.ask(broker)
        said = " ".join(found.sentences())
        self.assertRegex(said, rf"keeps only 10[0-2]0 of {MESSAGES} messages")
        self.assertIn("hands out only 20 messages at a time", said)
        self.assertIn("anybody publish as any gate", said)

    async def test_dropped_before(self) -> None:
        """What it has dropped for whomever is told, where it tells that."""
        broker = self.broker("sys_interval 1", sizes=("max_queued_messages 10",))
        await self.ask(broker)

        async def dropped() -> str:
            return " ".join((await self.ask(broker)).sentences())

        for _ in range(20):
            if "has dropped" in (said := await dropped()):
                break
        self.assertIn("The broker has dropped", said)

    async def test_not_let(self) -> None:
        """Where the access list does not let iotd ask, that is what is said."""
        acl = self.folder / "acl"
        acl.parent.mkdir(parents=True, exist_ok=True)
        acl.write_text("topic read iotd/gate/#\n")
        broker = self.broker(f"acl_file {acl.resolve()}")
        found = await self.ask(broker)
        self.assertEqual((found.may_probe, found.kept, found.open_to_all), (False, None, False))
        self.assertIn("was not found out", " ".join(found.sentences()))

    async def test_nothing_is_left(self) -> None:
        """No session, no subscription and no message stays behind; gates' topics are unharmed."""
        broker, inbox = self.broker(), Inbox()
        bridge = self.bridge(broker.address, inbox, topics=(
            "iotd/gate/+/seen", "iotd/gate/+/badge", "iotd/gate/+/status"))
        await self.up(bridge)
        await self.ask(broker)
        self.assertEqual(inbox.messages, [])
        broker.stop()
        kept = (broker.folder / "mosquitto.db").read_bytes()
        self.assertFalse(b"-away" in kept or b"probe/queue" in kept)

    async def test_cancelled(self) -> None:
        """A stop of the daemon does not wait for a broker that hangs."""
        broker = self.broker()
        probe = Probe(parse(broker.address))
        broker.pause()
        running = deferToThread(probe.run)
        await self.until(lambda: probe._sockets, "it has connected")
        probe.cancel()
        await self.assertFailure(running, OSError)
        await self.assertFailure(deferToThread(probe.run), OSError)

    async def test_the_whole(self) -> None:
        """With a bridge: asked once it is connected; the sentences are there, the service ends."""
        broker = self.broker(sizes=())
        bridge = self.bridge(broker.address)
        news: list[None] = []
        check = BrokerCheck(bridge=bridge, clock=reactor, in_thread=deferToThread,
                            changed=lambda: news.append(None))
        await self.up(bridge)
        check.start_service()
        await self.until(lambda: news, "asked")
        self.assertTrue(check.open_to_all)
        self.assertGreaterEqual(len(check.warnings), 3)
        await check.stop_service()


class FakeBridge:
    """Connected or not."""

    connected, sessions_lost = True, 0


class BrokerCheckTests(SynchronousTestCase):
    """When it is asked."""

    def setUp(self) -> None:
        self.clock, self.bridge = Clock(), FakeBridge()
        self.asked: list[Deferred[Findings]] = []
        bridge: Any = self.bridge
        self.check = BrokerCheck(
            bridge=bridge, clock=self.clock, in_thread=self.in_thread,
            make_probe=lambda: Probe(Address(HERE, free_port())),
        )

    def in_thread(self, function: Any) -> Deferred[Findings]:
        """Waits until it is fired."""
        self.asked.append(Deferred())
        return self.asked[-1]

    def test_once_a_day(self) -> None:
        """Once there is a connection, then every day, one at a time."""
        self.bridge.connected = False
        self.check.start_service()
        self.assertEqual(self.asked, [])
        self.bridge.connected = True
        self.check.connected()
        self.check.connected()
        self.clock.pump([60.0] * 5)
        self.assertEqual(len(self.asked), 1)
        self.asked[0].callback(Findings(session_kept=False))
        self.assertIn("keeps nothing for iotd", self.check.warnings[0])
        self.clock.pump([600.0] * 100)
        self.assertEqual(len(self.asked), 1)
        self.clock.advance(ASK_EVERY)
        self.assertEqual(len(self.asked), 2)
        self.asked[1].callback(Findings(session_kept=True, kept=MESSAGES))
        self.assertEqual(self.check.warnings, [])
        self.successResultOf(Deferred.fromCoroutine(self.check.stop_service()))
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_it_could_not_be_asked(self) -> None:
        """It is tried again after a while; what was known stays."""
        self.check.start_service()
        self.asked[0].errback(ConnectionRefusedError("no"))
        self.clock.pump([60.0] * 9)
        self.assertEqual(len(self.asked), 1)
        self.clock.advance(60)
        self.assertEqual(len(self.asked), 2)
        stopping = Deferred.fromCoroutine(self.check.stop_service())
        self.assertNoResult(stopping)
        self.asked[1].errback(ConnectionAbortedError("cancelled"))
        self.successResultOf(stopping)

    def test_sessions_lost(self) -> None:
        """What the bridge has seen being forgotten is told, whatever was found out."""
        self.bridge.sessions_lost = 2
        self.assertIn("has forgotten 2 times", self.check.warnings[0])
