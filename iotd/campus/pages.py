"""HTML routes of the campus; what they show at first is what the JSON routes answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Mapping

from pydantic import ConfigDict
from twisted.internet.defer import maybeDeferred

from iotd.campus import statistics_shapes as shapes
from iotd.site.routes import Call, Page, route

RECENT = 5


class Looking(shapes.Looking):
    """As the counts are asked for; what the page alone understands is left to it."""

    model_config = ConfigDict(extra="ignore")


@dataclass(frozen=True)
class CampusData:
    """What pages show at first, each as the JSON route of that name answers it (or a Deferred
    of that): ``summary(filters)``, ``recent(limit)``, ``gates()`` and ``intake()``;
    ``categories()`` has every value of the register by category."""

    summary: Callable[[Mapping[str, str]], Any]
    recent: Callable[[int], Any]
    categories: Callable[[], Mapping[str, list[Any]]]
    gates: Callable[[], Any]
    intake: Callable[[], Any]


@dataclass(frozen=True)
class CampusSettings:
    """What pages say about how the daemon is set up."""

    enrolment: str
    legacy_topic: str
    broker: str  # "embedded", or anything else: a broker of its own
    min_rssi: int
    registration_days: int


class CampusPages:
    """Pages of the campus; viewers see counts, and no names."""

    def __init__(self, data: CampusData, settings: CampusSettings) -> None:
        self._data, self._settings = data, settings

    @route("GET", "/campus", kind="page", query=Looking)
    async def campus_page(self, call: Call) -> Page:
        """Who is inside, who came last, and how the days run."""
        filters = call.query.model_dump(exclude_none=True)
        shown: dict[str, Any] = {
            "categories": self._data.categories(),
            "summary": await maybeDeferred(self._data.summary, filters),
        }
        if call.who.role != "viewer":
            shown["recent"] = (await maybeDeferred(self._data.recent, RECENT))["items"]
        return Page("campus.html", shown, title="Campus")

    @route("GET", "/campus/students", kind="page")
    async def students_page(self, call: Call) -> Page:
        """The register: students, their phones and badges, corrections."""
        data = {"categories": self._data.categories(), **self._common()}
        return Page("students.html", data, title="Students")

    @route("GET", "/campus/gates", kind="page")
    async def gates_page(self, call: Call) -> Page:
        """Gates, the broker, and what waits to be stored."""
        gates = await maybeDeferred(self._data.gates)
        data = {
            "gates": gates["items"], "intake": await maybeDeferred(self._data.intake),
            **self._common(),
        }
        return Page("gates.html", data, title="Gates")

    @route("GET", "/campus/register", kind="page")
    async def register_page(self, call: Call) -> Page:
        """A student adds the own phone, with a code from the office."""
        days = self._settings.registration_days
        return Page("register.html", {"registration_days": days}, title="Register your phone")

    def _common(self) -> dict[str, Any]:
        settings = self._settings
        return {
            "enrolment": settings.enrolment, "legacy_topic": settings.legacy_topic,
            "embedded": settings.broker == "embedded", "min_rssi": settings.min_rssi,
            "registration_days": settings.registration_days,
        }
