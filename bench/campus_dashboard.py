"""The campus page over a year of a large campus: every call beside the same by GROUP BY."""

from __future__ import annotations

import http.client
import itertools
import json
import sys
import time
from dataclasses import dataclass
from typing import Any, Callable, Iterator

from bench import campus_data
from bench.daemon import Iotd
from bench.load import Bench
from bench.mariadb import MariaDB
from bench.process import SERVER_CORE, Child
from bench.report import Table
from iotd.store.engine import Store

MILLIONS, QUICK_MILLIONS = (1, 10), (1,)
ROUNDS, QUICK_ROUNDS = 200, 30
START = 1_764_115_200  # midnight, 2025-11-26 UTC
NOW = START + campus_data.DAYS * 86400 + 43_200  # noon of the day after the year
AIM_MS = 50.0

_AT = "FROM_UNIXTIME(m.at DIV 1000000)"
_SUMS = "SUM(m.source >> 20 & 1 = 0), SUM(m.source >> 20 & 1)"
_FROM = "FROM campus_movements m JOIN campus_groups g ON g.id = m.group_id WHERE m.at >= {since}"
_BACK = (
    "FROM (SELECT s.*, IF(s.source >> 20 & 1 = 0 AND s.earlier >> 20 & 1 = 1, 1, 0) AS back FROM"
    " (SELECT m.*, LAG(m.source) OVER o AS earlier, LAG(m.at) OVER o AS went"
    " FROM campus_movements m WHERE m.at >= {since}"
    " WINDOW o AS (PARTITION BY m.student_id ORDER BY m.at, m.source)) s) m"
    " JOIN campus_groups g ON g.id = m.group_id WHERE 1"
)
ONE, TWO = " AND g.hostel = 'Hostel 03'", " AND g.hostel = 'Hostel 03' AND g.year = 2"


@dataclass(frozen=True)
class Ask:
    """One call; ``query`` gives its address for each round, ``sql`` is what it replaces, and
    ``sums`` whether both must give the same entries and exits in all."""

    name: str
    days: int
    path: str
    sql: str
    where: str = ""
    sums: bool = True
    aimed: bool = True

    def addresses(self) -> Iterator[str]:
        """The first as the SQL has it, then others: no answer is asked for again and again."""
        filters = {
            ONE: [f"hostel=Hostel+{n:02}" for n in [3, *range(20)]],
            TWO: [f"hostel=Hostel+{n:02}&year={y}" for n, y in
                  [(3, 2), *itertools.product(range(20), range(1, 6))]],
        }.get(self.where, [""])
        yield from itertools.cycle(f"/api/v1/campus/{self.path}&{each}" for each in filters)

    def statement(self) -> str:
        """The SQL, from the first day on."""
        since = (NOW // 86400 - self.days + 1) * 86400 * 1_000_000
        return self.sql.replace("{since}", str(since)) % {"where": self.where}


@dataclass(frozen=True)
class Got:
    """Milliseconds of one call: until it is answered, and of CPU."""

    p50: float
    p95: float
    cpu: float


def _asks() -> list[Ask]:
    by_day = f"SELECT DATE({_AT}) AS d, {_SUMS} {_FROM}%(where)s GROUP BY d"
    by_hour = f"SELECT m.at DIV 3600000000 AS h, {_SUMS} {_FROM}%(where)s GROUP BY h"
    heat = (f"SELECT WEEKDAY({_AT}) AS w, HOUR({_AT}) AS h, {_SUMS} {_FROM}%(where)s"
            " GROUP BY w, h")
    people = (f"SELECT g.branch, HOUR({_AT}) AS h, {_SUMS}, SUM(m.back),"
              f" SUM(IF(m.back, m.at - m.went, 0)) {_BACK}%(where)s GROUP BY g.branch, h")
    inside = ("SELECT 0, SUM(m.source >> 20 & 1 = 0), COUNT(*) FROM campus_students s JOIN"
              " campus_groups g ON g.id = s.group_id JOIN campus_movements m ON m.student_id = s.id"
              " AND m.at = (SELECT x.at FROM campus_movements x WHERE x.student_id = s.id"
              " ORDER BY x.at DESC LIMIT 1) WHERE 1%(where)s")
    names = {"": "", ONE: ", one hostel", TWO: ", one hostel and year"}
    found = []
    for where, words in names.items():
        found += [
            Ask(f"summary{words}", 1, "summary?", inside, where, sums=False),
            Ask(f"trends, 7 days{words}", 7, "trends?days=7", by_day, where),
            Ask(f"trends, 30 days{words}", 30, "trends?days=30", by_day, where),
            Ask(f"trends, 30 days by hour{words}", 30, "trends?days=30&bucket=hour", by_hour,
                where),
            Ask(f"heatmap, 30 days{words}", 30, "heatmap?days=30", heat, where),
            Ask(f"demographics, 30 days{words}", 30, "demographics?by=branch&days=30", people,
                where),
            Ask(f"insights, 30 days{words}", 86, "insights?days=30", by_hour, where, sums=False),
        ]
    return [
        *found,
        Ask("trends, a year", 366, "trends?days=366", by_day),
        Ask("heatmap, a year", 366, "heatmap?days=366", heat),
        # without outings: the window over ten million rows takes minutes
        Ask("demographics, a year", 366, "demographics?by=branch&days=366",
            f"SELECT g.branch, HOUR({_AT}) AS h, {_SUMS} {_FROM}%(where)s GROUP BY g.branch, h"),
        Ask("heatmap, a year, one hostel", 366, "heatmap?days=366", heat, ONE),
        Ask("heatmap, a year, one hostel and year", 366, "heatmap?days=366", heat, TWO,
            aimed=False),
    ]


def run(bench: Bench, iotd: Iotd) -> list[Table]:
    """Every size in a database of its own, then both beside each other."""
    server, asks = MariaDB(bench), _asks()
    sizes = QUICK_MILLIONS if bench.quick else MILLIONS
    times: dict[int, list[Got]] = {}
    table = Table(
        f"The campus page: {campus_data.STUDENTS:,} students, {campus_data.GROUPS:,} groups,"
        f" movements of a year; ms over HTTP", ("call", *(
            f"{million} M {what}" for million in sizes for what in ("p50", "p95", "CPU", "GROUP BY")
        ), *(["CPU ratio"] if len(sizes) > 1 else [])),
    )
    cells: list[list[str]] = [[] for _ in asks]
    for million in sizes:
        made = _Campus(bench, server, million, table)
        times[million] = [made.ask(each) for each in asks]
        for row, each, got in zip(cells, asks, times[million]):
            row += [f"{got.p50:.1f}", f"{got.p95:.1f}", f"{got.cpu:.1f}",
                    f"{made.by_sql(each):,.0f}"]
        made.end()
    for row, each, *both in zip(cells, asks, *times.values()):
        ratio = [f"{both[-1].cpu / both[0].cpu:.2f}"] if len(sizes) > 1 else []
        table.add(each.name, *row, *ratio)
    worst = max(one.p95 for got in times.values() for one, each in zip(got, asks) if each.aimed)
    table.aim("the slowest p95 of all calls but the last", worst, most=AIM_MS, unit=" ms")
    if len(sizes) > 1:
        first, last = (sum(got.cpu for got in times[million]) for million in sizes)
        table.aim("all calls together, CPU, from 1 to 10 million movements: times as much",
                  last / first, most=1.5)
    table.notes.append("CPU: ms of the site's process for a call, whatever else the machine does")
    return [table]


class _Campus:
    """One size: its database, and the site above it."""

    def __init__(self, bench: Bench, server: MariaDB, million: int, table: Table) -> None:
        self._bench, self._server, self._name = bench, server, f"campus{million}"
        self._rounds = QUICK_ROUNDS if bench.quick else ROUNDS
        url = server.new_database(self._name)
        filling = _timed(lambda: self._fill(url, million * 1_000_000))
        bench.say(f"campus_dashboard: {million} M movements, counting them")
        self._child = bench.keep(Child(
            [sys.executable, "-m", "bench.campus_site", url, bench.folder, str(NOW)], SERVER_CORE,
        ))
        counting, loading, port = self._child.line().split()
        self._http = http.client.HTTPConnection("127.0.0.1", int(port), timeout=60)
        table.notes.append(
            f"{million} M: movements made in {filling:.0f} s, `iotd campus rebuild` from nothing"
            f" {float(counting):.0f} s, loading at start {float(loading):.1f} s,"
            f" {self._child.rss() / 1e6:.0f} MB of memory."
        )

    def _fill(self, url: str, count: int) -> None:
        self._bench.say(f"campus_dashboard: making {count:,} movements")
        store = Store(url, self._bench.folder)
        store.open()
        store.call(campus_data.register)
        engine = store._writing
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            campus_data.movements(connection, count, START * 1_000_000)
        engine.dispose()

    def ask(self, ask: Ask) -> Got:
        """What a call takes."""
        addresses, cpu = ask.addresses(), self._child.cpu()
        times = sorted(_timed(lambda: self._get(next(addresses))) for _ in range(self._rounds))
        p50, p95 = (times[len(times) * part // 100] * 1000 for part in (50, 95))
        got = Got(p50, p95, (self._child.cpu() - cpu) * 1000 / self._rounds)
        self._bench.say(f"campus_dashboard: {self._name}, {ask.name}: {got}")
        return got

    def by_sql(self, ask: Ask) -> float:
        """Milliseconds of the raw rows; RuntimeError when they say something else."""
        rows: list[Any] = []
        with self._server.connect(self._name) as connection, connection.cursor() as cursor:
            cursor.execute("SET time_zone = '+00:00'")
            spent = _timed(lambda: rows.extend(_all(cursor, ask.statement())))
        self._bench.say(f"campus_dashboard: {self._name}, {ask.name}: {spent:.2f} s by GROUP BY")
        self._http.close()  # the site has no patience with a connection that rests that long
        if ask.sums:
            keys = 1 if ask.path.startswith("trends") else 2
            theirs = [sum(int(row[keys + n]) for row in rows) for n in (0, 1)]
            items = json.loads(self._get(next(ask.addresses())))["items"]
            ours = [sum(item[name] for item in items) for name in ("entries", "exits")]
            if ours != theirs:
                raise RuntimeError(f"{ask.name}: {ours}, but the raw rows say {theirs}")
        return spent * 1000

    def _get(self, path: str) -> bytes:
        self._http.request("GET", path)
        answer = self._http.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.status} {body[:300]!r}")
        return body

    def end(self) -> None:
        """Stop the site; the database stays."""
        self._http.close()
        self._child.end()


def _all(cursor: Any, statement: str) -> Any:
    cursor.execute(statement)
    return cursor.fetchall()


def _timed(work: Callable[[], Any]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin
