"""What boards are told of reports and advice."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any, Mapping, Sequence

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from iotd.errors import NotFound
from iotd.health.advice.model import SECTIONS
from iotd.health.answers import (
    ADVICE_KEYS, LAB_KEYS, MOST_BYTES, Answers, advice_line, report_line, short,
)
from iotd.wire.words import ADVICE_PREFIX, REQUESTS, check_answer
from tests.health.record_app import RecordTest

VALUES = [5.1, None, 1.25, 2.6, 4.0, 0.047, *[None] * 9, 5.7]


class Known:
    """A watch of a patient, one of nobody, and what there is of the patient."""

    def __init__(self) -> None:
        self.texts = {"cardiovascular": "Walk daily.\nSit less.", "immunizations": "Flu, soon"}

    def device(self, id: str) -> Any:
        """As the registry's."""
        if id == "gone":
            raise NotFound("There is no such device.")
        return SimpleNamespace(patient="p1" if id == "wch" else None)

    async def published(self, patient: str) -> Mapping[str, str]:
        """As the advice's."""
        return self.texts

    async def newest(self, patient: str) -> Sequence[float | None]:
        """As the labs'."""
        return VALUES


class AnswerTests(SynchronousTestCase):
    """Asked by ``wch``, or another."""

    def answer(self, what: str, device: str = "wch") -> str:
        """What the device is told."""
        known = Known()
        answers = Answers(known, known, known)
        return str(self.successResultOf(Deferred.fromCoroutine(answers(device, what))))

    def test_report(self) -> None:
        """Sixteen values in the order of the keys, those that are missing empty."""
        self.assertEqual(self.answer("rep"), "hrx5.1,,1.25,2.6,4,0.047" + "," * 10 + "5.7")
        self.assertEqual(len(LAB_KEYS), len(VALUES))

    def test_advice(self) -> None:
        """Each letter is its section's text in one line after its prefix."""
        told = [self.answer(what) for what in REQUESTS if what != "rep"]
        self.assertEqual("|".join(told), "crdWalk daily. Sit less.|glc|dit|exr|mtl|rsp|dig|bne|"
                                         "immFlu, soon")
        self.assertEqual(ADVICE_KEYS, tuple(SECTIONS))

    def test_nobodys(self) -> None:
        """A device of nobody, or one just forgotten, is told that all is missing."""
        for device in ("spare", "gone"):
            self.assertEqual(self.answer("rep", device), "hrx" + "," * 15)
            told = [self.answer(what, device) for what in ADVICE_PREFIX]
            self.assertEqual(" ".join(told), "crd glc dit exr mtl rsp dig bne imm")


class LineTests(SynchronousTestCase):
    """One line, for a small screen."""

    @given(st.text(max_size=3000))
    def test_any_text(self, text: str) -> None:
        """Any text is one line that the wire takes as it is, within the limit; a short one
        has all its words."""
        line = advice_line("c", text)
        self.assertEqual(check_answer(line), line)
        self.assertLessEqual(len(line.encode()), MOST_BYTES)
        self.assertNotIn("  ", line)
        if len(text.encode()) < MOST_BYTES - 3:
            printable = "".join(c if c.isprintable() else " " for c in text)
            self.assertEqual(line[3:].split(), printable.split())

    def test_long(self) -> None:
        """Where it is too long it ends behind a word and says so; without spaces, behind a
        letter."""
        line = advice_line("a", "Take a walk. " * 200)
        self.assertTrue(line.endswith("a walk. ...") or line.endswith("Take ..."), line[-20:])
        chinese = advice_line("b", "每天散步" * 300)
        self.assertTrue(chinese.endswith(" ...") and len(chinese.encode()) > MOST_BYTES - 4)

    @given(st.none() | st.floats())
    def test_any_value(self, value: float | None) -> None:
        """A value has no comma and no exponent, is nothing where there is none, and is near."""
        text = short(value)
        self.assertEqual(text == "", value is None or not math.isfinite(value))
        if text and value is not None:
            self.assertEqual(set(text) - set("-.0123456789"), set())
            self.assertLessEqual(abs(float(text) - value), max(0.00501, 1e-9 * abs(value)))

    @given(st.lists(st.none() | st.floats(0, 5000), min_size=16, max_size=16))
    def test_report(self, values: list[float | None]) -> None:
        """A report always has sixteen places."""
        line = report_line(values)
        self.assertEqual(line.count(","), 15)
        self.assertEqual(check_answer(line), line)


class OverTheWireTests(RecordTest):
    """With the real parts."""

    async def test_published(self) -> None:
        """A patient's watch is told what is published, not drafts; taken off, it is told
        nothing."""
        dora = await self.doctor("dora", "advice")
        await self.put("/advice", dora, diet="Less salt.\nMore fish.", bone="Stairs.")
        await self.put("/advice", dora, glucose="secret", draft=True)
        await self.app.registry.make_key("wch", "watch")
        await self.app.registry.change("wch", {"patient": self.who})
        answers = self.app.record.answers
        told = [await answers("wch", what) for what in "bch"]
        self.assertEqual(told, ["glc", "ditLess salt. More fish.", "bneStairs."])
        self.assertEqual((await answers("wch", "rep")).count(","), 15)
        await self.app.registry.change("wch", {"patient": None})
        self.assertEqual(await answers("wch", "c"), "dit")
