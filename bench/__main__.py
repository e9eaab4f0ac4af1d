"""``python -m bench [SCENARIO …] [--quick] [--json]``: measure, and print the report."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time

from bench import (
    boards, campus, campus_dashboard, fanout, idle, ingest, latency, pdf, slow_viewer, stalled,
    vitals, watches,
)
from bench.daemon import Iotd
from bench.load import Bench
from bench.process import client_core
from bench.report import Table, as_dicts, machine

SCENARIOS = {
    "fanout": fanout.run, "ingest": ingest.run, "latency": latency.run,
    "stalled": stalled.run, "slow-viewer": slow_viewer.run, "idle": idle.run,
    "watches": watches.run, "vitals": vitals.run, "report": pdf.run, "campus": campus.run,
    "campus_dashboard": campus_dashboard.run, "boards": boards.run,
}
MOST_VIEWERS = {"fanout": fanout.CLIMB[-1], "idle": idle.VIEWERS}


def main(words: list[str]) -> int:
    """Run what is asked for, all by default; 1 when something could not be measured."""
    asked = _parse(words)
    where, when = machine(), time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())
    os.sched_setaffinity(0, {client_core()})
    if not asked.json:
        print(f"{when}: {where}\n", flush=True)
    tables: list[Table] = []
    with Bench(asked.quick, _say) as bench:
        for name in asked.scenarios or SCENARIOS:
            measured = _run(bench, name)
            tables += measured
            if not asked.json:
                print("\n".join(table.markdown() for table in measured), flush=True)
    if asked.json:
        print(json.dumps({"machine": where, "at": when, "tables": as_dicts(tables)}, indent=1))
    return int(any(not table.rows for table in tables))


def _run(bench: Bench, name: str) -> list[Table]:
    # a daemon for each: what one scenario leaves behind is not another's memory
    iotd = None
    try:
        iotd = Iotd(bench, MOST_VIEWERS.get(name, 1))
        return SCENARIOS[name](bench, iotd)
    except RuntimeError as error:
        said = iotd.last_words() if iotd else ""
        _say(f"{name}: {error}\n{said}")
        # the others are worth having all the same
        return [Table(f"{name}: not measured", ("why",), notes=[str(error)])]
    finally:
        if iotd:
            iotd.end()


def _parse(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("scenarios", nargs="*", metavar="SCENARIO",
                        help=f"one or more of {', '.join(SCENARIOS)}; all by default")
    parser.add_argument("--quick", action="store_true", help="fewer sizes and rounds, < 3 min")
    parser.add_argument("--json", action="store_true", help="JSON in place of Markdown")
    asked = parser.parse_args(words)
    unknown = [name for name in asked.scenarios if name not in SCENARIOS]
    if unknown:
        parser.error(f"no scenario {unknown[0]!r}: there are {', '.join(SCENARIOS)}")
    return asked


def _say(text: str) -> None:
    print(f"bench: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
