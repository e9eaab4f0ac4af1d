"""Whose health one may know of: lists, tokens, what is written down, and the rules themselves."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.trial.unittest import SynchronousTestCase

from iotd.accounts.records import list_audit
from iotd.errors import NotFound, Unavailable
from iotd.health.access import SAID_ONCE, Access, Looks, owner_key
from iotd.site.routes import Identity
from tests.health.test_api import ANNA, HealthTest


class ListTests(HealthTest):
    """Anna and Bert have an account and a patient each; Carl is nobody's."""

    async def setUp(self) -> None:  # type: ignore[override]
        await super().setUp()
        await self.app.add("bert", "patient")
        self.bert = await self.app.signed_in("bert")

    async def test_lists(self) -> None:
        """Lists name only whom one may know of."""
        hers, his = await self.patient(), await self.patient(self.bert)
        await self.app.add("doctor", "doctor")
        doctor = await self.app.signed_in("doctor")
        for browser, seen in ((self.anna, {hers}), (self.bert, {his}), (doctor, set()),
                              (self.admin, {hers, his})):
            items = (await self.get("", browser))["items"]
            self.assertEqual({each["id"] for each in items}, seen)
        made = await doctor.call("POST", "/api/v1/patients", json=ANNA)
        self.assertEqual(made.status, 403)

    async def test_tokens(self) -> None:
        """A patient's token owns what it makes, and nothing of another token or account."""
        tokens = [
            {"Authorization": f"Bearer {(await self.app.accounts.add_token(name, role, 't'))[KEY]}"}
            for name, role in (("one", "patient"), ("two", "patient"), ("doc", "doctor"))
        ]
        browser = self.app.browser()
        made = await browser.call("POST", "/api/v1/patients", json=ANNA, headers=tokens[0])
        self.assertEqual((made.status, made.json["user"]), (201, None))
        path = f"/api/v1/patients/{made.json['id']}/readings"
        statuses = []
        for headers in tokens:
            body = {"kind": "spo2", "value": 97}
            reply = await browser.call("POST", path, json=body, headers=headers)
            statuses.append(reply.status)
        self.assertEqual(statuses, [201, 404, 404])
        self.assertEqual((await self.anna.call("GET", path)).status, 404)
        listed = await browser.call("GET", path, headers=tokens[0])
        self.assertEqual([each["source"] for each in listed.json["items"]], ["api"])

    async def test_audit(self) -> None:
        """Whatever an admin does or sees of a patient is written down, a look once in 15 min;
        what one does with one's own is written when it changes who there is."""
        id = await self.patient()
        path = f"/api/v1/patients/{id}"
        for _ in range(2):
            for asked in ("", "/vitals", "/readings"):
                await self.get(f"/{id}{asked}", self.admin)
            reading = {"kind": "spo2", "value": 97}
            await self.admin.call("POST", path + "/readings", json=reading)
            await self.admin.call("PATCH", path, json={"name": "Anna Other"})
        await self.admin.call("GET", "/api/v1/patients")
        rows = await self.app.store.read(list_audit, 1000)
        told = [(row["action"], row["subject"]) for row in rows if row["who"] == "admin"]
        for action, times in (("view patient", 1), ("view vitals", 1), ("view readings", 1),
                              ("add reading", 2), ("change patient", 2)):
            self.assertEqual(told.count((action, id)), times, action)
        self.assertEqual(told.count(("list patients", "all")), 1)
        anna = [row["action"] for row in rows if row["who"] == "anna" and row["subject"] == id]
        self.assertEqual(anna, ["add patient"])
        self.app.now += SAID_ONCE
        await self.get(f"/{id}/vitals", self.admin)
        rows = await self.app.store.read(list_audit, 1000)
        self.assertEqual((rows[0]["action"], rows[0]["subject"]), ("view vitals", id))


KEY = "secret"


def who(role: str, user: int | None = 5, session: str = "s") -> Identity:
    """Somebody."""
    return Identity("x", role, session, user)


class AccessTests(SynchronousTestCase):
    """The rules by themselves."""

    def setUp(self) -> None:
        self.owners: dict[str, str | None] = {
            "a": "user:5", "b": "user:6", "c": None, "t": "token:1"
        }
        granted = {"b": frozenset(["labs"])}
        self.access = Access(self.owner_of, lambda doctor, id: granted.get(id, frozenset()))

    def owner_of(self, id: str) -> str | None:
        """As patients say it."""
        if id not in self.owners:
            raise NotFound("no such patient")
        return self.owners[id]

    def seen(self, identity: Identity) -> list[str | None]:
        """Whom this one may see, among some."""
        asked = ("a", "b", "c", "t", "gone", None)
        return [each for each in asked if self.access.may_see(identity, each)]

    def test_table(self) -> None:
        """Admins all and nobody's; patients theirs; doctors those who let them in; others none."""
        self.assertEqual(self.seen(who("admin")), ["a", "b", "c", "t", "gone", None])
        self.assertEqual(self.seen(who("patient")), ["a"])
        self.assertEqual(self.seen(who("patient", 6)), ["b"])
        self.assertEqual(self.seen(who("patient", None, "token:1")), ["t"])
        self.assertEqual(self.seen(who("doctor")), ["b"])
        self.assertEqual(self.seen(who("operator")), [])
        self.assertEqual(self.seen(who("viewer")), [])

    def test_check(self) -> None:
        """Who there is not, and who is another's, are told apart by nobody."""
        said = {
            str(self.assertRaises(NotFound, self.access.check, who("patient"), id))
            for id in ("b", "c", "gone")
        }
        self.assertEqual(said, {"There is no such patient."})
        self.assertRaises(NotFound, self.access.check, who("admin"), "gone")
        self.access.check(who("patient"), "a")

    def test_owner_key(self) -> None:
        """An account by its number, whatever the browser; a token by itself."""
        self.assertEqual(owner_key(who("patient", 5, "s1")), owner_key(who("patient", 5, "s2")))
        self.assertEqual(owner_key(who("patient", None, "token:7")), "token:7")

    def test_looks(self) -> None:
        """One's own is not written down; another's is, again after a while."""
        written: list[Any] = []

        class Store:
            def run(self, function: Any, *args: Any, **more: Any) -> Deferred[None]:
                written.append((args, more))
                return succeed(None)

        store: Any = Store()
        looks = Looks(store, self.access)

        def note(identity: Identity, patient: str, now: float) -> None:
            self.successResultOf(Deferred.fromCoroutine(
                looks.note(identity, patient, "view vitals", now)
            ))

        note(who("patient"), "a", 1.0)
        self.assertEqual(written, [])
        for now, count in ((1.0, 1), (2.0, 1), (1.0 + SAID_ONCE, 2), (0.5, 3)):
            note(who("admin", 9), "a", now)
            self.assertEqual(len(written), count)
        note(who("admin", 9, "other"), "a", 1.0)
        self.assertEqual(len(written), 4)
        self.assertEqual({more["patient"] for _, more in written}, {"a"})

    def test_looks_at_once(self) -> None:
        """Several at once are one look, and all of them wait for it, or fail with it."""
        written: list[Deferred[None]] = []

        class Store:
            def run(self, function: Any, *args: Any, **more: Any) -> Deferred[None]:
                written.append(Deferred())
                return written[-1]

        store: Any = Store()
        looks = Looks(store, self.access)

        def two() -> list[Deferred[None]]:
            return [Deferred.fromCoroutine(looks.note(who("admin", 9), "a", "view vitals", 1.0))
                    for _ in range(2)]

        for fails in (True, False):
            begun = two()
            for each in begun:
                self.assertNoResult(each)
            if fails:
                written[-1].errback(Unavailable("full"))
                for each in begun:
                    self.failureResultOf(each, Unavailable)
            else:
                written[-1].callback(None)
                self.assertEqual([self.successResultOf(each) for each in begun], [None, None])
        self.assertEqual(len(written), 2)

    def test_hears(self) -> None:
        """Whoever hears somebody else's values live is written down once, not for each value,
        and not when they may not hear them or they are their own."""
        written: list[Any] = []
        done: Deferred[None] = Deferred()

        class Store:
            def run(self, function: Any, *args: Any, **more: Any) -> Deferred[None]:
                written.append((args[1:3], more["patient"]))
                return done

        store: Any = Store()
        looks = Looks(store, self.access)
        self.assertEqual([looks.hears(who(role), "a", 1.0) for role in
                          ("patient", "doctor", "operator")], [True, False, False])
        self.assertEqual([looks.hears(who("admin", 9), id, 1.0) for id in ("gone", None)],
                         [True, True])
        self.assertEqual(written, [])
        for _ in range(3):
            self.assertTrue(looks.hears(who("admin", 9), "a", 1.0))
        done.callback(None)
        self.assertTrue(looks.hears(who("admin", 9), "b", 2.0))
        self.assertEqual(written, [(("x", "hear live values"), "all")])
