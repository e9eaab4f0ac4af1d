"""What devices can be told."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from iotd.wire.errors import LocalProtocolError
from iotd.wire.words import ADVICE_PREFIX, REQUESTS, WORDS, check_answer, check_word


class WordTests(SynchronousTestCase):
    """Words by kind."""

    def test_each_kind(self) -> None:
        """A kind takes its own words and no others; `other` takes them all."""
        every = {word for words in WORDS.values() for word in words}
        self.assertEqual(every, set(WORDS["other"]))
        for kind, words in WORDS.items():
            for word in every:
                if word in words:
                    self.assertEqual(check_word(word, kind), word)
                else:
                    self.assertRaises(LocalProtocolError, check_word, word, kind)

    def test_never_a_word(self) -> None:
        """temp, start and send are no words; an unknown kind takes none."""
        for word in ("temp", "start", "send", "", "bpm\n", "BPM"):
            self.assertRaises(LocalProtocolError, check_word, word, "other")
        error = self.assertRaises(LocalProtocolError, check_word, "bpm", "gate")
        self.assertIn("none", str(error))

    def test_what_is_allowed_is_named(self) -> None:
        """The error says which words there are."""
        error = self.assertRaises(LocalProtocolError, check_word, "bpm", "cabinet")
        self.assertIn("lof, lon", str(error))


class AnswerTests(SynchronousTestCase):
    """Answers to requests."""

    def test_prefixes(self) -> None:
        """Nine letters, in the order of the advice keys."""
        self.assertEqual(REQUESTS, ("rep", *"abcdefghi"))
        self.assertEqual(" ".join(ADVICE_PREFIX.values()),
                         "crd glc dit exr mtl rsp dig bne imm")

    def test_text(self) -> None:
        """An answer is one line: line ends and controls become spaces."""
        self.assertEqual(check_answer("hrx5.1,,,"), "hrx5.1,,,")
        self.assertEqual(check_answer("crd less salt\r\nmore sleep\n"),
                         "crd less salt  more sleep")
        self.assertEqual(check_answer("glc café"), "glc café")

    def test_refused(self) -> None:
        """No prefix, and more than 4096 bytes, are refused."""
        self.assertRaises(LocalProtocolError, check_answer, "xyz")
        self.assertRaises(LocalProtocolError, check_answer, "")
        self.assertRaises(LocalProtocolError, check_answer, "crd " + "é" * 2047)
