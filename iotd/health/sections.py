"""The sections of a patient's record: what a share or a report is made of."""

from __future__ import annotations

from typing import Any, Awaitable, Callable, Iterable, Mapping

SECTIONS = ("readings", "labs", "advice", "questionnaire", "notes", "habits")

#: Gives a section of a patient as the API shows it: patient's id, now in Unix seconds.
Reader = Callable[[str, float], Awaitable[Any]]


class Sections:
    """Reads sections by name; the parts that keep them give a reader each."""

    def __init__(self, readers: Mapping[str, Reader]) -> None:
        self._readers = readers

    async def read(self, patient: str, sections: Iterable[str], now: float) -> dict[str, Any]:
        """The wanted sections by name, in their usual order, as JSON."""
        wanted = set(sections)
        return {
            name: await self._readers[name](patient, now)
            for name in SECTIONS if name in wanted
        }
