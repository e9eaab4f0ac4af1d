"""How many connections the embedded broker takes, for how long, and what is left of them."""

from __future__ import annotations

import time

from prometheus_client import generate_latest

from iotd.wire.mqtt import PingReq, PingResp, Will
from tests.mqtt.test_broker import TOPICS, BrokerTest


class LimitTests(BrokerTest):
    """Few connections are allowed here."""

    limits = {"max_connections": 6, "max_per_address": 3}

    async def test_connections(self) -> None:
        """Beyond the limits connections are closed; keyed gates do not count for an address."""
        await self.listen()  # counts as one of its address
        await self.north()
        gates = [await self.gate(client_id=f"chip{number}") for number in range(2)]
        refused = await self.stranger()
        await refused.gone()
        self.assertIn("3 unkeyed MQTT connections of its address", self.refused[-1][3])
        gates[0].close()
        await self.until(lambda: len(self.embedded.factory._guards) == 3, "one left")
        await self.gate(client_id="chip9")

    async def test_nothing_is_left(self) -> None:
        """Clients that are gone leave no session and no subscription behind."""
        await self.listen()
        for number in range(20):
            gate = await self.gate(client_id=f"chip{number}", clean=False)
            await gate.subscribe("iotd/gate/south/replay")
            gate.close()
            await gate.gone()
        broker = self.embedded._routing._broker
        await self.until(lambda: len(broker.sessions) == 1, "only the daemon's session is left")
        self.assertEqual(sorted(filter(broker.subscriptions.get, broker.subscriptions)),
                         sorted(TOPICS))
        self.assertEqual(self.embedded.factory._unproved, {"127.0.0.1": 1})

    async def test_figures(self) -> None:
        """Connections and refusals are in the metrics."""
        await self.listen()
        text = generate_latest(self.metrics).decode()
        for line in ("iotd_broker_connections 1.0", "iotd_broker_on_the_way 0.0",
                     'iotd_broker_refused_total{why="publish"} 0.0'):
            self.assertIn(line, text)


class LivenessTests(BrokerTest):
    """Silence."""

    async def test_keepalive(self) -> None:
        """A gate that promised to speak and does not is lost; one that pings is not."""
        await self.listen()
        silent = await self.north(keepalive=1, will=Will("iotd/gate/north/status", b"offline"))
        begin = time.monotonic()
        await silent.gone()
        self.assertGreater(time.monotonic() - begin, 1.4)
        await self.inbox.has(b"offline")
        pinging = await self.gate()
        pinging.say(PingReq())
        await pinging.until(PingResp)
