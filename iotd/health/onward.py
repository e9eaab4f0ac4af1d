"""Which readings are asked for, and where a list of them goes on."""

from __future__ import annotations

import math
from typing import Any, Callable
from urllib.parse import urlencode

from iotd.errors import Invalid
from iotd.health.model import KINDS
from iotd.health.moments import bounded, parse_time
from iotd.health.records import Reading
from iotd.site.routes import Call


def cursor_of(reading: Reading) -> str:
    """The place of a reading among those of its patient."""
    return f"{reading.at!r}~{reading.id}"


def at_of(cursor: str) -> tuple[float, int]:
    """Time and id of a place; Invalid when it is none."""
    at, _, id = cursor.partition("~")
    try:
        place = float(at), int(id)
    except ValueError:
        raise _no_place() from None
    if not math.isfinite(place[0]) or not 0 <= place[1] < 2**63 or len(cursor) > 64:
        raise _no_place()
    return place


def _no_place() -> Invalid:
    return Invalid("after is a place that an answer's next named.", "after")


def next_of(call: Call, after: str) -> str:
    """The address of the next page of what ``call`` asked for."""
    return onward(call)(after)


def onward(call: Call) -> Callable[[str], str]:
    """The same as a function that needs no request any more."""
    asked = call.query.model_dump(exclude_none=True, exclude_unset=True)
    path = (call.request.path or b"").decode("ascii", "replace")
    return lambda after: f"{path}?{urlencode({**asked, 'after': after})}"


def kind_at(cursor: str) -> tuple[str, float]:
    """Kind and start of the last bucket of a page; Invalid when it is none."""
    kind, _, start = cursor.partition("~")
    try:
        place = kind, float(start)
    except ValueError:
        raise _no_place() from None
    if kind not in KINDS or place[1] != bounded(place[1]):
        raise _no_place()
    return place


def span_of(asked: Any) -> tuple[float | None, float | None]:
    """``since`` and ``until`` of a query in Unix seconds."""
    since = None if asked.since is None else bounded(parse_time(asked.since, "since"))
    until = None if asked.until is None else bounded(parse_time(asked.until, "until"))
    return since, until
