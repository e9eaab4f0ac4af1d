"""Health reports over HTTP: ``LabsApi(service=, patients=, looks=)``."""

from __future__ import annotations

from typing import Any

from iotd.errors import Invalid
from iotd.health.labs import shapes
from iotd.health.labs.analytes import ANALYTES, find_analyte
from iotd.health.labs.files_api import LABS, LabFiles, by_of
from iotd.health.labs.ranges import RANGES, SITE, Range, overlap
from iotd.health.labs.service import API, HAND, SECTION
from iotd.site.paging import Paging, page_of
from iotd.site.routes import Call, route

RANGES_PATH = "/api/v1/labs/ranges"


class LabsApi(LabFiles):
    """Routes of health reports, of their files, and of the table of analytes."""

    @route("GET", LABS, query=Paging, answer=shapes.ReportList)
    async def list_labs(self, call: Call, id: str) -> dict[str, Any]:
        """A patient's reports, the newest first."""
        await self._looks.look(call, id, "view labs", SECTION)
        return page_of(await self._labs.reports(id), call)

    @route("PUT", LABS, body=shapes.NewReport, answer=shapes.ReportOut)
    async def put_labs(self, call: Call, id: str) -> dict[str, Any]:
        """Merge results of a day into the patient's reports; the report then."""
        self._patients.access.check(call.who, id, SECTION)
        told = {
            key: None if value is None else value.given()
            for key, value in call.body.values.items()
        }
        if not told and call.body.laboratory is None:
            raise Invalid("values must hold at least one analyte.", "values")
        source = API if call.who.csrf is None else HAND
        return await self._labs.put(
            id, call.body.date, told, by_of(call), source, call.body.laboratory
        )

    @route("DELETE", LABS + "/<date>", status=204)
    async def remove_labs(self, call: Call, id: str, date: str) -> None:
        """Remove the report of a day."""
        self._patients.access.check(call.who, id, SECTION)
        await self._labs.remove(id, date, by_of(call))

    @route("GET", "/api/v1/labs/analytes", answer=shapes.AnalyteList)
    async def list_analytes(self, call: Call) -> dict[str, Any]:
        """What a report is made of: codes, units with their factors, ranges, and the sources."""
        return {"items": analytes_json(await self._labs.site_ranges()), "next": None}

    @route("GET", RANGES_PATH, answer=shapes.RangeList)
    async def list_lab_ranges(self, call: Call) -> dict[str, Any]:
        """The ranges that hold at this site in place of those built in."""
        found = await self._labs.site_ranges()
        return {"items": [row.as_json() for row in found], "next": None}

    @route("PUT", RANGES_PATH, body=shapes.NewRanges, answer=shapes.RangeList)
    async def put_lab_ranges(self, call: Call) -> dict[str, Any]:
        """Put ranges of one's own in the place of those of the same analytes."""
        ranges = {
            find_analyte(key, f"ranges.{key}").key: [
                _range(key, row, f"ranges.{key}.{number}") for number, row in enumerate(rows or ())
            ]
            for key, rows in call.body.ranges.items()
        }
        for key, rows in ranges.items():
            if overlap(rows) is not None:
                raise Invalid("Two ranges of the same sex hold at the same age.", f"ranges.{key}")
        if ranges:
            await self._labs.put_ranges(ranges, by_of(call))
        return await self.list_lab_ranges(call)


def _range(key: str, row: shapes.NewRange, field: str) -> Range:
    if row.low is None and row.high is None:
        raise Invalid("A range has at least one side.", f"{field}.low")
    if row.low is not None and row.high is not None and row.low >= row.high:
        raise Invalid("The lower side of a range lies below the upper one.", f"{field}.low")
    if row.age_from > row.age_to:
        raise Invalid("age_from lies above age_to.", f"{field}.age_from")
    source = " ".join(row.source.split())
    if not source or not source.isprintable():
        raise Invalid("A range needs a source: who says so.", f"{field}.source")
    return Range(key, row.low, row.high, source, row.sex, row.age_from, row.age_to, kind=SITE)


def analytes_json(site: list[Range]) -> list[dict[str, Any]]:
    """The table of analytes as the API shows it; ``ranges`` are those of this site first."""
    return [
        {
            "key": each.key, "name": each.name, "loinc": each.loinc, "unit": each.unit,
            "units": [unit.as_json() for unit in each.units], "plausible": list(each.plausible),
            "group": each.group, "about": each.about,
            "note": next((row.note for row in RANGES if row.analyte == each.key and row.note), ""),
            "ranges": [row.as_json() for row in (*site, *RANGES) if row.analyte == each.key],
        }
        for each in ANALYTES.values()
    ]
