"""What a question is: its kind, and what may be answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

TEXT, NUMBER, CHOICE, YES_NO, DATE, LIST = "text", "number", "choice", "yes_no", "date", "list"

LINE = 200  # characters of a short answer
AREA = 2000  # of a long one


@dataclass(frozen=True)
class Option:
    """One of the answers of a choice; ``score`` is what it counts for, where it does."""

    value: str
    label: str
    score: int | None = None


@dataclass(frozen=True)
class Question:
    """One question; all may be left out, but a list's row needs its required columns.

    ``low`` and ``high`` bound a number, ``most`` is characters of a text or rows of a list;
    ``when`` is another question of the section and the answers after which this one is asked.
    """

    id: str
    text: str
    kind: str = TEXT
    help: str = ""
    unit: str = ""
    low: float = 0.0
    high: float = 0.0
    whole: bool = False
    most: int = LINE
    options: tuple[Option, ...] = ()
    columns: tuple[Question, ...] = ()
    required: bool = False
    when: tuple[str, tuple[Any, ...]] | None = None

    def as_json(self) -> dict[str, Any]:
        """As the wizard is told it: what its kind needs, and nothing else."""
        told: dict[str, Any] = {
            "id": self.id, "text": self.text, "kind": self.kind, "help": self.help,
            "required": self.required, **self._limits(),
        }
        if self.when is not None:
            told["when"] = {"question": self.when[0], "answers": list(self.when[1])}
        return told

    def _limits(self) -> dict[str, Any]:
        if self.kind == NUMBER:
            return {"unit": self.unit, "low": self.low, "high": self.high, "whole": self.whole}
        if self.kind == CHOICE:
            return {"options": [{"value": o.value, "label": o.label} for o in self.options]}
        if self.kind == LIST:
            return {"most": self.most, "columns": [each.as_json() for each in self.columns]}
        return {"most": self.most} if self.kind == TEXT else {}


@dataclass(frozen=True)
class Section:
    """One page of the wizard; ``source`` names whose questions these are if not our own."""

    id: str
    title: str
    lead: str
    questions: tuple[Question, ...]
    source: str = ""

    def question(self, id: str) -> Question | None:
        """The question of this id, None for one that is not asked."""
        return next((each for each in self.questions if each.id == id), None)

    def as_json(self) -> dict[str, Any]:
        """As the wizard is told it."""
        return {
            "id": self.id, "title": self.title, "lead": self.lead, "source": self.source,
            "questions": [each.as_json() for each in self.questions],
        }


def number(id: str, text: str, unit: str, high: float, **more: Any) -> Question:
    """A number from 0, or from ``low``, to ``high``."""
    return Question(id, text, NUMBER, unit=unit, high=high, **more)


def choice(id: str, text: str, *options: tuple[str, str], **more: Any) -> Question:
    """One of these (value, label)."""
    return Question(id, text, CHOICE, options=tuple(Option(*each) for each in options), **more)


def scored(id: str, text: str, *labels: str, **more: Any) -> Question:
    """One of these labels, that count 0, 1, 2 … and are answered by their number."""
    options = tuple(Option(str(n), label, n) for n, label in enumerate(labels))
    return Question(id, text, CHOICE, options=options, **more)


def yes_no(id: str, text: str, **more: Any) -> Question:
    """True or false."""
    return Question(id, text, YES_NO, **more)


def area(id: str, text: str, **more: Any) -> Question:
    """A few sentences."""
    return Question(id, text, TEXT, most=AREA, **more)
