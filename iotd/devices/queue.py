"""Which word a device is told when: spacing, one answer awaited, lights said again.

Field boards compare what they read for equality, so two words that arrive
together are lost; and a cabinet that waits for ``send`` swallows every other
word. Nothing here knows a clock or a socket: ``now`` is monotonic seconds.
"""

from __future__ import annotations

from enum import Enum
from typing import Callable

SPACING = 0.25  # seconds between two words to one device, `start` and `send` included
LIGHT_STANDS = 1.0  # a `size-` so soon after lof or lon means: it may have been swallowed
LAG = 0.05  # so much later what began in time has been read
PICTURE_PATIENCE = 20.0  # for the picture after img
READING_PATIENCE = 25.0  # for the reading after bpm, unless polls are further apart
MAX_WAITING = 8  # words; more of them mean that nobody looks at what comes back
MAX_ANSWERS = 4  # to what the device itself asked

LIGHTS = ("lof", "lon")
ANSWERED = ("bpm", "img")  # words after which the device says something

End = Callable[[bool], None]  # told once whether the word was answered, or stands


class Act(Enum):
    """What to write now."""

    SEND = "grant the declared message"
    ANSWER = "answer what the device asked"
    WORD = "say a word"


Due = tuple[Act, str]


class Word:
    """One word with everybody who waits for its outcome."""

    __slots__ = ("text", "_ends")

    def __init__(self, text: str, end: End) -> None:
        self.text = text
        self._ends = [end]

    def share(self, end: End) -> None:
        """Somebody else wants the same."""
        self._ends.append(end)

    def end(self, outcome: bool) -> None:
        """Tell everybody, once."""
        ends, self._ends = self._ends, []
        for end in ends:
            end(outcome)


class WordQueue:
    """The words of one connection; ``poll_seconds`` lengthens the patience with bpm."""

    __slots__ = (
        "_patience", "_said_at", "_granting", "_answers", "_waiting",
        "_awaited", "_given_up_at", "_light", "_light_at", "_light_again",
    )

    def __init__(self, poll_seconds: float) -> None:
        self._patience = max(READING_PATIENCE, poll_seconds)
        self._said_at: float | None = None
        self._granting = False
        self._answers: list[str] | None = None
        self._waiting: list[Word] | None = None  # most connections have none: no list for them
        self._awaited: Word | None = None
        self._given_up_at = 0.0
        self._light: Word | None = None
        self._light_at = 0.0
        self._light_again = False

    # -- what is wanted -----------------------------------------------------------

    def add(self, text: str, end: End) -> bool:
        """Say it in its turn; False when too many wait. The newest of lof and lon wins."""
        waiting = self._waiting = self._waiting or []
        for word in waiting:
            if word.text == text:
                word.share(end)
                return True
        same_place = [word for word in waiting if text in LIGHTS and word.text in LIGHTS]
        if same_place:
            waiting[waiting.index(same_place[0])] = Word(text, end)
            same_place[0].end(False)
            return True
        if len(waiting) >= MAX_WAITING:
            return False
        waiting.append(Word(text, end))
        return True

    def answer(self, text: str) -> bool:
        """What the device asked for; False when it asks faster than it can be told."""
        answers = self._answers = self._answers or []
        if len(answers) >= MAX_ANSWERS:
            return False
        answers.append(text)
        return True

    # -- what happened --------------------------------------------------------------

    def said(self, now: float) -> None:
        """Something like `start` was written: nothing else for a quarter of a second."""
        self._said_at = now

    def declared(self, began_at: float) -> None:
        """A `size-` that began then: `send` comes before everything else."""
        self._granting = True
        if self._light is not None and began_at <= self._light_at + LIGHT_STANDS:
            self._light_again = True

    def message_ended(self, closes_the_cycle: bool) -> None:
        """The message is here; ``closes_the_cycle``: it was `aft`, lights begin anew."""
        self._granting = False
        over = self._waiting_lights() if closes_the_cycle else []
        if self._light_again:
            word, self._light, self._light_again = self._light, None, False
            newer = any(each.text in LIGHTS for each in self._waiting or ())
            if word is not None and (closes_the_cycle or newer):
                over.append(word)
            elif word is not None:
                self._waiting = [word, *(self._waiting or ())]
        for word in over:
            word.end(False)

    def _waiting_lights(self) -> list[Word]:
        # said only now they would be taken for the answer to this closing
        words = self._waiting or []
        self._waiting = [word for word in words if word.text not in LIGHTS]
        return [word for word in words if word.text in LIGHTS]

    def heard(self, text: str) -> None:
        """What answers ``text`` (bpm: a heart rate, img: a picture) was heard."""
        word = self._awaited
        if word is not None and word.text == text:
            self._awaited = None
            word.end(True)

    def close(self) -> None:
        """The connection ends, or may be told nothing any more: every word ends."""
        words = [*(self._waiting or ()), self._awaited, self._light]
        self._waiting = self._answers = self._awaited = self._light = None
        self._light_again = False
        for word in words:
            if word is not None:
                word.end(False)

    # -- what is due ------------------------------------------------------------------

    def next(self, now: float, busy: bool) -> tuple[Due | None, float | None]:
        """What to write now, and when to ask again where that is known.

        ``busy``: the device is in the middle of something, or waits for `send`.
        """
        self._settle(now, busy)
        may_at = now if self._said_at is None else max(now, self._said_at + SPACING)
        due = self._due(busy)
        if due is None or may_at > now:
            return None, self._again(may_at if due else None, busy)
        self._take(due, now)
        more = self._due(busy or due[0] is Act.SEND)
        return due, self._again(now + SPACING if more else None, busy)

    def _settle(self, now: float, busy: bool) -> None:
        if self._awaited is not None and now >= self._given_up_at:
            word, self._awaited = self._awaited, None
            word.end(False)
        # what the device is in the middle of may be a `size-` that began in time
        if self._light is not None and not busy and now >= self._stands_at:
            word, self._light = self._light, None
            word.end(True)

    def _due(self, busy: bool) -> Due | None:
        if self._granting:
            return Act.SEND, "send"
        if busy:
            return None
        if self._answers:
            return Act.ANSWER, self._answers[0]
        if self._waiting and self._awaited is None:
            return Act.WORD, self._waiting[0].text
        return None

    def _take(self, due: Due, now: float) -> None:
        self._said_at = now
        act, _ = due
        if act is Act.SEND:
            self._granting = False
        elif act is Act.ANSWER:
            assert self._answers
            self._answers.pop(0)
        else:
            assert self._waiting
            self._written(self._waiting.pop(0), now)

    def _written(self, word: Word, now: float) -> None:
        if word.text in LIGHTS:
            older, self._light = self._light, word
            self._light_at = now
            if older is not None:
                older.end(False)
        elif word.text in ANSWERED:
            self._awaited = word
            self._given_up_at = now + (
                PICTURE_PATIENCE if word.text == "img" else self._patience
            )
        else:
            word.end(True)

    @property
    def _stands_at(self) -> float:
        return self._light_at + LIGHT_STANDS + LAG

    def _again(self, next_word: float | None, busy: bool) -> float | None:
        """When something changes by itself; a busy device wakes us by what it says."""
        times = [] if next_word is None else [next_word]
        if self._awaited is not None:
            times.append(self._given_up_at)
        if self._light is not None and not busy:
            times.append(self._stands_at)
        return min(times) if times else None
