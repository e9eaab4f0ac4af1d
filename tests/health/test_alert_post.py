"""One mail, one call: to real servers on loopback, good and bad ones."""

from __future__ import annotations

import base64
import email
import email.policy
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock, deferLater
from twisted.trial.unittest import TestCase

from iotd.health.alert_hooks import SECONDS as HOOK_SECONDS
from iotd.health.alert_hooks import Hooks
from iotd.mail import SECONDS as MAIL_SECONDS
from iotd.mail import Mail, Mailer, NotDelivered
from tests.health.post_office import HOST, HookOffice, MailOffice, certificate

LETTER = Mail("0" * 32, "family@example.org", "Home: urgent\nBcc: x@y", "Grüße\n.\nend\n")


class OfficeTest(TestCase):
    """``self.open`` makes a server that is closed at the end."""

    def open(self, office: Any) -> Any:
        """A server, closed at the end."""
        self.addCleanup(office.close)
        return office

    def setUp(self) -> None:
        self.clock = Clock()

    async def failing(self, sending: Deferred[None]) -> str:
        """Why it was not delivered."""
        return str(await self.assertFailure(sending, NotDelivered))

    async def until(self, condition: Any) -> None:
        """The condition holds; the reactor runs meanwhile."""
        while not condition():
            await deferLater(reactor, 0.001)  # type: ignore[arg-type]


class MailTests(OfficeTest):
    """One mail to one server."""

    def mailer(self, office: Any, login: str = "", tls: Any = None, scheme: str = "smtp") -> Any:
        """What sends to that server."""
        url = f"{scheme}://{login}{HOST}:{office.port}"
        return Mailer(reactor, self.clock, url, "iotd@example.org", tls)

    async def test_plain(self) -> None:
        """A mail arrives whole: addresses, subject on one line, text, its own Message-ID."""
        office = self.open(MailOffice())
        await self.mailer(office).send(LETTER, 1_800_000_000)
        [(text, secure)] = office.mails
        got = email.message_from_string(text, policy=email.policy.default)
        self.assertFalse(secure)
        self.assertEqual(got["subject"], "Home: urgent Bcc: x@y")
        self.assertEqual(got["message-id"], f"<{'0' * 32}@example.org>")
        self.assertEqual((got["to"], got["bcc"]), ("family@example.org", None))
        self.assertEqual(got["date"], "Fri, 15 Jan 2027 08:00:00 -0000")
        self.assertEqual(got.get_content(), LETTER.text.rstrip())
        self.assertIn("RCPT TO:<family@example.org>", office.lines)

    async def test_no_esmtp(self) -> None:
        """A server of the old kind is spoken to in its way."""
        office = self.open(MailOffice("old"))
        await self.mailer(office).send(LETTER, 0)
        self.assertEqual(len(office.mails), 1)

    async def test_starttls_when_offered(self) -> None:
        """TLS is used when there is some, also without a password."""
        private, trust = certificate()
        office = self.open(MailOffice(tls=private))
        await self.mailer(office, tls=trust).send(LETTER, 0)
        self.assertEqual([secure for _, secure in office.mails], [True])

    async def test_smtps_and_password(self) -> None:
        """TLS from the first byte, and a password with characters of a URL."""
        private, trust = certificate()
        office = self.open(MailOffice("login", private, wrapped=True))
        await self.mailer(office, "me:p%40ss@", trust, "smtps").send(LETTER, 0)
        self.assertEqual(len(office.mails), 1)

    async def test_password_needs_tls(self) -> None:
        """Without TLS no password is said."""
        office = self.open(MailOffice("login"))
        why = await self.failing(self.mailer(office, "me:p%40ss@").send(LETTER, 0))
        self.assertIn("does not support secure", why)
        self.assertNotIn("AUTH", "".join(office.lines))

    async def test_wrong_password(self) -> None:
        """A refused password is told without the password."""
        private, trust = certificate()
        office = self.open(MailOffice("login", private))
        why = await self.failing(self.mailer(office, "me:geheim@", trust).send(LETTER, 0))
        self.assertIn("535", why)
        for secret in ("geheim", base64.b64encode(b"geheim").decode()):
            self.assertNotIn(secret, why)

    async def test_stranger_certificate(self) -> None:
        """A server with a certificate that nobody vouches for gets nothing."""
        private, _ = certificate()
        office = self.open(MailOffice("login", private))
        why = await self.failing(self.mailer(office, "me:p%40ss@").send(LETTER, 0))
        self.assertIn("can't be reached", why)
        self.assertEqual(office.mails, [])

    async def test_refusals(self) -> None:
        """What the server answers is the reason."""
        busy = self.open(MailOffice("busy"))
        self.assertIn("451: later", await self.failing(self.mailer(busy).send(LETTER, 0)))
        good = self.open(MailOffice())
        nobody = Mail("1", "nobody@example.org", "x", "y")
        self.assertIn("550", await self.failing(self.mailer(good).send(nobody, 0)))
        drops = self.open(MailOffice("drops"))
        self.assertIn("can't be reached", await self.failing(self.mailer(drops).send(LETTER, 0)))

    async def test_nobody_there(self) -> None:
        """A port where nobody listens is told at once."""
        office = MailOffice()
        await office.close()
        self.assertIn("can't be reached", await self.failing(self.mailer(office).send(LETTER, 0)))

    async def test_names_without_certificates(self) -> None:
        """A host that no certificate can name stops neither the start nor mails without TLS."""
        url = "smtps://me:p@my_mail"
        why = await self.failing(Mailer(reactor, self.clock, url, "a@b").send(LETTER, 0))
        self.assertIn("no certificate", why)
        Mailer(reactor, self.clock, "smtp://my_mail", "a@b")
        why = await self.failing(Hooks(reactor, self.clock).post("https://my_hook/", "m", {}))
        self.assertIn("can't be reached", why)

    async def test_silent_server(self) -> None:
        """A server that says nothing is left after 30 s."""
        office = self.open(MailOffice("silent"))
        sending = self.mailer(office).send(LETTER, 0)
        await self.until(lambda: office.connections)
        self.clock.advance(MAIL_SECONDS - 1)
        self.assertFalse(sending.called)
        self.clock.advance(1)
        self.assertIn("longer than 30 s", await self.failing(sending))


class HookTests(OfficeTest):
    """One call of one webhook."""

    def setUp(self) -> None:
        super().setUp()
        self.hooks = Hooks(reactor, self.clock)

    async def test_post(self) -> None:
        """JSON by POST, with its mark; a login of the address goes into a header."""
        office = self.open(HookOffice(202))
        await self.hooks.post(office.url(login="me:p%40ss@"), "mark", {"text": "Grüße"})
        [(uri, headers, body)] = office.calls
        self.assertEqual((uri, body), ("/hook?key=secret", {"text": "Grüße"}))
        self.assertEqual(headers["idempotency-key"], "mark")
        self.assertEqual(headers["content-type"], "application/json")
        self.assertEqual(headers["host"], f"{HOST}:{office.port}")
        self.assertEqual(
            headers["authorization"], "Basic " + base64.b64encode(b"me:p@ss").decode()
        )

    async def test_refusals(self) -> None:
        """All but 2xx is not delivered; a redirect is not followed."""
        for status in (301, 307, 400, 404, 500, 503):
            office = self.open(HookOffice(status))
            why = await self.failing(self.hooks.post(office.url(), "m", {}))
            self.assertIn(str(status), why)
            self.assertEqual(len(office.calls), 1)

    async def test_nobody_there(self) -> None:
        """A closed port, and one that hangs up, are told."""
        office = self.open(HookOffice(-1))
        self.assertIn("can't be reached", await self.failing(
            self.hooks.post(office.url(), "m", {})))
        closed = HookOffice()
        await closed.close()
        self.assertIn("can't be reached", await self.failing(
            self.hooks.post(closed.url(), "m", {})))

    async def test_slow(self) -> None:
        """Who does not answer is left after 15 s."""
        office = self.open(HookOffice(0))
        sending = self.hooks.post(office.url(), "m", {})
        await self.until(lambda: office.calls)
        self.clock.advance(HOOK_SECONDS)
        self.assertIn("longer than 15 s", await self.failing(sending))

    async def test_endless_answer(self) -> None:
        """The status decides; an answer without an end is not read."""
        office = self.open(HookOffice())
        office.endless = True
        await self.hooks.post(office.url(), "m", {})
        await self.until(lambda: office.connections[0]._channel.transport.disconnected)
