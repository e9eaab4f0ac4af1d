"""What was turned away and why, so that nobody has to guess why a board is missing."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, Callable, Iterator

from prometheus_client import CollectorRegistry, Counter
from twisted.logger import Logger, LogLevel

from iotd.devices.few_lines import FewLines

from iotd.times import rfc3339

MAX_SHOWN = 200

NEXT_STEPS = {
    "key": "Give the board a key with “New key” on this page, or `iotd device key ID`.",
    "wrong": "The board's key is not the one stored here: write a new key onto the board.",
    "revoked": "It was revoked. Approve it again on this page if it may come back.",
    "full": "Approve or remove waiting devices, then power the board off and on.",
    "keyed": "Only boards with a key are let in (enrolment is “keyed”).",
    "wire": "The board speaks something else than this port expects: check port and firmware.",
    "late": "The board stopped in the middle: check its Wi-Fi signal and power supply.",
    "kind": "Its id is another device's: give the gate an id of its own, or remove that device.",
    "password": "A gate signs in with its id and its key as password: write both onto the board.",
    "topic": "A gate speaks on topics of its own id only, and with its key if that id has one.",
    "field": "Only gates with a key are let in (enrolment is “keyed”), and gates of the field"
    " topic can have none: choose another enrolment, or new firmware.",
    "gates": "Approve or remove waiting gates; this one is heard again within a minute.",
    "trust": "The board does not know this site's authority: `iotd flash` writes it onto the board"
    " as /ca.der.",
    "limit": "Too many connections: raise the limit in the configuration if they are yours.",
}


@dataclass
class Refusal:
    """Refusals alike: same address, wire, id and cause; the newest reason."""

    address: str
    wire: str
    id: str | None
    reason: str
    next_step: str
    at: float
    count: int = 1


class Refusals:
    """The newest refusals, counted, and told to the log."""

    _log = Logger()

    def __init__(self, registry: CollectorRegistry) -> None:
        self._shown: OrderedDict[tuple[str, str, str | None, str], Refusal] = OrderedDict()
        self._lines = FewLines(self._log)
        # whoever looks after boards hears of each
        self.on_refusal: Callable[[Refusal], None] = lambda refusal: None
        self._counter = Counter(
            "iotd_refused", "connections turned away", ["wire", "cause"], registry=registry
        )

    def add(
        self, now: float, wire: str, address: str, id: str | None, cause: str, reason: str
    ) -> None:
        """Count it, show it, log it; ``cause`` is a key of NEXT_STEPS."""
        self._counter.labels(wire, cause).inc()
        key = (address, wire, id, cause)
        known = self._shown.pop(key, None)
        count = known.count + 1 if known else 1
        refusal = Refusal(address, wire, id, reason, NEXT_STEPS[cause], now, count)
        self._shown[key] = refusal
        while len(self._shown) > MAX_SHOWN:
            self._shown.popitem(last=False)
        name = f"{id} at {address}" if id else address
        self._lines.tell(
            now, address, LogLevel.warn, "{wire}: {name} refused: {reason}",
            wire=wire, name=name, reason=reason,
        )
        self.on_refusal(refusal)

    def newest_first(self) -> Iterator[Refusal]:
        """What is shown."""
        return reversed(self._shown.values())

    def items(self) -> list[dict[str, Any]]:
        """The newest first, as JSON."""
        return [{**vars(each), "at": rfc3339(each.at)} for each in self.newest_first()]
