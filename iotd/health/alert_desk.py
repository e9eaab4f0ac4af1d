"""What people ask of alerts and do with them; each act is on disk, and audited, before it holds."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Callable, Mapping, Sequence

from twisted.internet.defer import DeferredLock

from iotd.accounts.records import write_audit
from iotd.accounts.shared import to_its_end
from iotd.errors import Conflict, Hidden, NotFound
from iotd.health import alert_model as model
from iotd.health import alert_records as records
from iotd.health.alert_book import check_subjects
from iotd.health.alert_model import Alert
from iotd.health.alerts import Alerts
from iotd.site.routes import Identity

#: What operators, who look after devices, are told of them. What runs low in a cabinet
#: that is nobody's is no more their concern than what is in a patient's.
OF_DEVICES = (
    "two_boards", "gate_silent", "silent", "flapping", "certificate", "rollout_stopped",
)
LIVE = "live"  # in a query: any state but ended
NO_ALERT = "There is no such alert."


def section_of(cause: str) -> str:
    """The section of the record that alerts of this cause tell of."""
    return "habits" if cause in records.OF_HABITS else "readings"


class AlertDesk:
    """Alerts and rules as one person may see them; NotFound for all others."""

    def __init__(self, alerts: Alerts) -> None:
        self._alerts, self._book = alerts, alerts.book
        self._patients = alerts.patients
        self._rules = DeferredLock()

    def may_see(self, who: Identity, patient: str | None, cause: str) -> bool:
        """Whether such alerts of this patient, None: of devices, are for this one."""
        if patient is None:
            return who.role == "admin" or (who.role == "operator" and cause in OF_DEVICES)
        return self._patients.access.may_see(who, patient, section_of(cause))

    async def all(
        self, who: Identity, state: str | None, limit: int, after: str | None
    ) -> list[dict[str, Any]]:
        """All that one may see, the newest first."""
        seen = None
        if who.role != "admin":
            patients = [patient.id for patient in self._patients.seen_by(who)]
            causes = OF_DEVICES if who.role == "operator" else ()
            seen = self._seen(who, patients, causes)
        return await self._listed(seen, state, limit, after)

    async def of_patient(
        self, who: Identity, patient: str, state: str | None, limit: int, after: str | None
    ) -> list[dict[str, Any]]:
        """Those of one patient, the newest first."""
        self._patients.access.check(who, patient, "readings")
        return await self._listed(self._seen(who, [patient]), state, limit, after)

    def _seen(
        self, who: Identity, patients: Sequence[str], causes: Sequence[str] = ()
    ) -> records.Seen:
        may_see = self._patients.access.may_see
        return records.Seen(
            [each for each in patients if may_see(who, each, "readings")],
            [each for each in patients if may_see(who, each, "habits")], causes,
        )

    async def _listed(
        self, seen: records.Seen | None, state: str | None, limit: int, after: str | None
    ) -> list[dict[str, Any]]:
        states = None if state is None else model.LIVE if state == LIVE else (state,)
        found = await self._alerts.store.read(records.list_alerts, seen, states, limit, after)
        return [alert.as_json() for alert in found]

    @to_its_end
    async def acknowledge(self, who: Identity, id: str, address: str = "") -> dict[str, Any]:
        """Say that one looks after it."""
        now = self._alerts.now()
        return await self._act(
            who, id, "acknowledge alert", "", address,
            lambda alert: model.acknowledged(alert, who.name, now),
        )

    @to_its_end
    async def snooze(
        self, who: Identity, id: str, minutes: int, address: str = ""
    ) -> dict[str, Any]:
        """Have it quiet for so long, whatever the values do."""
        until = self._alerts.now() + minutes * 60
        return await self._act(
            who, id, "snooze alert", f"{minutes} minutes", address,
            lambda alert: model.snoozed(alert, until),
        )

    @to_its_end
    async def cancel(self, who: Identity, id: str, address: str = "") -> dict[str, Any]:
        """End it; quiet until its reason was gone once, or it gets worse."""
        now = self._alerts.now()
        return await self._act(
            who, id, "cancel alert", "", address,
            lambda alert: model.cancelled(alert, who.name, now),
        )

    async def _act(
        self, who: Identity, id: str, action: str, detail: str, address: str,
        act: Callable[[Alert], Alert],
    ) -> dict[str, Any]:
        await self._find(who, id)
        before, after = self._book.act(id, act)
        subject = after.patient or after.device or "alerts"
        what = f"{after.cause} {after.vital or ''}".strip() + (detail and f", {detail}")

        def write(connection: Any, at: float) -> None:
            records.keep(connection, after)
            write_audit(connection, at, who.name, action, subject, what, address,
                        patient=after.patient)

        try:
            await self._alerts.store.run(write, self._alerts.now())
        except BaseException:
            # unless something happened to it meanwhile, it is as it was
            if self._book.alerts.get(after.key) in (after, None):
                self._book.put(before)
            raise
        self._alerts.publish(after)
        return after.as_json()

    async def _find(self, who: Identity, id: str) -> Alert:
        """A live alert that one may see; Conflict when it is over."""
        try:
            alert = self._book.live(id)
        except NotFound:
            stored = await self._alerts.store.read(records.find_alert, id)
            if stored is None:
                raise NotFound(NO_ALERT, "id") from None
            self._check(who, stored)
            raise Conflict("This alert is over.", "id") from None
        self._check(who, alert)
        return alert

    def _check(self, who: Identity, alert: Alert) -> None:
        if self.may_see(who, alert.patient, alert.cause):
            return
        if alert.patient is not None and self._patients.knows(alert.patient):
            raise Hidden(NO_ALERT, "id", alert.patient, section_of(alert.cause))
        raise NotFound(NO_ALERT, "id")

    def rules(self, who: Identity, patient: str) -> dict[str, dict[str, Any]]:
        """Every rule of a patient, by vital and "stale"."""
        self._patients.access.check(who, patient, "readings")
        return self._book.rules_json(patient)

    @to_its_end
    async def change_rules(
        self, who: Identity, patient: str, changes: Mapping[str, Mapping[str, Any]],
        address: str = "",
    ) -> dict[str, dict[str, Any]]:
        """Change fields of some rules; all that is not named stays."""
        self._patients.access.check(who, patient, "readings")
        check_subjects(changes)
        await self._rules.acquire()  # two changes at once must not undo each other
        try:
            rules = self._book.changed_rules(patient, changes)
            saved = {subject: asdict(rule) for subject, rule in rules.items()}

            def write(connection: Any, at: float) -> None:
                records.save_rules(connection, patient, saved)
                write_audit(connection, at, who.name, "change alert rules", patient,
                            ", ".join(changes), address, patient=patient)

            now = self._alerts.now()
            await self._alerts.store.run(write, now)
            self._alerts.carry_out(self._book.set_rules(patient, rules, now))
        finally:
            self._rules.release()
        return self._book.rules_json(patient)

    @to_its_end
    async def test(self, who: Identity, address: str = "") -> list[dict[str, Any]]:
        """Send a test everywhere; what became of each. Conflict when there is nowhere."""
        outbox = self._alerts.outbox
        if not outbox.targets:
            raise Conflict(
                "No one is told of alerts: set alerts.smtp with alerts.mail_to, or alerts.webhooks."
            )
        await self._alerts.store.run(
            write_audit, self._alerts.now(), who.name, "test alerts", "alerts",
            f"sent to {len(outbox.targets)}", address,
        )
        results: list[dict[str, Any]] = await outbox.test()
        return results
