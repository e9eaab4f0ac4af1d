"""Keyed boards of a demonstration: gates, and boards that tell of themselves and take updates."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from sqlalchemy import Connection

from iotd.devices.model import Approval, Device
from iotd.devices.records import save_device
from iotd.store.seal import Sealer

KEYS_FILE = "boards.keys"
GATES = ("gate-north-in", "gate-north-out", "gate-south-in", "gate-south-out")
#: Id -> kind, place.
BOARDS = {
    "cam-workshop": ("camera", "Workshop, above the door"),
    "cam-library": ("camera", "Library, first floor"),
    "watch-spare": ("watch", "Drawer of the office"),
    "cabinet-kitchen": ("cabinet", "Kitchen"),
}


def fill(connection: Connection, sealer: Sealer, folder: Path, now: float) -> int:
    """Write them, and their keys into a file of ``folder`` for `iotd simulate --keys`."""
    plans = [(id, "gate", "mqtt", place) for id, place in zip(GATES, _PLACES)]
    plans += [(id, kind, "", place) for id, (kind, place) in BOARDS.items()]
    lines = []
    for id, kind, wire, place in plans:
        key = secrets.token_bytes(32)
        save_device(connection, Device(
            id, id, kind, Approval.APPROVED, wire, now, key_sealed=sealer.seal(key), place=place))
        lines.append(f"{kind}:{id}={key.hex()}\n")
    path = folder / KEYS_FILE
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.writelines(lines)
    return len(lines)


_PLACES = ("North gate, way in", "North gate, way out", "South gate, way in",
           "South gate, way out")
