"""Movements over HTTP: the newest, one student's, all as CSV, and what people correct."""

from __future__ import annotations

import re
from functools import partial
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, BeforeValidator, Field

from iotd.campus import movement_records as records
from iotd.campus.corrections import Corrections
from iotd.campus.movement_texts import COLUMNS, Texts
from iotd.campus.movements import Movements, moment
from iotd.campus.register_api import CAMPUS, ONE, rollno_of
from iotd.errors import Invalid
from iotd.site.bodies import Strict
from iotd.site.csv_stream import send_csv
from iotd.site.paging import as_page
from iotd.site.routes import Call, route
from iotd.site.streams import OpenStreams

EVER = 1 << 62
AT_ONCE = 2000  # lines of a file that are made at a time


class Correcting(Strict):
    """Where a student is, and since when: now, unless said."""

    direction: Literal["entry", "exit"]
    at: AwareDatetime | None = None
    note: str = Field("", max_length=500)


class Resetting(Strict):
    """Why everybody is taken to be outside."""

    note: str = Field("", max_length=500)


class RecentQuery(BaseModel):
    """How many, and behind which."""

    limit: int = Field(5, ge=1, le=1000)
    after: str | None = Field(None, max_length=64)


class OfStudent(BaseModel):
    """A page of one student's movements."""

    limit: int = Field(100, ge=1, le=1000)
    after: str | None = Field(None, max_length=64)


def _with_plus(text: Any) -> Any:
    # in a query "+" stands for a space
    return text.replace(" ", "+") if isinstance(text, str) and text[10:11] in "Tt" else text


_Moment = Annotated[AwareDatetime, BeforeValidator(_with_plus)]


class SpanQuery(BaseModel):
    """``since`` is included, ``until`` is not."""

    since: _Moment | None = None
    until: _Moment | None = None


class MovementOut(BaseModel):
    """A student came or went; ``gate`` is null for a correction."""

    id: str
    rollno: str | None
    direction: str
    gate: str | None
    gate_name: str | None
    at: str
    method: str
    late: bool


class MovementList(BaseModel):
    """Movements, the newest first."""

    items: list[MovementOut]
    next: str | None


class Outside(BaseModel):
    """How many were inside before."""

    outside: int


class MovementsApi:
    """Routes of movements; whoever reaches them sees names."""

    def __init__(
        self, movements: Movements, corrections: Corrections, texts: Texts, streams: OpenStreams
    ) -> None:
        self._movements, self._corrections = movements, corrections
        self._texts, self._streams = texts, streams

    @route("GET", CAMPUS + "/recent", query=RecentQuery, answer=MovementList)
    async def recent(self, call: Call) -> dict[str, Any]:
        """Who came or went last."""
        asked = call.query
        before = None if asked.after is None else _place_of(asked.after)
        found = await self._movements.store.read(records.newest, asked.limit + 1, before)
        return as_page([self._texts.as_json(each) for each in found], call)

    async def newest(self, limit: int) -> dict[str, Any]:
        """The same, for the page."""
        found = await self._movements.store.read(records.newest, limit)
        return {"items": [self._texts.as_json(each) for each in found], "next": None}

    @route("GET", ONE + "/movements", query=OfStudent, answer=MovementList)
    async def list_movements(self, call: Call, rollno: str) -> dict[str, Any]:
        """Movements of one student, the newest first."""
        asked, student = call.query, self._movements.register.find(rollno_of(rollno))
        before = None if asked.after is None else _place_of(asked.after)[1:]
        found = await self._movements.store.read(
            records.newest_of, student.id, asked.limit + 1, before
        )
        return as_page([self._texts.as_json(each) for each in found], call)

    @route("GET", CAMPUS + "/movements.csv", query=SpanQuery, kind="stream")
    async def movements_csv(self, call: Call) -> None:
        """Every movement as CSV, the oldest first."""
        since, until = call.query.since, call.query.until
        page = partial(
            self._page, 0 if since is None else moment(since.timestamp()),
            EVER if until is None else moment(until.timestamp()),
        )
        await send_csv(call, self._streams, "movements.csv", COLUMNS, page)

    async def _page(self, since: int, until: int, after: Any) -> tuple[bytes, Any]:
        return await self._movements.store.read(
            _read_page, self._texts, since, until, after
        )

    @route("POST", ONE + "/corrections", body=Correcting, answer=MovementOut, status=201)
    async def correct(self, call: Call, rollno: str) -> dict[str, Any]:
        """Say where a student is: a movement with your name in the audit."""
        asked = call.body
        made = await self._corrections.correct(
            rollno_of(rollno), asked.direction, asked.at and asked.at.timestamp(), asked.note,
            call.who.name, call.address,
        )
        return self._texts.as_json(made)

    @route("POST", CAMPUS + "/reset", body=Resetting, answer=Outside)
    async def reset(self, call: Call) -> dict[str, Any]:
        """Everybody is outside: a correction for each who is inside."""
        note = call.body.note if call.body is not None else ""
        return {"outside": await self._corrections.reset(note, call.who.name, call.address)}


def _read_page(
    connection: Any, texts: Texts, since: int, until: int, after: Any
) -> tuple[bytes, Any]:
    found = records.page_of_all(connection, since, until, after, AT_ONCE)
    return texts.as_csv(found), found[-1] if len(found) == AT_ONCE else None


def _place_of(text: str) -> records.Place:
    if not re.fullmatch(r"[0-9]{1,18}-[0-9]{1,18}-[0-9]{1,9}", text):
        raise Invalid("after is the id of a movement.", "after")
    student, at, source = map(int, text.split("-"))
    return student, at, source
