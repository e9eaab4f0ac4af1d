"""Typed events inside the process: a service publishes, others listen.

Delivery is at once and in order, on the reactor's thread. A listener that
raises is logged and never keeps the others from hearing.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any, Callable, TypeVar

from twisted.logger import Logger

from iotd.wire.board_lines import Report

E = TypeVar("E")


@dataclass(frozen=True)
class DeviceChanged:
    """A device as the API shows it; ``state`` is "deleted" when it is gone."""

    id: str
    data: dict[str, Any]


@dataclass(frozen=True)
class CameraChanged:
    """A camera as the API shows it."""

    id: str
    data: dict[str, Any]


@dataclass(frozen=True)
class DeviceLinked:
    """A device of the device wire was started (it may be told words), or is gone."""

    id: str
    kind: str
    linked: bool


@dataclass(frozen=True)
class BoardTold:
    """New firmware told of itself, over ``wire`` ("cam", "dev" or "mqtt")."""

    device: str
    wire: str
    report: Report
    at: float


@dataclass(frozen=True)
class BoardChanged:
    """A board as the API's fleet shows it; ``data`` has ``"gone": true`` when it was removed."""

    id: str
    data: dict[str, Any]


@dataclass(frozen=True)
class RolloutChanged:
    """A roll-out of new firmware as the API shows it."""

    id: str
    data: dict[str, Any]


@dataclass(frozen=True)
class ClockSet:
    """The system's clock was set ``by`` seconds, negative when back; ``at`` is the time now."""

    by: float
    at: float


@dataclass(frozen=True)
class ReadingHeard:
    """A watch, or whatever speaks convention 2, measured; ``raw`` is its own text."""

    device: str
    value: float
    unit: str
    raw: str
    at: float


@dataclass(frozen=True)
class WeightHeard:
    """A cabinet's weight in grams; ``moment`` is "bfr" (door opened) or "aft" (closed)."""

    device: str
    moment: str
    grams: float
    at: float


@dataclass(frozen=True)
class PictureHeard:
    """A cabinet camera's picture: its own bytes."""

    device: str
    jpeg: bytes
    at: float


@dataclass(frozen=True)
class ReadingStored:
    """A reading is on disk; ``patient`` is None while its device is nobody's.

    ``id`` names patient and kind: a page needs only the newest of each.
    """

    id: str
    patient: str | None
    data: dict[str, Any]


@dataclass(frozen=True)
class AlertChanged:
    """An alert began, was answered or ended; ``patient`` is None for those of devices."""

    id: str
    patient: str | None
    data: dict[str, Any]


@dataclass(frozen=True)
class AlertWanted:
    """A room has, or no longer has (``active`` False), a reason for an alert.

    ``key`` names the reason and is the same in both; published again while it
    is so, it raises nothing new. ``cause`` is a word such as "low_stock",
    ``severity`` "warning" or "urgent", ``text`` one sentence for people.
    """

    key: str
    patient: str | None
    device: str | None
    cause: str
    severity: str
    text: str
    active: bool


@dataclass(frozen=True)
class CabinetChanged:
    """A cabinet as the API shows it; ``patient`` is whose it is."""

    id: str
    patient: str | None
    data: dict[str, Any]


@dataclass(frozen=True)
class RecordChanged:
    """Something in a section of a patient's record changed; ``data`` says what, as
    {"patient", "section", "what", "by", "at"}, and never holds the words themselves."""

    id: str
    patient: str
    section: str
    data: dict[str, Any]


@dataclass(frozen=True)
class MovementSeen:
    """A student came or went, as the API's ``recent`` shows it; ``id`` is "recent": a page
    that reads slowly needs only the newest."""

    id: str
    data: dict[str, Any]


@dataclass(frozen=True)
class OccupancyChanged:
    """How many are inside, as the API's ``summary`` shows it."""

    id: str
    data: dict[str, Any]


@dataclass(frozen=True)
class PatientRemoved:
    """A patient is gone; what other rooms keep of that person has to go too."""

    id: str


@dataclass(frozen=True)
class SessionEnded:
    """A session or token ended; what it holds open must close within 2 s."""

    session: str


class Bus:
    """Listeners by event type."""

    _log = Logger()

    def __init__(self) -> None:
        self._listeners: dict[type, list[Callable[[Any], None]]] = defaultdict(list)

    def subscribe(
        self, kind: type[E], listener: Callable[[E], None]
    ) -> Callable[[], None]:
        """Call ``listener(event)`` for each ``kind``; returns what ends it."""
        listeners = self._listeners[kind]
        listeners.append(listener)
        return lambda: listeners.remove(listener) if listener in listeners else None

    def publish(self, event: object) -> None:
        """Tell everyone who listens to this very type."""
        for listener in tuple(self._listeners[type(event)]):
            try:
                listener(event)
            except Exception:
                self._log.failure("a listener to {kind} failed", kind=type(event).__name__)
