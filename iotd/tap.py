"""``twistd iotd``: options in, one service out."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any

from iotd import __version__, importing

from twisted.application.service import Service
from twisted.python import usage

from iotd.config import ConfigFaults, load
from iotd.logs import observer_for
from iotd.services import Daemon

importing.done()


class Options(usage.Options):
    """What ``twistd iotd`` understands."""

    synopsis = "[--config FILE] [--data DIR]"
    longdesc = (
        "Cameras, health devices and a campus on one self-hosted daemon. "
        "Without a configuration file it runs on its defaults, with everything under ./var."
    )
    optParameters = [
        ["config", "c", None, "TOML file; check it with: iotd check --config FILE"],
        ["data", "d", None, "where everything is kept; goes before the file's data_dir"],
    ]

    def opt_version(self) -> None:
        """Print the version."""
        print(__version__)
        sys.exit(0)


def makeService(options: Options, reactor: Any = None) -> Service:
    """The daemon; ends the process with status 2 when the configuration is faulty."""
    if reactor is None:
        from twisted.internet import reactor
        steady(reactor)
    path = options["config"]
    try:
        config = load(Path(path) if path else None, os.environ, options["data"])
    except ConfigFaults as faults:
        print(faults, file=sys.stderr)
        raise SystemExit(2) from None
    service: Any = Daemon(config, reactor, observer=_observer(options.parent or {}))
    return service


def steady(reactor: Any) -> None:
    """Give a reactor that has nothing scheduled yet timers by a clock that nobody sets.

    Twisted's own go by the time of day: set back by an hour, none would run for that hour.
    """
    reactor.seconds = time.monotonic


def _observer(parent: Any) -> Any:
    """Ours, unless twistd was asked for another one."""
    if parent.get("logger") or parent.get("syslog"):
        return None
    daemonized = not parent.get("nodaemon")
    return observer_for(parent.get("logfile") or ("twistd.log" if daemonized else None))
