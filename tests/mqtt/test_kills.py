"""The broker is killed, again and again: the client is back soon, and nothing kept is lost."""

from __future__ import annotations

import time

from twisted.internet.defer import Deferred

from iotd.mqtt.stream import Message
from tests.brokers import Mosquitto
from tests.mqtt.loader import Loader, publish_packet
from tests.mqtt.room import SEEN, BridgeTest, Inbox

BACK_SECONDS = 5.0
KILLS = 5


class KillTests(BridgeTest):
    """``kill -9`` of Mosquitto, started again on the same port and folder."""

    timeout = 120

    async def kept(self, broker: Mosquitto, payloads: list[bytes]) -> None:
        """Publish, and see that the broker has written it down."""
        database = broker.folder / "mosquitto.db"
        loader = Loader(broker.port)
        for number, payload in enumerate(payloads, 1):
            loader.socket.sendall(publish_packet(SEEN, payload, number))
        loader.drain(len(payloads))
        loader.close()
        broker.save()
        await self.until(lambda: database.exists() and payloads[-1] in database.read_bytes(),
                         "it is in the broker's database")

    async def test_not_acknowledged_not_lost(self) -> None:
        """What iotd had not acknowledged when the broker was killed comes again, each time."""
        broker, inbox = self.broker(), Inbox()
        bridge = self.bridge(broker.address, inbox)
        await self.up(bridge)
        for turn in range(KILLS):
            held: Deferred[None] = Deferred()
            inbox.answer = lambda messages, held=held: held  # type: ignore[misc]
            payloads = [b"%d-%d" % (turn, number) for number in range(50)]
            await self.kept(broker, payloads)
            await inbox.has(*payloads)
            broker.kill()
            await self.until(lambda: not bridge.connected, "it is missed")
            inbox.messages = []
            inbox.answer = lambda messages: None
            held.callback(None)  # too late: its connection is gone
            broker.start()
            begin = time.monotonic()
            await self.up(bridge)
            self.assertLess(time.monotonic() - begin, BACK_SECONDS)
            await inbox.has(*payloads)
            await self.until(lambda: not bridge.handover.waiting, "finished")
        self.assertEqual(bridge.sessions_lost, 0)

    async def test_it_had_kept_nothing(self) -> None:
        """A broker without persistence has forgotten the session: it is counted and told."""
        broker = self.broker(autosave=1_000_000)
        bridge = self.bridge(broker.address)
        await self.up(bridge)
        broker.kill()
        await self.until(lambda: not bridge.connected, "it is missed")
        broker.start()
        await self.up(bridge)
        self.assertEqual(bridge.sessions_lost, 1)

    async def test_an_old_acknowledgement(self) -> None:
        """An acknowledgement of before a restart is not given to another message of that number.

        The broker has forgotten the session, and begins to count its messages anew.
        """
        broker, inbox = self.broker(autosave=1_000_000), Inbox()
        bridge = self.bridge(broker.address, inbox)
        await self.up(bridge)
        answers: list[Deferred[None]] = []

        def hold(messages: list[Message]) -> Deferred[None]:
            answers.append(Deferred())
            return answers[-1]

        inbox.answer = hold
        for payload in (b"before", b"after"):
            loader = Loader(broker.port)
            loader.socket.sendall(publish_packet(SEEN, payload, 1))
            loader.drain(1)
            await inbox.has(payload)
            if payload == b"before":
                broker.kill()
                await self.until(lambda: not bridge.connected, "it is missed")
                broker.start()
                await self.up(bridge)
        answers[0].callback(None)
        inbox.answer = lambda messages: None
        loader.socket.sendall(publish_packet("iotd/gate/g2/seen", b"more", 2))
        await inbox.has(b"more")
        self.assertEqual(bridge.handover.acknowledged, 0)
        answers[1].callback(None)
        await self.until(lambda: bridge.handover.acknowledged == 2, "both of the new ones")
        loader.close()
