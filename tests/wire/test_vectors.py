"""Every recorded session, cut in every way: the same events, answers and end."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings, strategies as st
from twisted.trial.unittest import SynchronousTestCase

from iotd.wire import camera
from iotd.wire.camera import Event
from tests.vectors import make_camera
from tests.wire.drive import Daemon, cut, fed, pieces

VECTORS: dict[str, Any] = json.loads(make_camera.PATH.read_text())
SESSIONS: list[dict[str, Any]] = VECTORS["sessions"]


def play(session: dict[str, Any], parts: Any) -> Daemon:
    """The session's bytes, cut like this, into a daemon of its limits and secrets."""
    known = {"max_frame_bytes": session["max_frame_bytes"]}
    if session["nonce"]:
        known |= {"nonce": session["nonce"], "key": bytes.fromhex(session["key"])}
    return fed(parts, session["silent_first"], **known)


def expected(session: dict[str, Any], entry: list[Any]) -> Event:
    """One entry of ``events`` as the event it stands for."""
    name, *values = entry
    if name == "FrameReceived":
        offset, length, width, height = values
        data = bytes.fromhex(session["camera"])
        values = [data[offset:offset + length], width, height]
    if name == "BadFrame":
        values = ["no whole JPEG in {} bytes that begin {}".format(*values)]
    event: Event = getattr(camera, name)(*values)
    return event


class VectorsTests(SynchronousTestCase):
    """camera.json against the conversation."""

    maxDiff = None

    def test_as_recorded(self) -> None:
        """Each session fed whole gives the events, answers and end that are written down."""
        for session in SESSIONS:
            daemon = play(session, [bytes.fromhex(session["camera"])])
            events = [expected(session, entry) for entry in session["events"]]
            told = (daemon.heard, daemon.sent.hex(), daemon.conversation.phase.value)
            self.assertEqual(told, (events, session["daemon"], session["phase"]), session["name"])
            self.assertEqual(daemon.conversation.begun_bytes, session["begun_bytes"])

    def test_errors_as_recorded(self) -> None:
        """An error contains the words that are written down; no session fails without."""
        for session in SESSIONS:
            error = play(session, [bytes.fromhex(session["camera"])]).error
            self.assertEqual(error is None, session["error"] is None, (session["name"], error))
            self.assertIn(session["error"] or "", error or "", session["name"])

    def test_byte_by_byte(self) -> None:
        """One byte at a time gives what the whole gives."""
        for session in SESSIONS:
            data = bytes.fromhex(session["camera"])
            whole, single = play(session, [data]), play(session, pieces(data, 1))
            self.assertEqual(single.outcome, whole.outcome, session["name"])

    def test_every_split_point(self) -> None:
        """Cut in two at any point gives what the whole gives."""
        for session in SESSIONS:
            data = bytes.fromhex(session["camera"])
            whole = play(session, [data]).outcome
            for at in range(len(data) + 1):
                parts = play(session, [data[:at], data[at:]])
                self.assertEqual(parts.outcome, whole, (session["name"], at))

    @settings(deadline=None, derandomize=True, max_examples=400)
    @given(st.sampled_from(SESSIONS), st.lists(st.integers(0, 9999), max_size=12))
    def test_any_cut(self, session: dict[str, Any], points: list[int]) -> None:
        """Cut in many pieces, empty ones among them, gives what the whole gives."""
        data = bytes.fromhex(session["camera"])
        self.assertEqual(play(session, cut(data, points)).outcome, play(session, [data]).outcome)

    def test_the_file_documents_itself(self) -> None:
        """The first entry names every field and every event that sessions use."""
        first = next(iter(VECTORS))
        self.assertEqual(first, "format")
        for session in SESSIONS:
            self.assertLessEqual(set(session), set(VECTORS["format"]))
            names = {name for name, *_ in session["events"]}
            self.assertLessEqual(names, set(VECTORS["format"]["events"]))
            self.assertLess(len(session["camera"]), 2 * 4096)

    def test_the_file_is_what_its_maker_writes(self) -> None:
        """Names are unique, and the maker still knows every session."""
        made = [
            *make_camera.field_sessions(), *make_camera.keyed_sessions(),
            *make_camera.hostile_sessions(),
        ]
        names = [session["name"] for session in SESSIONS]
        self.assertEqual([session.name for session in made], names)
        self.assertEqual(len(set(names)), len(names))
