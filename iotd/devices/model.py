"""The rules of devices: names, states, who is let in, and how often one may fail."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any, Mapping

from iotd.errors import Invalid
from iotd.wire.hello import GATE_ID_RULE, is_device_id, is_gate_id

KINDS = ("camera", "cabinet", "cabinet_camera", "watch", "gate", "other")

# what each wire carries; the first is taken for a device whose kind nobody said
WIRE_KINDS: Mapping[str, tuple[str, ...]] = {
    "cam": ("camera",), "dev": ("other", "cabinet", "cabinet_camera", "watch"),
    "mqtt": ("gate",),
}
_ON_WIRE = {"dev": "is connected by the device wire", "mqtt": "speaks over MQTT"}
FIELD_KINDS = {"cab": "cabinet", "img": "cabinet_camera", "wch": "watch"}

MAX_HELD = 64  # unapproved connections in all ...
MAX_HELD_PER_ADDRESS = 8  # ... and of one address
MAX_PENDING = 256  # rows of devices that nobody approved; the oldest absent one goes

FAILURE_WINDOW = 60.0  # seconds in which failures count, and that one then waits
MAX_FAILURES = 5  # of one id from one address
MAX_ADDRESS_FAILURES = 50  # of one address over all ids

# The topic of the field has no ids: all gates of one direction are one device there.
FIELD_GATES = ("sample-entry", "sample-exit")
MAX_PENDING_GATES = 64  # a topic costs a stranger nothing; beyond, the oldest silent one goes
MAX_NEW_GATES = 300  # that begin to wait, in a minute
MAX_OPEN_GATES = 1000  # without a key that "open" approves; those beyond wait

# words that stand in addresses of pages where an id may stand
RESERVED = ("wall", "refusals")


class Approval(str, Enum):
    """What a person, or the enrolment setting, said of a device."""

    PENDING = "pending"
    APPROVED = "approved"
    REVOKED = "revoked"


@dataclass(frozen=True)
class Device:
    """One thing, as the store knows it; times are Unix seconds."""

    id: str
    name: str
    kind: str
    approval: Approval
    wire: str
    first_seen: float
    address: str | None = None
    key_sealed: str | None = None
    last_seen: float | None = None
    rssi: int | None = None
    firmware: str | None = None
    patient: str | None = None
    camera: str | None = None
    place: str | None = None  # where it hangs, in people's words

    @property
    def keyed(self) -> bool:
        """Whether it must prove a key."""
        return self.key_sealed is not None


@dataclass(frozen=True)
class Admission:
    """What became of a connection that said, or did not say, who it is."""

    id: str
    approval: Approval | None  # None: refused
    reason: str = ""
    is_new: bool = False  # nobody knew this device before

    @property
    def refused(self) -> bool:
        """Whether the connection is to be closed."""
        return self.approval in (None, Approval.REVOKED)


def state(device: Device, connected: bool) -> str:
    """The state as people see it: pending, online, offline or revoked."""
    if device.approval is Approval.APPROVED:
        return "online" if connected else "offline"
    return str(device.approval.value)


def camera_name(address: str) -> str:
    """The name of a camera that says none, after its address."""
    return "cam-" + address.replace("%", "-").replace(".", "-").replace(":", "-").lower()


def series(base: str) -> str:
    """How the further names after ``base`` begin: ``base-2``, ``base-3`` …"""
    return base if base.endswith("-") else base + "-"


def base_of(id: str) -> str:
    """What a field device of the device wire says: ``cab`` for ``cab`` and for ``cab-2``."""
    return id.partition("-")[0]


def check_id(text: str, kind: str | None = None) -> str:
    """``text`` when it can be the id of a device of this kind, else Invalid."""
    fits, rule = is_device_id, "3 to 32 of the characters a-z, 0-9 and -"
    if kind == "gate":
        fits, rule = is_gate_id, GATE_ID_RULE
    if not fits(text) or text in RESERVED:
        allowed = f"{rule}, but not {' or '.join(RESERVED)}"
        raise Invalid(f"{text[:40]!r} can't be a device id: {allowed}.", "id")
    return text


def check_kind(kind: str) -> str:
    """``kind`` when it is one, else Invalid with the list."""
    if kind not in KINDS:
        raise Invalid(f"{kind[:40]!r} is no kind of device: {', '.join(KINDS)}.", "kind")
    return kind


def check_fits(kind: str, wire: str) -> str:
    """``kind`` when a device that connected on this wire can be one, else Invalid."""
    check_kind(kind)
    if wire in _ON_WIRE and kind not in WIRE_KINDS[wire]:
        raise Invalid(f"It {_ON_WIRE[wire]}: {', '.join(WIRE_KINDS[wire])}.", "kind")
    return kind


def check_name(name: str) -> str:
    """A display name: 1 to 100 printable characters."""
    name = name.strip()
    if not 1 <= len(name) <= 100 or not name.isprintable():
        raise Invalid("A name has 1 to 100 printable characters.", "name")
    return name


def check_place(place: str | None) -> str | None:
    """Where a device hangs, up to 100 printable characters; none is None."""
    place = (place or "").strip()
    if len(place) > 100 or not place.isprintable():
        raise Invalid("A place has up to 100 printable characters.", "place")
    return place or None


def waits_because(device: Device, connected: bool, shared: bool = False) -> str | None:
    """Why a pending device waits, for the person who can end it.

    ``shared``: others at its address say the same id.
    """
    if device.approval is not Approval.PENDING:
        return None
    if shared:
        return (
            "Several boards at its address say that they are the same device. "
            "Approve each of them, or remove what is not yours."
        )
    if device.wire == "mqtt":
        return _gate_waits_because(device.id, connected)
    if not connected:
        return "It is waiting for approval, and is not connected at the moment."
    return "It is connected and held until somebody approves it."


def _gate_waits_because(id: str, heard: bool) -> str:
    if not heard:
        return "It is waiting for approval, and was not heard lately."
    dropped = "What it says is acknowledged and dropped until somebody approves it."
    if id in FIELD_GATES:
        return f"It publishes to the topic without passwords, as anybody there can. {dropped}"
    return f"It is heard over MQTT. {dropped}"


class Failures:
    """Wrong proofs by id and address; times are monotonic seconds.

    The fifth within a minute makes that id wait a minute at that address, the
    fiftieth makes the whole address wait.
    """

    def __init__(self) -> None:
        # lists: a deque takes 600 bytes, and most hold one or two times
        self._times: dict[Any, list[float]] = {}
        self._until: dict[Any, float] = {}

    def add(self, id: str, address: str, now: float) -> None:
        """One more wrong proof."""
        for key, most in (((id, address), MAX_FAILURES), (address, MAX_ADDRESS_FAILURES)):
            times = self._times.setdefault(key, [])
            times.append(now)
            del times[:-most]
            if len(times) == most and now - times[0] < FAILURE_WINDOW:
                self._until[key] = now + FAILURE_WINDOW

    def must_wait(self, id: str, address: str, now: float) -> bool:
        """Whether a hello is to be answered with ``denied`` at once."""
        return any(now < self._until.get(key, 0) for key in ((id, address), address))

    def prune(self, now: float) -> None:
        """Forget what no longer counts."""
        old = now - FAILURE_WINDOW
        self._times = {key: times for key, times in self._times.items() if times[-1] > old}
        self._until = {key: until for key, until in self._until.items() if until > now}
