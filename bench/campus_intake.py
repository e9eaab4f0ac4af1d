"""What a message of a gate costs on its way to the disk: read, told whose it is, spooled.

Five addresses each, two of them registered and three not, in batches as the intake's thread
commits them. On one core, without broker and store.
"""

from __future__ import annotations

import random
import tempfile
import time
from pathlib import Path
from typing import Any, Callable

from bench.report import Table
from iotd.calendar import Calendar
from iotd.campus.batches import Batch
from iotd.campus.hearing import Hearing, Letter
from iotd.campus.macs import Hasher
from iotd.campus.routes import Route
from iotd.campus.spool import NAME, Spool
from iotd.wire.gate_messages import seen_payload
from iotd.wire.sightings import parse_seen

MESSAGES, STUDENTS, PASSERS, GATES = 20_000, 20_000, 3000, 20
BATCHES = (500, 1000, 2000)
NOW = 1_795_676_400.0
SITE_KEY = bytes(32)


def run(tries: int) -> Table:
    """Per message and by the size of batches: known passers-by, and ones that are never again."""
    table = Table(
        "A gate's message of five addresses, microseconds of CPU",
        ("strangers", "messages a batch", "read", "read and told whose", "spooled", "in all"),
    )
    hashed, students, hearing = _register()
    worst = 0.0
    for label, fresh in (("3,000 passers-by", False), ("new ones each time", True)):
        letters = _letters(students, fresh)
        # the least of some tries: what a busy machine adds is not the parser's
        read = min(_timed(_read, letters) for _ in range(tries))
        for size in BATCHES:
            heard = min(_heard(hearing, hashed, letters, size, fresh) for _ in range(tries))
            spooled = min(_spooled(hearing, letters, size) for _ in range(tries))
            table.add(label, f"{size:,}", *(f"{cost:.1f}" for cost in (
                read, heard, spooled, heard + spooled)))
            worst = worst if fresh else max(worst, heard + spooled)
    table.aim("read, told whose and spooled, the worst of all batches", worst, most=15, unit=" us")
    return table


def _register() -> tuple[Any, list[str], Hearing]:
    rand, hasher = random.Random(7), Hasher(SITE_KEY)
    macs = [_mac(rand) for _ in range(2 * STUDENTS)]
    known = {hasher.mac(mac): (place // 2, None) for place, mac in enumerate(macs)}
    return known, macs, Hearing(hasher, Calendar("Europe/Berlin"), -100, True)


def _mac(rand: random.Random) -> str:
    return f"02{rand.getrandbits(40):010x}"


def _letters(macs: list[str], fresh: bool) -> list[Letter]:
    rand = random.Random(8)
    passers = [_mac(rand) for _ in range(PASSERS)]
    routes = [Route(f"gate-{number}", "seen", True) for number in range(GATES)]
    letters = []
    for seq in range(MESSAGES):
        near = [rand.choice(macs), rand.choice(macs)]
        near += [_mac(rand) if fresh else rand.choice(passers) for _ in range(3)]
        seen = [(mac, -45 - place) for place, mac in enumerate(near)]
        payload = seen_payload("9f2c", seq, NOW + seq / 1000, seq % 2, seen)
        letters.append((routes[seq % GATES], payload, round(NOW * 1e6)))
    return letters


def _timed(work: Callable[..., Any], *args: Any) -> float:
    """Microseconds of CPU a message."""
    begin = time.process_time()
    work(*args)
    return (time.process_time() - begin) / MESSAGES * 1e6


def _read(letters: list[Letter]) -> None:
    for _, payload, _ in letters:
        parse_seen(payload)


def _hear(hearing: Hearing, letters: list[Letter], size: int) -> list[Batch]:
    return [hearing.hear(letters[at:at + size])[0] for at in range(0, MESSAGES, size)]


def _heard(hearing: Hearing, known: Any, letters: list[Letter], size: int, fresh: bool) -> float:
    hearing.owners.replace(known)
    if not fresh:  # nobody is new to a daemon that runs since yesterday
        _hear(hearing, letters, size)
    return _timed(_hear, hearing, letters, size)


def _spooled(hearing: Hearing, letters: list[Letter], size: int) -> float:
    batches = _hear(hearing, letters, size)
    with tempfile.TemporaryDirectory() as folder:
        spool = Spool(Path(folder) / NAME)
        spool.open()
        cost = _timed(_spool, spool, batches)
        spool.close()
    return cost


def _spool(spool: Spool, batches: list[Batch]) -> None:
    """As when the store takes each of them at once."""
    for batch in batches:
        spool.done(spool.append(batch, round(NOW * 1e6)) - 1)


if __name__ == "__main__":
    print(run(5).markdown())
