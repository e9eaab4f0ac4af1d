"""Where a list of readings goes on: after a time and an id."""

from __future__ import annotations

import math
from typing import Any
from urllib.parse import urlencode

from iotd.errors import Invalid
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


def next_of(call: Call, after: Any) -> str:
    """The address of the next page of what ``call`` asked for."""
    asked = call.query.model_dump(exclude_none=True, exclude_unset=True)
    path = (call.request.path or b"").decode("ascii", "replace")
    return f"{path}?{urlencode({**asked, 'after': after})}"
