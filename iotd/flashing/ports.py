"""Serial ports of this machine, those that boards are known to have first."""

from __future__ import annotations

import grp
import os
from dataclasses import dataclass
from typing import Any, Iterable

from serial.tools import list_ports

from iotd.flashing.trouble import NoBoard

# USB ids as the makers of these chips use them; the pages of their drivers list them
_MAKERS = {
    0x303A: "Espressif",  # ESP32-S2, -S3, -C3 and so on by their own USB
    0x10C4: "Silicon Labs CP210x",
    0x1A86: "WCH CH340/CH9102",
    0x0403: "FTDI",
    0x067B: "Prolific",
    0x2E8A: "Raspberry Pi",
    0x239A: "Adafruit",
    0x2341: "Arduino",
    0x1366: "SEGGER",
}
#: Of these the first four are on ESP32 boards.
_ESP32 = (0x303A, 0x10C4, 0x1A86, 0x0403, 0x239A, 0x2341)
_ADVICE = (
    "use a cable that carries data, not one for charging; install the driver of its USB chip"
    " (CP210x or CH340) where the system has none; and look whether you are in the group that"
    " may use serial ports (dialout)"
)


@dataclass(frozen=True)
class Port:
    """One of them: ``device`` as it is opened, ``about`` for people, whether a board is likely."""

    device: str
    about: str
    likely: bool


def found(infos: Iterable[Any] | None = None) -> list[Port]:
    """All ports with USB behind them, likely boards first."""
    infos = list_ports.comports() if infos is None else infos
    ports = [_port(each) for each in infos if each.vid is not None]
    return sorted(ports, key=lambda each: (not each.likely, each.device))


def none_found() -> NoBoard:
    """There is none: what to look at."""
    return NoBoard(f"No board is plugged in: {_ADVICE}.", "port")


def why_not_opened(device: str) -> NoBoard:
    """A port that can't be opened, in one sentence; mpremote keeps the reason to itself."""
    if not os.path.exists(device):
        return NoBoard(f"There is no {device}: plug the board in and look again.", "port")
    if not os.access(device, os.R_OK | os.W_OK):
        return NoBoard(
            f"You may not use {device}: add yourself to the group {_group(device)}"
            f" (sudo usermod -aG {_group(device)} $USER) and sign in again.", "port",
        )
    return NoBoard(
        f"{device} can't be opened: close other programs that use it (a serial monitor, Thonny,"
        " mpremote), or unplug the board and plug it in again.", "port",
    )


def _port(info: Any) -> Port:
    maker = _MAKERS.get(info.vid, info.manufacturer or f"USB {info.vid:04x}:{info.pid or 0:04x}")
    product = info.product or ""
    about = product if maker.split()[0].lower() in product.lower() else f"{maker} {product}"
    return Port(info.device, about.strip()[:60], info.vid in _ESP32)


def _group(device: str) -> str:
    try:
        return grp.getgrgid(os.stat(device).st_gid).gr_name
    except (OSError, KeyError):
        return "dialout"
