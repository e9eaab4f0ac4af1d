"""The outbox of alerts: to e-mail addresses and webhooks, tried again for a day.

A message stands in the store, in one commit with what it is about, before it is
sent and until its target took it: a kill loses none. It may then come twice,
with the same Message-ID or Idempotency-Key.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, replace
from typing import Any, Callable, Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge
from twisted.internet.defer import Deferred, gatherResults, maybeDeferred, succeed
from twisted.internet.task import LoopingCall
from twisted.logger import Logger
from twisted.python.failure import Failure

from iotd.config_faults import masked
from iotd.health import alert_records as records
from iotd.health.alert_hooks import Hooks, mark_of
from iotd.mail import Mailer, NotDelivered, mailer_of
from iotd.health.alert_messages import MAILED, Wording, names_in
from iotd.health.alert_model import Alert
from iotd.health.alert_records import DELIVERED, FAILED, WAITING, Message
from iotd.health.patients import Patients
from iotd.store.engine import Store

MAIL, WEBHOOK = "mail", "webhook"
FIRST_WAIT = 15.0
LONGEST_WAIT = 1800.0
GIVE_UP = 24 * 3600.0
KEPT = 90 * 24 * 3600.0  # delivered and given up ones, for whoever asks what was sent
PRUNE_EVERY = 6 * 3600.0


@dataclass(frozen=True)
class Target:
    """Where messages go: an address, or the mark of a webhook with its URL."""

    channel: str
    name: str
    shown: str
    url: str = ""


def wait_after(tries: int) -> float:
    """Seconds until the next try after so many: 15, 30, 60 … half an hour."""
    return min(FIRST_WAIT * 2.0 ** min(tries - 1, 20), LONGEST_WAIT)


class Outbox:
    """Messages that wait, and their targets; ``gave_up(alert id)`` is told of lost ones."""

    _log = Logger()

    def __init__(
        self, *, store: Store, clock: Any, now: Callable[[], float], wording: Wording,
        mailer: Mailer | None, hooks: Hooks, mail_to: Iterable[str] = (),
        webhooks: Iterable[str] = (), metrics: CollectorRegistry,
    ) -> None:
        self._store, self._clock, self._now, self.wording = store, clock, now, wording
        self._mailer, self._hooks = mailer, hooks
        mails = [Target(MAIL, each, each) for each in dict.fromkeys(mail_to)] if mailer else []
        calls = [Target(WEBHOOK, mark_of(url), _shown(url), url)
                 for url in dict.fromkeys(webhooks)]
        self.targets = {(each.channel, each.name): each for each in (*mails, *calls)}
        self.gave_up: Callable[[str], None] = lambda alert: None
        self._waiting: dict[str, tuple[float, Message]] = {}  # due (clock), message
        self._busy: dict[tuple[str, str], Deferred[Any]] = {}
        self._failing: set[tuple[str, str]] = set()
        self._pruned = clock.seconds()
        self._ticks = LoopingCall(self._tick)
        self._ticks.clock = clock
        self._count(metrics)

    def _count(self, metrics: CollectorRegistry) -> None:
        waiting = Gauge("iotd_alert_messages_waiting", "messages of alerts not yet delivered",
                        registry=metrics)
        waiting.set_function(lambda: len(self._waiting))
        self._results = Counter("iotd_alert_messages", "messages of alerts by what became of them",
                                ["channel", "result"], registry=metrics)

    def load(self, connection: Any) -> None:
        """Read what waits, to be tried at once: a start is often what mends things."""
        for message in records.waiting(connection):
            self._waiting[message.id] = (self._clock.seconds(), message)

    def start_service(self) -> None:
        """Deliver from now on."""
        self._ticks.start(1.0, now=False)

    def stop_service(self) -> Deferred[Any]:
        """No more tries; those under way end, and are tried again after the next start."""
        if self._ticks.running:
            self._ticks.stop()
        under_way = list(self._busy.values())
        for each in under_way:
            each.cancel()
        return succeed(None)

    def written(self, alert: Alert, event: str) -> list[Message]:
        """The messages that tell of an alert: to be stored with it, then :meth:`post`-ed."""
        now, body = self._now(), self.wording.body(alert)
        return [
            Message(secrets.token_hex(16), alert.id, event, target.channel, target.name, body,
                    now, now)
            for target in self.targets.values()
            if target.channel != MAIL or event in MAILED
        ]

    def post(self, messages: Iterable[Message]) -> None:
        """They are on disk: deliver them."""
        due = self._clock.seconds()
        for message in messages:
            self._waiting[message.id] = (due, message)
        self._send_due()

    def test(self) -> Deferred[list[dict[str, Any]]]:
        """Send a test to every target; what became of each."""
        return gatherResults([self._test(target) for target in self.targets.values()])

    def _test(self, target: Target) -> Deferred[dict[str, Any]]:
        id = secrets.token_hex(16)
        sent: Deferred[Any] = maybeDeferred(self._test_of, target, id)
        shown = {"channel": target.channel, "target": target.shown}
        sent.addCallbacks(
            lambda _: {**shown, "delivered": True, "error": None},
            lambda failure: {**shown, "delivered": False, "error": self._reason(failure)},
        )
        return sent

    def _test_of(self, target: Target, id: str) -> Deferred[None]:
        if target.channel == MAIL:
            assert self._mailer is not None
            return self._mailer.send(self.wording.test_mail(id, target.name), self._now())
        return self._hooks.post(target.url, id, self.wording.test_call(id))

    def _tick(self) -> None:
        try:
            self._send_due()
            if self._clock.seconds() - self._pruned >= PRUNE_EVERY:
                self._pruned = self._clock.seconds()
                old = self._store.run(records.prune, self._now() - KEPT)
                old.addErrback(lambda failure: self._log.failure("pruning failed", failure))
        except Exception:
            self._log.failure("looking after messages of alerts failed")

    def _send_due(self) -> None:
        now = self._clock.seconds()
        for id, (due, message) in tuple(self._waiting.items()):
            where = (message.channel, message.target)
            if due <= now and where not in self._busy:
                self._send(where, message)

    def _send(self, where: tuple[str, str], message: Message) -> None:
        sending = self._busy[where] = maybeDeferred(self._deliver, where, message)
        sending.addBoth(self._sent, where, message)
        sending.addErrback(lambda fault: self._log.failure("a message was lost sight of", fault))

    def _deliver(self, where: tuple[str, str], message: Message) -> Deferred[None]:
        target, alert = self.targets.get(where), json.loads(message.body)
        if target is None or self.wording.gone(alert):
            raise _Pointless("it is not configured any more" if target is None else "it is gone")
        if target.channel == MAIL:
            assert self._mailer is not None
            mail = self.wording.mail(message.id, target.name, message.event, alert)
            return self._mailer.send(mail, self._now())
        call = self.wording.call(message.id, message.event, alert)
        return self._hooks.post(target.url, message.id, call)

    def _sent(self, result: Any, where: tuple[str, str], message: Message) -> None:
        self._busy.pop(where, None)
        if message.id not in self._waiting or not self._ticks.running:
            return  # its patient is gone, or this is the end: then it is tried again
        after = self._after(result, message)
        if after.state == WAITING:
            due = self._clock.seconds() + wait_after(after.tries)
            self._waiting[message.id] = (due, after)
        else:
            del self._waiting[message.id]
        self._tell(where, result, after)
        saved = self._store.run(records.settle, after)
        saved.addCallback(lambda _: after.state == FAILED and self.gave_up(after.alert))
        # then it is sent once more after the next start: at least once is what is promised
        saved.addErrback(lambda failure: self._log.warn(
            "what became of message {id} is not saved: {why}", id=message.id,
            why=str(failure.value)))

    def _after(self, result: Any, message: Message) -> Message:
        tries, now = message.tries + 1, self._now()
        if not isinstance(result, Failure):
            return replace(message, state=DELIVERED, tries=tries, error="")
        if result.check(_Pointless):
            return replace(message, state=DELIVERED, error=str(result.value))
        error = self._reason(result)
        next_at = now + wait_after(tries)
        state = FAILED if next_at - message.made_at > GIVE_UP else WAITING
        return replace(message, state=state, tries=tries, next_at=next_at, error=error)

    def _tell(self, where: tuple[str, str], result: Any, after: Message) -> None:
        """One line when a target begins to fail, and one when it works again."""
        target = self.targets.get(where)
        shown = target.shown if target else "a target that is gone"
        failed = after.state != DELIVERED
        outcome = {WAITING: "failed", FAILED: "given_up"}.get(after.state, "delivered")
        self._results.labels(after.channel, outcome).inc()
        if after.state == FAILED:
            self._log.error("alert {alert}: {target} was not told in a day: {why}",
                            alert=after.alert, target=shown, why=after.error)
        elif failed and where not in self._failing:
            self._log.warn("{target} can't be told of alerts: {why}; trying on for a day",
                           target=shown, why=after.error)
        elif not failed and where in self._failing:
            self._log.info("{target} is told of alerts again", target=shown)
        (self._failing.add if failed else self._failing.discard)(where)

    def _reason(self, failure: Failure) -> str:
        if failure.check(NotDelivered):
            return str(failure.value)
        self._log.failure("delivering a message failed", failure)
        return "a fault of iotd's own; the log has it"

    def forget(self, alerts: Iterable[str]) -> None:
        """Messages about these alerts are of no interest any more."""
        gone = set(alerts)
        for id, (_, message) in tuple(self._waiting.items()):
            if message.alert in gone:
                del self._waiting[id]


def outbox_of(
    settings: Any, *, reactor: Any, store: Store, now: Callable[[], float],
    patients: Patients, address: Callable[[], str], site_name: str, timezone: str,
    metrics: CollectorRegistry,
) -> Outbox:
    """The outbox as the section [alerts] has it: ``smtp mail_from mail_to webhooks values``.

    ``address`` gives that of the pages, for links.
    """
    mailer = mailer_of(reactor, settings.smtp, settings.mail_from)
    return Outbox(
        store=store, clock=reactor, now=now, mailer=mailer, hooks=Hooks(reactor, reactor),
        mail_to=settings.mail_to, webhooks=settings.webhooks, metrics=metrics,
        wording=Wording(names_in(patients), address, site_name, settings.values, timezone),
    )


class _Pointless(Exception):
    """Nobody is there to tell, or nothing to tell of."""


def _shown(url: str) -> str:
    """A webhook as people may see it: paths and queries are often the secret."""
    scheme, _, rest = masked(url).partition("://")
    return f"{scheme}://{rest.rpartition('@')[2].partition('/')[0].partition('?')[0]}/…"
