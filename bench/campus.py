"""Twenty gates, 20,000 students: what the daemon takes from a Mosquitto into a MariaDB.

Beside it in the same run, on the same core and from a Mosquitto of the same kind: paho that
only acknowledges, and paho that commits an INSERT for each message.
"""

from __future__ import annotations

import sys
from typing import Any

from bench import campus_field as field
from bench.campus_house import House, Measured, loader
from bench.daemon import Iotd
from bench.load import Bench
from bench.mosquitto import Mosquitto
from bench.process import SERVER_CORE, Child
from bench.report import Table, median

ROUNDS, BURST, QUICK_BURST = 3, 100_000, 40_000
INSERTED, QUICK_INSERTED = 20_000, 5_000  # by an INSERT each
PACE, PACED_SECONDS = 10_000, 20
PER = 10_000

#: What the daemon's CPU goes to: threads, less the parts of them that are named.
SPLIT = (
    ("client library and acknowledging (its thread)", ("mqtt",), ()),
    ("parsing and identifying", ("Hearing.hear",), ()),
    ("spool", ("Spool.append",), ()),
    ("rule", ("Work.hear",), ()),
    ("store: statements and commit", ("store writer",), ("Work.hear",)),
    ("routes of gates, gaps and figures", ("Gates.sort", "Gates.heard"), ()),
    ("passing on between threads (the reactor's)", ("MainThread",),
     ("Gates.sort", "Gates.heard")),
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
    plain: dict[str, list[dict[str, float]]] = {"acknowledges": [], "inserts": []}
    for number in range(1 if bench.quick else ROUNDS):
        bench.say(f"campus: round {number + 1}")
        plain["acknowledges"].append(_plain(bench, house, burst, ""))
        bursts.append(house.publish(burst))
        inserted = QUICK_INSERTED if bench.quick else INSERTED
        plain["inserts"].append(_plain(bench, house, inserted, str(house.store.socket)))
    bench.say("campus: a steady pace")
    paced = house.publish(PACE * (PACED_SECONDS // 4 if bench.quick else PACED_SECONDS), PACE)
    bench.say("campus: the store is away")
    house.store.stop()
    away = house.publish(burst, half=house.store.start)
    tables = [_rates(house, plain, bursts, paced, away), _split(bursts, paced)]
    return tables


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
    return {"rate": count / told["seconds"], "each": told["cpu"] / count * PER}


def _rates(
    house: House, plain: dict[str, list[dict[str, float]]], bursts: list[Measured],
    paced: Measured, away: Measured,
) -> Table:
    table = Table(
        "Messages of five addresses, QoS 1: two registered, one in fifty moves somebody",
        ("what", "messages", "acknowledged/s", "applied/s", "CPU-s per 10,000",
         "of acknowledging only", "most waiting in the spool"),
    )
    limit = median(one["each"] for one in plain["acknowledges"])
    for name, words in (("acknowledges", "paho, acknowledging only"),
                        ("inserts", "paho, an INSERT and a commit each")):
        each = median(one["each"] for one in plain[name])
        rate = f"{median(one['rate'] for one in plain[name]):,.0f}"
        table.add(words, "", rate, rate if name == "inserts" else "", f"{each:.3f}",
                  f"{each / limit:.2f}", "")
    rows = [(f"iotd, as fast as it goes, round {n + 1}", one) for n, one in enumerate(bursts)]
    rows += [(f"iotd, {PACE:,} messages/s", paced), ("iotd, store away for the first half", away)]
    for words, one in rows:
        table.add(words, f"{one.count:,}", f"{one.rate('acknowledged'):,.0f}",
                  f"{one.rate('applied'):,.0f}", f"{one.each:.3f}", f"{one.each / limit:.2f}",
                  f"{one.waiting:,}")
    _aims(table, house, bursts, paced, away)
    return table


def _aims(
    table: Table, house: House, bursts: list[Measured], paced: Measured, away: Measured
) -> None:
    table.aim("acknowledged, median of the rounds",
              median(one.rate("acknowledged") for one in bursts), least=20_000, unit="/s")
    table.aim("applied, median of the rounds",
              median(one.rate("applied") for one in bursts), least=10_000, unit="/s")
    table.aim("CPU-s per 10,000, median of the rounds",
              median(one.each for one in bursts), most=0.8)
    table.aim("acknowledged with the store away for the first half",
              away.rate("acknowledged"), least=20_000, unit="/s")
    stored, sent = house.stored(), house.sent()
    for name, count in sent.items():
        table.aim(f"{name} in the store, of {count:,}", stored[name] - count, most=0, least=0)
    cost = [median(one.broker / one.count * PER for one in bursts),
            median(one.store / one.count * PER for one in bursts)]
    table.notes.append(
        f"beside the daemon, per 10,000: Mosquitto {cost[0]:.2f} CPU-s, MariaDB {cost[1]:.2f};"
        f" the register of {field.STUDENTS:,} was imported in {house.importing:.1f} s"
    )


def _split(bursts: list[Measured], paced: Measured) -> Table:
    table = Table("Where the daemon's CPU goes, CPU-s per 10,000 messages",
                  ("part", "as fast as it goes", f"{PACE:,} messages/s"))
    rest = [0.0, 0.0]
    for words, parts, less in SPLIT:
        cells = []
        for place, measured in enumerate((bursts, [paced])):
            cost = median(_cost(one, parts, less) for one in measured)
            rest[place] += cost
            cells.append(f"{cost:.3f}")
        table.add(words, *cells)
    whole = [median(one.each for one in bursts), paced.each]
    table.add("everything else", *(f"{whole[n] - rest[n]:.3f}" for n in (0, 1)))
    table.add("in all", *(f"{each:.3f}" for each in whole))
    return table


def _cost(one: Measured, parts: tuple[str, ...], less: tuple[str, ...]) -> float:
    spent = sum(one.spent.get(name, 0.0) for name in parts)
    spent -= sum(one.spent.get(name, 0.0) for name in less)
    return spent / one.count * PER
