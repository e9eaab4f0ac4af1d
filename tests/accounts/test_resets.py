"""Forgotten passwords, with a real mail server."""

from __future__ import annotations

import re
from email import message_from_string
from email.policy import default
from typing import Any

from sqlalchemy import select
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater
from twisted.logger import formatEvent, globalLogPublisher

from iotd.accounts.model import hash_secret, new_secret
from iotd.accounts.profile_records import resets
from iotd.accounts.sign_ups import Wanted
from iotd.errors import Denied, Invalid, TooMany, Unauthenticated
from iotd.mail import Mailer
from tests.accounts.room import PASSWORD, AccountsTest
from tests.databases import both
from tests.health.post_office import MailOffice

NEW = "a dry umbrella on friday"


class ResetTest(AccountsTest):
    """"ann" has an e-mail; ``self.office`` is the mail server."""

    def begin(self) -> Any:
        if self.mailer is None:
            self.office = MailOffice()
            self.addCleanup(self.office.close)
            url = f"smtp://127.0.0.1:{self.office.port}"
            self.mailer = Mailer(reactor, reactor, url, "iotd@example.org")
        return super().begin()

    async def setUp(self) -> None:  # type: ignore[override]
        super().setUp()
        self.ann = int((await self.accounts.people.add(
            "ann", "viewer", PASSWORD, "t", email="ann@example.org"
        ))["id"])

    async def quiet(self) -> None:
        """Wait until nothing is under way behind the answers."""
        while self.accounts.post._at_work:
            await deferLater(reactor, 0.005)  # type: ignore[arg-type]

    async def token(self, name: str = "ann") -> str:
        """The token of the mail that asking brings."""
        self.accounts.resets.ask(name, "10.0.0.1")
        await self.quiet()
        mail = message_from_string(self.office.mails[-1][0], policy=default)
        found = re.search(r"/reset#([\w-]{43})$", mail.get_content(), re.M)
        assert found is not None
        return found[1]


@both
class ResetTests(ResetTest):
    async def test_new_password(self) -> None:
        """The mailed token sets a new password once; whoever was signed in is not any more."""
        signed_in = await self.sign_in()
        token = await self.token("ANN@example.org")
        self.assertNotIn(token, str(await self.store.read(_resets)))
        await self.accounts.resets.reset(token, NEW, "10.0.0.1")
        self.assertIsNone(self.who(signed_in))
        await self.refused(self.sign_in(), Unauthenticated)
        await self.accounts.log_in("ann", NEW, None, "10.0.0.1")
        await self.refused(self.accounts.resets.reset(token, PASSWORD), Denied)
        await self.restart()
        await self.accounts.log_in("ann", NEW, None, "10.0.0.1")
        self.assertIn(("ann", "reset password", "ann", "ok"), await self.audit())

    async def test_over(self) -> None:
        """A token is good for half an hour, and only the newest is."""
        first = await self.token()
        second = await self.token()
        await self.refused(self.accounts.resets.reset(first, NEW), Denied)
        self.now += 30 * 60 - 1
        await self.accounts.resets.reset(second, NEW)
        third = await self.token()
        self.now += 30 * 60
        await self.refused(self.accounts.resets.reset(third, NEW), Denied)

    async def test_weak(self) -> None:
        """A password that is not taken is told, and the token is good still."""
        token = await self.token()
        for weak in ("short", "password123", "ann ann ann"):
            error = await self.refused(self.accounts.resets.reset(token, weak), Invalid)
            self.assertEqual(error.field, "password")
        await self.accounts.resets.reset(token, NEW)

    async def test_three_an_hour(self) -> None:
        """An account gets three mails an hour, over a restart too, however often one asks."""
        for _ in range(5):
            self.accounts.resets.ask("ann", "10.0.0.1")
            await self.quiet()
        await self.restart()
        self.accounts.resets.ask("ann", "10.0.0.2")
        await self.quiet()
        self.assertEqual(len(self.office.mails), 3)
        self.now += 3600
        await self.token()
        self.assertEqual(len(self.office.mails), 4)


class MoreResetTests(ResetTest):
    async def test_telephone_stays(self) -> None:
        """Who has a telephone is asked for its code after the new password too."""
        await self.accounts.people.add("doc", "doctor", PASSWORD, "t", email="doc@example.org")
        seed = await self.enrol("doc")
        await self.accounts.resets.reset(await self.token("doc"), NEW)
        error = await self.refused(self.accounts.log_in("doc", NEW, None, "10.0.0.1"))
        self.assertEqual(error.extra, {"otp_required": True})
        await self.accounts.log_in("doc", NEW, self.code(seed, 1), "10.0.0.1")

    async def test_unlocks(self) -> None:
        """Who is made to wait after wrong passwords comes in with the new one."""
        for _ in range(6):
            await self.refused(self.accounts.log_in("ann", "wrong", None, "10.0.0.1"))
        await self.accounts.resets.reset(await self.token(), NEW)
        await self.accounts.log_in("ann", NEW, None, "10.0.0.1")

    async def test_the_mail(self) -> None:
        """The mail names site and account, links to the public address, holds no more."""
        await self.token()
        mail = message_from_string(self.office.mails[0][0], policy=default)
        self.assertEqual((mail["To"], mail["Subject"]),
                         ("ann@example.org", "Ward 3: a new password"))
        self.assertIn("http://localhost:8080/reset#", mail.get_content())
        self.assertNotIn(mail["Message-ID"].strip("<>").split("@")[0], mail.get_content())

    async def test_no_mail(self) -> None:
        """Names nobody has, those without an e-mail, shut out or not let in get none."""
        people = self.accounts.people
        await people.add("bob", "viewer", PASSWORD, "t")
        eve = await people.add("eve", "viewer", PASSWORD, "t", email="eve@example.org")
        await people.change(int(eve["id"]), None, True, "t")
        await self.accounts.sign_ups.ask(Wanted("patient", "pat", PASSWORD, "pat@example.org"))
        for name in ("nobody", "bob", "eve", "eve@example.org", "pat", "pat@example.org",
                     "x\r\nRCPT TO:<a@b.c>", "x" * 512):
            self.assertIsNone(self.accounts.resets.ask(name, "10.0.0.1"))
        await self.quiet()
        self.assertEqual(self.office.mails, [])

    async def test_never_waits(self) -> None:
        """Asking is over before anything is looked up, also while the mail server is silent."""
        self.office.mode = "silent"
        self.accounts.resets.ask("ann", "10.0.0.1")
        while not self.office.connections:
            await deferLater(reactor, 0.005)  # type: ignore[arg-type]
        self.assertEqual(self.office.mails, [])  # and stopping ends what is under way

    async def test_failure(self) -> None:
        """A mail that was not taken is one line of the log, without the token."""
        told: list[str] = []

        def observe(event: Any) -> None:
            told.append(str(event) + formatEvent(event))

        globalLogPublisher.addObserver(observe)
        self.addCleanup(globalLogPublisher.removeObserver, observe)
        self.office.mode = "drops"
        self.accounts.resets.ask("ann", "10.0.0.1")
        await self.quiet()
        said = [line for line in told if "mailing a new password" in line]
        self.assertEqual(len(said), 1)
        self.assertNotIn("reset#", " ".join(told))
        self.assertIsNone(re.search(r"[\w-]{43}", said[0]))

    async def test_address_waits(self) -> None:
        """One address asks twenty times an hour at most, whatever the names."""
        for number in range(20):
            self.accounts.resets.ask(f"nobody{number}", "10.0.0.1")
        self.assertRaises(TooMany, self.accounts.resets.ask, "ann", "10.0.0.1")
        self.accounts.resets.ask("ann", "10.0.0.2")
        await self.quiet()

    async def test_other_ways_end_tokens(self) -> None:
        """A password that is set otherwise, or a shut-out account, leaves no token good."""
        token = await self.token()
        await self.accounts.people.reset(self.ann, "root")
        await self.refused(self.accounts.resets.reset(token, NEW), Denied)
        token = await self.token()
        await self.accounts.people.change(self.ann, None, None, "root", email="b@example.org")
        await self.refused(self.accounts.resets.reset(token, NEW), Denied)
        token = await self.token()
        await self.accounts.people.change(self.ann, None, True, "root")
        await self.refused(self.accounts.resets.reset(token, NEW), Denied)

    async def test_guesses(self) -> None:
        """A hundred thousand guessed tokens open nothing."""
        await self.token()
        guesses = [hash_secret(new_secret()) for _ in range(100_000)]
        known = {row.token_hash for row in await self.store.read(_resets)}
        self.assertEqual(len(known & set(guesses)), 0)
        for wrong in ("", "x", "' OR 1=1 --", "ü" * 256):
            await self.refused(self.accounts.resets.reset(wrong, NEW), Denied)

    async def test_guesses_wait(self) -> None:
        """An address that guesses waits after twenty."""
        told = [type(await self.refused(self.accounts.resets.reset("x", NEW, "10.0.0.1")))
                for _ in range(22)]
        self.assertEqual(told, [Denied] * 20 + [TooMany] * 2)


class NoMailerTests(AccountsTest):
    async def test_nothing(self) -> None:
        """Without a mail server asking does nothing, and says nothing else."""
        await self.accounts.people.add("ann", "viewer", PASSWORD, "t", email="a@example.org")
        self.assertIsNone(self.accounts.resets.ask("ann", "10.0.0.1"))
        await Deferred.fromCoroutine(self.accounts._flush())
        self.assertEqual(await self.store.read(_resets), [])


def _resets(connection: Any) -> Any:
    return connection.execute(select(resets)).all()
