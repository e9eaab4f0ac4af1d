"""What is kept of gates beside the store, so that they are heard at a start without it."""

from __future__ import annotations

import json
from typing import Any, Callable

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from iotd.devices.gate_admission import GateDoor
from iotd.errors import IotdError


class KeptGates:
    """``save(text)`` writes; ``floors`` are those of single gates; ``changed``: write soon."""

    _log = Logger()

    def __init__(
        self, door: GateDoor, floors: dict[str, int], save: Callable[[str], Deferred[Any]]
    ) -> None:
        self.changed = False
        self._door, self._floors, self._save = door, floors, save
        self._saved: str | None = None
        self._told = False

    def adopt(self, text: str | None) -> None:
        """Go by what was kept last until the store is there."""
        if text is None or self._door.loaded:
            return
        try:
            kept = json.loads(text)
            self._door.adopt(kept["devices"])
            self._floors.update(kept["floors"])
        except (ValueError, TypeError, KeyError, IotdError) as fault:
            self._log.error("what was kept of gates can't be read: {fault}", fault=str(fault))

    def keep(self) -> Deferred[Any] | None:
        """Write if it changed; fires when that is done."""
        if not self.changed or not self._door.loaded:
            return None
        self.changed = False
        kept = {"devices": self._door.snapshot(), "floors": self._floors}
        text = json.dumps(kept, sort_keys=True)
        if text == self._saved:
            return None
        self._saved = text
        return self._save(text).addErrback(self._not_kept)

    def _not_kept(self, failure: Failure) -> None:
        self._saved, self.changed = None, True
        if not self._told:  # it is tried again at the next look, and would be told each time
            self._told = True
            self._log.failure("what is known of gates could not be kept", failure)
