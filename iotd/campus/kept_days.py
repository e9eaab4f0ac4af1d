"""Days of statistics in memory: whole ones for each group, older ones by single values."""

from __future__ import annotations

from typing import Any, Callable, Iterable

from iotd.campus.cells import Deltas
from iotd.campus.selection import Selection, Value, Values, values_of

#: What an answer is split by: a value, or None for all of them together.
Split = dict[Value | None, int]

TOTAL = (-1, None)


class Groups:
    """The groups of the register by id; none ever changes its values, and none goes."""

    def __init__(self, groups: Callable[[], Iterable[Any]]) -> None:
        self._groups = groups
        self._values: dict[int, Values] = {}
        self._plans: dict[tuple[Selection, int | None], dict[int, Value | None]] = {}

    def values(self, group: int) -> Values | None:
        """Of a group, None when nobody knows it."""
        found = self._values.get(group)
        if found is None:
            self.refresh()
            found = self._values.get(group)
        return found

    def refresh(self) -> None:
        """See what groups have come."""
        for each in self._groups():
            if each.id not in self._values:
                self._values[each.id] = values_of(each)
                self._plans.clear()

    def plan(self, selection: Selection, by: int | None) -> dict[int, Value | None]:
        """Each group that is meant, with its value of the category ``by`` (None: None)."""
        self.refresh()
        found = self._plans.get((selection, by))
        if found is None:
            if len(self._plans) > 100:
                self._plans.clear()
            found = self._plans[selection, by] = {
                group: None if by is None else values[by]
                for group, values in self._values.items() if selection.has(values)
            }
        return found


class KeptDays:
    """Every day from ``since`` on by single values, and from ``whole_since`` on by group."""

    def __init__(self, groups: Groups, since: str) -> None:
        self.since = self.whole_since = since
        self._all = groups
        self._margins: dict[str, dict[tuple[int, Value | None], int]] = {}
        self._groups: dict[str, dict[int, int]] = {}

    def add(self, deltas: Deltas) -> None:
        """Add to the days that are kept."""
        for (day, group), row in deltas.items():
            if day >= self.since:
                self._add_margins(day, group, row)
            if day >= self.whole_since:
                rows = self._groups.setdefault(day, {})
                rows[group] = rows.get(group, 0) + row

    def extend(self, since: str, rows: Deltas) -> None:
        """Keep the days from ``since`` up to those that are kept, too, of single values."""
        for (day, group), row in rows.items():
            self._add_margins(day, group, row)
        self.since = since

    def _add_margins(self, day: str, group: int, row: int) -> None:
        margins = self._margins.setdefault(day, {})
        margins[TOTAL] = margins.get(TOTAL, 0) + row
        for key in enumerate(self._all.values(group) or ()):
            margins[key] = margins.get(key, 0) + row

    def trim(self, since: str, whole_since: str) -> None:
        """Forget older days, and the groups of those that are less old."""
        self.since = max(self.since, since)
        self.whole_since = max(self.whole_since, whole_since)
        for day in [day for day in self._margins if day < self.since]:
            del self._margins[day]
        for day in [day for day in self._groups if day < self.whole_since]:
            del self._groups[day]

    def split(self, day: str, by: int | None, selection: Selection) -> Split | None:
        """The rows of those that are meant by their value of a category; None: not kept."""
        given = selection.categories
        if not given or given == (by,) or (by is None and len(given) == 1):
            return self._of_margins(day, by, selection) if day >= self.since else None
        if day < self.whole_since:
            return None
        return gather(self._groups.get(day, {}), self._all.plan(selection, by))

    def _of_margins(self, day: str, by: int | None, selection: Selection) -> Split:
        margins = self._margins.get(day, {})
        if by is None and not selection.wanted:
            return {None: margins.get(TOTAL, 0)}
        if by is None:
            place, some = selection.wanted[0]
            return {None: sum(margins.get((place, value), 0) for value in some)}
        return {
            value: row for (place, value), row in margins.items()
            if place == by and (not selection.wanted or value in selection.wanted[0][1])
        }

    def values(self, by: int) -> set[Value | None]:
        """Every value of a category that any kept day has."""
        return {
            value for margins in self._margins.values() for place, value in margins if place == by
        }


def gather(rows: dict[int, int], plan: dict[int, Value | None]) -> Split:
    """Rows by group, added up as a plan says."""
    found: Split = {}
    for group in rows.keys() & plan.keys():
        value = plan[group]
        found[value] = found.get(value, 0) + rows[group]
    return found
