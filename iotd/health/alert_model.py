"""The life of an alert: open, acknowledged, snoozed, ended; time comes in as ``now``.

One reason, known by its ``key``, has one alert at a time. ``holds`` says
whether the reason still stands, apart from what people did with the alert:

- a snooze holds for its time, whatever the values do in between. Only one that
  got worse (a warning became urgent) comes through. When the time is over the
  alert opens again if its reason stands, and ends if not.
- what a person cancelled stays quiet until its reason was gone once, or it got worse.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from iotd.errors import Conflict
from iotd.health.alert_rules import SEVERITIES
from iotd.times import rfc3339

OPEN, ACKNOWLEDGED, SNOOZED, ENDED = "open", "acknowledged", "snoozed", "ended"
LIVE = (OPEN, ACKNOWLEDGED, SNOOZED)

# what is told to mail and webhooks
RAISED, WORSE, AGAIN, OVER = "raised", "worse", "again", "ended"


@dataclass(frozen=True)
class Wish:
    """A reason for an alert, as it stands now."""

    key: str
    patient: str | None
    device: str | None
    cause: str
    severity: str
    text: str
    vital: str | None = None
    value: float | None = None
    unit: str | None = None


@dataclass(frozen=True)
class Alert:
    """One alert; times in Unix seconds. ``decided_at`` is the time measured of the
    newest reading that moved it, ``undelivered`` how many messages were given up."""

    id: str
    key: str
    patient: str | None
    device: str | None
    cause: str
    vital: str | None
    value: float | None
    unit: str | None
    text: str
    severity: str
    state: str
    holds: bool
    raised_at: float
    decided_at: float
    ended_at: float | None = None
    ended_by: str | None = None
    acknowledged_by: str | None = None
    acknowledged_at: float | None = None
    snoozed_until: float | None = None
    undelivered: int = 0

    def as_json(self) -> dict[str, Any]:
        """As the API shows it."""
        return {
            "id": self.id, "patient": self.patient, "device": self.device,
            "kind": "device" if self.patient is None else "patient", "cause": self.cause,
            "vital": self.vital, "value": self.value, "unit": self.unit, "text": self.text,
            "severity": self.severity, "state": self.state,
            "raised_at": rfc3339(self.raised_at), "ended_at": rfc3339(self.ended_at),
            "ended_by": self.ended_by, "acknowledged_by": self.acknowledged_by,
            "acknowledged_at": rfc3339(self.acknowledged_at),
            "snoozed_until": rfc3339(self.snoozed_until), "undelivered": self.undelivered,
        }


Step = tuple[Alert, str | None]  # the alert as it is then, and what of it is told


def wanted(alert: Alert | None, wish: Wish, now: float, id: str, at: float) -> Step:
    """There is a reason; ``alert`` is the one that its key has, ``id`` is for a new one,
    ``at`` when it was measured. The alert itself when nothing changes."""
    if alert is None or (alert.state == ENDED and (not alert.holds or worse(alert, wish))):
        return _new(wish, now, id, at), RAISED
    if alert.state == ENDED:
        return alert, None
    if worse(alert, wish):
        return replace(
            alert, severity=wish.severity, text=wish.text, value=wish.value, unit=wish.unit,
            state=OPEN, holds=True, decided_at=at, snoozed_until=None,
            acknowledged_by=None, acknowledged_at=None,
        ), WORSE
    return (alert if alert.holds else replace(alert, holds=True, decided_at=at)), None


def _new(wish: Wish, now: float, id: str, at: float) -> Alert:
    return Alert(
        id=id, key=wish.key, patient=wish.patient, device=wish.device, cause=wish.cause,
        vital=wish.vital, value=wish.value, unit=wish.unit, text=wish.text,
        severity=wish.severity, state=OPEN, holds=True, raised_at=now, decided_at=at,
    )


def worse(alert: Alert, wish: Wish) -> bool:
    """Whether the wish is graver than the alert ever was."""
    return SEVERITIES.index(wish.severity) > SEVERITIES.index(alert.severity)


def released(alert: Alert, now: float, at: float) -> Step:
    """The reason is gone: the alert ends, unless a snooze still holds."""
    gone = replace(alert, holds=False, decided_at=max(at, alert.decided_at))
    if alert.state in (OPEN, ACKNOWLEDGED):
        return replace(gone, state=ENDED, ended_at=now), OVER
    return gone, None


def woken(alert: Alert, now: float) -> Step:
    """What the end of a snooze brings; the alert itself before it."""
    if alert.state != SNOOZED or alert.snoozed_until is None or now < alert.snoozed_until:
        return alert, None
    if alert.holds:
        return replace(alert, state=OPEN, snoozed_until=None), AGAIN
    return replace(alert, state=ENDED, ended_at=now, snoozed_until=None), OVER


def hastened(alert: Alert, seconds: float) -> Alert:
    """Its snooze ends so much earlier by the clock; the alert itself when it has none."""
    if alert.snoozed_until is None:
        return alert
    return replace(alert, snoozed_until=alert.snoozed_until - seconds)


def acknowledged(alert: Alert, by: str, now: float) -> Alert:
    """Somebody looks after it; it stays until its reason is gone. Conflict when it ended."""
    _must_live(alert)
    return replace(
        alert, state=ACKNOWLEDGED, acknowledged_by=by, acknowledged_at=now, snoozed_until=None
    )


def snoozed(alert: Alert, until: float) -> Alert:
    """Quiet until then, whatever the values do. Conflict when it ended."""
    _must_live(alert)
    return replace(alert, state=SNOOZED, snoozed_until=until)


def cancelled(alert: Alert, by: str, now: float) -> Alert:
    """Ended by a person; quiet until its reason was gone once. Conflict when it ended."""
    _must_live(alert)
    return replace(alert, state=ENDED, ended_at=now, ended_by=by, snoozed_until=None)


def _must_live(alert: Alert) -> None:
    if alert.state == ENDED:
        raise Conflict("This alert is over.", "id")


def done_with(alert: Alert) -> bool:
    """Whether nothing can come of it any more."""
    return alert.state == ENDED and not alert.holds
