"""A detector of the user's own: an ONNX file instead of reference photos. Worker only.

Understood are outputs of the YOLO family, [1, 4 + C, N] (v8 and later) and
[1, N, 5 + C] (v5, with a likeness that there is anything at all), boxes as
centre and size in input pixels; and three outputs boxes [N, 4], labels [N] and
scores [N] in input pixels, left top right bottom (SSD, torchvision).
"""

from __future__ import annotations

import os
from typing import Any, Sequence

import cv2
import numpy as np

LEAST = 0.35  # of a score
OVERLAP = 0.5  # of two boxes of one class, above which they are one
MOST_BOXES = 300
SIDE = 640  # of the input when the model leaves it open
GREY = 114  # around the picture, as the YOLO family is trained

Box = tuple[str, list[list[float]], float]


class BadDetector(Exception):
    """The file can't be used; says why."""


class Detector:
    """Boxes of a picture by an ONNX model; ``items`` are names by class, "" is left out."""

    def __init__(self, path: str, items: Sequence[str]) -> None:
        self._items = list(items)
        self._session = _session(path)
        self._input = self._session.get_inputs()[0]
        self._size = _input_size(self._input)
        if self._input.type not in ("tensor(float)", "tensor(float16)", "tensor(uint8)"):
            raise BadDetector(f"The detector's input is {self._input.type}, not of floats.")

    def boxes(self, bgr: Any) -> list[Box]:
        """(item, four corners in pixels, score), best first; BadDetector for other outputs."""
        data, scale, left, top = _letterbox(bgr, *self._size)
        boxes, classes, scores = self._run(self._as_input(data))
        boxes = (boxes - [left, top, left, top]) / scale
        boxes = boxes.clip(0, [bgr.shape[1], bgr.shape[0]] * 2)
        return self._kept(boxes, classes, scores)

    def _as_input(self, rgb: Any) -> Any:
        data = np.ascontiguousarray(rgb.transpose(2, 0, 1)[None])
        if self._input.type == "tensor(uint8)":
            return data
        kind = np.float16 if self._input.type == "tensor(float16)" else np.float32
        return (data / 255).astype(kind)

    def _run(self, data: Any) -> tuple[Any, Any, Any]:
        try:
            outputs = self._session.run(None, {self._input.name: data})
        except Exception as error:
            raise BadDetector(f"The detector can't be run: {_first_line(error)}") from None
        outputs = [np.asarray(one, np.float32) for one in outputs]
        if len(outputs) >= 3:
            return _of_three(outputs)
        return _of_yolo(outputs[0], len(self._items))

    def _kept(self, boxes: Any, classes: Any, scores: Any) -> list[Box]:
        kept: list[Box] = []
        for number, item in enumerate(self._items):
            mine = np.flatnonzero((classes == number) & (scores >= LEAST))
            if not item or not len(mine):
                continue
            corner_size = np.hstack([boxes[mine, :2], boxes[mine, 2:] - boxes[mine, :2]])
            for at in np.ravel(cv2.dnn.NMSBoxes(corner_size.tolist(), scores[mine].tolist(),
                                                LEAST, OVERLAP)).astype(int):
                kept.append((item, _corners(boxes[mine[at]]), round(float(scores[mine[at]]), 3)))
        return sorted(kept, key=lambda box: -box[2])[:MOST_BOXES]


def _session(path: str) -> Any:
    import onnxruntime

    if not os.path.isfile(path):
        raise BadDetector(f"The detector {path} does not exist.")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    try:
        return onnxruntime.InferenceSession(path, options, ["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's own have no common root
        raise BadDetector(f"The detector {path} can't be loaded: {_first_line(error)}") from None


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:200]


def _input_size(given: Any) -> tuple[int, int]:
    """Width and height of the model's input."""
    shape = given.shape
    if len(shape) != 4 or shape[1] != 3:
        raise BadDetector(f"The detector's input is {shape}; [1, 3, height, width] is understood.")
    height, width = (side if isinstance(side, int) and side > 0 else SIDE for side in shape[2:])
    return width, height


def _letterbox(bgr: Any, width: int, height: int) -> tuple[Any, float, int, int]:
    """The picture as RGB in the middle of the input; its scale, and where it begins."""
    scale = min(width / bgr.shape[1], height / bgr.shape[0])
    size = max(1, round(bgr.shape[1] * scale)), max(1, round(bgr.shape[0] * scale))
    small = cv2.resize(bgr, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    left, top = (width - size[0]) // 2, (height - size[1]) // 2
    whole = np.full((height, width, 3), GREY, np.uint8)
    whole[top:top + size[1], left:left + size[0]] = small[:, :, ::-1]
    return whole, scale, left, top


def _of_three(outputs: list[Any]) -> tuple[Any, Any, Any]:
    """Boxes, labels and scores, in whatever order the last two come."""
    boxes = np.reshape(outputs[0], (-1, 4)) if outputs[0].size % 4 == 0 else None
    labels, scores = (np.ravel(one) for one in outputs[1:3])
    if boxes is None or not len(boxes) == len(labels) == len(scores):
        shapes = ", ".join(str(list(one.shape)) for one in outputs)
        raise BadDetector(f"The detector's outputs {shapes} are not understood.")
    if len(scores) and (scores.max() > 1 or (labels % 1).any()):
        labels, scores = scores, labels
    return boxes, labels.astype(int), scores


def _of_yolo(output: Any, classes: int) -> tuple[Any, Any, Any]:
    """Told apart by shape: v8 has 4 + C rows, v5 5 + C columns."""
    shape = list(output.shape)
    rows = output[0] if output.ndim == 3 and shape[0] == 1 else None
    if rows is not None and classes and rows.shape[0] == 4 + classes:
        rows, sure = rows.T, None
    elif rows is not None and classes and rows.shape[1] == 5 + classes:
        sure = rows[:, 4]
    elif rows is not None and classes and rows.shape[1] == 4 + classes:
        sure = None
    else:
        raise BadDetector(
            f"The detector's output {shape} is not understood: with {classes} names in"
            f" detector_items [1, {4 + classes}, N] or [1, N, {5 + classes}] is expected."
        )
    likely = rows[:, 4 + (sure is not None):]
    if sure is not None:
        likely = likely * sure[:, None]
    x, y, width, height = rows[:, :4].T
    boxes = np.stack([x - width / 2, y - height / 2, x + width / 2, y + height / 2], 1)
    return boxes, likely.argmax(axis=1), likely.max(axis=1)


def _corners(box: Any) -> list[list[float]]:
    left, top, right, bottom = (round(float(side), 1) for side in box)
    return [[left, top], [right, top], [right, bottom], [left, bottom]]
