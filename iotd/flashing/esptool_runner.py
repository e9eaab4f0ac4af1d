"""esptool as a program of its own beside us: started, read line by line, bounded, ended.

It is a process and no library because of its licence, and because a driver that hangs in the
kernel must not hang us.
"""

from __future__ import annotations

import os
import re
import selectors
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import Callable, Sequence

from iotd.errors import Unavailable
from iotd.flashing.esptool_run_faults import fault, last_lines

# nothing of our own settings, which hold passwords, goes to it; nor do options of its own in
# ESPTOOL_… variables, except its file of settings
_PASSED_ON = (
    "PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH", "VIRTUAL_ENV", "PYTHONPATH",
    "SYSTEMROOT", "ESPTOOL_CFGFILE",
)
# lines whole and plain, as they come
_PLAIN = {"PYTHONUNBUFFERED": "1", "PYTHONIOENCODING": "utf-8", "NO_COLOR": "1", "TERM": "dumb",
          "COLUMNS": "200"}
_KEPT = 256 * 1024  # characters of its output
_GRACE_SECONDS = 2.0
_BREAK = re.compile("[\r\n]+")


@dataclass(frozen=True)
class Patience:
    """How long it may take in all, and how long say nothing, in seconds."""

    whole: float
    silent: float


class _Output:
    """All that was printed, and the lines of it as they become whole."""

    def __init__(self, hear: Callable[[str], None]) -> None:
        self.text = ""
        self._hear = hear
        self._open = ""

    def take(self, data: bytes) -> None:
        text = data.decode("utf-8", "replace")
        self.text = (self.text + text)[-_KEPT:]
        *whole, self._open = _BREAK.split(self._open + text)
        for line in filter(str.strip, whole):
            self._hear(line)


def run(
    line: Sequence[str], port: str, patience: Patience,
    hear: Callable[[str], None] = lambda text: None,
) -> str:
    """Run ``esptool …`` and give all it printed; ``hear`` gets each line as it comes. Blocks.

    Conflict, Invalid, NotFound or Unavailable, one sentence each, when it fails or takes too
    long; its last lines are in ``extra["detail"]``.
    """
    output = _Output(hear)
    process = _start(line)
    try:
        _follow(process, output, port, patience)
        code = process.wait(_GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        raise _overdue(port, output) from None
    finally:
        _end(process)
    if code != 0:
        raise fault(output.text, port)
    return output.text


def _start(line: Sequence[str]) -> subprocess.Popen[bytes]:
    environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    # -P and the root folder: no module and no settings of the folder we happen to be in
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "esptool", *line], stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=os.path.abspath(os.sep),
        env={**environment, **_PLAIN},
    )


def _follow(
    process: subprocess.Popen[bytes], output: _Output, port: str, patience: Patience
) -> None:
    assert process.stdout is not None
    until = time.monotonic() + patience.whole
    with selectors.DefaultSelector() as waiting:
        waiting.register(process.stdout, selectors.EVENT_READ)
        while True:
            left = min(until - time.monotonic(), patience.silent)
            if left <= 0 or not waiting.select(left):
                raise _overdue(port, output)
            data = os.read(process.stdout.fileno(), 65536)
            if not data:
                return
            output.take(data)


def _end(process: subprocess.Popen[bytes]) -> None:
    """By its own id, and not before it has ended."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    if process.stdout is not None:
        process.stdout.close()


def _overdue(port: str, output: _Output) -> Unavailable:
    return Unavailable(
        f"The board on {port} took too long: unplug it, plug it in, and run this again.", "port",
        detail=last_lines(output.text),
    )
