"""Random bytes raise nothing but RemoteProtocolError, and no cut matters."""

from __future__ import annotations

import random

from hypothesis import given, settings, strategies as st
from twisted.trial.unittest import SynchronousTestCase

from iotd.wire.errors import RemoteProtocolError
from iotd.wire.events import NEED_DATA
from iotd.wire.multipart import PartReader
from tests.wire import fuzz

SESSIONS = 200_000


class FuzzTests(SynchronousTestCase):
    """Sessions made of the wire's own tokens."""

    def test_seeded_sessions(self) -> None:
        """Every phase and every event is reached, nothing unexpected is raised."""
        ends = fuzz.run(SESSIONS, seed=20250301)
        for name in (
            "undecided", "field", "proving", "keyed", "closed", "FieldDecided", "HelloReceived",
            "ProofReceived", "FrameReceived", "EmptyFrame", "BadFrame", "PingReceived",
            "PongReceived", "LineReceived",
        ):
            self.assertGreater(ends[name], SESSIONS // 1000, name)

    @settings(deadline=None, derandomize=True, max_examples=500)
    @given(
        st.lists(st.one_of(st.sampled_from(fuzz.TOKENS + fuzz.OPENINGS), st.binary(max_size=9))),
        st.lists(st.integers(0, 9999), max_size=20), st.booleans(),
    )
    def test_any_cut(self, parts: list[bytes], points: list[int], silent: bool) -> None:
        """Cut anywhere, the outcome is that of the whole."""
        data = b"".join(parts)
        daemon = fuzz.play(data, points, silent)
        fuzz.check(data, daemon)
        self.assertEqual(daemon.outcome, fuzz.play(data, [], silent).outcome)

    @settings(deadline=None, derandomize=True)
    @given(st.binary(max_size=2000), st.booleans())
    def test_plain_noise(self, data: bytes, silent: bool) -> None:
        """Bytes of no kind at all."""
        fuzz.check(data, fuzz.play(data, [], silent))

    def test_parts(self) -> None:
        """Noise in a multipart stream raises nothing else either."""
        rng = random.Random(5)
        tokens = [b"--iotdframe\r\n", b"\r\n", b"Content-Length: ", b"3", b"999999999", b":",
                  b"--iotdframe--\r\n", b"\xff", b"abc", b"\n"]
        for _ in range(20_000):
            reader = PartReader()
            reader.receive_data(b"".join(rng.choices(tokens, k=rng.randrange(12))))
            try:
                while reader.next_part() is not NEED_DATA:
                    pass
            except RemoteProtocolError:
                pass
