"""Links: what opens them, how often, and that nothing else does."""

from __future__ import annotations

import secrets
from typing import Any

from twisted.internet.defer import Deferred

from iotd.accounts.model import hash_secret
from iotd.errors import Invalid, NotFound, TooMany, Unauthenticated
from iotd.health.sharing import links, model, records
from iotd.health.sharing.links import NOTHING
from iotd.health.sharing.model import DAY
from iotd.store.errors import StoreUnavailable
from tests.databases import both
from tests.health.sharing.room import PASSCODE, SharingRoom, at_once

GUESSES = 100_000


@both
class OpenTests(SharingRoom):
    """What a link opens."""

    async def test_opens(self) -> None:
        """The token opens the sections that are in it and no others, who it is about, and
        until when; each time is counted, written down for the patient and told live."""
        made = await self.link("labs", "notes", openings=2, label="Dr Wang")
        self.assertEqual(made["url"], f"https://iotd.example/shared#{made['token']}")
        self.assertEqual(len(made["token"]), 43)
        self.assertTrue(made["qr_svg"].startswith("data:image/svg+xml"))
        opened = await self.links.open(made["token"], None, "192.0.2.9")
        self.assertEqual(opened, {
            "patient": {"name": "Anna Berg", "sex": "female", "birth_date": "1948-07-21"},
            "sections": ["labs", "notes"], "labs": {"of": "labs"}, "notes": {"of": "notes"},
            "expires_at": made["expires_at"], "openings_left": 1,
        })
        who = f"link {made['id']}"
        self.assertEqual((await self.audited())[0], (who, "open link", "labs, notes", "ok"))
        self.assertEqual(self.told[-1]["what"], "open link")
        shown = self.shares.list(self.hers)[0]
        self.assertEqual((shown["openings"], shown["token"], shown["url"]), (1, None, None))

    async def test_over(self) -> None:
        """Unknown, expired, revoked, used up, locked: the same words, nothing read, and the
        patient is told once of a try at one that is over."""
        made = {name: await self.link(**more) for name, more in (
            ("expired", {"days": 1}), ("revoked", {}), ("used up", {"openings": 1}),
            ("locked", {"passcode": PASSCODE}),
        )}
        await self.links.open(made["used up"]["token"])
        await self.shares.revoke(self.hers, made["revoked"]["id"], self.by())
        for _ in range(model.MOST_WRONG):
            await self.refused(self.links.open(made["locked"]["token"], "wrong one"))
        self.now += DAY
        self.read.clear()
        tokens = [each["token"] for each in made.values()]
        for token in (*tokens, *tokens, "", "x", "é" * 3000, "\ud800"):
            error = await self.refused(self.links.open(token, PASSCODE), NotFound)
            self.assertEqual((str(error), error.field, error.extra), (NOTHING, None, {}))
        self.assertEqual(self.read, [])
        for state, each in made.items():
            self.assertEqual(self.state(each["id"]), state)
        told = [(detail, result) for _, _, detail, result in await self.audited("open link")]
        self.assertEqual(sorted(each for each in told if each[0] in made),
                         sorted((state, "refused") for state in made))

    async def test_restart(self) -> None:
        """Openings and wrong passcodes are remembered; no token and no passcode is on disk."""
        made = await self.link(openings=2, passcode=PASSCODE)
        await self.links.open(made["token"], PASSCODE)
        await self.refused(self.links.open(made["token"], "wrong one"), Unauthenticated)
        share = (await self.store.read(records.all_shares))[0]
        self.assertEqual((share.openings, share.wrong_passcodes), (1, 1))
        self.assertEqual(share.token_hash, hash_secret(made["token"]))
        self.assertNotIn(PASSCODE, str(share.passcode_hash))
        self.open()
        await self.links.open(made["token"], PASSCODE)
        await self.refused(self.links.open(made["token"], PASSCODE), NotFound)

    async def test_one_opening_two_at_once(self) -> None:
        """Of many who come at once as many are let in as may be, and the count is exact."""
        for allowed in (1, 3):
            made = await self.link(openings=allowed)
            results = await at_once([self.links.open(made["token"]) for _ in range(10)])
            self.assertEqual(sum(isinstance(each, dict) for each in results), allowed)
            self.assertEqual(sum(isinstance(each, NotFound) for each in results), 10 - allowed)
            self.assertEqual(self.shares.book.find(self.hers, made["id"]).openings,  # type: ignore
                             allowed)
        self.assertEqual(len(await self.audited("open link")), 4)


class FailingTests(SharingRoom):
    """An opening that was not read, or not written down, is none."""

    async def test_audit_fails(self) -> None:
        """When the audit can't be written nothing is opened, and nothing is used up."""
        made = await self.link(openings=1)
        self.patch(links.By, "audit", broken)
        await self.refused(self.links.open(made["token"]), StoreUnavailable)
        self.assertEqual(self.state(made["id"]), "open")
        self.assertEqual((await self.store.read(records.all_shares))[0].openings, 0)

    async def test_reading_fails(self) -> None:
        """A section that can't be read costs no opening and leaves no trace of one."""
        made = await self.link("labs", "advice", openings=1)
        self.readers["advice"] = broken_reader
        self.open_with_readers()
        await self.refused(self.links.open(made["token"]), StoreUnavailable)
        self.assertEqual((self.state(made["id"]), await self.audited("open link")), ("open", []))

    async def test_revoked_meanwhile(self) -> None:
        """A link that is revoked while it is read opens nothing, nor one of a patient who goes."""
        made = [await self.link(), await self.link()]
        gate: Deferred[None] = Deferred()

        async def slow(patient: str, now: float) -> None:
            await gate

        self.readers["labs"] = slow
        self.open_with_readers()
        opening = [self.links.open(each["token"]) for each in made]
        await self.shares.revoke(self.hers, made[0]["id"], self.by())
        await self.patients.remove(self.identity("anna"), self.hers)
        gate.callback(None)
        for each in opening:
            await self.refused(each, NotFound)

    def open_with_readers(self) -> None:
        """Links that read with what is in ``self.readers`` now."""
        self.links = links.Links(self.shares, links.Sections(self.readers))


def broken(*args: Any, **more: Any) -> None:
    """What a full disk does."""
    raise StoreUnavailable("no space left")


async def broken_reader(patient: str, now: float) -> None:
    """The same of a section."""
    broken()


class PasscodeTests(SharingRoom):
    """A second thing to know, with five tries."""

    async def test_asked(self) -> None:
        """Without it, or with a wrong one, it is asked for; asking costs no try."""
        made = await self.link(passcode=PASSCODE)
        for _ in range(10):
            error = await self.refused(self.links.open(made["token"]), Unauthenticated)
            self.assertEqual((error.field, error.extra), ("passcode", {"passcode_required": True}))
        await self.refused(self.links.open(made["token"], "wrong one"), Unauthenticated)
        self.assertEqual((await self.links.open(made["token"], PASSCODE))["sections"], ["labs"])
        self.assertEqual((await self.audited("open link"))[1][2:],
                         ("wrong passcode, 1 of 5", "refused"))

    async def test_locks(self) -> None:
        """Five wrong ones in all lock the link for good, the right one included, and the
        patient sees why."""
        made = await self.link(passcode=PASSCODE)
        for wrong in range(model.MOST_WRONG):
            await self.refused(self.links.open(made["token"], f"wrong {wrong}"), Unauthenticated)
            if wrong == 2:
                await self.links.open(made["token"], PASSCODE)
        await self.refused(self.links.open(made["token"], PASSCODE), NotFound)
        shown = self.shares.list(self.hers)[0]
        self.assertEqual((shown["state"], shown["why"]),
                         ("locked", "Locked after 5 wrong passcodes."))

    async def test_many_at_once(self) -> None:
        """Of 30 wrong ones at once five are looked at."""
        made = await self.link(passcode=PASSCODE)
        tried = [self.links.open(made["token"], f"wrong {number}") for number in range(30)]
        kinds = [type(each) for each in await at_once(tried)]
        self.assertEqual((kinds.count(Unauthenticated), kinds.count(TooMany)), (5, 25))
        self.assertEqual(self.state(made["id"]), "locked")


class GuessTests(SharingRoom):
    """Tokens that nobody was given."""

    async def test_hundred_thousand(self) -> None:
        """100,000 guesses, of many kinds and from many addresses, open nothing; the right
        token opens at once between them."""
        made = await self.link()
        token = made["token"]
        near = [token[:-1], token[1:], token + "A", token.swapcase(), token[::-1],
                hash_secret(token), made["id"], token + "\0", " " + token]
        refused = 0
        for number in range(GUESSES):
            guess = near[number] if number < len(near) else secrets.token_urlsafe(32)
            address = f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"
            tried = self.links.open(guess, None, address)
            tried.addErrback(lambda failure: failure.trap(NotFound))
            refused += self.successResultOf(tried) is NotFound
        self.assertEqual(refused, GUESSES)
        self.assertEqual(self.read, [])
        await self.links.open(token)

    async def test_throttle(self) -> None:
        """An address that guesses must wait, and is told how long; a right token from the very
        same address opens, and another address is not made to wait."""
        made = await self.link()
        for _ in range(20):
            await self.refused(self.links.open("wrong", None, "192.0.2.1"), NotFound)
        error = await self.refused(self.links.open("wrong", None, "192.0.2.1"), TooMany)
        self.assertEqual(error.retry_after, 60.0)
        await self.links.open(made["token"], None, "192.0.2.1")
        await self.refused(self.links.open("wrong", None, "192.0.2.2"), NotFound)
        self.now += 60
        await self.refused(self.links.open("wrong", None, "192.0.2.1"), NotFound)

    async def test_flood(self) -> None:
        """A link in the wrong hands can't fill the audit: so many openings a minute."""
        made = await self.link()
        for _ in range(60):
            await self.links.open(made["token"])
        await self.refused(self.links.open(made["token"]), TooMany)
        self.now += 60
        await self.links.open(made["token"])


class PasscodeRuleTests(SharingRoom):
    """Only links have passcodes."""

    async def test_guessed(self) -> None:
        """What guessers try first is no passcode."""
        for passcode in ("123456", "aaaaaa", "password", "abcdef", "short", "x" * 129):
            await self.refused(self.link(passcode=passcode), Invalid)
