"""The newest of each vital, with how old and how good it is."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import Any, Iterable, Sequence

from sqlalchemy import Connection

from iotd.health import records
from iotd.health.model import GOOD, KINDS, PAIR_SECONDS, REJECTED, SUSPECT, Kind, worst
from iotd.health.moments import AHEAD
from iotd.health.news2 import KINDS as SCORED, MAX_AGE, partial_news2
from iotd.health.records import Patient, Reading
from iotd.times import rfc3339

TREND = 60  # points ...
TREND_SECONDS = 86400.0  # ... of the last day
FRESH_POLLS = 2.5  # one lost poll is no news: the line of a chart breaks after 75 s too
STALE = 900.0  # the first alarm for stale data
TOLD_FRESH, TOLD_STALE = 900.0, 86400.0  # the same for what no device measures by itself


def state_of(reading: Reading | None, now: float, poll_seconds: float) -> str:
    """"fresh", "late", "stale" or "none"."""
    if reading is None:
        return "none"
    age = now - reading.at
    if reading.device is None:
        fresh, stale = TOLD_FRESH, TOLD_STALE
    else:
        fresh, stale = FRESH_POLLS * poll_seconds, max(STALE, 5 * poll_seconds)
    return "fresh" if age <= fresh else "late" if age <= stale else "stale"


def pairs(
    systolic: Sequence[Reading], diastolic: Sequence[Reading]
) -> list[tuple[Reading, Reading]]:
    """Measurements of blood pressure: both values of one source within 60 s of each other.

    Each value is of one measurement at most, the nearest in time; newest first.
    """
    lows = sorted(diastolic, key=lambda each: each.at)
    times = [low.at for low in lows]  # all with all would take seconds of a month's values
    near = [
        (abs(high.at - low.at), high, low) for high in systolic
        for low in lows[
            bisect_left(times, high.at - PAIR_SECONDS):bisect_right(times, high.at + PAIR_SECONDS)
        ]
        if high.source == low.source
    ]
    near.sort(key=lambda each: (each[0], -each[1].at, -each[2].at))
    used: set[int] = set()
    found = []
    for _, high, low in near:
        if id(high) not in used and id(low) not in used:
            used |= {id(high), id(low)}
            found.append((high, low))
    return sorted(found, key=lambda pair: -max(pair[0].at, pair[1].at))


def read_vitals(
    connection: Connection, patient: Patient, now: float, poll_seconds: float,
    skin: Iterable[str] = (),
) -> dict[str, Any]:
    """Everything that the tiles of a patient show; ``skin``: sources that touch the skin only."""
    until = now + AHEAD
    newest = {name: records.latest(connection, patient.id, name, until, 5) for name in KINDS}
    trends = {
        name: records.trend(connection, patient.id, name, now - TREND_SECONDS, until, TREND)
        for name in KINDS
    }
    first = {name: found[0] for name, found in newest.items() if found}
    return {
        "items": [
            _item(kind, first.get(kind.name), trends[kind.name], now, poll_seconds)
            for kind in KINDS.values()
        ],
        "blood_pressure": _blood_pressure(newest["bp_systolic"], newest["bp_diastolic"]),
        "news2": partial_news2(
            _good(connection, patient.id, now, skin), patient.birth_date, now, skin
        ),
        "next": None,
    }


def _good(
    connection: Connection, patient: str, now: float, skin: Iterable[str]
) -> dict[str, Reading]:
    """What the score may count: doubtful values, and those of skin, hide no good one."""
    found = {}
    for kind in SCORED:
        without = skin if kind == "body_temperature" else ()
        newest = records.newest_good(
            connection, patient, kind, now - MAX_AGE, now + AHEAD, without
        )
        if newest is not None:
            found[kind] = newest
    return found


def _item(
    kind: Kind, reading: Reading | None, trend: Sequence[tuple[float, float]],
    now: float, poll_seconds: float,
) -> dict[str, Any]:
    shown = reading.as_json() if reading is not None else {}
    told = ("value", "measured_at", "received_at", "source", "quality", "reason")
    return {
        "kind": kind.name, "label": kind.label, "unit": kind.unit,
        **{name: shown.get(name) for name in told},
        "state": state_of(reading, now, poll_seconds),
        "age_seconds": None if reading is None else round(max(0.0, now - reading.at), 3),
        "range": kind.reference.as_json(),
        "trend": [[round(at, 3), value] for at, value in trend],
    }


def _blood_pressure(
    systolic: Sequence[Reading], diastolic: Sequence[Reading]
) -> dict[str, Any] | None:
    measured = [
        pair for pair in pairs(systolic, diastolic)
        if REJECTED not in (pair[0].quality, pair[1].quality)
    ]
    if not measured:
        return None
    high, low = measured[0]
    return {
        "systolic": high.value, "diastolic": low.value,
        "measured_at": rfc3339(max(high.at, low.at)), "source": high.source,
        # it can't be that the heart presses more at rest than at its beat
        "quality": worst((high.quality, low.quality, GOOD if low.value < high.value else SUSPECT)),
    }
