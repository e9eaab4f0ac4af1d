"""Counts over HTTP: headcount, trends, heatmap, demographics, insights; and as CSV."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Iterable, Sequence

from iotd.accounts.rights import OPERATORS
from iotd.campus import insights, statistics_shapes as shapes
from iotd.campus.dashboard import Dashboard
from iotd.campus.selection import Selection, selection_of
from iotd.site.csv_lines import lines
from iotd.site.routes import Answer, Call, route

CAMPUS = "/api/v1/campus"
HOURLY = [f"hour_{hour:02}" for hour in range(24)]


class StatisticsApi:
    """Routes of counts: none has a name in it, but that of the curfew for operators."""

    def __init__(self, dashboard: Dashboard) -> None:
        self._dashboard = dashboard

    @route("GET", CAMPUS + "/summary", query=shapes.Looking, answer=shapes.SummaryOut)
    async def summary(self, call: Call) -> dict[str, Any]:
        """How many students are inside now."""
        return self._dashboard.summary(self._meant(call))

    @route("GET", CAMPUS + "/trends", query=shapes.TrendsQuery, answer=shapes.TrendsOut)
    async def trends(self, call: Call) -> dict[str, Any]:
        """Entries and exits by day or hour."""
        items = await self._trends(call)
        return {"items": items, "bucket": call.query.bucket, "next": None}

    @route("GET", CAMPUS + "/trends.csv", query=shapes.TrendsQuery)
    async def trends_csv(self, call: Call) -> Answer:
        """The same as CSV; hours with the site's clock beside them."""
        items = await self._trends(call)
        columns = ["bucket", "entries", "exits"]
        if call.query.bucket == "hour":
            columns.insert(1, "local_time")
            items = [{**item, "local_time": self._local(item["bucket"])} for item in items]
        return _csv("trends.csv", columns, items)

    @route("GET", CAMPUS + "/heatmap", query=shapes.MonthQuery, answer=shapes.HeatmapOut)
    async def heatmap(self, call: Call) -> dict[str, Any]:
        """Entries and exits by weekday and hour."""
        items = await self._dashboard.heatmap(self._meant(call), call.query.days)
        return {"items": items, "next": None}

    @route("GET", CAMPUS + "/heatmap.csv", query=shapes.MonthQuery)
    async def heatmap_csv(self, call: Call) -> Answer:
        """The same as CSV."""
        items = await self._dashboard.heatmap(self._meant(call), call.query.days)
        return _csv("heatmap.csv", ("weekday", "hour", "entries", "exits"), items)

    @route(
        "GET", CAMPUS + "/demographics", query=shapes.DemographicsQuery,
        answer=shapes.DemographicsOut,
    )
    async def demographics(self, call: Call) -> dict[str, Any]:
        """Counts by the values of one category."""
        items = await self._demographics(call)
        return {"items": items, "by": call.query.by, "next": None}

    @route("GET", CAMPUS + "/demographics.csv", query=shapes.DemographicsQuery)
    async def demographics_csv(self, call: Call) -> Answer:
        """The same as CSV, a column for each hour of the day."""
        items = [
            {**item, **dict(zip(HOURLY, item["hourly"]))} for item in await self._demographics(call)
        ]
        columns = ("value", "entries", "exits", "inside", "outside", "mean_minutes_outside")
        return _csv(f"{call.query.by}.csv", (*columns, *HOURLY), items)

    @route("GET", CAMPUS + "/insights", query=shapes.MonthQuery, answer=shapes.InsightsOut)
    async def insights(self, call: Call) -> dict[str, Any]:
        """Peaks, weekends against weekdays, who is out late, and what is odd."""
        return await self._insights(call)

    @route("GET", CAMPUS + "/insights.csv", query=shapes.MonthQuery)
    async def insights_csv(self, call: Call) -> Answer:
        """The same as CSV; names for those who may see them."""
        rows = insights.as_rows(await self._insights(call))
        return _file("insights.csv", [insights.ROW, *rows])

    def _meant(self, call: Call) -> Selection:
        return selection_of(dict(call.query), self._dashboard.occupancy.has)

    def _local(self, bucket: str) -> str:
        at = datetime.fromisoformat(bucket).timestamp()
        return f"{self._dashboard.statistics.calendar.local(at):%Y-%m-%d %H:%M}"

    async def _insights(self, call: Call) -> dict[str, Any]:
        names = call.who.role in OPERATORS
        return await self._dashboard.insights(self._meant(call), call.query.days, names)

    async def _trends(self, call: Call) -> list[dict[str, Any]]:
        asked = call.query
        return await self._dashboard.trends(self._meant(call), asked.days, asked.bucket)

    async def _demographics(self, call: Call) -> list[dict[str, Any]]:
        asked = call.query
        return await self._dashboard.demographics(self._meant(call), asked.by, asked.days)


def _csv(name: str, columns: Sequence[str], items: Iterable[dict[str, Any]]) -> Answer:
    return _file(name, [columns, *([item[column] for column in columns] for item in items)])


def _file(name: str, rows: Iterable[Sequence[Any]]) -> Answer:
    return Answer(
        lines(rows), content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
