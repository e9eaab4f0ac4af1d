"""What 20 gates say of 20,000 students, known beforehand: who is seen, and who moves.

Message ``n`` is of gate ``n % 20``; the first ten are for entry. The first 10,000 messages are
arrivals: each student is seen once, half of them by a gate for exit. Of all others one in
fifty moves one student, who was last moved longer ago than any repetition.
"""

from __future__ import annotations

import random
from pathlib import Path
from typing import Iterator

from iotd.campus.model import ENTRY, EXIT
from iotd.wire.gate_messages import seen_payload
from iotd.wire.mqtt import encode_publish

STUDENTS, GATES, PASSERS = 20_000, 20, 3_000
ARRIVALS = STUDENTS // 2  # messages: two students each
EVERY = 50  # messages a movement
MOST = ARRIVALS + EVERY * STUDENTS  # messages: then everybody has moved once
STEP = 0.005  # seconds of a gate's clock between two messages
APART = 600.0  # seconds between arrivals and everything else
BOOT = "9f2c"

#: Topic and payload.
Told = tuple[str, bytes]


def mac_of(number: int) -> str:
    """Two a student (2s and 2s + 1), then those of passers-by."""
    return f"02{number * 2_654_435_761 % 2**40:010x}"


def write_register(path: Path) -> None:
    """The CSV file to be imported: every student, with both addresses."""
    lines = ["rollno,year,branch,stream,hostel,gender,mac"]
    for s in range(STUDENTS):
        group = f"{s % 5 + 1},B{s % 15:02},S{s % 10},H{s % 20:02},{'FMX'[s % 3]}"
        lines.append(f"R{s:05},{group},{mac_of(2 * s)} {mac_of(2 * s + 1)}")
    path.write_text("\n".join(lines) + "\n")


def direction_of(gate: int) -> int:
    """A gate's."""
    return ENTRY if gate < GATES // 2 else EXIT


def movements_in(first: int, count: int) -> int:
    """How many these messages make."""
    arrivals = max(0, min(first + count, ARRIVALS) - first)
    rest = max(first, ARRIVALS), first + count
    return 2 * arrivals + max(0, rest[1] // EVERY - rest[0] // EVERY)


def messages(first: int, count: int, base: float) -> Iterator[Told]:
    """From number ``first`` on; ``base``: Unix seconds of the first message of all."""
    assert first + count <= MOST
    for n in range(first, first + count):
        gate, rand = n % GATES, random.Random(n)
        direction = direction_of(gate)
        students = _arriving(n) if n < ARRIVALS else _passing(n, direction, rand)
        near = [mac_of(2 * s + rand.getrandbits(1)) for s in students]
        near += [mac_of(2 * STUDENTS + rand.randrange(PASSERS)) for _ in range(3)]
        ts = round(base + n * STEP + (APART if n >= ARRIVALS else 0.0), 3)
        seen = [(mac, -45 - place) for place, mac in enumerate(near)]
        payload = seen_payload(BOOT, n // GATES + 1, ts, direction, seen)
        yield f"iotd/gate/bench-{gate:02}/seen", payload


def online() -> Iterator[Told]:
    """Every gate says that it is there."""
    for gate in range(GATES):
        yield f"iotd/gate/bench-{gate:02}/status", b"online"


def packets(told: Iterator[Told], chunk: int) -> Iterator[bytes]:
    """As they go over the wire with QoS 1, so many in one piece."""
    some: list[bytes] = []
    for number, (topic, payload) in enumerate(told):
        some.append(encode_publish(topic, payload, 1, packet_id=number % 65_535 + 1))
        if len(some) == chunk:
            yield b"".join(some)
            some = []
    if some:
        yield b"".join(some)


def _arriving(n: int) -> tuple[int, int]:
    return 2 * n, 2 * n + 1


def _passing(n: int, direction: int, rand: random.Random) -> tuple[int, ...]:
    """Two who stand where the gate says already; in one of fifty the first is moved there."""
    moves, moving = divmod(n - ARRIVALS, EVERY)
    chosen: list[int] = [_mover(moves)] if moving == EVERY - 1 else []
    while len(chosen) < 2:
        s = rand.randrange(STUDENTS)
        if _stands(s, moves) == direction and s not in chosen:
            chosen.append(s)
    return tuple(chosen)


def _mover(move: int) -> int:
    """Entry and exit in turn, so from outside and inside in turn; each student once."""
    wanted = EXIT if move % 2 == 0 else ENTRY  # where it stands before
    block, place = divmod(move // 2, GATES)
    return block * 2 * GATES + (GATES if wanted == EXIT else 0) + place


def _stands(s: int, moves: int) -> int:
    """Where a student is after so many moves."""
    began = direction_of(s // 2 % GATES)
    block, place = divmod(s, 2 * GATES)
    turn = (block * GATES + place % GATES) * 2 + (1 if began == ENTRY else 0)
    moved = turn < moves
    return began if not moved else EXIT - began
