"""Rules of shares by themselves."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from iotd.errors import Hidden
from iotd.health.access import Access
from iotd.health.section_rights import Gate
from iotd.health.sections import SECTIONS
from iotd.health.sharing.model import LINK, MOST_WRONG, OPEN, Share, in_order
from iotd.site.routes import Call, Identity, Route

maybe = st.none() | st.integers(0, 100)
SHARES = st.builds(
    Share, id=st.just("s"), patient=st.just("p"), kind=st.just(LINK),
    sections=st.frozensets(st.sampled_from(SECTIONS), min_size=1), doctor_id=st.none(),
    token_hash=st.none(), passcode_hash=st.none(), wrong_passcodes=st.integers(0, 9),
    label=st.just(""), created_at=st.just(0.0), created_by=st.just("anna"), expires_at=maybe,
    most_openings=maybe, openings=st.integers(0, 100), last_opened_at=st.none(),
    revoked_at=maybe, revoked_by=st.just("anna"),
)


class ShareTests(SynchronousTestCase):
    """What a share says of itself."""

    @given(SHARES, st.integers(0, 200))
    def test_state(self, share: Share, now: int) -> None:
        """It is open when nothing ended it, and else says why, in a state and in words."""
        ended = (
            share.wrong_passcodes >= MOST_WRONG or share.revoked_at is not None
            or (share.expires_at is not None and now >= share.expires_at)
            or (share.most_openings is not None and share.openings >= share.most_openings)
        )
        self.assertEqual(share.is_open(now), not ended)
        self.assertEqual(share.why(now) is None, share.state(now) == OPEN)
        shown = share.as_json(now)
        self.assertEqual(shown["sections"], in_order(share.sections))
        self.assertFalse({"token_hash", "passcode_hash", "patient"} & set(shown))

    @given(SHARES, st.integers(0, 200), st.integers(0, 200))
    def test_over_for_good(self, share: Share, now: int, later: int) -> None:
        """What is over is never open again."""
        if not share.is_open(now):
            self.assertFalse(share.is_open(now + later))


class GateTests(SynchronousTestCase):
    """A route that nobody thought of."""

    def test_no_row(self) -> None:
        """Without a row in the table a route about a patient is the patient's own: a doctor
        who was let into everything is kept from it, the patient and admins are not."""
        gate = Gate(Access(lambda id: "user:5", lambda who, patient: frozenset(SECTIONS)))
        route = Route("GET", "/api/v1/patients/<id>/new", "health.get_new", "")

        def admit(role: str) -> None:
            identity = Identity("x", role, "s", 5)
            gate.admit(Call(None, route, identity), {"id": "p"})  # type: ignore[arg-type]

        self.assertRaises(Hidden, admit, "doctor")
        for role in ("patient", "admin"):
            admit(role)
