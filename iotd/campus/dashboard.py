"""What the campus page shows, put together from statistics and headcounts."""

from __future__ import annotations

from typing import Any, Callable, Sequence

from iotd.campus import anomalies, charts, insights
from iotd.campus.charts import DayRow
from iotd.campus.model import SECOND
from iotd.campus.occupancy import Occupancy, in_order
from iotd.campus.register_records import CATEGORIES
from iotd.campus.selection import EVERYBODY, Selection
from iotd.campus.statistics import Statistics
from iotd.times import rfc3339


class Dashboard:
    """Answers as the API gives them; ``curfew`` is a local time such as "22:00", or ""."""

    def __init__(
        self, *, statistics: Statistics, occupancy: Occupancy, now: Callable[[], float],
        curfew: str,
    ) -> None:
        self.statistics, self.occupancy = statistics, occupancy
        self._now, self._curfew = now, curfew

    def summary(self, selection: Selection = EVERYBODY) -> dict[str, Any]:
        """How many are inside now; unregistered devices are of nobody, so of no selection."""
        counts = self.occupancy.counts(selection)
        last = self.occupancy.last_movement(selection)
        return {
            "inside": counts.inside, "outside": counts.outside, "registered": counts.registered,
            "unknown_devices": self.statistics.strangers_today(), "unknown": counts.unknown,
            "last_movement_at": None if last is None else rfc3339(last / SECOND),
            "as_of": rfc3339(self._now()),
        }

    async def trends(self, selection: Selection, days: int, bucket: str) -> list[dict[str, Any]]:
        """Entries and exits by "day" or "hour"."""
        rows = await self._rows(self.statistics.days(days), selection)
        if bucket == "day":
            return charts.by_day(rows)
        return charts.by_hour(rows, self.statistics.hours, self._now())

    async def heatmap(self, selection: Selection, days: int) -> list[dict[str, int]]:
        """Entries and exits by weekday and hour."""
        return charts.heatmap(await self._rows(self.statistics.days(days), selection))

    async def demographics(
        self, selection: Selection, by: str, days: int
    ) -> list[dict[str, Any]]:
        """Counts of each value of a category; those of the register, and what was counted."""
        place = CATEGORIES.index(by)
        rows: dict[Any, int] = {}
        for split in await self.statistics.split(self.statistics.days(days), place, selection):
            for value, row in split.items():
                rows[value] = rows.get(value, 0) + row
        counts = self.occupancy.split(place, selection)
        values = in_order({*counts, *(value for value, row in rows.items() if row)})
        return charts.demographics(values, rows, counts)

    async def insights(self, selection: Selection, days: int, names: bool) -> dict[str, Any]:
        """Peaks, weekends, who is out after the curfew (``names``: by name), odd hours."""
        asked, statistics = self.statistics.days(days), self.statistics
        earlier = anomalies.look_back(asked)
        every = await self._rows([*earlier, *asked], selection)
        rows, first_day, now = every[len(earlier):], statistics.first_day, self._now()
        odd = anomalies.find(asked, dict(every), statistics.hours, first_day, now)
        inside = self.occupancy.counts(selection).inside
        return {
            "peak_hour": insights.peak_hour(rows), "peak_day": insights.peak_day(rows),
            "peak_load": insights.peak_load(rows, statistics.hours, now, inside),
            "weekend_pattern": insights.weekend_pattern(rows, first_day, asked[-1]),
            "curfew": self._out_late(selection, now, names),
            "anomalies": [each.as_json() for each in odd],
        }

    def _out_late(self, selection: Selection, now: float, names: bool) -> dict[str, Any] | None:
        if not self._curfew:
            return None
        active = insights.is_curfew(self.statistics.calendar, self._curfew, now)
        out = self.occupancy.outside(selection) if active else []
        told = {"time": self._curfew, "active": active, "outside": len(out)}
        if names:
            named = [(self.occupancy.rollno(id), since) for id, since in out[:insights.MOST_OUT]]
            told["items"] = insights.out_late(named, now)
        return told

    async def _rows(self, days: Sequence[str], selection: Selection) -> list[DayRow]:
        return [*zip(days, await self.statistics.totals(days, selection))]
