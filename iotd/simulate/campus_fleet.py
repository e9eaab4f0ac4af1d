"""Virtual gates and the students that pass them, in one process."""

from __future__ import annotations

import secrets
from collections import deque
from random import Random
from typing import Any, Callable, Sequence

from twisted.application.service import MultiService
from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall

from iotd.simulate.campus import (
    DAY_SECONDS, Campus, Crowd, Pace, Passage, liveliest, long_enough,
)
from iotd.simulate.comeback import Comeback, retry_seconds
from iotd.simulate.firmware import Firmware
from iotd.simulate.gate import FieldGateBoard, GateBoard, GateLog
from iotd.simulate.plans import Plan
from iotd.simulate.students import Student
from iotd.simulate.virtual import Report, Tell, Virtual
from iotd.wire.sightings import DIRECTIONS, Sight

TICK_SECONDS = 1.0
IDLE_SECONDS = 10.0  # between two scans of which a gate tells though nobody passes
AHEAD = 6 * 3600.0  # of the campus's time that is drawn up at once
FIELD_TOPIC = "sample"


class CampusFleet(MultiService):
    """Gates of a plan: an entry, an exit, an entry, ...; those called field-... have no key.

    ``report(name, state, detail)`` hears each change of state and each student who passes.
    """

    def __init__(
        self, reactor: Any, plans: Sequence[Plan], host: str, port: int, report: Report, *,
        students: int, now: Callable[[], float], boot: str, day_seconds: float = DAY_SECONDS,
        timezone: str = "UTC", field_topic: str = FIELD_TOPIC,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._now, self._report = now, report
        self._campus = Campus(students, len(plans), timezone)
        start = now()
        quick = day_seconds != DAY_SECONDS
        began = liveliest(self._campus, start) if quick else start
        self._pace = Pace(start, day_seconds, began)
        self._until = began
        self._due: deque[Passage] = deque()
        draw, longest = Random().random, retry_seconds(len(plans))
        self.gates = [
            _Gate(reactor, plan, self._campus.direction(number), boot, number, report, field_topic,
                  Comeback(draw, longest), now)
            for number, plan in enumerate(plans)
        ]
        for gate in self.gates:
            gate.virtual.service(host, port).setServiceParent(self)  # type: ignore[no-untyped-call]
        self._clock = LoopingCall(self._tick)
        self._clock.clock = reactor

    def startService(self) -> None:
        """Connect, and let the day go on."""
        super().startService()  # type: ignore[no-untyped-call]
        self._clock.start(TICK_SECONDS).addErrback(
            lambda failure: self._report("campus", "broken", failure.getErrorMessage()))

    async def stop(self) -> None:
        """Disconnect everywhere."""
        if self._clock.running:
            self._clock.stop()
        stopped: Deferred[None] = self.stopService()  # type: ignore[no-untyped-call]
        for gate in self.gates:
            gate.virtual.hang_up()
        await stopped

    def _tick(self) -> None:
        now = self._now()
        campus = self._pace.campus(now)
        if campus > self._until - 60 * self._pace.quickness:
            self._draw_up()
        while self._due and self._due[0].at <= campus:
            self._pass(self._due.popleft(), now)
        for gate in self.gates:
            if now - gate.told_at >= IDLE_SECONDS:
                gate.see(now, ())

    def _draw_up(self) -> None:
        end = self._until + AHEAD
        ahead = self._campus.between(self._until, end)
        if self._pace.quickness > 1:
            ahead = long_enough(ahead, self._pace.quickness)
        self._due.extend(ahead)
        self._until = end

    def _pass(self, passage: Passage, now: float) -> None:
        student, gate = Student(passage.student), self.gates[passage.gate]
        gate.see(now, (student.mac,), passage.direction)
        self._report(gate.name, DIRECTIONS[passage.direction], student.rollno)


class _Gate:
    """One gate over all its connections."""

    def __init__(
        self, reactor: Any, plan: Plan, direction: int, boot: str, number: int, report: Report,
        field_topic: str, comeback: Comeback, now: Callable[[], float],
    ) -> None:
        self.name = plan.name
        self.told_at = 0.0
        self._direction = direction
        self._crowd = Crowd(number)
        self._board: Any = None
        self._field = plan.key is None and plan.name.startswith("field-")
        self._topic, self._plan, self._reactor = field_topic, plan, reactor
        self.log = GateLog(f"{boot}{number:02x}")
        self.virtual = Virtual(reactor, plan, self._make, report, comeback)
        self._firmware = None if plan.key is None else Firmware(
            plan.id, "gate", plan.key, now, secrets.token_bytes)

    def see(self, now: float, own: Sequence[str], direction: int | None = None) -> None:
        """A scan: these students' phones and whoever else is near."""
        self.told_at = now
        seen: list[Sight] = self._crowd.around(own)
        way = self._direction if direction is None else direction
        if self._field:
            if self._board is not None:
                self._board.see(way, seen)
            return
        self.log.add(round(now, 3), way, seen)
        if self._board is not None:
            self._board.news()

    def _make(self, tell: Tell) -> Any:
        if self._field:
            self._board = FieldGateBoard(
                self._reactor, f"m5stack-{self.name}", self._topic, tell)
        else:
            self._board = GateBoard(
                self._reactor, self._plan.id, self.log, tell, self._plan.key, self._firmware)
        return self._board
