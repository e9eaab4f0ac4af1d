"""The rules of the audit's chain, without a database."""

from __future__ import annotations

import math
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from iotd.accounts import audit_chain as chain
from iotd.accounts.audit_chain import Head, Row
from iotd.accounts.audit_check import Checker, Erasures

KEY = b"k" * 32
ROW = Row(7, 1.5, "ann", "log in", "ann", "", "10.0.0.1", "ok", None, "00" * 16)
texts = st.text(max_size=8)


class RuleTests(SynchronousTestCase):
    """What is sealed, and how ids are told."""

    @given(st.lists(texts, min_size=7, max_size=7), st.lists(texts, min_size=7, max_size=7))
    @settings(max_examples=200, deadline=None)
    def test_digest(self, one: list[str], other: list[str]) -> None:
        """Rows that say different things have different digests, wherever a text ends."""
        said: Any = one, other
        rows = [Row(1, 1.0, *texts) for texts in said]
        self.assertEqual(chain.digest_of(rows[0]) == chain.digest_of(rows[1]), one == other)

    def test_everything_counts(self) -> None:
        """Digest and link change with whatever they stand for; time to its last bit."""
        sealed = chain.sealed(KEY, chain.GENESIS, ROW)
        at = math.nextafter(ROW.at, 2)
        for name, value in (("at", at), ("who", "bob"), ("action", "x"), ("subject", "x"),
                            ("detail", "x"), ("address", ""), ("result", "no"),
                            ("patient", ""), ("salt", None)):
            cell: Any = {name: value}
            changed = chain.digest_of(ROW._replace(**cell))
            self.assertNotEqual(changed, sealed.digest, name)
        for name, value in (("id", 8), ("at", at), ("action", "x"), ("result", "no"),
                            ("patient", "p"), ("digest", "x")):
            cell = {name: value}
            changed = chain.link_of(KEY, chain.GENESIS, sealed._replace(**cell))
            self.assertNotEqual(changed, sealed.chain, name)
        self.assertNotEqual(chain.link_of(b"x" * 32, chain.GENESIS, sealed), sealed.chain)
        self.assertNotEqual(chain.link_of(KEY, chain.LOST, sealed), sealed.chain)

    def test_head(self) -> None:
        """A head is read as it was written, and only with the key."""
        head = Head(12, 11, "ab" * 32)
        text = chain.write_head(KEY, head)
        self.assertEqual(chain.read_head(KEY, text + "\n"), head)
        for other in (text.replace("12", "13", 1), text.replace("11", "10", 1), text[:-1] + "é",
                      "", "1 2 3", "a b c d", None):
            self.assertIsNone(chain.read_head(KEY, other))
        self.assertIsNone(chain.read_head(b"x" * 32, text))

    @given(st.sets(st.integers(1, 5000), max_size=1500))
    @settings(max_examples=60, deadline=None)
    def test_ids(self, ids: set[int]) -> None:
        """Ids are told in pieces that a detail can hold, and read again."""
        told = chain.told_ids(ids)
        self.assertEqual([id for _, some in told for id in some], sorted(ids))
        for detail, some in told:
            self.assertLessEqual(len(detail), chain.MOST_DETAIL)
            spans = chain.spans_of(detail)
            self.assertEqual([id for a, b in spans for id in range(a, b + 1)], some)

    def test_no_ids(self) -> None:
        """What tells of no rows covers none."""
        for detail in ("", "rows", "rows ", "rows x", "rows 1-", "lines 1", "rows 1,,2", "1-2"):
            self.assertEqual(chain.spans_of(detail), [], detail)
        self.assertEqual(chain.spans_of("rows 5-9,12"), [(5, 9), (12, 12)])


class ErasureTests(SynchronousTestCase):
    """Which row tells of the erasure of another."""

    @given(st.lists(st.tuples(st.integers(1, 60), st.sets(st.integers(1, 40), min_size=1)),
                    max_size=6))
    @settings(max_examples=150, deadline=None)
    def test_newest(self, told: list[tuple[int, set[int]]]) -> None:
        """It is the newest that comes after it."""
        details = [(eraser, chain.told_ids(ids)[0][0]) for eraser, ids in told]
        erasures = Erasures(details)
        for id in range(1, 45):
            later = [eraser for eraser, ids in told if id in ids and eraser > id]
            self.assertEqual(erasures.latest(id), max(later, default=None))


class CheckerTests(SynchronousTestCase):
    """Long logs and strange cells."""

    def rows(self, count: int) -> list[Row]:
        """A log."""
        rows, before = [], chain.GENESIS
        for id in range(1, count + 1):
            row = chain.sealed(KEY, before, ROW._replace(id=id, salt=chain.new_salt()))
            rows.append(row)
            before = str(row.chain)
        return rows

    def test_all_wrong(self) -> None:
        """With another key everything is wrong; a hundred faults are told, all are counted."""
        rows = self.rows(3000)
        checker = Checker(b"x" * 32, Erasures())
        checker.feed(rows)
        checker.end(None)
        self.assertEqual((len(checker.faults), checker.count), (100, 3001))

    def test_gaps(self) -> None:
        """Ids that were never given out are no rows that are missing."""
        rows = self.rows(3)
        before, moved = str(rows[-1].chain), []
        for row in rows:
            row = chain.sealed(KEY, before, row._replace(id=row.id + 9))
            moved.append(row)
            before = str(row.chain)
        checker = Checker(KEY, Erasures())
        checker.feed(rows + moved)
        checker.end(Head(12, 6, before))
        self.assertEqual(checker.faults, [])

    def test_count(self) -> None:
        """How many rows there are is known, too."""
        rows = self.rows(3)
        checker = Checker(KEY, Erasures())
        checker.feed(rows)
        checker.end(Head(3, 4, str(rows[-1].chain)))
        self.assertEqual([fault.what for fault in checker.faults],
                         ["there are 3 rows and should be 4"])

    def test_cells(self) -> None:
        """Whatever somebody put into a cell is a fault, never an error."""
        for name in ("at", "who", "patient", "salt", "digest", "chain"):
            for value in (None, 5, b"\xff", "\ud800", math.nan, math.inf):
                rows = self.rows(3)
                cell: Any = {name: value}
                rows[1] = rows[1]._replace(**cell)
                checker = Checker(KEY, Erasures())
                checker.feed(rows)
                checker.end(Head(3, 3, str(rows[-1].chain)))
                fault = (name, value) != ("patient", None)
                self.assertEqual(checker.count > 0, fault, (name, value))
