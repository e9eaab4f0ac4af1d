"""Glyphs as lines: what is part of a letter and no text of its own."""

from __future__ import annotations

from iotd.health.report.fonts import Face

Point = tuple[float, float]


def outline(face: Face, glyph: int, x: float, y: float, size: float) -> str:
    """The operators that fill a glyph whose origin is at ``x`` and ``y``."""
    pen = _Pen(x, y, size * face.scale / 1000)
    face.font.draw_glyph_with_pen(glyph, pen)
    return " ".join((*pen.said, "f"))


class _Pen:
    """Writes down what HarfBuzz draws, in the manner of fontTools' pens."""

    def __init__(self, x: float, y: float, scale: float) -> None:
        self._x, self._y, self._scale = x, y, scale
        self._at: Point = (0.0, 0.0)
        self.said: list[str] = []

    def _point(self, point: Point) -> str:
        return f"{self._x + point[0] * self._scale:.2f} {self._y + point[1] * self._scale:.2f}"

    def moveTo(self, point: Point) -> None:
        """A new contour."""
        self.said.append(f"{self._point(point)} m")
        self._at = point

    def lineTo(self, point: Point) -> None:
        """A straight line."""
        self.said.append(f"{self._point(point)} l")
        self._at = point

    def curveTo(self, *points: Point) -> None:
        """A cubic curve."""
        self.said.append(" ".join(map(self._point, points)) + " c")
        self._at = points[-1]

    def qCurveTo(self, control: Point, end: Point) -> None:
        """A quadratic curve, as the cubic one that is the same."""
        begin = self._at
        self.curveTo(_towards(begin, control), _towards(end, control), end)

    def closePath(self) -> None:
        """The contour's end."""
        self.said.append("h")


def _towards(point: Point, control: Point) -> Point:
    return (
        point[0] + (control[0] - point[0]) * 2 / 3, point[1] + (control[1] - point[1]) * 2 / 3
    )
