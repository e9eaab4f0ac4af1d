"""What was taken out of a cabinet, from its scale and its counts.

A visit of the door has a weight that left, if both weighings were heard; the journal
of counts says which pieces. Neither is the whole truth:

- Nothing is eaten that the scale does not miss: less than it drifts by, or more on the
  shelf than before, is nothing taken, unless counts say that something was put in too.
- What the scale misses is shared among the items of which there are fewer: by what a
  piece weighs, or evenly where that is not known. Far more than those weigh is something
  else besides.
- Without a weight, or where something was put in at the same time, it is pieces times
  what one weighs.
- A weight that left and no count that fell is something, not known what.

A count that a person corrects belongs to the last visit before it: things leave through
the door. So a correction, and an undo, changes what was taken then.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import Iterable, Mapping, Sequence

NOISE_G = 2.0  # a kitchen scale drifts by a gram or two while nobody touches it
PLAUSIBLE = 1.5  # times what the pieces weigh: packages differ, and weigh something
LOOK_BACK = 86400.0  # seconds: so late a count may explain a weight that left before

WEIGHT, PIECES = "weight", "pieces"


@dataclass(frozen=True)
class Visit:
    """A closed door; ``taken_g`` is what left, None when it was not weighed twice."""

    id: int
    at: float
    taken_g: float | None
    picture: int | None = None


@dataclass(frozen=True)
class Change:
    """A line of the journal of counts."""

    id: int
    item: int
    at: float
    before: int | None
    after: int | None
    picture: int | None = None
    undoes: int | None = None


@dataclass(frozen=True)
class Taken:
    """Something taken; ``item`` is None when nobody knows what, ``grams`` when nobody
    knows how much. ``basis``: the scale, or pieces times their weight."""

    at: float
    item: int | None
    pieces: int | None
    grams: float | None
    basis: str


Net = dict[int, int]  # pieces that left by item; negative where some were put in


def taken(
    visits: Sequence[Visit], changes: Iterable[Change], piece_g: Mapping[int, float | None]
) -> list[Taken]:
    """All that was taken, by time; ``piece_g`` is what one of each item weighs."""
    ordered = sorted(visits, key=lambda visit: (visit.at, visit.id))
    nets = _explained(ordered, _nets(ordered, changes))
    found: list[Taken] = []
    for visit, net in zip(ordered, nets):
        found += taken_at(visit, net, piece_g)
    return found


def _nets(visits: Sequence[Visit], changes: Iterable[Change]) -> list[Net]:
    """Of each visit, how many pieces of each item are fewer by its changes."""
    homes: dict[int, int] = {}  # by change: which visit it belongs to
    chains: dict[tuple[int, int], list[Change]] = {}
    by_picture = {visit.picture: n for n, visit in enumerate(visits) if visit.picture is not None}
    times = [visit.at for visit in visits]
    for change in sorted(changes, key=lambda each: each.id):
        home = _home(change, homes, by_picture, times)
        if home is not None:
            homes[change.id] = home
            chains.setdefault((home, change.item), []).append(change)
    nets: list[Net] = [{} for _ in visits]
    for (home, item), chain in chains.items():
        fewer = _fewer(chain)
        if fewer:
            nets[home][item] = fewer
    return nets


def _home(
    change: Change, homes: Mapping[int, int], by_picture: Mapping[int, int],
    times: Sequence[float],
) -> int | None:
    if change.undoes is not None:
        return homes.get(change.undoes)  # what it takes back, it takes back there
    if change.picture is not None and change.picture in by_picture:
        return by_picture[change.picture]
    last = bisect_right(times, change.at) - 1
    return last if last >= 0 else None


def _fewer(chain: Sequence[Change]) -> int:
    """How many are fewer after these changes; 0 when nobody had counted before."""
    if chain[0].before is None:
        return 0
    return sum(
        each.before - each.after for each in chain
        if each.before is not None and each.after is not None
    )


def _explained(visits: Sequence[Visit], nets: list[Net]) -> list[Net]:
    """Counts that came after another opening go back to the visit whose weight they explain."""
    for n, visit in enumerate(visits):
        moves = nets[n] and all(fewer > 0 for fewer in nets[n].values())
        if moves and visit.taken_g is not None and visit.taken_g < NOISE_G:
            origin = _origin(visits, nets, n)
            if origin is not None:
                nets[origin], nets[n] = nets[n], {}
    return nets


def _origin(visits: Sequence[Visit], nets: Sequence[Net], late: int) -> int | None:
    for n in range(late - 1, -1, -1):
        visit = visits[n]
        if nets[n] or visit.at < visits[late].at - LOOK_BACK:
            return None
        if visit.taken_g is not None and visit.taken_g >= NOISE_G:
            return n
    return None


def taken_at(
    visit: Visit, net: Mapping[int, int], piece_g: Mapping[int, float | None]
) -> list[Taken]:
    """What one visit took."""
    fell = {item: fewer for item, fewer in net.items() if fewer > 0}
    if visit.taken_g is None or (fell and len(fell) < len(net)):
        return [_by_pieces(visit.at, item, fewer, piece_g.get(item))
                for item, fewer in fell.items()]
    if visit.taken_g < NOISE_G:
        return []
    shares, rest = shared(visit.taken_g, fell, piece_g)
    found = [Taken(visit.at, item, fell[item], grams, WEIGHT) for item, grams in shares.items()]
    return found + ([Taken(visit.at, None, None, rest, WEIGHT)] if rest else [])


def _by_pieces(at: float, item: int, pieces: int, each_g: float | None) -> Taken:
    return Taken(at, item, pieces, None if each_g is None else pieces * each_g, PIECES)


def shared(
    grams: float, fell: Mapping[int, int], piece_g: Mapping[int, float | None]
) -> tuple[dict[int, float], float]:
    """A weight shared among items by their pieces, and what of it is something else.

    Together they are never more than ``grams``.
    """
    if not fell:
        return {}, grams
    weights = {item: each for item in fell if (each := piece_g.get(item)) is not None}
    if len(weights) == len(fell):
        expected = {item: fell[item] * weights[item] for item in fell}
        total = sum(expected.values())
        if grams > PLAUSIBLE * total:
            return expected, grams - total
        return {item: grams * part / total for item, part in expected.items()}, 0.0
    return _with_strangers(grams, fell, weights), 0.0


def _with_strangers(
    grams: float, fell: Mapping[int, int], weights: Mapping[int, float]
) -> dict[int, float]:
    """The same where of some items nobody knows what one weighs: they get the rest."""
    known = {item: fell[item] * each for item, each in weights.items()}
    strangers = {item: fewer for item, fewer in fell.items() if item not in known}
    rest = grams - sum(known.values())
    if rest <= 0:  # no room for them: as if they weighed what the others do
        mean = sum(weights.values()) / len(weights)
        parts = {item: fell[item] * weights.get(item, mean) for item in fell}
        total = sum(parts.values())
        return {item: grams * part / total for item, part in parts.items()}
    pieces = sum(strangers.values())
    return {**known, **{item: rest * fewer / pieces for item, fewer in strangers.items()}}
