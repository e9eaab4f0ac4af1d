"""Lists in pages, as the contract has them."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from iotd.errors import Invalid
from iotd.site.routes import Call


def page_of(items: list[dict[str, Any]], call: Call) -> dict[str, Any]:
    """The page of a whole list that ``limit`` and ``after`` (an id) ask for."""
    query = call.query
    start = 0
    if query.after is not None:
        ids = [item["id"] for item in items]
        if query.after not in ids:
            raise Invalid("There is no such item to go on after.", "after")
        start = ids.index(query.after) + 1
    return as_page(items[start:start + query.limit + 1], call)


def as_page(items: list[dict[str, Any]], call: Call) -> dict[str, Any]:
    """``limit`` items, and where the next are if there is one more than that."""
    limit = call.query.limit
    shown = items[:limit]
    if len(items) <= limit:
        return {"items": shown, "next": None}
    onward = urlencode({"limit": limit, "after": shown[-1]["id"]})
    return {"items": shown, "next": f"{call.route.path}?{onward}"}
