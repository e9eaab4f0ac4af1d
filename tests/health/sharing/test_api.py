"""Sharing as browsers and scripts do it, and what is told of whoever tries more."""

from __future__ import annotations

from typing import Any

from iotd.accounts.records import list_audit
from iotd.bus import ReadingStored
from iotd.health.access import SAID_ONCE
from iotd.site.headers import ALWAYS
from tests.apps import Browser
from tests.health.test_api import HealthTest

SHARED = "/api/v1/shared"


class SharingTest(HealthTest):
    """Anna has a patient; Lee is a doctor."""

    async def setUp(self) -> None:  # type: ignore[override]
        await super().setUp()
        await self.app.add("lee", "doctor")
        self.lee = await self.app.signed_in("lee")
        self.hers = await self.patient()
        self.path = f"/api/v1/patients/{self.hers}"

    async def share(self, **body: Any) -> dict[str, Any]:
        """A share of Anna's as it is told when it is made."""
        made = await self.anna.call("POST", self.path + "/shares", json=body)
        self.assertEqual(made.status, 201, made.body)
        return dict(made.json)

    async def open(self, token: Any, browser: Browser | None = None, **more: Any) -> Any:
        """What opening a link is answered."""
        browser = browser or self.app.browser()
        headers = more.pop("headers", {})
        return await browser.call("POST", SHARED, json={"token": token, **more}, headers=headers)

    async def told(self) -> list[tuple[str, str, str, str]]:
        """What the patient is told: who, what, more, and how it ended; the newest first."""
        await self.app.store.run(lambda connection: None)
        rows = (await self.get(f"/{self.hers}/accesses"))["items"]
        return [(row["who"], row["action"], row["detail"], row["result"]) for row in rows]


class LinkTests(SharingTest):
    """Links over HTTP."""

    async def test_life(self) -> None:
        """A link is made, opened by somebody without an account, listed, and taken back."""
        made = await self.share(sections=["labs", "readings"], openings=3)
        self.assertEqual(made["url"], "http://localhost/shared#" + made["token"])
        opened = await self.open(made["token"])
        self.assertEqual(opened.status, 200, opened.body)
        self.assertEqual((opened.json["openings_left"], opened.json["sections"]),
                         (2, ["readings", "labs"]))
        self.assertEqual(opened.json["patient"]["name"], "Anna Berg")
        self.assertEqual(opened.json["labs"], await self.get(f"/{self.hers}/labs"))
        self.assertEqual(opened.json["readings"]["vitals"]["items"],
                         (await self.get(f"/{self.hers}/vitals"))["items"])
        self.assertNotIn("notes", opened.json)
        listed = await self.get(f"/{self.hers}/shares?state=open")
        self.assertEqual([each["openings"] for each in listed["items"]], [1])
        self.assertNotIn(made["token"], str(listed))
        gone = await self.anna.call("DELETE", f"{self.path}/shares/{made['id']}")
        self.assertEqual(gone.status, 204)
        self.assertEqual((await self.open(made["token"])).status, 404)
        self.assertEqual((await self.get(f"/{self.hers}/shares?state=open"))["items"], [])
        self.assertEqual((await self.told())[2][:3],
                         (f"link {made['id']}", "open link", "readings, labs"))

    async def test_headers(self) -> None:
        """What is opened, and what is not, is kept by nobody and tells no other site."""
        made = await self.share(sections=["labs"])
        for reply in (await self.open(made["token"]), await self.open("wrong")):
            for name, value in ALWAYS:
                self.assertEqual(reply.header(name.decode()), value.decode())
        self.assertIn((b"Cache-Control", b"no-store"), ALWAYS)
        self.assertIn((b"Referrer-Policy", b"no-referrer"), ALWAYS)

    async def test_others_pages(self) -> None:
        """A page of another site opens nothing, nor does a form; a browser that is signed in
        needs no token of its session."""
        made = await self.share(sections=["labs"], openings=1)
        foreign = await self.open(made["token"], headers={"Origin": "http://evil.example"})
        self.assertEqual(foreign.status, 403)
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        self.assertEqual((await self.open(made["token"], headers=form)).status, 415)
        self.lee.csrf = None
        self.assertEqual((await self.open(made["token"], self.lee)).status, 200)

    async def test_guesses(self) -> None:
        """Wrong tokens of any kind are one and the same 404, then 429 with a time to wait; the
        right one from the same address opens all the same."""
        made = await self.share(sections=["labs"])
        wrong = ["", "x", made["token"][:-1], made["id"], "é" * 500, "\0", "a" * 3000]
        bodies = {(await self.open(token)).body for token in wrong}
        self.assertEqual(len(bodies), 1)
        for _ in range(20 - len(wrong)):
            self.assertEqual((await self.open("wrong")).status, 404)
        late = await self.open("wrong")
        self.assertEqual((late.status, late.header("Retry-After")), (429, "60"))
        self.assertEqual((await self.open(made["token"])).status, 200)
        for token in (None, 5, ["x"]):
            self.assertEqual((await self.open(token)).status, 422)

    async def test_passcode(self) -> None:
        """It is asked for by 401, a wrong one is counted, and the fifth ends the link."""
        made = await self.share(sections=["labs"], passcode="blue heron 7")
        asked = await self.open(made["token"])
        self.assertEqual((asked.status, asked.json["passcode_required"]), (401, True))
        self.assertEqual((await self.open(made["token"], passcode="blue heron 7")).status, 200)
        statuses = [(await self.open(made["token"], passcode="wrong one")).status
                    for _ in range(6)]
        self.assertEqual(statuses, [401] * 5 + [404])
        shown = (await self.get(f"/{self.hers}/shares"))["items"][0]
        self.assertEqual((shown["state"], shown["why"]),
                         ("locked", "Locked after 5 wrong passcodes."))

    async def test_wrong_bodies(self) -> None:
        """What makes no sense is refused by the name of the field."""
        for body, field in (
            ({}, "sections"), ({"sections": []}, "sections"), ({"sections": ["x"]}, "sections"),
            ({"sections": ["labs"], "days": 0}, "days"),
            ({"sections": ["labs"], "days": 999}, "days"),
            ({"sections": ["labs"], "days": None}, "days"),
            ({"sections": ["labs"], "openings": 0}, "openings"),
            ({"sections": ["labs"], "passcode": "1234"}, "passcode"),
            ({"sections": ["labs"], "doctor": "bob"}, "doctor"),
            ({"sections": ["labs"], "doctor": "lee", "passcode": "blue heron"}, "passcode"),
            ({"sections": ["labs"], "doctor": "lee", "openings": 3}, "openings"),
            ({"sections": ["labs"], "label": "a\u0000b"}, "label"),
            ({"sections": ["labs"], "more": 1}, "more"),
        ):
            reply = await self.anna.call("POST", self.path + "/shares", json=body)
            self.assertEqual((reply.status, reply.json["field"]), (422, field), body)


class DoctorTests(SharingTest):
    """Consent over HTTP."""

    async def test_list(self) -> None:
        """A doctor's list names who agreed, to what and until when, and of devices only those
        that tell of it; without vitals the first page shows none."""
        self.assertEqual((await self.get("", self.lee))["items"], [])
        made = await self.share(doctor="lee", sections=["notes"], days=30)
        self.assertEqual(made["url"], f"http://localhost/health/{self.hers}")
        shown, = (await self.get("", self.lee))["items"]
        self.assertEqual((shown["name"], shown["sections"], shown["shared_until"]),
                         ("Anna Berg", ["notes"], made["expires_at"]))
        for page in ("/health?all=1", f"/health/{self.hers}"):
            reply = await self.lee.call("GET", page, headers={"Accept": "text/html"})
            self.assertEqual(reply.status, 200)
            self.assertIn(b"Anna Berg", reply.body)
        for path in ("/vitals", "/alerts", "/accesses", "/labs", "/habits"):
            reply = await self.lee.call("GET", self.path + path)
            self.assertEqual(reply.status, 404, path)
        self.assertEqual((await self.lee.call("GET", self.path + "/shares")).status, 403)

    async def test_events(self) -> None:
        """An open page of a doctor hears what was granted, and from the moment that it is
        taken back no more."""
        hears = self.app.looks.hears

        def audience(who: Any, event: Any) -> bool:
            return hears(who, event.patient, self.app.now, "readings")

        self.app.site.feed.register(ReadingStored, "reading", audience)
        response = await self.lee.open("GET", "/api/v1/events")
        heard: list[bytes] = []
        ended = response.collect(heard.append)

        async def tell(number: int) -> None:
            self.assertEqual((await self.post(self.hers, "spo2", 95 + number)).status, 201)

        await tell(1)
        notes = await self.share(doctor="lee", sections=["notes"])
        await tell(2)
        readings = await self.share(doctor="lee", sections=["readings"], days=1)
        await tell(3)
        await self.anna.call("DELETE", f"{self.path}/shares/{readings['id']}")
        await tell(4)
        await self.anna.call("DELETE", f"{self.path}/shares/{notes['id']}")
        self.app.streams.end_all()
        await ended
        said = b"".join(heard)
        values = [value for value in range(96, 100) if b'"value":%d' % value in said]
        self.assertEqual(values, [98])


class RefusedTests(SharingTest):
    """Who tried what they may not, told to the patient."""

    async def test_told(self) -> None:
        """A doctor, a patient and a token that ask for a patient who is not theirs are told to
        that patient, once in 15 minutes for each thing asked, with where they asked from."""
        await self.app.add("bert", "patient")
        bert = await self.app.signed_in("bert")
        made = await self.app.accounts.add_token("robot", "doctor", "admin")
        bearer = {"Authorization": f"Bearer {made['secret']}"}
        for _ in range(3):
            for browser, headers in ((self.lee, {}), (bert, {}), (self.app.browser(), bearer)):
                reply = await browser.call("GET", self.path + "/vitals", headers=headers)
                self.assertEqual(reply.status, 404)
        wanted = [(who, "view vitals", "readings", "refused") for who in ("robot", "bert", "lee")]
        self.assertEqual((await self.told())[:4],
                         [*wanted, ("anna", "add patient", "", "ok")])
        rows = await self.app.store.read(list_audit, 3)
        self.assertEqual({row["address"] for row in rows}, {"127.0.0.1"})
        self.app.now += SAID_ONCE
        await self.lee.call("GET", self.path + "/vitals")
        self.assertEqual(len([each for each in await self.told() if each[3] == "refused"]), 4)

    async def test_not_granted(self) -> None:
        """A section that was not granted is told as well, with its name; who there is not, and
        what a role may not ask at all, is told to nobody."""
        await self.share(doctor="lee", sections=["notes"])
        await self.lee.call("GET", self.path + "/labs")
        await self.lee.call("GET", "/api/v1/patients/nothing/labs")
        await self.lee.call("DELETE", self.path)
        refused = [each for each in await self.told() if each[3] == "refused"]
        self.assertEqual(refused, [("lee", "view labs", "labs", "refused")])

    async def test_same_answer(self) -> None:
        """To whom it is hidden it is answered to the byte as what there is not."""
        other = self.path.replace(self.hers, "0" * 16)
        for path in ("", "/vitals", "/labs", "/notes"):
            hidden = await self.lee.call("GET", self.path + path)
            nothing = await self.lee.call("GET", other + path)
            self.assertEqual((hidden.status, hidden.body), (nothing.status, nothing.body))
