"""How a report looks: sizes in points, colours as red, green and blue."""

from __future__ import annotations

from dataclasses import dataclass

Colour = tuple[float, float, float]

INK: Colour = (0.11, 0.13, 0.16)
MUTED: Colour = (0.35, 0.39, 0.44)
RULE: Colour = (0.80, 0.83, 0.87)
SHADE: Colour = (0.95, 0.96, 0.975)
ACCENT: Colour = (0.06, 0.33, 0.55)
BAND: Colour = (0.72, 0.84, 0.94)
SECOND: Colour = (0.56, 0.26, 0.12)
SECOND_BAND: Colour = (0.95, 0.82, 0.74)
USUAL: Colour = (0.90, 0.955, 0.91)
HIGH: Colour = (0.66, 0.10, 0.10)
LOW: Colour = (0.10, 0.25, 0.62)
DONE: Colour = (0.13, 0.48, 0.30)
SKIPPED: Colour = (0.70, 0.76, 0.82)
MISSED: Colour = (0.93, 0.72, 0.66)


@dataclass(frozen=True)
class Style:
    """``before`` and ``after`` are the room above and below."""

    size: float
    leading: float
    colour: Colour = INK
    bold: bool = False
    before: float = 0.0
    after: float = 5.0


TEXTS = {
    "body": Style(9.5, 13.5),
    "small": Style(8.0, 11.0),
    "muted": Style(8.0, 11.0, MUTED),
    "note": Style(8.5, 12.0, MUTED, after=7.0),
}
HEADINGS = {
    1: Style(19.0, 25.0, bold=True, after=7.0),
    2: Style(13.0, 17.0, ACCENT, bold=True, before=15.0, after=5.0),
    3: Style(10.5, 14.0, bold=True, before=9.0, after=3.0),
}
CELL = Style(8.5, 11.5)
HEAD = Style(8.0, 10.5, MUTED, bold=True)
LABEL = Style(7.0, 9.0, MUTED)
FOOTER = Style(7.0, 9.5, MUTED)
TONES = {"high": HIGH, "low": LOW, "": INK}
