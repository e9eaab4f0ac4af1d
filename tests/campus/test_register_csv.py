"""Files of students: what is taken, and what is said about the rest."""

from __future__ import annotations

import codecs

from hypothesis import example, given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from iotd.campus import register_csv
from iotd.campus.macs import Hasher
from iotd.campus.register_csv import Fault, Sheet

HASHER = Hasher(b"k" * 32)
HEAD = "rollno,year,branch,stream,hostel,gender,mac\n"
ROW = "CS/1,2,CSE,B.Tech,North,female,aa:bb:cc:dd:ee:ff\n"


def read(text: str | bytes) -> Sheet:
    """A file, read."""
    return Sheet(text if isinstance(text, bytes) else text.encode(), HASHER)


def faults(text: str | bytes) -> list[tuple[int, str, str]]:
    """Its faults: line, column and value."""
    return [(each.line, each.column, each.value) for each in read(text).faults.first]


class TakenTests(SynchronousTestCase):
    """Files that are good."""

    def same(self, text: str | bytes) -> None:
        """It means the one usual student, and has no fault."""
        sheet = read(text)
        self.assertEqual(sheet.faults.first, [])
        (row,) = sheet.rows
        self.assertEqual((row.rollno, row.values),
                         ("CS/1", (2, "CSE", "B.Tech", "North", "female")))
        self.assertEqual([mac.hash for mac in row.macs], [HASHER.mac("aabbccddeeff")])

    def test_spellings(self) -> None:
        """Byte marks, wide characters, line ends, quotes and blank lines change nothing."""
        text = HEAD + ROW
        self.same(text)
        self.same(codecs.BOM_UTF8 + text.encode())
        self.same(text.encode("utf-16"))
        self.same(codecs.BOM_UTF16_BE + text.encode("utf-16-be"))
        self.same(text.replace("\n", "\r\n"))
        self.same(text.replace("\n", "\r"))
        self.same("\n\r\n" + HEAD + "\n,,,,,,\r\n" + ROW.strip())
        self.same(text.replace("CSE", '"CSE"').replace("rollno", '"rollno"'))
        self.same(text.replace(",", ";"))
        self.same(text.replace(",", " , ").upper().replace("B.TECH", "B.Tech")
                  .replace("NORTH", "North").replace("FEMALE", "female"))

    def test_order_of_columns(self) -> None:
        """Columns come in any order; unnamed empty ones at the end are let be."""
        self.same("mac,gender,hostel,stream,branch,year,RollNo,,\n"
                  "AABB.CCDD.EEFF,female,North,B.Tech,CSE,2,CS/1,,\n")

    def test_without_mac(self) -> None:
        """The column may be missing, and its cells empty."""
        for text in (HEAD.replace(",mac", "") + ROW.replace(",aa:bb:cc:dd:ee:ff", ""),
                     HEAD + ROW.replace("aa:bb:cc:dd:ee:ff", "")):
            (row,) = read(text).rows
            self.assertEqual(row.macs, ())

    def test_several_macs(self) -> None:
        """A cell may hold several, and the same one twice is one."""
        text = HEAD + ROW.replace("aa:bb:cc:dd:ee:ff", '"AA-BB-CC-DD-EE-FF, 021122334455 '
                                                       'aabbccddeeff"')
        (row,) = read(text).rows
        self.assertEqual([mac.kind for mac in row.macs], ["mac-local", "mac-local"])
        self.assertEqual([mac.tail for mac in row.macs], ["ff", "55"])

    def test_delimiter_inside(self) -> None:
        """A quoted cell may have the delimiter, doubled quotes, and what a formula looks like
        further in."""
        text = HEAD + ROW.replace("North", '"North, ""old"" =1"')
        self.assertEqual(read(text).rows[0].values[3], 'North, "old" =1')


class FaultTests(SynchronousTestCase):
    """Files that are not."""

    def test_each_has_its_place(self) -> None:
        """Every fault of a file is told by line, column and value, not only the first."""
        text = (HEAD + "CS 1,x,CSE,B.Tech,North,female,nonsense\n" + ROW
                + "CS/2,2,=1+1,@x,+1,-x,ff:ff:ff:ff:ff:ff\n")
        self.assertEqual(faults(text), [
            (2, "rollno", "CS 1"), (2, "year", "x"), (2, "mac", "nonsense"),
            (4, "branch", "=1+1"), (4, "stream", "@x"), (4, "hostel", "+1"),
            (4, "gender", "-x"), (4, "mac", "ff:ff:ff:ff:ff:ff"),
        ])

    def test_lines_are_an_editors(self) -> None:
        """Lines count as an editor counts them, cells of several lines and blank lines too."""
        text = HEAD + "\n" + ROW.replace("North", '"No\nrth"') + "\r\nCS/2,x,,,,,\r"
        self.assertEqual(faults(text), [(3, "hostel", "No\nrth"), (6, "year", "x")])

    def test_twice(self) -> None:
        """A roll number, and a MAC of two roll numbers, are told with the line of the first."""
        text = HEAD + ROW + ROW + ROW.replace("CS/1", "CS/3").replace(":", "-")
        first, second = read(text).faults.first
        self.assertEqual(first[:3], (3, "rollno", "CS/1"))
        self.assertIn("line 2", first.reason)
        self.assertEqual(second[:3], (4, "mac", "…ff"))
        self.assertIn("CS/1", second.reason)

    def test_columns(self) -> None:
        """Unknown, doubled and missing columns are told by name, and nothing below is judged."""
        text = "rollno,year,year,house,stream,hostel,gender\n" + ROW
        self.assertEqual(faults(text), [
            (1, "year", "year"), (1, "house", "house"), (1, "branch", ""),
        ])

    def test_cells(self) -> None:
        """A line with fewer or more cells than the head is told as a whole."""
        self.assertEqual(faults(HEAD + "CS/1,2,CSE\n" + ROW.strip() + ",more\n"),
                         [(2, "", ""), (3, "", "")])

    def test_quotes(self) -> None:
        """A quote that is not closed, and one in the middle, are told where they begin."""
        self.assertEqual(faults(HEAD + ROW + 'CS/2,2,"CSE,B.Tech\n' + ROW * 3), [(3, "", "")])
        self.assertEqual(faults(HEAD + 'CS/2,2,"CSE"x,,,,\n' + ROW), [(2, "", "")])
        self.assertEqual(faults(HEAD + 'CS/2,2,"' + "x\n" * 100_000), [(2, "", "")])

    def test_no_text(self) -> None:
        """Bytes that are no text, NUL, and nothing at all are told."""
        latin = (HEAD + ROW + ROW.replace("North", "Süd")).encode("latin-1")
        self.assertEqual(faults(latin), [(3, "", "")])
        self.assertIn("UTF-8", read(latin).faults.first[0].reason)
        self.assertEqual(faults(HEAD + "CS/2,2,C\0SE,,,,\n"), [(2, "branch", "C\0SE")])
        for text in (b"", b" \n\n", codecs.BOM_UTF8, codecs.BOM_UTF16_LE + b"x"):
            self.assertEqual(faults(text), [(1, "", "")])
        self.assertEqual(faults(HEAD), [(1, "", "")])

    def test_long_values_are_cut(self) -> None:
        """What is told of a value is short, however long it is."""
        fault = read(HEAD + f"CS/1,{'9' * 100_000},,,,,\n").faults.first[0]
        self.assertEqual(len(fault.value), register_csv.SHOWN + 1)

    def test_thousand_columns(self) -> None:
        """A head of thousands of columns is told by the first thousand, and counted."""
        sheet = read(HEAD.strip() + ",x" * 5000 + "\n" + ROW)
        self.assertEqual((len(sheet.faults.first), sheet.faults.count), (1000, 5000))

    def test_limits(self) -> None:
        """More than 100,000 lines, or 16 MiB, are refused without reading on."""
        self.patch(register_csv, "MAX_ROWS", 3)
        rows = "".join(f"CS/{n},1,,,,,\n" for n in range(9))
        self.assertEqual(faults(HEAD + rows), [(5, "", "")])
        self.patch(register_csv, "MAX_BYTES", 100)
        self.assertEqual(faults(HEAD + rows), [(1, "", "")])

    def test_no_mac_in_clear(self) -> None:
        """A fault about a MAC that is one shows its end only."""
        for fault in read(HEAD + ROW + ROW.replace("CS/1", "CS/2")).faults.first:
            self.assertNotIn("cc", f"{fault.value}{fault.reason}")

    @settings(max_examples=300, deadline=None)
    @given(st.binary(max_size=200))
    @example(b'""')
    @example(b"\r ;\r")
    def test_any_bytes(self, raw: bytes) -> None:
        """Whatever comes, there are rows or a fault, and no other error."""
        for text in (raw, HEAD.encode() + raw, (HEAD + ROW).encode() + raw):
            sheet = read(text)
            self.assertTrue(sheet.rows or sheet.faults.count)
            self.assertTrue(all(isinstance(each, Fault) for each in sheet.faults.first))

    @settings(max_examples=200, deadline=None)
    @given(st.lists(st.text("ab1,;\"'\n\r\t =+-@/:\0é", max_size=12), max_size=14),
           st.sampled_from(",;\t"))
    def test_any_cells(self, cells: list[str], mark: str) -> None:
        """So it is with texts that look like CSV."""
        sheet = read(HEAD + mark.join(cells))
        for row in sheet.rows:
            self.assertRegex(row.rollno, r"\A[A-Za-z0-9][\w./-]*\Z")
            self.assertFalse(any(str(value).startswith(("=", "+", "@")) for value in row.values))
