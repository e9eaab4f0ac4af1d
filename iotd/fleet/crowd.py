"""Many boards that fall silent at once have one cause: they are told of in one alert."""

from __future__ import annotations

FEW = 5  # of one cause within WINDOW are told of one by one, each with a message
WINDOW = 300.0  # seconds


class Crowd:
    """The alarms of one cause, by monotonic seconds; says who is told of alone."""

    def __init__(self) -> None:
        self._alone: list[float] = []
        self._together: set[str] = set()

    def begins(self, id: str, now: float) -> bool:
        """Whether this board's alarm is one of its own; else it belongs to the crowd."""
        self._alone = [at for at in self._alone if now - at < WINDOW]
        if len(self._alone) < FEW and not self._together:
            self._alone.append(now)
            return True
        self._together.add(id)
        return False

    def ends(self, id: str) -> bool:
        """Whether it was the last one of the crowd."""
        if id not in self._together:
            return False
        self._together.discard(id)
        return not self._together

    def __len__(self) -> int:
        return len(self._together)
