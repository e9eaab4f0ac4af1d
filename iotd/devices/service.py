"""The registry: which devices there are, and what people decide about them.

A decision is in effect once it is on disk, with its line in the audit.
"""

from __future__ import annotations

import secrets
from typing import Any, Awaitable, Callable, Sequence

from prometheus_client import CollectorRegistry
from twisted.internet.defer import Deferred

from iotd.accounts.records import write_audit
from iotd.bus import Bus
from iotd.devices import model, records
from iotd.devices.admission import Admissions
from iotd.devices.gate_admission import GateDoor
from iotd.devices.model import Approval, Device
from iotd.devices.roster import Link, Roster
from iotd.errors import Conflict, Invalid, IotdError
from iotd.store.engine import Store
from iotd.store.errors import KeyRefused
from iotd.store.seal import Sealer

#: (device, wire, line, reply): whether the line was one that somebody waits for.
BoardLine = Callable[[str, str, str, Callable[[str], None]], bool]

_MAY_BE_NONE = ("patient", "camera", "place")


class Registry:
    """Devices as people see and steer them.

    ``admissions`` is for the servers of the wires, ``gate_door`` for what comes over MQTT.
    ``on_board_line`` hears every line of an approved device that proved its key.
    """

    def __init__(
        self, *, store: Store, bus: Bus, sealer: Sealer, enrolment: str,
        seconds: Callable[[], float], now: Callable[[], float], metrics: CollectorRegistry,
    ) -> None:
        self._roster = Roster(store, bus, now)
        self._sealer = sealer
        self.admissions = Admissions(self._roster, sealer, enrolment, seconds, metrics)
        self.gate_door = GateDoor(self._roster, sealer, self.admissions, seconds)
        # whoever knows patients sets it; raises Invalid for one that is unknown
        self.check_patient: Callable[[str], None] | None = None
        self.on_board_line: BoardLine = lambda id, wire, text, reply: False
        self.load = self._roster.load
        self.leave = self._roster.leave
        self.abandon = self._roster.abandon
        self.device = self._roster.device
        self.counts = self._roster.counts
        self.note = self._roster.note
        # what the page of devices begins with; whoever knows more of them sets it
        self.page_data = self._page_data

    def list(self) -> Sequence[dict[str, Any]]:
        """Every device as JSON, by id."""
        devices = self._roster.devices
        return [self._roster.json(devices[id]) for id in sorted(devices)]

    def find(self, id: str) -> Device | None:
        """One device, or None where ``device`` raises NotFound."""
        return self._roster.devices.get(id)

    def on_link(self, listener: Callable[[str, str, bool], None]) -> None:
        """Tell ``listener(id, address, connected)`` of each connection, and of its end."""
        self._roster.on_link = listener

    def _page_data(self) -> dict[str, Any]:
        refusals, enrolment = self.admissions.refusals.items(), self.admissions.enrolment
        return {"devices": self.list(), "refusals": refusals, "enrolment": enrolment}

    def get(self, id: str) -> dict[str, Any]:
        """One device as JSON, or NotFound."""
        return self._roster.json(self._roster.device(id))

    def approved(self, kind: str) -> Sequence[Device]:
        """The approved devices of a kind, by id."""
        found = self._roster.with_approval(Approval.APPROVED)
        return sorted((d for d in found if d.kind == kind), key=lambda d: d.id)

    def key_of(self, id: str) -> bytes | None:
        """The key of an approved device, which is never to be shown; None without one."""
        device = self._roster.devices.get(id)
        if device is None or device.approval is not Approval.APPROVED or not device.key_sealed:
            return None
        try:
            return self._sealer.unseal(device.key_sealed)
        except KeyRefused:
            return None  # told of where the device proves itself

    async def approve(
        self, id: str, kind: str | None = None, same_as: str | None = None, by: str = ""
    ) -> dict[str, Any]:
        """Let a device in; ``same_as``: it is that device, at a new address."""
        device = self._roster.device(id)
        changes: dict[str, Any] = {"approval": Approval.APPROVED}
        if kind is not None:
            changes["kind"] = model.check_fits(kind, device.wire)
        if same_as is not None:
            return await self._approve_as(device, self._named(same_as, "same_as"), by)
        await self._decide(id, by, "approve device", kind or "", **changes)
        self._start_anew(device)
        link = self._roster.links.get(id)
        if link is not None:
            link.admitted(id)
        return self.get(id)

    async def _approve_as(self, duplicate: Device, kept: Device, by: str) -> dict[str, Any]:
        if duplicate.id == kept.id:
            raise Invalid("A device can't be the same as itself.", "same_as")
        if "mqtt" in (duplicate.wire, kept.wire):
            raise Conflict("A gate is known by its id alone: it can't be another one.", "same_as")
        if duplicate.keyed or kept.keyed or duplicate.wire != kept.wire:
            raise Conflict("Only two devices without a key on the same wire can be one.", "same_as")
        bases = model.base_of(duplicate.id), model.base_of(kept.id)
        if duplicate.wire == "dev" and bases[0] != bases[1]:
            raise Conflict(f"Its board says that it is {bases[0]}, not {bases[1]}.", "same_as")
        if duplicate.approval is not Approval.PENDING:
            raise Conflict(f"{duplicate.id} is not waiting for approval.", "id")
        changes = {"address": duplicate.address, "approval": Approval.APPROVED}

        def write(connection: Any, at: float) -> None:
            records.merge_device(connection, duplicate.id, kept.id, changes)
            write_audit(connection, at, by, "approve device", kept.id, f"same as {duplicate.id}",
                        patient=kept.patient)

        await self._carry_out(kept.id, write, changes)
        older, link = self._roster.unlink(kept.id), self._roster.unlink(duplicate.id)
        self._roster.forget(duplicate.id)
        if older is not None:
            older.close("the same device connected from another address")
        if link is not None:
            self._roster.connect(self._roster.device(kept.id), link)
            link.admitted(kept.id)
        self._roster.publish(kept.id)
        return self.get(kept.id)

    async def revoke(self, id: str, by: str = "") -> dict[str, Any]:
        """Shut a device out; its connection is closed."""
        self._roster.device(id)
        await self._decide(id, by, "revoke device", approval=Approval.REVOKED)
        self._shut(id, "it was revoked")
        return self.get(id)

    async def make_key(self, id: str, kind: str | None = None, by: str = "") -> str:
        """A new key, 64 hex digits; an unknown id is made, and the device approved.

        Its old key, and a connection made without or with it, end at once.
        """
        kind = None if kind is None else model.check_kind(kind)
        if id not in self._roster.devices:
            model.check_id(id, kind)
        if id not in self._roster.devices:
            now = self._roster.now()
            self._roster.keep(Device(id, id, kind or "other", Approval.APPROVED, "", now))
        key = secrets.token_bytes(32)
        changes = {"key_sealed": self._sealer.seal(key), "approval": Approval.APPROVED}
        if kind is not None:
            changes["kind"] = kind
        await self._decide(id, by, "new device key", **changes)
        self._shut(id, "it was given a new key")
        return key.hex()

    def _shut(self, id: str, reason: str) -> None:
        self._roster.close(id, reason)
        self.gate_door.shut(id, reason)

    async def change(self, id: str, fields: dict[str, Any], by: str = "") -> dict[str, Any]:
        """Change ``name``, ``kind``, ``patient``, ``camera`` or ``place``."""
        device = self._roster.device(id)
        fields = {k: v for k, v in fields.items() if v is not None or k in _MAY_BE_NONE}
        self._check(device, fields)
        await self._decide(id, by, "change device", ", ".join(fields), **fields)
        self._start_anew(device)
        return self.get(id)

    def _check(self, device: Device, fields: dict[str, Any]) -> None:
        if "name" in fields:
            fields["name"] = model.check_name(fields["name"])
        if "place" in fields:
            fields["place"] = model.check_place(fields["place"])
        if "kind" in fields:
            model.check_fits(fields["kind"], device.wire)
        if fields.get("patient") is not None and self.check_patient is not None:
            self.check_patient(fields["patient"])
        if fields.get("camera") is not None:
            if self._named(fields["camera"], "camera").kind != "cabinet_camera":
                raise Invalid(f"{fields['camera']} is no cabinet camera.", "camera")

    def _start_anew(self, before: Device) -> None:
        # what it may be told goes by its kind, which was settled when it started
        now = self._roster.devices.get(before.id)
        started = before.wire == "dev" and before.approval is Approval.APPROVED
        if now is not None and started and now.kind != before.kind:
            self._roster.close(before.id, f"it is a {now.kind} now")

    async def remove(self, id: str, by: str = "") -> None:
        """Forget a device; when it connects again it is a new one."""
        device = self._roster.device(id)

        def write(connection: Any, at: float) -> None:
            records.remove_device(connection, id)
            write_audit(connection, at, by, "remove device", id, patient=device.patient)

        await self._roster.store.run(write, self._roster.now())
        link = self._roster.unlink(id)
        self._roster.forget(id)
        if link is not None:
            link.close("it was removed")
        self.gate_door.shut(id, "it was removed")

    async def command(self, id: str, text: str, by: str = "") -> None:
        """Say ``text`` to a connected, approved device; in the audit before it is said."""
        device = self._roster.device(id)
        self._commanded(device)
        line = by, "command device", id, text
        await self._audit(*line, patient=device.patient)
        try:
            # started or stopped has its own line in the audit, and is waited for
            effect = self._commanded(device).command(text, by)
        except IotdError:
            await self._audit(*line, result="refused", patient=device.patient)
            raise
        if effect is not None:
            await effect

    def _commanded(self, device: Device) -> Link:
        link = self._roster.links.get(device.id)
        if link is None or self._roster.device(device.id).approval is not Approval.APPROVED:
            state = model.state(device, link is not None)
            raise Conflict(f"{device.id} is {state}: it can take no command now.", "id")
        return link

    def _audit(self, *line: str, **more: Any) -> Deferred[Any]:
        return self._roster.store.run(write_audit, self._roster.now(), *line, **more)

    def _named(self, id: str, field: str) -> Device:
        device = self._roster.devices.get(id)
        if device is None:
            raise Invalid(f"There is no device {id[:64]!r}.", field)
        return device

    def tick(self) -> Deferred[Any] | None:
        """Write who was heard, forget old failures; called now and then, and at the end."""
        self.admissions.prune()
        return self._roster.write_heard()

    def _decide(
        self, id: str, by: str, action: str, detail: str = "", **changes: Any
    ) -> Awaitable[None]:
        # changes, not a whole device: decisions that overlap must not undo each other
        worn_by = self._roster.device(id).patient
        patients = {worn_by, changes.get("patient", worn_by)} - {None}  # a line for each

        def write(connection: Any, at: float) -> None:
            records.change_device(connection, id, changes)
            for patient in patients or {None}:
                write_audit(connection, at, by, action, id, detail, patient=patient)

        return self._carry_out(id, write, changes)

    async def _carry_out(
        self, id: str, write: Callable[..., None], changes: dict[str, Any]
    ) -> None:
        await self._roster.store.run(write, self._roster.now())
        self._roster.apply(id, changes)
