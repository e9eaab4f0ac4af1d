"""One picture on its way through the counter, and what is made of the answer."""

from __future__ import annotations

import importlib.util
import zlib
from typing import Any, Callable, Iterable, Mapping, Sequence

from twisted.internet.defer import Deferred

from iotd.cabinet.seen import Box, Photo, Reference, Seen
from iotd.errors import IotdError

Make = Callable[[dict[str, Any]], Any]


class CountFailed(IotdError):
    """This picture can't be counted: says why; another picture may be fine (422)."""


class Job:
    """One picture that waits or is in work; ``make`` turns the worker's answer into a result."""

    def __init__(
        self, head: dict[str, Any], jpeg: bytes, photos: Sequence[tuple[str, Photo]], make: Make
    ) -> None:
        self.head, self.jpeg, self.photos, self._make = head, jpeg, photos, make
        self.tries = 0
        self.cancelled = False
        self.done: Deferred[Any] = Deferred(self._cancel)

    def _cancel(self, _: Any) -> None:
        self.cancelled = True

    def answered(self, head: dict[str, Any]) -> None:
        """The worker's answer came."""
        if failed := head.get("failed"):
            self.fail(CountFailed(failed))
        elif not self.cancelled:
            self.done.callback(self._make(head))

    def fail(self, why: IotdError) -> None:
        """There will be no answer."""
        if not self.cancelled:
            self.done.errback(why)


def counting(jpeg: bytes, references: Iterable[Reference]) -> Job:
    """The job of counting known items."""
    items: list[Any] = []
    photos: dict[str, Photo] = {}
    for reference in references:
        keys = [_key(photo) for photo in reference.photos]
        items.append([reference.item, keys])
        photos.update(zip(keys, reference.photos))
    ids = {key: photo.id for key, photo in photos.items()}
    head = {"do": "count", "items": items}
    return Job(head, jpeg, tuple(photos.items()), lambda answer: _seen(answer, ids))


def detecting(jpeg: bytes) -> Job:
    """The job of counting with a detector of one's own."""
    return Job({"do": "detect"}, jpeg, (), lambda answer: _seen(answer, {}))


def reading_barcodes(jpeg: bytes) -> Job:
    """The job of reading barcodes."""
    return Job({"do": "barcodes"}, jpeg, (), lambda answer: list(answer["texts"]))


def missing(detector: str) -> str:
    """What must be installed before anything can be counted; "" when all is there."""
    if not all(map(importlib.util.find_spec, ("cv2", "numpy", "zxingcpp"))):
        return "Counting needs OpenCV: pip install iotd[vision]"
    if detector and not importlib.util.find_spec("onnxruntime"):
        return "The detector needs onnxruntime: pip install iotd[vision,onnx]"
    return ""


def _key(photo: Photo) -> str:
    # a store may give the id of a deleted photo to another one
    return f"{photo.id}-{zlib.crc32(photo.jpeg):08x}"


def _seen(answer: dict[str, Any], ids: Mapping[str, int]) -> Seen:
    boxes = tuple(
        Box(item, tuple((x, y) for x, y in corners), score)  # type: ignore[arg-type]
        for item, corners, score in answer["boxes"]
    )
    weak = tuple(ids[key] for key in answer["weak"])
    return Seen(boxes, answer["width"], answer["height"], answer["seconds"], weak)
