"""What patients let doctors see: whom, what, until when, and not a moment longer."""

from __future__ import annotations

from typing import Any

from iotd.errors import Conflict, Invalid, NotFound
from iotd.health.sharing import model
from iotd.health.sharing.model import DAY
from iotd.site.routes import Identity
from iotd.store.errors import StoreUnavailable
from tests.databases import both
from tests.health.sharing.room import SharingRoom, at_once


@both
class GrantTests(SharingRoom):
    """Consents to doctors."""

    async def test_exact(self) -> None:
        """A doctor sees the sections that were granted, from the grant to its last second."""
        self.assertEqual(self.seen(), set())
        made = await self.grant("labs", "notes", days=2)
        self.assertEqual(self.seen(), {"labs", "notes"})
        self.assertEqual((made["doctor"], made["doctor_name"]), ("lee", f"Dr {self.ids['lee']}"))
        self.assertEqual(made["url"], f"https://iotd.example/health/{self.hers}")
        self.assertIsNone(made["token"])
        start = self.now
        for now, seen in ((start + 2 * DAY - 0.001, {"labs", "notes"}), (start + 2 * DAY, set())):
            self.now = now
            self.assertEqual(self.seen(), seen)
        self.assertEqual(self.state(made["id"]), "expired")

    async def test_several(self) -> None:
        """Grants to one doctor add up, each until its own end; the last end is told."""
        await self.grant("labs", days=1)
        await self.grant("labs", "advice", days=3)
        self.assertEqual(self.seen(), {"labs", "advice"})
        self.assertEqual(self.shares.until(self.identity("lee"), self.hers), self.now + 3 * DAY)
        self.now += DAY
        self.assertEqual(self.seen(), {"labs", "advice"})
        forever = await self.grant("habits", days=None)
        self.assertIsNone(self.shares.until(self.identity("lee"), self.hers))
        self.now += 9999 * DAY
        self.assertEqual(self.seen(), {"habits"})
        await self.shares.revoke(self.hers, forever["id"], self.by())
        self.assertEqual(self.seen(), set())

    async def test_who(self) -> None:
        """Nobody but the very doctor: no other, no unverified one, no token, no other role."""
        await self.grant("labs")
        lee = self.ids["lee"]
        for identity in (
            Identity("lee", "doctor", "token:1", None), Identity("lee", "patient", "s", lee),
            Identity("lee", "viewer", "s", lee), Identity("kim", "doctor", "s", self.ids["kim"]),
        ):
            self.assertEqual(self.shares.grants(identity, self.hers), frozenset())
        self.assertEqual(self.shares.grants(self.identity("lee"), "other"), frozenset())
        self.verified.clear()
        self.assertEqual(self.seen(), set())

    async def test_default(self) -> None:
        """A doctor is let in for a year unless something else is said."""
        made = await self.grant("labs")
        self.now += model.DOCTOR_DAYS * DAY
        self.assertEqual((self.state(made["id"]), self.seen()), ("expired", set()))

    async def test_restart(self) -> None:
        """What was granted and revoked is so after a restart."""
        await self.grant("labs")
        revoked = await self.grant("notes")
        await self.shares.revoke(self.hers, revoked["id"], self.by())
        before = self.shares.list(self.hers)
        self.open()
        self.assertEqual(self.shares.list(self.hers), before)
        self.assertEqual(self.seen(), {"labs"})

    async def test_audit(self) -> None:
        """Granting and revoking are written down with the sections, and told to open pages."""
        made = await self.grant("notes", "labs", days=1)
        await self.shares.revoke(self.hers, made["id"], self.by())
        await self.shares.revoke(self.hers, made["id"], self.by())  # over: nothing to write
        self.assertEqual((await self.audited())[:2], [
            ("anna", "revoke share", "doctor lee", "ok"),
            ("anna", "share", "doctor lee: labs, notes, until 2023-11-15", "ok"),
        ])
        self.assertEqual([(each["section"], each["what"]) for each in self.told],
                         [("shares", "share"), ("shares", "revoke share")])


class RefusedTests(SharingRoom):
    """What can't be granted, and what a store that is away leaves as it was."""

    async def test_doctors(self) -> None:
        """Only a verified doctor can be let in, and nothing says which other accounts exist."""
        said = {str(await self.refused(self.grant("labs", doctor=name), Invalid)).replace(name, "")
                for name in ("kim", "anna", "nobody")}
        self.assertEqual(said, {"There is no verified doctor ''."})

    async def test_fields(self) -> None:
        """Sections that are none, days beyond the limits, labels with control characters and
        passcodes that are guessed are refused, each by the name of its field."""
        wrong: list[tuple[Any, dict[str, Any], str]] = [
            (self.link, {"sections": ()}, "sections"),
            (self.link, {"sections": ("x",)}, "sections"),
            (self.link, {"days": 0}, "days"), (self.link, {"days": 366}, "days"),
            (self.link, {"days": None}, "days"), (self.link, {"label": "a\nb"}, "label"),
            (self.link, {"label": "a" * 101}, "label"),
            (self.link, {"passcode": "12345"}, "passcode"),
            (self.link, {"passcode": "123456"}, "passcode"),
            (self.link, {"passcode": "x" * 129}, "passcode"),
            (self.grant, {"days": 3651}, "days"), (self.grant, {"days": 0}, "days"),
        ]
        for make, fields, field in wrong:
            given = {"sections": ("labs",), **fields}
            add = self.shares.add_link if make == self.link else self.shares.add_doctor
            args = (self.hers, self.by()) if make == self.link else (self.hers, self.by(), "lee")
            error = await self.refused(add(*args, **given), Invalid)
            self.assertEqual(error.field, field, fields)
        self.assertEqual(self.shares.list(self.hers), [])

    async def test_limits(self) -> None:
        """A patient has so many open shares and no more, also when they come at once; of those
        that are over the oldest are forgotten."""
        self.patch(model, "MOST_OPEN", 3)
        self.patch(model, "MOST_PAST", 2)
        added = [self.shares.add_link(self.hers, self.by(), sections=["labs"]) for _ in range(5)]
        made = await at_once(added)
        self.assertEqual([type(each) for each in made], [dict] * 3 + [Conflict] * 2)
        for share in made[:3]:
            await self.shares.revoke(self.hers, share["id"], self.by())
        await self.link()
        self.open()
        states = [each["state"] for each in self.shares.list(self.hers)]
        self.assertEqual(sorted(states), ["open", "revoked"])

    async def test_store_away(self) -> None:
        """What could not be written is not granted, and what could not be revoked still is."""
        made = await self.grant("labs")
        real, self.shares.store = self.shares.store, Away()  # type: ignore[assignment]
        await self.refused(self.grant("notes"), StoreUnavailable)
        await self.refused(self.shares.revoke(self.hers, made["id"], self.by()), StoreUnavailable)
        self.assertEqual(self.seen(), {"labs"})
        self.shares.store = real
        await self.grant("notes")
        self.assertEqual(self.seen(), {"labs", "notes"})

    async def test_gone(self) -> None:
        """With a patient go the shares, also those being made; others' shares are not there."""
        made = await self.grant("labs")
        await self.refused(self.shares.revoke("other", made["id"], self.by()), NotFound)
        await self.patients.remove(self.identity("anna"), self.hers)
        self.assertEqual((self.shares.list(self.hers), self.seen()), ([], set()))
        await self.refused(self.grant("labs"), NotFound)
        self.open()
        self.assertEqual(self.seen(), set())

    async def test_doctor_gone(self) -> None:
        """With an account go the consents to it, now and after a restart."""
        made = await self.grant("labs")
        await self.accounts.people.remove(self.ids["lee"], "admin")
        self.assertEqual(self.shares.list(self.hers), [])
        await self.refused(self.shares.revoke(self.hers, made["id"], self.by()), NotFound)
        self.open()
        self.assertEqual(self.shares.list(self.hers), [])


class Away:
    """A store that takes nothing."""

    def run(self, *args: Any, **more: Any) -> Any:
        """Never."""
        raise StoreUnavailable("away")
