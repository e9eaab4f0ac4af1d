"""The outbox: what is told to whom, tried again, given up; on a fake clock."""

from __future__ import annotations

from typing import Any

from prometheus_client import CollectorRegistry
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from iotd.config import load
from iotd.errors import Conflict
from iotd.health.alert_hooks import mark_of
from iotd.health.deliver import GIVE_UP, outbox_of, wait_after
from tests.databases import both
from tests.health.alert_room import ADMIN, HOOK, AlertTest


class WaitTests(SynchronousTestCase):
    def test_growing(self) -> None:
        """Waits double from 15 s to half an hour, and a day of them is some sixty tries."""
        waits = [wait_after(tries) for tries in range(1, 12)]
        self.assertEqual(waits[:4], [15, 30, 60, 120])
        self.assertEqual(waits, sorted(waits))
        self.assertEqual(wait_after(1000), 1800)


class OutboxTests(AlertTest):
    """What is told, and to whom."""

    async def test_what_is_told(self) -> None:
        """Mail and webhook name the person, the vital and a page, and no value."""
        self.hear(152, 152)
        await self.settled()
        [mail], [(url, key, call)] = self.post.mails, self.post.calls
        self.assertEqual((mail.to, mail.subject),
                         ("family@example.org", "Home: urgent alert, Anna Berg"))
        self.assertIn("Anna Berg: Heart rate is above its limit.", mail.text)
        self.assertIn("http://here/health/anna", mail.text)
        self.assertIn("Since 15 January 2027, 09:01 (Europe/Berlin).", mail.text)
        self.assertEqual((url, call["event"], call["id"]), (HOOK, "raised", key))
        self.assertEqual(call["patient"], {"id": "anna", "name": "Anna Berg"})
        self.assertEqual(call["alert"]["severity"], "urgent")
        self.assertNotIn("value", call["alert"])
        self.assertNotIn("152 /min", mail.text + str(call))

    async def test_events(self) -> None:
        """Mails tell of what begins or gets worse; webhooks of the end, too."""
        self.hear(124, 124)
        await self.settled()
        self.hear(140, 140, 80, 80)
        await self.settled()
        self.pass_time(5)
        self.assertEqual([call["event"] for _, _, call in self.post.calls],
                         ["raised", "worse", "ended"])
        self.assertEqual(["got worse" in mail.text for mail in self.post.mails], [False, True])

    async def test_devices(self) -> None:
        """An alert of a device leads to the page of devices."""
        self.want()
        await self.settled()
        self.assertIn("device cab: Pepsi is low.", self.post.mails[0].text)
        self.assertEqual(self.post.calls[0][2]["link"], "http://here/devices")
        self.assertIsNone(self.post.calls[0][2]["patient"])

    async def test_killed_while_sending(self) -> None:
        """A message under way when the daemon is killed is sent again, with the same mark."""
        sent: list[Any] = []
        self.post.send = lambda mail, now: sent.append(mail) or Deferred()  # type: ignore
        self.want()
        await self.settled()
        self.outbox._busy.clear()  # the answer never comes
        del self.post.send
        await self.restart()
        self.pass_time(5)
        self.assertEqual([mail.id for mail in self.post.mails], [sent[0].id])

    async def test_no_such_target_any_more(self) -> None:
        """What waits for a webhook that was taken out of the configuration is dropped."""
        self.post.broken = True
        self.want()
        await self.settled()
        self.webhooks = ()
        await self.restart()
        self.post.broken = False
        self.pass_time(20)
        await self.settled()
        self.assertEqual((len(self.post.mails), self.post.calls), (1, []))
        self.assertEqual(self.outbox._waiting, {})

    async def test_one_slow_target(self) -> None:
        """A target that hangs keeps its own messages waiting, not those of others."""
        self.post.send = lambda mail, now: Deferred()  # type: ignore[method-assign]
        self.want()
        self.want(key="other")
        await self.settled()
        self.pass_time(5)
        self.assertEqual(len(self.post.calls), 2)
        self.assertEqual(len(self.outbox._busy), 1)

    async def test_secrets_stay_out_of_the_store(self) -> None:
        """Of a webhook's address only a mark is kept."""
        self.post.broken = True
        self.want()
        await self.settled()
        targets = {each.target for _, each in self.outbox._waiting.values()}
        self.assertEqual(targets, {"family@example.org", mark_of(HOOK)})


@both
class StoredTests(AlertTest):
    """What waits in the store."""

    async def test_tried_again(self) -> None:
        """A target that fails is tried again with growing waits, with the same mark."""
        self.post.broken = True
        self.want()
        await self.settled()
        self.pass_time(15 + 30)
        self.assertEqual({each.tries for _, each in self.outbox._waiting.values()}, {3})
        ids = set(self.outbox._waiting)
        self.post.broken = False
        self.pass_time(60)
        await self.settled()
        self.assertEqual({self.post.mails[0].id, self.post.calls[0][1]}, ids)
        self.assertEqual((len(self.post.mails), len(self.post.calls)), (1, 1))
        self.assertEqual(self.outbox._waiting, {})

    async def test_given_up(self) -> None:
        """After a day a message is given up: the alert says so, the log once."""
        self.post.broken = True
        self.want()
        await self.settled()
        for _ in range(52):
            self.wall += 1790
            self.clock.advance(1790)
            self.pass_time(10)
        await self.settled()
        self.assertEqual((await self.only())["undelivered"], 2)
        while self.told[-1].data["undelivered"] < 2:  # read anew before it is told
            await self.settled()
        self.assertEqual(self.outbox._waiting, {})
        self.assertGreater(52 * 1800, GIVE_UP)
        await self.restart()
        self.post.broken = False
        self.pass_time(5)
        self.assertEqual(self.post.mails, [])
        self.want(active=False)
        self.assertEqual((await self.only())["undelivered"], 2)

    async def test_over_a_restart(self) -> None:
        """What was not delivered before an end of the daemon is delivered after it, once."""
        self.post.broken = True
        self.want()
        await self.settled()
        ids = set(self.outbox._waiting)
        await self.restart(away=3600)
        self.post.broken = False
        self.pass_time(5)
        await self.settled()
        self.assertEqual({self.post.mails[0].id, self.post.calls[0][1]}, ids)
        await self.restart()
        self.pass_time(60)
        self.assertEqual((len(self.post.mails), len(self.post.calls)), (1, 1))


class ValuesTests(AlertTest):
    """With ``alerts.values``."""

    values = True

    async def test_values(self) -> None:
        """Mails and webhooks hold what was measured."""
        self.hear(152, 152)
        await self.settled()
        self.assertIn("Heart rate 152 /min is above 130.", self.post.mails[0].text)
        self.assertEqual(self.post.calls[0][2]["alert"]["value"], 152)


class ConfiguredTests(AlertTest):
    """An outbox as the configuration has it."""

    def made(self, **environ: str) -> Any:
        """The outbox of these variables."""
        config = load(None, {f"IOTD_ALERTS__{name}": text for name, text in environ.items()})
        return outbox_of(
            config.alerts, reactor=reactor, store=self.store, now=self.now,
            patients=self.patients, address=lambda: "http://here", site_name="Home",
            timezone="UTC", metrics=CollectorRegistry(),
        )

    def test_nothing(self) -> None:
        """Nobody is told when nobody is named."""
        self.assertEqual(self.made().targets, {})

    def test_everything(self) -> None:
        """Each address and webhook once, by names without secrets."""
        outbox = self.made(
            SMTP="smtps://me:geheim@mail.example.org", MAIL_FROM="iotd@example.org",
            MAIL_TO="a@example.org,b@example.org,a@example.org",
            WEBHOOKS="https://me:geheim@hook.example.org/geheim?token=geheim", VALUES="true",
        )
        self.assertTrue(outbox.wording.values)
        shown = [target.shown for target in outbox.targets.values()]
        self.assertEqual(shown, ["a@example.org", "b@example.org", "https://hook.example.org/…"])
        self.assertNotIn("geheim", str(list(outbox.targets)))


class TrialTests(AlertTest):
    """The test that an admin asks for."""

    async def test_each_target(self) -> None:
        """What became of each is told, without secrets."""
        done = await self.desk.test(ADMIN)
        self.assertEqual(done, [
            {"channel": "mail", "target": "family@example.org", "delivered": True, "error": None},
            {"channel": "webhook", "target": "https://hook.example/…", "delivered": True,
             "error": None},
        ])
        self.assertEqual(self.post.calls[0][2]["event"], "test")
        self.post.broken = True
        done = await self.desk.test(ADMIN)
        self.assertEqual({each["error"] for each in done}, {"it is broken"})

    async def test_nobody_to_tell(self) -> None:
        """Without any target that is what is answered."""
        self.outbox.targets.clear()
        await self.assertFailure(self.desk.test(ADMIN), Conflict)
