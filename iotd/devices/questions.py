"""What one device asks about its person, answered in the order of asking."""

from __future__ import annotations

from typing import Any, Awaitable, Callable, Protocol

from twisted.internet.defer import CancelledError, Deferred
from twisted.logger import Logger

from iotd.wire.words import check_answer

ANSWER_SECONDS = 10.0  # for finding an answer out
MAX_ASKED = 4  # questions that wait for their answers


class Knows(Protocol):
    """Where answers come from."""

    clock: Any

    def answer(self, id: str, what: str, /) -> Awaitable[str]:
        """The whole text for the device, prefix included."""


class Questions:
    """The questions of one connection; ``tell`` gets each answer as one line."""

    __slots__ = ("_knows", "_id", "_tell", "_asked", "_answering")
    _log = Logger()

    def __init__(self, knows: Knows, id: str, tell: Callable[[str], None]) -> None:
        self._knows, self._id, self._tell = knows, id, tell
        self._asked: list[str] = []
        self._answering: Deferred[None] | None = None

    def ask(self, what: str) -> bool:
        """"rep" or "a" to "i"; False when four wait already."""
        if len(self._asked) >= MAX_ASKED:
            return False
        self._asked.append(what)
        if len(self._asked) == 1:
            self._answering = Deferred.fromCoroutine(self._answer_all())
            self._answering.addErrback(lambda failure: failure.trap(CancelledError))
        return True

    def close(self) -> None:
        """Nobody is there to be told any more."""
        self._asked.clear()
        if self._answering is not None:
            self._answering.cancel()

    async def _answer_all(self) -> None:
        while self._asked:
            await self._answer(self._asked[0])
            del self._asked[:1]

    async def _answer(self, what: str) -> None:
        try:
            found = Deferred.fromCoroutine(self._find(what))
            text = check_answer(await found.addTimeout(ANSWER_SECONDS, self._knows.clock))
        except CancelledError:
            raise
        except Exception:
            self._log.failure("{id} asked 0,{what}: no answer", id=self._id, what=what)
        else:
            if self._asked:
                self._tell(text)

    async def _find(self, what: str) -> str:
        return await self._knows.answer(self._id, what)
