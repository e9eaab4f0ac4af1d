"""Who looked at a patient or changed something: shown to the patient, over HTTP."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from iotd.accounts.records import list_audit_about
from iotd.health.access import Looks
from iotd.health.patients import Patients
from iotd.site.paging import Paging, as_page
from iotd.site.routes import Call, route
from iotd.store.engine import Store
from iotd.times import rfc3339

SHOWN = ("id", "who", "action", "subject", "detail", "address", "result")


class AccessRow(BaseModel):
    """``subject``: the patient, a device of the patient's, or all: of a list of everybody;
    ``result`` is ok, or refused: somebody tried."""

    id: int
    at: str
    who: str
    action: str
    subject: str
    detail: str
    address: str
    result: str


class AccessList(BaseModel):
    items: list[AccessRow]
    next: str | None


class AccessesApi:
    """What the audit says about one patient."""

    def __init__(self, *, store: Store, patients: Patients, looks: Looks) -> None:
        self._store, self._patients, self._looks = store, patients, looks

    @route("GET", "/api/v1/patients/<id>/accesses", query=Paging, answer=AccessList)
    async def list_accesses(self, call: Call, id: str) -> dict[str, Any]:
        """Who looked at this patient or changed something, the newest first."""
        # a doctor has no business with who else was let in
        await self._looks.look(call, id, "view accesses", "accesses")
        since, asked = self._patients.patient(id).created_at, call.query
        rows: list[dict[str, Any]] = await self._store.read(
            list_audit_about, id, since, asked.limit + 1, asked.after
        )
        items = [{"at": rfc3339(row["at"]), **{name: row[name] for name in SHOWN}}
                 for row in rows]
        return as_page(items, call)
