"""HTML routes of Health Plus; what they show at first is what the JSON routes answer."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from iotd.health.alert_desk import LIVE, AlertDesk
from iotd.health.api import HealthApi
from iotd.site.problems import Elsewhere
from iotd.site.routes import Call, Page, route

GLANCES = 24  # patients whose newest values stand on the first page
MOST_ALERTS = 50
AT_A_GLANCE = ("kind", "value", "measured_at", "state")
READINGS = "readings"
FRESHEST = ("fresh", "late", "stale", "none")


class WhichPatient(BaseModel):
    """``all``: show the list, also when there is one patient only."""

    all: bool = False


class HealthPages:
    """Pages of patients; who one may not know of is not there."""

    def __init__(self, *, api: HealthApi, alerts: AlertDesk) -> None:
        self._api, self._alerts = api, alerts

    @route("GET", "/health", kind="page", query=WhichPatient)
    async def patients_page(self, call: Call) -> Page:
        """Whom to look after; with one patient straight to that one."""
        patients = await self._api.seen(call)
        if len(patients) == 1 and not call.query.all:
            raise Elsewhere(f"/health/{patients[0]['id']}")
        alerts = await self._alerts.all(call.who, LIVE, 1000, None)
        glances = {
            each["id"]: await self._glance(call, each["id"], alerts)
            for each in patients[:GLANCES] if READINGS in each["sections"]
        }
        data = {"patients": patients, "glances": glances}
        return Page("health.html", data, title="Health")

    async def _glance(
        self, call: Call, id: str, alerts: list[dict[str, Any]]
    ) -> dict[str, Any]:
        """The newest values of a patient, without trends, and how many alerts there are."""
        vitals = (await self._api.get_vitals(call, id))["items"]
        states = {vital["state"] for vital in vitals}
        return {
            "vitals": [{name: vital[name] for name in AT_A_GLANCE} for vital in vitals],
            "state": next(state for state in FRESHEST if state in states),
            "last_at": max((v["measured_at"] for v in vitals if v["measured_at"]), default=None),
            "alerts": sum(alert["patient"] == id for alert in alerts),
        }

    @route("GET", "/health/<id>", kind="page")
    async def patient_page(self, call: Call, id: str) -> Page:
        """The welcome page of a patient: a door for each part that one may see."""
        page = await self._bare(call, id, "patient.html", "")
        return await self._filled(call, id, page) if READINGS in _seen(page) else page

    @route("GET", "/health/<id>/monitoring", kind="page")
    async def monitoring_page(self, call: Call, id: str) -> Page:
        """Live vitals and alerts."""
        return await self._filled(call, id, await self._bare(
            call, id, "monitoring.html", "Monitoring", READINGS
        ))

    @route("GET", "/health/<id>/charts", kind="page")
    async def charts_page(self, call: Call, id: str) -> Page:
        """Vitals over days, months and a year."""
        return await self._bare(call, id, "charts.html", "Charts", READINGS)

    @route("GET", "/health/<id>/data", kind="page")
    async def data_page(self, call: Call, id: str) -> Page:
        """The data sheet: every reading."""
        return await self._bare(call, id, "readings.html", "Data", READINGS)

    @route("GET", "/health/<id>/report", kind="page")
    async def report_page(self, call: Call, id: str) -> Page:
        """The record to print, to keep and to hand on; of vitals only for who may see them."""
        page = await self._bare(call, id, "report.html", "Report")
        return await self._filled(call, id, page) if READINGS in _seen(page) else page

    @route("GET", "/health/<id>/habits", kind="page")
    async def habits_page(self, call: Call, id: str) -> Page:
        """When the cabinet was opened, and what was taken."""
        return await self._bare(call, id, "habits.html", "Habits", "habits")

    async def _filled(self, call: Call, id: str, page: Page) -> Page:
        vitals = await self._api.get_vitals(call, id)
        alerts = await self._alerts.of_patient(call.who, id, LIVE, MOST_ALERTS, None)
        data = {**page.data, "vitals": vitals, "alerts": alerts}
        return Page(page.template, data, title=page.title)

    async def _bare(
        self, call: Call, id: str, template: str, title: str, section: str | None = None
    ) -> Page:
        patient = await self._api.look_at(call, id, section)
        heading = f"{title} of {patient['name']}" if title else patient["name"]
        return Page(template, {"patient": patient}, title=heading)


def _seen(page: Page) -> list[str]:
    sections: list[str] = page.data["patient"]["sections"]
    return sections
