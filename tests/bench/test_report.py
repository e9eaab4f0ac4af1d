"""Tables as people and programs read them."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from bench.load import Watched
from bench.report import Table, as_dicts, median, megabytes, percent


def watched(**figures: float) -> Watched:
    """A window of 10 viewers, 4 s, all frames."""
    plain = dict(viewers=10, seconds=4.0, frames=1000.0, offered=100, least=100.0, cpu=0.02,
                 client_cpu=0.01, rss=1, p50=1.0, p99=2.0)
    return Watched(**{**plain, **figures})  # type: ignore[arg-type]


class TableTests(SynchronousTestCase):
    """Rendering."""

    def test_markdown(self) -> None:
        """Title, head, rows, aims and notes stand in this order."""
        table = Table("Cost", ("server", "s"), notes=["a note"])
        table.add("C", 1.5)
        table.aim("seconds", 1.5, most=2, unit=" s")
        self.assertEqual(table.markdown(), (
            "### Cost\n\n| server | s |\n| --- | --- |\n| C | 1.5 |\n\n"
            "- seconds: 1.5 s, aim at most 2 s: **holds**\n- a note\n"
        ))

    def test_aims(self) -> None:
        """An aim is missed above its most, below its least, and nowhere else."""
        table = Table("", ())
        for got, most, least in ((2, 2, None), (2.1, 2, None), (50_000, None, 50_000),
                                 (49_999, None, 50_000)):
            table.aim("x", got, most, least)
        holds = ["holds" in aim for aim in table.aims]
        self.assertEqual(holds, [True, False, True, False])

    def test_json(self) -> None:
        """Programs get the same cells."""
        table = Table("Cost", ("server",))
        table.add("C")
        self.assertEqual(as_dicts([table]), [
            {"title": "Cost", "columns": ("server",), "rows": [["C"]], "aims": [], "notes": []}
        ])

    def test_figures(self) -> None:
        """Medians and units."""
        self.assertEqual((median([3, 1, 2]), percent(0.0123), megabytes(2_500_000)),
                         (2, "1.23 %", "2.5"))


class WatchedTests(SynchronousTestCase):
    """What one window says."""

    def test_cost_and_rate(self) -> None:
        """CPU for 1000 frames, frames a second and for a CPU-second, share of the core."""
        one = watched()
        self.assertEqual((one.per_thousand, one.rate, one.per_cpu_second, one.busy),
                         (0.02, 250, 50_000, 0.005))

    def test_what_was_queued_is_no_speed(self) -> None:
        """Frames beyond 25 a second each were queued before: they do not raise the rate."""
        drained = watched(frames=1200.0, offered=120)
        self.assertEqual((drained.rate, drained.paced_rate), (300, 250))

    def test_skipped(self) -> None:
        """Frames that did not come count, and so do those that a held-up camera did not send."""
        self.assertEqual(watched().skipped, 0)
        self.assertAlmostEqual(watched(frames=900.0).skipped, 0.1)
        self.assertAlmostEqual(watched(offered=50, frames=500.0).skipped, 0.5)
