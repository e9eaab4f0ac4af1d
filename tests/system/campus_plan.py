"""Students with phones and badges, and what gates see of them: a plan whose truth is known."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from random import Random
from typing import Any, NamedTuple, Sequence

from iotd.campus.model import Heard, Method

ENTRY, EXIT = 0, 1
DIRECTIONS = ("entry", "exit")
BADGES = (("rfid", Method.RFID), ("fingerprint", Method.FINGERPRINT), ("face", Method.FACE))
#: Seconds to a student's last sighting: about the length of a repetition.
NEAR = (0.0, 0.001, 1.0, 60.0, 179.0, 179.999, 180.0, 180.001, 181.0, 240.0)
WEAK = -110  # dBm; the daemon's floor is -100
STRANGERS = 200  # phones, and a tenth as many badges, that nobody has registered
WEEK = 6.5 * 86400  # seconds over which sightings lie: no late one is too late
CATEGORIES = {
    "year": (1, 2, 3, 4), "branch": ("CSE", "ECE", "Arts, fine"), "stream": ("BTech", "MSc"),
    "hostel": ("Asha", "Birch", ""), "gender": ("F", "M"),
}
COLUMNS = ("rollno", *CATEGORIES)


class Person(NamedTuple):
    """A student: categories in the order of CATEGORIES; phones and badges in one spelling."""

    rollno: str
    values: tuple[int | str, ...]
    macs: tuple[str, ...]
    badge: tuple[str, Method, str] | None  # method twice, and number


class Sight(NamedTuple):
    """What one gate saw at once; ``students`` by number is what must come of it."""

    gate: str
    ts: float | None
    direction: int
    method: Method
    students: tuple[int, ...]
    what: str  # "seen" or "badge"
    body: dict[str, object]

    def payload(self, boot: str, seq: int) -> bytes:
        """As the gate publishes it."""
        head = {"boot": boot, "seq": seq, "ts": self.ts, "direction": DIRECTIONS[self.direction]}
        return json.dumps({**head, **self.body}, separators=(",", ":")).encode()

    def heard(self, boot: str | None, seq: int | None) -> Heard:
        """As the oracle takes it; the time received is nothing that counts."""
        at = round((self.ts or 0.0) * 1e6)
        return Heard(self.gate, boot, seq, at, at, self.direction, self.method, self.students, 0)


class People:
    """``count`` of them, the same for the same seed; nobody has a letter of another's phone."""

    def __init__(self, count: int, seed: int) -> None:
        self._chance = Random(f"people {seed}")
        self._taken: set[str] = set()
        self.all = [self._person(number) for number in range(count)]
        self.phones = [self._new(12) for _ in range(STRANGERS)]
        self.badges = [self._new(14).upper() for _ in range(STRANGERS // 10)]

    def csv(self) -> bytes:
        """As the office imports it."""
        rows = [",".join((*COLUMNS, "mac"))]
        for one in self.all:
            values = (f'"{value}"' for value in one.values)
            macs = " ".join(spelt(mac, number) for number, mac in enumerate(one.macs))
            rows.append(",".join((one.rollno, *values, macs)))
        return "\r\n".join(rows).encode()

    @property
    def secrets(self) -> set[str]:
        """Every number that may stand nowhere."""
        return self._taken

    def _new(self, digits: int) -> str:
        """No group address; one in two is made up by the phone."""
        while True:
            text = f"{self._chance.getrandbits(4 * digits):0{digits}x}"
            text = f"{text[0]}{'02468ace'[int(text[1], 16) // 2]}{text[2:]}"
            if text not in self._taken and len(set(text)) > 4:
                self._taken.add(text)
                return text

    def _person(self, number: int) -> Person:
        chance = self._chance
        values = tuple(chance.choice(each) for each in CATEGORIES.values())
        macs = tuple(self._new(12) for _ in range(chance.choice((0, 1, 1, 1, 2, 3))))
        badge = (*chance.choice(BADGES), self._new(14).upper()) if chance.random() < 0.3 else None
        return Person(f"21CS{number:04}", values, macs, badge)


@dataclass
class Plan:
    """Sightings at ``gates``, one direction each; none before ``since``.

    Students go and come as they like; some sightings come close to the last one of the same
    student, some lie days back.
    """

    people: People
    gates: Sequence[str]
    seed: int
    since: float
    chance: Random = field(init=False)

    def __post_init__(self) -> None:
        self.chance = Random(f"plan {self.seed}")
        self._last: dict[int, float] = {}

    def next(self, moment: float, latest: float) -> Sight:
        """One more, at about this moment, and not behind ``latest``."""
        gate = self.chance.randrange(len(self.gates))
        kind = self.chance.random()
        if kind < 0.03:
            return self._nobody(gate)
        number = self.chance.randrange(len(self.people.all))
        ts = self._when(number, moment, latest)
        badge = self.people.all[number].badge
        if kind < 0.15 and badge is not None:
            body = {"uid": spelt(badge[2], self.chance.randrange(4)), "method": badge[0]}
            return self._sight(gate, ts, badge[1], (number,), "badge", body)
        if kind < 0.05:
            body = {"uid": self.chance.choice(self.people.badges), "method": "rfid"}
            return self._sight(gate, ts, Method.RFID, (), "badge", body)
        return self._seen(gate, number, ts)

    def direction(self, gate: int) -> int:
        """Of a gate by its place: entries and exits by turns."""
        return gate % 2

    def text(self, direction: int) -> tuple[str, set[int]]:
        """What a field gate publishes, and whom it names; at most five phones."""
        chance, everybody = self.chance, self.people.all
        near = [chance.randrange(len(everybody)) for _ in range(chance.choice((1, 1, 2, 3)))]
        listed = [(mac, number) for number in near for mac in everybody[number].macs]
        listed = [*listed, (chance.choice(self.people.phones), None)][:5]
        parts = (f"BSSID: {spelt(mac, chance.choice((0, 0, 0, 2)))}, Signal: -{45 + at} dBm"
                 for at, (mac, _) in enumerate(listed))
        named = {number for _, number in listed if number is not None}
        return f"{direction} WiFi: {'; '.join(parts)}", named

    def _when(self, number: int, moment: float, latest: float) -> float:
        chance, last = self.chance, self._last.get(number)
        kind = chance.random()
        if kind < 0.25 and last is not None:
            ts = last + chance.choice(NEAR)
        elif kind < 0.29:
            ts = chance.uniform(self.since, moment)
        else:
            ts = moment + chance.uniform(-20, 20)
        ts = round(min(max(ts, self.since), latest), 3)
        self._last[number] = ts
        return ts

    def _seen(self, gate: int, number: int, ts: float) -> Sight:
        chance, everybody = self.chance, self.people.all
        near = {number, *self._some(range(len(everybody)))}
        listed = [(mac, -chance.randint(30, 99)) for each in sorted(near)
                  for mac in everybody[each].macs]
        away = everybody[chance.randrange(len(everybody))]
        if chance.random() < 0.1 and away is not everybody[number]:
            listed += [(mac, WEAK) for mac in away.macs]
        listed += [(mac, -60) for mac in self._some(self.people.phones)]
        chance.shuffle(listed)
        there = tuple(each for each in sorted(near) if everybody[each].macs)
        return self._sight(gate, ts, Method.WIFI, there, "seen", {"seen": self._spelt(listed)})

    def _some(self, them: Sequence[Any]) -> list[Any]:
        """One of them, or more often nobody."""
        return [self.chance.choice(them)] if self.chance.random() < 0.3 else []

    def _nobody(self, gate: int) -> Sight:
        """Strangers before a clock that is not set, or is wrong."""
        ts = self.chance.choice((None, 12.5, 4_102_444_800.0))
        listed = self._spelt([(self.chance.choice(self.people.phones), -50)])
        return self._sight(gate, ts, Method.WIFI, (), "seen", {"seen": listed})

    def _sight(
        self, gate: int, ts: float | None, method: Method, students: tuple[int, ...], what: str,
        body: dict[str, object],
    ) -> Sight:
        return Sight(self.gates[gate], ts, self.direction(gate), method, students, what, body)

    def _spelt(self, listed: list[tuple[str, int]]) -> list[dict[str, object]]:
        return [{"mac": spelt(mac, self.chance.randrange(4)), "rssi": rssi}
                for mac, rssi in listed]


def spelt(number: str, way: int) -> str:
    """Hex digits as one may write them: with colons, with dashes, in capitals, bare."""
    pairs = [number[at:at + 2] for at in range(0, len(number), 2)]
    text: str = (":".join(pairs), "-".join(pairs), ":".join(pairs).upper(), number)[way % 4]
    return text
