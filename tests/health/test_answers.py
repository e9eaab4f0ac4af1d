"""What boards are told before there are reports and advice."""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from iotd.health.answers import LAB_KEYS, answers
from iotd.wire.words import REQUESTS


class AnswerTests(SynchronousTestCase):
    def answer(self, what: str) -> str:
        """What ``wch`` is told."""
        return str(self.successResultOf(Deferred.fromCoroutine(answers("wch", what))))

    def test_report(self) -> None:
        """Sixteen values that are all missing."""
        self.assertEqual(self.answer("rep"), "hrx" + "," * 15)
        self.assertEqual(len(LAB_KEYS), 16)

    def test_advice(self) -> None:
        """Each letter has its prefix, and nothing after it."""
        told = [self.answer(what) for what in REQUESTS if what != "rep"]
        self.assertEqual(" ".join(told), "crd glc dit exr mtl rsp dig bne imm")
