"""The pictures of the wiring show the pins that firmware, examples and presets use."""

from __future__ import annotations

import importlib
import json
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any, Iterator
from xml.etree import ElementTree

from twisted.trial.unittest import SynchronousTestCase

from iotd.flashing.presets import KINDS

ROOT = Path(__file__).resolve().parent.parent
NUMBERS = re.compile(r"\d+")


def drawn() -> tuple[ModuleType, ModuleType]:
    """The table and what draws it."""
    sys.path.insert(0, str(ROOT / "deploy"))
    try:
        return importlib.import_module("wiring_table"), importlib.import_module("draw_wiring")
    finally:
        sys.path.remove(str(ROOT / "deploy"))


TABLE, DRAW = drawn()


def pins(kind: str) -> dict[str, int]:
    """GPIO numbers by key, of all drawings of a kind."""
    found: dict[str, int] = {}
    for drawing in TABLE.DRAWINGS:
        wires = [*drawing.on_board, *(wire for part in drawing.parts for wire in part.wires)]
        if drawing.kind == kind:
            found.update({wire.key: wire.to for wire in wires if wire.key})
    return found


def leaves(settings: dict[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Each value of settings by its whole key."""
    for key, value in settings.items():
        if isinstance(value, dict):
            yield from leaves(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", value


def pin_settings(settings: dict[str, Any]) -> dict[str, int]:
    """Those of them that are pins."""
    ends = ("pin", "neopixel", "red", "green", "a", "b", "scl", "sda", "sck", "mosi", "miso", "cs",
            "data", "clock")
    return {key: value for key, value in leaves(settings) if key.rpartition(".")[2] in ends}


def told() -> Iterator[tuple[str, str, int]]:
    """Kind, key and GPIO of each row of the tables of firmware/README.md."""
    kind, text = "", (ROOT / "firmware/README.md").read_text()
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 5 and cells[0].replace(" ", "_") in {each.name for each in KINDS}:
            kind, cells = cells[0].replace(" ", "_"), cells[1:]
        elif "MFRC522" in line or (kind == "gate" and line.startswith("| |")):
            kind = "gate"
        else:
            continue
        keys = [key for key in re.findall(r"`([a-z0-9_.]+)`", cells[-1]) if "." in key]
        keys = [keys[0].rpartition(".")[0] + key if key[0] == "." else key for key in keys]
        if "same bus" not in cells[-1]:
            yield from ((kind, key, int(pin))
                        for key, pin in zip(keys, NUMBERS.findall(cells[-2])))


class WiringTests(SynchronousTestCase):
    """One table, and everything beside it."""

    def test_the_readme(self) -> None:
        """Every row of the tables of wires in firmware/README.md is drawn with its pin."""
        rows = list(told())
        self.assertEqual(len(rows), 17)
        for kind, key, pin in rows:
            self.assertEqual(pins(kind).get(key), pin, f"{kind}: {key}")

    def test_examples(self) -> None:
        """Every pin of each settings.example.json is drawn as it is there."""
        for path in ROOT.glob("firmware/*/settings*.example.json"):
            found = pin_settings(json.loads(path.read_text()))
            self.assertTrue(found)
            self.assertLessEqual(found.items(), pins(path.parent.name).items(), str(path))

    def test_presets(self) -> None:
        """So is every pin of each preset, but for a camera in a cabinet that is wired as the
        other camera is."""
        for kind in KINDS:
            known = {**pins("camera"), **pins(kind.name)}
            for preset in kind.presets:
                self.assertLessEqual(pin_settings(preset.settings).items(), known.items())

    def test_no_pin_twice(self) -> None:
        """No two wires of a drawing are for one pin, but for those of a bus."""
        for drawing in TABLE.DRAWINGS:
            by_pin: dict[int, set[str]] = {}
            for wire in [*drawing.on_board, *(w for part in drawing.parts for w in part.wires)]:
                if isinstance(wire.to, int):
                    by_pin.setdefault(wire.to, set()).add(wire.key)
            self.assertEqual({len(keys) for keys in by_pin.values()}, {1}, drawing.name)

    def test_drawn(self) -> None:
        """The pictures are those of the table, well-formed, and their words fit."""
        for drawing in TABLE.DRAWINGS:
            path = ROOT / "docs" / "images" / f"wiring-{drawing.name}.svg"
            self.assertEqual(path.read_text(), DRAW.svg(drawing), "python deploy/draw_wiring.py")
            ElementTree.fromstring(path.read_text())
            for part in drawing.parts:
                self.assertLessEqual(len(part.name), 17)
                for note in part.notes:
                    self.assertLessEqual(len(note), 22)

    def test_shown(self) -> None:
        """Each of them is on the page, and the page has no other."""
        shown = re.findall(r"images/wiring-([a-z-]+)\.svg", (ROOT / "docs/wiring.md").read_text())
        self.assertEqual(sorted(shown), sorted(drawing.name for drawing in TABLE.DRAWINGS))
