"""The chips that MicroPython is written onto, and which of them hangs on a port."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Callable

from iotd.errors import Conflict, NotFound
from iotd.flashing import esptool_runner
from iotd.flashing.esptool_runner import Patience


@dataclass(frozen=True)
class Chip:
    """A family member: ``name`` as esptool takes it, ``id`` as it stands in an image's header,
    ``offset`` in bytes where MicroPython's image begins in flash."""

    name: str
    id: int
    offset: int

    @property
    def title(self) -> str:
        """As people and browsers write it: ``ESP32-S3``."""
        return "ESP32" + (f"-{self.name[5:].upper()}" if self.name[5:] else "")


# Ids: "Chip ID" of the extended header in Espressif's "Firmware Image Format". Offsets: where
# the ROM looks for its bootloader, with which MicroPython's image begins; the same numbers are
# in MicroPython's ports/esp32/boards/deploy*.md.
CHIPS = (
    Chip("esp32", 0, 0x1000),
    Chip("esp32s2", 2, 0x1000),
    Chip("esp32c3", 5, 0x0),
    Chip("esp32s3", 9, 0x0),
    Chip("esp32c2", 12, 0x0),
    Chip("esp32c6", 13, 0x0),
    Chip("esp32p4", 18, 0x2000),
    Chip("esp32c5", 23, 0x2000),
)
# seven tries of a second each, and what it asks then
PATIENCE = Patience(60.0, 30.0)
_TOLD = re.compile(r"^Connected to (ESP\S+) on", re.M)


def named(name: str) -> Chip:
    """The chip of a name in any spelling (``ESP32-S3``, ``esp32s3``); NotFound else."""
    plain = re.sub(r"[^a-z0-9]", "", name.lower())
    for chip in CHIPS:
        if chip.name == plain:
            return chip
    known = ", ".join(each.title for each in CHIPS)
    raise NotFound(f"There is no chip {name[:40]!r} here; known are {known}.", "chip")


def title_of(chip_id: int) -> str:
    """What a chip id of an image's header means, known here or not."""
    known = (chip.title for chip in CHIPS if chip.id == chip_id)
    return next(known, f"chip number {chip_id}")


def recognise(
    port: str, say: Callable[[str], None] = lambda sentence: None,
    patience: Patience = PATIENCE, more: tuple[str, ...] = (),
) -> Chip:
    """Ask the chip on a port what it is and leave it waiting in its boot loader.

    Blocks for seconds. Conflict when nothing answers, or a chip that is none of ours; NotFound
    without such a port. ``more`` options for esptool.
    """
    say(f"Asking the chip on {port} …")
    line = ["--port", port, "--no-stub", "--after", "no-reset", *more, "read-mac"]
    told = _TOLD.search(esptool_runner.run(line, port, patience))
    if told is None:
        raise Conflict(f"esptool did not say which chip hangs on {port}.", "port")
    try:
        return named(told.group(1))
    except NotFound:
        raise Conflict(
            f"The chip on {port} is an {told.group(1)}, for which there is no MicroPython here.",
            "port",
        ) from None
