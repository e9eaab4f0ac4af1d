"""Random sessions made of what the camera wire is made of, from one seed."""

from __future__ import annotations

import random
from collections import Counter

from iotd.wire.camera import FrameReceived, Phase
from iotd.wire.frames import encode_frame
from iotd.wire.hello import device_mac, encode_hello, encode_mac
from tests.wire.drive import KEY, NONCE, Daemon, cut
from tests.wire.jpegs import segment

LIMIT = 512

#: The least that passes for a picture: 1 x 1, one scan.
TINY = (
    b"\xff\xd8" + segment(0xC0, b"\x08\x00\x01\x00\x01\x01\x01\x11\x00")
    + segment(0xDA, b"\x01\x01\x00\x00\x3f\x00") + b"\x12\xff\x00\x34\xff\xd9"
)

_LENGTHS = (0, 1, 2, 255, LIMIT - 1, LIMIT, LIMIT + 1, 2**31, 2**32 - 1, 0x6B65797E)
_MARKS = (b"\xff\xd8", b"\xff\xd9", b"\xff\xda", b"\xff\xc0", b"\xff\xd0", b"\xff\x00", b"\xff")

TOKENS: list[bytes] = [
    b"key~", b"key", b"mac~", b"cam-1\n", b"ping\n", b"pong\n", b"ping\r\n", b"\n", b"\r", b"\0",
    b"START\n", b"a" * 70, b"line of text\n", b"caf\xc3\xa9\n", b"\xff\xfe\n", b"0" * 64 + b"\n",
    TINY, TINY[:-1], encode_frame(b"\0" + TINY + TINY[9:]), encode_frame(b"rubbish"),
    len(TINY).to_bytes(4, "little") + TINY, encode_frame(TINY), encode_frame(TINY)[:-3],
    *_MARKS, *(length.to_bytes(4, "big") for length in _LENGTHS),
    *(length.to_bytes(4, "little") for length in _LENGTHS),
]
HELLO = encode_hello("cam-1")
PROOF = encode_mac(device_mac(KEY, "cam", "cam-1", NONCE))
OPENINGS: list[bytes] = [
    b"", b"", HELLO, HELLO + PROOF, HELLO + PROOF, encode_hello("cam-2") + PROOF,
    encode_frame(TINY), encode_frame(TINY),
]


def session(rng: random.Random) -> bytes:
    """What one camera sends in its life."""
    parts = [rng.choice(OPENINGS), *rng.choices(TOKENS, k=rng.randrange(7))]
    if rng.random() < 0.2:
        parts.insert(rng.randrange(len(parts) + 1), rng.randbytes(rng.randrange(24)))
    return b"".join(parts)


def play(data: bytes, points: list[int], silent_first: bool) -> Daemon:
    """The session into a daemon, cut at these points; memory is looked at after each piece."""
    daemon = Daemon(LIMIT)
    if silent_first:
        daemon.settle()
    for piece in cut(data, points):
        daemon.receive(piece)
        if daemon.conversation.begun_bytes > LIMIT + 4:
            raise AssertionError(f"{daemon.conversation.begun_bytes} bytes held of {data!r}")
    return daemon


def check(data: bytes, daemon: Daemon) -> None:
    """What holds for every session, however mad."""
    if (daemon.error is None) and daemon.conversation.phase is Phase.CLOSED:
        assert daemon.sent.endswith(b"denied\n"), data
    if daemon.error is not None:
        assert daemon.conversation.phase is Phase.CLOSED, data
    for event in daemon.heard:
        if isinstance(event, FrameReceived):
            assert event.jpeg in data and event.jpeg[:3] == b"\xff\xd8\xff", data


def run(sessions: int, seed: int) -> Counter[str]:
    """Play so many sessions; how they ended. Any other exception is a fault of ours."""
    rng, ends = random.Random(seed), Counter[str]()
    for number in range(sessions):
        data, silent_first = session(rng), rng.random() < 0.25
        points = [rng.randrange(999) for _ in range(rng.randrange(4))]
        try:
            daemon = play(data, points, silent_first)
            check(data, daemon)
            if number % 8 == 0:  # the dearest check, on every eighth
                assert play(data, [], silent_first).outcome == daemon.outcome, (data, points)
        except Exception as error:
            raise AssertionError(f"seed {seed}, session {number}: {data.hex()}") from error
        ends[daemon.conversation.phase.value] += 1
        ends.update({type(event).__name__ for event in daemon.heard})
    return ends
