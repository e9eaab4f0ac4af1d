"""Lines of boards about themselves, and by which they fetch firmware."""

from __future__ import annotations

from dataclasses import fields

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from iotd.wire import board_lines
from iotd.wire.board_lines import MAX_PART_LINE, PART_BYTES, Fetch, Report, parse
from iotd.wire.keyed_lines import MAX_LINE_BYTES

SHA, NONCE = "ab" * 32, "cd" * 16

#: A line, and what it means; as in docs/protocol.md.
VECTORS: list[tuple[str, Report | Fetch | None]] = [
    ("info fw=1.1.0 build=7 kind=camera chip=esp32s3 boot=9f2c11aa reset=power up=12 free=90112"
     " rssi=-51 slot=a mpy=6 last=ok-7 tls=0",
     Report("1.1.0", 7, "camera", "esp32s3", "9f2c11aa", "power", 12, 90112, -51, "a", 6,
            "ok-7", 0)),
    ("info", Report()),
    ("info ", Report()),
    ("info build=7", Report(build=7)),
    ("info  build=7   up=0 ", Report(build=7, up=0)),
    ("info build=7 build=8", Report(build=8)),
    ("info colour=red build=7 =x y", Report(build=7)),
    ("info last=back-8-crash", Report(last="back-8-crash")),
    ("info last=refused-8-mac", Report(last="refused-8-mac")),
    ("info fw=1.1.0+dirty_2", Report(fw="1.1.0+dirty_2")),
    ("info rssi=-127", Report(rssi=-127)),
    ("info rssi=0", Report(rssi=0)),
    ("info free=4294967295", Report(free=4294967295)),
    ("info up=315360000", Report(up=315360000)),
    (f"fetch manifest:{NONCE} 0", Fetch(NONCE, "", 0)),
    (f"fetch {SHA} 768", Fetch("", SHA, 768)),
    ("information", None), ("fetching x", None), ("72.00,bpm", None), ("ping", None),
    ("error info build=7", None), ("Info build=7", None), ("update 8", None), ("", None),
]

#: Lines of this kind that are faulty, and a word of the reason.
FAULTY = [
    ("info build=x", "build="), ("info build=", "build="), ("info build=-1", "0 to"),
    ("info build=4294967296", "0 to"), ("info build=99999999999", "build="),
    ("info build=+7", "build="), ("info build=٧", "build="), ("info rssi=1", "-127 to 0"),
    ("info rssi=-128", "-127"), ("info mpy=256", "255"), ("info tls=2", "0 to 1"),
    ("info fw=", "fw="), ("info kind=" + "x" * 41, "1 to 40"), ("info kind=a/b", "kind="),
    ("info up=315360001", "0 to"), ("info slot=c", "a and b"), ("info slot=", "a and b"),
    ("info boot=ä", "boot="), ("info kind=<b>", "kind="), ("info free=1.5", "free="),
    ("fetch", "offset"), ("fetch ", "offset"), (f"fetch {SHA}", "offset"),
    (f"fetch {SHA} ", "offset"), (f"fetch {SHA} -1", "offset"), (f"fetch {SHA} 1 2", "offset"),
    (f"fetch {SHA} 0x10", "offset"), (f"fetch {SHA} 99999999999", "offset"),
    (f"fetch {SHA[:-1]} 0", "64 hex"), (f"fetch {SHA}0 0", "64 hex"),
    (f"fetch {SHA.upper()} 0", "64 hex"), (f"fetch manifest:{NONCE[:-1]} 0", "32 hex"),
    ("fetch manifest: 0", "64 hex"), (f"fetch manifest:{SHA} 0", "32 hex"),
    ("fetch ../key 0", "64 hex"), (f"fetch  {SHA} 0", "offset"),
]

words = st.from_regex(r"[A-Za-z0-9._+-]{1,40}", fullmatch=True)
sizes = st.integers(0, 2**32 - 1)
_OF = {
    **dict.fromkeys(("fw", "kind", "chip", "boot", "reset", "last"), words),
    **dict.fromkeys(("build", "free"), sizes), "slot": st.sampled_from("ab"),
    "up": st.integers(0, 315_360_000),
    "rssi": st.integers(-127, 0), "mpy": st.integers(0, 255), "tls": st.integers(0, 1),
}
reports = st.builds(Report, **{name: st.none() | each for name, each in _OF.items()})


class BoardLineTests(SynchronousTestCase):
    """What they mean, and how they are written."""

    def test_vectors(self) -> None:
        """Each line means what the protocol's page says."""
        for line, meaning in VECTORS:
            self.assertEqual(parse(line), meaning, line)

    def test_faulty(self) -> None:
        """A faulty line is told with what was wrong and what is allowed, not taken half."""
        for line, reason in FAULTY:
            fault = self.assertRaises(ValueError, parse, line)
            self.assertIn(reason, str(fault), line)
            self.assertLess(len(str(fault)), 200)

    @given(reports)
    def test_reports(self, report: Report) -> None:
        """A report is read as it was written."""
        line = board_lines.format_report(report)
        self.assertEqual(parse(line), report)
        self.assertTrue(line.isascii() and "\n" not in line)

    def test_longest_report(self) -> None:
        """The longest report of a board that keeps to its words is a line that is taken."""
        told = {name: "refused-4294967295-version" for name in ("last",)}
        report = Report("1.1.0-rc1+local", 4294967295, "cabinet_camera", "esp32s3", "9f2c11aa",
                        "watchdog", 315360000, 4294967295, -127, "a", 255, told["last"], 1)
        self.assertLess(len(board_lines.format_report(report)), MAX_LINE_BYTES)
        self.assertEqual(len(fields(Report)), 13)

    @given(st.text(max_size=80))
    def test_any_text(self, text: str) -> None:
        """Any text is a report, a fetch, none of ours, or a fault; nothing else happens."""
        for line in (text, f"info {text}", f"fetch {text}", f"fetch manifest:{text}"):
            try:
                meaning = parse(line)
            except ValueError:
                continue
            self.assertTrue(meaning is None or isinstance(meaning, (Report, Fetch)))

    @given(st.binary(max_size=PART_BYTES), sizes, sizes)
    def test_parts(self, data: bytes, total: int, offset: int) -> None:
        """A part is read as it was written, and fits into the line that boards take."""
        line = board_lines.part(total, offset, data)
        self.assertEqual(board_lines.parse_part(line), (total, offset, data))
        self.assertLessEqual(len(line), MAX_PART_LINE)
        self.assertTrue(line.startswith(board_lines.TOLD))

    def test_no_parts(self) -> None:
        """What is no part is none."""
        for line in ("part", "part 1 2", "part 1 2 ab= x", "part a 0 YQ==", "part 1 -1 YQ==",
                     "part 1 0 YQ=", "part 1 0 Y Q==", "part +1 0 YQ==", "part 1_0 0 YQ==",
                     "part ١ 0 YQ==", "part 1 0 !!!!", "part 1 0 YQ==YQ==", "gone 0", ""):
            self.assertIsNone(board_lines.parse_part(line), line)
        self.assertEqual(board_lines.parse_part("part 0 0 "), (0, 0, b""))

    def test_other_lines(self) -> None:
        """How the others are written."""
        self.assertEqual(board_lines.offer(8), "update 8")
        self.assertEqual(board_lines.gone(768), "gone 768")
        self.assertEqual(parse(board_lines.fetch_file(SHA, 5)), Fetch("", SHA, 5))
        self.assertEqual(parse(board_lines.fetch_manifest(NONCE, 5)), Fetch(NONCE, "", 5))
