"""Alerts over HTTP."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from iotd.health.access import Looks
from iotd.health.alert_desk import AlertDesk
from iotd.site.paging import as_page
from iotd.site.routes import Call, route

MOST_MINUTES = 7 * 24 * 60


class AlertQuery(BaseModel):
    """Which alerts; ``live`` are all that did not end. ``after`` goes to older ones."""

    state: Literal["open", "acknowledged", "snoozed", "ended", "live"] | None = None
    limit: Annotated[int, Field(ge=1, le=1000)] = 100
    after: Annotated[str, Field(max_length=64)] | None = None


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


class Snoozing(_Body):
    """For how long it is quiet."""

    minutes: int = Field(ge=1, le=MOST_MINUTES)


class RuleChange(_Body):
    """What of one vital's rule is to change; null is no limit on that side."""

    low: float | None = None
    high: float | None = None
    urgent_low: float | None = None
    urgent_high: float | None = None
    margin: float = 0.0
    need: int = Field(default=1, ge=1, le=20)
    of: int = Field(default=1, ge=1, le=20)
    enabled: bool = True


class StaleChange(_Body):
    """What of the rule about silence is to change."""

    warning_minutes: int = Field(default=15, ge=1, le=10080)
    urgent_minutes: int = Field(default=30, ge=1, le=10080)
    enabled: bool = True


class RulesChange(_Body):
    """Rules to change by what they are about; what is not named stays."""

    heart_rate: RuleChange = RuleChange()
    body_temperature: RuleChange = RuleChange()
    spo2: RuleChange = RuleChange()
    bp_systolic: RuleChange = RuleChange()
    bp_diastolic: RuleChange = RuleChange()
    stale: StaleChange = StaleChange()


class RuleOut(BaseModel):
    """The rule of one vital: outside low to high, ``need`` of the last ``of`` readings."""

    low: float | None
    high: float | None
    urgent_low: float | None
    urgent_high: float | None
    margin: float
    need: int
    of: int
    enabled: bool


class StaleOut(BaseModel):
    """After how long without a good reading there is an alert."""

    warning_minutes: int
    urgent_minutes: int
    enabled: bool


class RulesOut(BaseModel):
    """Every rule of a patient."""

    heart_rate: RuleOut
    body_temperature: RuleOut
    spo2: RuleOut
    bp_systolic: RuleOut
    bp_diastolic: RuleOut
    stale: StaleOut


class AlertOut(BaseModel):
    """An alert; ``severity`` is warning or urgent, ``state`` open, acknowledged, snoozed or
    ended; ``undelivered`` counts the messages that reached nobody in a day."""

    id: str
    patient: str | None
    device: str | None
    kind: str
    cause: str
    vital: str | None
    value: float | None
    unit: str | None
    text: str
    severity: str
    state: str
    raised_at: str
    ended_at: str | None
    ended_by: str | None
    acknowledged_by: str | None
    acknowledged_at: str | None
    snoozed_until: str | None
    undelivered: int


class AlertList(BaseModel):
    """A page of alerts."""

    items: list[AlertOut]
    next: str | None


class Delivery(BaseModel):
    """What became of a test; ``channel`` is mail or webhook."""

    channel: str
    target: str
    delivered: bool
    error: str | None


class Deliveries(BaseModel):
    """What became of each."""

    items: list[Delivery]
    next: str | None


class AlertsApi:
    """Routes of alerts."""

    def __init__(self, desk: AlertDesk, looks: Looks) -> None:
        self._desk, self._looks = desk, looks

    @route("GET", "/api/v1/alerts", query=AlertQuery, answer=AlertList)
    async def list_alerts(self, call: Call) -> dict[str, Any]:
        """Alerts that one may see, the newest first."""
        query = call.query
        found = await self._desk.all(call.who, query.state, query.limit + 1, query.after)
        whose = [each["patient"] for each in found]
        await self._looks.note_all(call.who, whose, "list alerts", call.now, call.address)
        return as_page(found, call)

    @route("GET", "/api/v1/patients/<id>/alerts", query=AlertQuery, answer=AlertList)
    async def list_patient_alerts(self, call: Call, id: str) -> dict[str, Any]:
        """Alerts of a patient, the newest first."""
        query = call.query
        found = await self._desk.of_patient(
            call.who, id, query.state, query.limit + 1, query.after
        )
        await self._looks.look(call, id, "view alerts", "readings")
        return as_page(found, call)

    @route("POST", "/api/v1/alerts/<id>/acknowledge", answer=AlertOut)
    async def acknowledge_alert(self, call: Call, id: str) -> dict[str, Any]:
        """Say that one looks after it; it stays until its reason is gone."""
        return await self._desk.acknowledge(call.who, id, call.address)

    @route("POST", "/api/v1/alerts/<id>/snooze", body=Snoozing, answer=AlertOut)
    async def snooze_alert(self, call: Call, id: str) -> dict[str, Any]:
        """Have it quiet for so many minutes, unless it gets worse."""
        return await self._desk.snooze(call.who, id, call.body.minutes, call.address)

    @route("POST", "/api/v1/alerts/<id>/cancel", answer=AlertOut)
    async def cancel_alert(self, call: Call, id: str) -> dict[str, Any]:
        """End it; quiet until its reason was gone once, or it gets worse."""
        return await self._desk.cancel(call.who, id, call.address)

    @route("GET", "/api/v1/patients/<id>/alert-rules", answer=RulesOut)
    async def get_alert_rules(self, call: Call, id: str) -> dict[str, Any]:
        """When there is an alert about a patient."""
        await self._looks.look(call, id, "view alert rules", "readings")
        return self._desk.rules(call.who, id)

    @route("PUT", "/api/v1/patients/<id>/alert-rules", body=RulesChange, answer=RulesOut)
    async def change_alert_rules(self, call: Call, id: str) -> dict[str, Any]:
        """Change that; what is not named stays."""
        changes = call.body.model_dump(exclude_unset=True)
        return await self._desk.change_rules(call.who, id, changes, call.address)

    @route("POST", "/api/v1/alerts/test", answer=Deliveries)
    async def test_alerts(self, call: Call) -> dict[str, Any]:
        """Send a test to every e-mail address and webhook, and tell what became of each."""
        return {"items": await self._desk.test(call.who, call.address), "next": None}
