"""A thousand boards with keys: a whole update, the storm after a restart, what they tell, and
one of them on a cable. Each beside the least that does the same."""

from __future__ import annotations

import time

from bench import board_flash, board_storm, board_updates
from bench.board_house import LINES, House
from bench.daemon import Iotd
from bench.load import Bench
from bench.report import Table
from bench.watches import OpenPage

BOARDS, QUICK_BOARDS = 1_000, 200
ROUNDS = 3
TELL_EVERY, TELL_SECONDS = 1.0, 20.0
PER = 10_000


def run(bench: Bench, iotd: Iotd) -> list[Table]:
    """Everything, one after the other."""
    count, rounds = (QUICK_BOARDS, 1) if bench.quick else (BOARDS, ROUNDS)
    bench.say(f"boards: {count} are made known")
    house = House(bench, iotd, count)
    iotd.api("POST", "/api/v1/firmware", {})
    return [
        _standing(house), board_updates.measure(house, rounds),
        board_storm.measure(house), board_flash.measure(bench, iotd, rounds),
    ]


def _standing(house: House) -> Table:
    table = Table(
        f"{house.count:,} boards that are connected and tell of themselves",
        ("lines/s", "open pages", "CPU-s per 10,000 lines", "core used", "KiB RSS a board"),
    )
    before = house.iotd.process.rss()
    house.switch_on()
    house.bench.say("boards: as they are")
    time.sleep(35)  # each has told of itself twice
    each = (house.iotd.process.rss() - before) / house.count / 1024
    _told(table, house, 0, f"{each:.1f}")
    house.switch_off()
    house.switch_on(report_seconds=TELL_EVERY)
    house.bench.say("boards: as fast as they can tell")
    _told(table, house, 0, "")
    OpenPage(house.iotd)
    _told(table, house, 1, "")
    house.switch_off()
    table.notes.append(f"they were made known, each with a key, in {house.registering:.1f} s")
    table.notes.append("a line every 30 s is what boards tell; with a line a second all of them"
                       " are news for pages each second")
    return table


def _told(table: Table, house: House, pages: int, memory: str) -> None:
    lines, cpu, begin = house.figure(LINES), house.iotd.process.cpu(), time.monotonic()
    time.sleep(TELL_SECONDS if not memory else 30)
    lasted = time.monotonic() - begin
    cpu, lines = house.iotd.process.cpu() - cpu, house.figure(LINES) - lines
    table.add(f"{lines / lasted:,.0f}", pages, f"{cpu / lines * PER:.2f}",
              f"{cpu / lasted * 100:.1f} %", memory)
