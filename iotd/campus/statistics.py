"""Statistics by local day and group, kept as movements commit.

In the store there is a row for each day and group (see :mod:`iotd.campus.cells`), changed in
the transaction of the movements it counts: so it is exact after late data, corrections and
erasures, too. In memory are the last 62 days by group and 400 days by single values, which is
what pages ask for; other questions read rows of days, never movements.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any, Callable, Iterable, Sequence

from sqlalchemy import Connection
from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from iotd.calendar import Calendar
from iotd.campus import statistics_records as records
from iotd.campus.cells import Deltas, Hours
from iotd.campus.kept_days import Groups, KeptDays, Split, gather
from iotd.campus.selection import EVERYBODY, Selection, Value
from iotd.campus.statistics_records import ALL_GATES, WHOLE_DAY, Strangers
from iotd.errors import Unavailable
from iotd.site.figures import guarded
from iotd.store.engine import Store

WHOLE_DAYS = 62  # kept by group: 1,500 groups are 40 MB
DAYS = 430  # kept by single values: a year, and what anomalies look back
OLDER_AT_ONCE = 2  # days of one turn of the writer, 20 ms
OLDER_EVERY = 0.25  # seconds between two of them
ANSWERED = 50_000  # rows of answers that were read from the store: 22 MB
READ_AT_ONCE = 10  # days: 1,500 groups are 15,000 rows
FEW_GROUPS = 750  # that are asked for by their ids, else all rows are read

#: By which category, and of whom.
Asked = tuple[int | None, Selection]


class Statistics:
    """Counts by day; ``groups()`` gives the register's, each with ``id`` and its five values."""

    _log = Logger()

    def __init__(
        self, *, store: Store, clock: Any, now: Callable[[], float], calendar: Calendar,
        groups: Callable[[], Iterable[Any]], whole_days: int = WHOLE_DAYS, kept_days: int = DAYS,
    ) -> None:
        self._store, self._now, self.calendar = store, now, calendar
        self._whole_days, self._kept_days = whole_days, kept_days
        self.hours = Hours(calendar)
        self.groups = Groups(groups)
        self.first_day: str | None = None
        self._kept = KeptDays(self.groups, self.today())
        self._answers: dict[str, dict[Asked, Split]] = {}
        self._answered = 0
        self._reading: list[set[str]] = []  # days that changed while something is read
        self._strangers: dict[str, int] = {}
        self._damaged: list[str] = []
        self._trimmed = ""
        self._busy = False
        self._timer = LoopingCall(guarded(self._tick, self._log, "keeping older days"))
        self._timer.clock = clock

    def today(self) -> str:
        """The local day."""
        return self.calendar.day_of(self._now())

    def days(self, count: int) -> list[str]:
        """Today and the ``count`` - 1 days before, in order."""
        last = date.fromisoformat(self.today())
        return [(last - timedelta(days=back)).isoformat() for back in range(count - 1, -1, -1)]

    def load(self, connection: Connection) -> None:
        """Read what pages ask for most; 100,000 rows take a second."""
        self.groups.refresh()
        span, today = records.span_of_days(connection), self.today()
        self.first_day = span[0] if span else None
        self._kept = KeptDays(self.groups, self.days(self._whole_days)[0])
        # gates' clocks may be minutes ahead, ours may have been set back
        wanted = [*self.days(self._whole_days), day_after(today), day_after(today, 2)]
        for first in range(0, len(wanted), READ_AT_ONCE):
            self._kept.add(records.read_days(connection, wanted[first:first + READ_AT_ONCE]))
        self._strangers = {today: records.strangers_of(connection, today)}

    def start_service(self) -> None:
        """Read older days, a few at a time."""
        self._timer.start(OLDER_EVERY, now=False)

    def stop_service(self) -> None:
        """Read no more of them."""
        if self._timer.running:
            self._timer.stop()

    # what movements do

    def change(self, connection: Connection, deltas: Deltas) -> None:
        """Add to what is stored, in the transaction of the movements; on the writer's thread."""
        damaged = records.change_days(connection, deltas)
        if damaged:
            records.keep_zone(connection, "")
            self._damaged = sorted({day for day, _ in damaged})

    def adopt(self, deltas: Deltas) -> None:
        """After the commit, before anything else is awaited: count it in memory, too."""
        if self._damaged:
            self._tell_damage()
        self._kept.add(deltas)
        days = {day for day, _ in deltas}
        self.first_day = min((each for each in (self.first_day, *days) if each), default=None)
        for changed in self._reading:
            changed |= days
        for day in days:
            self._answers.pop(day, None)

    def _tell_damage(self) -> None:
        days, self._damaged = ", ".join(self._damaged[:5]), []
        said = "statistics of {days} do not fit their movements; iotd campus rebuild mends them"
        self._log.error(said, days=days)

    def add_strangers(self, connection: Connection, new: Strangers) -> None:
        """Count unregistered devices, in a transaction; gates by number."""
        records.add_strangers(connection, new)

    def adopt_strangers(self, new: Strangers) -> None:
        """After the commit: count them in memory, too."""
        for (day, hour, gate), count in new.items():
            if (hour, gate) == (WHOLE_DAY, ALL_GATES):
                self._strangers[day] = self._strangers.get(day, 0) + count

    def strangers_today(self) -> int:
        """Different unregistered devices since local midnight."""
        return self._strangers.get(self.today(), 0)

    # what pages ask

    async def split(
        self, days: Sequence[str], by: int | None = None, selection: Selection = EVERYBODY
    ) -> list[Split]:
        """For each day the rows of those that are meant, by their value of a category (its
        place in CATEGORIES) or all together."""
        found = {day: self._known(day, by, selection) for day in days}
        missing = [day for day, known in found.items() if known is None]
        if missing:
            found.update(await self._read(missing, by, selection))
        return [found[day] or {} for day in days]

    async def totals(self, days: Sequence[str], selection: Selection = EVERYBODY) -> list[int]:
        """For each day one row of those that are meant."""
        return [each.get(None, 0) for each in await self.split(days, None, selection)]

    def values(self, by: int) -> set[Value | None]:
        """Every value of a category that was counted lately."""
        return self._kept.values(by)

    def _known(self, day: str, by: int | None, selection: Selection) -> Split | None:
        if self.first_day is None or day < self.first_day:
            return {}
        known = self._kept.split(day, by, selection)
        if known is None:
            known = self._answers.get(day, {}).get((by, selection))
        return known

    async def _read(
        self, days: list[str], by: int | None, selection: Selection
    ) -> dict[str, Split]:
        plan = self.groups.plan(selection, by)
        changed: set[str] = set()
        self._reading.append(changed)
        try:
            found: dict[str, Split] = await self._store.read(
                _sums, days, dict(plan), by is None and not selection.wanted
            )
        finally:
            self._reading = [each for each in self._reading if each is not changed]
        self._answered += sum(len(split) + 1 for split in found.values())
        if self._answered > ANSWERED:
            self._answers, self._answered = {}, 0
        for day in found.keys() - changed:
            self._answers.setdefault(day, {})[by, selection] = found[day]
        return found

    # older days

    def all_kept(self) -> bool:
        """Whether all days that are to be in memory are."""
        return self._kept.since <= self._oldest()

    def _oldest(self) -> str:
        today = self.today()
        return max(day_after(today, 1 - self._kept_days), self.first_day or today)

    def _tick(self) -> None:
        today = self.today()
        if today != self._trimmed:
            self._trimmed = today
            self._kept.trim(
                day_after(today, 1 - self._kept_days), day_after(today, 1 - self._whole_days)
            )
            self._strangers = {day: n for day, n in self._strangers.items() if day >= today}
        if not self._busy and not self.all_kept():
            self._busy = True
            done = Deferred.fromCoroutine(self._keep_older(self._oldest()))
            done.addErrback(self._failed)
            done.addBoth(self._rest)

    async def _keep_older(self, oldest: str) -> None:
        until = self._kept.since
        days = [day_after(until, -back) for back in range(1, OLDER_AT_ONCE + 1)]
        # by the writer, whose commits come to us in their order: none missed, none counted twice
        rows = await self._store.run(records.read_days, [day for day in days if day >= oldest])
        if self._kept.since == until:
            self._kept.extend(max(oldest, days[-1]), rows)

    def _failed(self, failure: Any) -> None:
        if failure.check(Unavailable) is None:
            self._log.failure("older days were not read", failure)

    def _rest(self, result: Any) -> None:
        self._busy = False


def day_after(day: str, days: int = 1) -> str:
    """The day so many later, or earlier."""
    return (date.fromisoformat(day) + timedelta(days=days)).isoformat()


def _sums(
    connection: Connection, days: list[str], plan: dict[int, Value | None], everybody: bool
) -> dict[str, Split]:
    """What :meth:`KeptDays.split` gives, of rows in the store; blocks."""
    few = sorted(plan) if len(plan) <= FEW_GROUPS and not everybody else None
    found: dict[str, Split] = {day: {} for day in days}
    for first in range(0, len(days), READ_AT_ONCE):
        some = days[first:first + READ_AT_ONCE]
        by_day: dict[str, dict[int, int]] = {day: {} for day in some}
        for (day, group), row in records.read_days(connection, some, few).items():
            by_day[day][group] = row
        for day, rows in by_day.items():
            found[day] = {None: sum(rows.values())} if everybody else gather(rows, plan)
    return found
