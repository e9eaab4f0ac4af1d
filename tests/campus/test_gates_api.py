"""Gates over HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import TestCase

from iotd.accounts.records import list_audit
from iotd.campus.gates_api import GateOut, IntakeOut
from tests.apps import App
from tests.campus.gate_room import said, seen

URL = "/api/v1/campus/gates"


class GatesApiTests(TestCase):
    """Two gates, one approved."""

    async def setUp(self) -> None:
        self.app = App(Path(self.mktemp()))
        self.addCleanup(lambda: Deferred.fromCoroutine(self.app.close()))
        self.gates = self.app.campus.line.gates
        self.gates.sort([seen("north"), seen("south")])
        await self.app.registry.approve("north")
        await self.app.add("olga", "operator")
        self.olga = await self.app.signed_in("olga")

    async def get(self, path: str = "") -> Any:
        """What an operator reads."""
        reply = await self.olga.call("GET", URL + path)
        self.assertEqual(reply.status, 200, reply.body)
        return reply.json

    async def test_list(self) -> None:
        """All gates by id, in pages, each as described."""
        whole = await self.get()
        self.assertEqual([(each["id"], each["state"]) for each in whole["items"]],
                         [("north", "online"), ("south", "pending")])
        self.assertEqual(set(whole["items"][0]), set(GateOut.model_fields))
        first = await self.get("?limit=1")
        self.assertEqual(first["next"], URL + "?limit=1&after=north")

    async def test_one(self) -> None:
        """One gate with its gaps, which are spans from and to."""
        batch, notes = said("north", "b", 1, 5)
        notes.fault("north", "mac is too short", "aa:…")
        self.gates.heard(batch, notes)
        shown = await self.get("/north")
        self.assertEqual(shown["gaps"], [{"boot": "b", "from": 2, "to": 4, "asked": 0}])
        self.assertEqual(shown["recent_faults"][0]["reason"], "mac is too short")
        self.assertEqual(GateOut(**shown).gaps[0].first, 2)

    async def test_floor(self) -> None:
        """Setting the weakest signal is audited; null gives the default back."""
        for floor in (-80, None):
            reply = await self.olga.call("PATCH", URL + "/north", json={"min_rssi": floor})
            self.assertEqual((reply.status, reply.json["min_rssi"]), (200, floor))
            self.assertEqual(reply.json["default_min_rssi"], -100)
        lines = await self.app.store.read(list_audit, 2)
        self.assertEqual([line["detail"] for line in lines],
                         ["weakest signal: the default", "weakest signal: -80 dBm"])

    async def test_nothing_to_change(self) -> None:
        """What is left out stays."""
        await self.olga.call("PATCH", URL + "/north", json={"min_rssi": -80})
        reply = await self.olga.call("PATCH", URL + "/north", json={})
        self.assertEqual((reply.status, reply.json["min_rssi"]), (200, -80))

    async def test_bad_floors(self) -> None:
        """What no signal can be is refused with the field."""
        for floor in (1, -128, "low", 1.5, [], True):
            reply = await self.olga.call("PATCH", URL + "/north", json={"min_rssi": floor})
            self.assertEqual((reply.status, reply.json["field"]), (422, "min_rssi"), floor)

    async def test_nobody(self) -> None:
        """An unknown gate, and a device that is none, are not found."""
        await self.app.registry.make_key("hall", "camera")
        for id in ("nobody", "hall"):
            for method, body in (("GET", None), ("PATCH", {"min_rssi": -80})):
                options = {} if body is None else {"json": body}
                reply = await self.olga.call(method, f"{URL}/{id}", **options)
                self.assertEqual(reply.status, 404, id)

    async def test_viewers(self) -> None:
        """Viewers see counts elsewhere, not gates."""
        await self.app.add("vera", "viewer")
        vera = await self.app.signed_in("vera")
        for path in (URL, URL + "/north", "/api/v1/campus/intake"):
            self.assertEqual((await vera.call("GET", path)).status, 403)

    async def test_intake(self) -> None:
        """How messages come in, as described."""
        reply = await self.olga.call("GET", "/api/v1/campus/intake")
        self.assertEqual(reply.status, 200)
        self.assertEqual(IntakeOut(**reply.json).model_dump(), reply.json)
        self.assertEqual((reply.json["broker"]["kind"], reply.json["broker"]["connected"]),
                         ("embedded", False))

    async def test_refusals(self) -> None:
        """A gate that is turned away is listed under devices with the next step."""
        await self.app.registry.revoke("south")
        self.gates.sort([seen("south")])
        reply = await self.olga.call("GET", "/api/v1/devices/refusals")
        (one,) = reply.json["items"]
        self.assertEqual((one["wire"], one["id"], one["reason"]),
                         ("mqtt", "south", "it was revoked"))
        self.assertIn("Approve it again", one["next_step"])

    async def test_silent(self) -> None:
        """Operators see the alert of a silent gate, until it speaks."""
        gates, clock = self.gates, self.app.clock
        gates.broker_connected(True)
        gates.start_service()
        self.addCleanup(gates.stop_service)
        gates.sort([seen("north")])
        for seconds, speaks, states in ((301, False, ["open"]), (1, True, ["ended"])):
            clock.pump([0.5] * (seconds * 2))
            gates.sort([seen("north")] * speaks)
            await self.app.store.run(lambda connection: None)
            reply = await self.olga.call("GET", "/api/v1/alerts")
            self.assertEqual([each["state"] for each in reply.json["items"]], states)
            self.assertEqual(reply.json["items"][0]["cause"], "gate_silent")
