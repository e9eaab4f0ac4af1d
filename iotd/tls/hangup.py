"""SIGHUP: certificates are read anew. On a terminal that was closed it ends the daemon, as ever."""

from __future__ import annotations

import os
import signal
from typing import Any, Callable

STDIN = 0


def on_hangup(reactor: Any, work: Callable[[], Any]) -> Callable[[], None]:
    """Call ``work`` on the reactor at each SIGHUP; gives what undoes this. In the main thread."""
    on_terminal = _is_terminal()

    def hear(number: int, frame: Any) -> None:
        gone = on_terminal and not _is_terminal()
        reactor.callFromThread(reactor.stop if gone else work)

    before = signal.signal(signal.SIGHUP, hear)
    return lambda: _put_back(before)


def _put_back(before: Any) -> None:
    signal.signal(signal.SIGHUP, before if before is not None else signal.SIG_DFL)


def _is_terminal() -> bool:
    try:
        return os.isatty(STDIN)
    except OSError:
        return False
