"""The board code that goes over a cable: the same bytes as an update of this server's."""

from __future__ import annotations

import hashlib
import ssl
import time
from functools import cache
from pathlib import Path
from typing import Protocol

from iotd.errors import Conflict, Unavailable
from iotd.flashing.model import Facts, Firmware
from iotd.updates.firmware import (
    KINDS, MPY, VERSION_FILE, compiled, files_of, firmware_folder, version_file, version_of,
)
from iotd.updates.release_file import Release


class Releases(Protocol):
    """Where a server keeps what it gives to boards over the air."""

    def newest(self) -> Release | None:
        """The newest release that is as it was signed."""

    def make(self, source: Path, version: str | None = None, now: float = 0.0) -> Release:
        """A release of the board code in a folder; Conflict when it is signed elsewhere."""

    def blob(self, sha256: str) -> bytes | None:
        """A file of one."""


def firmware_for(kind: str, mpy: int, releases: Releases | None, make: bool) -> Firmware:
    """The firmware of a kind, as byte code for boards that run ours.

    That of the server's release; without one the shipped one with the number 0: such a board
    is offered the next release there is.
    """
    release = None if releases is None else _had(kind, releases, make)
    if release is not None and releases is not None:
        found = {each.path: releases.blob(each.sha256) for each in release.entries(kind, mpy)}
        files = {path: data for path, data in found.items() if data is not None}
        if len(files) == len(found):
            return Firmware(kind, release.version, release.build, files)
    source, version = files_of(kind, firmware_folder()), version_of(firmware_folder())
    files = compiled(source) if mpy == MPY else dict(source)
    return Firmware(kind, version, 0, {**files, VERSION_FILE: version_file(kind, version, 0)})


def _had(kind: str, releases: Releases, make: bool) -> Release | None:
    if not make:
        newest = releases.newest()
        return newest if _is_shipped(newest, kind) else None
    try:
        return release_for(kind, releases, time.time())
    except (Conflict, Unavailable):
        return None  # a folder of another user's: the firmware is the same, its number unknown


def release_for(kind: str, releases: Releases, now: float) -> Release:
    """What a board of this kind is written with, by page and command alike: the newest release
    if it holds the shipped firmware, else one that is made now.

    Where releases are signed elsewhere it is the newest, whatever that holds: the board would
    be offered it anyway. Conflict or Unavailable when there is none and none can be made.
    """
    newest = releases.newest()
    if newest is not None and _is_shipped(newest, kind):
        return newest
    try:
        return releases.make(firmware_folder(), now=now)
    except Conflict:
        if newest is None or kind not in newest.kinds:
            raise
        return newest


def _is_shipped(release: Release | None, kind: str) -> bool:
    if release is None or release.version != version_of(firmware_folder()):
        return False
    there = {each.path: each.sha256 for each in release.entries(kind, None)}
    there.pop(VERSION_FILE, None)
    source = files_of(kind, firmware_folder())
    return there == {path: hashlib.sha256(data).hexdigest() for path, data in source.items()}


def selector() -> bytes:
    """What lies on a board's root as main.py and chooses the slot."""
    return (firmware_folder() / "main.py").read_bytes()


def authority(data_dir: Path) -> bytes:
    """The certificate with which boards know the daemon, in DER; Unavailable without one."""
    try:
        text = (data_dir / "tls" / "ca.pem").read_text()
        return ssl.PEM_cert_to_DER_cert(text)
    except (OSError, ValueError):
        raise Unavailable(
            "The daemon's listener is encrypted and its authority is not here: `iotd cert` makes"
            " one.", "server",
        ) from None


def old_files(facts: Facts) -> tuple[str, ...]:
    """Firmware that was copied onto the root before there were slots, and is of no use now."""
    if not any(f"/common/link.{ending}" in facts.files for ending in ("py", "mpy")):
        return ()
    return tuple(path for path in facts.files if path in _on_the_root())


@cache
def _on_the_root() -> frozenset[str]:
    paths = {path for kind in KINDS for path in files_of(kind) if path != "main.py"}
    byte_code = {f"{path[:-3]}.mpy" for path in paths if path.endswith(".py")}
    return frozenset(f"/{path}" for path in paths | byte_code)
