"""Lines about strangers: none of them fills the log by knocking again and again."""

from __future__ import annotations

from collections import Counter
from typing import Any

from twisted.logger import Logger

LINES_PER_MINUTE = 60  # of one address; what is beyond is counted
ALL_PER_MINUTE = 100  # of all: a stranger may have any number of addresses


class FewLines:
    """At most 60 lines a minute about one address, and 100 in all."""

    def __init__(self, log: Logger) -> None:
        self._log = log
        self._since = 0.0
        self._lines: Counter[str] = Counter()
        self._left_out = 0

    def tell(self, now: float, address: str, level: Any, text: str, /, **fields: Any) -> None:
        """Log it, or count it; ``text`` and ``fields`` as for a Logger."""
        self.flush(now)
        written = self._lines.total()
        if written >= ALL_PER_MINUTE or self._lines[address] >= LINES_PER_MINUTE:
            self._left_out += 1
        else:
            self._lines[address] += 1
            self._log.emit(level, text, **fields)

    def flush(self, now: float) -> None:
        """Begin a new minute when it is time, and say how much the last one left out."""
        if 0 <= now - self._since < 60:
            return
        if self._left_out:
            self._log.warn("{count} more lines about strangers", count=self._left_out)
        self._since, self._left_out = now, 0
        self._lines.clear()
