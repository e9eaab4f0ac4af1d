"""Lines out of bytes that TCP cut anywhere."""

from __future__ import annotations

from hypothesis import given, strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tests.firmware import rig
from common.errors import LinkLost
from common.lines import MAX_LINE_BYTES, LineReader

assert rig.FIRMWARE.is_dir()


def read(pieces: list[bytes]) -> list[str]:
    """All lines, asked for after each piece."""
    reader = LineReader()
    lines = []
    for piece in pieces:
        reader.feed(piece)
        while (line := reader.next_line()) is not None:
            lines.append(line)
    return lines


class LineReaderTests(SynchronousTestCase):
    """feed() and next_line()."""

    DATA = b"START\nSET fps=5 quality=60\r\nping\n\nSTOP\n"
    LINES = ["START", "SET fps=5 quality=60", "ping", "", "STOP"]

    def test_glued(self) -> None:
        """Lines that arrive in one piece come out one by one, and a tail waits."""
        self.assertEqual(read([self.DATA]), self.LINES)
        self.assertEqual(read([self.DATA + b"STA"]), self.LINES)

    def test_byte_by_byte(self) -> None:
        """Lines that arrive one byte at a time come out the same."""
        self.assertEqual(read([bytes([byte]) for byte in self.DATA]), self.LINES)

    @given(st.lists(st.integers(0, len(DATA)), max_size=6))
    def test_cut_anywhere(self, cuts: list[int]) -> None:
        """However the bytes are cut, the lines are the same."""
        edges = [0, *sorted(cuts), len(self.DATA)]
        pieces = [self.DATA[start:end] for start, end in zip(edges, edges[1:])]
        self.assertEqual(read(pieces), self.LINES)

    def test_endless(self) -> None:
        """A line over 256 bytes ends the link, whether or not its end has come."""
        self.assertEqual(read([b"x" * MAX_LINE_BYTES + b"\n"]), ["x" * MAX_LINE_BYTES])
        for tail in (b"", b"\n"):
            self.assertRaises(LinkLost, read, [b"x" * (MAX_LINE_BYTES + 1) + tail])

    def test_not_text(self) -> None:
        """Bytes that are no text end the link."""
        self.assertRaises(LinkLost, read, [b"STA\xffRT\n"])
