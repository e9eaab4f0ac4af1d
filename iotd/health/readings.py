"""Readings: heard on the wire or told by people, judged, stored in groups, then published."""

from __future__ import annotations

import math
from typing import Any, Callable

from prometheus_client import CollectorRegistry, Counter
from twisted.internet.defer import Deferred
from twisted.logger import Logger

from iotd.accounts.shared import By
from iotd.bus import Bus, DeviceChanged, ReadingHeard, ReadingStored
from iotd.devices.service import Registry
from iotd.errors import Conflict, NotFound
from iotd.health import bucket_records, model, records
from iotd.health.batches import Adoption, Amendment, Arrival
from iotd.health.bucket_records import Key
from iotd.calendar import Calendar
from iotd.health.commits import Commits
from iotd.health.model import BY_WIRE, Trail
from iotd.health.moments import AHEAD
from iotd.health.patients import Patients
from iotd.health.records import Reading
from iotd.store.engine import Store

HAND, API = "hand", "api"  # sources that are no device
REPLAYED = 100_000  # readings that are looked at to know how devices were when we ended
PER_DEVICE = 24  # of each: a dozen polls with both values


class _Line:
    """What one device says of one kind."""

    __slots__ = ("trail", "jump")

    def __init__(self, trail: Trail) -> None:
        self.trail = trail
        self.jump: Reading | None = None  # the one that waits to be confirmed


class Readings:
    """Takes readings in; each is published once it is on disk."""

    _log = Logger()

    def __init__(
        self, *, store: Store, bus: Bus, registry: Registry, patients: Patients, clock: Any,
        now: Callable[[], float], calendar: Calendar, metrics: CollectorRegistry,
    ) -> None:
        self._store, self._bus, self._registry = store, bus, registry
        self._patients, self._now, self._calendar = patients, now, calendar
        self._commits = Commits(
            store=store, clock=clock, calendar=calendar, knows=patients.knows,
            committed=self._publish, metrics=metrics,
        )
        self._lines: dict[tuple[str, str], _Line] = {}
        self._last_at: dict[str, float] = {}
        self._assigned: dict[str, str] = {}
        self._loose: list[tuple[str, str]] = []
        self._counted = Counter(
            "iotd_readings", "readings stored, by quality", ["quality"], registry=metrics
        )
        bus.subscribe(ReadingHeard, self._heard)
        bus.subscribe(DeviceChanged, self._device_changed)

    def load(self, connection: Any) -> None:
        """Read how devices were lately; after registry and patients were loaded."""
        known = self._registry.list()
        self._assigned = {each["id"]: each["patient"] for each in known if each["patient"]}
        most = min(REPLAYED, PER_DEVICE * len(known))
        for reading in records.newest_of_devices(connection, most) if most else ():
            self._judge(reading)
        # assigned, but an end of the daemon came before its readings were
        self._loose = [
            (device, patient) for device, patient in self._assigned.items()
            if records.is_loose(connection, device)
        ]

    def start_service(self) -> None:
        """Go on with what an end of the daemon interrupted."""
        loose, self._loose = self._loose, []
        for device, patient in loose:
            self._commits.put(Adoption(device, patient))

    def stop_service(self) -> Deferred[None]:
        """Fires when all that was heard is on disk."""
        return self._commits.finish()

    @property
    def waiting(self) -> int:
        """Readings that are not on disk yet."""
        return len(self._commits)

    def forget_stale(self, keys: set[Key]) -> None:
        """See :meth:`iotd.health.commits.Commits.forget_stale`."""
        self._commits.forget_stale(keys)

    def add(
        self, patient: str, kind: str, value: float, source: str, *,
        unit: str | None = None, measured_at: float | None = None, raw: str | None = None,
        by: By | None = None,
    ) -> Deferred[Reading]:
        """A value that a person or a script tells: fires with its id when it is on disk.

        Invalid when nobody can mean it; ``by`` is audited.
        """
        known, now = model.find_kind(kind), self._now()
        converted = model.check_sayable(known, model.convert(known, value, unit))
        verdict = model.judge_value(known, converted, sensed=False)
        raw = raw if raw is not None else f"{value:g}" + (f" {unit}" if unit else "")
        return self._commits.store(Reading(
            kind, converted, raw[:64], now if measured_at is None else measured_at, now,
            source[:64], patient, None, verdict.quality, verdict.reason,
        ), by)

    async def remove(self, patient: str, id: int, by: By) -> None:
        """Remove what a person or a script told; Conflict for what a device said."""
        def write(connection: Any) -> None:
            reading = records.find_reading(connection, patient, id)
            if reading is None:
                raise NotFound("There is no such reading.", "id")
            if reading.device is not None:
                raise Conflict("What a device said is kept.", "id")
            records.remove_reading(connection, id)
            day = self._calendar.day_of(reading.at)
            bucket_records.mark_stale(connection, [(patient, reading.kind, day)])
            by.audit(connection, "remove reading", patient, reading.kind, patient=patient)

        await self._store.run(write)

    def _heard(self, event: ReadingHeard) -> None:
        kind = BY_WIRE.get(event.unit)
        if kind is None or not math.isfinite(event.value):
            self._log.warn("{device} said {raw}, which is no reading", device=event.device,
                           raw=event.raw[:64])
            return
        reading = Reading(
            kind.name, event.value, event.raw[:64], self._in_order(event.device, event.at),
            self._now(), event.device, self._patient_of(event.device), event.device,
        )
        self._judge(reading)
        self._commits.put(Arrival(reading))

    def _in_order(self, device: str, at: float) -> float:
        """The time heard; never before the reading ahead of it when the clock is set a little."""
        last = self._last_at.get(device, at)
        at = last if at < last <= at + AHEAD else at
        self._last_at[device] = at
        return at

    def _patient_of(self, device: str) -> str | None:
        try:
            patient = self._registry.device(device).patient
        except NotFound:
            return None
        return patient if self._patients.knows(patient) else None

    def _judge(self, reading: Reading) -> None:
        key = (str(reading.device), reading.kind)
        line = self._lines.get(key)
        if line is None:
            line = self._lines[key] = _Line(Trail(model.KINDS[reading.kind]))
        verdict, confirms = line.trail.judge(reading.value, reading.at)
        if reading.id is None:  # else it is loaded, and was judged when it came
            reading.quality, reading.reason = verdict.quality, verdict.reason
            if confirms and line.jump is not None:
                line.jump.quality, line.jump.reason = model.GOOD, None
                line.jump.patient = line.jump.patient or reading.patient  # adopted meanwhile
                self._commits.put(Amendment(line.jump))
        if verdict.jump:
            line.jump = reading
        elif verdict.quality == model.GOOD:
            line.jump = None

    def _device_changed(self, event: DeviceChanged) -> None:
        patient = event.data.get("patient")
        if event.data["state"] == "deleted":
            for kind in model.KINDS:
                self._lines.pop((event.id, kind), None)
            self._last_at.pop(event.id, None)
        if patient == self._assigned.get(event.id):
            return
        if not patient:
            self._assigned.pop(event.id, None)
        elif self._patients.knows(patient):
            self._assigned[event.id] = patient
            self._commits.put(Adoption(event.id, patient))

    def _publish(self, reading: Reading) -> None:
        self._counted.labels(reading.quality).inc()
        whose = reading.patient or reading.device
        self._bus.publish(ReadingStored(
            f"{whose}:{reading.kind}", reading.patient,
            {**reading.as_json(), "patient": reading.patient},
        ))
