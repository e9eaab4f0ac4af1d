"""Rows of the data sheet, in pages of any size, against all of them at once."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from iotd.errors import Invalid
from iotd.health import csv_text, records, sheet
from iotd.calendar import Calendar
from iotd.health.model import KINDS, ROW_SECONDS
from iotd.health.records import Reading
from iotd.health.sheet import Place, Row
from tests.databases import DatabaseTest, both

ANNA, START = "a" * 16, 1_800_000_000.0


def reading(at: float, kind: str = "heart_rate", source: str = "wch", id: int = 0) -> Reading:
    """A reading some seconds after the start."""
    return Reading(kind, 70.0, "70", START + at, START + at, source, ANNA, id=id)


class RowTests(SynchronousTestCase):
    def rows(self, *readings: Reading) -> list[tuple[float, str, list[str]]]:
        """Seconds, source and kinds of each row."""
        newest_first = sorted(readings, key=lambda each: (-each.at, -(each.id or 0)))
        return [
            (row.start[0] - START, row.source, sorted(row.readings))
            for row in sheet.rows_of(newest_first)
        ]

    def test_together(self) -> None:
        """Rate and temperature of one poll are a row; the next poll is another."""
        found = self.rows(
            reading(0), reading(0.125, "body_temperature"),
            reading(45), reading(45.25, "body_temperature"),
        )
        both_kinds = ["body_temperature", "heart_rate"]
        self.assertEqual(found, [(45.25, "wch", both_kinds), (0.125, "wch", both_kinds)])

    def test_same_kind_twice(self) -> None:
        """Two rates are two rows, however close."""
        self.assertEqual(len(self.rows(reading(0, id=1), reading(1, id=2))), 2)

    def test_sources_apart(self) -> None:
        """What another source says in between is a row of its own."""
        found = self.rows(
            reading(0), reading(10, "body_temperature"), reading(5, "bp_systolic", "hand"),
            reading(20, "bp_diastolic", "hand"),
        )
        self.assertEqual(found, [
            (20, "hand", ["bp_diastolic", "bp_systolic"]),
            (10, "wch", ["body_temperature", "heart_rate"]),
        ])

    def test_thirty_seconds(self) -> None:
        """Thirty seconds are together, more are not."""
        self.assertEqual(len(self.rows(reading(0), reading(30, "spo2"))), 1)
        self.assertEqual(len(self.rows(reading(0), reading(30.5, "spo2"))), 2)

    def test_worst_quality(self) -> None:
        """A row says the quality of each value, and the worst of them."""
        bad = reading(1, "body_temperature")
        bad.quality = "rejected"
        told = next(sheet.rows_of([bad, reading(0)])).as_json()
        self.assertEqual(told["quality"], "rejected")
        self.assertEqual(
            told["qualities"], {"heart_rate": "good", "body_temperature": "rejected"}
        )
        self.assertEqual((told["heart_rate"], told["spo2"]), (70.0, None))


class PlaceTests(SynchronousTestCase):
    def test_round_trip(self) -> None:
        """A place comes back from its text."""
        place = Place((START + 0.125, 17), {"wch": (START, 2), "hand": (START + 1, 3)})
        self.assertEqual(Place.decode(place.encode()), place)

    @given(st.text(max_size=60))
    def test_nonsense(self, text: str) -> None:
        """Anything else is refused, never an error of ours."""
        try:
            place = Place.decode(text)
        except Invalid as error:
            self.assertEqual(error.field, "after")
        else:
            self.assertIsInstance(place, Place)

    def test_hostile(self) -> None:
        """Neither are numbers that no database takes."""
        for end in ([1e999, 1], [0, 2**70], [0, -1], ["0", 1], [0], None, [True, {}]):
            text = urlsafe_b64encode(json.dumps([end, {}]).encode()).decode()
            self.assertRaises(Invalid, Place.decode, text)


@both
class PageTests(DatabaseTest, SynchronousTestCase):
    def test_pages(self) -> None:
        """Pages of any size are the same rows, though sources interleave."""
        connection = self.connect()
        kinds, sources = st.sampled_from(list(KINDS)), st.sampled_from(("wch", "hand", "api"))
        one = st.tuples(st.integers(0, 2800), kinds, sources)

        @settings(max_examples=60 if self.dialect == "sqlite" else 10, deadline=None)
        @given(st.lists(one, max_size=60), st.integers(1, 8))
        def holds(found: list[tuple[int, str, str]], limit: int) -> None:
            savepoint = connection.begin_nested()
            records.add_readings(connection, [
                reading(at / 7, kind, source).as_row() for at, kind, source in found
            ])
            try:
                self.check(connection, limit)
            finally:
                savepoint.rollback()

        holds()

    def check(self, connection: Any, limit: int) -> None:
        """Compare pages with the whole."""
        whole, more = sheet.read_page(connection, ANNA, None, None, 10_000)
        self.assertIsNone(more)
        paged: list[Row] = []
        place = None
        while True:
            rows, place = sheet.read_page(connection, ANNA, None, None, limit, place)
            self.assertLessEqual(len(rows), limit)
            paged += rows
            if place is None:
                break
            place = Place.decode(place.encode())
        self.assertEqual([row.as_json() for row in paged], [row.as_json() for row in whole])
        for row in whole:
            self.assertLessEqual(
                row.start[0] - min(each.at for each in row.readings.values()), ROW_SECONDS
            )


class CsvTests(SynchronousTestCase):
    def test_formulas(self) -> None:
        """No cell begins as a formula; numbers and times stay what they are."""
        text = csv_text.lines([["=1+1", "@x", "+a", "-b", " =c", "\tq", "2026-11-21", "72.5", 3]])
        self.assertEqual(text, b"'=1+1,'@x,'+a,'-b,' =c,'\tq,2026-11-21,72.5,3\r\n")

    def test_full_width(self) -> None:
        """The same signs of full width, which some spreadsheets run too."""
        cells = ["\uff1d1", "\uff0b1", "\uff0d1", "\uff20x", "\u3000=1"]
        told = csv_text.lines([[*cells, "1\uff1d1"]]).decode()
        self.assertEqual(told, ",".join(f"'{each}" for each in cells) + ",1\uff1d1\r\n")

    def test_numbers(self) -> None:
        """The shortest text of a value."""
        self.assertEqual([csv_text.number(value) for value in (72.0, 36.55, 0.1 + 0.2, None)],
                         ["72", "36.55", "0.3", ""])

    def test_local_time(self) -> None:
        """The clock on the wall, beside UTC."""
        row = next(sheet.rows_of([reading(0)]))
        told = csv_text._row(row, Calendar("Asia/Kathmandu"))
        self.assertEqual(told[:2], ("2027-01-15T08:00:00.000Z", "2027-01-15 13:45:00"))
