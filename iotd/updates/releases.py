"""Releases on disk: made, signed, and looked at again before anything of them is offered.

    <folder>/key, key.pub           see signing
    <folder>/8/release.json, release.sig
    <folder>/files/<sha256>         what the releases share lies here once

Everything here blocks, so it is called on threads or before the reactor runs.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Sequence

from iotd.errors import Invalid, Unavailable
from iotd.store.disk import leave_to_owner, sync_file, sync_folder
from iotd.updates import release_file
from iotd.updates.firmware import (
    KINDS, VERSION_FILE, Compiler, Files, check_version, files_of, version_file, version_of,
)
from iotd.updates.release_file import MOST_BUILD, MOST_BYTES, Entry, Release
from iotd.updates.signing import NOT_THERE, Signing, Unreadable, read

FILES, RELEASE, SIGNATURE = "files", "release.json", "release.sig"
_MOST_RELEASE = 4 << 20  # bytes of a release.json
_BUILD = re.compile(r"[1-9][0-9]{0,9}")
_HEX = re.compile(r"[0-9a-f]{64}")


class Releases:
    """The releases in a folder, which is made at the first need."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._files = folder, folder / FILES
        self._signing = Signing(folder)

    # -- what there is ------------------------------------------------------------------

    def all(self) -> Sequence[Release]:
        """Every release, the newest first, looked at to the last byte; altered ones say so."""
        return [self._looked_at(build) for build in self._builds()]

    def newest(self) -> Release | None:
        """The newest one that is as it was signed."""
        found = (self._looked_at(build) for build in self._builds())
        return next((release for release in found if release.fault is None), None)

    def get(self, build: int) -> Release | None:
        """One of them, looked at to the last byte; None when there is none of this number."""
        return self._looked_at(build) if build in self._builds() else None

    def manifest(self, build: int, kind: str, mpy: int | None, older: bool) -> bytes:
        """What a board of this kind is to have; Invalid in words when it is not to have it.

        Only the signature is looked at: each file is, by :meth:`blob`, before it is told.
        """
        return release_file.manifest(self.signed(build), kind, mpy, older)

    def blob(self, sha256: str) -> bytes | None:
        """A file by its digest; None when it is not there, or is not what it was; Unreadable."""
        if not _HEX.fullmatch(sha256):
            return None
        try:
            data = read(self._files / sha256, MOST_BYTES + 1)
        except NOT_THERE:
            return None
        return data if hashlib.sha256(data).hexdigest() == sha256 else None

    def signed(self, build: int) -> Release:
        """A release whose signature is right, its files unseen; Invalid says what is wrong.

        Unreadable when that can't be known now.
        """
        folder = self._folder / str(build)
        data, signature = _read(folder / RELEASE), _read(folder / SIGNATURE)
        if not self._signing.verify(data, signature):
            raise Invalid(f"{RELEASE} was not signed with this server's key")
        release = release_file.decode(data)
        if release.build != build:
            raise Invalid(f"{RELEASE} is that of build {release.build}")
        return release

    def _looked_at(self, build: int) -> Release:
        try:
            release = self.signed(build)
        except (Invalid, Unreadable) as fault:
            return Release(build, "", 0, {}, str(fault))
        try:
            return replace(release, fault=self._fault_in(release))
        except Unreadable as fault:
            return replace(release, fault=str(fault))

    def _fault_in(self, release: Release) -> str | None:
        seen: set[str] = set()
        for kind, forms in release.kinds.items():
            for entries in forms.values():
                for each in entries:
                    if each.sha256 not in seen and (fault := self._fault_of(each)):
                        return f"{each.path} of the {kind.replace('_', ' ')} {fault}"
                    seen.add(each.sha256)
        return None

    def _fault_of(self, entry: Entry) -> str | None:
        try:
            data = read(self._files / entry.sha256, MOST_BYTES + 1)
        except NOT_THERE:
            return "is missing"
        whole = release_file.entry(entry.path, data) == entry
        return None if whole else "is not what was signed"

    def _builds(self) -> Sequence[int]:
        try:
            names = [each.name for each in self._folder.iterdir() if each.is_dir()]
        except OSError:
            return []
        return sorted((int(name) for name in names if _BUILD.fullmatch(name)), reverse=True)

    # -- making one ---------------------------------------------------------------------

    def make(self, source: Path, version: str | None = None, now: float = 0.0) -> Release:
        """A release of the board code in a folder, signed; its number is the next one.

        The newest, when that holds the same already. Unavailable when a file can't be
        compiled or written, Conflict when the private key lies elsewhere.
        """
        version = check_version(version) if version else version_of(source)
        builds, newest = self._builds(), self.newest()
        build = max(builds, default=0) + 1
        if build > MOST_BUILD:
            raise Unavailable("There are no numbers left for a release.")
        files = _all_files(source, version, build)
        release = Release(build, version, int(now), {
            kind: {form: tuple(release_file.entry(*each) for each in found.items())
                   for form, found in forms.items()} for kind, forms in files.items()
        })
        if newest and (newest.version, newest.content()) == (version, release.content()):
            return newest
        self._write(release, files)
        return release

    def _write(self, release: Release, files: dict[str, dict[str, Files]]) -> None:
        release_file.check_made(release)
        try:
            _make_folder(self._folder)
            data = release_file.encode(release)
            signature = self._signing.sign(data)
            _make_folder(self._files)
            for forms_of_kind in files.values():
                for found in forms_of_kind.values():
                    self._keep(found)
            sync_folder(self._files)
            self._write_folder(release.build, data, signature)
        except OSError as fault:
            raise Unavailable(f"The release can't be written: {fault}") from None

    def _keep(self, files: Files) -> None:
        for path, data in files.items():
            digest = release_file.entry(path, data).sha256
            if self.blob(digest) is None:
                draft = self._files / f"{digest}.new"
                draft.write_bytes(data)
                sync_file(draft)
                os.replace(draft, self._files / digest)
                leave_to_owner(self._files / digest)

    def _write_folder(self, build: int, data: bytes, signature: bytes) -> None:
        """Last of all, and at once: a release is there whole, or not."""
        draft = self._folder / f"{build}.new"
        shutil.rmtree(draft, ignore_errors=True)
        _make_folder(draft)
        for name, content in ((RELEASE, data), (SIGNATURE, signature)):
            (draft / name).write_bytes(content)
            sync_file(draft / name)
            leave_to_owner(draft / name)
        os.replace(draft, self._folder / str(build))
        sync_folder(self._folder)


def _all_files(source: Path, version: str, build: int) -> dict[str, dict[str, Files]]:
    compiler = Compiler()
    made = {}
    for kind in KINDS:
        python = files_of(kind, source)
        extra = {VERSION_FILE: version_file(kind, version, build)}
        made[kind] = {"mpy6": compiler.compiled(python) | extra, "py": python | extra}
    return made


def _make_folder(folder: Path) -> None:
    if not folder.is_dir():
        folder.mkdir(mode=0o700, parents=True)
        leave_to_owner(folder)


def _read(path: Path) -> bytes:
    try:
        return read(path, _MOST_RELEASE)
    except NOT_THERE:
        raise Invalid(f"{path.name} is missing") from None
