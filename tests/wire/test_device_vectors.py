"""Every recorded session of the device wire, cut in every way: the same events and answers."""

from __future__ import annotations

import json
from typing import Any, Iterable

from hypothesis import given, settings, strategies as st
from twisted.trial.unittest import SynchronousTestCase

from iotd.wire import device_events
from iotd.wire.conversation import GREETING
from iotd.wire.device_events import DeviceEvent
from tests.vectors import make_device
from tests.wire.device_drive import QUIET, DeviceDaemon, Piece
from tests.wire.drive import cut, pieces

VECTORS: dict[str, Any] = json.loads(make_device.PATH.read_text())
SESSIONS: list[dict[str, Any]] = VECTORS["sessions"]
QUIET_MS = 50

#: Events whose last value is only a part of what is told.
PARTLY = ("BadMessage", "BadReading")


def daemon_for(session: dict[str, Any]) -> DeviceDaemon:
    """One of the session's limits and secrets."""
    known: dict[str, Any] = {}
    if session["nonce"]:
        known = {"nonce": session["nonce"], "key": bytes.fromhex(session["key"])}
    return DeviceDaemon(session["kind"], session["max_message_bytes"], **known)


def say(daemon: DeviceDaemon, text: str) -> None:
    """What the daemon says of its own accord."""
    conversation = daemon.conversation
    daemon.sent += conversation.ping() if text == "ping" else conversation.word(text)


def steps(session: dict[str, Any], parts: Any) -> Iterable[tuple[dict[str, Any], list[Piece]]]:
    """Each turn with its bytes cut by ``parts``, and its silence."""
    for turn in session["turns"]:
        silence: list[Piece] = [QUIET] * (turn["quiet_ms"] // QUIET_MS)
        yield turn, [*parts(bytes.fromhex(turn["device"])), *silence]


def play(session: dict[str, Any], parts: Any = lambda data: [data]) -> DeviceDaemon:
    """The whole session into a daemon."""
    daemon = daemon_for(session)
    for turn, turn_parts in steps(session, parts):
        if turn["says"]:
            say(daemon, turn["says"])
        for piece in turn_parts:
            daemon.receive(piece)
    return daemon


def matches(event: DeviceEvent, entry: list[Any]) -> bool:
    """Whether the event is what stands in the file."""
    name, *values = entry
    told = [getattr(event, field) for field in event.__dataclass_fields__]
    if name == "PictureReceived":
        values[0] = bytes.fromhex(values[0])
    if name in PARTLY:
        return type(event).__name__ == name and values[-1] in told[-1] and (
            values[:-1] == told[:-1])
    return event == getattr(device_events, name)(*values)


class DeviceVectorsTests(SynchronousTestCase):
    """device.json against the conversation."""

    maxDiff = None

    def check(self, session: dict[str, Any], heard: list[DeviceEvent], wanted: list[Any]) -> None:
        """These events, and no others."""
        self.assertEqual(len(heard), len(wanted), (session["name"], heard, wanted))
        for event, entry in zip(heard, wanted):
            self.assertTrue(matches(event, entry), (session["name"], event, entry))

    def test_as_recorded(self) -> None:
        """Each turn gives the events and answers that are written down, and so does the end."""
        for session in SESSIONS:
            daemon = daemon_for(session)
            for turn, turn_parts in steps(session, lambda data: [data]):
                if turn["says"]:
                    say(daemon, turn["says"])
                for piece in turn_parts:
                    daemon.receive(piece)
                self.check(session, daemon.heard, turn["events"])
                self.assertEqual(daemon.sent.hex(), turn["daemon"], session["name"])
                daemon.heard, daemon.sent = [], b""
            conversation = daemon.conversation
            self.assertEqual((conversation.phase.value, conversation.begun_bytes),
                             (session["phase"], session["begun_bytes"]), session["name"])

    def test_greeting_as_recorded(self) -> None:
        """36 bytes, the length of the text in a field 30 wide."""
        self.assertEqual(bytes.fromhex(VECTORS["greeting"]), GREETING)
        self.assertEqual(GREETING, b"6                             id pls")
        self.assertEqual(len(GREETING), 36)

    def test_errors_as_recorded(self) -> None:
        """An error contains the words that are written down; no session fails without."""
        for session in SESSIONS:
            error = play(session).error
            self.assertEqual(error is None, session["error"] is None, (session["name"], error))
            self.assertIn(session["error"] or "", error or "", session["name"])

    def test_byte_by_byte(self) -> None:
        """One byte at a time gives what the whole gives."""
        for session in SESSIONS:
            single = play(session, lambda data: pieces(data, 1))
            self.assertEqual(single.outcome, play(session).outcome, session["name"])

    def test_every_split_point(self) -> None:
        """Each turn cut in two at any point gives what the whole gives."""
        for session in SESSIONS:
            whole = play(session).outcome
            longest = max(len(turn["device"]) // 2 for turn in session["turns"])
            for at in range(1, longest):
                parts = play(session, lambda data: [data[:at], data[at:]])
                self.assertEqual(parts.outcome, whole, (session["name"], at))

    def test_glued(self) -> None:
        """Honest sessions are understood in one piece, as if the device never waited."""
        for session in SESSIONS:
            if session["glued"] and session["kind"]:
                data = b"".join(bytes.fromhex(turn["device"]) for turn in session["turns"])
                for parts in ([data], pieces(data, 1), pieces(data, 7)):
                    daemon = daemon_for(session)
                    for piece in [*parts, QUIET]:
                        daemon.receive(piece)
                    wanted = [entry for turn in session["turns"] for entry in turn["events"]]
                    self.assertIsNone(daemon.error, session["name"])
                    self.check(session, daemon.heard, wanted)

    @settings(deadline=None, derandomize=True, max_examples=400)
    @given(st.sampled_from(SESSIONS), st.lists(st.integers(0, 9999), max_size=12))
    def test_any_cut(self, session: dict[str, Any], points: list[int]) -> None:
        """Cut in many pieces, empty ones among them, gives what the whole gives."""
        parts = play(session, lambda data: cut(data, points))
        self.assertEqual(parts.outcome, play(session).outcome)

    def test_the_file_documents_itself(self) -> None:
        """The first entry names every field and every event that sessions use."""
        self.assertEqual(next(iter(VECTORS)), "format")
        for session in SESSIONS:
            self.assertLessEqual(set(session), set(VECTORS["format"]))
            for turn in session["turns"]:
                self.assertLessEqual(set(turn), set(VECTORS["format"]["turns"]))
                names = {name for name, *_ in turn["events"]}
                self.assertLessEqual(names, set(VECTORS["format"]["events"]))
                self.assertLess(len(turn["device"]), 2 * 4096)

    def test_the_file_is_what_its_maker_writes(self) -> None:
        """Names are unique, and the maker still knows every session."""
        names = [session["name"] for session in SESSIONS]
        self.assertEqual([session.name for session in make_device.all_sessions()], names)
        self.assertEqual(len(set(names)), len(names))
