"""Files of laboratories over HTTP: taken over, and given out."""

from __future__ import annotations

import json
from typing import Any

from iotd.accounts.shared import By
from iotd.errors import Invalid
from iotd.health.access import Looks, owner_key
from iotd.health.labs import shapes
from iotd.health.labs.csv_columns import read_mapping
from iotd.health.labs.csv_file import MAX_BYTES
from iotd.health.labs.csv_text import as_csv
from iotd.health.labs.imports import Imports
from iotd.health.labs.service import SECTION, Labs
from iotd.health.patients import Patients
from iotd.site.problems import Refusal
from iotd.site.routes import Answer, Call, route

LABS = "/api/v1/patients/<id>/labs"


def by_of(call: Call) -> By:
    """Who asks, for the audit."""
    return By(call.who.name, call.now, call.address)


class LabFiles:
    """Routes of CSV files of results."""

    def __init__(self, service: Labs, patients: Patients, looks: Looks) -> None:
        self._labs, self._patients, self._looks = service, patients, looks
        self._imports = Imports(service)

    @route("GET", LABS + ".csv", kind="plain")
    async def labs_csv(self, call: Call, id: str) -> Answer:
        """All results of a patient as CSV, which can be imported again."""
        await self._looks.export(call, id, "export labs", SECTION)
        body = as_csv(await self._labs.reports(id))
        headers = {"Content-Disposition": f'attachment; filename="labs-{id}.csv"'}
        return Answer(body, headers=headers, content_type="text/csv; charset=utf-8")

    @route("POST", LABS + "/import", query=shapes.ImportQuery, raw="text/csv",
           answer=shapes.ImportOut, body_limit=MAX_BYTES)
    async def import_labs(self, call: Call, id: str) -> Answer:
        """Take over a CSV file, whole or, with any fault, not at all; or only look at it."""
        self._patients.access.check(call.who, id, SECTION)
        asked = call.query
        done = await self._imports.run(
            id, call.body, _mapping(asked.mapping), asked.dates, asked.preview,
            owner_key(call.who), by_of(call),
        )
        if done["faults"] and not asked.preview:
            more = "" if done["faults_in_all"] == 1 else f" {done['faults_in_all']} faults in all."
            first = done["faults"][0]
            said = f"Nothing was changed. Line {first['line']}: {first['reason']}.{more}"
            raise Refusal(422, said, first["column"] or None, extra=done)
        return Answer(done, status=201 if done["applied"] and done["added"] else 200)


def _mapping(text: str | None) -> dict[str, str]:
    if text is None:
        return {}
    try:
        mapping: Any = json.loads(text)
    except (ValueError, RecursionError):
        raise Invalid("mapping is JSON, as in {\"Glukose\": \"glucose mg/dL\"}.",
                      "mapping") from None
    return read_mapping(mapping)
