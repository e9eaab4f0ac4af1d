"""Draws docs/images/wiring-*.svg from the table of pins: python deploy/draw_wiring.py."""

from __future__ import annotations

from pathlib import Path
from typing import Iterator
from xml.sax.saxutils import escape

from wiring_table import DRAWINGS, FIVE, GROUND, OWN, POWER, Drawing, Part, Wire

IMAGES = Path(__file__).resolve().parent.parent / "docs" / "images"
WIDTH = 400  # units; on a phone 360 px wide they are 0.9 px each
BOARD = (4, 100)  # from, to
SUPPLY = 196  # where the wire of a supply beside the board begins
PARTS = (236, 392)
ROW, GAP, HEAD, NOTE = 30, 16, 26, 17
TOP = 46
CLASSES = {POWER: "power", FIVE: "five", OWN: "five", GROUND: "ground"}
STYLE = """
  text { font: 14px system-ui, sans-serif; fill: #1b2733 }
  .title { font-size: 17px; font-weight: 600 }
  .name { font-weight: 600 }
  .note, .key { font-size: 12px; fill: #465564 }
  .key { font-family: ui-monospace, monospace; text-anchor: middle }
  .end { text-anchor: end }
  .paper { fill: #ffffff }
  .box { fill: #eef3f8; stroke: #8296aa }
  .board { fill: #dcebe0; stroke: #5d8a6a }
  .wire { stroke: #1f6fb5; stroke-width: 3; fill: none }
  .power { stroke: #c0392b }
  .five { stroke: #b86e00 }
  .ground { stroke: #4a4a4a }
  .dot { stroke: none }
  circle { fill: #1f6fb5 }
  circle.power { fill: #c0392b }
  circle.five { fill: #b86e00 }
  circle.ground { fill: #4a4a4a }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 }
    .note, .key { fill: #a9b8c6 }
    .paper { fill: #11191f }
    .box { fill: #1d2a35; stroke: #5d7386 }
    .board { fill: #18301f; stroke: #5d8a6a }
    .wire { stroke: #6cb2f0 }
    .power { stroke: #ff7b6b }
    .five { stroke: #f0a93c }
    .ground { stroke: #b5b5b5 }
    circle { fill: #6cb2f0 }
    circle.power { fill: #ff7b6b }
    circle.five { fill: #f0a93c }
    circle.ground { fill: #b5b5b5 }
  }
"""


def height(part: Part) -> int:
    """Of a part's box."""
    return HEAD + NOTE * len(part.notes) + ROW * len(part.wires) + 4


def text(x: int, y: int, words: str, kind: str = "") -> str:
    """Words at a place."""
    styled = f' class="{kind}"' if kind else ""
    return f'<text x="{x}" y="{y}"{styled}>{escape(words)}</text>'


def box(x: tuple[int, int], y: int, tall: int, kind: str) -> str:
    """A box with round corners."""
    return (f'<rect x="{x[0]}" y="{y}" width="{x[1] - x[0]}" height="{tall}" rx="6"'
            f' class="{kind}"/>')


def label(wire: Wire) -> str:
    """How the board calls the pin."""
    return f"GPIO {wire.to}" if isinstance(wire.to, int) else wire.to


def row(wire: Wire, y: int) -> Iterator[str]:
    """A wire from the board to a part, its key above it."""
    kind, begin = CLASSES.get(str(wire.to), ""), SUPPLY if wire.to == OWN else BOARD[1]
    yield f'<path d="M{begin} {y}H{PARTS[0]}" class="{f"wire {kind}".strip()}"/>'
    for x in (begin, PARTS[0]):
        yield f'<circle cx="{x}" cy="{y}" r="4" class="{f"dot {kind}".strip()}"/>'
    yield text(begin - 10, y + 5, label(wire), "end")
    yield text(PARTS[0] + 10, y + 5, wire.pin)
    if wire.key:
        yield text((BOARD[1] + PARTS[0]) // 2, y - 6, wire.key, "key")


def part_of(part: Part, y: int) -> Iterator[str]:
    """A part's box with its wires; ``y`` is its upper edge."""
    yield box(PARTS, y, height(part), "box")
    y += HEAD - 7
    yield text(PARTS[0] + 10, y, part.name, "name")
    for note in part.notes:
        y += NOTE
        yield text(PARTS[0] + 10, y, note, "note")
    y += 7 + ROW // 2 + 2
    for wire in part.wires:
        yield from row(wire, y)
        y += ROW


def told(drawing: Drawing) -> list[str]:
    """What is on the board and needs no wire, in words."""
    return [f"On the board: {each.pin}, GPIO {each.to} ({each.key})" for each in drawing.on_board]


def svg(drawing: Drawing) -> str:
    """The whole picture."""
    inside = sum(height(part) + GAP for part in drawing.parts) - GAP
    words, bottom = told(drawing), TOP + inside
    tall = bottom + 14 + 18 * len(words)
    lines = [box(BOARD, TOP, inside, "board"),
             text(BOARD[0] + 6, TOP + HEAD - 7, drawing.board, "name")]
    y = TOP
    for part in drawing.parts:
        lines += part_of(part, y)
        y += height(part) + GAP
    lines += [text(BOARD[0], bottom + 22 + 18 * at, each, "note") for at, each in enumerate(words)]
    wires = "; ".join(
        f"{part.name} {wire.pin} to {label(wire)}" for part in drawing.parts for wire in part.wires
    )
    return "\n".join((
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {tall}" width="{WIDTH}"'
        f' height="{tall}" role="img" aria-labelledby="title wires">',
        f'<title id="title">{escape(drawing.title)}</title>',
        f'<desc id="wires">{escape(wires)}.</desc>',
        f"<style>{STYLE}</style>",
        f'<rect width="{WIDTH}" height="{tall}" class="paper"/>',
        text(BOARD[0], 28, drawing.title, "title"), *lines, "</svg>", "",
    ))


def main() -> None:
    """Draw all of them anew."""
    for drawing in DRAWINGS:
        (IMAGES / f"wiring-{drawing.name}.svg").write_text(svg(drawing))


if __name__ == "__main__":
    main()
