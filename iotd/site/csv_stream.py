"""CSV of any length: a page of lines at a time, as fast as the browser takes them."""

from __future__ import annotations

from typing import Any, Awaitable, Callable, Sequence

from twisted.internet.defer import CancelledError, Deferred
from twisted.logger import Logger

from iotd.site.csv_lines import lines
from iotd.site.routes import Call
from iotd.site.streams import OpenStreams, Stream, until_ended

#: Some lines as bytes behind a place (None: the beginning), and the next place or None.
Page = Callable[[Any], Awaitable[tuple[bytes, Any]]]

_log = Logger()


async def send_csv(
    call: Call, streams: OpenStreams, name: str, columns: Sequence[str], page: Page
) -> None:
    """Answer a route of kind "stream" with a file of this name."""
    streams.check_room(call.who)
    # a fault of the first page is still told as such: the head is not out yet
    text, after = await page(None)
    stream = Stream(call.request, b"text/csv; charset=utf-8", {
        b"content-disposition": f'attachment; filename="{name}"'.encode("ascii", "replace"),
    })
    streams.add(call.who, stream)
    sending = _Sending(stream)
    try:
        await sending.send(lines([columns]) + text)
        while after is not None and not stream.closed:
            text, after = await page(after)
            await sending.send(text)
        stream.end()
    except CancelledError:
        return  # the browser left
    except Exception:
        _log.failure("a CSV file broke off")
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
