"""MicroPython's images: pinned ones are fetched, others come from a person; all are checked.

Beside each image in the folder lies ``NAME.sha256``, as sha256sum writes it. An image that is
not what that file says is never used.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Callable

from iotd.errors import Conflict, Invalid, IotdError, NotFound
from iotd.flashing.chips import Chip
from iotd.flashing.image_catalogue import Pinned, page_of, pinned_as, pinned_for
from iotd.flashing.images_check import LARGEST, check, version_in
from iotd.flashing.images_keep import make, whole

if TYPE_CHECKING:
    import ssl

Progress = Callable[[int, int], None]
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,99}\.bin")


@dataclass(frozen=True)
class Image:
    """A whole image on this disk, as checked: ``version`` None when it tells none."""

    chip: Chip
    name: str
    version: str | None
    size: int
    sha256: str
    path: Path


@dataclass(frozen=True)
class Kept:
    """A file in the folder: its ``image``, or the ``fault`` for which it is not used."""

    name: str
    image: Image | None
    fault: str | None


def quiet(done: int, total: int) -> None:
    """Nobody watches."""


def folder_of(data_dir: Path) -> Path:
    """Where an installation keeps its images."""
    return data_dir / "images"


def look_at(path: Path) -> Image:
    """What a file is; Invalid when it is no whole image of a chip known here."""
    return _described(path, _read(path))


def choose(chip: Chip, folder: Path, wanted: Path | None, progress: Progress = quiet) -> Path:
    """The image for a chip: the wanted file when it is for it, else the one that was brought
    here last, else the pinned one, fetched. Blocks; Invalid, NotFound, Conflict or Unavailable
    with the next step."""
    if wanted is not None:
        return fitting(look_at(wanted), chip).path
    here = (each.path for each in available(folder) if each.chip == chip)
    return next(here, None) or fetch(chip, folder, progress).path


def fitting(image: Image, chip: Chip) -> Image:
    """The same image; Invalid when it is for another chip."""
    if image.chip != chip:
        raise Invalid(
            f"{image.name} is for an {image.chip.title}, and the board has an {chip.title}:"
            " nothing was written.", "image",
        )
    return image


def fetch(
    chip: Chip, folder: Path, progress: Progress = quiet, context: ssl.SSLContext | None = None,
    pinned: Pinned | None = None,
) -> Image:
    """Fetch the pinned image, unless it is here; NotFound says how to bring one when none is
    pinned. Blocks, 5 min at most."""
    # brings urllib and ssl: not loaded for what needs no network
    from iotd.flashing.images_download import download

    pinned = pinned or pinned_for(chip.name)
    if pinned is None:
        raise NotFound(
            f"For the {chip.title} no image is known by its SHA-256: download the .bin from"
            f" {page_of(chip.name)} and bring it: iotd image add FILE", "chip",
        )
    path = folder / pinned.name
    for kept in survey(folder):
        if kept.name == pinned.name and kept.image and kept.image.sha256 == pinned.sha256:
            return kept.image
    make(folder)
    download(pinned, path, progress, context)
    image = fitting(look_at(path), chip)
    _pin(image)
    return image


def add(path: Path, folder: Path) -> Image:
    """Take a person's file into the folder and pin its SHA-256; Invalid for what is no image,
    Conflict when a file of that name is known by another SHA-256."""
    data = _read(path)
    image = _described(path, data)
    if not _NAME.fullmatch(path.name):
        raise Invalid(
            f"{path.name} can't be kept under that name: allowed are letters, digits and ._+-,"
            " with .bin at the end.", "file",
        )
    target = folder / path.name
    known = pinned_as(path.name)
    expected = known.sha256 if known else _told(target)
    if expected not in (None, image.sha256):
        raise Conflict(
            f"{path.name} is known by the SHA-256 {expected}, and this file's is {image.sha256}:"
            " give it another name if that is right.", "file",
        )
    make(folder)
    with whole(target) as file:
        file.write(data)
    kept = Image(image.chip, image.name, image.version, image.size, image.sha256, target)
    _pin(kept)
    return kept


def available(folder: Path) -> list[Image]:
    """All images here that are what their SHA-256 says, the one that was brought last first.
    Blocks for some ms an image."""
    return [kept.image for kept in survey(folder) if kept.image is not None]


def survey(folder: Path) -> list[Kept]:
    """All images in the folder with what is wrong with them, the newest first."""
    try:
        pins = sorted(folder.glob("*.bin.sha256"), key=_brought, reverse=True)
    except OSError:
        return []
    return [_kept(pin.with_suffix("")) for pin in pins]


def _kept(path: Path) -> Kept:
    try:
        image = look_at(path)
    except IotdError as problem:
        return Kept(path.name, None, str(problem))
    known = pinned_as(path.name)
    expected = known.sha256 if known else _told(path)
    if image.sha256 != expected:
        told = f"{path.name} is not the file that was brought here: bring it again."
        return Kept(path.name, None, told)
    return Kept(path.name, image, None)


def _described(path: Path, data: bytes) -> Image:
    chip = check(data, path.name)
    digest = hashlib.sha256(data).hexdigest()
    return Image(chip, path.name, version_in(data), len(data), digest, path.absolute())


def _read(path: Path) -> bytes:
    try:
        with open(path, "rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as problem:
        raise Invalid(f"{path} can't be read: {problem.strerror}.", "image") from None
    if len(data) > LARGEST:
        raise Invalid(f"{path.name} is larger than {LARGEST >> 20} MiB: no image is.", "image")
    return data


def _told(path: Path) -> str | None:
    """The SHA-256 that was pinned for a file here, or None."""
    try:
        return next(iter(_pin_of(path).read_text().split()), None)
    except (OSError, ValueError):
        return None


def _pin(image: Image) -> None:
    with whole(_pin_of(image.path)) as file:
        file.write(f"{image.sha256}  {image.name}\n".encode())


def _pin_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.sha256")


def _brought(pin: Path) -> tuple[int, str]:
    try:
        return pin.stat().st_mtime_ns, pin.name
    except OSError:
        return 0, pin.name
