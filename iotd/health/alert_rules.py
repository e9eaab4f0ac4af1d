"""When a vital is worth an alert: limits with hysteresis, over N of the last M readings.

The limits are critical ones, not the reference range: nobody is woken for a
heart rate of 101. They follow the bands of NEWS2 (iotd.health.news2): urgent is
what scores 3 there, for which the Royal College of Physicians asks an urgent
review by itself; a warning is what scores 2. Where it differs the table says why.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Container, Iterable, Mapping

from iotd.errors import Invalid

WARNING, URGENT = "warning", "urgent"
SEVERITIES = (WARNING, URGENT)
HIGH, LOW = "high", "low"

#: Readings further apart than this are no run; room for two polls at the slowest (1 h).
RUN_SECONDS = 2 * 3600.0 + 600.0
MOST_READINGS = 20  # M at most


@dataclass(frozen=True)
class Rule:
    """Limits of one vital, in its unit: outside is below ``low`` or above ``high``.

    ``need`` of the last ``of`` readings outside begin an alert; the last
    ``need`` readings inside by ``margin`` end it.
    """

    low: float | None
    high: float | None
    urgent_low: float | None
    urgent_high: float | None
    margin: float
    need: int = 2
    of: int = 3
    enabled: bool = True


@dataclass(frozen=True)
class StaleRule:
    """After how many minutes without a good reading there is an alert."""

    warning_minutes: int = 15
    urgent_minutes: int = 30
    enabled: bool = True


#: A cuff measures once, a watch again and again: so blood pressure needs one reading.
DEFAULTS: Mapping[str, Rule] = {
    # NEWS2 scores 2 from 111, which a flight of stairs reaches: the warning begins at
    # the upper half of that band. Between 41 and 50 people sleep.
    "heart_rate": Rule(41, 120, 41, 130, margin=5),
    # No 3 on the high side of NEWS2: urgent above 40.0 is ours. No low side: a sensor on
    # the wrist reads the skin, often below 35; who has a thermometer sets it (35.1).
    "body_temperature": Rule(None, 39.0, None, 40.0, margin=0.3),
    "spo2": Rule(94, None, 92, None, margin=1),
    # above 180 is what the American Heart Association calls a crisis
    "bp_systolic": Rule(101, 180, 91, 219, margin=5, need=1, of=1),
    # NEWS2 has none; 120 is the same crisis
    "bp_diastolic": Rule(None, 120, None, None, margin=5, need=1, of=1),
}
VITALS = tuple(DEFAULTS)
STALE = "stale"

#: Where limits may lie: wider than any that makes sense, so that a typo is told.
_SPAN: Mapping[str, tuple[float, float]] = {
    "heart_rate": (20, 250), "body_temperature": (30, 45), "spo2": (50, 100),
    "bp_systolic": (40, 300), "bp_diastolic": (20, 200),
}


@dataclass(frozen=True)
class Seen:
    """One reading that may count: rejected ones never come here. ``sure``: a person
    looked at it and typed it in, so it needs no second one."""

    value: float
    at: float
    good: bool
    sure: bool = False


def severity_of(rule: Rule, side: str, value: float) -> str | None:
    """How bad a value is on one side; None when it is inside."""
    if side == HIGH:
        if rule.urgent_high is not None and value > rule.urgent_high:
            return URGENT
        return WARNING if rule.high is not None and value > rule.high else None
    if rule.urgent_low is not None and value < rule.urgent_low:
        return URGENT
    return WARNING if rule.low is not None and value < rule.low else None


def crossing(rule: Rule, side: str, run: Iterable[Seen]) -> str | None:
    """The severity that the newest readings, oldest first, agree on; None without one.

    The newest must be good and outside; a suspect one before it may confirm it,
    but never raises an alert by itself.
    """
    latest = list(run)[-rule.of:]
    if not rule.enabled or not latest or not latest[-1].good:
        return None
    grades = [severity_of(rule, side, seen.value) for seen in latest]
    if grades[-1] is None or latest[-1].sure:
        return grades[-1]
    if grades[-1] == URGENT and grades.count(URGENT) >= rule.need:
        return URGENT
    return WARNING if len(grades) - grades.count(None) >= rule.need else None


def is_over(rule: Rule, side: str, run: Iterable[Seen]) -> bool:
    """Whether the last ``need`` good readings are all inside by the margin; a sure one will do."""
    if not rule.enabled:
        return True
    good = [seen for seen in run if seen.good]
    need = 1 if good and good[-1].sure else rule.need
    latest = good[-need:]
    return len(latest) == need and all(_well_inside(rule, side, seen.value) for seen in latest)


def _well_inside(rule: Rule, side: str, value: float) -> bool:
    limit = limit_of(rule, side, WARNING)
    if limit is None:
        return True
    return value <= limit - rule.margin if side == HIGH else value >= limit + rule.margin


def limit_of(rule: Rule, side: str, severity: str) -> float | None:
    """The limit that a severity's values are beyond."""
    mild, bad = (rule.high, rule.urgent_high) if side == HIGH else (rule.low, rule.urgent_low)
    if severity == URGENT or mild is None:
        return bad if bad is not None else mild
    return mild


def changed(vital: str, rule: Rule, fields: Mapping[str, Any]) -> Rule:
    """The rule with other fields; Invalid, naming the field, when it makes no sense."""
    new = replace(rule, **fields)
    lowest, highest = _SPAN[vital]
    for name in ("low", "high", "urgent_low", "urgent_high"):
        limit = getattr(new, name)
        if limit is not None and not lowest <= limit <= highest:
            raise Invalid(f"{vital}: {name} is from {lowest:g} to {highest:g}.", f"{vital}.{name}")
    _check_order(vital, new, fields)
    if not 0 <= new.margin <= (highest - lowest) / 4:
        raise Invalid(f"{vital}: margin is from 0 to {(highest - lowest) / 4:g}.",
                      f"{vital}.margin")
    if not 1 <= new.need <= new.of <= MOST_READINGS:
        raise Invalid(f"{vital}: need is from 1 to of, and of up to {MOST_READINGS}.",
                      f"{vital}.need")
    return new


def _check_order(vital: str, rule: Rule, fields: Container[str]) -> None:
    ordered = ("urgent_low", "low", "high", "urgent_high")
    given = [(name, limit) for name in ordered if (limit := getattr(rule, name)) is not None]
    for (name, limit), (beyond, further) in zip(given, given[1:]):
        if limit > further:
            at_fault = beyond if beyond in fields and name not in fields else name
            raise Invalid(f"{vital}: {name} is above {beyond}.", f"{vital}.{at_fault}")
    low = rule.low if rule.low is not None else rule.urgent_low
    high = rule.high if rule.high is not None else rule.urgent_high
    if low is not None and high is not None and low + rule.margin > high - rule.margin:
        raise Invalid(
            f"{vital}: nothing lies between low and high with this margin.", f"{vital}.margin"
        )


def stale_changed(rule: StaleRule, fields: Mapping[str, Any]) -> StaleRule:
    """The rule with other fields; Invalid when it makes no sense."""
    new = replace(rule, **fields)
    if not 1 <= new.warning_minutes <= new.urgent_minutes <= 7 * 24 * 60:
        raise Invalid(
            "stale: minutes are from 1 to 10080, and urgent_minutes not below warning_minutes.",
            f"{STALE}.warning_minutes",
        )
    return new


def stale_severity(rule: StaleRule, seconds: float, poll_seconds: float = 0) -> str | None:
    """How bad it is that nothing good came for so long; None while it is not.

    Where watches are polled seldom, three polls may fail before it counts.
    """
    if not rule.enabled:
        return None
    for severity, minutes in ((URGENT, rule.urgent_minutes), (WARNING, rule.warning_minutes)):
        polls = 6 if severity == URGENT else 3
        if seconds >= max(minutes * 60, polls * poll_seconds):
            return severity
    return None
