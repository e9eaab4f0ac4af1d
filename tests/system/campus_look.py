"""What a daemon shows of a campus over HTTP, beside the oracle's numbers."""

from __future__ import annotations

import csv
import io
from collections import Counter
from datetime import date, datetime, timedelta
from typing import Any, Iterable
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from tests.running_daemon import RunningDaemon
from tests.system.campus_plan import CATEGORIES
from tests.system.campus_truth import DAYS, ZONE, Stored, Truth

CAMPUS = "/api/v1/campus"
WHO = "admin"  # one token for all: making one takes a second


class Campus:
    """Asks a daemon, and compares."""

    def __init__(self, daemon: RunningDaemon, test: Any) -> None:
        self._daemon, self._test = daemon, test

    def get(self, path: str) -> Any:
        """JSON below /api/v1/campus."""
        return self._daemon.call("GET", f"{CAMPUS}/{path}", role=WHO)

    def fit(self, truth: Truth, stored: Stored) -> None:
        """Every number over HTTP and every row is the oracle's."""
        test = self._test
        test.assertEqual(*_without_equal(stored.movements, truth.rows))
        test.assertEqual(stored.days, truth.days)
        self._headcounts(truth)
        self._statistics(truth)
        self._insights(truth)
        self._movements(truth, stored)

    def _headcounts(self, truth: Truth) -> None:
        told, wanted = self.get("summary"), truth.summary()
        self._test.assertEqual({name: told[name] for name in wanted}, wanted)
        states = {
            one["rollno"]: one["state"] for one in self._pages("students?limit=1000")
        }
        self._test.assertEqual(states, {
            one.rollno: "inside" if place in truth.inside else
            "outside" if place in truth.movements else "unknown"
            for place, one in enumerate(truth.people.all)
        })

    def _statistics(self, truth: Truth) -> None:
        equal = self._test.assertEqual
        days, told = truth.by_day(), self.get(f"trends?days={DAYS}")["items"]
        today = date.fromisoformat(told[-1]["bucket"])
        equal((datetime.now(ZoneInfo(ZONE)).date() - today).days // 2, 0)  # midnight may be now
        asked = [(today - timedelta(days=back)).isoformat() for back in reversed(range(DAYS))]
        equal([(each["bucket"], each["entries"], each["exits"]) for each in told],
              [(day, *days[day]) for day in asked])
        heat = truth.by_weekday_and_hour()
        equal(
            {(each["weekday"], each["hour"]): (each["entries"], each["exits"])
             for each in self.get(f"heatmap?days={DAYS}")["items"]},
            {(weekday, hour): heat[weekday, hour]
             for weekday in range(1, 8) for hour in range(24)},
        )
        for by in CATEGORIES:
            equal({each.pop("value"): tuple(each.values())
                   for each in self.get(f"demographics?by={by}&days={DAYS}")["items"]},
                  truth.demographics(by), by)

    def _insights(self, truth: Truth) -> None:
        equal, told = self._test.assertEqual, self.get(f"insights?days={DAYS}")
        by_day = {day: entries + exits for day, (entries, exits) in truth.by_day().items()}
        by_hour: Counter[int] = Counter()
        for (_, hour), (entries, exits) in truth.by_weekday_and_hour().items():
            by_hour[hour] += entries + exits
        equal(told["peak_day"]["movements"], max(by_day.values()))
        equal(by_day[told["peak_day"]["day"]], max(by_day.values()))
        equal(by_hour[told["peak_hour"]["hour"]], max(by_hour.values()))
        equal(told["peak_load"]["inside"], truth.most_inside())
        some = {"gender": "F", "branch": "CSE"}
        meant = {place for place, one in enumerate(truth.people.all)
                 if some.items() <= dict(zip(CATEGORIES, one.values)).items()}
        told = self.get("summary?" + urlencode(some))
        equal((told["registered"], told["inside"]), (len(meant), len(meant & truth.inside)))

    def _movements(self, truth: Truth, stored: Stored) -> None:
        equal = self._test.assertEqual
        wanted = truth.csv_rows({number: gate for gate, number in stored.gates.items()})
        answer = self._daemon.ask("GET", f"{CAMPUS}/movements.csv", role=WHO)
        equal(answer.status, 200, answer.body[:500])
        rows = csv.DictReader(io.StringIO(answer.body.decode("utf-8-sig")))
        equal(*_without_equal([_line(row) for row in rows], wanted))
        newest = [_line(each) for each in self.get("recent?limit=5")["items"]]
        equal([line[0] for line in newest], [line[0] for line in wanted[:-6:-1]])
        self._test.assertLessEqual(set(newest), set(wanted))

    def _pages(self, path: str) -> Iterable[Any]:
        next_url: str | None = f"{CAMPUS}/{path}"
        while next_url:
            answer = self._daemon.call("GET", next_url, role=WHO)
            yield from answer["items"]
            next_url = answer["next"]


def _line(row: Any) -> tuple[str, ...]:
    return row["at"], row["rollno"], row["direction"], row["gate"], row["method"]


def _without_equal(got: list[Any], wanted: list[Any]) -> tuple[Any, Any]:
    """Only what differs: lists of thousands would fill the screen."""
    left, right = Counter(map(str, got)), Counter(map(str, wanted))
    return sorted((left - right).elements())[:20], sorted((right - left).elements())[:20]
