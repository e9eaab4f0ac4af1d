"""The campus' counts on the real web part, over a database that is there, and nothing else.

``python -m bench.campus_site URL DATA_DIR NOW`` counts statistics anew, prints the seconds that
took, the seconds that loading takes and its port, and ends with its stdin.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry
from twisted.internet import reactor as _reactor, stdio
from twisted.internet.defer import Deferred
from twisted.internet.protocol import Protocol, connectionDone
from twisted.internet.task import deferLater
from twisted.python.failure import Failure

from iotd.accounts.rights import RIGHTS
from iotd.bus import Bus
from iotd.calendar import Calendar
from iotd.campus import student_records
from iotd.campus.dashboard import Dashboard
from iotd.campus.movement_records import load_states
from iotd.campus.occupancy import Occupancy
from iotd.campus.rebuild import REBUILD, Rebuild
from iotd.campus.statistics import Statistics
from iotd.campus.statistics_api import StatisticsApi
from iotd.services import web_folder
from iotd.site.app import build_site
from iotd.site.routes import Identity
from iotd.site.streams import OpenStreams
from iotd.store.engine import Store

reactor: Any = _reactor
CALENDAR = Calendar("UTC")


class Everybody:
    """Whoever asks is an operator."""

    def identify(self, request: Any, now: float) -> Identity:
        """Always the same."""
        return Identity("bench", "operator", "bench")

    def may(self, *asked: Any) -> bool:
        """Yes."""
        return True

    hears = still_valid = may

    def set_up(self) -> bool:
        """Yes."""
        return True


class _Stdin(Protocol):
    def connectionLost(self, reason: Failure = connectionDone) -> None:
        reactor.stop()


async def _count(store: Store) -> float:
    begin = time.perf_counter()
    rebuild = Rebuild(store=store, clock=reactor, now=time.time, calendar=CALENDAR)
    told = await rebuild.follow(REBUILD, None, "bench")
    while told["running"]:
        told = await rebuild.follow(REBUILD, told["ticket"], "bench")
    return time.perf_counter() - begin


async def _serve(store: Store, now: float) -> None:
    counting = await _count(store)
    begin = time.perf_counter()
    loaded = store.call(student_records.load)
    states = store.call(load_states)
    statistics = Statistics(
        store=store, clock=reactor, now=lambda: now, calendar=CALENDAR,
        groups=loaded.groups.values,
    )
    store.call(statistics.load)
    occupancy = Occupancy(
        students=lambda: loaded.students, groups=statistics.groups,
        state_of=lambda id: (states[id].direction == 0, states[id].at),
    )
    occupancy.recount()
    loading = time.perf_counter() - begin
    statistics.start_service()
    while not statistics.all_kept():  # what a daemon does in its first minute
        await deferLater(reactor, 0.5, lambda: None)
    dashboard = Dashboard(
        statistics=statistics, occupancy=occupancy, now=lambda: now, curfew="12:00"
    )
    print(f"{counting} {loading} {_listen(StatisticsApi(dashboard), now)}", flush=True)


def _listen(api: object, now: float) -> int:
    people, bus = Everybody(), Bus()
    site = build_site(
        owners=[api], authenticator=people, templates=web_folder() / "templates",
        static_dir=web_folder() / "static", clock=reactor, now=lambda: now, bus=bus,
        registry=CollectorRegistry(), streams=OpenStreams(bus, people), rights=RIGHTS,
    )
    return int(reactor.listenTCP(0, site, interface="127.0.0.1").getHost().port)


def main(url: str, folder: str, now: str) -> None:
    """Serve until stdin ends."""
    store = Store(url, Path(folder), reactor)
    stdio.StandardIO(_Stdin())
    serving = Deferred.fromCoroutine(_serve(store, float(now)))
    serving.addErrback(lambda failure: (failure.printTraceback(), reactor.stop()))
    reactor.run()


if __name__ == "__main__":
    main(*sys.argv[1:])
