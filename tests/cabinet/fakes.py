"""A wire and a counter that remember what they were asked."""

from __future__ import annotations

from typing import Iterable

from twisted.internet.defer import Deferred, fail, succeed

from iotd.cabinet.seen import Box, Reference, Seen
from iotd.errors import Conflict


class FakeWire:
    """Remembers words; each waits for :meth:`heard` unless ``at_once`` says what became of it."""

    def __init__(self) -> None:
        self.said: list[tuple[str, str]] = []
        self.there: set[str] = set()
        self.at_once: dict[str, bool] = {}
        self.waiting: list[tuple[str, str, Deferred[bool]]] = []

    def say(self, device: str, word: str) -> Deferred[bool]:
        """As the server of the wire does."""
        if device not in self.there:
            return fail(Conflict(f"{device} is not connected."))
        self.said.append((device, word))
        if word in self.at_once:
            return succeed(self.at_once[word])
        waiting: Deferred[bool] = Deferred()
        self.waiting.append((device, word, waiting))
        return waiting

    def heard(self, device: str, word: str, done: bool = True) -> None:
        """The oldest such word has its answer, or was given up."""
        for entry in self.waiting:
            if entry[:2] == (device, word):
                self.waiting.remove(entry)
                entry[2].callback(done)
                return
        raise AssertionError(f"{word} was not said to {device}: {self.said}")

    def lost(self, device: str) -> None:
        """Its link is gone, and all that waited with it."""
        self.there.discard(device)
        for entry in [each for each in self.waiting if each[0] == device]:
            self.waiting.remove(entry)
            entry[2].callback(False)


class FakeCounter:
    """Sees what ``shelf`` says; ``held`` keeps answers back, ``fault`` fails them."""

    available, why = True, ""

    def __init__(self) -> None:
        self.shelf: dict[str, int] = {}
        self.fault: Exception | None = None
        self.held: list[Deferred[Seen]] | None = None
        self.asked: list[tuple[bytes, tuple[str, ...]]] = []
        self.codes: list[str] = []
        self.weak: tuple[int, ...] = ()

    def count(self, jpeg: bytes, references: Iterable[Reference]) -> Deferred[Seen]:
        """Boxes as many as the shelf has."""
        self.asked.append((jpeg, tuple(each.item for each in references)))
        if self.fault is not None:
            return fail(self.fault)
        if self.held is not None:
            waiting: Deferred[Seen] = Deferred()
            self.held.append(waiting)
            return waiting
        return succeed(self.seen())

    def seen(self) -> Seen:
        """What is on the shelf now."""
        corners = ((1.0, 1.0), (9.0, 1.0), (9.0, 9.0), (1.0, 9.0))
        boxes = [Box(name, corners, 0.9) for name, n in self.shelf.items() for _ in range(n)]
        return Seen(tuple(boxes), 96, 64, 0.25, self.weak)

    def barcodes(self, jpeg: bytes) -> Deferred[list[str]]:
        """The codes it was given."""
        return succeed(list(self.codes))
