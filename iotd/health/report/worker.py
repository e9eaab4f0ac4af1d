"""The process that makes a report: ``python -m iotd.health.report.worker``.

It reads one report's data as JSON on stdin, writes the PDF to stdout and ends:
nothing of a person stays anywhere, and text that a layout chokes on takes this
process, not the daemon. Status 0 is a PDF; anything else is not.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path

from iotd.child import bound, own_stdout

MEMORY = 2**30  # bytes of address space; a long report takes 0.2 GiB of it
OWN_LIMIT = 90  # seconds, should the daemon not end it before
NICE = 3


def main() -> None:
    """Bound this process, make one report, end."""
    parent = os.getppid()
    out = own_stdout()
    bound(parent, MEMORY, NICE)
    signal.alarm(OWN_LIMIT)
    from iotd.health.report.content import Told, report_of
    from iotd.health.report.writer import make

    asked = json.load(sys.stdin.buffer)
    fonts = Path(asked.pop("fonts"))
    out.write(make(report_of(Told(**asked)), fonts))
    out.flush()


def _place(error: BaseException) -> str:
    found = error.__traceback__
    while found is not None and found.tb_next is not None:
        found = found.tb_next
    if found is None:
        return "nowhere"
    return f"{Path(found.tb_frame.f_code.co_filename).name}:{found.tb_lineno}"


if __name__ == "__main__":
    try:
        main()
    except BrokenPipeError:
        pass  # nobody waits for it any more
    except Exception as error:
        # never the text itself: it is about a person, and this is for the log
        print(f"{type(error).__name__} at {_place(error)}", file=sys.stderr, flush=True)
        sys.exit(1)
