"""Whether a board on somebody's cable is the one that a device's key was made for."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any, Mapping, NamedTuple

from iotd.devices.service import Registry


class Proved(NamedTuple):
    """``kept``: it has the right key, for this kind. Else ``why`` a new one is no small thing,
    if it is none."""

    kept: bool = False
    why: str | None = None


def proved(registry: Registry, id: str, kind: str | None, nonce: str, mac: str) -> Proved:
    """What ``mac`` says, which should be HMAC-SHA256(key, ``iotd1|flash|<id>|<nonce>``) in hex."""
    known = next((each for each in registry.list() if each["id"] == id), None)
    if known is None:
        return Proved()
    key = registry.key_of(id)
    if key is not None and _proves(key, id, nonce, mac):
        return Proved(kind in (None, known["kind"]))
    return Proved(False, _why_not(known))


def _why_not(known: Mapping[str, Any]) -> str | None:
    """Why a new key for this device is no small thing."""
    if known["state"] == "revoked":
        return f"{known['id']} was revoked: a new key lets it in again."
    if known["keyed"]:
        return (f"{known['id']} has a key that is not this board's: a new one shuts the other"
                " board out.")
    return None


def _proves(key: bytes, id: str, nonce: str, mac: str) -> bool:
    told = hmac.new(key, f"iotd1|flash|{id}|{nonce}".encode(), hashlib.sha256).hexdigest()
    return hmac.compare_digest(told.encode(), mac.encode())
