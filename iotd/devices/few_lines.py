"""Lines about strangers: none of them fills the log by knocking again and again."""

from __future__ import annotations

from typing import Any

from constantly import NamedConstant
from twisted.logger import Logger

LINES_PER_MINUTE = 10  # of one address; what is beyond is counted
MAX_ADDRESSES = 10_000


class FewLines:
    """At most ten lines a minute about one address."""

    def __init__(self, log: Logger) -> None:
        self._log = log
        self._lines: dict[str, tuple[float, int]] = {}

    def tell(
        self, now: float, address: str, level: NamedConstant, text: str, /, **fields: Any
    ) -> None:
        """Log it, or count it; ``text`` and ``fields`` as for a Logger."""
        since, lines = self._lines.get(address, (now, 0))
        if not 0 <= now - since < 60:
            if lines > LINES_PER_MINUTE:
                more = lines - LINES_PER_MINUTE
                self._log.info("{count} more lines about {address}", count=more, address=address)
            since, lines = now, 0
        if lines < LINES_PER_MINUTE:
            self._log.emit(level, text, **fields)
        self._lines[address] = (since, lines + 1)
        if len(self._lines) > MAX_ADDRESSES:
            self._lines.clear()
