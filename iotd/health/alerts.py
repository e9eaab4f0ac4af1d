"""Alerts on the reactor: what is heard becomes alerts, saved first and told then.

An alert is in memory at once, so that a reading that follows raises no second
one; it is published, and its messages are sent, when it is on disk.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any, Callable, Iterable

from prometheus_client import CollectorRegistry, Gauge
from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from iotd.bus import (
    AlertChanged, AlertWanted, Bus, ClockSet, PatientRemoved, ReadingStored,
)
from iotd.health import alert_records as records
from iotd.health.alert_book import NEWS_SECONDS, Book, stale_key
from iotd.health.alert_model import LIVE, Alert, Step, Wish
from iotd.health.alert_records import Heard, Message
from iotd.health.alert_rules import RUN_SECONDS, SEVERITIES, STALE, VITALS, Seen
from iotd.health.alert_stale import Presence, Streams, is_expected, stale_wish
from iotd.health.deliver import Outbox
from iotd.health.model import GOOD, REJECTED
from iotd.health.patients import Patients
from iotd.health.readings import HAND
from iotd.health.records import all_patients
from iotd.store.engine import Store

TICK = 5.0  # seconds; bounds how late a snooze ends and a silence is noticed
PROMPT = 900.0  # a reading this old when it is stored says nothing of the present


class Alerts:
    """Hears readings, wishes of other rooms and the clock."""

    _log = Logger()

    def __init__(
        self, *, store: Store, bus: Bus, patients: Patients, outbox: Outbox, clock: Any,
        now: Callable[[], float], poll_seconds: float, metrics: CollectorRegistry,
    ) -> None:
        self.store, self.now, self.patients, self.outbox = store, now, patients, outbox
        self.book = Book()
        self._bus, self._seconds, self._poll = bus, clock.seconds, poll_seconds
        self._presence: dict[str, Presence] = {}
        self._streams, self._started = Streams(), clock.seconds()
        self._unsaved: dict[str, tuple[Alert, list[Message]]] = {}
        self._ticks = LoopingCall(self._guarded_tick)
        self._ticks.clock = clock
        outbox.gave_up = self._gave_up
        bus.subscribe(ReadingStored, self._reading_stored)
        bus.subscribe(AlertWanted, self._wanted)
        bus.subscribe(ClockSet, self._clock_set)
        bus.subscribe(PatientRemoved, lambda event: self._forget(event.id))
        live = Gauge("iotd_alerts", "alerts that are not over, by state", ["state"],
                     registry=metrics)
        for state in LIVE:
            live.labels(state).set_function(partial(self._count, state))

    # life

    def load(self, connection: Any) -> None:
        """Read alerts, rules and the newest readings, and raise what an end of the daemon
        kept from being raised; after the patients were loaded."""
        now = self.now()
        known = {patient.id for patient in all_patients(connection)}
        for patient in records.strangers(connection, known):
            records.forget_patient(connection, patient)
        self.book.load(records.live_alerts(connection), records.all_rules(connection))
        decided = records.decided(connection, now - RUN_SECONDS - NEWS_SECONDS)
        for patient in sorted(known):
            newest = records.newest_readings(connection, patient, self.book.longest(patient))
            for alert, event in self._catch_up(newest, now, decided):
                messages = self.outbox.written(alert, event) if event else []
                records.keep(connection, alert, messages)
            if patient not in self._presence:
                # the newest are typed in or doubtful: what is further back?
                last_at = records.last_measured(connection, patient)
                if last_at is not None:
                    self._presence[patient] = Presence(last_at)
        self.outbox.load(connection)

    def _catch_up(
        self, newest: Iterable[Heard], now: float, decided: dict[str, float]
    ) -> list[Step]:
        steps: list[Step] = []
        for heard in newest:
            self._note_presence(heard, None)
            steps += self.book.heard(heard.patient, heard.kind, _seen(heard), now, decided)
        return steps

    def start_service(self) -> None:
        """Look at the clock from now on."""
        self._started = self._seconds()
        self.outbox.start_service()
        self._ticks.start(TICK, now=False)

    def stop_service(self) -> Deferred[Any]:
        """No more timers; before the store is closed."""
        if self._ticks.running:
            self._ticks.stop()
        return self.outbox.stop_service()

    # what is heard

    def _reading_stored(self, event: ReadingStored) -> None:
        data = event.data
        if event.patient is None or not self.patients.knows(event.patient):
            return
        if data["quality"] == REJECTED or data["kind"] not in VITALS:
            return
        now, at = self.now(), datetime.fromisoformat(data["measured_at"]).timestamp()
        heard = Heard(event.patient, data["kind"], data["value"], at, data["quality"] == GOOD,
                      data["source"])
        if abs(now - at) < PROMPT and self._note_presence(heard, self._seconds()):
            self.carry_out(self.book.release(stale_key(heard.patient), now))
        self.carry_out(self.book.heard(heard.patient, heard.kind, _seen(heard), now))

    def _note_presence(self, heard: Heard, seconds: float | None) -> bool:
        """Somebody is measured; whether this reading says so."""
        known = self._presence.get(heard.patient)
        goes_on = self._streams.goes_on(heard.patient, heard.source, heard.at)
        if not heard.good or heard.source == HAND or not (goes_on or known):
            return False
        last_at = heard.at if known is None else max(known.last_at, heard.at)
        self._presence[heard.patient] = Presence(last_at, seconds)
        return True

    def _wanted(self, event: AlertWanted) -> None:
        key = event.key[:128]
        if not event.active:
            self.carry_out(self.book.release(key, self.now()))
            return
        if event.patient is not None and not self.patients.knows(event.patient):
            return
        severity = event.severity if event.severity in SEVERITIES else SEVERITIES[0]
        wish = Wish(key, event.patient, event.device, event.cause[:24], severity,
                    event.text[:255])
        self.carry_out(self.book.want(wish, self.now()))

    # the clock

    def _clock_set(self, event: ClockSet) -> None:
        # one that is set ahead ends snoozes early, which harms nobody: none gets longer by it
        if event.by < 0:
            self.carry_out(self.book.hasten(-event.by))

    def _guarded_tick(self) -> None:
        try:
            self.tick()
        except Exception:
            self._log.failure("looking after alerts failed")

    def tick(self) -> None:
        """Ends of snoozes, silence, and what the store did not take before."""
        now = self.now()
        self.carry_out(self.book.wake(now))
        for patient, presence in tuple(self._presence.items()):
            self._look_for(patient, presence, now)
        unsaved, self._unsaved = self._unsaved, {}
        for alert, messages in unsaved.values():
            self._save(alert, messages)

    def _look_for(self, patient: str, presence: Presence, now: float) -> None:
        rule, key = self.book.rule(patient, STALE), stale_key(patient)
        wish = stale_wish(
            patient, presence, rule, self._seconds(), self._started, now, self._poll
        )
        held = self.book.alerts.get(key)
        if wish is not None and is_expected(presence, self._has_watch(patient), now):
            self.carry_out(self.book.want(wish, now))
        elif held is not None and held.holds and not self._still_silent(patient, presence, now):
            self.carry_out(self.book.release(key, now))

    def _still_silent(self, patient: str, presence: Presence, now: float) -> bool:
        # after a restart an alert from before it stays until something is heard
        enabled = self.book.rule(patient, STALE).enabled
        return enabled and is_expected(presence, self._has_watch(patient), now)

    def _has_watch(self, patient: str) -> bool:
        return any(
            device["kind"] == "watch" and device["state"] in ("online", "offline")
            for device in self.patients.devices(patient)
        )

    # saving and telling

    def carry_out(self, steps: Iterable[Step]) -> None:
        """Save alerts with their messages, and tell of them then."""
        for alert, event in steps:
            self._save(alert, self.outbox.written(alert, event) if event else [])

    def _save(self, alert: Alert, messages: list[Message]) -> None:
        saved = self.store.run(records.keep, alert, messages)
        saved.addCallbacks(
            self._saved, self._not_saved, callbackArgs=(alert, messages),
            errbackArgs=(alert, messages),
        )
        saved.addErrback(lambda failure: self._log.failure("telling of an alert failed", failure))

    def _saved(self, _: Any, alert: Alert, messages: list[Message]) -> None:
        self.publish(alert)
        self.outbox.post(messages)
        older = self._unsaved.pop(alert.id, None)
        if older is not None:  # its messages are still to be saved; of the two this one is newer
            self._save(alert, older[1])

    def _not_saved(self, failure: Any, alert: Alert, messages: list[Message]) -> None:
        if alert.id not in self._unsaved:
            self._log.error("alert {alert} is not saved yet: {why}", alert=alert.id,
                            why=str(failure.value))
        older = self._unsaved.get(alert.id)
        self._unsaved[alert.id] = (alert, [*(older[1] if older else ()), *messages])

    def publish(self, alert: Alert) -> None:
        """Tell the pages."""
        self._bus.publish(AlertChanged(alert.id, alert.patient, alert.as_json()))

    def _gave_up(self, id: str) -> None:
        found = self.store.read(records.find_alert, id)
        found.addCallback(self._show_undelivered)
        found.addErrback(lambda failure: self._log.failure("an alert was not found", failure))

    def _show_undelivered(self, stored: Alert | None) -> None:
        if stored is None:
            return
        live = self.book.alerts.get(stored.key)
        if live is not None and live.id == stored.id:
            stored = replace(live, undelivered=stored.undelivered)
            self.book.put(stored)
        self.publish(stored)

    def _forget(self, patient: str) -> None:
        self._presence.pop(patient, None)
        self._streams.forget(patient)
        gone = self.book.forget(patient)
        self._unsaved = {id: each for id, each in self._unsaved.items()
                         if each[0].patient != patient}
        self.outbox.forget(alert.id for alert in gone)
        forgotten = self.store.run(records.forget_patient, patient)
        forgotten.addErrback(lambda failure: self._log.failure(
            "alerts of a removed patient stay until the next start", failure))

    def _count(self, state: str) -> int:
        return sum(alert.state == state for alert in self.book.alerts.values())


def _seen(heard: Heard) -> Seen:
    return Seen(heard.value, heard.at, heard.good, heard.good and heard.source == HAND)
