"""Told results put into a patient's reports: what changes, and writing it."""

from __future__ import annotations

from typing import Mapping, NamedTuple

from sqlalchemy import Connection

from iotd.accounts.shared import By
from iotd.errors import Invalid
from iotd.health.labs import model, records
from iotd.health.labs.model import Result
from iotd.health.labs.reports import Computed, Person, Report, computed_of

MOST_REPORTS = 1000  # of a patient: a report a week for nineteen years
HAND, CSV, API, FHIR = "hand", "csv", "api", "fhir"
#: What was exported comes back by these: what had only been computed is not taken for measured.
RETURNING = (CSV, FHIR)
COMPUTED = ("egfr", "chol_hdl")

#: Results of a day by analyte; None takes one out.
Results = Mapping[str, Result | None]
#: Of several days, with the laboratory's name; None leaves it as it is.
Days = Mapping[str, tuple[Results, str | None]]


class Change(NamedTuple):
    """``what`` happens to a day's report: added, changed, removed or unchanged."""

    what: str
    results: dict[str, Result | None]
    laboratory: str


def change_of(
    held: Report | None, day: str, results: Results, laboratory: str | None, person: Person,
    source: str,
) -> Change:
    """What telling these results of a day changes."""
    changes = _changes(held, day, results, person, source)
    before = held.laboratory if held else ""
    name = before if laboratory is None else laboratory
    if not changes and (held is None or held.laboratory == name):
        return Change("unchanged", {}, before)
    left = {**(held.results if held else {}), **changes}
    if not any(left.values()):
        return Change("unchanged" if held is None else "removed", changes, name)
    return Change("added" if held is None else "changed", changes, name)


def _changes(
    held: Report | None, day: str, results: Results, person: Person, source: str
) -> dict[str, Result | None]:
    before = held.results if held else {}
    computed = _computed(day, {**before, **results}, person) if source in RETURNING else {}
    changes: dict[str, Result | None] = {}
    for key, result in results.items():
        old = before.get(key)
        if result is None:
            if old is not None:
                changes[key] = None
        elif old is not None:
            if not old.same_as(result):
                changes[key] = result
        elif not _is_computed(result, computed.get(key)):
            changes[key] = result
    return changes


def _computed(day: str, results: Results, person: Person) -> dict[str, Computed]:
    bare = {key: each for key, each in results.items() if each and key not in COMPUTED}
    return computed_of(Report(0, day, "", "", 0, 0.0, bare), person)[0]


def _is_computed(result: Result, computed: Computed | None) -> bool:
    return (
        computed is not None and result.comparator is None
        and model.told(result.value) == model.told(computed.value)
    )


class Merge:
    """Writes days into the reports of a patient, within a transaction."""

    def __init__(self, patient: str, person: Person, by: By, source: str) -> None:
        self._patient, self._person, self._by, self._source = patient, person, by, source

    def all(self, connection: Connection, days: Days) -> dict[str, int]:
        """Merge all days, with one line of audit for what changed: how many reports were
        added, changed, removed and unchanged."""
        done = {"added": 0, "changed": 0, "removed": 0, "unchanged": 0}
        dates, values = [], 0
        for day, (results, laboratory) in sorted(days.items()):
            held = records.find_report(connection, self._patient, day)
            change = change_of(held, day, results, laboratory, self._person, self._source)
            done[change.what] += 1
            if change.what != "unchanged":
                self._write(connection, held, day, change)
                dates.append(day)
                values += len(change.results)
        if records.count_reports(connection, self._patient) > MOST_REPORTS:
            raise Invalid(f"A patient has at most {MOST_REPORTS} reports.", "date")
        if dates:
            self._audit(connection, dates, values)
        return done

    def _write(
        self, connection: Connection, held: Report | None, day: str, change: Change
    ) -> None:
        who, at = self._by.who, self._by.at
        if held is not None and change.what == "removed":
            records.remove_report(connection, held.id)
            return
        if held is None:
            id = records.add_report(
                connection, self._patient, day, change.laboratory, self._source, who, at
            )
        else:
            id = held.id
            records.touch_report(connection, id, change.laboratory, self._source, who, at)
        for key, result in change.results.items():
            if result is None:
                records.drop_result(connection, id, key)
            else:
                records.put_result(connection, id, result)

    def _audit(self, connection: Connection, dates: list[str], values: int) -> None:
        span = dates[0] if len(dates) == 1 else f"{len(dates)} days to {dates[-1]}"
        detail = f"{span}, values: {values}, by {self._source}"
        self._by.audit(connection, "change labs", self._patient, detail, patient=self._patient)
