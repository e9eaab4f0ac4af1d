"""Lists in pages: ``limit`` items after the id ``after``, and where the next are."""

from __future__ import annotations

from bisect import bisect_right
from typing import Annotated, Any, Sequence
from urllib.parse import urlencode

from pydantic import BaseModel, Field

from iotd.errors import Invalid
from iotd.site.routes import Call


class Paging(BaseModel):
    """A page of things whose ids are numbers."""

    limit: Annotated[int, Field(ge=1, le=1000)] = 100
    after: Annotated[int, Field(ge=0, lt=2**63)] | None = None


class TextPaging(BaseModel):
    """A page of things whose ids are words."""

    limit: Annotated[int, Field(ge=1, le=1000)] = 100
    after: Annotated[str, Field(max_length=64)] | None = None


def page_of(items: Sequence[dict[str, Any]], call: Call) -> dict[str, Any]:
    """The page of a whole list that ``limit`` and ``after`` (an id) ask for.

    In a list by id an item that went meanwhile breaks no chain; elsewhere
    Invalid when ``after`` is not there.
    """
    after, start = call.query.after, 0
    if after is not None:
        ids = [item["id"] for item in items]
        if after in ids:
            start = ids.index(after) + 1
        elif ids == sorted(ids):
            start = bisect_right(ids, after)
        else:
            raise Invalid("There is no such item to go on after.", "after")
    return as_page(items[start:start + call.query.limit + 1], call)


def as_page(items: Sequence[dict[str, Any]], call: Call) -> dict[str, Any]:
    """``limit`` items, and where the next are if there is one more than that.

    All else that was asked for is asked for again.
    """
    limit = call.query.limit
    shown = items[:limit]
    if len(items) <= limit:
        return {"items": shown, "next": None}
    asked = call.query.model_dump(exclude_none=True, exclude={"after"})
    onward = urlencode({**asked, "after": shown[-1]["id"]})
    path = (call.request.path or b"").decode("ascii", "replace")
    return {"items": shown, "next": f"{path}?{onward}"}
