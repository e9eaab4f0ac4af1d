"""Waves of a roll-out as rules: who is in which, and when the next begins."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Container, Iterable, Mapping, Sequence

from iotd.updates.model import DONE, ENDED, LEFT, OFFERED, PATIENCE, WAITING, Board


@dataclass(frozen=True)
class Candidate:
    """A board that may be taken into a roll-out."""

    device: str
    kind: str
    online: bool


class Next(Enum):
    """What is to become of the wave that updates now."""

    STAY = "stay"  #: it is under way, or waits for one board at least
    GO_ON = "go on"  #: the next wave may begin
    REPLACE = "replace"  #: nobody of it can try, and nobody before did: somebody else is to
    OVER = "over"  #: it was the last one


def waves(candidates: Iterable[Candidate]) -> Mapping[str, int]:
    """The wave of each board: 1 of them, a tenth of all and 1 at least, the rest.

    Those that are there come first, and kinds take turns, so that small waves try all.
    """
    ordered = in_turn(candidates)
    second = 1 + max(1, len(ordered) // 10)
    return {
        each.device: 1 if place == 0 else 2 if place < second else 3
        for place, each in enumerate(ordered)
    }


def in_turn(candidates: Iterable[Candidate]) -> Sequence[Candidate]:
    """Online ones first; among these the first of each kind, then the second of each, …"""
    turns: dict[tuple[str, bool], int] = {}
    keyed = []
    for each in sorted(candidates, key=lambda each: each.device):
        turn = turns[each.kind, each.online] = turns.get((each.kind, each.online), 0) + 1
        keyed.append(((not each.online, turn, each.kind, each.device), each))
    return [each for _, each in sorted(keyed, key=lambda pair: pair[0])]


def next_of(
    boards: Iterable[Board], wave: int, began: float, now: float, online: Container[str]
) -> Next:
    """What comes after a wave that began then. Who is away holds it up for PATIENCE only, but
    no wave goes on without a success."""
    everyone = list(boards)
    here = [each for each in everyone if each.wave <= wave]
    if not all(_is_past(each, began, now, online) for each in here):
        return Next.STAY
    proved = any(each.state == DONE for each in here)
    if len(here) == len(everyone):
        ended = proved or all(each.state == LEFT for each in here)
        return Next.OVER if ended else Next.STAY
    mine = [each for each in here if each.wave == wave and each.state != LEFT]
    if not mine:
        return Next.GO_ON if proved else Next.REPLACE
    return Next.GO_ON if any(each.state == DONE for each in mine) else Next.STAY


def replacement(boards: Iterable[Board], wave: int, online: Container[str]) -> str | None:
    """Who of a later wave is to try instead, one that is there if possible."""
    later = [each for each in boards if each.wave > wave and each.state not in ENDED]
    later.sort(key=lambda each: (each.device not in online, each.wave, each.device))
    return later[0].device if later else None


def _is_past(board: Board, began: float, now: float, online: Container[str]) -> bool:
    if board.state in (DONE, LEFT):
        return True
    away = board.state in (WAITING, OFFERED) and board.device not in online
    return away and now - began >= PATIENCE
