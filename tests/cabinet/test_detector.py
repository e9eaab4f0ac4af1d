"""A detector of the user's own, with tiny models that the test builds."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image
from twisted.trial.unittest import SynchronousTestCase

from iotd.cabinet.counter import CountFailed
from iotd.cabinet.decoding import decode
from iotd.cabinet.detector import BadDetector, Detector
from tests.cabinet.onnx_models import build
from tests.cabinet.vision import CounterTest

NAMES = ("Pepsi", "Pringles")


def picture() -> bytes:
    """256 × 192: two red squares and a green one, each on a cell of the model's input."""
    whole = Image.new("RGB", (256, 192), (90, 90, 90))
    # the model sees it at a half, 16 rows below the top of its 128 × 128
    for (x, y), colour in (((0, 32), "red"), ((128, 96), "red"), ((192, 32), "lime")):
        whole.paste(Image.new("RGB", (64, 64), colour), (x, y))
    out = io.BytesIO()
    whole.save(out, "PNG")
    return out.getvalue()


class Layouts(SynchronousTestCase):
    """What outputs are understood."""

    def setUp(self) -> None:
        self.path = Path(self.mktemp())

    def found(self, layout: str, names: tuple[str, ...] = NAMES) -> list[tuple[str, list[float]]]:
        """Item, left and top of each box."""
        detector = Detector(build(self.path, layout), names)
        boxes = detector.boxes(decode(picture()).bgr)
        return sorted((item, corners[0]) for item, corners, _ in boxes)

    def test_yolo_and_three(self) -> None:
        """v8, v5 and boxes-labels-scores give the same boxes in pixels of the picture."""
        for layout in ("v8", "v5", "three"):
            self.assertEqual(self.found(layout), [
                ("Pepsi", [0.0, 32.0]), ("Pepsi", [128.0, 96.0]), ("Pringles", [192.0, 32.0])])

    def test_left_out(self) -> None:
        """A class with no name is not counted."""
        self.assertEqual(self.found("v8", ("", "Pringles")), [("Pringles", [192.0, 32.0])])

    def test_not_understood(self) -> None:
        """Another shape, or names that do not fit it, are told with what is expected."""
        with self.assertRaises(BadDetector) as caught:
            self.found("odd")
        self.assertIn("[1, 2, 16] is not understood", str(caught.exception))
        with self.assertRaises(BadDetector) as caught:
            self.found("v8", ("one", "two", "three"))
        self.assertIn("3 names", str(caught.exception))

    def test_no_file(self) -> None:
        """A file that is not there, or no model, says so."""
        for content, words in ((None, "does not exist"), (b"not a model", "can't be loaded")):
            if content is not None:
                self.path.write_bytes(content)
            with self.assertRaises(BadDetector) as caught:
                Detector(str(self.path), NAMES)
            self.assertIn(words, str(caught.exception))

    def test_open_size(self) -> None:
        """An input that the model leaves open is taken as 640; what then fails is told."""
        with self.assertRaisesRegex(BadDetector, "can't be run"):
            Detector(build(self.path, "v8", "side"), NAMES).boxes(decode(picture()).bgr)


class InTheWorker(CounterTest):
    """The counter with a detector."""

    async def test_counts(self) -> None:
        """It takes the place of reference photos."""
        path = build(Path(self.mktemp()).absolute(), "v8")
        seen = await self.counter(path, NAMES).count(picture(), ())
        self.assertEqual(sorted(box.item for box in seen.boxes), ["Pepsi", "Pepsi", "Pringles"])
        self.assertEqual((seen.width, seen.height), (256, 192))

    async def test_bad_file(self) -> None:
        """Each picture says what is wrong with the file; barcodes go on."""
        counter = self.counter("/nowhere/model.onnx", NAMES)
        error = await self.assertFailure(counter.count(picture(), ()), CountFailed)
        self.assertIn("/nowhere/model.onnx does not exist", str(error))
        self.assertEqual(await counter.barcodes(picture()), [])
