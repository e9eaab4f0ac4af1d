"""What pages of the campus are given at first, by role and by what is asked for."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.trial.unittest import SynchronousTestCase

from iotd.accounts.rights import may
from iotd.campus.pages import CampusData, CampusPages, CampusSettings, Looking
from iotd.site.routes import Call, Identity, Page, routes_of

SETTINGS = CampusSettings(
    enrolment="approve", legacy_topic="sample", broker="mqtt://user:secret@host:1883",
    min_rssi=-100, registration_days=365,
)


class PagesTests(SynchronousTestCase):
    """With answers as the JSON routes give them, some at once and some later."""

    def setUp(self) -> None:
        self.asked: list[Any] = []
        self.pages = CampusPages(CampusData(
            summary=self._summary, recent=lambda limit: {"items": ["CS-1"] * limit, "next": None},
            categories=lambda: {"year": [1, 2]}, gates=lambda: succeed({"items": ["gate"]}),
            intake=lambda: {"spool": {}},
        ), SETTINGS)

    def _summary(self, filters: Any) -> Any:
        self.asked.append(dict(filters))
        return succeed({"inside": 7})

    def page(self, name: str, role: str | None = "operator", **query: str) -> Page:
        """A page as this role gets it."""
        known, handler = next(
            pair for pair in routes_of(self.pages) if pair[0].name == f"campus.{name}"
        )
        self.assertTrue(may(role, known.name))
        who = None if role is None else Identity("somebody", role, "s")
        call = Call(None, known, who, query=Looking(**query))  # type: ignore[arg-type]
        page: Page = self.successResultOf(Deferred.fromCoroutine(handler(call)))
        return page

    def test_dashboard(self) -> None:
        """Operators get headcount, choices and the last five names."""
        page = self.page("campus_page")
        self.assertEqual(page.data, {
            "categories": {"year": [1, 2]}, "summary": {"inside": 7}, "recent": ["CS-1"] * 5,
        })

    def test_viewer(self) -> None:
        """Viewers get no names, not even none."""
        self.assertNotIn("recent", self.page("campus_page", "viewer").data)

    def test_filters(self) -> None:
        """The headcount is of those that the address asks for."""
        self.page("campus_page", hostel="North,South", year="2")
        self.assertEqual(self.asked, [{"hostel": "North,South", "year": "2"}])

    def test_gates(self) -> None:
        """The gates' page has gates and intake, and no address of a broker with its password."""
        data = self.page("gates_page").data
        self.assertEqual((data["gates"], data["intake"]), (["gate"], {"spool": {}}))
        self.assertIs(data["embedded"], False)
        self.assertNotIn("secret", str(data))

    def test_register(self) -> None:
        """Anybody may open the page to register a phone; it tells nothing of anybody."""
        self.assertEqual(self.page("register_page", None).data, {"registration_days": 365})
