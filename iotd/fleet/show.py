"""Boards as the API shows them."""

from __future__ import annotations

from typing import Any, Iterable

from iotd.fleet.model import Board, Why
from iotd.times import rfc3339

_NOTHING = Board("", 0.0)


def board_json(
    device: dict[str, Any], told: Board | None, now: float, why: Why | None,
    silent: bool, flapping: bool,
) -> dict[str, Any]:
    """A device as the registry shows it, with what it told of itself; times are Unix seconds."""
    board = told or _NOTHING
    up = None
    if device["connected"] and board.booted_at is not None:
        up = max(0, round(now - board.booted_at))
    return {
        **device,
        "version": board.version, "build": board.build, "firmware_kind": board.firmware_kind,
        "chip": board.chip, "slot": board.slot, "uptime_s": up,
        "booted_at": rfc3339(board.booted_at), "reset": board.reset,
        "restarts": board.restarts if told else None, "free_memory": board.free_memory,
        "last_update": board.last_update, "tls": None if board.tls is None else bool(board.tls),
        "told_at": rfc3339(board.told_at) if told else None,
        "silent": silent, "flapping": flapping, "why": None if why is None else why_json(why),
    }


def why_json(why: Why) -> dict[str, Any]:
    """A reason and the next step."""
    return {"reason": why.reason, "next_step": why.next_step, "at": rfc3339(why.at)}


class Turned:
    """The newest refusals, found by id or, for those that gave none, by address."""

    def __init__(self, refusals: Iterable[Any]) -> None:
        self._of_id: dict[str, Why] = {}
        self._of_address: dict[str, Why] = {}
        for one in refusals:  # the newest come first
            why = Why(one.reason, one.next_step, one.at)
            if one.id:
                self._of_id.setdefault(one.id, why)
            else:
                self._of_address.setdefault(one.address, why)

    def newest(self, id: str, address: str | None) -> Why | None:
        """The newest that can be this device's."""
        found = [self._of_id.get(id), self._of_address.get(address or "")]
        return max((why for why in found if why), key=lambda why: why.at or 0.0, default=None)
