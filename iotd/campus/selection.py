"""Which students a question is about: any of some values in each category that is given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Iterable, Mapping

from iotd.campus.register_records import CATEGORIES
from iotd.errors import Invalid

#: A value of a category: years are numbers, all others text.
Value = int | str

#: The five values of a group, in the order of CATEGORIES.
Values = tuple[Value, ...]

MOST_VALUES = 100  # of one category


@dataclass(frozen=True)
class Selection:
    """For each category, by its place in CATEGORIES, the values of which any is meant."""

    wanted: tuple[tuple[int, frozenset[Value]], ...] = ()

    @property
    def categories(self) -> tuple[int, ...]:
        """Which categories are given."""
        return tuple(place for place, _ in self.wanted)

    def has(self, values: Values) -> bool:
        """Whether a group of these values is meant."""
        return all(values[place] in some for place, some in self.wanted)


EVERYBODY = Selection()


def values_of(group: Any) -> Values:
    """The values of what has each category as an attribute."""
    return tuple(getattr(group, name) for name in CATEGORIES)


def selection_of(
    asked: Mapping[str, str | None], is_known: Callable[[int, Value], bool] = lambda *_: False
) -> Selection:
    """From texts by category, several values with commas between; others are left alone.

    A text that is itself a value, comma and all, is that value: ``is_known`` says so.
    Invalid when a year is no number.
    """
    wanted = []
    for place, name in enumerate(CATEGORIES):
        text = asked.get(name)
        if text is not None:
            wanted.append((place, frozenset(_values(place, text, is_known))))
    return Selection(tuple(wanted))


def _values(place: int, text: str, is_known: Callable[[int, Value], bool]) -> Iterable[Value]:
    parts = [text] if place and is_known(place, text) else text.split(",")
    if len(parts) > MOST_VALUES:
        raise Invalid(f"At most {MOST_VALUES} values can be asked for.", CATEGORIES[place])
    return [_value(place, part.strip()) for part in parts]


def _value(place: int, text: str) -> Value:
    if CATEGORIES[place] != "year":
        return text
    if not (text.isascii() and text.isdigit() and len(text) <= 4):
        raise Invalid("A year is a whole number from 0 to 9999; several have commas between.",
                      "year")
    return int(text)
