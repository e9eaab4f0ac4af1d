"""The board code that goes over a cable: the same bytes as an update of this server's."""

from __future__ import annotations

import hashlib
import ssl
from functools import cache
from pathlib import Path
from typing import Protocol

from iotd.errors import Unavailable
from iotd.flashing.model import Facts, Firmware
from iotd.updates.firmware import (
    KINDS, MPY, VERSION_FILE, compiled, files_of, firmware_folder, version_file, version_of,
)
from iotd.updates.release_file import Release


class Releases(Protocol):
    """Where a server keeps what it gives to boards over the air."""

    def newest(self) -> Release | None:
        """The newest release that is as it was signed."""

    def make(self, source: Path) -> Release:
        """A release of the board code in a folder."""

    def blob(self, sha256: str) -> bytes | None:
        """A file of one."""


def firmware_for(kind: str, mpy: int, releases: Releases | None, make: bool) -> Firmware:
    """The shipped firmware of a kind, as byte code for boards that run ours.

    Its number is that of the newest release when that holds the same, of one that is made
    now when ``make`` allows it, else 0: such a board is offered the next release there is.
    """
    source, version = files_of(kind), version_of(firmware_folder())
    release = _newest(releases, source, kind, version)
    if release is None and make and releases is not None:
        try:
            release = releases.make(firmware_folder())
        except Unavailable:
            pass  # a folder of another user's: the firmware is the same, its number unknown
    if release is not None and releases is not None:
        found = {each.path: releases.blob(each.sha256) for each in release.entries(kind, mpy)}
        files = {path: data for path, data in found.items() if data is not None}
        if len(files) == len(found):
            return Firmware(kind, version, release.build, files)
    files = compiled(source) if mpy == MPY else dict(source)
    return Firmware(kind, version, 0, {**files, VERSION_FILE: version_file(kind, version, 0)})


def _newest(
    releases: Releases | None, source: dict[str, bytes], kind: str, version: str
) -> Release | None:
    """The newest release if it is of this very source."""
    release = releases.newest() if releases is not None else None
    if release is None or release.version != version:
        return None
    there = {each.path: each.sha256 for each in release.entries(kind, None)}
    there.pop(VERSION_FILE, None)
    same = there == {path: hashlib.sha256(data).hexdigest() for path, data in source.items()}
    return release if same else None


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
