"""Messages of gates as senders write them: virtual gates, tests, the daemon's own questions."""

from __future__ import annotations

import json
from typing import Any, Iterable

from iotd.wire.macs import normalise_mac, spell_mac
from iotd.wire.sightings import DIRECTIONS, Sight


def seen_payload(
    boot: str, seq: int, ts: float | None, direction: int, seen: Iterable[Sight]
) -> bytes:
    """One message for ``iotd/gate/<id>/seen``; addresses in any spelling, strengths in dBm."""
    listed = [{"mac": spell_mac(normalise_mac(mac)), "rssi": rssi} for mac, rssi in seen]
    return _json({**_head(boot, seq, ts, direction), "seen": listed})


def badge_payload(
    boot: str, seq: int, ts: float | None, direction: int, uid: str, method: str = "rfid"
) -> bytes:
    """One message for ``iotd/gate/<id>/badge``."""
    return _json({**_head(boot, seq, ts, direction), "uid": uid, "method": method})


def backlog_payload(payloads: Iterable[bytes]) -> bytes:
    """Several messages of one kind as one."""
    return b"[" + b",".join(payloads) + b"]"


def replay_payload(boot: str, first: int, last: int) -> bytes:
    """The daemon's request for ``iotd/gate/<id>/replay``; both ends are included."""
    return _json({"boot": boot, "from": first, "to": last})


def text_payload(direction: int, seen: Iterable[Sight]) -> bytes:
    """What a field gate publishes; at most five addresses, the strongest first."""
    parts = []
    for mac, rssi in seen:
        signal = "" if rssi is None else f", Signal: {rssi:g} dBm"
        parts.append(f"BSSID: {spell_mac(normalise_mac(mac))}{signal}")
    return f"{direction} WiFi: {'; '.join(parts)}".encode("ascii")


def _head(boot: str, seq: int, ts: float | None, direction: int) -> dict[str, Any]:
    return {"boot": boot, "seq": seq, "ts": ts, "direction": DIRECTIONS[direction]}


def _json(value: dict[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode("ascii")
