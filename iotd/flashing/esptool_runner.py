"""esptool as a program of its own beside us: started, read line by line, bounded, ended."""

from __future__ import annotations

from typing import Callable, Sequence


def run(
    line: Sequence[str], port: str, hear: Callable[[str], None] = lambda text: None,
    seconds: float = 60.0,
) -> str:
    """Run ``esptool …`` and give all it printed; ``hear`` gets each line as it comes. Blocks;
    Conflict, NotFound or Unavailable with one sentence, its last lines in ``extra["detail"]``."""
    raise NotImplementedError
