"""Processes of our own beside the daemon: how they are started, bounded, and how they ended."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
from pathlib import Path
from typing import Any, BinaryIO, Mapping

_ROOT = Path(__file__).resolve().parent.parent
# nothing of the daemon's own settings, which hold passwords, goes to such a process
_PASSED_ON = ("PATH", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH", "VIRTUAL_ENV")
_PR_SET_PDEATHSIG = 1


def command(module: str) -> tuple[str, ...]:
    """The command line that runs a module of ours."""
    return sys.executable, "-m", module


def spawn(
    reactor: Any, process: Any, line: tuple[str, ...], more: Mapping[str, str] | None = None
) -> None:
    """Start a process that answers to ``process``, with few of our environment's variables."""
    environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    environment.update(more or {})
    environment["PYTHONPATH"] = os.pathsep.join(
        [str(_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    )
    reactor.spawnProcess(process, line[0], list(line), env=environment)


def how_it_ended(value: Any) -> str:
    """The reason of ``processEnded`` in words."""
    if getattr(value, "signal", None):
        return f"killed by signal {value.signal}"
    return f"ended with status {getattr(value, 'exitCode', 0) or 0}"


def own_stdout() -> BinaryIO:
    """In the process: its stdout alone; what libraries print goes to stderr."""
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return out


def bound(parent: int, memory: int, nice: int) -> None:
    """In the process: at most so many bytes of memory, behind others, and not without its
    ``parent``, the process id of the daemon."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the daemon's, which ends this one
    try:
        os.nice(nice)
    except OSError:
        pass  # a sandbox may refuse; it bounds the process in other ways
    for what, most in ((resource.RLIMIT_AS, memory), (resource.RLIMIT_CORE, 0)):
        try:
            resource.setrlimit(what, (most, most))
        except (OSError, ValueError):
            pass
    if sys.platform == "linux":
        # also while it computes, or is stopped, it must not outlive a daemon that was killed
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(0)
