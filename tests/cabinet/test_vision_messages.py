"""The messages between daemon and vision worker."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as some
from twisted.trial.unittest import SynchronousTestCase

from iotd.cabinet.vision_messages import MAX_MESSAGE, BadMessage, MessageReader, encode

HEADS = some.dictionaries(some.text(max_size=8), some.integers() | some.text(max_size=20))
MESSAGES = some.lists(some.tuples(HEADS, some.binary(max_size=50)), max_size=4)


class Messages(SynchronousTestCase):
    """Whole, in pieces, and broken."""

    @given(MESSAGES, some.integers(1, 40))
    def test_any_pieces(self, messages: list[tuple[dict[str, object], bytes]], size: int) -> None:
        """What was encoded comes out the same, however the pipe cuts it."""
        data = b"".join(encode(*message) for message in messages)
        reader, got = MessageReader(), []
        for at in range(0, len(data), size):
            got += reader.receive(data[at:at + size])
        self.assertEqual(got, messages)

    @given(some.binary(min_size=8, max_size=64))
    def test_rubbish(self, data: bytes) -> None:
        """Anything else is waited for, or refused; nothing else is ever raised."""
        try:
            list(MessageReader().receive(data))
        except BadMessage:
            pass

    def test_limits(self) -> None:
        """Neither side sends or waits for more than the limit."""
        with self.assertRaises(BadMessage):
            encode({}, bytes(MAX_MESSAGE))
        with self.assertRaises(BadMessage):
            list(MessageReader().receive((MAX_MESSAGE + 1).to_bytes(4, "big") + bytes(4)))
