"""Random bytes raise nothing but RemoteProtocolError, and no cut matters."""

from __future__ import annotations

from hypothesis import given, settings, strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tests.wire import device_fuzz as fuzz

SESSIONS = 30_000

_PART = st.one_of(
    st.sampled_from(fuzz.TOKENS + fuzz.OPENINGS), st.binary(max_size=9),
    st.sampled_from([part for message in fuzz.MESSAGES for part in message]),
)
_TURN = st.tuples(_PART, st.sampled_from((0, 0, 1, 20)))


class DeviceFuzzTests(SynchronousTestCase):
    """Sessions made of the wire's own tokens."""

    def test_seeded_sessions(self) -> None:
        """Every phase and every event is reached, nothing unexpected is raised."""
        ends = fuzz.run(SESSIONS, seed=20250307)
        for name in (
            "greeted", "held", "started", "closed", "NewReceived", "HelloReceived",
            "ProofReceived", "SizeDeclared", "WeightReceived", "PictureReceived", "BadMessage",
            "ReadingReceived", "BadReading", "RequestReceived", "PingReceived", "PongReceived",
            "LineReceived",
        ):
            self.assertGreater(ends[name], SESSIONS // 1500, name)

    @settings(deadline=None, derandomize=True, max_examples=500)
    @given(
        st.sampled_from(fuzz.OPENINGS), st.lists(_TURN, max_size=12),
        st.lists(st.integers(0, 9999), max_size=20),
        st.sampled_from(("watch", "cabinet", "other", None)),
    )
    def test_any_cut(
        self, opening: bytes, turns: list[fuzz.Turn], points: list[int], kind: str | None
    ) -> None:
        """Cut anywhere between two silences, the outcome is that of the whole."""
        turns = [(opening, 0), *turns]
        daemon = fuzz.play(turns, points, kind)
        fuzz.check(turns, daemon)
        self.assertEqual(daemon.outcome, fuzz.play(turns, [], kind).outcome)

    @settings(deadline=None, derandomize=True)
    @given(st.binary(max_size=2000), st.sampled_from((b"", b"new~wch", fuzz.KEYED_OPENING)))
    def test_plain_noise(self, data: bytes, opening: bytes) -> None:
        """Bytes of no kind at all."""
        turns = [(opening, 0), (data, 1)]
        fuzz.check(turns, fuzz.play(turns, [], "other"))
