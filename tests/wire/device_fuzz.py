"""Random sessions made of what the device wire is made of, from one seed."""

from __future__ import annotations

import base64
import random
from collections import Counter

from iotd.wire.conversation import MAX_WAITING_BYTES, DevicePhase
from iotd.wire.device_events import BadReading, PictureReceived, ReadingReceived, WeightReceived
from tests.wire.device_drive import KEYED_OPENING, QUIET, DeviceDaemon, Piece
from tests.wire.drive import cut
from tests.wire.fuzz import TINY

LIMIT = 512
TEXT = base64.b64encode(TINY)

#: One turn: bytes, and so many times 50 ms of silence behind them.
Turn = tuple[bytes, int]

TOKENS: list[bytes] = [
    b"size-", b"size", b"s", b"-", b"size-9", b"size-13", b"size-4", b"size-0", b"size-512",
    b"size-513", b"size-1_0", b"size--1", b"size-%d" % len(TINY), b"size-%d" % len(TEXT),
    b"bfr-1023.4567", b"aft-1023.4567", b"bfr-", b"aft-nan", b"bfr-1e9", b"bfr-99999999", b"b",
    TINY, TINY[:-1], b"\0" + TINY + b"\0\0", TEXT, TEXT[:20], base64.encodebytes(TINY),
    b"72.00,bpm", b"36.50,temp", b"97,spo2", b"120,sys", b"80,dia", b"0,bpm", b"72.00", b",",
    b"bpm", b"0,", b"0,rep", b"0,re", *(b"0,%c" % letter for letter in b"abcdefghi"), b"0,j",
    b"nan,bpm", b"1e9,temp", b"0x48,bpm", b"5,foo", b"72,bpmx", b"hello", b"7", b"x", b"+", b".",
    b"\n", b"\r\n", b" ", b"\0", b"new~wch", b"new~cab", b"new~", b"ne", b"key~", b"\xff", b"\xc3",
    b"ping\n", b"pong\n", b"error no sensor, again\n", b"\x1b[2J\n", b"72.00,bpm36.50,temp\n",
    b"x" * 40, b" " * 40, b"9" * 30,
]
OPENINGS: list[bytes] = [b"new~wch", b"new~wch", b"new~cab", KEYED_OPENING, KEYED_OPENING, b""]

MESSAGES: list[tuple[bytes, bytes]] = [
    (b"size-9", b"bfr-1023.4567"), (b"size-13", b"aft-1023.4567"), (b"size-3", b"bfr-1.5"),
    (b"size-%d" % len(TINY), TINY), (b"size-%d" % len(TEXT), TEXT), (b"size-%d" % len(TINY), TEXT),
    (b"size-7", b"rubbish"), (b"size-9", b"bfr-1e9"), (b"size-13\n", b"aft-1023.4567"),
]


def session(rng: random.Random) -> list[Turn]:
    """What one device sends in its life."""
    turns = [(rng.choice(OPENINGS), 0)]
    for _ in range(rng.randrange(5)):
        data = b"".join(rng.choices(TOKENS, k=rng.randrange(1, 4)))
        if rng.random() < 0.4:
            size, data = rng.choice(MESSAGES)
            turns.append((size, rng.choice((0, 1, 1, 1))))
        turns.append((data, rng.choice((0, 0, 1, 1, 20))))
    if rng.random() < 0.1:
        turns.insert(rng.randrange(len(turns) + 1), (rng.randbytes(rng.randrange(24)), 1))
    return turns


def glued(turns: list[Turn]) -> list[Turn]:
    """Turns without silence between them are one: TCP joins them as it likes."""
    joined: list[Turn] = [(b"", 0)]
    for data, quiets in turns:
        before, silence = joined[-1]
        if silence:
            joined.append((data, quiets))
        else:
            joined[-1] = (before + data, quiets)
    return joined


def play(turns: list[Turn], points: list[int], kind: str | None) -> DeviceDaemon:
    """The session, each turn cut at these points; what is held is looked at after each piece."""
    daemon = DeviceDaemon(kind, LIMIT)
    for data, quiets in glued(turns):
        parts: list[Piece] = [*cut(data, points), *[QUIET] * quiets]
        for piece in parts:
            daemon.receive(piece)
            begun = daemon.conversation.begun_bytes
            if begun > LIMIT + MAX_WAITING_BYTES:
                raise AssertionError(f"{begun} bytes held of {turns!r}")
    return daemon


def check(turns: list[Turn], daemon: DeviceDaemon) -> None:
    """What holds for every session, however mad."""
    conversation, data = daemon.conversation, b"".join(data for data, _ in turns)
    if daemon.error is not None:
        assert conversation.phase is DevicePhase.CLOSED, turns
    if conversation.phase is DevicePhase.CLOSED:
        assert daemon.error or daemon.sent.endswith(b"denied\n"), turns
    for event in daemon.heard:
        if isinstance(event, ReadingReceived | WeightReceived):
            assert event.raw.encode() in data, (turns, event)
        elif isinstance(event, PictureReceived):
            assert event.jpeg[:3] == b"\xff\xd8\xff" and event.jpeg[-2:] == b"\xff\xd9", turns
        elif isinstance(event, BadReading):
            assert len(event.raw) <= 64 and len(event.reason) < 250, (turns, event)


def run(sessions: int, seed: int) -> Counter[str]:
    """Play so many sessions; how they ended. Any other exception is a fault of ours."""
    rng, ends = random.Random(seed), Counter[str]()
    for number in range(sessions):
        turns, kind = session(rng), rng.choice(("watch", "cabinet", "other", None))
        points = [rng.randrange(999) for _ in range(rng.randrange(4))]
        try:
            daemon = play(turns, points, kind)
            check(turns, daemon)
            if number % 4 == 0:  # the dearest check, on every fourth
                whole = play(turns, [], kind)
                assert whole.outcome == daemon.outcome, (points, daemon.outcome, whole.outcome)
        except Exception as error:
            raise AssertionError(f"seed {seed}, session {number}: {turns!r}") from error
        ends[daemon.conversation.phase.value] += 1
        ends.update({type(event).__name__ for event in daemon.heard})
    return ends
