"""Asks now and then what the broker can lose, and keeps the answer for page and /readyz."""

from __future__ import annotations

from typing import Any, Callable

from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from iotd.mqtt.client import Bridge
from iotd.mqtt.probe import Findings, Probe
from iotd.site.figures import guarded

LOOK_EVERY = 60.0
ASK_EVERY = 24 * 3600.0  # seconds; and once after each start of iotd
AGAIN_AFTER = 600.0  # when it could not be asked


class BrokerCheck:
    """``warnings`` are plain sentences; ``open_to_all`` None until known.

    ``in_thread(function)`` gives a Deferred of what the function returns; ``changed()`` is
    called when there is something new to show.
    """

    _log = Logger()

    def __init__(
        self, *, bridge: Bridge, clock: Any, in_thread: Callable[..., Deferred[Any]],
        changed: Callable[[], None] = lambda: None,
        make_probe: Callable[[], Probe] | None = None,
    ) -> None:
        self._bridge, self._clock, self._in_thread = bridge, clock, in_thread
        self._changed = changed
        self._make_probe = make_probe or (lambda: Probe(bridge.address))
        self._probe: Probe | None = None
        self._asking: Deferred[Any] | None = None
        self._due = 0.0
        self.findings: Findings | None = None
        self._looking = LoopingCall(guarded(self._look, self._log, "asking the broker"))
        self._looking.clock = clock

    @property
    def warnings(self) -> list[str]:
        """What the broker can lose, or has lost; empty while nothing is known."""
        lost = self._bridge.sessions_lost
        told = [
            f"The broker has forgotten {lost} times what it was to keep for iotd: let it save its"
            " queues, with persistence and autosave_interval as in deploy/mosquitto.conf."
        ] if lost else []
        return told + (self.findings.sentences() if self.findings is not None else [])

    @property
    def open_to_all(self) -> bool | None:
        """Whether anybody may publish as any gate."""
        return self.findings.open_to_all if self.findings is not None else None

    def start_service(self) -> None:
        """Ask as soon as there is a connection, and once a day."""
        self._due = self._clock.seconds()
        self._looking.start(LOOK_EVERY, now=True)

    def connected(self) -> None:
        """The bridge is connected."""
        if self._looking.running:
            self._look()

    async def stop_service(self) -> None:
        """Ask no more; what is being asked ends soon."""
        if self._looking.running:
            self._looking.stop()
        if self._probe is not None:
            self._probe.cancel()
        if self._asking is not None:
            await self._asking

    def _look(self) -> None:
        now = self._clock.seconds()
        if self._asking is not None or now < self._due or not self._bridge.connected:
            return
        self._due = now + ASK_EVERY
        self._probe = self._make_probe()
        self._asking = asking = self._in_thread(self._probe.run)
        asking.addCallbacks(self._found, self._not_found)
        asking.addErrback(lambda failure: self._log.failure("telling of the broker", failure))
        asking.addBoth(self._asked)

    def _asked(self, _: Any) -> None:
        self._asking = self._probe = None

    def _found(self, findings: Findings) -> None:
        if findings != self.findings:
            for said in findings.sentences():
                self._log.warn("{said}", said=said)
            self.findings = findings
            self._changed()

    def _not_found(self, failure: Any) -> None:
        self._due = self._clock.seconds() + AGAIN_AFTER
        self._log.info(
            "the broker could not be asked what it keeps: {why}", why=failure.getErrorMessage()
        )
