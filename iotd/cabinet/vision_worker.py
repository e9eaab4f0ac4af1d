"""The process that looks at pictures: ``python -m iotd.cabinet.vision_worker``.

It reads messages on stdin and answers each, in order, on stdout; it ends when
stdin does, or with the daemon. Nothing of OpenCV is ever imported elsewhere: a
picture that crashes or hangs a decoder takes this process, not the daemon.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from typing import Any, BinaryIO

from iotd.cabinet.vision_messages import BadMessage, Message, MessageReader, encode
from iotd.child import bound, own_stdout

MEMORY = 2 * 2**30  # bytes of address space; counting on UXGA takes 0.6 GiB of it
OWN_LIMIT = 30  # seconds for one message, should the daemon not end it before
NICE = 5  # pictures wait for people, never the other way round


def main() -> None:
    """Bound this process, say what it can do, answer until stdin ends."""
    parent = os.getppid()
    out = own_stdout()
    bound(parent, MEMORY, NICE)
    try:
        from iotd.cabinet.vision_desk import Desk
    except Exception as error:  # not installed, or broken: the daemon shows why
        _write(out, {"ready": False, "why": f"{type(error).__name__}: {error}"[:300]})
        return
    desk = Desk()
    _write(out, {"ready": True})
    reader = MessageReader()
    try:
        while data := os.read(0, 2**20):
            for message in reader.receive(data):
                _answer(out, desk, message)
    except BrokenPipeError:
        pass  # the daemon is gone


def _answer(out: BinaryIO, desk: Any, message: Message) -> None:
    signal.alarm(OWN_LIMIT)
    begin = time.perf_counter()
    try:
        said = desk.answer(*message)
    except BadMessage:
        raise
    except MemoryError:
        said = {"failed": "The picture needs more memory than is allowed for one."}
    except Exception as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
        said = {"failed": f"The picture could not be looked at: {type(error).__name__}."}
    signal.alarm(0)
    if said is not None:
        seconds = round(time.perf_counter() - begin, 4)
        _write(out, {**said, "number": message[0].get("number"), "seconds": seconds})


def _write(out: BinaryIO, head: dict[str, Any]) -> None:
    out.write(encode(head))
    out.flush()


if __name__ == "__main__":
    main()
