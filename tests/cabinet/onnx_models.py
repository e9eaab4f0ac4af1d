"""Tiny ONNX models that find a coloured square: built, not downloaded.

Each looks at squares of ``CELL`` pixels: the share of a colour in a cell is its
score, the cell its box. The outputs are laid out as families of detectors do.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from onnx import TensorProto, checker, helper, numpy_helper, save

SIDE, CELL = 128, 32
CELLS = (SIDE // CELL) ** 2
# red without green and blue, and green without red and blue; a bias against all else
COLOURS = ((1.0, -1.0, -1.0), (-1.0, 1.0, -1.0))


def build(path: Path, layout: str, side: int | str = SIDE) -> str:
    """Write a model with the outputs of "v5", "v8", "three" or "odd"; gives its path."""
    graph = helper.make_graph(
        [*_scores(), *_LAYOUTS[layout]], layout,
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, side, side])],
        [helper.make_tensor_value_info(*output) for output in _OUTPUTS[layout]],
        _constants(),
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    checker.check_model(model)
    save(model, str(path))
    return str(path)


def _scores() -> list[object]:
    node = helper.make_node
    return [
        node("Conv", ["images", "weights"], ["shares"], strides=[CELL, CELL]),
        node("Clip", ["shares", "zero", "one"], ["clipped"]),
        node("Reshape", ["clipped", "flat"], ["likely"]),  # [1, C, N]
    ]


_node = helper.make_node
_LAYOUTS = {
    "v8": [_node("Concat", ["places", "likely"], ["output0"], axis=1)],
    "v5": [
        _node("Concat", ["places", "sure", "likely"], ["rows"], axis=1),
        _node("Transpose", ["rows"], ["output0"], perm=[0, 2, 1]),
    ],
    "three": [
        _node("Transpose", ["likely"], ["by cell"], perm=[0, 2, 1]),
        _node("ReduceMax", ["by cell"], ["scores"], axes=[2], keepdims=0),
        _node("ArgMax", ["by cell"], ["labels"], axis=2, keepdims=0),
        _node("Identity", ["edges"], ["boxes"]),
    ],
    "odd": [_node("Identity", ["likely"], ["output0"])],
}
_ONE = [("output0", TensorProto.FLOAT, ["batch", "rows", "columns"])]
_OUTPUTS = {
    "v8": _ONE, "v5": _ONE, "odd": _ONE,
    "three": [("boxes", TensorProto.FLOAT, ["batch", "found", 4]),
              ("labels", TensorProto.INT64, ["batch", "found"]),
              ("scores", TensorProto.FLOAT, ["batch", "found"])],
}


def _constants() -> list[object]:
    weights = np.zeros((len(COLOURS), 3, CELL, CELL), np.float32)
    for number, colour in enumerate(COLOURS):
        weights[number] = np.array(colour)[:, None, None] / CELL**2
    y, x = (np.mgrid[0:SIDE // CELL, 0:SIDE // CELL].reshape(2, -1) + 0.5) * CELL
    size = np.full(CELLS, float(CELL))
    half = CELL / 2
    values = {
        "weights": weights, "zero": np.float32(0), "one": np.float32(1),
        "flat": np.array([1, len(COLOURS), -1]),
        "places": np.stack([x, y, size, size])[None].astype(np.float32),
        "sure": np.ones((1, 1, CELLS), np.float32),
        "edges": np.stack([x - half, y - half, x + half, y + half], 1)[None].astype(np.float32),
    }
    return [numpy_helper.from_array(np.asarray(value), name) for name, value in values.items()]
