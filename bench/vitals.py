"""A year of a watch that is asked every 30 s: how soon its chart is there, beside plain SQL."""

from __future__ import annotations

import sqlite3
import time
import urllib.request
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any, Callable, Iterator

from bench.daemon import Iotd
from bench.load import Bench
from bench.report import Table, median
from iotd.health import bucket_records, buckets
from iotd.calendar import Calendar
from iotd.store.engine import Store

DAYS, QUICK_DAYS = 365, 60
EVERY = 30
KINDS = ("heart_rate", "body_temperature")
CHUNK = 100_000  # rows of one transaction, so that the daemon can write in between
ROUNDS = 7

GROUP_BY = """
    SELECT kind, strftime('%Y-%m-%d', at, 'unixepoch') AS day,
           count(*), min(value), avg(value), max(value)
    FROM readings WHERE patient = ? AND quality = 'good' GROUP BY kind, day
"""
WITH_MEDIAN = """
    SELECT kind, day, max(n), min(value), avg(CASE WHEN place IN ((n + 1) / 2, (n + 2) / 2)
           THEN value END), max(value)
    FROM (SELECT kind, strftime('%Y-%m-%d', at, 'unixepoch') AS day, value,
                 row_number() OVER day AS place, count(*) OVER whole AS n
          FROM readings WHERE patient = :who AND quality = 'good'
          WINDOW day AS (PARTITION BY kind, strftime('%Y-%m-%d', at, 'unixepoch') ORDER BY value),
                 whole AS (PARTITION BY kind, strftime('%Y-%m-%d', at, 'unixepoch')))
    GROUP BY kind, day
"""


def run(bench: Bench, iotd: Iotd) -> list[Table]:
    """Charts over HTTP, before days are kept and after, and the same year by plain SQL."""
    days = QUICK_DAYS if bench.quick else DAYS
    folder = bench.folder / "iotd" / "var"
    until = int(time.time()) // 86400 * 86400
    patient = str(iotd.api("POST", "/api/v1/patients", {"name": "A year"})["id"])
    bench.say(f"vitals: {days} days of {len(KINDS)} kinds, every {EVERY} s")
    count, filling = timed(lambda: fill(folder, patient, until - days * 86400, until))
    table = Table(
        f"{count:,} readings of one patient: {days} days, every {EVERY} s, {len(KINDS)} kinds",
        ("what", "median ms", "worst ms", "kB sent", "kB unzipped", "buckets"),
    )
    year = f"since={_text(until - days * 86400)}&until={_text(until)}&bucket=auto"
    base = f"/api/v1/patients/{patient}/readings?"
    _measure(table, "chart of all, no day kept yet", iotd, base + year, 2)
    _, keeping = timed(lambda: keep(folder))
    worst, size = _measure(table, "chart of all, days kept", iotd, base + year, ROUNDS)
    for name, back in (("90 days", 90), ("a week", 7), ("a day", 1)):
        if back <= days:
            part = f"since={_text(until - back * 86400)}&until={_text(until)}&bucket=auto"
            _measure(table, f"chart of {name}", iotd, base + part, ROUNDS)
    _measure(table, "newest 100 readings", iotd, base, ROUNDS)
    _measure(table, "vitals", iotd, f"/api/v1/patients/{patient}/vitals", ROUNDS)
    _measure(table, "data sheet, 100 rows", iotd, f"/api/v1/patients/{patient}/sheet", ROUNDS)
    _plain(table, folder, patient)
    table.aim("the chart of all, days kept, worst of its rounds", worst / 1000, most=1.0, unit=" s")
    table.aim("bytes of it without zipping", size, most=200_000)
    table.notes.append(
        f"Filling took {filling:.0f} s, keeping all days {keeping:.0f} s;"
        f" the file is {(folder / 'iotd.sqlite3').stat().st_size / 1e6:.0f} MB."
    )
    return [table]


def _rows(patient: str, since: int, until: int) -> Iterator[tuple[Any, ...]]:
    random = Random(4)
    pulse = 70.0
    for at in range(since, until, EVERY):
        pulse = min(150.0, max(45.0, pulse + random.gauss(0, 2)))
        warm = round(36.4 + random.gauss(0, 0.2), 2)
        for kind, value in zip(KINDS, (round(pulse / 4) * 4.0, warm)):
            raw = f"{value:.2f},{'bpm' if kind == KINDS[0] else 'temp'}"
            yield patient, "wch", kind, value, raw, at + 0.5, at + 0.5, "wch", "good"


def fill(folder: Path, patient: str, since: int, until: int) -> int:
    """Readings of a watch every 30 s, their days stale; how many."""
    insert = ("INSERT INTO readings (patient, device, kind, value, raw, at, received_at, source,"
              " quality) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")
    rows, count, more = _rows(patient, since, until), 0, True
    with closing(sqlite3.connect(folder / "iotd.sqlite3", timeout=30)) as connection:
        while more:
            chunk = [row for _, row in zip(range(CHUNK), rows)]
            with connection:
                connection.executemany(insert, chunk)
            count, more = count + len(chunk), len(chunk) == CHUNK
        keys = [
            (patient, kind, Calendar().day_of(at), True)
            for at in range(since, until, 86400) for kind in KINDS
        ]
        with connection:
            connection.executemany("INSERT INTO reading_days VALUES (?, ?, ?, ?)", keys)
    return count


def keep(folder: Path) -> None:
    """What the daemon does at its leisure, at once."""
    store, calendar = Store("sqlite:///iotd.sqlite3", folder), Calendar()
    while keys := store.call(bucket_records.stale_days, "9999", 20):
        store.call(buckets.rebuild, calendar, keys, buckets.slot_of(EVERY))


def _measure(table: Table, what: str, iotd: Iotd, path: str, rounds: int) -> tuple[float, int]:
    """The worst ms, and the bytes when not zipped."""
    plain = get(iotd, path, False)
    taken = [timed(lambda: get(iotd, path, True)) for _ in range(rounds)]
    times = [seconds * 1000 for _, seconds in taken]
    count = plain.count(b'"kind"') if b'"bucket"' in plain else ""
    table.add(what, f"{median(times):.1f}", f"{max(times):.1f}", f"{len(taken[0][0]) / 1000:.1f}",
              f"{len(plain) / 1000:.1f}", count)
    return max(times), len(plain)


def get(iotd: Iotd, path: str, zipped: bool) -> bytes:
    """What a GET answers."""
    request = urllib.request.Request(f"http://127.0.0.1:{iotd.web}{path}", headers={
        "Authorization": f"Bearer {iotd.token}", **({"Accept-Encoding": "gzip"} if zipped else {}),
    })
    with urllib.request.urlopen(request, timeout=120) as answer:
        body: bytes = answer.read()
    return body


def _plain(table: Table, folder: Path, patient: str) -> None:
    """The same figures by the database's own means, with nothing around them."""
    with closing(sqlite3.connect(folder / "iotd.sqlite3")) as connection:
        for what, query, values in (
            ("SQL GROUP BY day: min, mean, max", GROUP_BY, (patient,)),
            ("SQL with the median by a window", WITH_MEDIAN, {"who": patient}),
        ):
            taken = [timed(lambda: connection.execute(query, values).fetchall())
                     for _ in range(2)]
            times = [seconds * 1000 for _, seconds in taken]
            table.add(what, f"{median(times):.0f}", f"{max(times):.0f}", "", "",
                      len(taken[0][0]))


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    """What it gives, and the seconds it took."""
    begin = time.perf_counter()
    result = work()
    return result, time.perf_counter() - begin


def _text(at: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))
