"""What a camera may be told, and what not."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from iotd.wire.commands import FRAME_SIZES, check_command
from iotd.wire.errors import LocalProtocolError


class CommandTests(SynchronousTestCase):
    """check_command()."""

    def refused(self, text: str, settable: bool = True) -> str:
        """The words with which ``text`` is refused."""
        return str(self.assertRaises(LocalProtocolError, check_command, text, settable))

    def test_start_and_stop(self) -> None:
        """Every camera takes these two, spelled so."""
        for text in ("START", "STOP"):
            self.assertEqual(check_command(text, settable=False), text)
        for text in ("start", "START ", "STARTSTOP", "", "\n", "START\nSTOP", "GO"):
            self.assertIn("allowed are START, STOP and SET", self.refused(text))

    def test_settings(self) -> None:
        """Each key alone, all together, at both ends of their ranges."""
        for text in (
            "SET fps=1", "SET fps=60", "SET quality=1", "SET quality=100", "SET flash=0",
            "SET framesize=QVGA quality=80 fps=10 flash=1",
            *(f"SET framesize={name}" for name in FRAME_SIZES),
        ):
            self.assertEqual(check_command(text, settable=True), text)

    def test_values_out_of_range(self) -> None:
        """The refusal names the value and the range."""
        self.assertEqual(self.refused("SET fps=61"), "fps '61' is not from 1 to 60")
        self.assertEqual(self.refused("SET quality=0"), "quality '0' is not from 1 to 100")
        self.assertEqual(self.refused("SET flash=2"), "flash '2' is not from 0 to 1")
        self.assertIn("'qvga' is none of QQVGA, QVGA", self.refused("SET framesize=qvga"))

    def test_values_that_are_no_numbers(self) -> None:
        """Signs, underscores, blanks, other scripts and long numbers are no values."""
        for value in ("", "-1", "+5", "1_0", "5.0", "\uff15", "\u0665", "9" * 5000, "5\t", "5\n"):
            self.assertIn("is not from 1 to 60", self.refused(f"SET fps={value}"))

    def test_keys(self) -> None:
        """Unknown keys, the same key twice, and none at all."""
        self.assertIn("allowed are framesize, quality, fps, flash", self.refused("SET zoom=2"))
        self.assertIn("each once", self.refused("SET fps=5 fps=6"))
        self.assertIn("one or more of framesize", self.refused("SET"))
        for text in ("SET ", "SET fps=5 ", "SET  fps=5", "SET fps", "SET fps=5\nSTOP"):
            self.refused(text)

    def test_field_cameras(self) -> None:
        """A field camera knows no SET."""
        self.assertIn("START and STOP only", self.refused("SET fps=5", settable=False))
