"""Home Assistant at the embedded broker: how it comes in, and what it hears and may say."""

from __future__ import annotations

from typing import Any

from iotd.mqtt.discovery_reader import NOWHERE, Readers
from iotd.mqtt.line import ToPublish
from iotd.wire.mqtt import REFUSED, Publish, SubAck, Subscribe, Will
from tests.mqtt.gates import Gate
from tests.mqtt.test_broker import TOPICS, BrokerTest

TOKEN, SESSION = "t0ken", "token:1"
CONFIG, STATE = "homeassistant/device/iotd-cam/config", "iotd/ha/iotd-cam/state"


class ReaderTests(BrokerTest):
    """Signed in with a token of somebody who may see devices."""

    async def setUp(self) -> None:  # type: ignore[override]
        await super().setUp()
        self.tokens = {TOKEN: SESSION}
        self.embedded.let_read(Readers("homeassistant", self.tokens.get))
        self.bridge_of = self.bridge(
            self.embedded.address, self.inbox, topics=TOPICS, extra=["homeassistant/status"],
            will=ToPublish("iotd/ha/status", b"offline", 1, True),
        )
        await self.up(self.bridge_of)

    async def home(self, **options: Any) -> Gate:
        """Home Assistant, that was let in."""
        return await self.gate(username="homeassistant", password=TOKEN.encode(), **options)

    async def asks(self, home: Gate, *topics: str) -> int:
        """For how many topics it was told that it hears them."""
        home.say(Subscribe(7, tuple((topic, 0) for topic in topics)))
        codes = (await home.until(SubAck)).codes
        return len([code for code in codes if code != REFUSED])

    async def hears(self, home: Gate, payload: bytes) -> Publish:
        """The first message with this payload."""
        return await self.until(lambda: next((  # type: ignore[no-any-return]
            each for each in home.packets if isinstance(each, Publish) and each.payload == payload
        ), None), f"it hears {payload!r}")

    def tell(self, topic: str, payload: bytes = b"x") -> None:
        """The daemon publishes, for Home Assistant to find also later."""
        self.assertTrue(self.bridge_of.publish(topic, payload, 1, True))

    async def test_it_hears_what_it_is_told(self) -> None:
        """What was published before and after it asked arrives, by wildcards and by name."""
        self.tell(CONFIG, b"{}")
        self.tell(STATE, b"1")
        home = await self.home()
        self.assertEqual(await self.asks(home, "homeassistant/+/+/config", STATE), 2)
        for topic, payload in ((CONFIG, b"{}"), (STATE, b"1")):
            heard = await self.hears(home, payload)
            self.assertEqual((heard.topic, heard.retain), (topic, True))
        self.tell(STATE, b"2")
        await self.hears(home, b"2")

    async def test_and_nothing_else(self) -> None:
        """Of gates, and of everything at once, it hears nothing, though it is answered for each."""
        home, north = await self.home(), await self.north()
        told = await self.asks(home, "#", "iotd/#", "iotd/gate/+/seen", "+/ha/#", "sample",
                               "homeassistant", "$SYS/#", STATE)
        self.assertEqual(told, 8)
        await north.publish("iotd/gate/north/seen", b"secret")
        await self.inbox.has(b"secret")
        self.tell(STATE, b"last")
        await self.hears(home, b"last")
        topics = {each.topic for each in home.packets if isinstance(each, Publish)}
        self.assertEqual(topics, {STATE})
        self.assertNotIn(NOWHERE, topics)

    async def test_it_says_that_it_is_there(self) -> None:
        """Its birth and its will arrive; whatever else it says is dropped and shown."""
        home = await self.home(will=Will("homeassistant/status", b"offline", 0, False))
        for topic in ("iotd/gate/north/seen", "iotd/ha/status", CONFIG, "sample", "x"):
            await home.publish(topic, b"forged")
        await home.publish("homeassistant/status", b"online")
        await self.inbox.has(b"online")
        home.close()
        await self.inbox.has(b"offline")
        self.assertNotIn(b"forged", self.inbox.payloads)
        self.assertEqual([each[2] for each in self.refused], ["topic"] * 5)

    async def test_others_do_not_come_in(self) -> None:
        """A wrong token is a gate with a wrong key; without discovery there is no such door."""
        stranger = await self.stranger()
        answer = await stranger.sign_in(username="homeassistant", password=b"wrong")
        self.assertNotEqual(answer.code, 0)
        self.door.readers = None
        stranger = await self.stranger()
        answer = await stranger.sign_in(username="homeassistant", password=TOKEN.encode())
        self.assertNotEqual(answer.code, 0)

    async def test_a_token_that_is_taken_away(self) -> None:
        """Whoever came with it is sent away at once, nobody else."""
        home, north = await self.home(), await self.north()
        self.embedded.end_session(SESSION)
        await home.gone()
        self.assertFalse(north.closed.called)

    async def test_one_that_does_not_read(self) -> None:
        """Home Assistant hangs: it is sent away, and the broker's memory stays small."""
        home = await self.home()
        await self.asks(home, STATE)
        guard = next(each for each in self.embedded.factory._guards
                     if each.visitor is not None and each.visitor.session)
        home.transport.pauseProducing()
        for _ in range(40):
            self.tell(STATE, b"x" * 500_000)
        await self.until(lambda: guard._choked is not None, "it is full")
        now = self.embedded.factory.seconds()
        guard.check(now + 29)
        self.assertFalse(guard._closed)
        guard.check(now + 40)
        self.assertTrue(guard._closed)
