"""From a picture to counts: one at a time for each cabinet, the newest wins.

The counter may be slow, full, or not installed; whatever comes of it the cycle
is told, so that no lights wait for it.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Sequence

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from iotd.cabinet import images, records, stock, stock_records
from iotd.cabinet.model import Counted
from iotd.cabinet.seen import Photo, Reference, Seen
from iotd.errors import IotdError, NotFound

if TYPE_CHECKING:
    from iotd.cabinet.service import Cabinets

MAX_KEPT = 4  # cabinets whose photos stay in memory, up to 20 MB each
DARK = "The last picture is too dark to count: were the lights on?"


class Counting:
    """Pictures that wait to be counted, and what their counts change."""

    _log = Logger()

    def __init__(self, owner: Cabinets) -> None:
        self._owner = owner
        self._next: dict[str, tuple[int, bytes | None]] = {}
        self._working: set[str] = set()
        self._repeated: set[str] = set()  # a second look was asked for
        self._references: OrderedDict[str, tuple[Reference, ...]] = OrderedDict()
        self._version = 0  # of all photos
        self._stopped = False

    def stop(self) -> None:
        """Count no more."""
        self._stopped = True
        self._next.clear()

    def fresh(self, id: str) -> None:
        """The next picture is a first look: a change it shows may be looked at again."""
        self._repeated.discard(id)

    def forget(self, id: str) -> None:
        """The cabinet, or a photo of its items, is gone or new."""
        self._references.pop(id, None)
        self._version += 1

    def photos_changed(self, id: str) -> None:
        """The newest picture may show more with the photos there are now."""
        self.forget(id)
        self._count_newest(id)

    def resume(self, id: str) -> None:
        """At start: the newest picture, if its count did not come before the end."""
        picture = self._owner.known(id).picture
        if picture is not None and not picture.counted:
            self._count_newest(id)

    def _count_newest(self, id: str) -> None:
        picture = self._owner.known(id).picture
        if picture is not None and self.possible(id):
            self._repeated.add(id)  # the same picture again asks for no second look
            self.picture(id, picture.id, None)

    def possible(self, id: str) -> bool:
        """Whether there is anything that counts, and anything to be counted."""
        if not self._owner.counter.available or self._stopped:
            return False
        items = self._owner.known(id).items
        return bool(self._owner.detects) or any(item.photos for item in items)

    @property
    def idle(self) -> bool:
        """Whether no picture is in work."""
        return not self._working

    def picture(self, id: str, number: int, jpeg: bytes | None) -> None:
        """Count it, after the one in work; of those that wait the newest is counted.

        Without its bytes they are read from the store.
        """
        self._next[id] = (number, jpeg)
        if id not in self._working and not self._stopped:
            self._working.add(id)
            done = Deferred.fromCoroutine(self._work(id))
            done.addErrback(lambda f: self._log.failure("counting failed", failure=f))

    async def _work(self, id: str) -> None:
        try:
            while id in self._next and not self._stopped:
                number, jpeg = self._next.pop(id)
                again = await self._count(id, number, jpeg)
                self._owner.cycle(id).event(Counted(number, again))
        finally:
            self._working.discard(id)

    async def _count(self, id: str, number: int, jpeg: bytes | None) -> bool:
        """Whether a second picture is wanted."""
        try:
            jpeg = jpeg or await self._stored(id, number)
            if await self._owner.in_thread(images.is_dark, jpeg):
                await self._note(id, number, "dark", DARK)
                return False
            references = await self._known(id)
            seen = await self._owner.counter.count(jpeg, references)
            return await self._take(id, number, references, seen)
        except IotdError as error:
            await self._note(id, number, "failed", f"The last picture is not counted: {error}")
        except Exception:
            self._log.failure("{cabinet}: picture {number} was not counted", cabinet=id,
                              number=number)
        return False

    async def _stored(self, id: str, number: int) -> bytes:
        found = await self._owner.store.read(records.find_picture, id, number)
        if found is None:
            raise NotFound("The picture is gone.")
        return bytes(found[1])

    async def _note(self, id: str, number: int, counted: str, note: str) -> None:
        values = {"counted": counted, "note": note[:255]}
        try:
            await self._owner.commit(id, _note, number, values)
        except IotdError as error:
            self._log.warn("{cabinet}: {note} {error}", cabinet=id, note=note, error=str(error))

    async def _known(self, id: str) -> tuple[Reference, ...]:
        known = self._references.pop(id, None)
        if known is None:
            version = self._version
            known = _references(await self._owner.store.read(stock_records.photos_of, id))
            if version != self._version:
                return known  # photos changed meanwhile: not for the next picture
        self._references[id] = known
        while len(self._references) > MAX_KEPT:
            self._references.popitem(last=False)
        return known

    async def _take(
        self, id: str, number: int, references: Sequence[Reference], seen: Seen
    ) -> bool:
        names = {*(reference.item for reference in references), *filter(None, self._owner.detects)}
        counts = {name: 0 for name in names}
        for box in seen.boxes:
            counts[box.item] = counts.get(box.item, 0) + 1
        used = {photo.id for reference in references for photo in reference.photos}
        open_ones, crossed = await self._owner.commit(
            id, take_counts, number, counts, _boxes(seen), round(seen.seconds, 3),
            (frozenset(seen.weak), frozenset(used - set(seen.weak))), self._owner.now(),
        )
        for item in crossed:
            self._owner.alert(id, item)
        again = open_ones and id not in self._repeated
        (self._repeated.add if again else self._repeated.discard)(id)
        return bool(again)


def _references(photos: Sequence[tuple[str, int, bytes]]) -> tuple[Reference, ...]:
    by_name: dict[str, list[Photo]] = {}
    for name, id, jpeg in photos:
        by_name.setdefault(name, []).append(Photo(id, jpeg))
    return tuple(Reference(name, tuple(each)) for name, each in by_name.items())


def _boxes(seen: Seen) -> str:
    return json.dumps([
        {"item": box.item, "score": round(box.score, 3),
         "corners": [[round(x, 1), round(y, 1)] for x, y in box.corners]}
        for box in seen.boxes
    ])


def _note(connection: Any, id: str, number: int, values: dict[str, Any]) -> None:
    records.note_picture(connection, number, values)


def take_counts(
    connection: Any, id: str, number: int, counts: dict[str, int], boxes: str, seconds: float,
    photos: tuple[frozenset[int], frozenset[int]], now: float,
) -> tuple[bool, list[stock.Item]]:
    """Take what a picture shows: whether some count is still provisional, and which
    items became low by it, or are no longer. ``photos``: the weak ones, and the others."""
    picture = records.picture_info(connection, number)
    if picture is None:
        return False, []  # forgotten meanwhile
    records.note_picture(connection, number, {
        "counted": "counted", "note": "", "boxes": boxes, "seconds": seconds,
    })
    stock_records.mark_weak(connection, *photos)
    told: dict[str, list[int | None]] = {}
    crossed: list[stock.Item] = []
    provisional = False
    for item in stock_records.all_items(connection, id):
        if item.name not in counts:
            continue
        after = stock.seen(item, counts[item.name], number, picture.at)
        if after.count != item.count:
            told[item.name] = [item.count, after.count]
            stock_records.write_change(
                connection, id, item, now, "counted", "", after.count, number
            )
        provisional = provisional or after.provisional is not None
        crossed += stock_records.save_crossing(connection, after)
    records.note_changes(connection, id, number, told)
    return provisional, crossed
