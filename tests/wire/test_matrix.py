"""Every message in every state: one table, read by people and by the test.

A cell says, in order, what the daemon hears, and how it stands then:
``begun`` something is not complete, ``kept`` bytes wait for the daemon's next
step, ``error`` closed with an error, ``dropped`` closed before.
"""

from __future__ import annotations

from typing import Callable

from twisted.trial.unittest import SynchronousTestCase

from iotd.wire.camera import NEED_DATA, CameraConversation, Event, Phase
from iotd.wire.errors import LocalProtocolError, RemoteProtocolError
from iotd.wire.frames import encode_frame
from iotd.wire.hello import encode_mac
from tests.wire.drive import MAX_FRAME_BYTES, NONCE, every_event
from tests.wire.jpegs import jpeg

PICTURE = jpeg(optimize=True, quality=20)
MAC = encode_mac("0" * 64)

MESSAGES: dict[str, bytes] = {
    "hello": b"key~cam-1\n",
    "hello, cut": b"key~cam-1",
    "hello, bad id": b"key~CAM\n",
    "hello, no end": b"key~" + b"a" * 80,
    "mac": MAC,
    "mac, cut": MAC[:-2],
    "mac, 63 digits": MAC[:-2] + b"\n",
    "mac, no end": MAC[:-1] + b"0" * 100,
    "ping": b"ping\n",
    "pong": b"pong\n",
    "line": b"rssi=-61\n",
    "line, cut": b"rss",
    "line, control": b"\x1b[2J\n",
    "line, no end": b"x" * 300,
    "START": b"START\n",
    "frame": encode_frame(PICTURE),
    "frame, cut": encode_frame(PICTURE)[:-1],
    "header, cut": b"\x00\x00\x01",
    "empty frame": bytes(4),
    "bad payload": encode_frame(b"rubbish"),
    "limit + 1": (MAX_FRAME_BYTES + 1).to_bytes(4, "big"),
    "2^32 - 1": b"\xff\xff\xff\xff",
}

# new:     nothing came            hello:   b"key~cam-" came      named: hello heard, nonce due
# proving: nonce sent              proven:  proof heard, verdict due
# silent:  a second of silence     field:   a frame came          closed: denied
HEARD = """
                new              silent       field        hello   named  proving  proven  keyed        closed
hello           hello            hello        error        error   kept   error    kept    line         dropped
hello, cut      begun            begun        error        begun   kept   begun    kept    begun        dropped
hello, bad id   error            error        error        error   kept   error    kept    line         dropped
hello, no end   error            error        error        error   kept   begun    kept    begun        dropped
mac             field error      error        error        error   kept   proof    kept    line         dropped
mac, cut        field error      error        error        error   kept   begun    kept    begun        dropped
mac, 63 digits  field error      error        error        error   kept   error    kept    line         dropped
mac, no end     field error      error        error        error   kept   error    kept    begun        dropped
ping            field error      error        error        hello   kept   error    kept    ping         dropped
pong            field error      error        error        hello   kept   error    kept    pong         dropped
line            field error      error        error        error   kept   error    kept    line         dropped
line, cut       field begun      begun        begun        begun   kept   begun    kept    begun        dropped
line, control   field error      error        error        error   kept   error    kept    error        dropped
line, no end    field error      error        error        error   kept   error    kept    error        dropped
START           field error      error        error        error   kept   error    kept    line         dropped
frame           field frame      frame        frame        error   kept   error    kept    frame        dropped
frame, cut      field begun      begun        begun        error   kept   error    kept    begun        dropped
header, cut     field begun      begun        begun        begun   kept   begun    kept    begun        dropped
empty frame     field empty      empty        empty        begun   kept   begun    kept    empty        dropped
bad payload     field bad        bad          bad          begun   kept   begun    kept    bad          dropped
limit + 1       field error      error        error        begun   kept   begun    kept    error        dropped
2^32 - 1        field error      error        error        begun   kept   begun    kept    begun        dropped
"""  # noqa: E501

# The same for what the daemon itself asks for: `no` is a LocalProtocolError that changes nothing.
ASKED = """
                new      silent   field    hello    named    proving  proven   keyed    closed
settle          field    nothing  nothing  nothing  nothing  nothing  nothing  nothing  nothing
challenge       no       no       no       no       bytes    no       no       no       no
accept          no       no       no       no       no       no       nothing  no       no
deny            no       no       no       no       bytes    bytes    bytes    no       no
START           no       bytes    bytes    no       no       no       no       bytes    no
SET fps=5       no       no       no       no       no       no       no       bytes    no
ping            no       no       no       no       no       no       no       bytes    no
pong            no       no       no       no       no       no       no       bytes    no
"""

ASK: dict[str, Callable[[CameraConversation], bytes | None]] = {
    "settle": CameraConversation.settle_as_field,
    "challenge": lambda conversation: conversation.challenge(NONCE),
    "accept": CameraConversation.accept,
    "deny": CameraConversation.deny,
    "START": lambda conversation: conversation.command("START"),
    "SET fps=5": lambda conversation: conversation.command("SET fps=5"),
    "ping": CameraConversation.ping,
    "pong": CameraConversation.pong,
}

WORDS = {
    "FieldDecided": "field", "HelloReceived": "hello", "ProofReceived": "proof",
    "FrameReceived": "frame", "EmptyFrame": "empty", "BadFrame": "bad",
    "PingReceived": "ping", "PongReceived": "pong", "LineReceived": "line",
}


def brought_to(state: str) -> CameraConversation:
    """A conversation in this state, all events so far taken."""
    conversation = CameraConversation(MAX_FRAME_BYTES)
    first = {"field": encode_frame(PICTURE), "hello": b"key~cam-", "new": b"", "silent": b""}
    conversation.receive_data(first.get(state, b"key~cam-1\n"))
    if state == "silent":
        conversation.settle_as_field()
    every_event(conversation)
    if state in ("proving", "proven", "keyed"):
        conversation.challenge(NONCE)
    if state in ("proven", "keyed"):
        conversation.receive_data(MAC)
        every_event(conversation)
    if state == "keyed":
        conversation.accept()
    if state == "closed":
        conversation.deny()
    return conversation


def outcome(conversation: CameraConversation, data: bytes) -> str:
    """What the table says of it."""
    words: list[str] = []
    was_closed = conversation.phase is Phase.CLOSED
    conversation.receive_data(data)
    try:
        event: Event
        while (event := conversation.next_event()) is not NEED_DATA:  # type: ignore[assignment]
            words.append(WORDS[type(event).__name__])
    except RemoteProtocolError:
        words.append("error")
    if conversation.unfinished:
        words.append("begun")
    return " ".join(words) or ("dropped" if was_closed else "kept")


def asked(conversation: CameraConversation, name: str) -> str:
    """What the table says of something the daemon wants."""
    try:
        answer = ASK[name](conversation)
    except LocalProtocolError:
        return "no"
    if answer:
        return "bytes"
    return " ".join(WORDS[type(event).__name__] for event in every_event(conversation)) or "nothing"


def cells(table: str) -> dict[tuple[str, str], str]:
    """(row, column) -> cell, by the columns of the head line."""
    head, *rows = table.strip("\n").splitlines()
    starts = [(at, head[at:].split()[0]) for at in range(1, len(head))
              if head[at] != " " and head[at - 1] == " "]
    ends = [*(at for at, _ in starts[1:]), None]
    return {
        (row[:16].strip(), name): row[at:end].strip()
        for row in rows for (at, name), end in zip(starts, ends)
    }


class MatrixTests(SynchronousTestCase):
    """The two tables above."""

    def test_tables_are_whole(self) -> None:
        """Every message and every wish stands in every state."""
        for table, rows in ((cells(HEARD), MESSAGES), (cells(ASKED), ASK)):
            self.assertEqual({row for row, _ in table}, set(rows))
            self.assertEqual(len(table), 9 * len(rows))
            self.assertTrue(all(table.values()))

    def test_heard(self) -> None:
        """Each message in each state has the outcome of its cell."""
        for (message, state), cell in cells(HEARD).items():
            found = outcome(brought_to(state), MESSAGES[message])
            self.assertEqual(found, cell, f"{message} in {state}")

    def test_heard_byte_by_byte(self) -> None:
        """A closed conversation gives nothing more, whatever its last piece was."""
        for (message, state), cell in cells(HEARD).items():
            conversation = brought_to(state)
            words = [outcome(conversation, bytes([byte])) for byte in MESSAGES[message]]
            heard = [word for part in words for word in part.split()
                     if word not in ("begun", "kept", "dropped")]
            wanted = [word for word in cell.split() if word not in ("begun", "kept", "dropped")]
            self.assertEqual(heard, wanted, f"{message} in {state}")

    def test_asked(self) -> None:
        """Each wish of the daemon's in each state has the outcome of its cell."""
        for (wish, state), cell in cells(ASKED).items():
            self.assertEqual(asked(brought_to(state), wish), cell, f"{wish} in {state}")

    def test_a_refusal_changes_nothing(self) -> None:
        """After a LocalProtocolError the camera is heard as if nothing had been asked."""
        for (wish, state), cell in cells(ASKED).items():
            if cell == "no":
                conversation, phase = brought_to(state), brought_to(state).phase
                asked(conversation, wish)
                self.assertIs(conversation.phase, phase)
                self.assertEqual(outcome(conversation, MESSAGES["frame"]),
                                 cells(HEARD)["frame", state], f"{wish} in {state}")

    def test_no_message_opens(self) -> None:
        """No message brings a conversation to KEYED: only accept() does."""
        for message in MESSAGES.values():
            for state in ("new", "silent", "field", "hello", "named", "proving", "proven"):
                conversation = brought_to(state)
                outcome(conversation, message)
                self.assertIsNot(conversation.phase, Phase.KEYED)
