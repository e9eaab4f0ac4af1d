"""The report over HTTP: ``ReportApi(service=, patients=, looks=)``."""

from __future__ import annotations

from typing import Sequence

from iotd.errors import Invalid
from iotd.health.access import Looks
from iotd.health.patients import Patients
from iotd.health.report.service import Reports
from iotd.health.report.shapes import ReportQuery
from iotd.health.sections import SECTIONS
from iotd.site.routes import Answer, Call, route


class ReportApi:
    """The route of the report."""

    def __init__(self, *, service: Reports, patients: Patients, looks: Looks) -> None:
        self._service, self._patients, self._looks = service, patients, looks

    @route("GET", "/api/v1/patients/<id>/report.pdf", query=ReportQuery, name="health.report_pdf")
    async def report_pdf(self, call: Call, id: str) -> Answer:
        """A report of a patient as PDF, of the sections that one may see."""
        asked: ReportQuery = call.query
        access = self._patients.access
        access.check(call.who, id)
        wanted = _wanted(asked.sections)
        for name in wanted:
            access.check(call.who, id, name)
        chosen = wanted or access.sections(call.who, id)
        pdf = await self._service.make(call.who, id, asked.days, chosen, call.address)
        # while it was made a consent may have ended
        for name in chosen:
            access.check(call.who, id, name)
        kind = "attachment" if asked.download else "inline"
        name = f"health-report-{id}-{self._service.today()}.pdf"
        return Answer(pdf, content_type="application/pdf", headers={
            "Content-Disposition": f'{kind}; filename="{name}"', "Cache-Control": "no-store",
        })


def _wanted(text: str | None) -> Sequence[str]:
    names = [name.strip() for name in (text or "").split(",") if name.strip()]
    for name in names:
        if name not in SECTIONS:
            raise Invalid(f"sections are some of {', '.join(SECTIONS)}.", "sections")
    return names
