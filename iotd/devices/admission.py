"""Who is let in: enrolment of connections without a key, proofs of those with one."""

from __future__ import annotations

import hmac
import secrets
from typing import Callable, Literal

from prometheus_client import CollectorRegistry
from twisted.logger import Logger

from iotd.devices import model
from iotd.devices.model import FIELD_KINDS, WIRE_KINDS, Admission, Approval, Device
from iotd.devices.pairs import Replacements, two_boards
from iotd.devices.refusals import Refusals
from iotd.devices.roster import Link, Roster
from iotd.store.seal import Sealer
from iotd.wire.hello import device_mac

Wire = Literal["cam", "dev"]

TOO_MANY = "too many wrong proofs; it waits a minute"


class Admissions:
    """Judges each connection, at once and from memory; ``seconds`` is a monotonic clock."""

    _log = Logger()

    def __init__(
        self, roster: Roster, sealer: Sealer, enrolment: str, seconds: Callable[[], float],
        metrics: CollectorRegistry,
    ) -> None:
        self.enrolment = enrolment
        self.refusals = Refusals(metrics)
        self._roster, self._sealer, self._seconds = roster, sealer, seconds
        self._failures = model.Failures()
        self._replacements = Replacements()

    def prune(self) -> None:
        """Forget failures and replacements that no longer count."""
        self._failures.prune(self._seconds())
        self._replacements.prune(self._seconds())

    def refuse(self, wire: str, address: str, id: str | None, cause: str, reason: str) -> Admission:
        """Count, show and log a connection that is turned away."""
        self.refusals.add(self._roster.now(), wire, address, id, cause, reason)
        return Admission(id or "", None, reason)

    def join_camera(self, link: Link) -> Admission:
        """Judge a camera that says no name; when not refused it is connected now."""
        id = self._roster.devices.camera_here(link.address, self._roster.links)
        return self._join(id, "cam", "camera", link)

    def join_field(self, base: str, link: Link) -> Admission:
        """Judge a field device that says it is ``base``, three letters.

        The same pair of id and address takes the place of its older connection.
        """
        id = self._row_of(base, link.address)
        kind = FIELD_KINDS.get(base, "other")
        may_join = self._may_not(id) is None
        if may_join and id in self._roster.links:
            often = self._replacements.too_many(base, link.address, self._seconds())
            if often and not self._wait_apart(base, link.address):
                self._tell_apart(id, base, link.address)
                id = self._roster.devices.new_name(base)
                return self._join(id, "dev", kind, link, shared=True)
        shared = len(self._roster.devices.pair(base, link.address)) > 1
        return self._join(id, "dev", kind, link, shared)

    def _row_of(self, base: str, address: str) -> str:
        links, pair = self._roster.links, self._roster.devices.pair(base, address)
        away = [device for device in pair if device.id not in links]
        if away:
            return min(away, key=lambda device: device.approval is Approval.REVOKED).id
        if pair:
            return min(pair, key=lambda device: links[device.id].heard_at).id
        return self._roster.devices.new_name(base)

    def _wait_apart(self, base: str, address: str) -> bool:
        """Whether boards of this pair were told apart, and a person is still to look at them."""
        pair = self._roster.devices.pair(base, address)
        return len(pair) > 1 and all(device.approval is Approval.PENDING for device in pair)

    def _tell_apart(self, id: str, base: str, address: str) -> None:
        self._roster.hold(id)
        self._roster.bus.publish(two_boards(base, address, id, active=True))
        self._log.warn(
            "{id} was replaced too often: two boards at {address}? both wait for approval",
            id=id, address=address,
        )

    def _join(
        self, id: str, wire: str, kind: str, link: Link, shared: bool = False
    ) -> Admission:
        known = self._roster.devices.get(id)
        if why_not := self._may_not(id):
            return self.refuse(wire, link.address, id, *why_not)
        approval = Approval.APPROVED
        if known is None or known.approval is Approval.PENDING:
            # boards that share an address are told apart by a person, also under open
            if self.enrolment != "open" or shared:
                approval = Approval.PENDING
                if reason := self._no_room(id, link.address):
                    return self.refuse(wire, link.address, id, "full", reason)
            self._new(id, wire, kind, link.address, known, approval)
        self._roster.connect(self._roster.devices[id], link)
        return Admission(id, approval, is_new=known is None)

    def _may_not(self, id: str) -> tuple[str, str] | None:
        known = self._roster.devices.get(id)
        if known is not None and known.approval is Approval.REVOKED:
            return "revoked", "it was revoked"
        if self.enrolment == "keyed":
            return "keyed", "it has no key, and enrolment is keyed"
        return None

    def challenge(self, wire: Wire, id: str, address: str) -> str | None:
        """A nonce of 32 hex digits for a keyed hello; None: answer ``denied`` at once."""
        if self.must_wait(id, address):
            self.refuse(wire, address, id, "wrong", TOO_MANY)
            return None
        return secrets.token_hex(16)

    def must_wait(self, id: str, address: str) -> bool:
        """Whether this id from this address failed too often lately."""
        return self._failures.must_wait(id, address, self._seconds())

    def failed(self, id: str, address: str) -> None:
        """One more wrong proof."""
        self._failures.add(id, address, self._seconds())

    def prove(self, wire: Wire, id: str, nonce: str, mac: str, link: Link) -> Admission:
        """Judge a proof; when right the connection takes the place of an older one."""
        device = self._roster.devices.get(id)
        if self.must_wait(id, link.address):
            return self.refuse(wire, link.address, id, "wrong", TOO_MANY)
        if cause := self._proof_fault(device, wire, id, nonce, mac):
            self.failed(id, link.address)
            return self.refuse(wire, link.address, id, *cause)
        assert device is not None
        kind = _kind_of(device, wire)
        if (device.address, device.kind, device.wire) != (link.address, kind, wire):
            device = self._roster.amend(id, address=link.address, kind=kind, wire=wire)
        self._roster.connect(device, link)
        return Admission(id, device.approval)

    def _proof_fault(
        self, device: Device | None, wire: Wire, id: str, nonce: str, mac: str
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
        if device.kind not in ("other", *WIRE_KINDS[wire]):
            kinds = " or ".join(WIRE_KINDS[wire])
            return "wire", f"it is a {device.kind}; this wire takes a {kinds}"
        return None

    def _no_room(self, newcomer: str, address: str) -> str:
        links = self._roster.links
        held = [
            links[id].address for id in self._roster.devices.pending
            if id in links and id != newcomer
        ]
        if len(held) >= model.MAX_HELD:
            return f"{model.MAX_HELD} unapproved devices are held"
        if held.count(address) >= model.MAX_HELD_PER_ADDRESS:
            return f"{model.MAX_HELD_PER_ADDRESS} unapproved devices of this address are held"
        return ""

    def _new(
        self, id: str, wire: str, kind: str, address: str, known: Device | None, approval: Approval
    ) -> None:
        if known is None:
            self.make_room()
            now = self._roster.now()
            self._roster.keep(Device(id, id, kind, approval, wire, now, address, last_seen=now))
        elif known.approval is not approval:
            self._roster.amend(id, approval=approval)

    def make_room(self) -> None:
        """Let the oldest absent one of too many waiting devices go."""
        devices = self._roster.devices
        waiting = devices.pending
        # one that is somebody's was approved before: it waits because boards share its address
        absent = [
            device for device in (devices[id] for id in waiting)
            if device.id not in self._roster.links and device.patient is None
        ]
        if len(waiting) >= model.MAX_PENDING and absent:
            oldest = min(absent, key=lambda d: d.last_seen or d.first_seen)
            self._roster.drop(oldest.id)


def _kind_of(device: Device, wire: Wire) -> str:
    """The kind of a device that proved its key on this wire, when nobody said one."""
    if device.kind != "other":
        return device.kind
    if wire == "dev" and device.wire != wire:
        return FIELD_KINDS.get(device.id, "other")
    return WIRE_KINDS[wire][0]
