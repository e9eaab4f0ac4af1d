"""Updates as boards and people meet them: lines of boards, releases, roll-outs."""

from __future__ import annotations

from collections import Counter
from typing import Any, Callable, Sequence

from prometheus_client import CollectorRegistry
from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from iotd.bus import BoardTold, Bus, DeviceChanged
from iotd.devices.service import Registry
from iotd.site.figures import guarded
from iotd.store.engine import Store
from iotd.updates.figures import Figures
from iotd.updates.firmware import MPY
from iotd.updates.office import Office
from iotd.updates.releases import Releases
from iotd.updates.rollouts import Rollouts
from iotd.updates.serving import Reply, Serving, Wanted
from iotd.wire.board_lines import Fetch, Report, offer, parse

TICK = 1.0  # seconds between two looks at all roll-outs
FAULTS = 3  # of one board that are logged


class Updates:
    """``office`` is what people decide; ``hear`` is for the wires."""

    _log = Logger()

    def __init__(
        self, *, store: Store, bus: Bus, registry: Registry, releases: Releases, clock: Any,
        now: Callable[[], float], in_thread: Callable[..., Deferred[Any]],
        metrics: CollectorRegistry,
    ) -> None:
        self._bus, self._now = bus, now
        self._reports: dict[str, Report] = {}
        self._faults: Counter[str] = Counter()
        self._rollouts = Rollouts(
            store=store, bus=bus, seconds=clock.seconds, now=now,
            ended=lambda how: self._figures.ended.labels(how).inc(),
        )
        self._figures = Figures(metrics, self._rollouts.counts)
        self._serving = Serving(
            releases=releases, clock=clock, in_thread=in_thread, key_of=registry.key_of,
            figures=self._figures, progress=self._rollouts.fetched, broken=self._rollouts.broken,
            unfit=self._rollouts.unfit,
        )
        self.office = Office(
            store=store, registry=registry, releases=releases, rollouts=self._rollouts, now=now,
            in_thread=in_thread, reports=self._reports,
        )
        self.update = self.office.update
        self.load = self._rollouts.load
        self._ticks = LoopingCall(guarded(self._tick, self._log, "looking after roll-outs"))
        self._ticks.clock = clock
        bus.subscribe(DeviceChanged, self._device_changed)

    def start_service(self) -> None:
        """Look after roll-outs from now on."""
        self._ticks.start(TICK, now=False)

    def stop_service(self) -> Deferred[Any]:
        """Tell boards nothing more; fires when what changed is on disk."""
        if self._ticks.running:
            self._ticks.stop()
        self._serving.stop()
        return self._rollouts.save()

    # -- what boards say -------------------------------------------------------------------

    def hear(self, id: str, wire: str, text: str, reply: Reply) -> bool:
        """Take a line of an approved board that proved its key; False when it is none of ours.

        ``reply(line)`` tells the board something, at once.
        """
        try:
            said = parse(text)
            if said is not None:
                self._take(id, wire, said, reply)
        except ValueError as fault:
            self._bad(id, str(fault))
            return True
        except Exception:  # a board's connection is not to end of a mistake of ours
            self._log.failure("what {id} told was not taken in", id=id)
            return True
        return said is not None

    def _take(self, id: str, wire: str, said: Report | Fetch, reply: Reply) -> None:
        if isinstance(said, Report):
            self._figures.lines.labels("info").inc()
            self._report(id, wire, said, reply)
        else:
            self._figures.lines.labels("file" if said.sha256 else "manifest").inc()
            self._fetch(id, said, reply)

    def _report(self, id: str, wire: str, report: Report, reply: Reply) -> None:
        self._reports[id] = report
        self._bus.publish(BoardTold(id, wire, report, self._now()))
        build = self._rollouts.told(id, report)
        if build is not None:
            reply(offer(build))

    def _fetch(self, id: str, fetch: Fetch, reply: Reply) -> None:
        wanted, report = self._rollouts.wanted(id), self._reports.get(id)
        if wanted is None or report is None or report.kind is None:
            self._serving.refuse(fetch, reply)
            return
        build, older = wanted
        # one plan for all boards that get the source, whatever else they say they run
        mpy = MPY if report.mpy == MPY else None
        self._serving.fetch(id, Wanted(build, report.kind, mpy, older), fetch, reply)

    def _bad(self, id: str, fault: str) -> None:
        self._figures.lines.labels("bad").inc()
        self._faults[id] += 1
        if self._faults[id] <= FAULTS:
            self._log.warn("{id} tells what can't be read: {fault}", id=id, fault=fault)

    def _tick(self) -> None:
        self._rollouts.tick()
        self._serving.prune()

    def _device_changed(self, changed: DeviceChanged) -> None:
        if changed.data.get("state") == "deleted":
            self._reports.pop(changed.id, None)
            self._faults.pop(changed.id, None)

    # -- for whoever asks --------------------------------------------------------------------

    def reported(self) -> Sequence[str]:
        """The boards that told of themselves since the start."""
        return sorted(self._reports)
