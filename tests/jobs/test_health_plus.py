"""Health Plus put together: what crosses between its rooms."""

from __future__ import annotations

from pathlib import Path

from twisted.internet import reactor
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.trial.unittest import TestCase

from iotd.config import load
from iotd.errors import Invalid
from iotd.jobs.health_plus import HealthPlus
from iotd.parts import Parts

TOML = """
[site]
name = "Home"
timezone = "Europe/Berlin"
[alerts]
smtp = "smtp://mail.example:25"
mail_from = "iotd@example.org"
mail_to = ["family@example.org"]
webhooks = ["https://hook.example/secret"]
"""


class JobsTests(TestCase):
    """All rooms on one store; nothing is started."""

    async def setUp(self) -> None:  # type: ignore[override]
        folder = Path(self.mktemp()).resolve()
        folder.mkdir()
        (folder / "iotd.toml").write_text(TOML)
        config = load(folder / "iotd.toml", {}, str(folder / "var"))
        (folder / "var").mkdir(mode=0o700)
        self.parts = parts = Parts(config, reactor)
        parts.open()
        self.health = HealthPlus(
            config=config, store=parts.store, bus=parts.bus, registry=parts.registry,
            accounts=parts.accounts, reactor=reactor, now=parts.now, metrics=parts.metrics,
            in_thread=maybeDeferred, fonts=folder,
        )
        parts.store.call(self.health.load)
        parts.accounts.startService()
        self.addCleanup(lambda: Deferred.fromCoroutine(parts.close()))

    async def test_unknown_patient(self) -> None:
        """A device can't be given to a patient that there is not: what is wrong is that field."""
        await self.parts.registry.make_key("wch", "watch")
        changing = Deferred.fromCoroutine(
            self.parts.registry.change("wch", {"patient": "nobody"})
        )
        fault = await self.assertFailure(changing, Invalid)  # type: ignore[arg-type]
        self.assertEqual(fault.field, "patient")
        self.assertIn("nobody", str(fault))

    async def test_outbox(self) -> None:
        """Alerts go where the configuration says, with links to the pages' address."""
        outbox = self.health.alerts.outbox
        self.assertEqual({each.channel for each in outbox.targets.values()}, {"mail", "webhook"})
        self.parts.accounts.public_url = "https://here.example"
        mail = outbox.wording.test_mail("1", "family@example.org")
        self.assertIn("Home", str(mail))
        self.assertIn("https://here.example", str(mail))
