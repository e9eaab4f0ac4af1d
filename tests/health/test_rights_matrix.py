"""Role × route × ownership: every route that names a patient, by whoever might call it.

The routes are the site's own: one that has no row in the tables of rights and sections, or
no body here, fails the test.
"""

from __future__ import annotations

import re
from typing import Any, Iterable

from iotd.accounts.rights import RIGHTS, may
from iotd.health.access import NO_PATIENT
from iotd.health.section_rights import ANY, OR, OWN, SECTION_OF, is_about_a_patient
from iotd.health.sections import SECTIONS
from iotd.site.routes import Route
from tests.apps import Browser
from tests.health.test_api import HealthTest

# what a route takes; the others take an empty body
BODIES: dict[str, Any] = {
    "health.add_reading": {"kind": "spo2", "value": 97},
    "health.change_patient": {"name": "Anna Other"},
    "health.add_share": {"sections": ["labs"]},
    "health.put_labs": {
        "date": "2023-11-01", "values": {"glucose": {"value": 5.1, "unit": "mmol/L"}},
    },
    "health.add_note": {"text": "better today"},
    "health.change_note": {"text": "better today"},
    "health.add_habit": {"name": "Walk"},
    "health.order_habits": {"ids": []},
    "health.add_checkin": {"state": "done"},
}
RAW: dict[str, bytes] = {
    "health.import_fhir": b'{"resourceType": "Bundle", "type": "collection", "entry": []}',
    "health.import_labs": b"date,glucose mmol/L\n2023-11-02,5.2\n",
}
# a question that the handler itself refuses: who gets as far is let in, and no PDF is made
QUERIES = {"health.report_pdf": "?sections=none"}
NOTHING = {"int": "999999", "day": "2023-11-01", "date": "2023-11-01"}
LAST = "health.remove_patient"
ANSWERS = (200, 201, 202, 204, 303, 401, 403, 404, 409)
LET_IN, HIDDEN, WRONG_ROLE, NOBODY = "let in", "404", "403", "401"


def expected(
    role: str | None, route: Route, section: str, granted: Iterable[str] = (), own: bool = True
) -> str:
    """What the two tables say of a call; ``own``: the patient is this one's own."""
    if role is None:
        return NOBODY
    if not may(role, route.name):
        return WRONG_ROLE
    if role == "admin" or (role == "patient" and own):
        return LET_IN
    if role != "doctor":
        return HIDDEN
    seen = set(granted)
    return LET_IN if seen & set(section.split(OR)) or (section == ANY and seen) else HIDDEN


class MatrixTest(HealthTest):
    """Anna has a patient; ``self.cells`` counts what was tried."""

    nothing = NO_PATIENT  # how it is told that there is none such

    async def setUp(self) -> None:  # type: ignore[override]
        await super().setUp()
        for name, role in (("lee", "doctor"), ("bert", "patient")):
            await self.app.add(name, role)
        self.subject = self.hers = await self.patient()
        self.cells = 0
        self.routes = sorted(
            (each for each in self.app.site.routes if is_about_a_patient(each)),
            key=lambda each: each.name == LAST,
        )

    def section(self, route: Route) -> str:
        """What of the record a route is about."""
        return SECTION_OF[route.name]

    async def check(
        self, browser: Browser, role: str | None, granted: Iterable[str] = (), own: bool = False,
        headers: dict[str, str] | None = None,
    ) -> None:
        """Call every route about Anna's patient, and be answered as the tables say."""
        for route in self.routes:
            if route.name == LAST and (role == "admin" or own):
                continue  # it would be the end of the matrix
            found = await self.outcome(browser, route, headers)
            wanted = expected(role, route, self.section(route), granted, own)
            self.assertEqual(found, wanted, (role, route.name))
            self.cells += 1

    async def outcome(
        self, browser: Browser, route: Route, headers: dict[str, str] | None = None,
        id: str | None = None,
    ) -> str:
        """How a call was answered; what a handler itself did not find was let in."""
        reply = await browser.call(
            route.method, self.path(route, id or self.subject), **self.options(route, headers)
        )
        if reply.status == 404 and reply.json["detail"] == self.nothing:
            self.assertEqual(set(reply.json), {"type", "title", "status", "detail", "field"})
            return HIDDEN
        if reply.status != 422 or route.name not in QUERIES:
            self.assertIn(reply.status, ANSWERS, (route.name, reply.body))
        return {401: NOBODY, 403: WRONG_ROLE, 303: NOBODY}.get(reply.status, LET_IN)

    def path(self, route: Route, id: str) -> str:
        """The route's path about this patient, and of parts that there are none of."""
        path = re.sub(
            r"<(?:(\w+):)?(\w+)>", lambda found: NOTHING.get(found[1] or found[2], "none"),
            route.path.replace("<id>", id),
        )
        return path + QUERIES.get(route.name, "")

    def options(self, route: Route, headers: dict[str, str] | None) -> dict[str, Any]:
        """What is sent along."""
        if route.method == "GET":
            return {"headers": headers or {}}
        if route.raw is not None:
            kind = {"Content-Type": route.raw}
            return {"data": RAW[route.name], "headers": {**kind, **(headers or {})}}
        return {"json": BODIES.get(route.name, {}), "headers": headers or {}}

    async def let_in(self, *sections: str, days: int | None = 30) -> str:
        """Anna lets Lee in; the share's id."""
        body = {"doctor": "lee", "sections": sections, "days": days}
        made = await self.anna.call("POST", f"/api/v1/patients/{self.hers}/shares", json=body)
        self.assertEqual(made.status, 201, made.body)
        return str(made.json["id"])

    async def take_back(self, share: str) -> None:
        """Anna takes it back."""
        path = f"/api/v1/patients/{self.hers}/shares/{share}"
        self.assertEqual((await self.anna.call("DELETE", path)).status, 204)


class TableTests(MatrixTest):
    """The tables themselves."""

    async def test_rows(self) -> None:
        """Every route that names a patient has a section, and no section is made up."""
        names = {each.name for each in self.routes}
        self.assertEqual(names - set(SECTION_OF), set())
        self.assertLessEqual(set(SECTION_OF) - names, set(SECTION_OF) - set(RIGHTS))
        known = {part for each in SECTION_OF.values() for part in each.split(OR)}
        self.assertLessEqual(known, {ANY, OWN, *SECTIONS})


class PeopleTests(MatrixTest):
    """Whoever is no doctor."""

    async def test_roles(self) -> None:
        """Owners and admins are let in everywhere, others nowhere: another patient is told
        404, other roles 403, and who is nobody, also with the token of a link, 401."""
        link = await self.anna.call("POST", f"/api/v1/patients/{self.hers}/shares",
                                    json={"sections": list(SECTIONS)})
        bearer = {"Authorization": f"Bearer {link.json['token']}"}
        for role in ("operator", "viewer"):
            await self.app.add(role, role)
            await self.check(await self.app.signed_in(role), role)
        await self.check(await self.app.signed_in("bert"), "patient")
        await self.check(self.app.browser(), None)
        await self.check(self.app.browser(), None, headers=bearer)
        await self.check(self.anna, "patient", own=True)
        await self.check(self.admin, "admin")
        self.assertEqual(self.cells, 5 * len(self.routes) + 2 * (len(self.routes) - 1))
        for browser in (self.anna, self.admin):
            id = await self.patient()
            path = f"/api/v1/patients/{id}"
            self.assertEqual((await browser.call("DELETE", path)).status, 204)

    async def test_nobody_there(self) -> None:
        """A patient that there is not is answered as one that is hidden, to everybody."""
        lee = await self.app.signed_in("lee")
        for browser, role in ((self.admin, "admin"), (self.anna, "patient"), (lee, "doctor")):
            for route in self.routes:
                for id in ("0" * 16, "nothing"):
                    if may(role, route.name):
                        found = await self.outcome(browser, route, id=id)
                        self.assertEqual(found, HIDDEN, (role, route.name, id))


class DoctorTests(MatrixTest):
    """A doctor sees what was granted and nothing else."""

    async def test_sections(self) -> None:
        """With consent to one section a doctor is let in there and nowhere else; without, after
        it was taken back, when it is over, or while unverified: 404, never 403, everywhere."""
        lee = await self.app.signed_in("lee")
        await self.check(lee, "doctor")
        for section in SECTIONS:
            share = await self.let_in(section)
            await self.check(lee, "doctor", {section})
            await self.take_back(share)
        await self.check(lee, "doctor")
        await self.let_in(*SECTIONS, days=1)
        await self.check(lee, "doctor", SECTIONS)
        self.app.record.shares._is_verified = lambda id: False
        await self.check(lee, "doctor")
        self.app.record.shares._is_verified = lambda id: True
        self.app.now += 86400
        lee, self.anna = await self.app.signed_in("lee"), await self.app.signed_in("anna")
        await self.check(lee, "doctor")
        self.assertEqual(self.cells, 11 * len(self.routes))

    async def test_tokens(self) -> None:
        """A doctor's token has nobody's consent, whoever made it."""
        await self.let_in(*SECTIONS)
        made = await self.app.accounts.add_token("lee", "doctor", "lee")
        bearer = {"Authorization": f"Bearer {made['secret']}"}
        await self.check(self.app.browser(), "doctor", headers=bearer)
