"""Every message in every state of the device wire: tables, read by people and by the test.

A cell says, in order, what the daemon hears (the same again and again is said
once), and how it stands then: ``begun`` something is not complete, ``quiet`` and
50 ms of silence would help to end it, ``kept`` bytes wait for the daemon's next
step, ``error`` closed, ``-`` nothing is left of it.
"""

from __future__ import annotations

from itertools import groupby
from typing import Callable

from twisted.trial.unittest import SynchronousTestCase

from iotd.wire.conversation import DeviceConversation, DevicePhase
from iotd.wire.device_events import NEED_DATA
from iotd.wire.errors import LocalProtocolError, RemoteProtocolError
from iotd.wire.hello import encode_mac
from tests.wire.drive import NONCE
from tests.wire.jpegs import jpeg
from tests.wire.test_matrix import cells

PICTURE = jpeg(optimize=True, quality=20)
MAC = encode_mac("0" * 64)
LIMIT = 4096

MESSAGES: dict[str, bytes | None] = {
    "new": b"new~wch",
    "new, other": b"new~cab",
    "new, cut": b"new~w",
    "hello": b"key~dev-1\n",
    "mac": MAC,
    "size": b"size-9",
    "size, cut": b"siz",
    "size, line": b"size-13\n",
    "size, bad": b"size--9\n",
    "size, limit + 1": b"size-4097\n",
    "weight": b"bfr-1023.4567",
    "picture": PICTURE,
    "readings": b"72.00,bpm36.50,temp",
    "reading, cut": b"72.00,bp",
    "reading, line": b"72.00,bpm\n",
    "reading, bad": b"nan,bpm\n",
    "request": b"0,b",
    "report": b"0,rep",
    "ping": b"ping\n",
    "line, control": b"\x1b[2J\n",
    "no end": b"x" * 300,
    "quiet": None,
}
STATES = (
    "new", "named", "proving", "proven", "held", "k-held", "field", "number", "size", "granted",
    "begun", "keyed", "k-size", "k-granted", "closed",
)

# new:     nothing came          named:   key~ heard, nonce due    proving: nonce sent
# proven:  proof heard           held:    new~wch, no start        k-held:  proved, no start
# field:   started               number:  size-1 came              size:    size-9 told, send due
# granted: send is said          begun:   bfr-10 came              closed:  denied
HEARD = """
                 new    named  proving  proven  held  k-held  field              number     size  granted                begun                  keyed        k-size  k-granted  closed
new              new    kept   begun    kept    -     kept    -                  error      kept  begun                  bad                    begun        kept    begun      -
new, other       new    kept   begun    kept    kept  kept    error              error      kept  begun                  bad                    begun        kept    begun      -
new, cut         begun  kept   begun    kept    kept  kept    begun              error      kept  begun                  begun                  begun        kept    begun      -
hello            hello  kept   error    kept    kept  kept    bad-reading        error      kept  bad                    bad bad-reading        line         kept    begun      -
mac              error  kept   proof    kept    kept  kept    error              error      kept  bad error              bad error              line         kept    bad line   -
size             error  kept   begun    kept    kept  kept    quiet              error      kept  bad quiet              begun                  begun        kept    begun      -
size, cut        begun  kept   begun    kept    kept  kept    begun              error      kept  begun                  begun                  begun        kept    begun      -
size, line       error  kept   error    kept    kept  kept    quiet              error      kept  bad quiet              bad quiet              size         kept    begun      -
size, bad        error  kept   error    kept    kept  kept    error              error      kept  bad error              bad error              error        kept    begun      -
size, limit + 1  error  kept   error    kept    kept  kept    quiet              error      kept  bad quiet              bad quiet              error        kept    begun      -
weight           error  kept   begun    kept    kept  kept    quiet              size kept  kept  weight                 bad begun              begun        kept    weight     -
picture          error  kept   error    kept    kept  kept    bad-reading error  size kept  kept  bad bad-reading error  bad bad-reading error  error        kept    bad error  -
readings         error  kept   begun    kept    kept  kept    reading            error      kept  bad reading            bad bad-reading        begun        kept    bad begun  -
reading, cut     error  kept   begun    kept    kept  kept    begun              error      kept  begun                  bad quiet              begun        kept    begun      -
reading, line    error  kept   error    kept    kept  kept    reading            error      kept  bad                    bad bad-reading        reading      kept    begun      -
reading, bad     error  kept   error    kept    kept  kept    bad-reading        error      kept  begun                  bad                    bad-reading  kept    begun      -
request          begun  kept   begun    kept    kept  kept    quiet              error      kept  begun                  begun                  begun        kept    begun      -
report           error  kept   begun    kept    kept  kept    request            error      kept  begun                  begun                  begun        kept    begun      -
ping             error  kept   error    kept    kept  kept    bad-reading        error      kept  begun                  begun                  ping         ping    ping       -
line, control    error  kept   error    kept    kept  kept    bad-reading        error      kept  begun                  begun                  error        kept    begun      -
no end           error  kept   error    kept    kept  kept    error              error      kept  bad error              bad error              error        kept    bad error  -
quiet            -      -      -        -       -     -       -                  size       -     -                      begun                  -            -       -          -
"""  # noqa: E501

# The same for what the daemon itself asks for: `no` is a LocalProtocolError that changes nothing.
ASKED = """
                 new  named  proving  proven   held   k-held  field  number  size   granted  begun  keyed  k-size  k-granted  closed
challenge        no   bytes  no       no       no     no      no     no      no     no       no     no     no      no         no
accept           no   no     no       nothing  no     no      no     no      no     no       no     no     no      no         no
deny             no   bytes  bytes    bytes    no     no      no     no      no     no       no     no     no      no         no
start            no   no     no       no       bytes  bytes   no     no      no     no       no     no     no      no         no
send             no   no     no       no       no     no      no     no      bytes  no       no     no     bytes   no         no
word             no   no     no       no       no     no      bytes  no      no     no       no     bytes  no      no         no
word of others   no   no     no       no       no     no      no     no      no     no       no     no     no      no         no
answer           no   no     no       no       no     no      bytes  no      no     no       no     bytes  no      no         no
ping             no   no     no       no       no     no      no     no      no     no       no     bytes  bytes   bytes      no
pong             no   no     no       no       no     no      no     no      no     no       no     bytes  bytes   bytes      no
"""  # noqa: E501

ASK: dict[str, Callable[[DeviceConversation], bytes | None]] = {
    "challenge": lambda conversation: conversation.challenge(NONCE),
    "accept": DeviceConversation.accept,
    "deny": DeviceConversation.deny,
    "start": lambda conversation: conversation.start("watch"),
    "send": DeviceConversation.send,
    "word": lambda conversation: conversation.word("bpm"),
    "word of others": lambda conversation: conversation.word("lof"),
    "answer": lambda conversation: conversation.answer("crd sleep"),
    "ping": DeviceConversation.ping,
    "pong": DeviceConversation.pong,
}

WORDS = {
    "NewReceived": "new", "HelloReceived": "hello", "ProofReceived": "proof",
    "SizeDeclared": "size", "WeightReceived": "weight", "PictureReceived": "picture",
    "BadMessage": "bad", "ReadingReceived": "reading", "BadReading": "bad-reading",
    "RequestReceived": "request", "PingReceived": "ping", "PongReceived": "pong",
    "LineReceived": "line",
}


def brought_to(state: str) -> DeviceConversation:
    """A conversation in this state, all events so far taken."""
    conversation = DeviceConversation(LIMIT)
    if state == "new":
        return conversation
    field = state in ("held", "field", "number", "size", "granted", "begun")
    hear(conversation, b"new~wch" if field else b"key~dev-1\n")
    if not field and state != "named":
        conversation.challenge(NONCE)
    if state in ("proven", "k-held", "keyed", "k-size", "k-granted"):
        hear(conversation, MAC)
    if state in ("k-held", "keyed", "k-size", "k-granted"):
        conversation.accept()
    if state == "closed":
        conversation.deny()
    elif state not in ("named", "proving", "proven", "held", "k-held"):
        conversation.start("watch")
        further(conversation, state)
    return conversation


def further(conversation: DeviceConversation, state: str) -> None:
    """On from the start."""
    if state == "number":
        hear(conversation, b"size-1")
    elif state not in ("field", "keyed"):
        hear(conversation, b"size-13\n" if conversation.keyed else b"size-9")
        hear(conversation, None)
    if state in ("granted", "begun", "k-granted"):
        conversation.send()
    if state == "begun":
        hear(conversation, b"bfr-10")


def hear(conversation: DeviceConversation, data: bytes | None) -> list[str]:
    """The events of it, in the words of the table."""
    if data is None:
        conversation.quiet()
    else:
        conversation.receive_data(data)
    words: list[str] = []
    try:
        while (event := conversation.next_event()) is not NEED_DATA:
            words.append(WORDS[type(event).__name__])
    except RemoteProtocolError:
        words.append("error")
    return words


def stands(conversation: DeviceConversation) -> list[str]:
    """What of it is not complete."""
    if conversation.begun_bytes:
        return ["quiet" if conversation.awaits_quiet else "begun"]
    return ["kept"] if conversation._buffer else []


def outcome(conversation: DeviceConversation, data: bytes | None) -> str:
    """What the table says of it."""
    return cell_of(hear(conversation, data), conversation)


def cell_of(heard: list[str], conversation: DeviceConversation) -> str:
    """The words of a cell."""
    words = [word for word, _ in groupby(heard)]
    return " ".join(words + stands(conversation)) or "-"


def asked(conversation: DeviceConversation, name: str) -> str:
    """What the table says of something the daemon wants."""
    try:
        return "bytes" if ASK[name](conversation) else "nothing"
    except LocalProtocolError:
        return "no"


class DeviceMatrixTests(SynchronousTestCase):
    """The two tables above."""

    maxDiff = None

    def test_tables_are_whole(self) -> None:
        """Every message and every wish stands in every state."""
        for table, rows in ((cells(HEARD), MESSAGES), (cells(ASKED), ASK)):
            self.assertEqual(set(table), {(row, state) for row in rows for state in STATES})
            self.assertTrue(all(table.values()))

    def test_heard(self) -> None:
        """Each message in each state has the outcome of its cell."""
        for (message, state), cell in cells(HEARD).items():
            found = outcome(brought_to(state), MESSAGES[message])
            self.assertEqual(found, cell, f"{message} in {state}")

    def test_heard_byte_by_byte(self) -> None:
        """A closed conversation gives nothing more, whatever its last piece was."""
        for (message, state), cell in cells(HEARD).items():
            conversation, data = brought_to(state), MESSAGES[message]
            if data is not None:
                words = [word for byte in data for word in hear(conversation, bytes([byte]))]
                self.assertEqual(cell_of(words, conversation), cell, f"{message} in {state}")

    def test_asked(self) -> None:
        """Each wish of the daemon's in each state has the outcome of its cell."""
        for (wish, state), cell in cells(ASKED).items():
            self.assertEqual(asked(brought_to(state), wish), cell, f"{wish} in {state}")

    def test_a_refusal_changes_nothing(self) -> None:
        """After a LocalProtocolError the device is heard as if nothing had been asked."""
        for (wish, state), cell in cells(ASKED).items():
            if cell == "no":
                conversation, phase = brought_to(state), brought_to(state).phase
                asked(conversation, wish)
                self.assertIs(conversation.phase, phase)
                self.assertEqual(outcome(conversation, MESSAGES["readings"]),
                                 cells(HEARD)["readings", state], f"{wish} in {state}")

    def test_no_message_opens(self) -> None:
        """No message starts a device: only start() does."""
        for message in MESSAGES.values():
            for state in ("new", "named", "proving", "proven", "held", "k-held"):
                conversation = brought_to(state)
                outcome(conversation, message)
                self.assertIsNot(conversation.phase, DevicePhase.STARTED)
