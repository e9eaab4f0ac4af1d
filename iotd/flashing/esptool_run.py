"""MicroPython's image onto a chip, by esptool."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Callable

from iotd.flashing import esptool_runner
from iotd.flashing.chips import Chip
from iotd.flashing.esptool_runner import Patience
from iotd.flashing.images import fitting, look_at

#: Of the chip's boot loader, as its maker's tools use it; cheap cables lose bytes above.
BAUD = 460_800
# erasing 16 MB takes up to two minutes and says nothing meanwhile
PATIENCE = Patience(900.0, 150.0)
_WRITING = re.compile(r"Writing at (0x[0-9a-f]+)")


def write(
    port: str, chip: Chip, image: Path, progress: Callable[[int, int], None],
    erase: bool = False, patience: Patience = PATIENCE, baud: int = BAUD,
    more: tuple[str, ...] = (),
) -> None:
    """Write an image, have the chip tell its MD5, and start the board; ``progress(bytes, total)``.

    ``erase`` the whole flash before, files on it too: needed where something else than
    MicroPython was, whose remains it would take for a broken file system. Blocks for half a
    minute. Nothing is written when the image is for another chip, or the chip is another one;
    errors of iotd.errors tell in one sentence what to do. ``more`` options for esptool.
    """
    checked = fitting(look_at(image), chip)
    hear = _watch(progress, chip.offset, checked.size)
    line = ["--chip", chip.name, "--port", port, "--baud", str(baud), *more, "write-flash"]
    line += ["--erase-all"] if erase else []
    line += [hex(chip.offset), str(checked.path)]
    progress(0, checked.size)
    esptool_runner.run(line, port, patience, hear)
    progress(checked.size, checked.size)


def reset(port: str, chip: Chip, patience: Patience = Patience(30.0, 20.0)) -> None:
    """Start what is on the board again, out of the boot loader in which it waits."""
    line = ["--chip", chip.name, "--port", port, "--no-stub", "--before", "no-reset", "read-mac"]
    esptool_runner.run(line, port, patience)


def _watch(
    progress: Callable[[int, int], None], offset: int, size: int
) -> Callable[[str], None]:
    """Hears esptool's bars, which tell up to which address all is sent."""

    def hear(text: str) -> None:
        told = _WRITING.search(text)
        if told:
            progress(min(max(int(told.group(1), 16) - offset, 0), size), size)

    return hear
