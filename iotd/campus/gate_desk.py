"""Gates as people see and set them."""

from __future__ import annotations

from typing import Any, Callable

from iotd.accounts.records import write_audit
from iotd.campus import gate_records as records
from iotd.campus.gates import Gates
from iotd.devices.model import FIELD_GATES
from iotd.devices.service import Registry
from iotd.errors import NotFound
from iotd.store.engine import Store

FIELD = (
    "It publishes to the topic without passwords: whoever reaches the broker can speak in its "
    "name. Put new firmware and a key on it, or keep others off that network."
)
NO_KEY = (
    "It has no key: whoever reaches the broker can speak in its name. Make one under Devices, "
    "or with: iotd device key {id} --kind gate"
)
BROKER = (
    "The broker lets anybody publish without a password, also in the name of this gate: give it "
    "the access rules of deploy/mosquitto.acl."
)


class GateDesk:
    """What the API shows of gates; ``seconds`` is monotonic."""

    def __init__(
        self, *, gates: Gates, registry: Registry, store: Store, seconds: Callable[[], float],
        now: Callable[[], float],
    ) -> None:
        self._gates, self._registry, self._store = gates, registry, store
        self._seconds, self._now = seconds, now

    def list(self) -> list[dict[str, Any]]:
        """Every gate, also those that wait or were revoked, by id."""
        return [self._json(each) for each in self._registry.list() if each["kind"] == "gate"]

    def get(self, id: str) -> dict[str, Any]:
        """One gate, or NotFound."""
        device = self._registry.get(id)
        if device["kind"] != "gate":
            raise NotFound(f"{id} is no gate.", "id")
        return self._json(device)

    async def set_floor(self, id: str, min_rssi: int | None, by: str) -> dict[str, Any]:
        """Give it a weakest signal of its own in dBm, or the default (None)."""
        self.get(id)

        def write(connection: Any, at: float) -> None:
            records.set_floor(connection, id, min_rssi)
            floor = "the default" if min_rssi is None else f"{min_rssi} dBm"
            write_audit(connection, at, by, "change gate", id, f"weakest signal: {floor}")

        await self._store.run(write, self._now())
        self._gates.set_floor(id, min_rssi)
        return self.get(id)

    def _json(self, device: dict[str, Any]) -> dict[str, Any]:
        id, gates = device["id"], self._gates
        why = self._why_unprotected(device)
        shown = ("id", "name", "state", "connected", "keyed", "last_seen", "waits_because")
        return {
            **{name: device[name] for name in shown},
            "protected": why is None, "why_unprotected": why,
            **gates.gate(id).as_json(self._seconds()),
            "min_rssi": gates.floors.get(id), "default_min_rssi": gates.default_min_rssi,
        }

    def _why_unprotected(self, device: dict[str, Any]) -> str | None:
        if not device["keyed"]:
            return FIELD if device["id"] in FIELD_GATES else NO_KEY.format(id=device["id"])
        return BROKER if self._gates.broker_open else None
