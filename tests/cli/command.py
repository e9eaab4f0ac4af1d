"""The iotd command run inside the test, on parts that remember what was asked."""

from __future__ import annotations

import io
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Coroutine
from unittest import mock

from twisted.internet.defer import Deferred
from twisted.trial.unittest import TestCase

from iotd.cli.main import main
from iotd.cli.place import Surroundings
from tests.fake_parts import FakeParts


@dataclass
class Said:
    """What a command said and how it ended."""

    code: int
    out: str
    err: str


def react_now(work: Callable[[Any], Coroutine[Any, Any, None]]) -> None:
    """As task.react, for work that never waits."""
    done: list[Any] = []
    Deferred.fromCoroutine(work(None)).addBoth(done.append)
    if done and done[0] is not None:
        done[0].raiseException()
    raise SystemExit(0)


class CommandCase(TestCase):
    """``self.iotd(...)`` runs a command in a data folder of the test."""

    def setUp(self) -> None:
        self.data_dir = Path(self.mktemp()).absolute()
        self.parts = FakeParts()
        self.surroundings = Surroundings(
            environ={}, open_parts=lambda config, reactor: self.parts, react=react_now,
            turn_seconds=0.0,
        )

    def iotd(self, *args: str, stdin: bytes = b"", terminal: bool = False) -> Said:
        """Run it in the test's folder and hear all it says."""
        return self.bare(*args, "--data", str(self.data_dir), stdin=stdin, terminal=terminal)

    def bare(self, *args: str, stdin: bytes = b"", terminal: bool = False) -> Said:
        """The same without naming the folder."""
        out, err = io.StringIO(), io.StringIO()
        typed = io.TextIOWrapper(io.BytesIO(stdin))
        if terminal:
            typed.isatty = lambda: True  # type: ignore[method-assign]
        with redirect_stdout(out), redirect_stderr(err), mock.patch.object(sys, "stdin", typed):
            code = main(args, self.surroundings)
        return Said(code, out.getvalue(), err.getvalue())
