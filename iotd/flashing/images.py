"""MicroPython's images: pinned ones are fetched, others come from a person; all are checked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Callable

from iotd.flashing.chips import Chip


@dataclass(frozen=True)
class Image:
    """A whole image on this disk, as checked: ``version`` None when nobody told it."""

    chip: Chip
    name: str
    version: str | None
    size: int
    sha256: str
    path: Path


def folder_of(data_dir: Path) -> Path:
    """Where an installation keeps its images."""
    return data_dir / "images"


def look_at(path: Path) -> Image:
    """What a file is; Invalid when it is no whole image of a chip known here."""
    raise NotImplementedError


def choose(
    chip: Chip, folder: Path, wanted: Path | None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Path:
    """The image for a chip: the wanted file when it is for it, else one that is here, else
    the pinned one, fetched. Blocks; Invalid, NotFound or Unavailable with the next step."""
    raise NotImplementedError


def fetch(
    chip: Chip, folder: Path, progress: Callable[[int, int], None] = lambda done, total: None
) -> Image:
    """Fetch the pinned image; NotFound says how to bring one when none is pinned."""
    raise NotImplementedError


def add(path: Path, folder: Path) -> Image:
    """Take a person's file into the folder and pin its SHA-256."""
    raise NotImplementedError


def available(folder: Path) -> list[Image]:
    """All images here whose SHA-256 is the pinned one, newest of a chip first."""
    raise NotImplementedError
