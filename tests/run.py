"""Lint beside the first tests, then all others, then one line: ``N passed, N failed``.

Run by ``make test`` and, with ``--lint-only``, by ``make lint``. A lint tool
that finds something counts as one failure; names of tests may be given. The
tests of one folder run in a process of their own, two folders at a time: one
after the other all of them would take over a quarter of an hour.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
AT_ONCE = 2
SHOWING = Lock()
LONGEST_FIRST = (
    "tests.web", "tests.system", "tests.firmware", "tests.campus", "tests.health",
    "tests.store", "tests.cabinet", "tests.accounts", "tests.cli", "tests.mqtt", "tests.devices",
)
LAST = "tests.pages"
SOAK = "tests.soak"
# for three quarters of a minute and a whole one: beside all others
WAITS = [f"{SOAK}.test_deadlines", f"{SOAK}.test_storm"]
# more kills and looks of quick tests that are run anyway: left to `make soak`
SOAK_ONLY = (
    "test_kills", "test_campus_kills", "test_record_kills", "test_rollout_kills", "test_looks",
)
# of about equal time, each with a browser and a daemon of its own; the rest is one more
LAST_PARTS = (
    ("test_record_story", "test_gates", "test_campus", "test_students"),
    ("test_looks",),
    ("test_add_board", "test_fleet", "test_updates"),
    ("test_door", "test_people", "test_sharing", "test_shell"),
    ("test_labs", "test_questionnaire", "test_advice", "test_habits", "test_report"),
)
LINTERS = (
    ("flake8", "."),
    ("mypy", "iotd"),
    ("lint-imports",),
)


def say(text: str) -> None:
    """One line of what is going on."""
    print(f"iotd: {text}", flush=True)


def lint() -> tuple[int, int]:
    """How many linters found nothing, and how many something."""
    failed = 0
    for name, *arguments in LINTERS:
        say(f"running {name}")
        failed += subprocess.run([BIN / name, *arguments], cwd=ROOT).returncode != 0
    return len(LINTERS) - failed, failed


def counts(summary: str) -> tuple[int, int]:
    """Passed and failed tests in what trial says at its end.

    A skipped test is a failed one: it did not show what it is there to show.
    """
    ran = re.search(r"^Ran (\d+) tests? in", summary, re.M)
    successes = re.search(r"\bsuccesses=(\d+)", summary)
    passed = int(successes[1]) if successes else 0
    return passed, max(int(ran[1]) - passed, 0) if ran else 0


def units() -> list[list[str]]:
    """What runs in one process each: a folder, or the modules beside the folders.

    First the one that bundles the pages anew, which others look at; then the longest. A
    browser beside the floods of the system tests would wait too long for its pages: last,
    in some parts.
    """
    tests = ROOT / "tests"
    folders = {f"tests.{path.parent.name}" for path in tests.glob("*/test_*.py")} - {LAST, SOAK}
    known = [name for name in LONGEST_FIRST if name in folders]
    modules = sorted(f"tests.{path.stem}" for path in tests.glob("test_*.py"))
    others = sorted(folders - {*known})
    soak = [f"{SOAK}.{name}" for name in _modules(tests / "soak") if name not in SOAK_ONLY]
    soak = [name for name in soak if name not in WAITS]
    return [*([name] for name in (*known, *others)), soak, WAITS, modules, *_parts(tests)]


def _modules(folder: Path) -> list[str]:
    return sorted(path.stem for path in folder.glob("test_*.py"))


def _parts(tests: Path) -> list[list[str]]:
    pages = _modules(tests / "pages")
    named = [[name for name in part if name in pages] for part in LAST_PARTS]
    rest = [name for name in pages if not any(name in part for part in named)]
    # the rest is long too: begun last, one half of the machine would wait for it
    return [[f"{LAST}.{name}" for name in part] for part in (rest, *named) if part]


def trial(names: list[str]) -> tuple[int, int]:
    """Run trial on some tests and show its words at the end; counts of passed and failed."""
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="iotd-trial-") as folder:
        command = [sys.executable, "-m", "twisted.trial", "--reporter=timing",
                   f"--temp-directory={folder}/trial", *names]
        done = subprocess.run(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            errors="replace",
        )
    passed, failed = counts("\n".join(done.stdout.splitlines()[-10:]))
    failed = failed or int(done.returncode != 0)
    with SHOWING:
        print(done.stdout, end="", flush=True)
        what = names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"
        say(f"{what}: {passed} passed, {failed} failed, {time.monotonic() - begun:.0f} s")
    return passed, failed


def everything(names: list[str]) -> list[tuple[int, int]]:
    """Lint and run the tests named, or all of them; counts of passed and failed."""
    say("running the tests; what they say comes folder by folder")
    alone, *others = [names] if names else units()
    with ThreadPoolExecutor(AT_ONCE) as pool, ThreadPoolExecutor(1) as aside:
        first, linted = pool.submit(trial, alone), pool.submit(lint)
        waits = [aside.submit(trial, unit) for unit in others if unit == WAITS]
        results = [first.result()]  # whose bundles the others look at
        results += pool.map(trial, [unit for unit in others if unit != WAITS])
        return results + [each.result() for each in (linted, *waits)]


def main(arguments: list[str]) -> int:
    """The exit code: 0 only when all passed."""
    names = [name for name in arguments if not name.startswith("-")]
    results = [lint()] if "--lint-only" in arguments else everything(names)
    passed, failed = (sum(counted) for counted in zip(*results))
    print(f"{passed} passed, {failed} failed", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
