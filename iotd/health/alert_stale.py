"""When nothing good is heard of somebody who is measured: rules as plain functions.

Silence is counted on the monotonic clock and from the start of the daemon at
the earliest: neither a clock that jumps nor a night in which iotd itself was
down makes an alarm.
"""

from __future__ import annotations

from dataclasses import dataclass

from iotd.health.alert_book import stale_key
from iotd.health.alert_model import Wish
from iotd.health.alert_rules import STALE, StaleRule, stale_severity
from iotd.health.readings import API, HAND

#: Without a watch of one's own, a source is expected to go on for a day at most.
EXPECTED_SECONDS = 24 * 3600.0
SCRIPT_GAP = 900.0
SCRIPT_SPAN = 60.0


@dataclass
class Presence:
    """The newest good reading of a patient that a device measured: ``last_at`` in Unix
    seconds, ``heard`` on the monotonic clock, None when that was before the start."""

    last_at: float
    heard: float | None = None


class Streams:
    """Tells sources that measure on and on from values that a script tells now and then."""

    def __init__(self) -> None:
        self._runs: dict[str, tuple[float, float]] = {}  # of a patient: first, last

    def goes_on(self, patient: str, source: str, at: float) -> bool:
        """Whether more is to be expected after this reading: of devices always, of people
        never, of scripts when they went on for a minute without a long gap."""
        if source not in (HAND, API):
            return True
        if source == HAND:
            return False
        first, last = self._runs.get(patient, (at, at))
        if at - last > SCRIPT_GAP:
            first = at
        self._runs[patient] = (first, max(at, last))
        return at - first >= SCRIPT_SPAN

    def forget(self, patient: str) -> None:
        """Nothing of this patient is left."""
        self._runs.pop(patient, None)


def is_expected(presence: Presence, has_watch: bool, now: float) -> bool:
    """Whether more readings should come."""
    return has_watch or now - presence.last_at < EXPECTED_SECONDS


def stale_wish(
    patient: str, presence: Presence, rule: StaleRule, seconds: float, started: float,
    now: float, poll_seconds: float,
) -> Wish | None:
    """The reason for an alert, or None; ``seconds`` and ``started`` are monotonic."""
    since = started if presence.heard is None else presence.heard
    severity = stale_severity(rule, seconds - since, poll_seconds)
    if severity is None:
        return None
    if presence.heard is None:
        text = (f"No good reading since iotd was started {_span(seconds - since)} ago;"
                f" the last one is {_span(now - presence.last_at)} old.")
    else:
        text = f"No good reading for {_span(seconds - since)}."
    return Wish(stale_key(patient), patient, None, STALE, severity, text)


def _span(seconds: float) -> str:
    minutes = max(int(seconds // 60), 0)
    if minutes < 120:
        return f"{minutes} minute{'' if minutes == 1 else 's'}"
    hours = minutes // 60
    return f"{hours} hours" if hours < 48 else f"{hours // 24} days"
