"""What a patient took from their cabinets, day by day, against what a day should have.

``Diet(cabinets=…, days_of=habits.days, knows=patients.knows)``: ``days_of(patient)`` gives,
perhaps later, the person's days (``day_of(at)``, ``span(day)``); ``load`` at start.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import asdict, replace
from datetime import date, timedelta
from typing import Any, Awaitable, Callable, Protocol

from twisted.logger import Logger

from iotd.accounts.shared import By, to_its_end
from iotd.bus import PatientRemoved, RecordChanged
from iotd.cabinet import nutrition_records as records
from iotd.cabinet import nutrition_show as show
from iotd.cabinet.intake import Taken
from iotd.cabinet.nutrition import Facts, parts_over, suggestion
from iotd.cabinet.service import Cabinets
from iotd.cabinet.stock import Item
from iotd.errors import Invalid
from iotd.site.routes import Identity
from iotd.times import rfc3339

BACK_DAYS = 366
SECTION = "habits"
OWN = "set by hand"


class Days(Protocol):
    """A person's days."""

    def day_of(self, at: float) -> str:
        """The day of a moment."""

    def span(self, day: str) -> tuple[float, float]:
        """From its first moment to the first of the next day."""


class Diet:
    """Nutrition of patients by the cabinets that are theirs now."""

    _log = Logger()

    def __init__(
        self, *, cabinets: Cabinets, days_of: Callable[[str], Awaitable[Days]],
        knows: Callable[[str], bool],
    ) -> None:
        self._cabinets, self._days_of, self._knows = cabinets, days_of, knows
        self._store = cabinets.store
        cabinets.bus.subscribe(PatientRemoved, lambda event: self._forget(event.id))

    def load(self, connection: Any) -> None:
        """Forget those whose removal an end of the daemon cut short; after the patients."""
        for patient in records.patients_with_targets(connection):
            if not self._knows(patient):
                records.forget_patient(connection, patient)

    async def day(self, patient: str, day: str | None, now: float) -> dict[str, Any]:
        """A day's intake as the API shows it; Invalid for days to come or long ago."""
        days = await self._days_of(patient)
        today = days.day_of(now)
        wanted = today if day is None else day
        if wanted > today:
            raise Invalid(f"The day {wanted} has not begun yet.", "day")
        if wanted < _before(today, BACK_DAYS):
            raise Invalid(f"day is at most {BACK_DAYS} days ago.", "day")
        since, until = days.span(wanted)
        found: dict[str, Any] = await self._store.read(
            _read_day, patient, wanted, self._of(patient), since, until
        )
        return found

    async def history(self, patient: str, count: int, now: float) -> list[dict[str, Any]]:
        """Sums of today and the days before it, the oldest first."""
        days = await self._days_of(patient)
        today = days.day_of(now)
        wanted = [_before(today, n) for n in range(count - 1, -1, -1)]
        spans = [(day, *days.span(day)) for day in wanted]
        found: list[dict[str, Any]] = await self._store.read(
            _read_days, self._of(patient), spans
        )
        return found

    async def targets(self, patient: str) -> list[dict[str, Any]]:
        """The daily values that hold for a patient."""
        own = await self._store.read(records.targets_of, patient)
        return show.targets(own)

    @to_its_end
    async def set_targets(
        self, patient: str, fields: dict[str, Any], by: By
    ) -> list[dict[str, Any]]:
        """Daily values of one's own; null takes the usual one again."""
        source = (fields.pop("source", None) or OWN).strip() or OWN

        def write(connection: Any) -> Any:
            for key, value in fields.items():
                records.put_target(connection, patient, key, value, source)
            by.audit(connection, "change daily values", patient, ", ".join(sorted(fields)),
                     patient=patient)
            return records.targets_of(connection, patient)

        own = await self._store.run(write)
        self._tell(patient, "change daily values", by)
        return show.targets(own)

    def item(self, identity: Identity, cabinet: str, key: str) -> Item:
        """An item of a cabinet that this one may see, else NotFound."""
        self._cabinets.find(identity, cabinet)
        return self._cabinets.known(cabinet).item(key)

    async def facts(self, cabinet: str, item: Item) -> dict[str, Any]:
        """What is in an item, and what is offered for its name."""
        known = await self._store.read(records.item_facts, item.id)
        return show.item(cabinet, item, known, suggestion(item.name))

    @to_its_end
    async def set_facts(
        self, cabinet: str, item: Item, fields: dict[str, Any], by: By
    ) -> dict[str, Any]:
        """What is in an item; what is left out stays, null is not known."""
        patient = self._cabinets.patient_of(cabinet)

        def write(connection: Any, id: str) -> Facts | None:
            known = _changed(records.item_facts(connection, item.id) or Facts(), fields)
            records.put_facts(connection, item.id, known)
            by.audit(connection, "change item facts", id, f"item {item.id}", patient=patient)
            return known

        known = await self._cabinets.commit(cabinet, write)
        if patient is not None:
            self._tell(patient, "change item facts", by)
        return show.item(cabinet, item, known, suggestion(item.name))

    def _of(self, patient: str) -> list[str]:
        return [each.id for each in self._cabinets.boards.cabinets() if each.patient == patient]

    def _tell(self, patient: str, what: str, by: By) -> None:
        self._cabinets.bus.publish(RecordChanged(
            id=f"{patient}/{SECTION}", patient=patient, section=SECTION,
            data={"patient": patient, "section": SECTION, "what": what, "by": by.who,
                  "at": rfc3339(by.at)},
        ))

    def _forget(self, patient: str) -> None:
        forgotten = self._store.run(records.forget_patient, patient)
        forgotten.addErrback(lambda failure: self._log.warn(
            "daily values of a removed patient stay until the next start: {why}",
            why=str(failure.value)))


def _before(day: str, days: int) -> str:
    return (date.fromisoformat(day) - timedelta(days=days)).isoformat()


def _changed(known: Facts, fields: dict[str, Any]) -> Facts | None:
    """The facts after a change; None when nothing is left. Invalid when they can't be."""
    facts = replace(known, **{**fields, "source": fields.get("source", known.source) or ""})
    over = parts_over(facts)
    if over > 0.5:  # labels round
        raise Invalid(
            f"Fat, sugar, fibre, protein and salt are {100 + over:.1f} g of 100 g together.",
            next((key for key in fields if key.endswith("_g") and key != "piece_g"), "fat_g"),
        )
    if all(value is None for key, value in asdict(facts).items() if key != "source"):
        return None
    return replace(facts, source=facts.source.strip() or OWN)


def _read_day(
    connection: Any, patient: str, day: str, cabinets: list[str], since: float, until: float
) -> dict[str, Any]:
    spans = {id: records.read_span(connection, id, since, until) for id in cabinets}
    return show.day(day, spans, records.targets_of(connection, patient))


def _read_days(
    connection: Any, cabinets: list[str], wanted: list[tuple[str, float, float]]
) -> list[dict[str, Any]]:
    first, last = wanted[0][1], wanted[-1][2]
    begins = [since for _, since, _ in wanted]
    days: list[list[show.Part]] = [[] for _ in wanted]
    for id in cabinets:
        span = records.read_span(connection, id, first, last)
        parts: list[list[Taken]] = [[] for _ in wanted]
        for each in span.taken:
            parts[bisect_right(begins, each.at) - 1].append(each)
        for day, part in zip(days, parts):
            day.append((part, span.facts))
    return [show.day_sum(day, parts) for (day, _, _), parts in zip(wanted, days)]
