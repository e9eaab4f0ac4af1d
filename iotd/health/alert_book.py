"""All alerts that are not over, and what decides about them; in memory, time as ``now``."""

from __future__ import annotations

import itertools
import secrets
from collections import defaultdict, deque
from dataclasses import asdict, fields
from typing import Any, Callable, Iterable, Mapping

from iotd.errors import Invalid, NotFound
from iotd.health import alert_model as model
from iotd.health.alert_model import Alert, Step, Wish
from iotd.health.alert_rules import (
    DEFAULTS, HIGH, LOW, MOST_READINGS, RUN_SECONDS, STALE, VITALS, Rule, Seen, StaleRule,
    changed, crossing, is_over, limit_of, severity_of, stale_changed,
)
from iotd.health.model import KINDS
from iotd.health.moments import AHEAD

SIDES = (HIGH, LOW)
#: A reading older than this when it comes is history, not news: it wakes nobody.
NEWS_SECONDS = 3600.0
SHOWN_UNITS = {"Cel": "°C", "mm[Hg]": "mmHg"}

AnyRule = Rule | StaleRule


def key_of(patient: str, vital: str, side: str) -> str:
    """The name of the reason that one side of one vital of a patient is."""
    return f"{patient}/{vital}/{side}"


def stale_key(patient: str) -> str:
    """The name of the reason that nothing is heard of a patient."""
    return f"{patient}/{STALE}"


class Book:
    """Alerts by key, rules by patient, the newest readings by patient and vital."""

    def __init__(self) -> None:
        self.alerts: dict[str, Alert] = {}
        self._made = itertools.count()
        self._keys: dict[str, str] = {}  # of live alerts, by id
        self._rules: dict[str, dict[str, AnyRule]] = {}
        self._runs: dict[tuple[str, str], deque[Seen]] = defaultdict(
            lambda: deque(maxlen=MOST_READINGS)
        )

    def load(self, alerts: Iterable[Alert], rules: Mapping[str, Mapping[str, Any]]) -> None:
        """What the store has: alerts that are not over, and what differs from the defaults."""
        for alert in alerts:
            self.put(alert)
        for patient, saved in rules.items():
            self._rules[patient] = {
                subject: _kept(self.rule(patient, subject), values)
                for subject, values in saved.items() if subject in (*VITALS, STALE)
            }

    def live(self, id: str) -> Alert:
        """The alert of this id that something may come of, or NotFound."""
        if id not in self._keys:
            raise NotFound("There is no such alert, or it is over.", "id")
        return self.alerts[self._keys[id]]

    def put(self, alert: Alert) -> None:
        """This is how the alert is now."""
        before = self.alerts.get(alert.key)
        if before is not None:
            self._keys.pop(before.id, None)
        if model.done_with(alert):
            self.alerts.pop(alert.key, None)
            return
        self.alerts[alert.key] = alert
        self._keys[alert.id] = alert.key

    # rules

    def rule(self, patient: str, subject: str) -> Any:
        """The rule of a vital, or of "stale"."""
        default: AnyRule = StaleRule() if subject == STALE else DEFAULTS[subject]
        return self._rules.get(patient, {}).get(subject, default)

    def longest(self, patient: str) -> int:
        """How many of the newest readings of a vital decide, and two more: of those that
        were stored and not yet judged."""
        return max(self.rule(patient, vital).of for vital in VITALS) + 2

    def rules_json(self, patient: str) -> dict[str, dict[str, Any]]:
        """Every rule of a patient."""
        return {subject: asdict(self.rule(patient, subject)) for subject in (*VITALS, STALE)}

    def changed_rules(
        self, patient: str, changes: Mapping[str, Mapping[str, Any]]
    ) -> dict[str, AnyRule]:
        """The rules that these changes make, not yet in effect; Invalid when they make no sense."""
        new: dict[str, AnyRule] = {}
        for subject, values in changes.items():
            before = self.rule(patient, subject)
            if isinstance(before, StaleRule):
                new[subject] = stale_changed(before, values)
            else:
                new[subject] = changed(subject, before, values)
        return new

    def set_rules(self, patient: str, rules: Mapping[str, AnyRule], now: float) -> list[Step]:
        """These rules hold from now on; alerts of a vital that is off, or inside now, end."""
        self._rules.setdefault(patient, {}).update(rules)
        steps = []
        for vital in (each for each in rules if each != STALE):
            run = self._runs[patient, vital]
            for side in SIDES:
                rule = self.rule(patient, vital)
                if not rule.enabled or (run and is_over(rule, side, run)):
                    steps += self.release(key_of(patient, vital, side), now)
        return steps

    def forget(self, patient: str) -> list[Alert]:
        """Nothing of this patient is left; gives the alerts that were not over."""
        self._rules.pop(patient, None)
        for vital in VITALS:
            self._runs.pop((patient, vital), None)
        theirs = [alert for alert in self.alerts.values() if alert.patient == patient]
        for alert in theirs:
            self._keys.pop(alert.id, None)
            self.alerts.pop(alert.key, None)
        return theirs

    # reasons

    def heard(
        self, patient: str, vital: str, seen: Seen, now: float,
        decided: Mapping[str, float] | None = None,
    ) -> list[Step]:
        """A good or suspect reading came; ``decided``: up to when each key is settled already."""
        if now - seen.at > NEWS_SECONDS:
            return []
        run = self._runs[patient, vital]
        if run and run[-1].at > now + AHEAD:
            run.clear()  # the clock was set back: what it said before would hide all that comes
        if run and (seen.at, seen.value) == (run[-1].at, run[-1].value):
            return []  # told again
        if run and seen.at < run[-1].at:
            if not seen.sure:
                return []  # of the past
            run = deque([seen])  # but what a person typed in counts, by itself
        else:
            _append(run, seen)
        steps: list[Step] = []
        rule = self.rule(patient, vital)
        for side in SIDES:
            key = key_of(patient, vital, side)
            if key not in self.alerts and severity_of(rule, side, seen.value) is None:
                continue  # nearly always: this is asked for every reading of every watch
            if decided is None or seen.at > decided.get(key, 0.0):
                steps += self._judge(patient, vital, side, run, now)
        return steps

    def _judge(
        self, patient: str, vital: str, side: str, run: deque[Seen], now: float
    ) -> list[Step]:
        rule, key, newest = self.rule(patient, vital), key_of(patient, vital, side), run[-1]
        severity = crossing(rule, side, run)
        if severity is not None:
            wish = _wish(key, patient, vital, side, severity, rule, newest.value)
            return self.want(wish, now, newest.at)
        if key in self.alerts and newest.good and is_over(rule, side, run):
            return self.release(key, now, newest.at)
        return []

    def want(self, wish: Wish, now: float, at: float | None = None) -> list[Step]:
        """There is a reason for an alert."""
        before = self.alerts.get(wish.key)
        measured = now if at is None else at
        return self._step(before, model.wanted(before, wish, now, self._new_id(now), measured))

    def release(self, key: str, now: float, at: float | None = None) -> list[Step]:
        """The reason of this key is gone."""
        before = self.alerts.get(key)
        if before is None or not before.holds:
            return []
        return self._step(before, model.released(before, now, now if at is None else at))

    def _new_id(self, now: float) -> str:
        """An id that sorts by time, those of one millisecond in their order."""
        return f"{int(now * 1000):012x}{next(self._made) % 65536:04x}{secrets.token_hex(2)}"

    def wake(self, now: float) -> list[Step]:
        """What the ends of snoozes bring."""
        steps: list[Step] = []
        for alert in tuple(self.alerts.values()):
            steps += self._step(alert, model.woken(alert, now))
        return steps

    def hasten(self, seconds: float) -> list[Step]:
        """The clock was set back so far: snoozes last as long as they were meant to."""
        steps: list[Step] = []
        for alert in tuple(self.alerts.values()):
            steps += self._step(alert, (model.hastened(alert, seconds), None))
        return steps

    def act(self, id: str, act: Callable[[Alert], Alert]) -> tuple[Alert, Alert]:
        """A person's act on a live alert: how it was, and how it is now."""
        before = self.live(id)
        after = act(before)
        self.put(after)
        return before, after

    def _step(self, before: Alert | None, step: Step) -> list[Step]:
        alert, _ = step
        if alert is before:
            return []
        self.put(alert)
        return [step]


def _append(run: deque[Seen], seen: Seen) -> None:
    while run and seen.at - run[0].at > RUN_SECONDS:
        run.popleft()
    run.append(seen)


def _kept(rule: AnyRule, values: Mapping[str, Any]) -> AnyRule:
    """A rule as it was saved; a field of another version is left out."""
    known = {each.name for each in fields(rule)}
    return type(rule)(**{**asdict(rule), **{k: v for k, v in values.items() if k in known}})


def _wish(
    key: str, patient: str, vital: str, side: str, severity: str, rule: Rule, value: float
) -> Wish:
    kind = KINDS[vital]
    unit = SHOWN_UNITS.get(kind.unit, kind.unit)
    limit = limit_of(rule, side, severity)
    beyond = "above" if side == HIGH else "below"
    text = f"{kind.label} {value:g} {unit} is {beyond} {limit:g}."
    return Wish(key, patient, None, side, severity, text, vital, value, kind.unit)


def check_subjects(subjects: Iterable[str]) -> None:
    """Invalid for what no rule is about."""
    for subject in subjects:
        if subject not in (*VITALS, STALE):
            raise Invalid(
                f"There is no rule for {subject[:40]!r}; there are {', '.join((*VITALS, STALE))}.",
                subject[:40],
            )
