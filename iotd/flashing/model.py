"""What is on a board, what should be, and what has to be written in which order."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field
from typing import Any, Iterable, Mapping, Sequence

from iotd.flashing.trouble import NoRoom

SLOTS = ("a", "b")
VERSION, SELECTOR, SETTINGS, AUTHORITY = "version.json", "/main.py", "/settings.json", "/ca.der"
SLOT, TRIAL = "/slot", "/trial"
#: Blocks that a file system wants beside the files: folders, and room to rename in.
SPARE_BLOCKS = 4
_CHIP = re.compile(r"ESP32[A-Z0-9-]*", re.I)


@dataclass(frozen=True)
class Facts:
    """What a board tells of itself.

    ``machine`` and ``release`` as its MicroPython says, ``mpy`` the version of byte code it
    runs, ``unique`` its chip's number in hex, ``free`` and ``block`` bytes of its flash,
    ``files`` SHA-256 in hex by path, "" where only the name was asked for, ``sizes`` in bytes,
    ``slot`` as /slot says or "", ``versions`` the version.json of each slot, ``settings`` its
    settings.json as far as it can be read, ``camera`` whether its MicroPython
    has the module of that name.
    """

    machine: str
    release: str
    mpy: int
    unique: str
    free: int
    block: int
    slot: str = ""
    versions: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    sizes: Mapping[str, int] = field(default_factory=dict)
    camera: bool = False

    @property
    def chip(self) -> str:
        """The chip's name as its MicroPython says it, "" for none of ours."""
        found = _CHIP.findall(self.machine)
        return found[-1].upper() if found else ""

    @property
    def version(self) -> Mapping[str, Any]:
        """version.json of what it boots, empty when that is none of ours."""
        return self.versions.get(good_slot(self), {})

    def in_slot(self, slot: str) -> dict[str, str]:
        """SHA-256 by path below the slot."""
        above = f"/{slot}/"
        return {path[len(above):]: digest for path, digest in self.files.items()
                if path.startswith(above)}


@dataclass(frozen=True)
class File:
    """Bytes and where they go on a board."""

    path: str
    data: bytes

    @property
    def sha256(self) -> str:
        """In hex."""
        return hashlib.sha256(self.data).hexdigest()


@dataclass(frozen=True)
class Firmware:
    """What goes into a slot, by path in it; ``build`` 0 is none of a server's releases."""

    kind: str
    version: str
    build: int
    files: Mapping[str, bytes]


@dataclass(frozen=True)
class Plan:
    """In this order: ``anchor`` names the present slot where nothing does, ``removals``,
    ``writes`` into ``slot``, then at one stroke ``switch``; ``leftovers`` of an older way of
    copying go last."""

    slot: str
    removals: tuple[str, ...] = ()
    writes: tuple[File, ...] = ()
    switch: tuple[File, ...] = ()
    leftovers: tuple[str, ...] = ()
    anchor: tuple[File, ...] = ()

    @property
    def nothing(self) -> bool:
        """Whether the board is as it should be."""
        return not (self.removals or self.writes or self.switch or self.leftovers)

    @property
    def total(self) -> int:
        """Bytes to send."""
        return sum(len(each.data) for each in (*self.anchor, *self.writes, *self.switch))


def plan(facts: Facts, firmware: Firmware, root: Sequence[File], old: Iterable[str] = ()) -> Plan:
    """What brings a board to this firmware and these files on its root.

    The firmware goes where the board does not run from, so that it boots whenever the cable
    is pulled; ``root`` is in the order in which it is put in place. ``old`` are paths on the
    root that firmware had before there were slots.
    """
    good = good_slot(facts)
    slot = good if good and _same(facts.in_slot(good), firmware.files) else _other(good)
    there = facts.in_slot(slot)
    wanted = {path: File(f"/{slot}/{path}", data) for path, data in firmware.files.items()}
    writes = [each for path, each in wanted.items() if there.get(path) != each.sha256]
    stale = sorted(f"/{slot}/{path}" for path in there if path not in wanted)
    if (writes or stale) and VERSION in there:
        stale.insert(0, f"/{slot}/{VERSION}")  # a slot without it is whole to nobody
        writes = [each for each in writes if not each.path.endswith(f"/{VERSION}")]
        writes += [wanted[VERSION]] if VERSION in wanted else []
    if TRIAL in facts.files:
        stale.insert(0, TRIAL)
    left = tuple(sorted(path for path in old if path in facts.files))
    switch = switched(facts, slot, root)
    unnamed = good and slot != good and facts.slot != good
    anchor = (File(SLOT, good.encode()),) if unnamed else ()
    return Plan(slot, tuple(dict.fromkeys(stale)), tuple(_last(writes)), switch, left, anchor)


def switched(facts: Facts, slot: str, root: Sequence[File]) -> tuple[File, ...]:
    """What of the root has to be put in place for this slot; what chooses it comes last."""
    files = [*root[:-1], File(SLOT, slot.encode()), *root[-1:]]
    return tuple(each for each in files if facts.files.get(each.path) != each.sha256)


def good_slot(facts: Facts) -> str:
    """The slot that the board boots from, as its boot selector chooses; "" for none."""
    whole = [slot for slot in SLOTS if _runs(facts, slot) and VERSION in facts.in_slot(slot)]
    rests = [slot for slot in SLOTS if _runs(facts, slot) and SELECTOR in facts.files]
    told = [facts.slot] if facts.slot in SLOTS and _runs(facts, facts.slot) else []
    return next(iter((*told, *whole, *rests)), "")


def check_room(made: Plan, facts: Facts) -> None:
    """NoRoom when the board's flash can't take it all; files on the root are there twice."""
    freed = sum(_on_flash(facts.sizes.get(path, 0), facts.block) for path in made.removals)
    freed += sum(_on_flash(facts.sizes.get(each.path, 0), facts.block) for each in made.writes)
    files = (*made.writes, *made.switch)
    needed = sum(_on_flash(len(each.data), facts.block) for each in files)
    needed += SPARE_BLOCKS * facts.block if files else 0
    if needed > facts.free + freed:
        raise NoRoom(needed, facts.free + freed)


def default_id(kind: str, unique: str) -> str:
    """A name that no other board gets: its kind and the end of its chip's number."""
    return f"{kind.replace('_', '-')}-{unique[-6:] or 'board'}"


def hide(text: str, secrets: Iterable[str]) -> str:
    """The text without any of these, however a board prints them; the longest first, so that no
    end of one is left."""
    forms = {form for each in secrets if each for form in _printed(each)}
    for form in sorted(forms - {""}, key=len, reverse=True):
        text = text.replace(form, "…")
    return text


def _printed(secret: str) -> set[str]:
    """As it is, as repr() shows it here and on a board, as text and as bytes, and that in a
    repr() again; without what does not print."""
    forms = {secret, repr(secret)[1:-1], ascii(secret)[1:-1], json.dumps(secret)[1:-1],
             repr(secret.encode(errors="replace"))[2:-1]}
    forms |= {form.replace(quote, f"\\{quote}") for form in forms for quote in "'\""}
    forms |= {ascii(form)[1:-1] for form in forms}
    return forms | {"".join(each for each in form if each.isprintable()) for form in forms}


def _same(there: Mapping[str, str], wanted: Mapping[str, bytes]) -> bool:
    return there == {path: hashlib.sha256(data).hexdigest() for path, data in wanted.items()}


def _runs(facts: Facts, slot: str) -> bool:
    return any(f"/{slot}/main.{ending}" in facts.files for ending in ("py", "mpy"))


def _other(good: str) -> str:
    return "b" if good == "a" else "a"


def _last(writes: Iterable[File]) -> list[File]:
    """version.json says that a slot is whole: it is written last."""
    return sorted(writes, key=lambda each: each.path.endswith(f"/{VERSION}"))


def _on_flash(size: int, block: int) -> int:
    return -(-size // block) * block if size else 0
