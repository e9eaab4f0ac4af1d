"""The log: lines to read on a terminal, one JSON object a line elsewhere.

What strangers sent may be in any field: control characters are written as
escapes, and one event is one line of at most 8 KiB.
"""

from __future__ import annotations

import json
import sys
from datetime import datetime, timezone
from typing import Any, Callable, TextIO

from twisted.logger import ILogObserver, LogEvent, LogLevel, formatEvent
from twisted.python.logfile import LogFile
from zope.interface import implementer

MAX_TEXT = 6000
MAX_LINE = 8191  # and the newline
_SCALARS = (str, int, float, bool, type(None))


def observer_for(logfile: str | None) -> Callable[[LogEvent], None]:
    """Text on a terminal; JSON to a file, a pipe or the journal.

    A file is its owner's alone: the first lines hold the set-up address.
    """
    if logfile and logfile != "-":
        return JsonObserver(LogFile.fromFullPath(logfile, defaultMode=0o600))
    if sys.stdout.isatty():
        return TextObserver(sys.stdout)
    return JsonObserver(sys.stdout)


def is_worth_it(event: LogEvent) -> bool:
    """Our own events from info on; of libraries only warnings and worse."""
    level = event.get("log_level") or LogLevel.info
    own = str(event.get("log_namespace", "")).startswith("iotd")
    return bool(level >= (LogLevel.info if own else LogLevel.warn))


@implementer(ILogObserver)
class TextObserver:
    """``12:30:05 warn   cameras: cam-10-0-0-7 refused: …``"""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def __call__(self, event: LogEvent) -> None:
        """Write one event."""
        if not is_worth_it(event):
            return
        moment = datetime.fromtimestamp(event["log_time"]).strftime("%H:%M:%S")
        level = event["log_level"].name
        self._out.write(f"{moment} {level:<8} {room(event)}: {message(event)}\n")
        if "log_failure" in event:
            for line in event["log_failure"].getTraceback()[-MAX_TEXT:].splitlines():
                # its last line may quote a stranger: none of them looks like an event
                self._out.write(f"    {cut(line, MAX_TEXT)}\n")
        self._out.flush()


@implementer(ILogObserver)
class JsonObserver:
    """``{"time": …, "level": …, "room": …, "message": …, fields…}``"""

    def __init__(self, out: Any) -> None:
        self._out = out

    def __call__(self, event: LogEvent) -> None:
        """Write one event."""
        if not is_worth_it(event):
            return
        moment = datetime.fromtimestamp(event["log_time"], timezone.utc)
        entry: dict[str, Any] = {
            "time": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": event["log_level"].name, "room": room(event), "message": message(event),
        }
        for key, value in event.items():
            if not key.startswith(("log_", "format")) and isinstance(value, _SCALARS):
                entry.setdefault(key, cut(value, 200) if isinstance(value, str) else value)
        if "log_failure" in event:
            entry["traceback"] = event["log_failure"].getTraceback()[-MAX_TEXT // 2:]
        self._out.write(one_line(entry) + "\n")
        self._out.flush()


def one_line(entry: dict[str, Any]) -> str:
    """``entry`` as JSON of at most 8 KiB; texts are cut where it would be more."""
    line = json.dumps(entry)
    for limit in (1000, 200, 40):
        if len(line) <= MAX_LINE:
            break
        # written as escapes, a character takes up to 12 bytes
        entry = {k: cut(v, limit) if isinstance(v, str) else v for k, v in entry.items()}
        line = json.dumps(entry)
    return line


def room(event: LogEvent) -> str:
    """Which part of the house speaks: "cameras" of iotd.cameras.service.Cameras."""
    parts = str(event.get("log_namespace", "?")).split(".")
    return parts[1] if parts[0] == "iotd" and len(parts) > 1 else parts[0]


def message(event: LogEvent) -> str:
    """The event's text, on one line and free of control characters."""
    return cut(formatEvent(event), MAX_TEXT // 2)


def cut(text: str, limit: int) -> str:
    """Printable characters only, at most ``limit``."""
    shown = "".join(c if c.isprintable() else repr(c)[1:-1] for c in text[: limit + 1])
    return shown if len(shown) <= limit else shown[:limit] + "…"


__all__ = ["JsonObserver", "TextObserver", "cut", "is_worth_it", "observer_for"]
