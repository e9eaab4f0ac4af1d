"""What people are told of boards, in words."""

from __future__ import annotations

from typing import Any

from iotd.fleet.alarms import SILENT
from iotd.fleet.crowd import FEW, WINDOW as WINDOW_OF_CROWD
from iotd.fleet.model import CONNECTIONS, WINDOW


def firmware(version: str | None, build: int | None) -> str | None:
    """``1.1.0+8``, as the registry keeps it."""
    if version is None or build is None:
        return version
    return f"{version}+{build}"


def seconds(count: float) -> str:
    """A length of time in the unit that fits it."""
    if count < 120:
        return f"{count:g} s"
    return f"{count / 60:.3g} min" if count < 7200 else f"{count / 3600:.3g} h"


def alarm(board: dict[str, Any], cause: str, silent_seconds: float) -> str:
    """The sentence of an alarm, which is also its end's."""
    name = board.get("name") or board["id"]
    if cause == SILENT:
        return f"{name} has said nothing for {seconds(silent_seconds)}. {_cause(board)}"
    signal = board.get("rssi")
    weak = f" ({signal} dBm)" if signal is not None else ""
    return (
        f"{name} connected {CONNECTIONS} times within {seconds(WINDOW)}: check its power supply"
        f" and its Wi-Fi signal{weak}."
    )


def crowd(cause: str) -> str:
    """The sentence of an alarm about all those that are not told of one by one."""
    what = "fell silent" if cause == SILENT else "connect again and again"
    return (
        f"More than {FEW} boards {what} within {seconds(WINDOW_OF_CROWD)}. The page Devices shows"
        " which. Look at what they share: power, Wi-Fi, the way to this machine."
    )


def _cause(board: dict[str, Any]) -> str:
    why = board.get("why")
    if why and why["at"] != board.get("last_seen"):
        return f"It was turned away: {why['reason']}."
    return "Check its power and its Wi-Fi."
