"""Keyed boards, half cameras and half watches, each from an address of its own; one line of
JSON on standard output for each change of state.

    python -m tests.soak.storm_boards CAMERA_PORT DEVICE_PORT [REPORT_SECONDS] < keys
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import replace
from ipaddress import IPv4Address
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import react

from iotd.simulate import firmware
from iotd.simulate.fleet import Fleet
from iotd.simulate.plans import parse_keys

FIRST = IPv4Address("127.1.0.1")


def work(reactor: Any, camera: str, device: str, report_seconds: str = "30") -> Deferred[None]:
    """Until a signal ends it; boards tell of themselves every so many seconds."""
    firmware.REPORT_SECONDS = float(report_seconds)
    plans = [replace(plan, source=str(FIRST + number))
             for number, plan in enumerate(parse_keys(sys.stdin))]

    def report(name: str, state: str, detail: str) -> None:
        print(json.dumps([time.time(), name, state, detail]), flush=True)

    fleet = Fleet(reactor, plans, "127.0.0.1", {"camera": int(camera), "device": int(device)},
                  report, now=time.time)
    fleet.startService()
    return Deferred()


if __name__ == "__main__":
    react(work, sys.argv[1:])
