"""Which way letters run: the Unicode Bidirectional Algorithm (UAX #9) of plain text.

Explicit embeddings, overrides and isolates are not here: text is told without
them (iotd.health.report.letters), since a name that turns its surroundings
around is a trick. Paired brackets follow rule N0 in its common case.
"""

from __future__ import annotations

import unicodedata
from typing import Sequence, TypeVar

Item = TypeVar("Item")

_STRONG = ("L", "R", "AL")
_NEUTRAL = ("B", "S", "WS", "ON")
_OPENS = {"(": ")", "[": "]", "{": "}", "«": "»", "‹": "›", "“": "”", "‘": "’", "「": "」"}


def base_level(text: str) -> int:
    """0 when the text begins from the left, 1 from the right (rules P2 and P3)."""
    for letter in text:
        kind = unicodedata.bidirectional(letter)
        if kind in _STRONG:
            return int(kind != "L")
    return 0


def levels(text: str, base: int) -> list[int]:
    """The embedding level of each letter; odd ones run from right to left."""
    if base == 0 and not _turns(text):
        return [0] * len(text)
    kinds = [unicodedata.bidirectional(letter) or "L" for letter in text]
    side = "R" if base else "L"
    _weak(kinds, side)
    _brackets(text, kinds, side)
    _neutral(kinds, side)
    return [_level(kind, base) for kind in kinds]


def reorder(items: Sequence[Item], item_levels: Sequence[int]) -> list[Item]:
    """Items of one line from left to right (rule L2)."""
    order = list(range(len(items)))
    odd = [level for level in item_levels if level % 2]
    for level in range(max(item_levels, default=0), min(odd, default=1) - 1, -1):
        begin = 0
        while begin < len(order):
            if item_levels[order[begin]] < level:
                begin += 1
                continue
            end = begin
            while end < len(order) and item_levels[order[end]] >= level:
                end += 1
            order[begin:end] = reversed(order[begin:end])
            begin = end
    return [items[place] for place in order]


def _turns(text: str) -> bool:
    return any(unicodedata.bidirectional(letter) in ("R", "AL", "AN") for letter in text)


def _weak(kinds: list[str], side: str) -> None:
    """Rules W1 to W7."""
    _marks(kinds, side)
    strong = side
    for place, kind in enumerate(kinds):
        if kind in _STRONG:
            strong = kind
        elif kind == "EN" and strong == "AL":
            kinds[place] = "AN"
    kinds[:] = ["R" if kind == "AL" else kind for kind in kinds]
    _separators(kinds)
    _terminators(kinds)
    strong = side
    for place, kind in enumerate(kinds):
        if kind in ("L", "R"):
            strong = kind
        elif kind == "EN" and strong == "L":
            kinds[place] = "L"
        elif kind in ("ES", "ET", "CS"):
            kinds[place] = "ON"


def _marks(kinds: list[str], side: str) -> None:
    before = side
    for place, kind in enumerate(kinds):
        if kind in ("NSM", "BN"):
            kinds[place] = before
        before = kinds[place]


def _separators(kinds: list[str]) -> None:
    for place in range(1, len(kinds) - 1):
        before, kind, after = kinds[place - 1:place + 2]
        if before == after == "EN" and kind in ("ES", "CS"):
            kinds[place] = "EN"
        elif before == after == "AN" and kind == "CS":
            kinds[place] = "AN"


def _terminators(kinds: list[str]) -> None:
    place = 0
    while place < len(kinds):
        end = place
        while end < len(kinds) and kinds[end] == "ET":
            end += 1
        if end > place and "EN" in (kinds[place - 1] if place else "", *kinds[end:end + 1]):
            kinds[place:end] = ["EN"] * (end - place)
        place = max(end, place + 1)


def _brackets(text: str, kinds: list[str], side: str) -> None:
    """Rule N0: a pair goes with the strong letters in it, or with those before it."""
    opened: list[tuple[str, int]] = []
    for place, letter in enumerate(text):
        if letter in _OPENS and kinds[place] == "ON":
            opened.append((_OPENS[letter], place))
        elif any(letter == closes for closes, _ in opened):
            while opened[-1][0] != letter:
                opened.pop()
            _pair(kinds, opened.pop()[1], place, side)


def _pair(kinds: list[str], begin: int, end: int, side: str) -> None:
    inside = {_as_strong(kind) for kind in kinds[begin + 1:end]}
    other = "L" if side == "R" else "R"
    if side in inside:
        kinds[begin] = kinds[end] = side
    elif other in inside:
        before = (_as_strong(kind) for kind in reversed(kinds[:begin]))
        context = next((strong for strong in before if strong), side)
        kinds[begin] = kinds[end] = context


def _as_strong(kind: str) -> str:
    return "R" if kind in ("EN", "AN") else kind if kind in ("L", "R") else ""


def _neutral(kinds: list[str], side: str) -> None:
    """Rules N1 and N2."""
    place = 0
    while place < len(kinds):
        end = place
        while end < len(kinds) and kinds[end] in _NEUTRAL:
            end += 1
        if end > place:
            before = _as_strong(kinds[place - 1]) if place else side
            after = _as_strong(kinds[end]) if end < len(kinds) else side
            kinds[place:end] = [before if before == after else side] * (end - place)
        place = max(end, place + 1)


def _level(kind: str, base: int) -> int:
    """Rules I1 and I2."""
    if base == 0:
        return {"R": 1, "AN": 2, "EN": 2}.get(kind, 0)
    return {"L": 2, "AN": 2, "EN": 2}.get(kind, 1)
