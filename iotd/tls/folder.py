"""The folder of the site's own authority: one generation of files at a time, or the next.

::

    tls/made-2/{ca,server,boards}.{pem,key}, names.json
    tls/current -> made-2
    tls/ca.pem -> current/ca.pem, and so for each

A generation is written whole, then ``current`` is turned by one rename: no key is ever
beside the certificate of another, whenever the power goes.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from iotd.tls.issuing import Pair, is_signed_by
from iotd.tls.pem import Faulty, Files, certificate_text, key_text, read_material

CURRENT = "current"
PAIRS = ("ca", "server", "boards")
NAMES = "names.json"
_MADE = re.compile(r"made-(\d{1,9})\Z")


@dataclass(frozen=True)
class Kept:
    """What the folder holds; ``given`` are the names that somebody asked for."""

    authority: Pair
    server: Pair
    boards: Pair
    given: tuple[str, ...] = ()


class Folder:
    """Reads and writes generations; every method blocks."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def exists(self) -> bool:
        """Whether an authority was ever made here, whatever became of its files."""
        return any((self._now() / f"{pair}.pem").is_file() for pair in PAIRS)

    def files(self, pair: str) -> Files:
        """Where the key and the certificate of ``server``, ``boards`` or ``ca`` lie now."""
        folder = self._now()
        return Files(folder / f"{pair}.key", folder / f"{pair}.pem")

    def read(self, pair: str) -> Pair:
        """One pair; Faulty tells which file is missing, unreadable or another's."""
        material = read_material(self.files(pair))
        return Pair(material.key, material.certificate)

    def given(self) -> tuple[str, ...]:
        """The names that were asked for when the certificates were made."""
        try:
            names = json.loads((self._now() / NAMES).read_bytes())
        except (OSError, ValueError):
            return ()
        return tuple(map(str, names)) if isinstance(names, list) else ()

    def write(self, kept: Kept) -> None:
        """The next generation, in effect when this returns; Faulty when it can't be written."""
        if not is_signed_by(kept.server.certificate, kept.authority.certificate):
            raise Faulty("The authority's key is not the one of its certificate.")
        try:
            self._write(kept)
        except OSError as problem:
            where = problem.filename or self.path
            raise Faulty(f"{where} can't be written: {problem.strerror}.") from None

    def _write(self, kept: Kept) -> None:
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        number, before = max([0, *self._numbers()]) + 1, self._now().name
        folder = self.path / f"made-{number}"
        folder.mkdir(mode=0o700)
        for name, text in _texts(kept).items():
            _put(folder / name, text)
        _sync_folder(folder)
        for name in (f"{pair}.{kind}" for pair in PAIRS for kind in ("pem", "key")):
            self._link(name, f"{CURRENT}/{name}")
        self._link(CURRENT, folder.name)
        _sync_folder(self.path)
        # the one before stays: whoever is reading it can finish
        for older in self._numbers():
            if f"made-{older}" not in (before, folder.name):
                shutil.rmtree(self.path / f"made-{older}", ignore_errors=True)

    def _link(self, name: str, target: str) -> None:
        path, draft = self.path / name, self.path / f"{name}.new"
        if path.is_symlink() and os.readlink(path) == target:
            return
        draft.unlink(missing_ok=True)
        draft.symlink_to(target)
        os.replace(draft, path)

    def _numbers(self) -> list[int]:
        found = (_MADE.match(name) for name in os.listdir(self.path))
        return [int(each[1]) for each in found if each]

    def _now(self) -> Path:
        """The generation in effect; the folder itself where somebody copied the files there."""
        try:
            return self.path / os.readlink(self.path / CURRENT)
        except OSError:
            return self.path


def _texts(kept: Kept) -> dict[str, bytes]:
    authority = kept.authority.certificate
    return {
        "ca.pem": certificate_text(authority), "ca.key": key_text(kept.authority),
        "server.pem": certificate_text(kept.server.certificate, authority),
        "server.key": key_text(kept.server),
        # boards have the authority, and little memory for another copy of it
        "boards.pem": certificate_text(kept.boards.certificate),
        "boards.key": key_text(kept.boards),
        NAMES: json.dumps(kept.given).encode() + b"\n",
    }


def _put(path: Path, text: bytes) -> None:
    handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(text)
        file.flush()
        os.fsync(handle)


def _sync_folder(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
