"""Students of the register as values, and what each of their columns may hold."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Any, Mapping, NamedTuple

LONGEST = 64  # characters of a text
MOST_IDENTIFIERS = 20  # of one student

#: In the order of files and pages.
COLUMNS = ("rollno", "year", "branch", "stream", "hostel", "gender")

MAC, LOCAL_MAC = "mac", "mac-local"  # the second: its device has made it up

_ROLLNO = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,31}")
_YEAR = re.compile(r"[0-9]{1,4}")
# a spreadsheet would run what begins so
_FORMULA = re.compile(r"[=+@\t\r]|-.")
# our own CSV puts a quote before these; the last four are of full width
_QUOTED = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")


class Group(NamedTuple):
    """A combination of the five categories; statistics are kept by it."""

    id: int
    year: int
    branch: str
    stream: str
    hostel: str
    gender: str

    @property
    def values(self) -> Values:
        """The five values."""
        return self[1:]


Values = tuple[int, str, str, str, str]  # of a group, without its id


class Identifier(NamedTuple):
    """A MAC or badge; times in Unix seconds, ``expires_at`` None when it never does."""

    hash: str
    kind: str
    tail: str
    added_at: float
    added_by: str
    expires_at: float | None = None

    @property
    def id(self) -> str:
        """What the API calls it."""
        return self.hash[:16]

    def expired(self, now: float) -> bool:
        """Whether its time is over."""
        return self.expires_at is not None and self.expires_at <= now

    @property
    def expires_us(self) -> int | None:
        """The same moment in whole microseconds, as sightings are timed."""
        return None if self.expires_at is None else round(self.expires_at * 1e6)


class Student(NamedTuple):
    """One student as the newest commit left them."""

    id: int
    rollno: str
    group: Group
    identifiers: tuple[Identifier, ...] = ()

    def identifier(self, hash: str) -> Identifier | None:
        """The one with this hash."""
        return next((each for each in self.identifiers if each.hash == hash), None)

    def with_identifier(self, new: Identifier) -> Student:
        """The same student with this identifier, in place of one with the same hash."""
        kept = self.without_identifier(new.hash).identifiers
        return self._replace(identifiers=(*kept, new))

    def without_identifier(self, hash: str) -> Student:
        """The same student without it."""
        kept = tuple(each for each in self.identifiers if each.hash != hash)
        return self._replace(identifiers=kept)


class Change(NamedTuple):
    """A student before and after a commit: None before for a new one, None after when erased."""

    before: Student | None
    after: Student | None

    @property
    def student_id(self) -> int:
        """Whose change it is."""
        known = self.after or self.before
        assert known is not None
        return known.id


def subject_of(rollno: str) -> str:
    """How the audit names a student; erasing them replaces it."""
    return f"student {rollno}"


@lru_cache(8192)
def check_rollno(text: str) -> str:
    """A roll number without spaces around; ValueError says what is allowed."""
    text = text.strip()
    if not _ROLLNO.fullmatch(text):
        raise ValueError(
            "a roll number has 1 to 32 letters, digits and . _ / -, and begins with one of the"
            " first two"
        )
    if text == "import":
        raise ValueError("the word import is no roll number")
    return text


@lru_cache(8192)
def check_year(text: str) -> int:
    """A year as it is written; ValueError when it is none."""
    if not _YEAR.fullmatch(text.strip()):
        raise ValueError("a year is a whole number from 0 to 9999")
    return int(text)


@lru_cache(8192)
def check_text(text: str) -> str:
    """A branch, stream, hostel or gender, perhaps empty; ValueError says what is allowed.

    A quote that our own CSV puts before what looks like a formula is taken off again.
    """
    text = unicodedata.normalize("NFC", text.strip())
    if text[:1] == "'" and text[1:2] in _QUOTED:
        text = text[1:]
    if len(text) > LONGEST:
        raise ValueError(f"a text has at most {LONGEST} characters")
    if not text.isprintable():
        raise ValueError("a text has printable characters only, all in one line")
    if _FORMULA.match(text):
        raise ValueError("a text does not begin with = + @ or -: spreadsheets would run it")
    return text


def values_of(fields: Mapping[str, Any]) -> Values:
    """The five values of a mapping, in the order of a group."""
    return tuple(fields[name] for name in COLUMNS[1:])  # type: ignore[return-value]


def as_fields(group: Group) -> dict[str, Any]:
    """The five values by their names, in the order of files."""
    return {name: getattr(group, name) for name in COLUMNS[1:]}
