"""Counts over HTTP, on the real web part over statistics in memory."""

from __future__ import annotations

import csv
from typing import Any

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from iotd.calendar import Calendar
from iotd.campus import cells
from iotd.campus.dashboard import Dashboard
from iotd.campus.occupancy import Occupancy
from iotd.campus.statistics import Statistics
from iotd.campus.statistics_api import StatisticsApi
from tests.campus.people import COME, GO, People, at
from tests.databases import DatabaseTest
from tests.site.house import NOW, House, Reply

CAMPUS = "/api/v1/campus"
TODAY = "2023-11-14"  # NOW is its 22:13:20
SOME = ("trends", "heatmap", "demographics?by=hostel", "insights", "insights.csv", "summary")


class Campus:
    """Six students; R1 and R4 were out today, R2 is out, R6 was never seen."""

    def __init__(self, test: DatabaseTest, curfew: str = "22:00") -> None:
        self.people, self.now = People(), NOW
        self.statistics = Statistics(
            store=test.new_store(), clock=Clock(), now=lambda: self.now,
            calendar=Calendar("UTC"), groups=self.people.groups,
        )
        self.occupancy = Occupancy(
            students=lambda: self.people.students, state_of=self.people.state_of,
            groups=self.statistics.groups,
        )
        self.occupancy.recount()
        self.dashboard = Dashboard(
            statistics=self.statistics, occupancy=self.occupancy, now=lambda: self.now,
            curfew=curfew,
        )
        self.move(1, ("08:00", COME), ("12:00", GO), ("12:30", COME))
        self.move(4, ("07:30", COME), ("13:00", GO), ("14:30", COME))
        self.move(2, ("09:00", COME), ("18:00", GO))

    def move(self, id: int, *moves: tuple[str, int]) -> None:
        """Movements of today, and where they leave the student."""
        group = self.people.students[id].group.id
        known = [(at(f"{TODAY}T{time}"), source, group) for time, source in moves]
        self.statistics.adopt(cells.contributions(known, self.statistics.hours))
        self.people.state[id] = known[-1][1] == COME, known[-1][0]
        self.occupancy.touch([id])


class ApiTest(DatabaseTest, SynchronousTestCase):
    """Browsers of a viewer and an admin."""

    curfew = "22:00"

    def setUp(self) -> None:
        self.campus = Campus(self, self.curfew)
        self.house = House(self.data_dir(), StatisticsApi(self.campus.dashboard))

    def ask(self, path: str, who: str = "ann") -> Reply:
        """One answer."""
        return self.house.ask("GET", f"{CAMPUS}/{path}", who=who)

    def items(self, path: str) -> Any:
        """Of a list."""
        reply = self.ask(path)
        self.assertEqual(reply.status, 200, reply.body)
        self.assertIsNone(reply.json["next"])
        return reply.json["items"]


class SummaryTests(ApiTest):
    """How many are inside."""

    def test_all(self) -> None:
        """Those never seen count as outside, and are told."""
        self.campus.statistics.adopt_strangers({(TODAY, 24, 0): 40, (TODAY, 12, 3): 40})
        self.assertEqual(self.ask("summary", "vic").json, {
            "inside": 2, "outside": 4, "registered": 6, "unknown_devices": 40, "unknown": 3,
            "last_movement_at": "2023-11-14T18:00:00.000Z", "as_of": "2023-11-14T22:13:20.000Z",
        })

    def test_filters(self) -> None:
        """Filters combine; several values of one are any of them; nobody is nobody."""
        for asked, inside, registered in (
            ("year=1", 1, 2), ("year=1,2", 2, 5), ("year=2&gender=M", 1, 1), ("hostel=", 0, 1),
            ("hostel=Birch,Asha&stream=BTech", 2, 3), ("hostel=Nowhere", 0, 0),
            ("branch=Arts,%20fine", 0, 1), ("branch=CSE,ECE", 2, 5),
        ):
            told = self.ask(f"summary?{asked}").json
            self.assertEqual((told["inside"], told["registered"]), (inside, registered), asked)

    def test_faults(self) -> None:
        """What can't be asked is refused with its field, on every route."""
        for route in SOME:
            more = "&" if "?" in route else "?"
            for asked, field in (("year=first", "year"), ("days=0", "days"), ("days=367", "days"),
                                 ("colour=red", "colour"), ("year=1&year=2", "year")):
                reply = self.ask(f"{route}{more}{asked}")
                self.assertEqual((reply.status, reply.json["field"]), (422, field), route + asked)
        self.assertEqual(self.ask("trends?bucket=week").status, 422)
        self.assertEqual(self.ask("demographics").json["field"], "by")
        self.assertEqual(self.ask("demographics?by=name").json["field"], "by")


class ChartTests(ApiTest):
    """Entries and exits over time."""

    def test_days(self) -> None:
        """Seven days when nothing else is said, today last, empty ones too."""
        items = self.items("trends")
        self.assertEqual([each["bucket"] for each in items],
                         [f"2023-11-{day:02}" for day in range(8, 15)])
        self.assertEqual(items[-1], {"bucket": TODAY, "entries": 5, "exits": 3})
        self.assertEqual(items[0]["entries"], 0)
        self.assertEqual(len(self.items("trends?days=366")), 366)

    def test_hours(self) -> None:
        """By the hour, up to this one."""
        items = self.items("trends?days=1&bucket=hour&gender=F")
        self.assertEqual(len(items), 23)
        busy = {each["bucket"]: (each["entries"], each["exits"]) for each in items
                if each["entries"] or each["exits"]}
        self.assertEqual(busy, {"2023-11-14T08:00:00Z": (1, 0), "2023-11-14T12:00:00Z": (1, 1)})
        self.assertEqual(self.ask("trends?bucket=hour").json["bucket"], "hour")

    def test_heatmap(self) -> None:
        """A Tuesday at noon."""
        items = self.items("heatmap")
        self.assertEqual(len(items), 168)
        (noon,) = [each for each in items if (each["weekday"], each["hour"]) == (2, 12)]
        self.assertEqual(noon, {"weekday": 2, "hour": 12, "entries": 1, "exits": 1})

    def test_demographics(self) -> None:
        """Every value of the register, with who is inside now and how long outings take."""
        items = self.items("demographics?by=hostel")
        self.assertEqual([each["value"] for each in items], ["", "Asha", "Birch"])
        asha, birch = items[1:]
        self.assertEqual((asha["inside"], asha["outside"], asha["mean_minutes_outside"]),
                         (1, 2, 30.0))
        self.assertEqual((birch["entries"], birch["exits"], birch["mean_minutes_outside"]),
                         (3, 2, 90.0))
        self.assertEqual(sum(birch["hourly"]), 5)
        self.assertEqual(birch["hourly"][13], 1)
        self.assertIsNone(items[0]["mean_minutes_outside"])
        years = self.items("demographics?by=year&hostel=Birch")
        self.assertEqual([(each["value"], each["entries"]) for each in years], [(1, 1), (2, 2)])

    def test_former(self) -> None:
        """A value that nobody has any more is there as long as something was counted of it."""
        self.campus.people.students[4] = self.campus.people.students[4]._replace(
            group=self.campus.people.students[1].group
        )
        self.campus.occupancy.touch([4])
        (item,) = self.items("demographics?by=branch&branch=ECE&gender=M")
        self.assertEqual((item["inside"], item["outside"], item["entries"]), (0, 0, 2))

    def test_csv(self) -> None:
        """The same as files that a spreadsheet opens, with the same filters."""
        for path, count, name in (
            ("trends.csv?days=3&hostel=Birch", 3, "trends.csv"),
            ("heatmap.csv", 168, "heatmap.csv"),
            ("demographics.csv?by=hostel", 3, "hostel.csv"),
        ):
            reply = self.ask(path, "vic")
            self.assertEqual(reply.header("content-type"), "text/csv; charset=utf-8")
            self.assertIn(f'filename="{name}"', reply.header("content-disposition") or "")
            rows = [*csv.DictReader(reply.body.decode().splitlines())]
            self.assertEqual(len(rows), count)
        self.assertEqual(rows[2]["value"], "Birch")
        self.assertEqual((rows[2]["hour_13"], rows[2]["mean_minutes_outside"]), ("1", "90.0"))
        self.assertEqual(rows[0]["mean_minutes_outside"], "")
        self.assertEqual(self.ask("trends.csv?year=first").status, 422)

    def test_csv_hours(self) -> None:
        """Hours have the clock of the site beside them."""
        lines = self.ask("trends.csv?days=1&bucket=hour").body.decode().splitlines()
        self.assertEqual(lines[0], "bucket,local_time,entries,exits")
        self.assertEqual(lines[9], "2023-11-14T08:00:00Z,2023-11-14 08:00,1,0")


class InsightTests(ApiTest):
    """Peaks and curfew."""

    def test_operator(self) -> None:
        """Who may know names learns who is out late; the peaks are there."""
        told = self.ask("insights").json
        self.assertEqual(told["curfew"], {
            "time": "22:00", "active": True, "outside": 1, "items": [
                {"rollno": "R2", "since": "2023-11-14T18:00:00.000Z", "minutes": 253},
            ],
        })
        self.assertEqual(told["peak_day"], {"day": TODAY, "movements": 8})
        self.assertEqual(told["peak_hour"], {"hour": 12, "movements": 2})
        self.assertEqual(told["peak_load"], {"at": "2023-11-14T10:00:00Z", "inside": 3})
        self.assertEqual(told["anomalies"], [])
        self.assertIsNone(told["weekend_pattern"]["ratio"])

    def test_viewer(self) -> None:
        """A viewer learns how many, and no name."""
        reply = self.ask("insights", "vic")
        self.assertEqual(reply.json["curfew"], {"time": "22:00", "active": True, "outside": 1})
        self.assertNotIn(b"R2", reply.body)

    def test_csv(self) -> None:
        """The same as lines of a file; a viewer's has no name in it."""
        reply = self.ask("insights.csv")
        rows = [*csv.reader(reply.body.decode().splitlines())]
        self.assertEqual(rows, [
            ["what", "at", "rollno", "value", "text"],
            ["busiest hour", "12:00", "", "2", ""], ["busiest day", TODAY, "", "8", ""],
            ["most inside", "2023-11-14T10:00:00Z", "", "3", ""],
            ["out after the curfew", "22:00", "", "1", ""],
            ["out", "2023-11-14T18:00:00.000Z", "R2", "253", "minutes"],
        ])
        reply = self.ask("insights.csv", "vic")
        self.assertEqual([*csv.reader(reply.body.decode().splitlines())], rows[:-1])

    def test_filters(self) -> None:
        """They hold for names, too."""
        self.assertEqual(self.ask("insights?gender=F").json["curfew"]["items"], [])

    def test_day(self) -> None:
        """Before the curfew nobody is out late."""
        self.campus.now -= 3600
        told = self.ask("insights").json["curfew"]
        self.assertEqual((told["active"], told["outside"], told["items"]), (False, 0, []))


class NoCurfewTests(ApiTest):
    """A campus without one."""

    curfew = ""

    def test_none(self) -> None:
        """Nothing is said of it."""
        self.assertIsNone(self.ask("insights").json["curfew"])
        self.assertNotIn(b"curfew", self.ask("insights.csv").body)
