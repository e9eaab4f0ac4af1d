"""Which answers are taken, and what follows from them."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from iotd.errors import Invalid
from iotd.health.questionnaire.form import SECTIONS
from iotd.health.questionnaire.model import MOST_TEXT, checked_section, is_date
from iotd.health.questionnaire.questions import (
    CHOICE, DATE, LIST, NUMBER, TEXT, YES_NO, Question,
)
from iotd.health.questionnaire.scores import scores
from iotd.health.questionnaire.telling import as_csv, told

NOW = 1_800_000_000.0  # 2027-01-15

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner,
                                                                max_size=3),
    max_leaves=8,
)


def answer_of(question: Question) -> st.SearchStrategy[Any]:
    """Anything that this question takes."""
    if question.kind == NUMBER:
        whole = st.integers(int(question.low), int(question.high))
        return whole if question.whole else whole | st.floats(question.low, question.high)
    if question.kind == LIST:
        row = st.fixed_dictionaries(
            {each.id: st.just("Name") if each.required else answer_of(each)
             for each in question.columns})
        return st.lists(row, min_size=1, max_size=3)
    plain: dict[str, st.SearchStrategy[Any]] = {
        TEXT: st.text("aé痛 <&\"'=\n", max_size=60), YES_NO: st.booleans(),
        DATE: st.sampled_from(["1999", "2001-02", "2020-02-29"]),
        CHOICE: st.sampled_from([each.value for each in question.options] or [""]),
    }
    return plain[question.kind]


ANSWERS = st.fixed_dictionaries({}, optional={
    section.id: st.text("ab\n", max_size=30) | st.fixed_dictionaries(
        {}, optional={each.id: answer_of(each) for each in section.questions})
    for section in SECTIONS.values()
})


class CheckTests(SynchronousTestCase):
    """checked_section()."""

    def refused(self, id: str, value: Any) -> tuple[str | None, str]:
        """Field and sentence."""
        error = self.assertRaises(Invalid, checked_section, id, value, NOW)
        return error.field, str(error)

    @given(ANSWERS)
    def test_taken(self, answers: dict[str, Any]) -> None:
        """What the form allows is taken, and taken again without a change; it is told as CSV."""
        kept = {id: checked_section(id, value, NOW) for id, value in answers.items()}
        for id, value in kept.items():
            self.assertEqual(checked_section(id, value, NOW), value)
        as_csv(kept)

    @given(st.sampled_from(sorted(SECTIONS)), JSON)
    def test_any_json(self, id: str, value: Any) -> None:
        """Whatever is sent is taken or refused with a field of that section."""
        try:
            kept = checked_section(id, value, NOW)
        except Invalid as error:
            self.assertEqual(str(error.field).split(".")[0], id)
        else:
            self.assertIsInstance(kept, (dict, str, type(None)))

    def test_numbers(self) -> None:
        """Absurd, not numeric, not whole: each is told with the field and the limits."""
        self.assertEqual(self.refused("sleep", {"hours": 25}),
                         ("sleep.hours", "sleep.hours lies between 0 and 24 hours a night."))
        for value in (-1, 1e9, float("inf"), "7", True, [7]):
            self.assertEqual(self.refused("sleep", {"hours": value})[0], "sleep.hours")
        self.assertIn("whole", self.refused("stress", {"level": 2.5})[1])
        self.assertEqual(checked_section("sleep", {"hours": 7.0}, NOW), {"hours": 7})

    def test_dates(self) -> None:
        """Years, months and days up to today, wherever that is; nothing of the future."""
        for text in ("2019", "2019-07", "2019-07-31", "2027-01-16", "2027"):
            kept = checked_section("tobacco", {"stopped": text}, NOW)
            self.assertEqual(kept, {"stopped": text})
        for text in ("2028", "2027-02", "2027-01-17", "1899", "2019-13", "2019-02-29", "soon",
                     "2019-7-1", "٢٠١٩"):
            self.assertEqual(self.refused("tobacco", {"stopped": text})[0], "tobacco.stopped")
        self.assertFalse(is_date("0000"))

    def test_lists(self) -> None:
        """Rows name their place; empty ones are left out; there is a most."""
        rows: list[Any] = [{"name": " Metformin ", "dose": ""}, {}, {"name": None}]
        kept = checked_section("medications", {"list": rows}, NOW)
        self.assertEqual(kept, {"list": [{"name": "Metformin"}]})
        self.assertEqual(checked_section("medications", rows, NOW), kept)
        for value, field in (
            ([{"name": "x"}] * 51, "medications.list"), ("x", "medications.list"),
            ([{"name": "x"}, "y"], "medications.list.1"),
            ([{"name": "x", "price": 1}], "medications.list.0.price"),
            ([{"name": "x" * 101}], "medications.list.0.name"),
            ([{"since": "2019"}], "medications.list.0.name"),
        ):
            self.assertEqual(self.refused("medications", {"list": value})[0], field)

    def test_text(self) -> None:
        """Plain text keeps its lines; control characters, which break files, become spaces."""
        self.assertEqual(checked_section("stress", "a\r\nb\0c\x1b ", NOW), "a\nb c")
        self.assertIsNone(checked_section("stress", " \n", NOW))
        self.assertEqual(self.refused("stress", "x" * (MOST_TEXT + 1))[0], "stress")
        self.assertIn("10,000", self.refused("stress", "x" * (MOST_TEXT + 1))[1])

    def test_form(self) -> None:
        """Ids are unique, and what a question depends on is asked before it."""
        for section in SECTIONS.values():
            ids = [each.id for each in section.questions]
            self.assertEqual(len(ids), len(set(ids)), section.id)
            for place, question in enumerate(section.questions):
                if question.when is not None:
                    self.assertIn(question.when[0], ids[:place])


class ScoreTests(SynchronousTestCase):
    """Figures that follow from answers, by the rules of their sources."""

    def score(self, section: str, **answers: Any) -> float | None:
        """The one figure of a section."""
        found = scores({section: checked_section(section, answers, NOW)})
        self.assertLessEqual(len(found), 1)
        return found[0].value if found else None

    def test_audit_c(self) -> None:
        """Bush 1998: three answers of 0 to 4 points; never is 0, and asks no more."""
        self.assertEqual(self.score("alcohol", frequency="2", amount="1", six_or_more="2"), 5)
        self.assertEqual(self.score("alcohol", frequency="4", amount="4", six_or_more="4"), 12)
        self.assertEqual(self.score("alcohol", frequency="0"), 0)
        self.assertIsNone(self.score("alcohol", frequency="1", amount="1"))
        self.assertIsNone(self.score("alcohol", note="x"))

    def test_pack_years(self) -> None:
        """National Cancer Institute: a pack a day for 20 years, or two for 10, are 20."""
        self.assertEqual(self.score("tobacco", cigarettes_per_day=20, years=20), 20)
        self.assertEqual(self.score("tobacco", cigarettes_per_day=40, years=10), 20)
        self.assertEqual(self.score("tobacco", status="never"), 0)
        self.assertIsNone(self.score("tobacco", status="former", years=3))

    def test_active_minutes(self) -> None:
        """World Health Organization 2020: vigorous minutes count twice; no day, no minute."""
        self.assertEqual(self.score("exercise", moderate_days=5, moderate_minutes=30), 150)
        self.assertEqual(self.score("exercise", moderate_days=0, vigorous_days=3,
                                    vigorous_minutes=25), 150)
        self.assertIsNone(self.score("exercise", moderate_days=2))

    @given(ANSWERS)
    def test_within_limits(self, answers: dict[str, Any]) -> None:
        """No figure is negative or beyond its most; each names its source, and is told."""
        kept = {id: checked_section(id, value, NOW) for id, value in answers.items()}
        lines = [each.question for each in told(kept)]
        for score in scores(kept):
            self.assertTrue(0 <= score.value <= (score.most or 1e9), score)
            self.assertTrue(score.source)
            self.assertIn(score.name, lines)
