"""``release.json``: which files make the firmware of each kind; and the manifest of one board.

    {"build":8,"kinds":{"camera":{"mpy6":[["common/link.mpy",1234,"<sha256>"],...],"py":[...]}},
     "made_at":1732150000,"version":"1.1.0"}

Pure; whoever reads bytes from a disk or a signature is elsewhere.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from dataclasses import dataclass
from typing import Any, Iterable, Mapping, NamedTuple, Sequence

from iotd.errors import Invalid
from iotd.updates.firmware import KINDS, MPY, VERSION_FILE, canonical, check_version

FORMS = ("mpy6", "py")
#: What a board takes; more is refused there.
MOST_FILES, MOST_BYTES = 128, 1 << 20
MOST_PATH, MOST_MANIFEST = 64, 16384
MOST_BUILD = 2**31 - 1

_HEX = re.compile(r"[0-9a-f]{64}")
_PATH = re.compile(r"[A-Za-z0-9_.-]{1,64}(?:/[A-Za-z0-9_.-]{1,64}){0,4}")


class NoFirmware(Invalid):
    """A release has nothing for a kind of board."""


class Entry(NamedTuple):
    """A file of a board: where it lies in the slot, its bytes and their SHA-256 in hex."""

    path: str
    size: int
    sha256: str


Kinds = Mapping[str, Mapping[str, Sequence[Entry]]]


@dataclass(frozen=True)
class Release:
    """Firmware for all kinds; ``fault`` says why it is offered to nobody, None of a good one."""

    build: int
    version: str
    made_at: float
    kinds: Kinds
    fault: str | None = None

    def entries(self, kind: str, mpy: int | None) -> Sequence[Entry]:
        """The files for a board of this kind, in the order in which it fetches them.

        ``mpy`` is the version of byte code that it runs; of another it gets the source.
        The file that differs in each release is the last: who has it has all.
        """
        found = self.kinds.get(kind, {}).get("mpy6" if mpy == MPY else "py", ())
        return sorted(found, key=lambda each: (each.path == VERSION_FILE, each.path))

    def content(self) -> Kinds:
        """What it is made of, without the file that every build has another of."""
        return {
            kind: {form: tuple(e for e in each if e.path != VERSION_FILE) for form, each in
                   forms.items()} for kind, forms in self.kinds.items()
        }


def entry(path: str, data: bytes) -> Entry:
    """What a release says of a file."""
    return Entry(path, len(data), hashlib.sha256(data).hexdigest())


def encode(release: Release) -> bytes:
    """The bytes that are signed."""
    kinds = {
        kind: {form: [list(each) for each in entries] for form, entries in forms.items()}
        for kind, forms in release.kinds.items()
    }
    return canonical({
        "build": release.build, "version": release.version, "made_at": release.made_at,
        "kinds": kinds,
    })


def decode(data: bytes) -> Release:
    """A release as :func:`encode` wrote it, or Invalid in words."""
    try:
        told = json.loads(data)
        release = Release(
            _whole(told["build"], 1, MOST_BUILD), check_version(told["version"]),
            _whole(told["made_at"], 0, 2**40), _kinds(told["kinds"]),
        )
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise Invalid("release.json is not what a release looks like") from None
    if encode(release) != data:
        raise Invalid("release.json says something that is not known here")
    return release


def check_entries(entries: Sequence[Entry]) -> Sequence[Entry]:
    """Files that a board takes, or Invalid."""
    paths = {each.path for each in entries}
    if len(paths) != len(entries) or not {"main.py", "main.mpy"} & paths:
        raise Invalid("it has a file twice, or no main")
    if VERSION_FILE not in paths:
        raise Invalid(f"it has no {VERSION_FILE}")
    if len(entries) > MOST_FILES or sum(each.size for each in entries) > MOST_BYTES:
        raise Invalid(f"it has more than {MOST_FILES} files, or than {MOST_BYTES >> 20} MiB")
    return entries


def check_made(release: Release) -> None:
    """Invalid, with kind and file, for a release that boards would refuse."""
    for kind, forms in release.kinds.items():
        for form, entries in forms.items():
            try:
                for each in entries:
                    _check_path(each.path)
                check_entries(entries)
                size = len(manifest(release, kind, MPY if form == "mpy6" else None, False))
                if size > MOST_MANIFEST:
                    raise Invalid(f"its list of {len(entries)} files has {size:,} bytes, boards"
                                  f" take {MOST_MANIFEST:,}")
            except Invalid as fault:
                name = kind.replace("_", " ")
                raise Invalid(f"The firmware for a {name} can't be released: {fault}.") from None


def _check_path(path: str) -> None:
    if len(path) > MOST_PATH:
        raise Invalid(f"{path[:100]} has {len(path)} signs, boards take {MOST_PATH}")
    try:
        _path(path)
    except ValueError:
        raise Invalid(f"{path!r} is no path that boards take: A-Z a-z 0-9 _ . - in five folders"
                      " at most") from None


def manifest(release: Release, kind: str, mpy: int | None, older: bool) -> bytes:
    """What a board of this kind is to have, or NoFirmware."""
    entries = release.entries(kind, mpy)
    if not entries:
        raise NoFirmware(f"build {release.build} has no firmware for a {kind[:40]}")
    return canonical({
        "build": release.build, "files": [list(each) for each in entries], "kind": kind,
        "older": older, "version": release.version,
    })


def for_board(manifest: bytes, key: bytes, id: str, nonce: str) -> bytes:
    """The manifest under the board's own key: nobody else could have written it, or before."""
    digest = hashlib.sha256(manifest).hexdigest()
    proof = hmac.new(key, f"iotd1|ota|{id}|{nonce}|{digest}".encode("ascii"), hashlib.sha256)
    return proof.hexdigest().encode("ascii") + b"\n" + manifest


def _kinds(told: Any) -> Kinds:
    kinds = {
        kind: {form: check_entries(_entries(entries)) for form, entries in forms.items()}
        for kind, forms in told.items()
    }
    if not kinds or not set(kinds) <= set(KINDS):
        raise ValueError("kinds")
    if any(set(forms) != set(FORMS) for forms in kinds.values()):
        raise ValueError("forms")
    return kinds


def _entries(told: Iterable[Any]) -> tuple[Entry, ...]:
    return tuple(
        Entry(_path(path), _whole(size, 0, MOST_BYTES), _digest(digest))
        for path, size, digest in told
    )


def _path(told: str) -> str:
    if not _PATH.fullmatch(told) or any(set(part) == {"."} for part in told.split("/")):
        raise ValueError("path")
    return told


def _digest(told: str) -> str:
    if not _HEX.fullmatch(told):
        raise ValueError("sha256")
    return told


def _whole(told: Any, low: int, high: int) -> int:
    if type(told) is not int or not low <= told <= high:
        raise ValueError("number")
    return told
