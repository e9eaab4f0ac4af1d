"""Who is let in over MQTT: gates, which have no connection here but a broker in between.

A gate signs in to the broker with its id and its key as password; the embedded broker asks
:meth:`GateDoor.sign_in`. By its topics it is then known which gate says something, and
:meth:`GateDoor.judge` says whether that counts. What a stranger may have waiting is bounded.
"""

from __future__ import annotations

import hmac
import secrets
from collections import deque
from dataclasses import asdict
from typing import Any, Callable, Iterable

from twisted.logger import Logger

from iotd.devices import model
from iotd.devices.admission import TOO_MANY, Admissions
from iotd.devices.gate_link import GateLink
from iotd.devices.model import FIELD_GATES, Admission, Approval, Device
from iotd.devices.roster import Roster
from iotd.errors import Invalid
from iotd.store.errors import KeyRefused
from iotd.store.seal import Sealer
from iotd.wire.errors import quote
from iotd.wire.hello import GATE_ID_RULE, is_gate_id
from iotd.wire.macs import without_macs

BROKER = "MQTT"  # stands for the address of what a broker passed on
TELL_FULL_EVERY = 10.0  # seconds: each of a stranger's ids would be one more line

Cause = tuple[str, str]  # a key of NEXT_STEPS, and the reason


class GateDoor:
    """Judges gates, from memory, on the reactor.

    While the store is away since the start, it goes by what it was given by :meth:`adopt`.
    ``on_shut(id, reason)``: whoever holds connections of this gate must end them.
    """

    _log = Logger()

    def __init__(
        self, roster: Roster, sealer: Sealer, admissions: Admissions, seconds: Callable[[], float]
    ) -> None:
        self._roster, self._sealer, self._admissions = roster, sealer, admissions
        self._seconds = seconds
        self._adopted: dict[str, Device] = {}
        self._begun: deque[float] = deque(maxlen=model.MAX_NEW_GATES)
        self._told_full = -TELL_FULL_EVERY
        self.enrolment = admissions.enrolment
        self.on_shut: Callable[[str, str], None] = lambda id, reason: None

    # -- for the broker ------------------------------------------------------------

    def sign_in(
        self, username: str | None, password: str | None, client_id: str, address: str
    ) -> bool:
        """Whether a connection is let in; without a password it has proved nothing."""
        id = username if username and is_gate_id(username) else ""
        if username and not id:
            why_not: Cause | None = self._no_id(username, address)
        elif password:
            why_not = self._with_key(id, password, address)
        else:
            why_not = self._without_key(id)
        if why_not is not None:
            self._admissions.refuse("mqtt", address, id or None, *why_not)
            return False
        if password and (device := self._device(id)) is not None and device.keyed:
            self._came(device, address)
        return True

    def has_key(self, id: str) -> bool:
        """Whether this id may be spoken for with its key only."""
        device = self._device(id)
        return device is not None and device.keyed

    def knows(self, id: str) -> bool:
        """Whether there is a device of this id."""
        return self._device(id) is not None

    def keys(self) -> dict[str, str]:
        """The keys of all gates that may sign in, 64 hex digits each."""
        found = {}
        for device in tuple(self._devices.values()):
            if device.approval is Approval.APPROVED and _is_gate(device):
                if key := self._key(device):
                    found[device.id] = key.hex()
        return found

    def shut(self, id: str, reason: str) -> None:
        """It may not go on as it is: revoked, removed, or with a new key."""
        self.on_shut(id, reason)

    def _no_id(self, username: str, address: str) -> Cause:
        if self._admissions.must_wait("", address):
            return "wrong", TOO_MANY
        self._admissions.failed("", address)
        named = quote(without_macs(username))
        return "key", f"{named} can't be a gate's id, which has {GATE_ID_RULE}"

    def _without_key(self, id: str) -> Cause | None:
        if self.enrolment == "keyed":
            return "keyed", "it gave no password, and enrolment is keyed"
        device = self._device(id)
        if device is not None and device.approval is Approval.REVOKED:
            return "revoked", "it was revoked"
        if device is not None and device.keyed:
            return "password", "it gave no password, and its id has a key"
        return None

    def _with_key(self, id: str, password: str, address: str) -> Cause | None:
        if self._admissions.must_wait(id, address):
            return "wrong", TOO_MANY
        device = self._device(id)
        key = self._key(device)
        right = (key or secrets.token_bytes(32)).hex()
        proved = hmac.compare_digest(right.encode(), password.lower().encode("utf-8", "replace"))
        if key is None:
            return self._unknown_key(id, device, address)
        if not proved:
            self._admissions.failed(id, address)
            return "wrong", "its password is not the key stored here"
        assert device is not None
        if device.approval is Approval.REVOKED:
            return "revoked", "it was revoked"
        return None if _is_gate(device) else _other_kind(device)

    def _unknown_key(self, id: str, device: Device | None, address: str) -> Cause | None:
        if not self._roster.loaded:
            return "key", "its key is not known yet: the database is away since the start"
        revoked = device is not None and device.approval is Approval.REVOKED
        if self.enrolment == "open" and not revoked:
            return None  # it would be let in without a password as well
        self._admissions.failed(id, address)
        return ("revoked", "it was revoked") if revoked else ("key", "no key is known for this id")

    def _key(self, device: Device | None) -> bytes | None:
        try:
            return self._sealer.unseal(device.key_sealed) if device and device.key_sealed else None
        except KeyRefused as fault:
            self._log.error("{id}: {fault}", id=device.id if device else "", fault=str(fault))
            return None

    # -- for what is heard -----------------------------------------------------------

    def judge(self, id: str, field: bool = False) -> Admission:
        """Judge a gate that published something; ``field``: on the topic without ids.

        A new one begins to wait, or is approved under "open". It is told once about each
        refusal, so ask again only after a while.
        """
        device = self._device(id)
        if why_not := self._may_not(id, device, field):
            return self._refuse(id, *why_not)
        if not self._roster.loaded:
            return Admission(id, device.approval if device else None, "the database is away")
        if device is None or (device.approval is Approval.PENDING and self.enrolment == "open"):
            approval = self._approval_of_new()
            if device is None and approval is Approval.PENDING and (full := self._no_room()):
                return self._refuse_full(id, full)
            device = self._enrol(id, device, approval)
        if device.keyed:
            device = self._came(device, device.address)
        return Admission(id, device.approval)

    def connect(self, id: str) -> GateLink:
        """It is heard: it is online until :meth:`leave`."""
        device = self._roster.device(id)
        link = GateLink(device.address or BROKER, self._roster.now(), self._seconds())
        self._roster.connect(device, link)
        return link

    def leave(self, id: str, link: GateLink) -> None:
        """It is not heard any more."""
        self._roster.leave(id, link)

    def _may_not(self, id: str, device: Device | None, field: bool) -> Cause | None:
        if device is not None and device.approval is Approval.REVOKED:
            return "revoked", "it was revoked"
        keyed = device is not None and device.keyed
        if field and keyed:
            return "password", "its id has a key, and the field topic knows none"
        if not field and id in FIELD_GATES and not keyed:
            return "kind", "its id stands for the gates of the field topic"
        if device is not None and not _is_gate(device):
            return _other_kind(device)
        if self.enrolment == "keyed" and not keyed:
            return "field" if field else "keyed", "it has no key, and enrolment is keyed"
        return None

    def _refuse(self, id: str, cause: str, reason: str) -> Admission:
        return self._admissions.refuse("mqtt", BROKER, id, cause, reason)

    def _refuse_full(self, id: str, reason: str) -> Admission:
        now = self._seconds()
        if now - self._told_full < TELL_FULL_EVERY:
            return Admission(id, None, reason)
        self._told_full = now
        # one line for all ids that a stranger makes up
        return self._admissions.refuse("mqtt", BROKER, None, "gates", f"{reason}; also {id}")

    def _approval_of_new(self) -> Approval:
        if self.enrolment != "open":
            return Approval.PENDING
        gates = [d for d in self._roster.devices.values() if d.wire == "mqtt" and not d.keyed]
        return Approval.APPROVED if len(gates) < model.MAX_OPEN_GATES else Approval.PENDING

    def _no_room(self) -> str:
        now, begun = self._seconds(), self._begun
        if len(begun) == begun.maxlen and now - begun[0] < 60:
            return f"{model.MAX_NEW_GATES} gates began to wait within a minute"
        waiting = [self._roster.devices[id] for id in self._roster.devices.pending]
        gates = [device for device in waiting if device.wire == "mqtt"]
        if len(gates) >= model.MAX_PENDING_GATES:
            silent = [device for device in gates if device.id not in self._roster.links]
            if not silent:
                return f"{model.MAX_PENDING_GATES} unapproved gates wait"
            self._roster.drop(min(silent, key=lambda d: d.last_seen or d.first_seen).id)
        begun.append(now)
        return ""

    def _enrol(self, id: str, device: Device | None, approval: Approval) -> Device:
        if device is None:
            self._admissions.make_room()
            now = self._roster.now()
            device = Device(id, id, "gate", approval, "mqtt", now, last_seen=now)
            self._roster.keep(device)
        elif device.approval is not approval:
            device = self._roster.amend(id, approval=approval)
        return device

    def _came(self, device: Device, address: str | None) -> Device:
        if not self._roster.loaded:
            return device
        if (device.address, device.kind, device.wire) == (address, "gate", "mqtt"):
            return device
        return self._roster.amend(device.id, address=address, kind="gate", wire="mqtt")

    # -- while the store is away --------------------------------------------------------

    def snapshot(self) -> list[dict[str, Any]]:
        """The gates that are let in, for :meth:`adopt` at a start without the store."""
        devices = [d for d in self._devices.values() if _is_gate(d) and d.kind == "gate"]
        kept = [d for d in devices if d.approval is not Approval.PENDING]
        return [
            {**asdict(device), "approval": device.approval.value, "last_seen": None}
            for device in sorted(kept, key=lambda device: device.id)
        ]

    def adopt(self, rows: Iterable[dict[str, Any]]) -> None:
        """Go by these until the store is there; Invalid when they are not of a snapshot."""
        try:
            devices = [Device(**{**row, "approval": Approval(row["approval"])}) for row in rows]
        except (TypeError, ValueError, KeyError) as fault:
            raise Invalid(f"This is no list of gates: {fault}") from None
        self._adopted = {device.id: device for device in devices}

    @property
    def loaded(self) -> bool:
        """Whether the store was read."""
        return self._roster.loaded

    @property
    def _devices(self) -> Any:
        return self._roster.devices if self._roster.loaded else self._adopted

    def _device(self, id: str) -> Device | None:
        found: Device | None = self._devices.get(id)
        return found


def _is_gate(device: Device) -> bool:
    """Whether it may be spoken for over MQTT."""
    if not device.keyed:
        return device.kind == "gate" and device.wire == "mqtt"
    # a key that nobody used yet may be a gate's
    return device.kind == "gate" or (device.kind == "other" and device.wire in ("", "mqtt"))


def _other_kind(device: Device) -> Cause:
    what = device.kind.replace("_", " ")
    return "kind", f"its id is that of a device of kind {what}, and over MQTT only gates speak"
