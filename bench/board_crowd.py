"""Keyed boards in one process, half cameras, half watches, as the simulator has them.

    python -m bench.board_crowd CAMERA_PORT DEVICE_PORT FIRST_ADDRESS REPORT_SECONDS KEYS

Each has a loopback address of its own; ``KEYS`` is a file of KIND:ID=HEX. Every line on stdin
is answered with one of JSON: how many were let in, were updated and were denied so far, and
when connections began since the line before.
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from dataclasses import replace
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

from twisted.internet import reactor as _reactor, stdio
from twisted.internet.protocol import connectionDone
from twisted.protocols.basic import LineReceiver
from twisted.python.failure import Failure

from iotd.simulate import firmware
from iotd.simulate.fleet import Fleet
from iotd.simulate.plans import parse_keys

reactor: Any = _reactor


class Asked(LineReceiver):
    """Counts what boards tell, and says so when it is asked."""

    delimiter = b"\n"

    def __init__(self) -> None:
        self._seen: Counter[str] = Counter()
        self._connected: list[float] = []

    def heard(self, name: str, state: str, detail: str) -> None:
        """A board has come into this state."""
        self._seen[state] += 1
        if state == "connected":
            self._connected.append(time.time())

    def lineReceived(self, line: bytes) -> None:
        """Somebody wants to know."""
        connected, self._connected = self._connected, []
        told = {**self._seen, "connections": connected, "cpu": time.process_time()}
        self.sendLine(json.dumps(told).encode())

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """The bench is over."""
        reactor.stop()


def main(camera: str, device: str, first: str, report_seconds: str, keys: str) -> None:
    """Connect all at once; until stdin ends."""
    firmware.REPORT_SECONDS = float(report_seconds)
    asked = Asked()
    with Path(keys).open() as lines:
        plans = [replace(plan, source=str(IPv4Address(first) + number))
                 for number, plan in enumerate(parse_keys(lines))]
    fleet = Fleet(reactor, plans, "127.0.0.1", {"camera": int(camera), "device": int(device)},
                  asked.heard, now=time.time)
    stdio.StandardIO(asked)
    reactor.callWhenRunning(fleet.startService)
    reactor.run()


if __name__ == "__main__":
    main(*sys.argv[1:])
