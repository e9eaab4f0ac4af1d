"""The data sheet over HTTP, and everything as CSV, sent while it is read."""

from __future__ import annotations

from functools import partial
from typing import Any

from iotd.calendar import Calendar
from iotd.health import csv_text, shapes, sheet
from iotd.health.access import Looks
from iotd.health.model import find_kind
from iotd.health.onward import next_of, span_of
from iotd.health.patients import Patients
from iotd.site.csv_stream import send_csv
from iotd.site.routes import Call, route
from iotd.site.streams import OpenStreams
from iotd.store.engine import Store

PATIENT = "/api/v1/patients/<id>"


class SheetApi:
    """Routes of the data sheet and of CSV files."""

    def __init__(
        self, *, store: Store, patients: Patients, looks: Looks, calendar: Calendar,
        streams: OpenStreams,
    ) -> None:
        self._store, self._patients, self._looks = store, patients, looks
        self._calendar, self._streams = calendar, streams

    @route("GET", PATIENT + "/sheet", query=shapes.SheetQuery, answer=shapes.Sheet)
    async def get_sheet(self, call: Call, id: str) -> dict[str, Any]:
        """What was measured together, a row each, the newest first."""
        asked, (since, until) = call.query, span_of(call.query)
        place = None if asked.after is None else sheet.Place.decode(asked.after)
        await self._looks.look(call, id, "view readings", "readings")
        rows, more = await self._store.read(
            sheet.read_page, id, since, until, asked.limit, place
        )
        return {
            "items": [row.as_json() for row in rows],
            "next": next_of(call, more.encode()) if more is not None else None,
        }

    @route("GET", PATIENT + "/sheet.csv", query=shapes.Span, kind="stream")
    async def sheet_csv(self, call: Call, id: str) -> None:
        """The data sheet as CSV, whole."""
        since, until = span_of(call.query)
        await self._looks.export(call, id, "export data sheet", "readings")
        read = partial(self._store.read, csv_text.sheet_page, self._calendar, id, since, until)
        await send_csv(call, self._streams, f"sheet-{id}.csv", csv_text.SHEET, read)

    @route("GET", PATIENT + "/readings.csv", query=shapes.CsvQuery, kind="stream")
    async def readings_csv(self, call: Call, id: str) -> None:
        """Every reading as CSV, whole."""
        asked, (since, until) = call.query, span_of(call.query)
        kind = None if asked.kind is None else find_kind(asked.kind).name
        await self._looks.export(call, id, "export readings", "readings")
        read = partial(
            self._store.read, csv_text.readings_page, self._calendar, id, kind, since, until
        )
        await send_csv(call, self._streams, f"readings-{id}.csv", csv_text.READINGS, read)
