"""What the vision worker does with each message; only it imports this."""

from __future__ import annotations

from typing import Any, Callable

import cv2

from iotd.cabinet.barcode import read_barcodes
from iotd.cabinet.decoding import NoPicture, decode
from iotd.cabinet.detector import BadDetector, Detector
from iotd.cabinet.features import Learned, learn
from iotd.cabinet.matching import PIXELS, find
from iotd.cabinet.vision_messages import BadMessage

PHOTO_PIXELS = 250_000

Answer = dict[str, Any]


class Desk:
    """Keeps what was learned of reference photos, by key; the daemon says what to forget."""

    def __init__(self) -> None:
        cv2.setNumThreads(1)
        self._learned: dict[str, Learned | None] = {}
        self._detector: Any = None
        self._detector_fault = "No detector was loaded."
        self._does: dict[str, Callable[[Answer, bytes], Answer | None]] = {
            "learn": self._learn, "forget": self._forget, "count": self._count,
            "barcodes": self._barcodes, "detect": self._detect, "detector": self._load,
        }

    def answer(self, head: Answer, data: bytes) -> Answer | None:
        """The answer to one message; None where none is due."""
        does = self._does.get(head.get("do", ""))
        if does is None:
            raise BadMessage(f"nobody can {str(head.get('do'))[:40]!r} here")
        try:
            return does(head, data)
        except (NoPicture, BadDetector) as error:
            return {"failed": str(error)}

    def _learn(self, head: Answer, data: bytes) -> Answer:
        # a photo that can't be used is told with each count that names it
        self._learned[head["photo"]] = None
        try:
            self._learned[head["photo"]] = learn(decode(data, PHOTO_PIXELS).bgr)
        except NoPicture:
            pass
        return {"learned": head["photo"]}

    def _forget(self, head: Answer, data: bytes) -> None:
        for key in head["photos"]:
            self._learned.pop(key, None)

    def _count(self, head: Answer, data: bytes) -> Answer:
        picture = decode(data, PIXELS)
        known, weak = [], []
        for item, keys in head["items"]:
            photos = [self._learned.get(key) for key in keys]
            weak += [key for key, photo in zip(keys, photos) if photo is None]
            known.append((item, [photo for photo in photos if photo is not None]))
        found = find(picture.bgr, known)
        boxes = [[one.item, (one.corners.astype(float) / picture.scale).round(1).tolist(),
                  round(one.score, 3)] for one in found]
        return {"boxes": boxes, "width": picture.width, "height": picture.height, "weak": weak}

    def _barcodes(self, head: Answer, data: bytes) -> Answer:
        return {"texts": read_barcodes(decode(data).bgr)}

    def _load(self, head: Answer, data: bytes) -> None:
        # a fault of the file is told with each picture: it is what people ask about
        try:
            self._detector = Detector(head["path"], head["items"])
        except BadDetector as error:
            self._detector_fault = str(error)

    def _detect(self, head: Answer, data: bytes) -> Answer:
        if self._detector is None:
            return {"failed": self._detector_fault}
        picture = decode(data)
        boxes = self._detector.boxes(picture.bgr)
        return {"boxes": boxes, "width": picture.width, "height": picture.height, "weak": []}
