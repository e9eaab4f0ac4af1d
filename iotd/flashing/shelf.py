"""The bytes that a browser writes onto boards: firmware, certificate, images. All of it blocks."""

from __future__ import annotations

import hashlib
import ssl
from pathlib import Path
from typing import Any, Callable

from iotd.errors import Unavailable
from iotd.flashing import images, shipped
from iotd.flashing.chips import CHIPS
from iotd.flashing.images import Image
from iotd.flashing.model import AUTHORITY, SELECTOR
from iotd.updates.releases import Releases


class Shelf:
    """Finds files by what they are for, and bytes by their SHA-256."""

    def __init__(
        self, releases: Releases, images_folder: Path, data_dir: Path, now: Callable[[], float]
    ) -> None:
        self._releases = releases
        self._images_folder = images_folder
        self._data_dir = data_dir
        self._now = now

    def files_for(self, kind: str, mpy: int | None, tls: bool) -> dict[str, Any]:
        """What lies on a board of this kind: ``build``, ``version``, ``slot_files`` by their
        paths below a slot, ``files`` by theirs on the board."""
        release = shipped.release_for(kind, self._releases, self._now())
        slot = [file_json(*each) for each in release.entries(kind, mpy)]
        root = {**_selector(), **(self._authority() if tls else {})}
        return {"build": release.build, "version": release.version, "slot_files": slot,
                "files": [_described(path, data) for path, data in root.items()]}

    def file(self, sha256: str) -> bytes | None:
        """A file that files_for() names."""
        roots = [*_selector().values()]
        try:
            roots += self._authority().values()
        except Unavailable:
            pass
        own = (data for data in roots if hashlib.sha256(data).hexdigest() == sha256)
        return next(own, None) or self._releases.blob(sha256)

    def images_json(self) -> list[dict[str, Any]]:
        """The images of MicroPython that are here."""
        return [_image_json(each) for each in images.available(self._images_folder)]

    def image(self, sha256: str) -> bytes | None:
        """The bytes of one of them, when they are still those that were checked."""
        for each in images.available(self._images_folder):
            if each.sha256 == sha256:
                data = each.path.read_bytes()
                return data if hashlib.sha256(data).hexdigest() == sha256 else None
        return None

    def authority(self) -> str | None:
        """The certificate by which boards know this daemon, PEM; None without one."""
        try:
            return ssl.DER_cert_to_PEM_cert(shipped.authority(self._data_dir))
        except Unavailable:
            return None

    def _authority(self) -> dict[str, bytes]:
        return {AUTHORITY: shipped.authority(self._data_dir)}


def chips_json() -> list[dict[str, Any]]:
    """The chips that an image may be for: name, number in its header, where it begins."""
    return [{"chip": chip.title, "id": chip.id, "offset": chip.offset} for chip in CHIPS]


def file_json(path: str, size: int, sha256: str) -> dict[str, Any]:
    """One file as the browser is told of it."""
    return {"path": path, "size": size, "sha256": sha256}


def _described(path: str, data: bytes) -> dict[str, Any]:
    return file_json(path, len(data), hashlib.sha256(data).hexdigest())


def _image_json(image: Image) -> dict[str, Any]:
    return {"chip": image.chip.title, "name": image.name, "version": image.version,
            "size": image.size, "sha256": image.sha256, "offset": image.chip.offset}


def _selector() -> dict[str, bytes]:
    """What lies on the board's root and chooses the slot."""
    return {SELECTOR: shipped.selector()}
