"""The certificates of a running daemon: given to listeners, taken anew, renewed in time.

Wiring (services.py)::

    certificates = Certificates(
        folder=config.data_dir / "tls", site=config.site.name, public=<host of public_url>,
        clock=reactor, now=now, in_thread=parts.in_thread, metrics=parts.metrics,
        audit=<(by, detail) gives an Awaitable, over before anything is made>,
        warn=lambda key, text, active: bus.publish(AlertWanted(
            key, None, None, "certificate", "warning", text, active)),
    )
    listeners = Listeners(reactor, certificates)     # also of the embedded broker
    certificates.start_service() / stop_service()
    on_hangup(reactor, certificates.reload)          # iotd.tls.hangup

``certificates.take(wish, by)`` is what ``iotd cert`` does, ``reload()`` what SIGHUP does.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Awaitable, Callable, Iterator, Sequence

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from twisted.internet.defer import Deferred, DeferredLock
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from iotd.errors import IotdError
from iotd.tls.connections import Handshakes, TlsFactory
from iotd.tls.contexts import Switch, read_context
from iotd.tls.folder import Folder
from iotd.tls.hosts import own_names
from iotd.tls.issuing import DAY
from iotd.tls.office import Office, Plan, Wish, day_of
from iotd.tls.pem import Faulty, Files, readable_by_others

WARN_DAYS = 21
WHY = ("late", "crowd", "plain", "distrust", "tls", "left")

OURSELVES = "iotd"  # who renews in time: not a person, so not in the audit

Warn = Callable[[str, str, bool], None]
Audit = Callable[[str, str], Awaitable[Any]]


@dataclass
class Served:
    """A listener's name and its certificate; ``files`` None: the site's own ``pair``."""

    listener: str
    pair: str
    files: Files | None
    switch: Switch


class Certificates:
    """``in_thread(function, *args)`` gives a Deferred; ``warn(key, text, active)`` alerts."""

    _log = Logger()

    def __init__(
        self, *, folder: Path, site: str, public: str | None, clock: Any,
        now: Callable[[], float], in_thread: Callable[..., Deferred[Any]],
        metrics: CollectorRegistry, warn: Warn, audit: Audit,
        names: Callable[[], Sequence[str]] = own_names,
    ) -> None:
        self.folder = Folder(folder)
        self.handshakes = Handshakes()
        self._office = Office(self.folder, site, public, names)
        self._clock, self._now, self._in_thread = clock, now, in_thread
        self._warn, self._audit = warn, audit
        self._served: dict[tuple[str, Files | None], Served] = {}
        self._failed: dict[tuple[str, str], int] = {}
        self._turns = DeferredLock()
        self._daily = LoopingCall(self._day)
        self._daily.clock = clock
        metrics.register(self)

    # -- listeners --------------------------------------------------------------------

    def wrap(self, listener: str, files: Files | None, factory: Any) -> TlsFactory:
        """A factory that speaks TLS before ``factory``; blocks, Faulty without a certificate."""
        pair = "server" if listener == "web" else "boards"
        if files is None and not self.folder.exists:
            raise Faulty("there is no certificate yet. Make it with `iotd cert`.")
        material, context = self._first(files, pair)
        # one that is opened again, its port having been taken, is the same one
        served = self._served.setdefault(
            (listener, files), Served(listener, pair, files, Switch(material, context))
        )
        served.switch.turn(material, context)
        self._tell_open_key(served)
        for why in WHY:
            self._failed.setdefault((listener, why), 0)
        hear = getattr(factory, "handshake_failed", None)

        def failed(address: Any, why: str, reason: str) -> None:
            self._failed[listener, why] += 1
            if hear is not None:
                hear(address, why, reason)

        return TlsFactory(
            served.switch, factory, self._clock, self.handshakes, files is None, failed
        )

    def _first(self, files: Files | None, pair: str) -> tuple[Any, Any]:
        try:
            return read_context(files or self.folder.files(pair))
        except Faulty as fault:
            raise Faulty(f"{fault}{'' if files else ' Mend it with `iotd cert`.'}") from None

    def reload(self) -> Deferred[list[str]]:
        """Read every file anew; gives the faults, each logged: there the old one stays."""
        return self._turns.run(lambda: Deferred.fromCoroutine(self._reload()))

    async def _reload(self) -> list[str]:
        faults = []
        for served in tuple(self._served.values()):
            try:
                files = served.files or self.folder.files(served.pair)
                material, context = await self._in_thread(read_context, files)
            except IotdError as fault:
                faults.append(str(fault))
                self._log.error(
                    "{listener} goes on with its old certificate: {fault}",
                    listener=served.listener, fault=str(fault),
                )
                continue
            served.switch.turn(material, context)
            self._tell_open_key(served)
        if self._served and not faults:
            self._log.info("certificates were read anew; open connections stay")
        self._look()
        return faults

    # -- iotd cert ----------------------------------------------------------------------

    async def take(self, wish: Wish, by: str) -> dict[str, Any]:
        """Make or renew the site's own certificates, in use at once; what there is then."""
        made = await self._turns.run(lambda: Deferred.fromCoroutine(self._make(wish, by)))
        faults = await self.reload()
        return {"made": list(made), "faults": faults, **await self.show()}

    async def _make(self, wish: Wish, by: str) -> tuple[str, ...]:
        plan: Plan = await self._in_thread(self._office.plan, wish, self._now())
        what = ", ".join(plan.made)
        if by != OURSELVES and plan.kept is not None:
            await self._audit(by, what)
        await self._in_thread(self._office.carry_out, plan)
        if plan.made:
            self._log.info(
                "{by} made {what} anew in {folder}", by=by, what=what,
                folder=str(self.folder.path),
            )
        return plan.made

    async def show(self) -> dict[str, Any]:
        """What there is, without making anything."""
        answer: dict[str, Any] = await self._in_thread(self._office.show, self._now())
        answer["listeners"] = sorted({served.listener for served in self._served.values()})
        return answer

    # -- in time ------------------------------------------------------------------------

    def start_service(self) -> None:
        """Look now and once a day."""
        self._daily.start(DAY)

    def stop_service(self) -> None:
        """Look no more, and end what shakes hands."""
        if self._daily.running:
            self._daily.stop()
        self.handshakes.end_all()

    def _day(self) -> Deferred[None]:
        return Deferred.fromCoroutine(self._renew())

    async def _renew(self) -> None:
        try:
            ours = any(served.files is None for served in self._served.values())
            if ours and await self._in_thread(self._office.due, self._now()):
                await self.take(Wish(), OURSELVES)
            self._look()
        except IotdError as fault:
            self._log.error("certificates could not be renewed: {fault}", fault=str(fault))
            self._look()
        except Exception:
            self._log.failure("looking after certificates failed")

    def _look(self) -> None:
        """Warn of what ends soon; take it back when it does no longer."""
        now = self._now()
        for listener, (ends_at, own) in sorted(self._ends().items()):
            soon = ends_at < now + WARN_DAYS * DAY
            text = (
                f"The certificate of {listener} {'ended' if ends_at <= now else 'ends'} on"
                f" {day_of(ends_at)}: "
                + ("run `iotd cert`." if own else "renew its files, then send SIGHUP.")
            )
            if soon:
                self._log.warn("{text}", text=text)
            self._warn(f"certificate:{listener}", text, soon)

    def _ends(self) -> dict[str, tuple[float, bool]]:
        """When the first certificate of each listener ends, and whether we made it."""
        ends: dict[str, tuple[float, bool]] = {}
        for served in self._served.values():
            mine = served.switch.material.ends_at, served.files is None
            ends[served.listener] = min(mine, ends.get(served.listener, mine))
        return ends

    def _tell_open_key(self, served: Served) -> None:
        files = served.files or self.folder.files(served.pair)
        # a group of one's own choice may read files of one's own
        if readable_by_others(files.key, 0o077 if served.files is None else 0o007):
            self._log.warn("{key} can be read by other users: chmod 600 it", key=str(files.key))

    # -- figures --------------------------------------------------------------------------

    def collect(self) -> Iterator[Metric]:
        """For the registry."""
        said = "Until the certificate of a listener ends; negative when it has"
        ends = GaugeMetricFamily("iotd_tls_expires_seconds", said, labels=("listener",))
        for listener, (ends_at, _) in self._ends().items():
            ends.add_metric((listener,), ends_at - self._now())
        yield ends
        said = "TLS handshakes that came to nothing, by listener and why"
        failed = CounterMetricFamily("iotd_tls_failed", said, labels=("listener", "why"))
        for labels, count in self._failed.items():
            failed.add_metric(labels, count)
        yield failed
        said = "TLS handshakes under way"
        yield GaugeMetricFamily("iotd_tls_handshakes", said, len(self.handshakes))
