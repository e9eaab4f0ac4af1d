"""Which virtual devices there are: their kinds, their addresses, their keys."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Iterable

from iotd.wire.hello import GATE_ID_RULE, ID_RULE, is_device_id, is_gate_id

LOOPBACK = ipaddress.IPv4Address("127.0.0.1")
KINDS = ("camera", "watch", "cabinet", "cabinet_camera", "gate")
#: What field devices of the device wire are called.
FIELD_IDS = {"watch": "wch", "cabinet": "cab", "cabinet_camera": "img"}


@dataclass(frozen=True)
class Plan:
    """One virtual device: its key makes it a keyed one, its source is an own address."""

    name: str
    source: str | None = None
    key: bytes | None = None
    kind: str = "camera"

    @property
    def id(self) -> str:
        """What it says it is on the wire."""
        return self.name if self.key is not None else FIELD_IDS.get(self.kind, self.name)


def plan_cameras(count: int, keys: Iterable[Plan], host: str) -> list[Plan]:
    """``count`` field cameras, and the keyed ones.

    On loopback each field camera has an address of its own, from 127.0.0.1 on;
    elsewhere they share this machine's, and the daemon numbers them.
    """
    plans = [Plan(source or f"field camera {number}", source)
             for number, source in _places(count, host)]
    return plans + list(keys)


def plan_devices(watches: int, cabinets: int, host: str) -> list[Plan]:
    """Field watches, and cabinets with a camera each; the first of a kind is 127.0.0.1."""
    counts = {"watch": watches, "cabinet": cabinets, "cabinet_camera": cabinets}
    return [
        Plan(f"{FIELD_IDS[kind]} at {source or host}", source, None, kind)
        for kind, count in counts.items() for _, source in _places(count, host)
    ]


def plan_gates(count: int, keys: Iterable[Plan], host: str, field: bool = False) -> list[Plan]:
    """``count`` gates without a key and the keyed ones; an entry, an exit, an entry, ...

    With ``field`` the first two speak the field text, which has no ids.
    """
    plans = [Plan(f"gate-{number}", source, None, "gate")
             for number, source in _places(count, host)]
    return plans + list(keys) if not field else plan_field_gates(host) + plans + list(keys)


def plan_field_gates(host: str) -> list[Plan]:
    """The pair of gates with field firmware."""
    return [Plan(f"field-{way}", source, None, "gate")
            for way, (_, source) in zip(("entry", "exit"), _places(2, host))]


def _places(count: int, host: str) -> list[tuple[int, str | None]]:
    local = is_loopback(host)
    return [(n + 1, str(LOOPBACK + n) if local else None) for n in range(count)]


def is_loopback(host: str) -> bool:
    """Whether the daemon is reached over IPv4 loopback, where addresses are plenty."""
    if host == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.version == 4 and address.is_loopback


def parse_key(text: str) -> Plan:
    """``[KIND:]ID=HEX`` as a keyed device, a camera unless it says otherwise; ValueError
    says what is wrong, never the key."""
    name, _, digits = (part.strip() for part in text.strip().partition("="))
    kind, colon, id = name.rpartition(":")
    if colon and kind not in KINDS:
        raise ValueError(f"{kind[:40]!r} is no kind of device: {', '.join(KINDS)}")
    fits, rule = (is_gate_id, GATE_ID_RULE) if kind == "gate" else (is_device_id, ID_RULE)
    if not fits(id):
        raise ValueError(f"{id[:40]!r} is no device id: {rule}")
    if not re.fullmatch("[0-9a-fA-F]{64}", digits):
        raise ValueError(f"the key of {id} is not 64 hex digits")
    return Plan(id, None, bytes.fromhex(digits), kind or "camera")


def parse_keys(lines: Iterable[str]) -> list[Plan]:
    """A file of such lines; empty ones and ``#`` are passed over, the last of an id counts."""
    wanted = [line for line in lines if line.strip() and not line.lstrip().startswith("#")]
    return list({plan.name: plan for plan in map(parse_key, wanted)}.values())
