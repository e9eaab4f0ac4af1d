"""A hand that writes one patient's record at a real daemon and keeps its own account of it.

It writes numbers, one after the other, and what is kept must be what follows from those
that were acknowledged, with or without the one whose answer never came.
"""

from __future__ import annotations

import http.client
import itertools
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any, Iterable, Mapping, Sequence

from tests.running_daemon import Answer

if TYPE_CHECKING:
    from tests.system.record_story import Record

IN_DOUBT = b"may or may not be saved"
SAVED = b"are saved, but can't be shown"


class Hand:
    """A client on a connection of its own.

    ``told`` are the acknowledged numbers; ``doubtful`` those of whom nobody told what became
    of them; ``refused`` counts answers 503, ``fault`` is an answer that should not be.
    """

    fine: tuple[int, ...] = ()  # further answers that say that nothing was done

    def __init__(self, record: Record) -> None:
        self.record = record
        self.told: list[int] = []
        self.doubtful: list[int] = []
        self.refused = 0
        self.fault = ""
        self._next = 0
        self._over: http.client.HTTPConnection | None = None

    def live(self) -> None:
        """Write until the daemon is gone, or all hands are to rest."""
        port = self.record.daemon.ports["web"]
        self._over = http.client.HTTPConnection("127.0.0.1", port, timeout=60.0)
        with closing(self._over), suppress(OSError, http.client.HTTPException):
            while not (self.fault or self.record.resting.is_set()):
                self._go_on()

    def _go_on(self) -> None:
        number, self._next = self._next, self._next + 1
        self.doubtful.append(number)
        answer = self.write(number)
        if answer.status < 300 or SAVED in answer.body:
            self.told.append(number)
        elif answer.status == 503:
            self.refused += 1
            self.record.resting.wait(0.05)
            if IN_DOUBT in answer.body:
                return
        elif answer.status not in self.fine:
            self.fault = repr(answer)
        self.doubtful.remove(number)

    def ask(self, method: str, path: str, body: Any = None, role: str | None = "admin") -> Answer:
        """Over the hand's own connection; ``path`` is behind the patient's."""
        where = path if path.startswith("/api") else self.record.path + path
        return self.record.daemon.ask(method, where, body, role=role, over=self._over)

    def settle(self) -> None:
        """What is kept follows from what was told, and then so does ``told``."""
        kept = self.kept()
        found = [some for some in _subsets(self.doubtful) if self.expected(
            sorted([*self.told, *some])) == kept]
        assert found, (type(self).__name__, self.told, self.doubtful,
                       self.expected(self.told), kept)
        self.told, self.doubtful = sorted([*self.told, *found[0]]), []

    # of each kind

    def write(self, number: int) -> Answer:
        """Write a number down."""
        raise NotImplementedError

    def kept(self) -> Any:
        """What there is, as the API tells it."""
        raise NotImplementedError

    def expected(self, numbers: Sequence[int]) -> Any:
        """What there has to be when just these were written."""
        raise NotImplementedError

    def audited(self) -> Mapping[str, int]:
        """How many lines of the audit tell of ``told``, by action."""
        raise NotImplementedError


def _subsets(numbers: Sequence[int]) -> Iterable[tuple[int, ...]]:
    sizes = range(len(numbers) + 1)
    return itertools.chain.from_iterable(itertools.combinations(numbers, size) for size in sizes)
