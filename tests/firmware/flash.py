"""What lies on a board's flash: two slots and their state files, as a folder of ours."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FIRMWARE = Path(__file__).resolve().parent.parent.parent / "firmware"
#: Not part of what runs on a board.
_LEFT_OUT = ("__pycache__", "README.md")


def firmware_files(kind: str) -> dict[str, bytes]:
    """Path in a slot -> bytes, of this kind of board; version.json is not among them."""
    places = [(FIRMWARE / "common", "common/"), (FIRMWARE / kind, "")]
    if kind == "cabinet_camera":
        places.append((FIRMWARE / "camera" / "sensors", "sensors/"))
    return {
        above + source.relative_to(folder).as_posix(): source.read_bytes()
        for folder, above in places for source in sorted(folder.rglob("*"))
        if source.is_file() and source.suffix == ".py" and not set(source.parts) & set(_LEFT_OUT)
    }


def version_file(kind: str, build: int, version: str = "1.1.0") -> bytes:
    """version.json of a slot."""
    return json.dumps({"kind": kind, "version": version, "build": build}).encode()


def put(folder: Path, files: dict[str, bytes]) -> None:
    """Write these files below a folder."""
    for name, data in files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)


def lay_out(flash: Path, kind: str, settings: dict[str, Any] | None, build: int = 1,
            slot: str = "a") -> None:
    """A board as ``iotd flash`` leaves it: the boot selector, one slot, settings."""
    put(flash, {"main.py": (FIRMWARE / "main.py").read_bytes(), "slot": slot.encode()})
    put(flash / slot, firmware_files(kind))
    put(flash / slot, {"version.json": version_file(kind, build)})
    if settings is not None:
        put(flash, {"settings.json": json.dumps(settings).encode()})


def state(flash: Path) -> dict[str, str]:
    """The small files on the root: slot, trial, last, why; those that are there."""
    names = ("slot", "trial", "last", "why")
    return {name: (flash / name).read_text() for name in names if (flash / name).exists()}
