"""MicroPython's image onto a chip, by esptool."""

from __future__ import annotations

from pathlib import Path
from typing import Callable

from iotd.flashing.chips import Chip


def write(
    port: str, chip: Chip, image: Path, progress: Callable[[int, int], None], erase: bool = True
) -> None:
    """Write and verify an image, and start the board; ``progress(bytes, total)``. Blocks for
    half a minute; errors of iotd.errors say in one sentence what to do."""
    raise NotImplementedError


def reset(port: str) -> None:
    """Start what is on the board again, out of the boot loader."""
    raise NotImplementedError
