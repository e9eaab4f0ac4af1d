"""Who is let in: enrolment of connections without a key, proofs of those with one."""

from __future__ import annotations

import hmac
import secrets
from typing import Callable, Literal

from prometheus_client import CollectorRegistry

from iotd.devices import model
from iotd.devices.model import Admission, Approval, Device
from iotd.devices.refusals import Refusals
from iotd.devices.roster import Link, Roster
from iotd.store.seal import Sealer
from iotd.wire.hello import device_mac

Wire = Literal["cam", "dev"]

TOO_MANY = "too many wrong proofs; it waits a minute"


class Admissions:
    """Judges each connection, at once and from memory; ``seconds`` is a monotonic clock."""

    def __init__(
        self, roster: Roster, sealer: Sealer, enrolment: str, seconds: Callable[[], float],
        metrics: CollectorRegistry,
    ) -> None:
        self.enrolment = enrolment
        self.refusals = Refusals(metrics)
        self._roster, self._sealer, self._seconds = roster, sealer, seconds
        self._failures = model.Failures()

    def prune(self) -> None:
        """Forget failures that no longer count."""
        self._failures.prune(self._seconds())

    def refuse(self, wire: str, address: str, id: str | None, cause: str, reason: str) -> Admission:
        """Count, show and log a connection that is turned away."""
        self.refusals.add(self._roster.now(), wire, address, id, cause, reason)
        return Admission(id or "", None, reason)

    def join_unkeyed(self, base: str, wire: str, kind: str, link: Link) -> Admission:
        """Judge a connection that has no key; when not refused it is connected now."""
        known_devices, connected = self._roster.devices, self._roster.links
        id = model.lowest_free_name(base, wire, link.address, known_devices, connected)
        known = known_devices.get(id)
        is_new = known is None
        if known is not None and known.approval is Approval.REVOKED:
            return self.refuse(wire, link.address, id, "revoked", "it was revoked")
        if self.enrolment == "keyed":
            reason = "it has no key, and enrolment is keyed"
            return self.refuse(wire, link.address, id, "keyed", reason)
        if known is None or known.approval is Approval.PENDING:
            if self.enrolment == "open":
                known = self._new(id, wire, kind, link.address, known, Approval.APPROVED)
            elif reason := self._no_room(link.address):
                return self.refuse(wire, link.address, id, "full", reason)
            else:
                known = self._new(id, wire, kind, link.address, known, Approval.PENDING)
        self._roster.connect(known, link)
        return Admission(id, known.approval, is_new=is_new)

    def challenge(self, wire: Wire, id: str, address: str) -> str | None:
        """A nonce of 32 hex digits for a keyed hello; None: answer ``denied`` at once."""
        if self._failures.must_wait(id, address, self._seconds()):
            self.refuse(wire, address, id, "wrong", TOO_MANY)
            return None
        return secrets.token_hex(16)

    def failed(self, id: str, address: str) -> None:
        """One more wrong proof."""
        self._failures.add(id, address, self._seconds())

    def prove(self, wire: Wire, id: str, nonce: str, mac: str, link: Link, kind: str) -> Admission:
        """Judge a proof; when right the connection takes the place of an older one."""
        device = self._roster.devices.get(id)
        if self._failures.must_wait(id, link.address, self._seconds()):
            return self.refuse(wire, link.address, id, "wrong", TOO_MANY)
        if cause := self._proof_fault(device, wire, id, nonce, mac, kind):
            self.failed(id, link.address)
            return self.refuse(wire, link.address, id, *cause)
        assert device is not None
        if device.kind == "other" or device.address != link.address or device.wire != wire:
            kind = kind if device.kind == "other" else device.kind
            device = self._roster.amend(id, address=link.address, kind=kind, wire=wire)
        self._roster.connect(device, link)
        return Admission(id, device.approval)

    def _proof_fault(
        self, device: Device | None, wire: Wire, id: str, nonce: str, mac: str, kind: str
    ) -> tuple[str, str] | None:
        key = self._sealer.unseal(device.key_sealed) if device and device.key_sealed else None
        right = device_mac(key or secrets.token_bytes(32), wire, id, nonce)
        proved = hmac.compare_digest(right.encode(), mac.encode()) and key is not None
        if device is None or key is None:
            return "key", "no key is known for this id"
        if not proved:
            return "wrong", "its proof does not fit the key stored here"
        if device.approval is Approval.REVOKED:
            return "revoked", "it was revoked"
        if device.kind not in ("other", kind):
            return "wire", f"it is a {device.kind}; this wire takes a {kind}"
        return None

    def _no_room(self, address: str) -> str:
        held = [
            link.address for id, link in self._roster.links.items()
            if self._roster.devices[id].approval is Approval.PENDING
        ]
        if len(held) >= model.MAX_HELD:
            return f"{model.MAX_HELD} unapproved devices are held"
        if held.count(address) >= model.MAX_HELD_PER_ADDRESS:
            return f"{model.MAX_HELD_PER_ADDRESS} unapproved devices of this address are held"
        return ""

    def _new(
        self, id: str, wire: str, kind: str, address: str, known: Device | None, approval: Approval
    ) -> Device:
        if known is None:
            self._make_room()
            now = self._roster.now()
            self._roster.keep(Device(id, id, kind, approval, wire, now, address, last_seen=now))
        elif known.approval is not approval:
            self._roster.amend(id, approval=approval)
        return self._roster.devices[id]

    def _make_room(self) -> None:
        waiting = self._roster.with_approval(Approval.PENDING)
        absent = [d for d in waiting if d.id not in self._roster.links]
        if len(waiting) >= model.MAX_PENDING and absent:
            oldest = min(absent, key=lambda d: d.last_seen or d.first_seen)
            self._roster.drop(oldest.id)
