"""What a broker can lose, found out by how it behaves: brokers do not tell their settings.

Everything happens on topics nobody else uses, with a few thousand small messages once a
day, under client ids that are cleaned up. What the broker does not let iotd find out is
said to be not known.
"""

from __future__ import annotations

import secrets
import ssl
from dataclasses import dataclass
from typing import Any

from iotd.mqtt.address import Address
from iotd.mqtt.plain import FAULTS, PlainClient, Refused

MESSAGES = 2500  # left for a client that is away; Mosquitto by itself keeps 1,000
FEW_IN_FLIGHT = 100
VERSION, DROPPED = "$SYS/broker/version", "$SYS/broker/publish/messages/dropped"


@dataclass
class Findings:
    """None: not found out."""

    version: str | None = None
    dropped: int | None = None  # messages, since the broker was started
    open_to_all: bool | None = None
    session_kept: bool | None = None
    kept: int | None = None  # of MESSAGES
    in_flight: int | None = None
    may_probe: bool = True

    def sentences(self) -> list[str]:
        """What an operator should know, the worst first."""
        return [said for said in (
            self._session(), self._queue(), self._dropped(), self._open(), self._window(),
            self._unknown(),
        ) if said]

    def _session(self) -> str | None:
        if self.session_kept is False:
            return ("The broker keeps nothing for iotd while it is away: whatever gates publish"
                    " then is lost. Let it keep sessions of clients that come back.")
        return None

    def _queue(self) -> str | None:
        if not self.session_kept or self.kept is None or self.kept >= MESSAGES:
            return None
        return (f"The broker keeps only {self.kept} of {MESSAGES} messages for iotd while it is"
                " away, and drops the rest without a word: set max_queued_messages as in"
                " deploy/mosquitto.conf.")

    def _dropped(self) -> str | None:
        if not self.dropped:
            return None
        return (f"The broker has dropped {self.dropped} messages since it was started, of iotd"
                " or of other clients: its queues are too short for them.")

    def _open(self) -> str | None:
        if not self.open_to_all:
            return None
        return ("The broker lets anybody publish as any gate without a password: use passwords"
                " and an access list as in deploy/mosquitto.acl.")

    def _window(self) -> str | None:
        if self.in_flight is None or self.in_flight >= FEW_IN_FLIGHT:
            return None
        return (f"The broker hands out only {self.in_flight} messages at a time, which is slow:"
                " set max_inflight_messages as in deploy/mosquitto.conf.")

    def _unknown(self) -> str | None:
        why = ("it does not let iotd publish and read below iotd/probe/" if not self.may_probe
               else "it did not answer in time")
        known = self.session_kept is False or self.kept is not None
        return None if known else (
            f"What the broker keeps while iotd is away was not found out: {why}."
        )


class Probe:
    """``run()`` once, in a thread; ``cancel()`` from another one ends it soon."""

    def __init__(self, address: Address, tls: ssl.SSLContext | None = None) -> None:
        self._address, self._tls = address, tls
        self._name = f"probe-{secrets.token_hex(6)}"
        self._sockets: list[Any] = []
        self._cancelled = False

    def cancel(self) -> None:
        """Close what is open; nothing more is begun."""
        self._cancelled = True
        for each in tuple(self._sockets):
            try:
                each.shutdown(2)
            except OSError:
                pass

    def run(self) -> Findings:
        """Find out what can be; one of FAULTS when not even a connection can be made."""
        findings, topic = Findings(), f"iotd/probe/{self._name}"
        with self._client("") as own:
            self._ask_system(own, findings)
            own.subscribe(topic)
            own.publish(topic, [b"echo"])
            findings.may_probe = bool(own.heard())
            self._guarded(self._try_open, own, findings)
            if findings.may_probe:
                self._guarded(self._try_queue, own, findings)
        return findings

    def _guarded(self, step: Any, own: PlainClient, findings: Findings) -> None:
        """One question that the broker may cut short."""
        try:
            if not self._cancelled:
                step(own, findings)
        except FAULTS:
            pass

    def _client(self, suffix: str, **options: Any) -> PlainClient:
        if self._cancelled:
            raise ConnectionAbortedError("cancelled")
        return PlainClient(
            self._address, f"iotd-{self._name}{suffix}", tls=self._tls,
            made=self._sockets.append, **options,
        )

    def _ask_system(self, own: PlainClient, findings: Findings) -> None:
        """What Mosquitto and others tell below $SYS; retained, so it comes at once."""
        own.subscribe(VERSION, DROPPED)
        told = {each.topic: each.payload.decode("utf-8", "replace") for each in own.heard()}
        findings.version = told.get(VERSION, "")[:100] or None
        dropped = told.get(DROPPED, "")
        findings.dropped = int(dropped) if dropped.isdigit() and len(dropped) < 16 else None

    def _try_open(self, own: PlainClient, findings: Findings) -> None:
        """Publish without a password on a topic below iotd/gate/ that no gate has."""
        topic = f"iotd/gate/{self._name}/probe"
        own.subscribe(topic)
        try:
            with self._client("-anybody", anonymous=True) as anybody:
                anybody.publish(topic, [b"anybody"])
        except Refused:
            findings.open_to_all = False
            return
        except FAULTS:
            pass  # cut off for what it published: heard or not is what counts
        findings.open_to_all = bool(own.heard())

    def _try_queue(self, own: PlainClient, findings: Findings) -> None:
        """Leave messages for a client that is away, and count what it gets."""
        topic, id = f"iotd/probe/{self._name}/queue", "-away"
        try:
            with self._client(id, clean=False) as away:
                away.subscribe(topic)
            own.publish(topic, [b"%d" % number for number in range(MESSAGES)])
            with self._client(id, clean=False) as away:
                findings.session_kept = away.session_present
                if away.session_present:
                    self._count(away, findings)
        finally:
            with self._client(id):  # a clean session in place of that one
                pass

    def _count(self, away: PlainClient, findings: Findings) -> None:
        messages = away.heard()
        findings.in_flight, kept = len(messages), 0
        while messages:
            kept += len(messages)
            away.acknowledge(messages)
            messages = away.heard()
        findings.kept = kept
        if kept <= findings.in_flight:
            findings.in_flight = None  # there was never more than it handed out at once
