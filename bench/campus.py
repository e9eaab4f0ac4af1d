"""Twenty gates, 20,000 students: what the daemon takes from a Mosquitto into a MariaDB.

Beside it in the same run, on the same core and from a Mosquitto of the same kind: paho that
only acknowledges, and paho that commits an INSERT for each message.
"""

from __future__ import annotations

import os
import sys
from typing import Any

from bench import campus_field as field
from bench.campus_house import House, Measured, loader
from bench.daemon import Iotd
from bench.load import Bench
from bench.mosquitto import Mosquitto
from bench.process import SERVER_CORE, Child
from bench.report import Table, median

WAYS = (("acknowledges", "paho, acknowledging only"),
        ("inserts", "paho, an INSERT and a commit each"))
ROUNDS, BURST, QUICK_BURST = 3, 100_000, 40_000
INSERTED = 5_000  # by an INSERT each
PACE, PACED_SECONDS = 10_000, 20
PER = 10_000

COLUMNS = (
    "what", "acknowledged/s", "applied/s", "CPU-s per 10,000", "of acknowledging only",
    "core used", "ready without it", "most waiting in the spool", "load",
)

#: What the daemon's CPU goes to: threads, less the parts of them that are named.
SPLIT = (
    ("client library and acknowledging (a thread)", ("mqtt",), ()),
    ("parsing and identifying (a thread, with the next)", ("Hearing.hear",), ()),
    ("spool", ("Spool.append",), ()),
    ("rule (a thread, with the next)", ("Work.hear",), ()),
    ("store: statements and commits", ("store writer",), ("Work.hear",)),
    ("reading the spool again", ("Spool.read",), ()),
    ("routes of gates, gaps (the reactor)", ("Gates.sort", "Gates.heard"), ()),
    ("handing on, metrics, pages (the reactor)", ("MainThread",), ("Gates.sort", "Gates.heard")),
)


def run(bench: Bench, iotd: Iotd) -> list[Table]:
    """Bursts beside the plain ways, a steady pace, and a store that is away."""
    house = House(bench)
    try:
        return _measure(bench, house)
    finally:
        house.end()


def _measure(bench: Bench, house: House) -> list[Table]:
    bench.say("campus: arrivals")
    house.publish(field.ARRIVALS)
    burst = QUICK_BURST if bench.quick else BURST
    bursts: list[Measured] = []
    away: list[Measured] = []
    plain: dict[str, list[dict[str, float]]] = {"acknowledges": [], "inserts": []}
    for number in range(1 if bench.quick else ROUNDS):
        bench.say(f"campus: round {number + 1}")
        plain["acknowledges"].append(_plain(bench, house, burst, ""))
        bursts.append(house.publish(burst))
        plain["inserts"].append(_plain(bench, house, INSERTED, str(house.store.socket)))
        house.store.stop()
        away.append(house.publish(burst, half=house.store.launch))
    bench.say("campus: a steady pace")
    paced = house.publish(PACE * (PACED_SECONDS // 4 if bench.quick else PACED_SECONDS), PACE)
    return [_rates(house, plain, bursts, paced, away), _split(bursts, paced)]


def _plain(bench: Bench, house: House, count: int, socket: str) -> dict[str, float]:
    """A plain subscriber with a broker of its own, as fast as it goes."""
    broker = Mosquitto(bench, "mosquitto-plain")
    words = [sys.executable, "-m", "bench.campus_plain", str(broker.port), str(count)]
    child = bench.keep(Child([*words, *([socket] if socket else [])], SERVER_CORE))
    child.line()
    sender = loader(bench, broker, house.base)
    sender.say(f"make {field.ARRIVALS} {count}")
    sender.line()
    sender.say("go 0")
    told: dict[str, Any] = child.json()
    if socket and told["rows"] != count:
        raise RuntimeError(f"{told['rows']} rows of {count} messages")
    for each in (sender, child):
        each.end()
    broker.end()
    told.update(rate=count / told["seconds"], each=told["cpu"] / count * PER,
                load=os.getloadavg()[0])
    return told


def _rates(
    house: House, plain: dict[str, list[dict[str, float]]], bursts: list[Measured],
    paced: Measured, away: list[Measured],
) -> Table:
    table = Table("Messages of five addresses, QoS 1: two registered, one in fifty moves somebody",
                  COLUMNS)
    limit = median(one["each"] for one in plain["acknowledges"])
    for number, burst in enumerate(bursts):
        for name, words in WAYS:
            one = plain[name][number]
            table.add(words, f"{one['rate']:,.0f}",
                      f"{one['rate']:,.0f}" if name == "inserts" else "", f"{one['each']:.3f}",
                      f"{one['each'] / limit:.2f}", f"{one['cpu'] / one['seconds']:.0%}",
                      f"{one['waited'] / one['seconds']:.1f}", "", f"{one['load']:.1f}")
        _row(table, "iotd, as fast as it goes", burst, limit)
        _row(table, "iotd, the store away for the first half", away[number], limit)
    _row(table, f"iotd, {PACE:,} messages/s", paced, limit)
    _aims(table, house, plain, bursts, away)
    return table


def _row(table: Table, words: str, one: Measured, limit: float) -> None:
    table.add(words, f"{one.rate('acknowledged'):,.0f}", f"{one.rate('applied'):,.0f}",
              f"{one.each('daemon'):.3f}", f"{one.each('daemon') / limit:.2f}",
              f"{one.share('daemon'):.0%}", f"{one.share('waited'):.1f}", f"{one.waiting:,}",
              f"{one.load:.1f}")


def _aims(
    table: Table, house: House, plain: dict[str, list[dict[str, float]]],
    bursts: list[Measured], away: list[Measured],
) -> None:
    got = {name: median(one.rate(name) for one in bursts) for name in ("acknowledged", "applied")}
    each = median(one.each("daemon") for one in bursts)
    table.aim("acknowledged, median", got["acknowledged"], least=20_000, unit="/s")
    table.aim("applied, median", got["applied"], least=10_000, unit="/s")
    table.aim("CPU-s per 10,000, median", each, most=0.8)
    table.aim("acknowledged, the store away for the first half, median",
              median(one.rate("acknowledged") for one in away), least=20_000, unit="/s")
    stored, sent = house.stored(), house.sent()
    for name, count in sent.items():
        table.aim(f"{name} in the store, more or less than {count:,}", stored[name] - count,
                  most=0, least=0)
    rates = {name: median(one["rate"] for one in plain[name]) for name, _ in WAYS}
    table.notes += [
        f"medians beside those of paho: {got['acknowledged'] / rates['acknowledges']:.2f} times"
        f" what it acknowledges, {got['applied'] / rates['inserts']:.1f} times what it inserts",
        f"by its CPU, a whole core for the daemon: {PER / each:,.0f} messages/s, acknowledged"
        " and applied",
        f"others, per 10,000: Mosquitto {median(one.each('broker') for one in bursts):.2f} CPU-s,"
        f" MariaDB {median(one.each('store') for one in bursts):.2f}",
        "ready without it: how many of its threads on average could have run, and others had the"
        " core; load: of the machine, which has other work",
        f"the register of {field.STUDENTS:,} was imported in {house.importing:.1f} s",
    ]


def _split(bursts: list[Measured], paced: Measured) -> Table:
    table = Table("Where the daemon's CPU goes, CPU-s per 10,000 messages",
                  ("part", "as fast as it goes", f"{PACE:,} messages/s"))
    rest = [median(one.each("daemon") for one in each) for each in (bursts, [paced])]
    whole = [f"{cost:.3f}" for cost in rest]
    for words, parts, less in SPLIT:
        costs = [median(one.each(*parts) - one.each(*less) for one in each)
                 for each in (bursts, [paced])]
        rest = [left - cost for left, cost in zip(rest, costs)]
        table.add(words, *(f"{cost:.3f}" for cost in costs))
    table.add("everything else", *(f"{left:.3f}" for left in rest))
    table.add("in all", *whole)
    return table
