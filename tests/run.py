"""Lint, then every test, then one line: ``N passed, N failed``.

Run by ``make test`` and, with ``--lint-only``, by ``make lint``. A lint tool
that finds something counts as one failure; names of tests may be given.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
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


def trial(names: list[str]) -> tuple[int, int]:
    """Run trial, showing its words as they come; counts of passed and failed."""
    say("running the tests")
    command = [sys.executable, "-m", "twisted.trial", "--reporter=verbose", *names]
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        errors="replace",
    )
    last: list[str] = []
    assert process.stdout is not None
    for line in process.stdout:
        print(line, end="", flush=True)
        last = [*last[-9:], line]
    passed, failed = counts("".join(last))
    return passed, failed or int(process.wait() != 0)


def main(arguments: list[str]) -> int:
    """The exit code: 0 only when all passed."""
    passed, failed = lint()
    if "--lint-only" not in arguments:
        more = trial([name for name in arguments if not name.startswith("-")] or ["tests"])
        passed, failed = passed + more[0], failed + more[1]
    print(f"{passed} passed, {failed} failed", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
