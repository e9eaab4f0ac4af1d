"""The data sheet over HTTP, and everything as CSV, sent while it is read."""

from __future__ import annotations

from functools import partial
from typing import Any, Awaitable, Callable

from twisted.internet.defer import CancelledError, Deferred
from twisted.logger import Logger

from iotd.health import csv_text, shapes, sheet
from iotd.health.access import Looks
from iotd.calendar import Calendar
from iotd.health.model import find_kind
from iotd.health.onward import next_of, span_of
from iotd.health.patients import Patients
from iotd.site.routes import Call, route
from iotd.site.streams import OpenStreams, Stream, until_ended
from iotd.store.engine import Store

PATIENT = "/api/v1/patients/<id>"

#: ``page(after)`` gives some lines and where to go on.
Page = Callable[[Any], Awaitable[tuple[bytes, Any]]]


class SheetApi:
    """Routes of the data sheet and of CSV files."""

    _log = Logger()

    def __init__(
        self, *, store: Store, patients: Patients, looks: Looks, calendar: Calendar,
        streams: OpenStreams,
    ) -> None:
        self._store, self._patients, self._looks = store, patients, looks
        self._calendar, self._streams = calendar, streams

    @route("GET", PATIENT + "/sheet", query=shapes.SheetQuery, answer=shapes.Sheet)
    async def get_sheet(self, call: Call, id: str) -> dict[str, Any]:
        """What was measured together, a row each, the newest first."""
        asked, (since, until) = call.query, span_of(call.query)
        place = None if asked.after is None else sheet.Place.decode(asked.after)
        await self._look(call, id)
        rows, more = await self._store.read(
            sheet.read_page, id, since, until, asked.limit, place
        )
        return {
            "items": [row.as_json() for row in rows],
            "next": next_of(call, more.encode()) if more is not None else None,
        }

    @route("GET", PATIENT + "/sheet.csv", query=shapes.Span, kind="stream")
    async def sheet_csv(self, call: Call, id: str) -> None:
        """The data sheet as CSV, whole."""
        since, until = span_of(call.query)
        await self._look(call, id)
        read = partial(self._store.read, csv_text.sheet_page, self._calendar, id, since, until)
        await self._send(call, f"sheet-{id}.csv", csv_text.SHEET, read)

    @route("GET", PATIENT + "/readings.csv", query=shapes.CsvQuery, kind="stream")
    async def readings_csv(self, call: Call, id: str) -> None:
        """Every reading as CSV, whole."""
        asked, (since, until) = call.query, span_of(call.query)
        kind = None if asked.kind is None else find_kind(asked.kind).name
        await self._look(call, id)
        read = partial(
            self._store.read, csv_text.readings_page, self._calendar, id, kind, since, until
        )
        await self._send(call, f"readings-{id}.csv", csv_text.READINGS, read)

    async def _look(self, call: Call, id: str) -> None:
        self._patients.access.check(call.who, id)
        await self._looks.note(call.who, id, "view readings", call.now, call.address)

    async def _send(self, call: Call, name: str, columns: Any, page: Page) -> None:
        self._streams.check_room(call.who)
        # a fault of the first page is still told as such: the head is not out yet
        text, after = await page(None)
        stream = Stream(call.request, b"text/csv; charset=utf-8", {
            b"content-disposition": f'attachment; filename="{name}"'.encode("ascii", "replace"),
        })
        self._streams.add(call.who, stream)
        sending = _Sending(stream)
        try:
            await sending.send(csv_text.lines([columns]) + text)
            while after is not None and not stream.closed:
                text, after = await page(after)
                await sending.send(text)
            stream.end()
        except CancelledError:
            return  # the browser left
        except Exception:
            self._log.failure("a CSV file broke off")
            stream.end(at_once=True)
        await until_ended(stream)


class _Sending:
    """Writes to a stream as fast as it takes it."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._waiting: Deferred[None] | None = None
        stream.on_ready = self._go_on
        stream.ended.addBoth(self._ended)

    async def send(self, text: bytes) -> None:
        """Returns when it has left, or when nobody takes it any more."""
        self._stream.write(text)
        if self._stream.busy and not self._stream.closed:
            self._waiting = Deferred()
            await self._waiting

    def _go_on(self) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is not None and not waiting.called:
            waiting.callback(None)

    def _ended(self, result: Any) -> Any:
        self._go_on()
        return result
