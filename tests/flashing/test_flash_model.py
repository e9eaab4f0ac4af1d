"""What is written in which order: whenever it stops, one whole firmware is there to boot."""

from __future__ import annotations

import hashlib
import json

from hypothesis import given, settings, strategies as st
from twisted.trial.unittest import SynchronousTestCase

from iotd.flashing.model import (
    SELECTOR, SETTINGS, VERSION, Facts, File, Firmware, Plan, check_room, default_id, good_slot,
    hide, plan,
)
from iotd.flashing.trouble import NoRoom

Flash = dict[str, bytes]
NAMES = st.sampled_from(["common/link.mpy", "common/led.mpy", "app.mpy", "sensors/a.mpy", "x.py"])
FIRMWARE = st.dictionaries(NAMES, st.binary(max_size=6), max_size=5)


def firmware(extra: dict[str, bytes], build: int) -> Firmware:
    """A whole one."""
    files = {"main.mpy": b"main %d" % build, **extra,
             VERSION: json.dumps({"kind": "camera", "build": build}).encode()}
    return Firmware("camera", "1.1.0", build, files)


def facts_of(flash: Flash, free: int = 1_000_000) -> Facts:
    """What a board with these files tells."""
    digests = {path: hashlib.sha256(data).hexdigest() for path, data in flash.items()}
    sizes = {path: len(data) for path, data in flash.items()}
    slot = flash.get("/slot", b"").decode()
    return Facts("ESP32", "1.27.0", 6, "a0b1c21d2e3f", free, 4096, slot, files=digests, sizes=sizes)


def states(flash: Flash, made: Plan) -> list[Flash]:
    """The flash after each thing that upload() does, half-written files too."""
    now, found = dict(flash), [dict(flash)]

    def step(path: str, data: bytes | None) -> None:
        if data is None:
            now.pop(path, None)
        else:
            now[path] = data
        found.append(dict(now))

    def switch(files: tuple[File, ...]) -> None:
        for file in files:
            step(file.path + ".new", file.data[:1])
            step(file.path + ".new", file.data)
        for file in files:
            now.pop(file.path + ".new")
            step(file.path, file.data)

    switch(made.anchor)
    for path in made.removals:
        step(path, None)
    for file in made.writes:
        step(file.path, file.data[:len(file.data) // 2])
        step(file.path, file.data)
    switch(made.switch)
    for path in made.leftovers:
        step(path, None)
    return found


def booted(flash: Flash) -> dict[str, bytes]:
    """What the boot selector would run."""
    above = f"/{good_slot(facts_of(flash))}/"
    return {path[len(above):]: data for path, data in flash.items() if path.startswith(above)}


class PlanTests(SynchronousTestCase):
    """plan() on flashes in memory."""

    @settings(max_examples=150, deadline=None)
    @given(FIRMWARE, FIRMWARE, FIRMWARE, st.sampled_from(["a", "b", ""]),
           st.booleans(), st.booleans())
    def test_power_may_go_at_any_time(
        self, old: Flash, new: Flash, rubbish: Flash, slot: str, trial: bool, told: bool
    ) -> None:
        """Before, between and in the middle of all writes the board has the old firmware or the
        new one whole, in the end the new one and nothing of a trial; then nothing is left."""
        before, after = firmware(old, 1), firmware(new, 2)
        flash: Flash = {SELECTOR: b"selector"}
        if slot:
            other = "b" if slot == "a" else "a"
            flash |= {f"/{slot}/{path}": data for path, data in before.files.items()}
            flash |= {f"/{other}/{path}": data for path, data in rubbish.items()}
            flash |= {"/slot": slot.encode()} if told else {}
            flash |= {"/trial": f"{other} 1".encode()} if trial else {}
        root = [File(SETTINGS, b"{}"), File(SELECTOR, b"newer selector")]
        made = plan(facts_of(flash), after, root)
        *middle, last = states(flash, made)
        allowed = [before.files if slot else {}, after.files]
        for each in middle:
            if slot:
                self.assertIn(booted(each), allowed)
                self.assertTrue("/trial" not in each or booted(each) == before.files)
        self.assertEqual((booted(last), last["/slot"].decode()), (after.files, made.slot))
        self.assertEqual(last[SELECTOR], b"newer selector")
        self.assertTrue(plan(facts_of(last), after, root).nothing)

    def test_an_empty_board(self) -> None:
        """It gets slot a, and what chooses the slot last of all."""
        made = plan(facts_of({}), firmware({}, 1), [File(SETTINGS, b"{}"), File(SELECTOR, b"s")])
        self.assertEqual([each.path for each in made.writes], ["/a/main.mpy", "/a/version.json"])
        self.assertEqual([each.path for each in made.switch],
                         ["/settings.json", "/slot", "/main.py"])

    def test_room(self) -> None:
        """Files count in whole blocks, what is replaced counts as free, and the bytes are told."""
        made = Plan("a", ("/a/x",), (File("/a/y", b"1" * 4097),), ())
        room = Facts("ESP32", "1.27", 6, "", 4 * 4096 + 4096, 4096, sizes={"/a/x": 1})
        check_room(made, room)
        full = Facts("ESP32", "1.27", 6, "", 4 * 4096, 4096, sizes={"/a/x": 1})
        caught = self.assertRaises(NoRoom, check_room, made, full)
        self.assertEqual((caught.needed, caught.free), (6 * 4096, 5 * 4096))
        self.assertIn("24,576", str(caught))
        check_room(Plan("a"), Facts("ESP32", "1.27", 6, "", 0, 4096))

    def test_chip(self) -> None:
        """The chip's name is the last that its MicroPython says."""
        for machine, chip in (("Generic ESP32S3 module with ESP32S3", "ESP32S3"),
                              ("ESP32C3 module with ESP32C3", "ESP32C3"),
                              ("M5Stack with ESP32", "ESP32"), ("Pico W with RP2040", "")):
            facts = Facts(machine, "1.27.0", 6, "", 0, 4096)
            self.assertEqual(facts.chip, chip)

    def test_ids(self) -> None:
        """The usual id is one that the registry takes, for each kind."""
        self.assertEqual(default_id("cabinet_camera", "a0b1c21d2e3f"), "cabinet-camera-1d2e3f")
        self.assertEqual(default_id("gate", ""), "gate-board")

    @given(st.text("ab", max_size=12), st.lists(st.text("ab", min_size=1, max_size=3)))
    def test_hidden(self, text: str, secrets: list[str]) -> None:
        """No secret is left in a text, whichever contains which."""
        shown = hide(text, secrets)
        self.assertFalse([each for each in secrets if each in shown])
