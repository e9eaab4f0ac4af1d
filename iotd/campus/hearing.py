"""Messages of gates become batches: read, judged, and told whose of the register they are.

Runs on the intake's thread and knows neither clock nor disk. Addresses go no further.
"""

from __future__ import annotations

from typing import Iterable

from twisted.logger import Logger

from iotd.calendar import Calendar
from iotd.campus.batches import Batch
from iotd.campus.known import Owners
from iotd.campus.macs import Hasher
from iotd.campus.model import NO_CLOCK, SECOND, SKEWED, Heard, Method
from iotd.campus.notes import FAULTS, GateNotes, Notes
from iotd.campus.routes import Route
from iotd.campus.strangers import DayKey, count
from iotd.wire.macs import masked_sample
from iotd.wire.sightings import (
    GateBadge, MalformedMessage, Sight, parse_badge, parse_seen, parse_text,
)

EARLIEST = 1_577_836_800  # 2020-01-01 in Unix seconds: clocks that say less are not set
AHEAD = 300  # seconds that a clock may be fast

_METHODS = {"rfid": Method.RFID, "fingerprint": Method.FINGERPRINT, "face": Method.FACE}

#: From whom, what, and when it came in microseconds.
Letter = tuple[Route, bytes, int]


class Hearing:
    """``min_rssi`` in dBm for gates without their own; ``anonymous``: count strangers."""

    _log = Logger()

    def __init__(
        self, hasher: Hasher, calendar: Calendar, min_rssi: int, anonymous: bool
    ) -> None:
        self._min_rssi, self._anonymous = min_rssi, anonymous
        self._day_key = DayKey(calendar)
        self.owners = Owners(hasher, self._day_key.digest)
        self._cache = self.owners.cache
        self._turned = 0
        self._batch, self._notes = Batch(), Notes()

    def hear(self, letters: Iterable[Letter]) -> tuple[Batch, Notes]:
        """What goes into the spool of these messages, and what is to be told of them."""
        self._batch, self._notes = Batch(), Notes()
        self._cache = self.owners.cache
        for route, payload, received in letters:
            notes = self._notes.of(route.gate)
            if not route.approved:
                notes.held += 1
                continue
            try:
                self._hear(route, payload, received, notes)
            except MalformedMessage as fault:
                notes.messages += 1
                self._fault(route, payload, str(fault))
            except Exception:  # one message must not hold up all others for ever
                self._log.failure("a message of {gate} can't be read", gate=route.gate)
                self._fault(route, payload, "can't be read: the log says why")
        return self._batch, self._notes

    def _hear(self, route: Route, payload: bytes, received: int, notes: GateNotes) -> None:
        if received != self._turned:
            self._turn(received)
        if route.what == "seen":
            seen, faults = parse_seen(payload, self._cache.__getitem__)
            for one in seen:
                at, flags = _time(one.ts, received, notes)
                students = self._whom(route, one.seen, at, received, notes)
                self._batch.heard.append(Heard(
                    route.gate, one.boot, one.seq, at, received, one.direction, Method.WIFI,
                    students, flags,
                ))
            if seen:
                notes.direction = seen[-1].direction
            notes.messages += len(seen)
        elif route.what == "text":
            self._hear_text(route, payload, received, notes)
            return
        elif route.what == "badge":
            faults = self._hear_badges(route, payload, received, notes)
        else:
            return
        for fault in faults:
            self._fault(route, payload, fault)

    def _turn(self, received: int) -> None:
        self._turned = received
        if self._day_key.turn(received):  # what strangers were called yesterday means nothing
            self.owners.renew()
            self._cache = self.owners.cache

    def _hear_text(self, route: Route, payload: bytes, received: int, notes: GateNotes) -> None:
        """A field gate has no numbers and no clock: what names nobody need not be kept."""
        direction, seen = parse_text(payload, self._cache.__getitem__)
        students = self._whom(route, seen, received, received, notes)
        notes.messages += 1
        notes.direction = direction
        if students:
            self._batch.heard.append(Heard(
                route.gate, None, None, received, received, direction, Method.WIFI, students, 0
            ))

    def _hear_badges(
        self, route: Route, payload: bytes, received: int, notes: GateNotes
    ) -> list[str]:
        badges, faults = parse_badge(payload)
        for one in badges:
            at, flags = _time(one.ts, received, notes)
            students = self._holder(one, at)
            if not students:
                faults.append(f"unknown badge: nobody has this {one.method}")
            self._batch.heard.append(Heard(
                route.gate, one.boot, one.seq, at, received, one.direction,
                _METHODS[one.method], students, flags,
            ))
            notes.messages += 1
            notes.direction = one.direction
        return faults

    def _holder(self, badge: GateBadge, at: int) -> tuple[int, ...]:
        owner = self.owners.of_badge(badge.uid, badge.method)
        return (owner[0],) if owner is not None and at < owner[1] else ()

    def _whom(
        self, route: Route, seen: tuple[Sight, ...], at: int, received: int, notes: GateNotes
    ) -> tuple[int, ...]:
        """Students of the register, each once; the others are counted."""
        floor = self._min_rssi if route.min_rssi is None else route.min_rssi
        students: list[int] = []
        strangers: list[bytes] = []
        for who, rssi in seen:
            if rssi is not None and rssi < floor:
                notes.below_floor += 1
            elif type(who) is bytes:
                strangers.append(who)
            elif at >= who[1]:
                strangers.append(who[2])
            elif who[0] not in students:
                students.append(who[0])
        if strangers:
            notes.strangers += len(strangers)
            if self._anonymous:
                self._count(strangers, at, received, route.gate)
        return tuple(students)

    def _count(self, strangers: list[bytes], at: int, received: int, gate: str) -> None:
        counts = self._day_key.counts_at(at, received, gate)
        if counts is None:
            return
        there = counts[0][1]
        for digest in strangers:
            if digest not in there:
                count(digest, counts, self._batch.strangers)

    def _fault(self, route: Route, payload: bytes, reason: str) -> None:
        # masking costs more than counting, and a megabyte can hold 70,000 faults
        kept = self._notes.of(route.gate).faults < FAULTS
        self._notes.fault(route.gate, reason, masked_sample(payload) if kept else "")


def _time(ts: float | None, received: int, notes: GateNotes) -> tuple[int, int]:
    """When it happened, in microseconds, and how that is flagged."""
    if ts is None:
        notes.no_clock += 1
        return received, NO_CLOCK
    if EARLIEST <= ts <= received / SECOND + AHEAD:
        return round(ts * 1e6), 0
    notes.skewed += 1
    return received, SKEWED
