"""The boot selector in the VM: whatever of a board's flash is missing or rubbish."""

from __future__ import annotations

import json
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.firmware.flash import FIRMWARE
from tests.firmware.vm import run_script

#: Each case is a flash of its own, laid out and booted until it neither resets nor crashes.
CODE = """
import json
import os
import sys

import machine


def wipe(path):
    for name in os.listdir(path or "/"):
        target = path + "/" + name
        if path or name in ("a", "b", "slot", "trial", "last", "why", "slot.new", "trial.new"):
            if os.stat(target)[0] & 0x4000:
                wipe(target)
                os.rmdir(target)
            else:
                os.remove(target)


def lay(files):
    for path in sorted(files):
        if files[path] is None:
            os.mkdir(path)
        else:
            with open(path, "wb") as file:
                file.write(bytes.fromhex(files[path]))


def boot():
    for name in ("main", "extra"):
        sys.modules.pop(name, None)
    sys.path[:] = [""]
    machine.armed = []
    try:
        exec(selector, {"__name__": "__main__"})
    except SystemExit:
        return True
    return False


with open("/main.py") as file:
    selector = file.read()
with open("/cases") as file:
    cases = json.load(file)
for case in cases:
    wipe("")
    lay(case["files"])
    machine.cause, machine.late = case["cause"], case["late"]
    print("case")
    boots = 1
    while boot() and boots < 6:
        boots += 1
    left = {}
    for name in ("slot", "trial", "last", "why"):
        try:
            with open("/" + name) as file:
                left[name] = file.read()
        except (OSError, ValueError):
            pass
    print(json.dumps([boots, left, machine.armed]))
"""
MACHINE = """
PWRON_RESET, HARD_RESET, WDT_RESET = 1, 2, 3
cause = PWRON_RESET
armed = []
late = False


def reset_cause():
    return cause


def reset():
    raise SystemExit


def WDT(timeout):
    armed.append(timeout)


class Timer:
    ONE_SHOT = 0

    def __init__(self, number):
        pass

    def init(self, mode, period, callback):
        armed.append(period)
        if late:
            callback(self)
"""
RUNS = "print('runs {}')\n"
CRASH = "print('runs {}')\n1 / 0\n"


def slot(name: str, text: str = RUNS, build: int = 1, whole: bool = True) -> dict[str, Any]:
    """A slot that tells its name; without version.json when it is not whole."""
    version = json.dumps({"kind": "camera", "version": "1.1.0", "build": build})
    files: dict[str, Any] = {f"/{name}": None, f"/{name}/main.py": text.format(name).encode()}
    if whole:
        files[f"/{name}/version.json"] = version.encode()
    return files


BOTH = {**slot("a"), **slot("b", build=2)}


class Booted:
    """What was seen of one case: which slots ran, in how many boots, and the state files left."""

    def __init__(self, text: str) -> None:
        lines = text.strip().splitlines()
        self.ran = "".join(line[5:] for line in lines if line.startswith("runs "))
        self.said = lines[:-1]
        self.boots, self.left, self.armed = json.loads(lines[-1])


def booted(*cases: dict[str, bytes | str | None], cause: int = 2,
           late: bool = False) -> list[Booted]:
    """Each flash booted until it rests; ``late`` lets the timer ring that ends a trial."""
    told = [{"cause": cause, "late": late, "files": {path: data if data is None else (
        data.encode() if isinstance(data, str) else data).hex() for path, data in case.items()}}
        for case in cases]
    fast = "from utime import *\n\n\ndef sleep_ms(ms):\n    pass\n"
    files = {"/main.py": (FIRMWARE / "main.py").read_text(), "/machine.py": MACHINE,
             "/time.py": fast, "/cases": json.dumps(told)}
    parts = run_script(CODE, files).split("case\n")[1:]
    return [Booted(part) for part in parts]


class BootTests(SynchronousTestCase):
    """firmware/main.py."""

    def test_rubbish(self) -> None:
        """Whatever stands in /slot and /trial, a slot runs, and a rubbish trial is gone."""
        rubbish: list[Any] = ["", "\n", "c", "ab", "A", b"\xff\xfe\x00", "b" * 5000, "b 2 3", None]
        trials = [*rubbish, "b", "b ", "b -1", "b x", "c 1", "b 9"]
        cases = [{**BOTH, "/slot": each, "/trial": other} for each in rubbish for other in trials]
        for case, seen in zip(cases, booted(*cases)):
            told = (case["/slot"], case["/trial"])
            self.assertEqual((seen.ran, seen.boots), ("a", 1), told)
            self.assertNotIn("trial", seen.left if case["/trial"] is not None else {}, told)

    def test_choice(self) -> None:
        """The slot that is told to be good; without it the whole one, a first; then any."""
        torn = slot("a", whole=False)
        cases: list[tuple[str, dict[str, Any]]] = [
            ("a", {**BOTH, "/slot": "a"}), ("b", {**BOTH, "/slot": "b"}),
            ("b", {**BOTH, "/slot": "b\n"}),
            ("a", dict(BOTH)), ("b", {**torn, **slot("b")}), ("b", {"/a": None, **slot("b")}),
            ("b", {**slot("b"), "/slot": "a"}), ("a", {**slot("a"), "/slot": "b"}), ("a", torn),
            ("b", slot("b", whole=False)), ("", {}), ("", {"/a": None, "/slot": "a"}),
            ("", {"/a": "a file", "/b": None}), ("b", {"/a": "a file", **slot("b"), "/slot": "a"}),
        ]
        for (ran, case), seen in zip(cases, booted(*(case for _, case in cases))):
            self.assertEqual(seen.ran, ran, case)
            self.assertEqual(seen.left.get("slot"), case.get("/slot"))
        self.assertIn("iotd flash", booted({})[0].said[-1])

    def test_trial(self) -> None:
        """On trial every end is a failed try, under a watchdog; then the good one runs again."""
        trial = {**slot("a"), "/slot": "a", "/trial": "b 2"}
        crash, end, power = booted(
            {**trial, **slot("b", CRASH, 9)}, {**trial, **slot("b", build=9)},
            {**trial, **slot("b", "print('runs b')\nimport os\nos.remove('/why') if 'why' in "
                             "os.listdir('/') else 0\nraise SystemExit\n", 9)})
        for seen, why in ((crash, "crash"), (end, "ended"), (power, "power")):
            self.assertEqual((seen.ran, seen.boots), ("bba", 3))
            self.assertEqual(seen.left["last"], f"back-9-{why}")
            self.assertNotIn("trial", seen.left)
            self.assertEqual((seen.left["slot"], seen.armed), ("a", []))
        hung, = booted({**trial, **slot("b", build=9), "/trial": "b 0", "/why": "update"}, cause=3)
        self.assertEqual((hung.ran, hung.left["last"]), ("a", "back-9-hang"))

    def test_guarded(self) -> None:
        """Firmware on trial starts under the watchdog, and with a timer that starts it again."""
        look = "import machine\nprint('runs b', machine.armed)\nraise SystemExit\n"
        seen, = booted({**slot("a"), **slot("b", look.replace("{", "{{")), "/slot": "a",
                        "/trial": "b 1"})
        self.assertIn("runs b [120000, 300000]", seen.said)

    def test_no_link(self) -> None:
        """Firmware that runs and never reaches the daemon has failed when the timer rings."""
        seen, = booted({**BOTH, "/slot": "a", "/trial": "b 2"}, late=True)
        self.assertEqual((seen.ran, seen.boots, seen.left["last"]), ("a", 3, "back-2-nolink"))

    def test_odd_trials(self) -> None:
        """A trial of the good slot, or of one with nothing to run, is none."""
        for seen in booted({**BOTH, "/slot": "b", "/trial": "b 2"},
                           {**slot("b"), "/a": None, "/slot": "b", "/trial": "a 2"}):
            self.assertEqual((seen.ran, seen.boots, seen.left), ("b", 1, {"slot": "b"}))

    def test_good_one_crashes(self) -> None:
        """Good firmware that falls over starts again; one that ends leaves the console alone."""
        crashed, ended = booted({**slot("a", CRASH), "/slot": "a"}, {**slot("a"), "/slot": "a"})
        self.assertEqual((crashed.boots, crashed.left["why"]), (6, "crash"))
        self.assertIn("again in 30 s, or Ctrl-C", crashed.said)
        self.assertEqual((ended.boots, ended.left), (1, {"slot": "a"}))
