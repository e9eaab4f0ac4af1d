"""``iotd image``: MicroPython's images, which boards are written with."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from iotd.cli.place import Place, placed
from iotd.cli.telling import tell_json, tell_table
from iotd.flashing import chips, images
from iotd.flashing.images import Image, Kept

COLUMNS = ("chip", "version", "name", "size", "sha256", "fault")


@click.group()
def image() -> None:
    """MicroPython's images, which boards are written with."""


@image.command("list")
@placed
def show(place: Place) -> None:
    """Show the images that are here, the one that was brought last first.

    Of those for a chip, boards are written with the first. One with a fault is never used.

    \b
    Example:
      iotd image list
    """
    rows = [_row(each) for each in images.survey(images.folder_of(place.config().data_dir))]
    if place.json:
        tell_json({"items": rows})
    else:
        tell_table(COLUMNS, rows)


@image.command("add")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@placed
def add(place: Place, file: Path) -> None:
    """Take a downloaded image over.

    Tells its SHA-256, by which it is known from then on: compare it with that of another
    download when you have doubts.

    \b
    Example:
      iotd image add ESP32_GENERIC_S3-20260824-v1.29.0.bin
    """
    _tell(place, images.add(file, images.folder_of(place.config().data_dir)), "added")


@image.command("fetch")
@click.argument("chip")
@placed
def fetch(place: Place, chip: str) -> None:
    """Download the image that is known for a chip, e.g. esp32 or ESP32-S3.

    It is used only when its SHA-256 is the one that iotd knows.

    \b
    Example:
      iotd image fetch esp32s3
    """
    folder = images.folder_of(place.config().data_dir)
    watched = sys.stderr.isatty() and not place.json
    progress: images.Progress = _percent if watched else images.quiet
    found = images.fetch(chips.named(chip), folder, progress)
    _tell(place, found, "here")


def _percent(done: int, total: int) -> None:
    if done < total:
        click.echo(f"\r{done * 100 // total:3} % of {total:,} bytes", err=True, nl=False)
    else:
        click.echo("\r" + " " * 40 + "\r", err=True, nl=False)


def _tell(place: Place, found: Image, what: str) -> None:
    row = _row(Kept(found.name, found, None))
    if place.json:
        tell_json(row)
        return
    version = f" {found.version}" if found.version else ""
    click.echo(f"{what}: MicroPython{version} for the {found.chip.title}, {found.size:,} bytes")
    click.echo(f"SHA-256 {found.sha256}")


def _row(kept: Kept) -> dict[str, Any]:
    found = kept.image
    return {
        "name": kept.name, "chip": found.chip.title if found else None,
        "version": found.version if found else None, "size": found.size if found else None,
        "sha256": found.sha256 if found else None, "fault": kept.fault,
    }
