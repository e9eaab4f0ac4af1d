"""The end of the embedded broker: what it acknowledged to gates is with the daemon by then."""

from __future__ import annotations

from twisted.internet.defer import Deferred, ensureDeferred

from iotd.mqtt import guards
from tests.mqtt.test_broker import BrokerTest

TOPIC = "iotd/gate/south/seen"


class DrainTests(BrokerTest):
    """The daemon stops."""

    def hold(self) -> Deferred[None]:
        """From now on the daemon acknowledges nothing until this fires."""
        held: Deferred[None] = Deferred()
        self.inbox.answer = lambda messages: held
        return held

    async def test_nothing_is_lost(self) -> None:
        """Gates are sent away at once; their messages are waited for."""
        await self.listen()
        held, gate = self.hold(), await self.gate()
        said = [b"%d" % number for number in range(50)]
        for payload in said:
            await gate.publish(TOPIC, payload)
        drained = ensureDeferred(self.embedded.drain())
        await gate.gone()
        self.assertFalse(drained.called)
        held.callback(None)
        await drained
        self.assertEqual(self.inbox.payloads, said)

    async def test_not_for_ever(self) -> None:
        """A daemon that can't save ends all the same."""
        await self.listen()
        held = self.hold()
        self.patch(guards, "DRAIN_SECONDS", 0.1)
        await (await self.gate()).publish(TOPIC, b"x")
        await self.inbox.has(b"x")
        await self.embedded.drain()
        held.callback(None)

    async def test_nobody_is_there(self) -> None:
        """Without the daemon's client, and with nothing on its way, there is no wait."""
        await self.embedded.drain()
        await self.listen()
        gate = await self.gate()
        await gate.publish(TOPIC, b"x")
        await self.until(lambda: self.embedded.factory.on_the_way == 0, "acknowledged")
        await self.embedded.drain()
        await gate.gone()
