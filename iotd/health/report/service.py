"""Reports of patients as PDF: what belongs in one is read here, a process of its own makes it.

``Reports(store=, now=, calendar=, patients=, sections=, readings=, reactor=, site_name=,
fonts=, profiles=)``: ``readings`` is a ReadingsSection, ``fonts`` the folder ``web/fonts``.
"""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any, Callable, Collection, Mapping, Protocol, Sequence

from sqlalchemy import Connection
from twisted.internet.defer import Deferred

from iotd.accounts.shared import By
from iotd.calendar import Calendar
from iotd.health.habits import records as habit_records
from iotd.health.patients import Patients
from iotd.health.questionnaire.telling import told
from iotd.health.readings_section import ReadingsSection
from iotd.health.report.habit_days import days_of
from iotd.health.report.press import COMMAND, SECONDS, Press
from iotd.health.sections import SECTIONS, Sections
from iotd.site.routes import Identity
from iotd.store.engine import Store

MOST_REPORTS = 100  # of a laboratory: the newest
MOST_NOTES, MOST_WORDS = 100, 200_000  # notes, and their characters


class Names(Protocol):
    """What people are called."""

    def name_of(self, user_id: int, /) -> str:
        """The full name, or the account's where none is known."""


class Reports:
    """Makes reports; who may see what is asked by the routes."""

    def __init__(
        self, *, store: Store, now: Callable[[], float], calendar: Calendar,
        patients: Patients, sections: Sections, readings: ReadingsSection, reactor: Any,
        site_name: str, fonts: Path, profiles: Names | None = None,
        command: tuple[str, ...] = COMMAND, seconds: float = SECONDS,
    ) -> None:
        self._store, self._now, self._calendar = store, now, calendar
        self._patients, self._sections, self._readings = patients, sections, readings
        self._site_name, self._fonts, self._profiles = site_name, fonts, profiles
        self.press = Press(reactor, command, seconds)

    def stop_service(self) -> Deferred[None]:
        """End what is being made; fires when no process is left."""
        return self.press.stop_service()

    async def make(
        self, identity: Identity, patient: str, days: int, wanted: Collection[str],
        address: str = "",
    ) -> bytes:
        """The PDF of these sections and days, after it is audited that it was made."""
        now = self._now()
        asked = await self._gather(identity, patient, days, wanted, now)
        pdf = await self.press.make(json.dumps(asked).encode())
        names = ", ".join(name for name in SECTIONS if name in wanted)
        by = By(identity.name, now, address)
        await self._store.run(
            by.audit, "export report", patient, f"{days} days: {names}", patient=patient
        )
        return pdf

    def today(self) -> str:
        """The site's day."""
        return self._calendar.day_of(self._now())

    async def _gather(
        self, identity: Identity, patient: str, days: int, wanted: Collection[str], now: float
    ) -> dict[str, Any]:
        known = self._patients.patient(patient)
        sections: dict[str, Any] = {}
        if "readings" in wanted:
            sections["readings"] = await self._readings.section(patient, now, days)
        others = [name for name in wanted if name != "readings"]
        sections.update(await self._sections.read(patient, others, now))
        return {
            "fonts": str(self._fonts), "site": self._site_name, "by": self._who(identity),
            "patient": {
                "name": known.name, "sex": known.sex, "birth_date": known.birth_date,
            },
            "now": now, "timezone": self._calendar.name, "days": days,
            "sections": _bounded(sections),
            "left_out": [name for name in SECTIONS if name not in wanted],
            "answers": _answers(sections.get("questionnaire") or {}),
            "marks": await self._marks(sections.get("habits") or {}, now, days),
        }

    def _who(self, identity: Identity) -> str:
        if identity.user_id is None or self._profiles is None:
            return identity.name
        name = self._profiles.name_of(identity.user_id)
        return identity.name if name in ("", identity.name) else f"{name} ({identity.name})"

    async def _marks(
        self, habits: Mapping[str, Any], now: float, days: int
    ) -> dict[str, dict[str, str]]:
        active = [each for each in habits.get("items", ()) if not each.get("archived")]
        if not active:
            return {}
        first = date.fromisoformat(self._calendar.day_of(now - days * 86400))
        today = date.fromisoformat(habits["day"])
        found: dict[str, dict[str, str]] = await self._store.read(
            _marks_of, active, first, today
        )
        return found


def _marks_of(
    connection: Connection, habits: Sequence[Mapping[str, Any]], first: date, today: date
) -> dict[str, dict[str, str]]:
    found = habit_records.marks_of(connection, [each["id"] for each in habits], first)
    return {
        str(each["id"]): days_of(each, found[each["id"]], first, today) for each in habits
    }


def _answers(questionnaire: Mapping[str, Any]) -> list[list[str]]:
    return [
        [each.section, each.question, each.answer, each.unit] for each in told(dict(questionnaire))
    ]


def _bounded(sections: Mapping[str, Any]) -> dict[str, Any]:
    """So much of each as a report holds; ``more`` tells how many items are left out."""
    bounded = dict(sections)
    for name, most in (("labs", MOST_REPORTS), ("notes", MOST_NOTES)):
        if name in bounded:
            items = bounded[name].get("items", [])
            kept = items[:most] if name == "labs" else _few_words(items[:most])
            bounded[name] = {"items": kept, "more": len(items) - len(kept)}
    if "questionnaire" in bounded:
        known = bounded["questionnaire"]
        bounded["questionnaire"] = {
            name: known.get(name) for name in ("finished_at", "changed_at")
        }
    return bounded


def _few_words(notes: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    kept: list[Mapping[str, Any]] = []
    words = 0
    for note in notes:
        words += len(note.get("text") or "")
        if words > MOST_WORDS:
            break
        kept.append(note)
    return kept
