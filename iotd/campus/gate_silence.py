"""Gates that fell silent: when one is taken for gone, and when a person is told."""

from __future__ import annotations

from typing import Callable

from iotd.campus.gate import Gate

GRACE = 10.0  # seconds that a gate may be offline before anybody is told: it may only restart

Tell = Callable[[Gate, bool, str], None]


class Silence:
    """``tell(gate, active, text)`` begins or ends an alert; times are monotonic.

    While the broker is away nothing can be heard, so nobody is silent.
    """

    def __init__(self, seconds: float, tell: Tell) -> None:
        self.connected = False
        self._seconds, self._tell = seconds, tell
        self._since = 0.0

    def broker_connected(self, connected: bool, now: float) -> None:
        """From now on gates can be heard, or can't."""
        self.connected, self._since = connected, now

    def speaks(self, gate: Gate) -> None:
        """It is there."""
        # also once after the start: the alert may be one of before
        if gate.alarmed is not False and gate.approved:
            self.ends(gate)

    def ends(self, gate: Gate) -> None:
        """There is no reason for an alert any more."""
        gate.alarmed = False
        self._tell(gate, False, "{name} is heard again.")

    def look(self, gate: Gate, now: float) -> bool:
        """Tell of it if it is silent; True when it is online and to be taken for gone."""
        if not self.connected:
            return False
        silent = now - max(self._since, gate.heard_at or self._since)
        if gate.approved and gate.known and not gate.alarmed and self._why(gate, silent, now):
            gate.alarmed = True
            self._tell(gate, True, self._why(gate, silent, now))
        return gate.online and silent >= self._seconds

    def _why(self, gate: Gate, silent: float, now: float) -> str:
        if gate.offline_at is not None and now - max(self._since, gate.offline_at) >= GRACE:
            return "{name} lost its connection: check its power and its Wi-Fi."
        if silent >= self._seconds:
            return f"{{name}} has said nothing for {_words(self._seconds)}: check its power " \
                "and its Wi-Fi."
        return ""


def _words(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:g} s"
    return f"{seconds / 60:.3g} min" if seconds < 7200 else f"{seconds / 3600:.3g} h"
