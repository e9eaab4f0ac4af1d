"""A board on which MicroPython answers: interrupted if it runs, written if it is not there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable

from iotd.flashing import chips, esptool_run, images
from iotd.flashing.session import Session
from iotd.flashing.trouble import NoBoard
from iotd.flashing.wishes import Outcome, People, Wishes


@dataclass(frozen=True)
class Tools:
    """What asks chips and writes images."""

    recognise: Callable[..., chips.Chip] = chips.recognise
    choose: Callable[..., Path] = images.choose
    write: Callable[..., None] = esptool_run.write
    reset: Callable[..., None] = esptool_run.reset


def micropython(
    session: Session, wishes: Wishes, people: People, folder: Path, tools: Tools
) -> Outcome | None:
    """See to it that MicroPython answers on the session; the plan when nothing may be written."""
    people.say(f"Looking for MicroPython on {session.port} …")
    answers = session.enter()
    if answers and not wishes.anew:
        return None
    if wishes.no_image:
        raise NoBoard(
            f"No MicroPython answers on {session.port}, and --image none forbids to write it:"
            " unplug the board, plug it in and run this again, or leave that option out.", "port",
        )
    session.close()
    people.say("No MicroPython answers: asking the chip itself …")
    chip = tools.recognise(session.port)
    try:
        if wishes.dry_run:
            return _planned(session.port, chip, wishes, tools)
        image = _image(session.port, chip, wishes, people, folder, tools)
    except BaseException:
        _start_again(session.port, chip, tools)
        raise
    with people.bar(f"Writing {image.name}") as progress:
        tools.write(session.port, chip, image, _named(progress, image.name), erase=True)
    people.say("MicroPython is written; waiting for it …")
    session.enter_fresh()
    return None


def _image(
    port: str, chip: chips.Chip, wishes: Wishes, people: People, folder: Path, tools: Tools
) -> Path:
    """The image, and leave to write it."""
    with people.bar("Fetching MicroPython") as progress:
        image = tools.choose(chip, folder, wishes.image, _named(progress, "image"))
    people.agree(
        f"Write {image.name} onto the {chip.title} on {port}? All that is on it is erased.",
        "--yes",
    )
    return image


def _planned(port: str, chip: chips.Chip, wishes: Wishes, tools: Tools) -> Outcome:
    what = wishes.image.name if wishes.image else "MicroPython"
    if wishes.image:
        tools.choose(chip, wishes.image.parent, wishes.image)  # Invalid for another chip's
    _start_again(port, chip, tools)
    told = (f"Would write {what} onto the {chip.title} on {port}, then firmware and settings;"
            " nothing was written and no key was made.")
    return Outcome("planned", told, port, chip.title, micropython=what)


def _start_again(port: str, chip: chips.Chip, tools: Tools) -> None:
    """Out of the boot loader, whatever is on the board; best effort, it ends other troubles."""
    try:
        tools.reset(port, chip)
    except Exception:
        pass


def _named(progress: Callable[[int, int, str], None], name: str) -> Callable[[int, int], Any]:
    return lambda done, total: progress(done, total, name)
