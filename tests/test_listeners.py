"""Ports by name: what is bound, what can't be, and where a browser finds it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry
from twisted.internet import reactor
from twisted.internet.defer import succeed
from twisted.internet.protocol import Factory, Protocol
from twisted.trial.unittest import TestCase

from iotd.errors import Conflict
from iotd.listeners import Listeners
from iotd.tls.service import Certificates
from tests.tls.room import START, made

HERE = "interface=127.0.0.1"


class Listening(TestCase):
    """Real ports, with certificates or without."""

    def setUp(self) -> None:
        self.folder = Path(self.mktemp())
        certificates = Certificates(
            folder=self.folder, site="house", public=None, clock=reactor, now=lambda: START,
            in_thread=lambda function, *args: succeed(function(*args)),
            metrics=CollectorRegistry(), warn=lambda *_: None, audit=lambda *_: succeed(None),
        )
        self.listeners = Listeners(reactor, certificates)
        self.addCleanup(self.listeners.close)
        self.factory: Any = Factory.forProtocol(Protocol)
        self.factory.noisy = False

    async def test_https(self) -> None:
        """A browser's address over TLS is told apart from the first one."""
        made(self.folder)
        self.listeners.open("web", [f"tcp:0:{HERE}"], self.factory)
        self.assertIsNone(self.listeners.https_url())
        self.listeners.open("devices", [f"ssl:0:{HERE}"], self.factory)
        self.assertIsNone(self.listeners.https_url())
        self.listeners.open("web", ["ssl:0"], self.factory)
        self.assertRegex(self.listeners.https_url() or "", r"^https://localhost:\d+$")
        self.assertRegex(self.listeners.browser_address("web") or "", r"^http://localhost:\d+$")
        self.assertRegex(self.listeners.describe(), r"web \S+:\d+ \(TLS\)")
        await self.listeners.check()

    def test_no_certificate(self) -> None:
        """Without certificates the sentence names key, endpoint and command."""
        said = self.assertRaises(
            Conflict, self.listeners.open, "web", ["ssl:0"], self.factory
        )
        self.assertEqual(said.field, "web.listen")
        self.assertIn("web.listen = 'ssl:0': there is no certificate yet", str(said))
        self.assertIn("`iotd cert`", str(said))

    def test_taken(self) -> None:
        """A port that another program has is told of in the same words with TLS and without."""
        made(self.folder)
        self.listeners.open("web", [f"ssl:0:{HERE}"], self.factory)
        port = (self.listeners.https_url() or "").rpartition(":")[2]
        for kind in ("ssl", "tcp"):
            said = self.assertRaises(
                Conflict, self.listeners.open, "web", [f"{kind}:{port}:{HERE}"], self.factory
            )
            self.assertIn("Address already in use. Another program may have it", str(said))
