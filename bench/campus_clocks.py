"""The daemon as twistd runs it, with clocks on its threads and on the parts of their work.

``python -m bench.campus_clocks FILE WORDS…`` is ``twistd WORDS…``; at SIGUSR2 the seconds of
CPU so far go to ``FILE``: of threads by their names, and of parts by theirs. A part is timed
once a batch, which costs nothing that could be measured.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections import defaultdict
from pathlib import Path
from typing import Any, Callable

from twisted.scripts import twistd

from iotd.campus.applier import Work
from iotd.campus.gates import Gates
from iotd.campus.hearing import Hearing
from iotd.campus.spool import Spool

PARTS = (
    (Hearing, "hear"), (Spool, "append"), (Spool, "read"), (Work, "hear"), (Work, "finish"),
    (Gates, "sort"), (Gates, "heard"),
)
_spent: defaultdict[str, float] = defaultdict(float)


def _clock(owner: type, name: str) -> None:
    work: Callable[..., Any] = getattr(owner, name)
    label = f"{owner.__name__}.{name}"

    def timed(*args: Any, **kwargs: Any) -> Any:
        begin = time.thread_time()
        try:
            return work(*args, **kwargs)
        finally:
            _spent[label] += time.thread_time() - begin

    setattr(owner, name, timed)


def _threads() -> dict[str, float]:
    spent: defaultdict[str, float] = defaultdict(float)
    known = {thread.native_id: thread.name for thread in threading.enumerate()}
    for task in Path("/proc/self/task").iterdir():
        try:
            ran = int((task / "schedstat").read_text().split()[0]) / 1e9
        except OSError:  # one that has just ended
            continue
        spent[known.get(int(task.name), "others")] += ran
    return spent


def main(file: str, words: list[str]) -> None:
    """Run until told to stop."""
    def tell(*_: Any) -> None:
        told = json.dumps({"threads": _threads(), "parts": _spent})
        Path(f"{file}.new").write_text(told)
        os.rename(f"{file}.new", file)

    for owner, name in PARTS:
        _clock(owner, name)
    signal.signal(signal.SIGUSR2, tell)
    sys.argv = ["twistd", *words]
    twistd.run()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
