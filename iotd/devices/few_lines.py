"""Lines about strangers: none of them fills the log by knocking again and again."""

from __future__ import annotations

from typing import Any

from constantly import NamedConstant
from twisted.logger import Logger

LINES_PER_MINUTE = 10  # of one address; what is beyond is counted
ALL_PER_MINUTE = 100  # of all: a stranger may have any number of addresses
MAX_ADDRESSES = 10_000


class FewLines:
    """At most ten lines a minute about one address, and 100 in all."""

    def __init__(self, log: Logger) -> None:
        self._log = log
        self._lines: dict[str, tuple[float, int]] = {}
        self._since, self._written, self._left_out = 0.0, 0, 0

    def tell(
        self, now: float, address: str, level: NamedConstant, text: str, /, **fields: Any
    ) -> None:
        """Log it, or count it; ``text`` and ``fields`` as for a Logger."""
        if not 0 <= now - self._since < 60:
            self._begin(now)
        since, lines = self._lines.get(address, (now, 0))
        if not 0 <= now - since < 60:
            if lines > LINES_PER_MINUTE:
                more = lines - LINES_PER_MINUTE
                self._log.info("{count} more lines about {address}", count=more, address=address)
            since, lines = now, 0
        if lines < LINES_PER_MINUTE:
            self._emit(level, text, fields)
        self._lines[address] = (since, lines + 1)
        if len(self._lines) > MAX_ADDRESSES:
            self._lines.clear()

    def _emit(self, level: NamedConstant, text: str, fields: dict[str, Any]) -> None:
        if self._written < ALL_PER_MINUTE:
            self._log.emit(level, text, **fields)
            self._written += 1
        else:
            self._left_out += 1

    def _begin(self, now: float) -> None:
        """A new minute of all addresses together."""
        if self._left_out:
            self._log.warn("{count} more lines about strangers", count=self._left_out)
        self._since, self._written, self._left_out = now, 0, 0
