"""The line at the end of `make test`."""

from __future__ import annotations

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from tests.run import ROOT, SOAK, SOAK_ONLY, counts, units


class CountsTests(SynchronousTestCase):
    """Read off trial's own summary."""

    def test_passed(self) -> None:
        """All passed."""
        self.assertEqual(counts("Ran 40 tests in 84.795s\n\nPASSED (successes=40)\n"), (40, 0))

    def test_failed(self) -> None:
        """Failures and errors are failed tests."""
        said = "Ran 25 tests in 173.591s\n\nFAILED (failures=1, errors=2, successes=22)\n"
        self.assertEqual(counts(said), (22, 3))

    def test_skipped(self) -> None:
        """A test that was skipped has not passed."""
        self.assertEqual(counts("Ran 3 tests in 1s\n\nPASSED (skips=1, successes=2)\n"), (2, 1))

    def test_broken_off(self) -> None:
        """Without a summary nothing passed."""
        self.assertEqual(counts("Killed\n"), (0, 0))


class UnitsTests(SynchronousTestCase):
    """What is run."""

    def test_every_module(self) -> None:
        """Each file of tests is in one unit, and in no other; but for what soak alone runs."""
        alone = {f"{SOAK}.{name}" for name in SOAK_ONLY}
        named = [name for unit in units() for name in unit]
        self.assertEqual(len(named), len(set(named)))
        for path in Path(ROOT / "tests").glob("**/test_*.py"):
            module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            of = [name for name in named if module == name or module.startswith(f"{name}.")]
            self.assertEqual(len(of), int(module not in alone), module)
