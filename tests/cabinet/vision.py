"""Pictures and a counter for the tests of seeing."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.trial.unittest import TestCase

from bench import shelf
from iotd.cabinet.counter import Counter, Photo, Reference

SEED = 77


@lru_cache(1)
def goods() -> shelf.Stock:
    """Packages of one household."""
    return shelf.stock(SEED)


@lru_cache(1)
def references() -> tuple[Reference, ...]:
    """Its known items with their photos."""
    return tuple(
        Reference(item, tuple(Photo(10 * at + number, jpeg) for number, jpeg
                              in enumerate(shelf.photos(what, SEED))))
        for at, (item, what) in enumerate(goods().items.items())
    )


@lru_cache(8)
def picture(seed: int, level: str = "easy") -> tuple[bytes, list[shelf.Truth]]:
    """A VGA shelf with them."""
    return shelf.shelf(goods(), "VGA", level, seed)


def rested(seconds: float) -> Deferred[None]:
    """Fires a little later, on the real reactor."""
    done: Deferred[None] = Deferred()
    reactor.callLater(seconds, done.callback, None)  # type: ignore[attr-defined]
    return done


async def until(condition: Any) -> None:
    """Look again until it holds; the test's own time limit ends it."""
    while not condition():
        await rested(0.01)


class CounterTest(TestCase):
    """A counter with its real worker, ended with the test."""

    timeout = 60

    def counter(self, *words: Any, **options: Any) -> Counter:
        """A counter that is stopped when the test ends."""
        options.setdefault("back_off", (0.01, 0.02))
        counter = Counter(reactor, *words, **options)
        counter.start_service()
        self.addCleanup(counter.stop_service)
        return counter
