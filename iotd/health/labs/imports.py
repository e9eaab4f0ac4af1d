"""A laboratory's file on its way into the reports: looked at, judged, then taken whole."""

from __future__ import annotations

from typing import Any, Mapping

from sqlalchemy import Connection
from twisted.internet.defer import DeferredLock

from iotd.accounts.shared import By
from iotd.health.labs import records
from iotd.health.labs.csv_file import File
from iotd.health.labs.merging import CSV, Change, Days, change_of
from iotd.health.labs.model import told
from iotd.health.labs.reports import Person
from iotd.health.labs.service import Labs

SHOWN_DAYS = 100  # of a preview


class Plan:
    """What a file would do to a patient's reports."""

    def __init__(self, file: File, changes: Mapping[str, Change]) -> None:
        self.file, self.changes = file, changes

    @property
    def days(self) -> Days:
        """All days of the file."""
        return {date: (day.results, day.laboratory) for date, day in self.file.days.items()}

    @property
    def is_new(self) -> bool:
        """Whether a person said something of the columns that is worth remembering."""
        return any(each.how == "told" for each in self.file.columns) or self.file.dates != "auto"

    @property
    def remembered(self) -> dict[str, Any]:
        """What is kept of the columns for the next file of this kind."""
        words = {
            each.heading: each.words for each in self.file.columns
            if each.how in ("told", "remembered")
        }
        return {"columns": words, "dates": self.file.dates}

    def as_json(self, applied: bool) -> dict[str, Any]:
        """As the API shows it."""
        file, what = self.file, [each.what for each in self.changes.values()]
        return {
            "applied": applied, "shape": file.shape or None,
            "columns": [each.as_json() for each in file.columns], "dates": file.dates,
            "unclear_dates": file.unclear_dates,
            "added": what.count("added"), "changed": what.count("changed"),
            "unchanged": what.count("unchanged"), "skipped": file.skipped,
            "values": sum(len(day.results) for day in file.days.values()),
            "rows": self._rows(),
            "faults": [fault._asdict() for fault in file.faults],
            "faults_in_all": file.fault_count,
        }

    def _rows(self) -> list[dict[str, Any]]:
        dates = sorted(self.changes, reverse=True)[:SHOWN_DAYS]
        return [
            {
                "line": self.file.days[date].line, "date": date, "what": self.changes[date].what,
                "laboratory": self.file.days[date].laboratory,
                "values": {
                    key: {"value": told(one.value), "comparator": one.comparator,
                          "given": {"value": one.given, "unit": one.unit}}
                    for key, one in self.file.days[date].results.items()
                },
            }
            for date in dates
        ]


class Imports:
    """Takes files over, whole or not at all."""

    def __init__(self, labs: Labs) -> None:
        self._labs = labs
        self._turn = DeferredLock()

    async def run(
        self, patient: str, raw: bytes, mapping: dict[str, str], dates: str, preview: bool,
        owner: str, by: By,
    ) -> dict[str, Any]:
        """What the file did, or would do; with any fault nothing is done.

        What was said of its columns is remembered for ``owner`` once it is taken over.
        """
        person = self._labs.person(patient)
        # one at a time: a large file takes a second of one of the store's few threads
        plan: Plan = await self._turn.run(
            self._labs.store.read, self._plan, patient, person, raw, mapping, dates, owner
        )
        if preview or plan.file.fault_count:
            return plan.as_json(applied=False)

        def remember(connection: Connection) -> None:
            if plan.is_new:
                records.keep_columns(
                    connection, owner, plan.file.fingerprint, plan.remembered, by.at
                )

        await self._labs.put_all(patient, plan.days, by, CSV, remember)
        return plan.as_json(applied=True)

    def _plan(
        self, connection: Connection, patient: str, person: Person, raw: bytes,
        mapping: dict[str, str], dates: str, owner: str,
    ) -> Plan:
        # reading is work for a thread, and here is one
        file = File(
            raw, mapping, dates, lambda mark: records.find_columns(connection, owner, mark),
            lambda day: self._labs.check_day(patient, day),
        )
        held = {each.date: each for each in records.list_reports(connection, patient)}
        changes = {
            date: change_of(held.get(date), date, day.results, day.laboratory, person, CSV)
            for date, day in file.days.items()
        }
        return Plan(file, changes)
