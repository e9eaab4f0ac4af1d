"""Whether the audit is as it was written: rows in, faults out, in one pass and little memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import Iterable, NamedTuple

from iotd.accounts.audit_chain import (
    GENESIS, LOST, Head, Row, digest_of, link_of, seal_of, spans_of,
)

LISTED = 100  # faults told by name
COMPARED = 64  # rows out of place that are compared with each other
DOUBTED = 10_000  # erased rows that are looked at again when later erasures are known


class Fault(NamedTuple):
    """What is wrong, and from which row on."""

    id: int
    what: str


class Broken(NamedTuple):
    """A row whose link doesn't fit; ``before`` are the links it may have followed."""

    row: Row
    before: tuple[str, ...]
    fault: int  # its place among the faults


class Erasures:
    """Which row tells of the erasure of another; asked in the order of ids."""

    def __init__(self, told: Iterable[tuple[int, str]] = ()) -> None:
        """``told``: ids and details of the rows that tell of erasures."""
        spans = [(a, b, eraser) for eraser, detail in told for a, b in spans_of(detail)]
        self._coming = sorted(spans, reverse=True)
        self._open: list[tuple[int, int]] = []  # the newest eraser first, with its last row

    def latest(self, id: int) -> int | None:
        """The newest row that tells of the erasure of this one; never before the row itself."""
        while self._coming and self._coming[-1][0] <= id:
            _, last, eraser = self._coming.pop()
            heappush(self._open, (-eraser, last))
        while self._open and self._open[0][1] < id:
            heappop(self._open)
        eraser = -self._open[0][0] if self._open else 0
        return eraser if eraser > id else None


@dataclass
class Checker:
    """Takes rows by id; ``faults`` are the first hundred of ``count`` once :meth:`end` is called.

    ``kept``: the head that was kept outside the database; one without an id can't be read.
    """

    key: bytes
    erasures: Erasures
    kept: Head | None = None
    rows: int = 0
    last: int = 0
    place: int = -2 ** 63  # rows after this id are the next to be read
    count: int = 0
    faults: list[Fault] = field(default_factory=list)
    doubts: list[Row] = field(default_factory=list)
    _before: tuple[str, ...] = (GENESIS,)
    _broken: list[Broken] = field(default_factory=list)
    _met: bool = False

    def feed(self, rows: Iterable[Row]) -> None:
        """The next rows."""
        for row in rows:
            self.place, self.rows = row.id, self.rows + 1
            if row.id > 0:
                self._take(row)
            else:
                self._fault(row.id, f"row {row.id} was put in")

    def _take(self, row: Row) -> None:
        links = [link_of(self.key, before, row) for before in self._before]
        if row.chain in links:
            self._inside(row)
            self._before = (str(row.chain),)
        else:
            self._misplaced(row)
            # the next row tells whether this one's link was changed, or what it stands for
            self._before = (str(row.chain), *links[:2])
        if self.kept is not None and row.id == self.kept.id:
            self._met = row.chain == self.kept.chain
        self.last = row.id

    def _inside(self, row: Row) -> None:
        """The link is right: is what it stands for?"""
        eraser = self.erasures.latest(row.id)
        if row.erased:
            if eraser is None or row.salt != seal_of(self.key, eraser, row):
                self._doubt(row)
        elif eraser is not None:
            self._fault(row.id, f"row {row.id} was erased and says something again")
        elif row.digest != digest_of(row):
            self._break(row)

    def _doubt(self, row: Row) -> None:
        # it may have been erased since the erasures were read
        if len(self.doubts) < DOUBTED:
            self.doubts.append(row)
        else:
            self._fault(row.id, f"row {row.id} was erased without a row that says so")

    def settle(self, erasures: Erasures) -> None:
        """Judge erased rows by the erasures that are known by now."""
        for row in self.doubts:
            eraser = erasures.latest(row.id)
            if eraser is None:
                self._fault(row.id, f"row {row.id} was erased without a row that says so")
            elif row.salt != seal_of(self.key, eraser, row):
                self._fault(row.id, f"row {row.id} was changed after it was erased")
        self.doubts = []

    def _misplaced(self, row: Row) -> None:
        gap = row.id - self.last - 1
        changed = not row.erased and row.digest != digest_of(row)
        if row.chain == link_of(self.key, LOST, row):
            self._fault(row.id, f"before row {row.id} the log's end was lost: rows may be missing")
            return
        if gap > 0 and row.chain is not None:
            self._fault(self.last + 1, missing(self.last + 1, row.id - 1))
            if not changed:
                return
        self._break(row)

    def _break(self, row: Row) -> None:
        if len(self._broken) < COMPARED:
            self._broken.append(Broken(row, self._before, len(self.faults)))
        self._fault(row.id, _wrong(row))

    def _fault(self, id: int, what: str) -> None:
        self.count += 1
        if len(self.faults) < LISTED:
            self.faults.append(Fault(id, what))

    def end(self, head: Head | None) -> None:
        """All rows were there; ``head`` is what the database said before the last were read."""
        self._find_swaps()
        self._judge_head(head)
        if self.kept is not None and not self._met:
            self._judge_kept(self.kept, head)
        self.faults.sort()

    def _judge_head(self, head: Head | None) -> None:
        if head is None:
            self._fault(self.last + 1, "what the database says of the log's end was changed")
        elif head.id > self.last:
            self._fault(self.last + 1, f"{missing(self.last + 1, head.id)}, at the end")
        elif head.id < self.last:
            self._fault(head.id + 1, f"{_rows(head.id + 1, self.last)} came after the log's end")
        elif head.rows != self.rows and not self.count:
            self._fault(self.last, f"there are {self.rows} rows and should be {head.rows}")

    def _judge_kept(self, kept: Head, head: Head | None) -> None:
        if not kept.id:
            self._fault(self.last + 1, "the file beside the database was changed")
        elif kept.id <= self.last:
            self._fault(kept.id, f"row {kept.id} is another than the file beside the database"
                                 " knows: the log was cut, or is an older copy, and went on")
        elif head is None or head.id < kept.id:
            first = max(self.last, head.id if head else 0) + 1
            self._fault(first, f"{missing(first, kept.id)}, at the end, says the file beside the"
                               " database")

    def _find_swaps(self) -> None:
        """Rows that fit where another stands are told as what they are."""
        gone: set[int] = set()
        for number, one in enumerate(self._broken):
            for other in self._broken[number + 1:]:
                if one.fault not in gone and self._swapped(one, other):
                    said = f"rows {one.row.id} and {other.row.id} changed places"
                    self.faults[one.fault:one.fault + 1] = [Fault(one.row.id, said)]
                    gone.add(other.fault)
        moved = {each.row.chain for each in self._broken} if gone else set()
        for each in self._broken:
            if any(link_of(self.key, str(link), each.row) == each.row.chain for link in moved):
                gone.add(each.fault)
        gone = {index for index in gone if index < len(self.faults)}
        self.count -= len(gone)
        self.faults = [each for index, each in enumerate(self.faults) if index not in gone]

    def _swapped(self, one: Broken, other: Broken) -> bool:
        moved = other.row._replace(id=one.row.id)
        if any(link_of(self.key, before, moved) == moved.chain for before in one.before):
            return True
        texts = moved._replace(salt=one.row.salt)
        return digest_of(one.row) != one.row.digest == digest_of(texts)


def _wrong(row: Row) -> str:
    if row.chain is None:
        return f"row {row.id} was put in, or its link was taken away"
    if row.erased or row.digest == digest_of(row):
        return f"row {row.id} does not follow the row before it: it was changed or put in"
    return f"row {row.id} was changed"


def _rows(first: int, last: int) -> str:
    return f"row {first}" if first == last else f"rows {first}–{last}"


def missing(first: int, last: int) -> str:
    """A sentence for rows that are not there."""
    return f"{_rows(first, last)} {'is' if first == last else 'are'} missing"
