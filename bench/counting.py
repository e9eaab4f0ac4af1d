"""``python -m bench.counting [--quick] [--json]``: packages counted, and what that costs.

Shelves of ``bench.shelf`` at each size and level, of households whose seeds
nothing was tuned on. Score and CPU come from plain calls in this process; the
way from picture to count goes through the daemon's own counter and its worker,
in turn with the same call and with OpenCV's SIFT alone, in the same run.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
from twisted.internet import reactor, task
from twisted.internet.defer import Deferred

from bench.counted import Score
from bench.report import Table, as_dicts, machine, percent
from bench.shelf import LEVELS, SIZES, Truth, photos, shelf, stock
from iotd.cabinet.counter import Counter, Photo, Reference
from iotd.cabinet.decoding import NoPicture, decode
from iotd.cabinet.features import MOST_FEATURES, extract, learn
from iotd.cabinet.matching import PIXELS, Known, find

FIRST_SEED = 20000  # all tuning was done on households below
PER_HOUSEHOLD = 3
HOUSEHOLDS, FEWER = 9, 2
WAYS = ("SIFT alone", "plain call", "counter")
# what stood before: CPU ms by size
CPU_BEFORE = {"VGA": 350, "SVGA": 571, "UXGA": 903}


@dataclass
class Household:
    """References and pictures of one stock at one size and level."""

    references: list[Reference]
    known: list[Known]
    pictures: list[tuple[bytes, list[Truth]]]


@dataclass
class Times:
    """Seconds by way."""

    of: dict[str, list[float]] = field(default_factory=lambda: {way: [] for way in WAYS})

    def at(self, way: str, share: float) -> float:
        """A percentile in ms."""
        return float(np.percentile(self.of[way], share * 100)) * 1000


def main(words: list[str]) -> int:
    """Print the tables; 1 when an aim is missed."""
    if os.environ.get("OPENBLAS_NUM_THREADS") != "1":  # as in the worker; read at import only
        os.environ["OPENBLAS_NUM_THREADS"] = "1"
        os.execv(sys.executable, [sys.executable, "-m", "bench.counting", *words])
    parser = argparse.ArgumentParser(prog="bench.counting", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer households, about 1 min")
    parser.add_argument("--json", action="store_true", help="JSON in place of Markdown")
    asked = parser.parse_args(words)
    where, when = machine(), time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())
    cv2.setNumThreads(1)
    tables = [counted(FEWER if asked.quick else HOUSEHOLDS), through_worker(asked.quick)]
    if asked.json:
        print(json.dumps({"machine": where, "at": when, "tables": as_dicts(tables)}, indent=1))
    else:
        print(f"{when}: {where}\n\n" + "\n".join(table.markdown() for table in tables))
    return int(any("missed" in aim for table in tables for aim in table.aims))


def counted(households: int) -> Table:
    """Recall, precision and CPU by size and level."""
    table = Table("Counting: generated shelves", (
        "picture (package px)", "level", "packages", "recall", "precision", "exact pictures",
        "CPU ms p50", "p95"))
    for size, (_, _, package) in SIZES.items():
        for level in LEVELS:
            _say(f"{size} {level}")
            score, costs = _scored([household(seed, size, level) for seed in
                                    range(FIRST_SEED, FIRST_SEED + households)])
            table.add(f"{size} ({package})", level, score.there, f"{score.recall:.3f}",
                      f"{score.precision:.3f}", percent(score.exact / score.pictures),
                      *(f"{np.percentile(costs, at) * 1000:.0f}" for at in (50, 95)))
            if level == "normal":
                table.aim(f"recall, {size} normal", score.recall, least=0.97)
                table.aim(f"precision, {size} normal", score.precision, least=0.99)
                table.aim(f"CPU, {size} normal, p50", float(np.median(costs)) * 1000,
                          most=CPU_BEFORE[size], unit=" ms")
    table.notes.append("exact: the number of each of six items is right; a package counts as"
                       " found under its own name, with half of both outlines in common")
    return table


def household(seed: int, size: str, level: str) -> Household:
    """A stock, what is learned of it, and pictures of its shelf."""
    goods = stock(seed)
    references = [
        Reference(item, tuple(Photo(seed * 100 + 10 * at + number, jpeg) for number, jpeg
                              in enumerate(photos(what, seed))))
        for at, (item, what) in enumerate(goods.items.items())
    ]
    known = [(one.item, list(_learned(one))) for one in references]
    pictures = [shelf(goods, size, level, seed * 100 + at) for at in range(PER_HOUSEHOLD)]
    return Household(references, known, pictures)


def _learned(reference: Reference) -> Any:
    for photo in reference.photos:
        try:
            yield learn(decode(photo.jpeg, 250_000).bgr)
        except NoPicture:
            _say(f"a photo of {reference.item} is too plain")


def _scored(households: list[Household]) -> tuple[Score, list[float]]:
    score, costs = Score(), []
    for house in households:
        for jpeg, truths in house.pictures:
            begin = time.process_time()
            picture = decode(jpeg, PIXELS)
            found = find(picture.bgr, house.known)
            costs.append(time.process_time() - begin)
            score.add(truths, [(one.item, one.corners / picture.scale) for one in found])
    return score, costs


def through_worker(quick: bool) -> Table:
    """From a picture to its count, on the reactor, beside the bare calls."""
    table = Table("Picture to count, level normal", (
        "picture", "way", "p50 ms", "p95 ms", "times the plain call"))
    times: dict[str, Times] = {}
    try:
        task.react(lambda _: Deferred.fromCoroutine(_timed(quick, times)))
    except SystemExit as end:  # react always ends so
        if end.code:
            raise
    for size, taken in times.items():
        for way in WAYS:
            table.add(size, way, f"{taken.at(way, 0.5):.0f}", f"{taken.at(way, 0.95):.0f}",
                      f"{taken.at(way, 0.5) / taken.at('plain call', 0.5):.2f}")
    table.notes.append("wall time, one after the other; the counter's worker runs 5 nicer than"
                       " the rest, and its photos are known; SIFT alone is OpenCV's"
                       " detectAndCompute on the decoded picture")
    return table


async def _timed(quick: bool, times: dict[str, Times]) -> None:
    counter = Counter(reactor)
    counter.start_service()
    try:
        for size in SIZES:
            times[size] = Times()
            for seed in range(FIRST_SEED, FIRST_SEED + (1 if quick else 5)):
                _say(f"{size}: picture to count, household {seed - FIRST_SEED + 1}")
                await _one_by_one(counter, household(seed, size, "normal"), times[size])
    finally:
        await counter.stop_service()


async def _one_by_one(counter: Counter, house: Household, times: Times) -> None:
    await counter.count(house.pictures[0][0], house.references)
    for jpeg, _ in house.pictures * 2:
        begin = time.perf_counter()
        await counter.count(jpeg, house.references)
        times.of["counter"].append(time.perf_counter() - begin)
        begin = time.perf_counter()
        picture = decode(jpeg, PIXELS)
        find(picture.bgr, house.known)
        times.of["plain call"].append(time.perf_counter() - begin)
        grey = cv2.cvtColor(picture.bgr, cv2.COLOR_BGR2GRAY)
        begin = time.perf_counter()
        extract(grey, MOST_FEATURES)
        times.of["SIFT alone"].append(time.perf_counter() - begin)


def _say(text: str) -> None:
    print(f"bench: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
