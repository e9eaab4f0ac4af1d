"""Hours that are not as they usually are: robust z-scores by weekday and hour, in words.

An hour is compared with the same hour of the same weekday in the eight weeks before. Its score
is the distance from their median in robust standard deviations: 1.4826 times the median
distance from the median (MAD), but never less than what chance alone does to counts (the root
of the median, as of a Poisson process), than 15 % of the median, since eight weeks can look more
even than they are, nor than 2: at night one person more is no news.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Iterable, Iterator, Mapping, Sequence

from iotd.calendar import HOUR
from iotd.campus.cells import ENTRIES, EXITS, Hours, lanes
from iotd.campus.charts import moment

WEEKS = 8
LEAST_SAMPLES = 4
# From which on it is told. Where nothing is odd, this is reached in a month (1,440 counts) by
# less than one if hours differ by 10 % from week to week, by 4 if they do by 20 %.
SCORE = 5.0
LEAST_SCALE, LEAST_SHARE = 2.0, 0.15
MOST = 20  # the oddest of them

KINDS = (("entries", ENTRIES), ("exits", EXITS))


@dataclass(frozen=True)
class Odd:
    """Hours of a day that follow each other, from ``hour`` to ``until`` (24: midnight);
    ``kind`` such as "many_entries" or "few_exits", ``score`` of the oddest of them."""

    day: str
    hour: int
    until: int
    start: float
    kind: str
    expected: float
    actual: int
    score: float

    def with_next(self, after: Odd) -> Odd:
        """This and the hour after it as one."""
        return replace(
            self, until=after.until, expected=self.expected + after.expected,
            actual=self.actual + after.actual, score=max(self.score, after.score, key=abs),
        )

    def as_json(self) -> dict[str, Any]:
        """With a sentence that says it."""
        return {
            "at": moment(self.start), "kind": self.kind, "expected": self.expected,
            "actual": self.actual, "score": round(self.score, 1), "text": self.text(),
        }

    def text(self) -> str:
        """Such as: Thursday 26 November 2026, 02:00 to 03:00: 41 entries, far more than usual
        (about 3 on Thursdays at this time)."""
        day, (degree, what) = date.fromisoformat(self.day), self.kind.split("_")
        what = what if self.actual != 1 else {"entries": "entry", "exits": "exit"}[what]
        usual = f"about {self.expected:,g}" if self.expected else "none"
        return (
            f"{day:%A} {day.day} {day:%B} {day.year}, {self.hour:02}:00 to"
            f" {self.until % 24:02}:00: {self.actual:,} {what}, far"
            f" {'more' if degree == 'many' else 'fewer'} than usual"
            f" ({usual} on {day:%A}s at this time)."
        )


def score(value: float, samples: Sequence[float]) -> float:
    """How many robust standard deviations a count lies above (below: < 0) the usual; what is
    surely below SCORE is given as 0."""
    middle = _median(sorted(samples))
    least = max(math.sqrt(middle), LEAST_SCALE, LEAST_SHARE * middle)
    if abs(value - middle) < SCORE * least:
        return 0.0  # most are: a year's hours need not all be gone into
    spread = 1.4826 * _median(sorted([abs(each - middle) for each in samples]))
    return (value - middle) / max(spread, least)


def _median(ordered: Sequence[float]) -> float:
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def look_back(days: Sequence[str]) -> list[str]:
    """The days that are needed beside those that are looked at."""
    first = date.fromisoformat(days[0])
    return [(first - timedelta(days=back)).isoformat() for back in range(WEEKS * 7, 0, -1)]


def find(
    days: Sequence[str], rows: Mapping[str, int], hours: Hours, first_day: str | None, now: float
) -> list[Odd]:
    """The oddest hours of ``days`` that are over, the oddest first.

    ``rows`` has every day back to eight weeks before the first; nothing was counted before
    ``first_day``, so earlier days are no samples.
    """
    counts = {day: lanes(row) for day, row in rows.items() if first_day and day >= first_day}
    found = [
        odd for day in days if day in counts for kind in KINDS
        for odd in _joined(_of_day(day, kind, counts, hours, now))
    ]
    return sorted(found, key=lambda odd: (-abs(odd.score), odd.start))[:MOST]


def _joined(found: Iterable[Odd]) -> list[Odd]:
    joined: list[Odd] = []
    for odd in found:
        if joined and (joined[-1].until, joined[-1].kind) == (odd.hour, odd.kind):
            joined[-1] = joined[-1].with_next(odd)
        else:
            joined.append(odd)
    return joined


def _of_day(
    day: str, kind: tuple[str, int], counts: Mapping[str, Sequence[int]], hours: Hours, now: float
) -> Iterator[Odd]:
    weeks = [date.fromisoformat(day) - timedelta(weeks=back) for back in range(1, WEEKS + 1)]
    past = [counts[each.isoformat()] for each in weeks if each.isoformat() in counts]
    if len(past) < LEAST_SAMPLES:
        return
    what, lane = kind
    for hour, start, end in hours.starts(day):
        if end > now or end - start != HOUR:
            continue  # not over yet; or the hour that comes twice, and has twice as many
        actual, samples = counts[day][lane + hour], [each[lane + hour] for each in past]
        far = score(actual, samples)
        if abs(far) >= SCORE:
            named = f"{'many' if far > 0 else 'few'}_{what}"
            yield Odd(day, hour, hour + 1, start, named, _median(sorted(samples)), actual, far)
