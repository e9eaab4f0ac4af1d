"""Alerts on the reactor: one for each crossing, whatever happens in between."""

from __future__ import annotations

from typing import Any
from unittest import mock

from iotd.bus import ClockSet
from iotd.errors import Conflict, Invalid, NotFound, Unavailable
from iotd.health.alert_rules import DEFAULTS
from tests.health.alert_room import ADMIN, ANNA, BERT, OPERATOR, AlertTest, away


class CrossingTests(AlertTest):
    """From readings to alerts."""

    async def test_one_for_each_crossing(self) -> None:
        """A crossing raises one alert that ends by itself; the next crossing raises another."""
        self.hear(80, 140, 150, 160, 150)
        alert = await self.only()
        self.assertEqual((alert["state"], alert["severity"], alert["value"]),
                         ("open", "urgent", 150))
        self.assertEqual(alert["text"], "Heart rate 150 /min is above 130.")
        self.hear(80, 80)
        self.assertEqual(await self.states(), ["high ended"])
        self.hear(140, 140)
        self.assertEqual(await self.states(), ["high ended", "high open"])

    async def test_at_the_limit(self) -> None:
        """Values that waver about the limit are one crossing."""
        self.hear(*[125, 119, 124, 118, 125, 121] * 5)
        self.assertEqual(await self.states(), ["high open"])

    async def test_rejected_and_suspect_ones(self) -> None:
        """What is not good raises nothing by itself."""
        self.hear(200, 200, 200, quality="rejected")
        self.hear(200, 200, 200, quality="suspect")
        self.assertEqual(await self.states(), [])

    async def test_old_ones(self) -> None:
        """A reading of hours ago, told now, wakes nobody; nor does one out of order."""
        for minutes in (200, 190, 180):
            self.publish(self.reading(200, at=self.wall - minutes * 60))
        self.hear(80, 81)
        self.publish(self.reading(200, at=self.wall - 20))
        self.publish(self.reading(200, at=self.wall - 10))
        self.assertEqual(await self.states(), [])

    async def test_clock_set_back(self) -> None:
        """Readings after a clock was set back count at once, by a little or by hours."""
        self.hear(80, 80)
        for back in (20, 7200):
            self.wall -= back
            self.publish(self.reading(140, at=self.wall + 20))
            self.publish(self.reading(141, at=self.wall + 20))
            self.publish(self.reading(142, at=self.wall + 21))
            self.hear(80, 80)
        self.assertEqual(await self.states(), ["high ended"] * 2)

    async def test_told_again(self) -> None:
        """The same reading once more is no second one."""
        self.pass_time(30)
        for _ in range(3):
            self.publish(self.reading(140))
        self.assertEqual(await self.states(), [])

    async def test_both_sides_and_vitals(self) -> None:
        """Each side of each vital of each patient is a reason of its own."""
        self.hear(140, 140)
        self.hear(30, 30)
        self.hear(88, 88, kind="spo2")
        self.hear(140, 140, patient="bert")
        self.assertEqual(
            await self.states(), ["high ended", "low open", "low open", "high open"]
        )

    async def test_typed_in(self) -> None:
        """One value that a person typed in is enough, even between those of the watch."""
        self.hear(36.5, 36.6, kind="body_temperature")
        self.publish(self.reading(40.5, "body_temperature", at=self.wall - 5, source="hand"))
        self.assertEqual((await self.only())["severity"], "urgent")

    async def test_nobodys_readings(self) -> None:
        """Readings of no patient, and of one that is not known, raise nothing."""
        self.hear(200, 200, patient=None)
        self.hear(200, 200, patient="stranger")
        self.assertEqual(await self.states(), [])

    async def test_published_when_on_disk(self) -> None:
        """Pages hear of an alert after it is saved, each change once."""
        self.hear(140, 140)
        self.assertEqual(self.told, [])
        await self.settled()
        self.hear(140, 80, 80)
        await self.settled()
        self.assertEqual([(each.patient, each.data["state"]) for each in self.told],
                         [("anna", "open"), ("anna", "ended")])

    async def test_worse(self) -> None:
        """A warning that becomes urgent is the same alert, open again."""
        self.hear(124, 124)
        id = (await self.only())["id"]
        await self.desk.acknowledge(ANNA, id)
        self.hear(140, 140)
        alert = await self.only()
        self.assertEqual((alert["id"], alert["state"], alert["severity"]), (id, "open", "urgent"))


class ActTests(AlertTest):
    """What people do."""

    async def test_snooze_holds(self) -> None:
        """For its time a snooze outlasts values that go back and cross again; then it opens."""
        self.hear(140, 140)
        id = (await self.only())["id"]
        await self.desk.snooze(ANNA, id, 60)
        self.hear(*[80, 80, 80, 150, 150, 150] * 15)
        self.assertEqual(await self.states(), ["high snoozed"])
        self.assertEqual(len(self.post.mails), 1)
        self.pass_time(60 * 60)
        self.assertIn("high open", await self.states())

    async def test_snooze_ends_with_nothing_left(self) -> None:
        """When all is well at its end, the alert ends."""
        self.hear(140, 140)
        await self.desk.snooze(ANNA, (await self.only())["id"], 5)
        self.hear(80, 80)
        self.assertEqual(await self.states(), ["high snoozed"])
        self.hear(*[80] * 10)
        self.assertEqual(await self.states(), ["high ended"])

    async def test_snooze_and_a_clock_set_back(self) -> None:
        """It is quiet for the minutes that were meant, not for an hour more."""
        self.hear(140, 140)
        await self.desk.snooze(ANNA, (await self.only())["id"], 5)
        self.wall -= 3600
        self.bus.publish(ClockSet(-3600, self.wall))
        self.pass_time(295)
        self.assertEqual(await self.states(), ["high snoozed"])
        self.pass_time(10)
        self.assertEqual(await self.states(), ["high open"])

    async def test_snooze_and_a_clock_set_ahead(self) -> None:
        """It may end early, and no clock makes one longer."""
        self.hear(140, 140)
        await self.desk.snooze(ANNA, (await self.only())["id"], 5)
        self.wall += 3600
        self.bus.publish(ClockSet(3600, self.wall))
        self.pass_time(5)
        self.assertEqual(await self.states(), ["high open"])

    async def test_cancel(self) -> None:
        """What is cancelled stays quiet until it was gone once."""
        self.hear(140, 140)
        await self.desk.cancel(ANNA, (await self.only())["id"])
        self.hear(140, 140)
        self.assertEqual(await self.states(), ["high ended"])
        await self.restart()
        self.hear(140, 140)
        self.assertEqual(await self.states(), ["high ended"])
        self.hear(80, 80, 140, 140)
        self.assertEqual(await self.states(), ["high ended", "high open"])

    async def test_over(self) -> None:
        """An alert that is over can't be acted on; one that never was is not there."""
        self.hear(140, 140, 80, 80)
        id = (await self.only())["id"]
        await self.assertFailure(self.desk.acknowledge(ANNA, id), Conflict)
        await self.assertFailure(self.desk.snooze(ANNA, "nothing", 5), NotFound)

    async def test_whose(self) -> None:
        """One sees one's own patient's alerts, operators those of devices, an admin all; what
        runs low in a cabinet that is nobody's is for admins."""
        self.want(key="stock/2")
        self.hear(140, 140)
        self.want(cause="two_boards")
        self.assertEqual(await self.states(ADMIN),
                         ["low_stock open", "high open", "two_boards open"])
        self.assertEqual(await self.states(ANNA), ["high open"])
        self.assertEqual(await self.states(BERT), [])
        self.assertEqual(await self.states(OPERATOR), ["two_boards open"])
        [device, vital, stock] = await self.desk.all(ADMIN, None, 10, None)
        await self.desk.acknowledge(OPERATOR, device["id"])
        for who, id in ((BERT, vital["id"]), (OPERATOR, vital["id"]), (ANNA, device["id"]),
                        (OPERATOR, stock["id"])):
            await self.assertFailure(self.desk.acknowledge(who, id), NotFound)
        await self.assertFailure(
            self.defer(self.desk.of_patient(BERT, "anna", None, 10, None)), NotFound
        )
        self.assertRaises(NotFound, self.desk.rules, OPERATOR, "anna")

    def defer(self, coroutine: Any) -> Any:
        """A Deferred of it."""
        from twisted.internet.defer import Deferred

        return Deferred.fromCoroutine(coroutine)

    async def test_not_saved(self) -> None:
        """An act that the store did not take does not hold."""
        self.hear(140, 140)
        id = (await self.only())["id"]
        with mock.patch.object(self.store, "run", away):
            await self.assertFailure(self.desk.acknowledge(ANNA, id), Unavailable)
        self.assertEqual(await self.states(), ["high open"])
        self.assertEqual(self.alerts.book.live(id).state, "open")

    async def test_audited(self) -> None:
        """Acts are written down with who did them."""
        self.hear(140, 140)
        id = (await self.only())["id"]
        await self.desk.acknowledge(ADMIN, id, "10.0.0.1")
        await self.desk.snooze(ADMIN, id, 10)
        await self.desk.cancel(ADMIN, id)
        await self.desk.change_rules(ADMIN, "anna", {"spo2": {"low": 90, "urgent_low": 88}})
        from iotd.accounts.records import list_audit

        rows = await self.store.read(list_audit, 10)
        self.assertEqual(
            [(row["who"], row["action"], row["subject"]) for row in reversed(rows)],
            [("ada", what, "anna") for what in (
                "acknowledge alert", "snooze alert", "cancel alert", "change alert rules")],
        )


class RuleTests(AlertTest):
    """Limits of one's own."""

    async def test_merged_by_key(self) -> None:
        """What is not named stays, also over a restart."""
        await self.desk.change_rules(ANNA, "anna", {"heart_rate": {"high": 110}})
        rules = await self.desk.change_rules(
            ANNA, "anna", {"heart_rate": {"margin": 4}, "stale": {"warning_minutes": 20}}
        )
        self.assertEqual((rules["heart_rate"]["high"], rules["heart_rate"]["margin"]), (110, 4))
        await self.restart()
        self.assertEqual(self.desk.rules(ANNA, "anna"), rules)
        self.assertEqual(self.desk.rules(BERT, "bert")["heart_rate"]["high"],
                         DEFAULTS["heart_rate"].high)
        self.hear(115, 115)
        self.assertEqual((await self.only())["text"], "Heart rate 115 /min is above 110.")

    async def test_nonsense(self) -> None:
        """Rules without sense change nothing."""
        for changes in ({"heart_rate": {"high": 30}}, {"colour": {}}):
            await self.assertFailure(self.desk.change_rules(ANNA, "anna", changes), Invalid)
        await self.assertFailure(self.desk.change_rules(BERT, "anna", {}), NotFound)

    async def test_turned_off(self) -> None:
        """A vital that is turned off has its alerts ended, and raises no more."""
        self.hear(140, 140)
        await self.desk.change_rules(ANNA, "anna", {"heart_rate": {"enabled": False}})
        self.hear(150, 150)
        self.assertEqual(await self.states(), ["high ended"])

    async def test_wider_limits(self) -> None:
        """An alert inside the new limits ends; one beyond them stays."""
        self.hear(124, 124)
        await self.desk.change_rules(ANNA, "anna", {"heart_rate": {"high": 128}})
        self.assertEqual(await self.states(), ["high open"])
        await self.desk.change_rules(
            ANNA, "anna", {"heart_rate": {"high": 140, "urgent_high": 150}}
        )
        self.assertEqual(await self.states(), ["high ended"])


class WishTests(AlertTest):
    """What other rooms ask for."""

    async def test_once_per_crossing(self) -> None:
        """A reason that is told again raises nothing new; after it was gone it does."""
        self.want()
        self.want()
        self.assertEqual(await self.states(), ["low_stock open"])
        self.want(active=False)
        self.want(active=False)
        self.want()
        self.assertEqual(await self.states(), ["low_stock ended", "low_stock open"])

    async def test_over_a_restart(self) -> None:
        """The same reason after a restart is the same alert."""
        self.want()
        await self.restart()
        self.want()
        self.assertEqual(await self.states(), ["low_stock open"])

    async def test_odd_ones(self) -> None:
        """A long text is cut, an unheard-of severity is a warning, a stranger has no alert."""
        self.want(text="x" * 999, severity="terrible", key="k" * 999, cause="c" * 99)
        alert = await self.only()
        self.assertEqual((len(alert["text"]), alert["severity"]), (255, "warning"))
        self.want(patient="stranger", key="other")
        self.assertEqual(len(await self.states()), 1)


class ListTests(AlertTest):
    """Lists."""

    async def test_newest_first_in_pages(self) -> None:
        """``after`` goes on to older ones, ``state`` narrows it down."""
        for n in range(5):
            self.want(key=f"k{n}", text=f"{n}")
            self.pass_time(5)
        self.want(key="k2", active=False)
        await self.settled()
        first = await self.desk.all(ADMIN, None, 2, None)
        self.assertEqual([each["text"] for each in first], ["4", "3"])
        rest = await self.desk.all(ADMIN, None, 10, first[-1]["id"])
        self.assertEqual([each["text"] for each in rest], ["2", "1", "0"])
        live = await self.desk.all(ADMIN, "live", 10, None)
        self.assertEqual([each["text"] for each in live], ["4", "3", "1", "0"])
        self.assertEqual(len(await self.desk.all(ADMIN, "ended", 10, None)), 1)
